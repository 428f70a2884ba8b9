//! What is stored. A record is written whole, and writing it twice changes nothing.

use crate::timeline::TimelineEntry;
use crate::{AgentId, Channel, InteractionId, LegId, Outcome, Party, QueueId, RecordingId};
use base::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

/// One thing to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// An interaction: written when it arrives, and again when it is queued, connected, held, taken back and closed; the
    /// last one counts.
    Interaction(Box<InteractionRecord>),
    /// One line of the story; its `seq` names it.
    Timeline(Box<TimelineEntry>),
    /// A recording: written when it begins and when it is closed; the last one counts.
    Recording(RecordingRecord),
}

/// An interaction as the library keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InteractionRecord {
    /// Its id.
    pub id: InteractionId,
    /// The way it travelled.
    pub channel: Channel,
    /// The state's word: `queued`, `closed` …
    pub state: String,
    /// The customer.
    pub from: Party,
    /// The number the customer dialled.
    pub to: String,
    /// `trunk:carrier` or `user:1001`.
    pub origin: String,
    /// When it came.
    pub arrived_at: Timestamp,
    /// The last queue it waited in.
    pub queue: Option<QueueId>,
    /// When it began to wait there.
    pub queued_at: Option<Timestamp>,
    /// The agent who took it.
    pub agent: Option<AgentId>,
    /// When the agent took it.
    pub connected_at: Option<Timestamp>,
    /// When the talk, or the customer's call, was over.
    pub ended_at: Option<Timestamp>,
    /// When everything was over.
    pub closed_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Time spent waiting in queues, all told.
    pub waited: Duration,
    /// Time spent talking with agents, holds not counted.
    pub talked: Duration,
    /// Time the customer was on hold.
    pub held: Duration,
    /// After-contact work.
    pub wrapped_up: Duration,
    /// How often an agent was asked.
    pub offers: u32,
    /// Every leg it had, in order.
    pub legs: Vec<LegId>,
}

/// A recording as the library keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingRecord {
    /// Its id, which is also its file's name.
    pub id: RecordingId,
    /// The interaction it belongs to.
    pub interaction: InteractionId,
    /// What it is.
    pub kind: RecordingKind,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it is; `None` while it is being written.
    pub length: Option<Duration>,
    /// How large its file is; `None` while it is being written.
    pub bytes: Option<u64>,
}

/// What a recording holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingKind {
    /// Customer on the left, agent on the right.
    Call,
    /// A message the customer left.
    Message,
}

impl RecordingKind {
    /// The word used in the library and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Message => "message",
        }
    }
}
