//! What operators configure.

use model::{Agent, AgentId, Queue, SipUser};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The center's settings, replaced as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The queues.
    pub queues: Vec<Queue>,
    /// The agents.
    pub agents: Vec<Agent>,
    /// What an agent's phone dials to change the agent's state.
    pub codes: Codes,
    /// Whom our phones may call past the dialplans.
    pub directory: crate::Directory,
    /// The phones of supervisors who are no agents, by login: what is rung when they listen to a call.
    pub supervisors: BTreeMap<AgentId, SipUser>,
    /// Whether agents are shown who listens to their calls.
    pub agents_see_monitors: bool,
    /// Where midnight is, at which the day's figures begin anew.
    pub zone: flow::Zone,
    /// The language callers hear when their flow names none: `en`.
    pub language: String,
    /// The dialplans, as text. They are checked before they come here; a set that does not load is refused whole
    /// and the former one stays.
    pub dialplans: Vec<flow::Source>,
    /// What the dialplans may name.
    pub world: flow::World,
}

/// The codes an agent's phone dials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    /// Takes interactions from now on.
    pub ready: String,
    /// Takes none.
    pub not_ready: String,
    /// Goes home.
    pub log_out: String,
}

impl Default for Codes {
    fn default() -> Self {
        Self { ready: "*50".to_owned(), not_ready: "*51".to_owned(), log_out: "*52".to_owned() }
    }
}
