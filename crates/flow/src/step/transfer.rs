//! `transfer`: connects the customer with a number outside.
//!
//! ```text
//!  Dialing ──answered──▶ Talking ──the other side hung up──▶ then, or the end
//!     └──busy──▶ on.busy, else on.failed, else the call is refused
//!     └──any other failure──▶ on.failed, else the call is refused
//! ```
//!
//! The step does not answer the customer: as the first step of a flow it lets the customer hear ringing until the
//! far end answers.

use crate::action::Action;
use crate::flow::Target;
use crate::reader::{Pace, Reader};
use crate::step::{Heard, Next, Turn};
use base::Duration;
use model::{EndCause, Outcome};
use serde::{Deserialize, Serialize};

/// How long the number rings.
const RING: Duration = Duration::from_secs(30);

/// Letters of a number at most: E.164 has 15 digits, carriers' prefixes some more.
const NUMBER_MAX: usize = 32;

/// Connects with a number outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The number.
    pub number: String,
    /// How long it may ring.
    pub ring: Duration,
    /// Whether the talk is recorded.
    pub record: bool,
    /// What comes when the other side hangs up; `None` ends the call.
    pub then: Option<Target>,
    /// Where to when the number is busy or declines.
    pub busy: Option<Target>,
    /// Where to when it cannot be reached, or, without `busy`, for whatever reason.
    pub failed: Option<Target>,
}

/// Where within the transfer we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    Dialing,
    Talking,
}

impl Transfer {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let number = reader.text("transfer");
        if let Some(word) = number {
            let digits = word.text.strip_prefix('+').unwrap_or(word.text);
            let dialable = |letter: char| letter.is_ascii_digit() || letter == '*' || letter == '#';
            if digits.is_empty() || digits.len() > NUMBER_MAX || !digits.chars().all(dialable) {
                let message = format!("\"{}\" is no number to call", word.text);
                reader.complain(
                    word.at,
                    message,
                    format!("write up to {NUMBER_MAX} digits, with + before if needed"),
                );
            }
        }
        let ring = reader.duration("ring", RING);
        let record = reader.flag("record_talk").unwrap_or(false);
        let then = reader.target("then", Pace::Waits);
        // A number that cannot be reached fails at once.
        let mut on = reader.branches(&[("busy", Pace::Hurries), ("failed", Pace::Hurries)], None);
        let number = number?.text.to_owned();
        Some(Self {
            number,
            ring,
            record,
            then,
            busy: on.words.remove("busy"),
            failed: on.words.remove("failed"),
        })
    }

    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        turn.act(Action::Transfer { number: self.number.clone(), ring: self.ring, record: self.record });
        stay(Phase::Dialing)
    }

    pub(crate) fn handle(&self, phase: Phase, heard: &Heard, turn: &mut Turn<'_>) -> Next {
        match (phase, heard) {
            (Phase::Dialing, Heard::Transferred) => {
                // Whoever connects the two answers the customer.
                turn.memory.answered = true;
                stay(Phase::Talking)
            }
            (Phase::Dialing, Heard::TransferFailed(EndCause::Busy | EndCause::Declined)) => {
                failed(self.busy.as_ref().or(self.failed.as_ref()))
            }
            (Phase::Dialing, Heard::TransferFailed(_) | Heard::TransferEnded) => failed(self.failed.as_ref()),
            (Phase::Talking, Heard::TransferEnded | Heard::TransferFailed(_)) => {
                self.then.clone().map_or(Next::End(Outcome::Transferred), Next::Go)
            }
            // Late, or not for this step.
            (
                Phase::Dialing | Phase::Talking,
                Heard::Played
                | Heard::Digit(_)
                | Heard::Timeout(_)
                | Heard::NoAgents
                | Heard::QueueFull
                | Heard::Transferred
                | Heard::LeftConference(_),
            ) => stay(phase),
        }
    }
}

fn failed(target: Option<&Target>) -> Next {
    target.cloned().map_or(Next::End(Outcome::Refused), Next::Go)
}

fn stay(phase: Phase) -> Next {
    Next::Stay(super::Phase::Transfer(phase))
}
