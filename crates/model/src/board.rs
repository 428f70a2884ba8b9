//! What the board shows: rows that are replaced whole when they change.

use crate::decision::WaitReason;
use crate::{
    AgentId, AgentState, AlertId, AlertView, InteractionId, InteractionState, MonitorView, Outcome, Party,
    Queue, QueueId, RecordingState, SkillLevels, TrunkId, TrunkView,
};
use base::Timestamp;
use serde::{Deserialize, Serialize};

/// A row that changed, or went away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoardEvent {
    /// This agent looks like this now.
    Agent(Box<AgentView>),
    /// This queue looks like this now.
    Queue(Box<QueueView>),
    /// This interaction looks like this now.
    Interaction(Box<InteractionView>),
    /// This interaction is over.
    InteractionGone {
        /// Which.
        id: InteractionId,
        /// How.
        outcome: Outcome,
    },
    /// This agent is not of the center any more.
    AgentGone(AgentId),
    /// This queue is not of the center any more.
    QueueGone(QueueId),
    /// Somebody has to know of this.
    Alert(Box<AlertView>),
    /// Somebody has taken notice of it.
    AlertGone(AlertId),
    /// This trunk looks like this now.
    Trunk(Box<TrunkView>),
    /// This trunk is not of the center any more.
    TrunkGone(TrunkId),
}

/// An agent, live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentView {
    /// The login.
    pub id: AgentId,
    /// The name people see.
    pub name: String,
    /// The state.
    pub state: AgentState,
    /// Since when.
    pub since: Timestamp,
    /// When the wrap-up ends by itself.
    pub until: Option<Timestamp>,
    /// What the agent will be when the present interaction is over, if it was asked for.
    pub next: Option<AgentState>,
    /// The queues served.
    pub queues: Vec<QueueId>,
    /// What the agent can do.
    pub skills: SkillLevels,
    /// Interactions handled since midnight in the center's zone or since the start, whichever was later.
    pub handled: u32,
}

/// A queue, live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    /// Its settings.
    pub queue: Queue,
    /// Interactions waiting, those being offered included.
    pub waiting: u32,
    /// When the one that has waited longest came.
    pub longest_since: Option<Timestamp>,
    /// Agents who serve it, by state.
    pub agents: AgentCounts,
    /// Today's figures.
    pub today: QueueFigures,
}

/// Agents by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentCounts {
    /// Waiting for an interaction.
    pub ready: u32,
    /// Being asked.
    pub reserved: u32,
    /// Talking.
    pub talking: u32,
    /// In wrap-up.
    pub wrap_up: u32,
    /// Not ready.
    pub not_ready: u32,
    /// Not at work.
    pub logged_out: u32,
}

/// What a queue did since midnight in the center's zone or since the start, whichever was later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueFigures {
    /// Interactions that came into the queue.
    pub offered: u32,
    /// Answered by an agent.
    pub answered: u32,
    /// Answered within the queue's threshold.
    pub in_time: u32,
    /// Left while waiting, short abandons not counted.
    pub abandoned: u32,
    /// Left within the queue's short-abandon time.
    pub abandoned_short: u32,
    /// Left while waiting after the threshold had passed.
    pub abandoned_late: u32,
    /// Sum of the waits of the answered ones, in milliseconds.
    pub wait_ms: u64,
    /// Sum of talk, hold and wrap-up of the handled ones, in milliseconds.
    pub handle_ms: u64,
    /// Interactions whose handling is over.
    pub handled: u32,
}

/// An open interaction, live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InteractionView {
    /// Its id.
    pub id: InteractionId,
    /// Where it stands.
    pub state: InteractionState,
    /// Since when.
    pub since: Timestamp,
    /// When it came.
    pub arrived_at: Timestamp,
    /// The customer.
    pub from: Party,
    /// The number dialled.
    pub to: String,
    /// Its place in the queue, 1 is the front.
    pub position: Option<u32>,
    /// Since when it waits, offers included.
    pub queued_at: Option<Timestamp>,
    /// Why nobody takes it.
    pub why: Option<WaitReason>,
    /// What its recording keeps, if one runs.
    pub recording: Option<RecordingState>,
    /// The queue it waits in, or waited in last.
    pub queue: Option<QueueId>,
    /// The agents who have it: asked, talking or writing it up; and colleagues to whom it was passed on, while they talk.
    pub agents: Vec<AgentId>,
    /// Who listens to it, or takes part otherwise, without having it.
    pub monitors: Vec<MonitorView>,
    /// Past the queues: who has it, once they talk.
    pub with: Option<FarEnd>,
    /// The logins, of agents and supervisors, whose phones talk in it.
    pub talks: Vec<AgentId>,
}

/// Who has an interaction past the queues: a colleague, a supervisor who took it over, somebody outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FarEnd {
    /// The login, if it is a phone of an agent or a supervisor.
    pub login: Option<AgentId>,
    /// The phone or the number.
    pub number: String,
}
