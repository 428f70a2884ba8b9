//! `confer`: puts the customer into a conference until the time is over, the customer hangs up or is removed.
//!
//! ```text
//!  Asking ──the right number──▶ Talking ──removed──▶ Leaving ──said──▶ end
//!    │ a wrong one, or none: again, at last otherwise   │ full, locked ──▶ Leaving
//!    └ guessed too often: otherwise                     └ guessed too often: otherwise
//! ```
//!
//! With `pin` or `moderator_pin` the caller is asked for a number first, which `#` ends; keys of the talk are the
//! conference's ([`Action::Confer`]). How often a caller may guess is counted by whoever runs the flow
//! ([`Action::WrongNumber`]), over all calls; who has guessed too often is turned away even with the right number.

use crate::action::Action;
use crate::flow::Target;
use crate::reader::{Pace, Reader, Word};
use crate::step::queue::read_music;
use crate::step::{Heard, Next, Turn};
use base::Duration;
use model::conference::{LeftConference, MEMBERS_MAX, RoomRules};
use model::{Outcome, PromptId};
use serde::{Deserialize, Serialize};

/// How long one stays at most, so that a forgotten phone does not hold a line for ever.
const MAX: Duration = Duration::from_secs(4 * 3600);

/// How many a room takes if nobody says.
const MEMBERS: u32 = 32;

/// How long we wait for the number.
const WAIT: Duration = Duration::from_secs(15);

/// How often it is asked for again.
const REPEAT: u32 = 2;

/// The digits a number has.
const PIN_DIGITS: core::ops::RangeInclusive<usize> = 4..=12;

/// What is heard while a room waits for its moderator, if nobody says.
const MUSIC: &str = "calm";

/// What is said when the number is asked for, and when it was wrong.
const ASK: &str = "conference-pin";
const WRONG: &str = "conference-pin-wrong";

/// The names of this step's timers.
const STAY_TIMER: u32 = 0;
const PIN_TIMER: u32 = 1;

/// Puts the customer into a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confer {
    /// The room's name: all who name it hear each other.
    pub room: String,
    /// How long one stays at most.
    pub max: Duration,
    /// The number that lets in; `None` lets everybody in.
    pub pin: Option<Pin>,
    /// The number that lets a moderator in.
    pub moderator_pin: Option<Pin>,
    /// What holds in the room.
    pub rules: RoomRules,
    /// Where those go who do not know the number; `None` ends the call.
    pub otherwise: Option<Target>,
}

/// A number to be keyed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    digits: u8,
    value: u64,
}

/// Where within the step we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// The number is asked for.
    Asking {
        /// How often it may still be asked for.
        left: u32,
        /// What was keyed in so far.
        typed: Pin,
    },
    /// In the room.
    Talking,
    /// Being told why not, or not any more.
    Leaving,
}

impl Pin {
    fn push(self, digit: char) -> Self {
        match digit.to_digit(10) {
            // More digits than any number has are a wrong one.
            Some(digit) if usize::from(self.digits) <= *PIN_DIGITS.end() => Self {
                digits: self.digits + 1,
                value: self.value.wrapping_mul(10).wrapping_add(digit.into()),
            },
            _ => self,
        }
    }

    fn read(text: &str) -> Option<Self> {
        let plain = PIN_DIGITS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.chars().fold(Self::default(), Self::push))
    }
}

#[cfg(test)]
impl Pin {
    /// The first digits of `1234`.
    pub(crate) const HALF: Self = Self { digits: 3, value: 123 };
}

