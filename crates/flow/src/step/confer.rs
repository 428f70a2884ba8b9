//! `confer`: puts the customer into a conference until the time is over or the customer hangs up.

use crate::action::Action;
use crate::reader::Reader;
use crate::step::{Heard, Next, Phase, Turn};
use base::Duration;
use model::Outcome;

/// How long one stays at most, so that a forgotten phone does not hold a line for ever.
const MAX: Duration = Duration::from_secs(4 * 3600);

/// The name of this step's one timer.
const TIMER: u32 = 0;

/// Puts the customer into a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confer {
    /// The room's name: all who name it hear each other.
    pub room: String,
    /// How long one stays at most.
    pub max: Duration,
}

impl Confer {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let room = reader.text("confer");
        if let Some(word) = room {
            reader.check_name("a conference room", word);
        }
        let max = reader.duration("max", MAX);
        Some(Self { room: room?.text.to_owned(), max })
    }

    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        turn.answer_anyway();
        turn.wake(TIMER, self.max);
        turn.act(Action::Confer { room: self.room.clone() });
        Next::Stay(Phase::Confer)
    }

    pub(crate) fn handle(&self, heard: &Heard) -> Next {
        match heard {
            Heard::Timeout(_) => Next::End(Outcome::SelfServed),
            // Keys belong to the talk.
            Heard::Played
            | Heard::Digit(_)
            | Heard::NoAgents
            | Heard::QueueFull
            | Heard::Transferred
            | Heard::TransferFailed(_)
            | Heard::TransferEnded => Next::Stay(Phase::Confer),
        }
    }
}
