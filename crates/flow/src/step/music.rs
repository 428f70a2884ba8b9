//! `music`: plays music until `#`, the time is over, or the customer hangs up.

use crate::action::Action;
use crate::flow::Target;
use crate::reader::{Pace, Reader};
use crate::source::MUSIC;
use crate::step::queue::read_music;
use crate::step::{Heard, Next, Phase, Turn};
use base::Duration;
use model::{Outcome, Prompt, PromptId};

/// How long it lasts at most, so that a forgotten phone does not hold a line for ever.
const MAX: Duration = Duration::from_secs(3600);

/// The key that ends it.
const END_KEY: char = '#';

/// The name of this step's one timer.
const TIMER: u32 = 0;

/// Plays music.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Music {
    /// Which.
    pub music: PromptId,
    /// How long at most.
    pub max: Duration,
    /// What comes next; `None` ends the call.
    pub then: Option<Target>,
}

impl Music {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let music = read_music(reader, "music", None);
        let max = reader.duration("max", MAX);
        let then = reader.target("then", Pace::Waits);
        Some(Self { music: music?, max, then })
    }

    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        turn.answer();
        turn.wake(TIMER, self.max);
        let prompts = vec![Prompt { prompt: self.music.clone(), language: MUSIC.to_owned() }];
        turn.act(Action::Say { prompts, repeat: true });
        Next::Stay(Phase::Music)
    }

    pub(crate) fn handle(&self, heard: &Heard) -> Next {
        match heard {
            Heard::Digit(END_KEY) | Heard::Timeout(_) => {
                self.then.clone().map_or(Next::End(Outcome::SelfServed), Next::Go)
            }
            Heard::Played
            | Heard::Digit(_)
            | Heard::NoAgents
            | Heard::QueueFull
            | Heard::Transferred
            | Heard::TransferFailed(_)
            | Heard::TransferEnded
            | Heard::LeftConference(_) => Next::Stay(Phase::Music),
        }
    }
}
