//! An agent as the API shows it.

use super::at;
use model::{AgentState, AgentView, NotReadyReason};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An agent, live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AgentView)]
pub struct AgentJson {
    /// The login.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// `logged_out`, `not_ready`, `ready`, `reserved`, `talking` or `wrap_up`.
    pub state: &'static str,
    /// Why not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The interaction presented, handled or written up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<String>,
    /// Since when, in milliseconds UTC.
    pub since: i64,
    /// When the wrap-up ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// What the agent will be when the present interaction is over: `ready`, `not_ready` or `logged_out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<&'static str>,
    /// The queues served.
    pub queues: Vec<String>,
    /// Levels from 1 to 5 by skill.
    pub skills: BTreeMap<String, u8>,
    /// Interactions handled today.
    pub handled: u32,
    /// Whether a phone of the agent is registered; absent when that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_registered: Option<bool>,
}

impl AgentJson {
    /// The agent with what is known of the phone.
    pub fn new(agent: &AgentView, phone_registered: Option<bool>) -> Self {
        Self {
            id: agent.id.to_string(),
            name: agent.name.clone(),
            state: agent.state.as_str(),
            reason: reason(&agent.state),
            interaction: agent.state.interaction().map(|id| id.to_string()),
            since: agent.since.as_millis(),
            until: at(agent.until),
            next: agent.next.as_ref().map(AgentState::as_str),
            queues: agent.queues.iter().map(ToString::to_string).collect(),
            skills: agent.skills.iter().map(|(skill, level)| (skill.to_string(), *level)).collect(),
            handled: agent.handled,
            phone_registered,
        }
    }
}

/// The word for why an agent is not ready, if there is one.
pub(crate) fn reason(state: &AgentState) -> Option<String> {
    match state {
        AgentState::NotReady(NotReadyReason::Chosen(None)) => None,
        AgentState::NotReady(reason) => Some(reason.as_str().to_owned()),
        AgentState::LoggedOut
        | AgentState::Ready
        | AgentState::Reserved(_)
        | AgentState::Talking(_)
        | AgentState::WrapUp(_) => None,
    }
}
