//! Questions to the library, and what comes back.

use crate::timeline::TimelineEntry;
use crate::{AgentId, InteractionId, InteractionRecord, LegId, Outcome, QueueId};
use base::Timestamp;

/// Which interactions to list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InteractionFilter {
    /// Arrived at or after.
    pub from: Option<Timestamp>,
    /// Arrived before.
    pub to: Option<Timestamp>,
    /// Waited in this queue last.
    pub queue: Option<QueueId>,
    /// Waited in one of these queues, or in none: what the asker may see. `None` is everything.
    pub queues_allowed: Option<Vec<QueueId>>,
    /// Taken by this agent.
    pub agent: Option<AgentId>,
    /// Ended so.
    pub outcome: Option<Outcome>,
    /// Customer's number, or the number dialled, contains this.
    pub number: Option<String>,
    /// Continue after this one, as given in [`Page::next`].
    pub cursor: Option<Cursor>,
    /// How many at most.
    pub limit: u32,
}

/// A place in a list ordered by arrival and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Arrival of the last one listed.
    pub arrived_at: Timestamp,
    /// Its id.
    pub id: InteractionId,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// Everything the library knows of one interaction's course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The interaction.
    pub interaction: InteractionRecord,
    /// Its lines, in order.
    pub lines: Vec<TimelineEntry>,
    /// The SIP messages of its legs, in order.
    pub ladder: Vec<SipMessage>,
}

/// A SIP message that was sent or received for a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipMessage {
    /// The leg.
    pub leg: LegId,
    /// When.
    pub at: Timestamp,
    /// Whether we sent it.
    pub sent: bool,
    /// `udp`, `tcp` …
    pub transport: String,
    /// Whom it was sent to, or who sent it.
    pub remote: String,
    /// The message, as on the wire; credentials are blotted out before it is stored.
    pub text: String,
}
