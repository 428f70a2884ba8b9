//! A step: one verb with its settings. What each verb does is in its own file.

pub mod ask;
pub mod confer;
pub mod echo;
pub mod end;
pub mod hours;
pub mod music;
pub mod queue;
pub mod record;
pub mod say;
pub mod set;
pub mod transfer;

use crate::Flows;
use crate::action::Action;
use crate::flow::{Flow, Target};
use crate::reader::Reader;
use crate::run::Memory;
use crate::source::TONES;
use crate::spelling::nearest;
use base::{Duration, Now};
use model::conference::LeftConference;
use model::{EndCause, Outcome, Prompt, PromptId, StepId};
use serde::{Deserialize, Serialize};

pub use ask::Ask;
pub use confer::Confer;
pub use echo::Echo;
pub use end::End;
pub use hours::HoursStep;
pub use music::Music;
pub use queue::QueueStep;
pub use record::Record;
pub use say::Say;
pub use set::Set;
pub use transfer::Transfer;

/// Every verb there is.
pub const VERBS: [&str; 11] =
    ["say", "ask", "queue", "record", "transfer", "set", "hours", "echo", "music", "confer", "end"];

/// One step of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub id: StepId,
    /// What it does.
    pub verb: Verb,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Says something.
    Say(Say),
    /// Asks for a key.
    Ask(Ask),
    /// Lets the customer wait for an agent.
    Queue(QueueStep),
    /// Takes a message.
    Record(Record),
    /// Connects with a number outside.
    Transfer(Transfer),
    /// Notes something for later steps.
    Set(Set),
    /// Asks whether it is open.
    Hours(HoursStep),
    /// Sends the customer's sound back.
    Echo(Echo),
    /// Plays music.
    Music(Music),
    /// Puts the customer into a conference.
    Confer(Confer),
    /// Ends it.
    End(End),
}

/// Where within its step a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// Nothing has happened yet.
    Fresh,
    /// Everything has.
    Over,
    Say,
    Ask(ask::Phase),
    Queue,
    Record(record::Phase),
    Transfer(transfer::Phase),
    Echo(echo::Phase),
    Music,
    Confer(confer::Phase),
}

/// What a step hears of, its own timers told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Played,
    Digit(char),
    /// The timer that this step set with this number of its own.
    Timeout(u32),
    NoAgents,
    QueueFull,
    Transferred,
    TransferFailed(EndCause),
    TransferEnded,
    LeftConference(LeftConference),
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Stay(Phase),
    Go(Target),
    End(Outcome),
    /// The dialplan was changed meanwhile, and this step is not what it was.
    Lost,
}

/// A step's turn: what it can look at and what it can do.
pub(crate) struct Turn<'a> {
    pub(crate) flows: &'a Flows,
    pub(crate) flow: &'a Flow,
    pub(crate) memory: &'a mut Memory,
    pub(crate) actions: &'a mut Vec<Action>,
    pub(crate) now: Now,
}

impl Turn<'_> {
    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Answers a customer who is still ringing, unless the flow wants to be heard without.
    pub(crate) fn answer(&mut self) {
        if self.flow.answer {
            self.answer_anyway();
        }
    }

    /// Answers a customer who is still ringing: what follows needs to hear the customer.
    pub(crate) fn answer_anyway(&mut self) {
        if !core::mem::replace(&mut self.memory.answered, true) {
            self.act(Action::Answer);
        }
    }

    pub(crate) fn say(&mut self, prompts: &[PromptId]) {
        let prompts = prompts.iter().map(|prompt| self.spoken(prompt)).collect();
        self.act(Action::Say { prompts, repeat: false });
    }

    /// A prompt in the customer's language.
    pub(crate) fn spoken(&self, prompt: &PromptId) -> Prompt {
        Prompt { prompt: prompt.clone(), language: self.memory.language.clone() }
    }

    /// Wakes this step with `Heard::Timeout(name)` after a while.
    pub(crate) fn wake(&mut self, name: u32, after: Duration) {
        let timer = self.memory.new_timer(name);
        self.act(Action::SetTimer { timer, after });
    }
}

/// A tone in a playlist.
pub(crate) fn tone(prompt: &PromptId) -> Prompt {
    Prompt { prompt: prompt.clone(), language: TONES.to_owned() }
}

