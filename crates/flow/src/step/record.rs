//! `record`: takes a message.
//!
//! ```text
//!  Inviting ──played──▶ Recording ──# or time over──▶ then
//!     └──any key──▶ Toning ──played──▶ Recording
//! ```
//!
//! Those who hang up have left their message too; nothing more is to be done for them here.

use crate::action::Action;
use crate::flow::Target;
use crate::reader::{Pace, Reader, Word};
use crate::step::{Heard, Next, Turn, tone};
use base::Duration;
use model::PromptId;
use serde::{Deserialize, Serialize};

/// How long a message may be.
const MAX: Duration = Duration::from_secs(120);

/// The tone after which one speaks.
const TONE: &str = "beep";

/// The key that ends a message.
const END_KEY: char = '#';

/// The name of this step's one timer.
const TIMER: u32 = 0;

/// Takes a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What is said before.
    pub prompts: Vec<PromptId>,
    /// The tone after which one speaks.
    pub tone: PromptId,
    /// How long it may be.
    pub max: Duration,
    /// What comes next.
    pub then: Target,
}

/// Where within the message we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    Inviting,
    Toning,
    Recording,
}

impl Record {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let prompts = reader.prompts("record");
        let at = reader.at;
        let tone = reader.text("tone").unwrap_or(Word { text: TONE, at });
        let tones = &reader.page.world.tones;
        reader.known("tone", tone, tones.iter().map(PromptId::as_str));
        let max = reader.duration("max", MAX);
        let then = reader.needed_target("then", Pace::Waits);
        Some(Self { prompts: prompts?, tone: PromptId::new(tone.text), max, then: then? })
    }

    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        turn.answer_anyway();
        let spoken = self.prompts.iter().map(|prompt| turn.spoken(prompt));
        let prompts = spoken.chain([tone(&self.tone)]).collect();
        turn.act(Action::Say { prompts, repeat: false });
        stay(Phase::Inviting)
    }

    pub(crate) fn handle(&self, phase: Phase, heard: &Heard, turn: &mut Turn<'_>) -> Next {
        match (phase, heard) {
            (Phase::Inviting | Phase::Toning, Heard::Played) => {
                turn.memory.recorded = true;
                turn.wake(TIMER, self.max);
                turn.act(Action::Record { max: self.max });
                stay(Phase::Recording)
            }
            (Phase::Inviting, Heard::Digit(_)) => {
                turn.act(Action::Say { prompts: vec![tone(&self.tone)], repeat: false });
                stay(Phase::Toning)
            }
            (Phase::Recording, Heard::Digit(END_KEY) | Heard::Timeout(_)) => {
                turn.act(Action::StopRecording);
                Next::Go(self.then.clone())
            }
            // Late, or not for this step.
            (
                Phase::Inviting | Phase::Toning | Phase::Recording,
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
}

fn stay(phase: Phase) -> Next {
    Next::Stay(super::Phase::Record(phase))
}
