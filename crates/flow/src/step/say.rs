//! `say`: says something, then goes on.
//!
//! ```text
//!  Say ──played──▶ then
//!   └──a key that the question after this takes──▶ that question, answered
//! ```
//!
//! A caller who knows the menu need not listen to the greeting: a key that the next question takes ends the greeting
//! and answers the question. Any other key changes nothing.

use crate::action::Action;
use crate::flow::Target;
use crate::reader::{Pace, Reader};
use crate::step::{Heard, Next, Phase, Turn, Verb};
use model::PromptId;

/// How many steps are looked ahead for the question that a key may be meant for.
const LOOK_AHEAD_MAX: usize = 16;

/// Says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// What, in order.
    pub prompts: Vec<PromptId>,
    /// What comes next.
    pub then: Target,
}

impl Say {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let prompts = reader.prompts("say");
        let then = reader.needed_target("then", Pace::Hurries);
        Some(Self { prompts: prompts?, then: then? })
    }

    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        // The question that was answered in advance comes after this: nobody wants to hear more before it.
        if turn.memory.typed.is_some() {
            return Next::Go(self.then.clone());
        }
        turn.answer();
        turn.say(&self.prompts);
        Next::Stay(Phase::Say)
    }

    pub(crate) fn handle(&self, heard: &Heard, turn: &mut Turn<'_>) -> Next {
        match heard {
            Heard::Played => Next::Go(self.then.clone()),
            Heard::Digit(digit) if self.leads_to_question(*digit, turn) => {
                turn.memory.typed = Some(*digit);
                turn.act(Action::Silence);
                Next::Go(self.then.clone())
            }
            Heard::Digit(_)
            | Heard::Timeout(_)
            | Heard::NoAgents
            | Heard::QueueFull
            | Heard::Transferred
            | Heard::TransferFailed(_)
            | Heard::TransferEnded
            | Heard::LeftConference(_) => Next::Stay(Phase::Say),
        }
    }

    /// Whether a question that takes this key comes next, with nothing but words before it.
    fn leads_to_question(&self, digit: char, turn: &Turn<'_>) -> bool {
        let mut target = &self.then;
        for _ in 0..LOOK_AHEAD_MAX {
            let Target::Step(step) = target else { return false };
            match turn.flow.steps.get(step).map(|step| &step.verb) {
                Some(Verb::Say(say)) => target = &say.then,
                Some(Verb::Set(set)) => target = &set.then,
                Some(Verb::Ask(ask)) => return ask.on.contains_key(&digit),
                _ => return false,
            }
        }
        false
    }
}