impl Verb {
    /// The verb's word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Say(_) => "say",
            Self::Ask(_) => "ask",
            Self::Queue(_) => "queue",
            Self::Record(_) => "record",
            Self::Transfer(_) => "transfer",
            Self::Set(_) => "set",
            Self::Hours(_) => "hours",
            Self::Echo(_) => "echo",
            Self::Music(_) => "music",
            Self::Confer(_) => "confer",
            Self::End(_) => "end",
        }
    }

    /// Begins the step.
    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        match self {
            Self::Say(say) => say.enter(turn),
            Self::Ask(ask) => ask.enter(turn),
            Self::Queue(queue) => queue.enter(turn),
            Self::Record(record) => record.enter(turn),
            Self::Transfer(transfer) => transfer.enter(turn),
            Self::Set(set) => set.enter(turn),
            Self::Hours(hours) => hours.enter(turn),
            Self::Echo(echo) => echo.enter(turn),
            Self::Music(music) => music.enter(turn),
            Self::Confer(confer) => confer.enter(turn),
            Self::End(end) => end.enter(),
        }
    }

    /// Goes on with the step.
    pub(crate) fn handle(&self, phase: Phase, heard: &Heard, turn: &mut Turn<'_>) -> Next {
        match (self, phase) {
            (Self::Say(say), Phase::Say) => say.handle(heard, turn),
            (Self::Ask(ask), Phase::Ask(phase)) => ask.handle(phase, heard, turn),
            (Self::Queue(queue), Phase::Queue) => queue.handle(heard, turn),
            (Self::Record(record), Phase::Record(phase)) => record.handle(phase, heard, turn),
            (Self::Transfer(transfer), Phase::Transfer(phase)) => transfer.handle(phase, heard, turn),
            (Self::Echo(echo), Phase::Echo(phase)) => echo.handle(phase, heard, turn),
            (Self::Music(music), Phase::Music) => music.handle(heard),
            (Self::Confer(confer), Phase::Confer(phase)) => confer.handle(phase, heard, turn),
            (_, Phase::Over) => Next::Stay(Phase::Over),
            _ => Next::Lost,
        }
    }

    /// Reads a step's table: exactly one verb, and what belongs to it.
    pub(crate) fn read(mut reader: Reader<'_, '_>) -> Option<Self> {
        let present: Vec<&str> = VERBS.into_iter().filter(|verb| reader.has(verb)).collect();
        let verb = match present[..] {
            ["say"] => Say::read(&mut reader).map(Self::Say),
            ["ask"] => Ask::read(&mut reader).map(Self::Ask),
            ["queue"] => QueueStep::read(&mut reader).map(Self::Queue),
            ["record"] => Record::read(&mut reader).map(Self::Record),
            ["transfer"] => Transfer::read(&mut reader).map(Self::Transfer),
            ["set"] => Set::read(&mut reader).map(Self::Set),
            ["hours"] => HoursStep::read(&mut reader).map(Self::Hours),
            ["echo"] => Echo::read(&mut reader).map(Self::Echo),
            ["music"] => Music::read(&mut reader).map(Self::Music),
            ["confer"] => Confer::read(&mut reader).map(Self::Confer),
            ["end"] => End::read(&mut reader).map(Self::End),
            [] => return no_verb(reader),
            _ => return several_verbs(reader, &present),
        };
        reader.page.lost_ways |= verb.is_none();
        reader.finish(&[]);
        verb
    }
}

fn no_verb(mut reader: Reader<'_, '_>) -> Option<Verb> {
    reader.page.lost_ways = true;
    let meant =
        reader.entries().into_iter().find_map(|(key, _)| nearest(key.text, VERBS).map(|verb| (key, verb)));
    match meant {
        Some((key, verb)) => {
            let message = format!("{} has the unknown word \"{}\"", reader.title, key.text);
            reader.complain(key.at, message, format!("did you mean \"{verb}\"?"));
        }
        None => {
            let message = format!("{} does nothing", reader.title);
            reader.complain(reader.at, message, format!("give it one of {}", VERBS.join(", ")));
        }
    }
    None
}

fn several_verbs(mut reader: Reader<'_, '_>, present: &[&str]) -> Option<Verb> {
    reader.page.lost_ways = true;
    let mut places: Vec<_> =
        reader.entries().into_iter().map(|(key, _)| key).filter(|key| present.contains(&key.text)).collect();
    places.sort_by_key(|key| key.at);
    let words: Vec<&str> = places.iter().map(|key| key.text).collect();
    let message = format!("{} has more than one verb: {}", reader.title, words.join(", "));
    let at = places.get(1).map_or(reader.at, |second| second.at);
    reader.complain(at, message, "make a step of its own for each and join them with \"then\"");
    None
}

#[cfg(test)]
pub(crate) mod tests;
