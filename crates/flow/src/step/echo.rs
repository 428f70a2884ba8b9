//! `echo`: lets the customer hear their own voice.
//!
//! ```text
//!  Introducing ──played, or any key──▶ Echoing ──# or time over──▶ then, or the end
//! ```

use crate::action::Action;
use crate::flow::Target;
use crate::reader::{Pace, Reader};
use crate::step::{Heard, Next, Turn};
use base::Duration;
use model::{Outcome, PromptId};
use serde::{Deserialize, Serialize};

/// How long it lasts at most, so that a forgotten phone does not hold a line for ever.
const MAX: Duration = Duration::from_secs(600);

/// The key that ends it.
const END_KEY: char = '#';

/// The name of this step's one timer.
const TIMER: u32 = 0;

/// Sends the customer's sound back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// What is said before; may be empty.
    pub prompts: Vec<PromptId>,
    /// How long it lasts at most.
    pub max: Duration,
    /// What comes next; `None` ends the call.
    pub then: Option<Target>,
}

/// Where within the test we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    Introducing,
    Echoing,
}

impl Echo {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let prompts = reader.prompts("echo");
        let max = reader.duration("max", MAX);
        let then = reader.target("then", Pace::Waits);
        Some(Self { prompts: prompts?, max, then })
    }

    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        turn.answer_anyway();
        if self.prompts.is_empty() {
            return self.begin(turn);
        }
        turn.say(&self.prompts);
        stay(Phase::Introducing)
    }

    pub(crate) fn handle(&self, phase: Phase, heard: &Heard, turn: &mut Turn<'_>) -> Next {
        match (phase, heard) {
            (Phase::Introducing, Heard::Played | Heard::Digit(_)) => self.begin(turn),
            (Phase::Echoing, Heard::Digit(END_KEY) | Heard::Timeout(_)) => {
                self.then.clone().map_or(Next::End(Outcome::SelfServed), Next::Go)
            }
            // Late, or not for this step.
            (
                Phase::Introducing | Phase::Echoing,
                Heard::Played
                | Heard::Digit(_)
                | Heard::Timeout(_)
                | Heard::NoAgents
                | Heard::QueueFull
                | Heard::Transferred
                | Heard::TransferFailed(_)
                | Heard::TransferEnded
                | Heard::LeftConference(_),
            ) => stay(phase),
        }
    }

    fn begin(&self, turn: &mut Turn<'_>) -> Next {
        turn.wake(TIMER, self.max);
        turn.act(Action::Echo);
        stay(Phase::Echoing)
    }
}

fn stay(phase: Phase) -> Next {
    Next::Stay(super::Phase::Echo(phase))
}
