//! What happens to an interaction in a flow.

use model::EndCause;
use model::conference::LeftConference;
use serde::{Deserialize, Serialize};

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The interaction is here. Comes once, first.
    Begin,
    /// What was last said came to its end.
    Played,
    /// The customer pressed a key: `0`–`9`, `*`, `#`, `A`–`D`.
    Digit(char),
    /// The timer of this number, from [`Action::SetTimer`](crate::Action::SetTimer), is due.
    TimedOut(u32),
    /// Nobody who serves the queue is logged in: when the interaction was queued, or since then.
    NoAgents,
    /// The queue takes no more; the interaction was not queued.
    QueueFull,
    /// The number called for the customer answered: both talk.
    Transferred,
    /// The number called for the customer did not answer.
    TransferFailed(EndCause),
    /// The other side of a transfer hung up; the customer is still there.
    TransferEnded,
    /// The customer is not in the conference any more, or was not let in.
    LeftConference(LeftConference),
}
