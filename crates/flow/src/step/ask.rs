//! `ask`: asks a question and goes where the key pressed leads.
//!
//! ```text
//!  Asking ──played──▶ Waiting ──timer──▶ Asking again, or otherwise
//!    └───────┬───────────┘
//!            ├── a key of on ──▶ there
//!            └── another key ──▶ Asking again with "invalid" before it, or otherwise
//! ```
//!
//! Keys count from the first word of the question on. `repeat` is how often the question is asked again, whether
//! nothing was pressed or something that is not among the choices; after that the call goes `otherwise`.

use crate::action::Action;
use crate::flow::Target;
use crate::reader::{Pace, Reader};
use crate::step::{Heard, Next, Turn};
use base::Duration;
use model::PromptId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long we wait for a key after the question.
const WAIT: Duration = Duration::from_secs(5);

/// How often the question is asked again.
const REPEAT: u32 = 2;

/// How often it may be asked again at most.
const REPEAT_MAX: i64 = 10;

/// What is said when the key is none of the choices.
const INVALID: &str = "invalid-choice";

/// The name of this step's one timer.
const TIMER: u32 = 0;

/// Asks for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The question.
    pub prompts: Vec<PromptId>,
    /// Where each key leads.
    pub on: BTreeMap<char, Target>,
    /// How long we wait for a key after the question.
    pub wait: Duration,
    /// How often the question is asked again.
    pub repeat: u32,
    /// What is said when the key is none of the choices.
    pub invalid: PromptId,
    /// Where those go who choose nothing.
    pub otherwise: Target,
}

/// Where within the question we are, and how often it may still be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    Asking { left: u32 },
    Waiting { left: u32 },
}

impl Ask {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let prompts = reader.prompts("ask");
        let on = reader.branches(&[], Some(Pace::Waits)).keys;
        if on.is_empty() && !reader.has("on") {
            reader.missing("on", "add what each key does, as in on.1 = \"sales\"");
        }
        let wait = reader.duration("wait", WAIT);
        let repeat = reader.number("repeat", 0..=REPEAT_MAX).and_then(|times| u32::try_from(times).ok());
        let invalid = match reader.text("invalid") {
            Some(word) => reader.prompt_of(word),
            None => {
                let at = reader.at;
                reader.prompt_of(crate::reader::Word { text: INVALID, at })
            }
        };
        let otherwise = reader.needed_target("otherwise", Pace::Waits);
        Some(Self {
            prompts: prompts?,
            on,
            wait,
            repeat: repeat.unwrap_or(REPEAT),
            invalid,
            otherwise: otherwise?,
        })
    }

    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        let typed = turn.memory.typed.take();
        if let Some(target) = typed.and_then(|digit| self.on.get(&digit)) {
            return Next::Go(target.clone());
        }
        turn.answer_anyway();
        turn.say(&self.prompts);
        stay(Phase::Asking { left: self.repeat })
    }

    pub(crate) fn handle(&self, phase: Phase, heard: &Heard, turn: &mut Turn<'_>) -> Next {
        match (phase, heard) {
            (Phase::Asking { left }, Heard::Played) => {
                turn.wake(TIMER, self.wait);
                stay(Phase::Waiting { left })
            }
            (Phase::Waiting { left }, Heard::Timeout(_)) => self.again(left, &[], turn),
            (Phase::Asking { left } | Phase::Waiting { left }, Heard::Digit(digit)) => {
                if let Phase::Asking { .. } = phase {
                    turn.act(Action::Silence);
                }
                turn.stop_timers();
                match self.on.get(digit) {
                    Some(target) => Next::Go(target.clone()),
                    None => self.again(left, core::slice::from_ref(&self.invalid), turn),
                }
            }
            // Late, or not for this step.
            (
                Phase::Asking { .. } | Phase::Waiting { .. },
                Heard::Played
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

    /// Asks once more, or gives up.
    fn again(&self, left: u32, before: &[PromptId], turn: &mut Turn<'_>) -> Next {
        match left.checked_sub(1) {
            Some(left) => {
                turn.say(&[before, &self.prompts].concat());
                stay(Phase::Asking { left })
            }
            None => Next::Go(self.otherwise.clone()),
        }
    }
}

fn stay(phase: Phase) -> Next {
    Next::Stay(super::Phase::Ask(phase))
}