impl Confer {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let room = reader.text("confer");
        if let Some(word) = room {
            reader.check_name("a conference room", word);
        }
        let max = reader.duration("max", MAX);
        let (pin, moderator_pin) = (read_pin(reader, "pin"), read_pin(reader, "moderator_pin"));
        if pin.is_some() || moderator_pin.is_some() {
            let at = reader.at;
            for text in [ASK, WRONG] {
                reader.prompt_of(Word { text, at });
            }
        }
        let waits = reader.flag("wait_for_moderator").unwrap_or(false);
        if waits && moderator_pin.is_none() {
            let at = reader.at;
            let message = format!("{} waits for a moderator who cannot come", reader.title);
            reader.complain(at, message, "add moderator_pin = \"…\" with 4 to 12 digits");
        }
        // Music that is not there is complained of only where it will be heard.
        let music = match waits || reader.has("music") {
            true => read_music(reader, "music", Some(MUSIC)),
            false => Some(PromptId::new(MUSIC)),
        };
        let members = reader.number("members_max", 2..=i64::from(MEMBERS_MAX));
        let rules = RoomRules {
            members_max: members.and_then(|number| u32::try_from(number).ok()).unwrap_or(MEMBERS),
            waits,
            music: music?,
            tones: reader.flag("tones").unwrap_or(true),
        };
        let otherwise = reader.target("otherwise", Pace::Waits);
        Some(Self { room: room?.text.to_owned(), max, pin, moderator_pin, rules, otherwise })
    }

    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        turn.answer_anyway();
        if self.pin.is_none() && self.moderator_pin.is_none() {
            return self.join(false, turn);
        }
        self.ask(&[], REPEAT, turn)
    }

    pub(crate) fn handle(&self, phase: Phase, heard: &Heard, turn: &mut Turn<'_>) -> Next {
        match (phase, heard) {
            (Phase::Asking { left, typed }, Heard::Digit('#')) => self.try_number(typed, left, turn),
            (Phase::Asking { left, .. }, Heard::Digit('*')) => {
                stay(Phase::Asking { left, typed: Pin::default() })
            }
            (Phase::Asking { left, typed }, Heard::Digit(digit)) => {
                if typed == Pin::default() {
                    turn.act(Action::Silence);
                }
                stay(Phase::Asking { left, typed: typed.push(*digit) })
            }
            (Phase::Asking { left, typed }, Heard::Timeout(_)) => self.try_number(typed, left, turn),
            (Phase::Talking, Heard::Timeout(_)) | (Phase::Leaving, Heard::Played | Heard::Timeout(_)) => {
                Next::End(Outcome::SelfServed)
            }
            (Phase::Asking { .. } | Phase::Talking, Heard::LeftConference(LeftConference::Guessed)) => {
                self.turn_away(turn)
            }
            (Phase::Talking, Heard::LeftConference(LeftConference::Full)) => leave("conference-full", turn),
            (Phase::Talking, Heard::LeftConference(LeftConference::Locked)) => {
                leave("conference-locked", turn)
            }
            (Phase::Talking, Heard::LeftConference(LeftConference::Removed)) => {
                leave("conference-removed", turn)
            }
            // Late, or not for this step. Keys of the talk are the conference's.
            (
                Phase::Asking { .. } | Phase::Talking | Phase::Leaving,
                Heard::Played
                | Heard::Digit(_)
                | Heard::NoAgents
                | Heard::QueueFull
                | Heard::Transferred
                | Heard::TransferFailed(_)
                | Heard::TransferEnded
                | Heard::LeftConference(_),
            ) => stay(phase),
        }
    }

    fn try_number(&self, typed: Pin, left: u32, turn: &mut Turn<'_>) -> Next {
        let is = |pin: Option<Pin>| pin == Some(typed);
        if is(self.moderator_pin) {
            return self.join(true, turn);
        }
        // Where only moderators have a number, everybody else enters without one.
        if is(self.pin) || (self.pin.is_none() && typed == Pin::default()) {
            return self.join(false, turn);
        }
        let next = match left.checked_sub(1) {
            Some(left) => self.ask(&[PromptId::new(WRONG)], left, turn),
            None => self.turn_away(turn),
        };
        if typed != Pin::default() {
            turn.act(Action::WrongNumber { room: self.room.clone(), again: left > 0 });
        }
        next
    }

    fn turn_away(&self, turn: &mut Turn<'_>) -> Next {
        turn.stop_timers();
        self.otherwise.clone().map_or(Next::End(Outcome::Refused), Next::Go)
    }

    fn ask(&self, before: &[PromptId], left: u32, turn: &mut Turn<'_>) -> Next {
        turn.stop_timers();
        turn.wake(PIN_TIMER, WAIT);
        turn.say(&[before, &[PromptId::new(ASK)]].concat());
        stay(Phase::Asking { left, typed: Pin::default() })
    }

    fn join(&self, moderator: bool, turn: &mut Turn<'_>) -> Next {
        turn.stop_timers();
        turn.wake(STAY_TIMER, self.max);
        turn.act(Action::Confer { room: self.room.clone(), moderator, rules: self.rules.clone() });
        stay(Phase::Talking)
    }
}

fn read_pin(reader: &mut Reader<'_, '_>, key: &'static str) -> Option<Pin> {
    let word = reader.text(key)?;
    let pin = Pin::read(word.text);
    if pin.is_none() {
        let message = format!("\"{}\" is no number to be keyed in for \"{key}\"", word.text);
        reader.complain(word.at, message, "write 4 to 12 digits");
    }
    pin
}

fn leave(prompt: &str, turn: &mut Turn<'_>) -> Next {
    turn.stop_timers();
    turn.say(&[PromptId::new(prompt)]);
    stay(Phase::Leaving)
}

fn stay(phase: Phase) -> Next {
    Next::Stay(super::Phase::Confer(phase))
}
