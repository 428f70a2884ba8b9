//! Who waits, and in which order.

use base::Instant;
use model::{InteractionId, QueueId, SkillNeed};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// An interaction that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Which.
    pub interaction: InteractionId,
    /// For which queue.
    pub queue: QueueId,
    /// What it needs from its agent, besides what the queue needs.
    pub needs: Vec<SkillNeed>,
    /// Higher goes first.
    pub priority: i32,
    /// Since when it waits; a ticket that comes back keeps it, and with it the place.
    pub since: Instant,
}

/// The order of a line: priority first, then who has waited longest; the id settles ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place(Reverse<i32>, Instant, InteractionId);

impl Place {
    pub(crate) fn of(ticket: &Ticket) -> Self {
        Self(Reverse(ticket.priority), ticket.since, ticket.interaction)
    }

    pub(crate) fn interaction(&self) -> InteractionId {
        self.2
    }
}
