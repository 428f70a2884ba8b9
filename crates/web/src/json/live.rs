//! What the live board is told.

use super::{AgentJson, AlertJson, LiveInteractionJson, QueueJson, TrunkJson};
use serde::Serialize;
use utoipa::ToSchema;

/// One message of the live connection. `at` is the server's time, from which the page draws its clocks.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveMessage {
    /// Everything there is; the first message, and again when too much was missed.
    Snapshot {
        /// The server's time.
        at: i64,
        /// Every agent the asker may watch; for an agent, that one only.
        agents: Vec<AgentJson>,
        /// Every queue the asker may watch.
        queues: Vec<QueueJson>,
        /// Every open interaction the asker may watch; for an agent, the one offered or handled.
        interactions: Vec<LiveInteractionJson>,
        /// Every trunk, for those who look after them.
        trunks: Vec<TrunkJson>,
        /// Every alert that nobody has taken notice of, for those who do.
        alerts: Vec<AlertJson>,
    },
    /// What changed since the last message: rows replace those with the same id.
    Delta {
        /// The server's time.
        at: i64,
        /// Agents that changed.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        agents: Vec<AgentJson>,
        /// Queues that changed.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        queues: Vec<QueueJson>,
        /// Interactions that changed.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        interactions: Vec<LiveInteractionJson>,
        /// Trunks that changed.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        trunks: Vec<TrunkJson>,
        /// New alerts.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        alerts: Vec<AlertJson>,
        /// What went away.
        #[serde(skip_serializing_if = "GoneJson::is_empty")]
        gone: GoneJson,
    },
    /// Nothing happened, and the connection lives.
    Alive {
        /// The server's time.
        at: i64,
    },
}

/// What went away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct GoneJson {
    /// Agents that are not of the center any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<String>,
    /// Queues that are not of the center any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<String>,
    /// Interactions that are over, or went where the asker may not look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interactions: Vec<GoneInteractionJson>,
    /// Trunks that are not of the center any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trunks: Vec<String>,
    /// Alerts that somebody has taken notice of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<String>,
}

/// An interaction that left the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GoneInteractionJson {
    /// Which.
    pub id: String,
    /// How it ended; `transferred` when it went to a queue the asker does not look after, or on to another agent.
    pub outcome: &'static str,
}

impl GoneJson {
    /// Whether nothing went away.
    pub const fn is_empty(&self) -> bool {
        self.agents.is_empty()
            && self.queues.is_empty()
            && self.interactions.is_empty()
            && self.trunks.is_empty()
            && self.alerts.is_empty()
    }
}
