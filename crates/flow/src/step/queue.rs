//! `queue`: lets the customer wait for an agent.
//!
//! ```text
//!  Queue ──time of an "after"──▶ there, out of the queue
//!    ├──a key of on──▶ there, out of the queue
//!    ├──nobody logged in──▶ on.no_agents, out of the queue; without it the wait goes on
//!    └──the queue is full──▶ on.full; without it the call is refused
//! ```
//!
//! An agent who takes the call takes it out of the flow; no event says so here.

use crate::action::Action;
use crate::flow::Target;
use crate::reader::{Pace, Reader};
use crate::source::MUSIC;
use crate::step::{Heard, Next, Phase, Turn};
use base::Duration;
use model::{Outcome, Prompt, PromptId, QueueId};
use std::collections::BTreeMap;

/// What waiting sounds like when the step does not say.
const HOLD: &str = "calm";

/// How far from zero a priority may be.
pub(crate) const PRIORITY_MAX: i64 = 1000;

/// Lets the customer wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueStep {
    /// For which queue.
    pub queue: QueueId,
    /// What waiting sounds like.
    pub hold: PromptId,
    /// Higher goes first; `None` is what an earlier step has set.
    pub priority: Option<i32>,
    /// Where those go who have waited so long.
    pub after: Vec<(Duration, Target)>,
    /// Where each key leads.
    pub keys: BTreeMap<char, Target>,
    /// Where to when nobody who serves the queue is logged in.
    pub no_agents: Option<Target>,
    /// Where to when the queue takes no more.
    pub full: Option<Target>,
}

impl QueueStep {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let world = reader.page.world;
        let queue = reader.text("queue");
        if let Some(word) = queue {
            reader.known("queue", word, world.queues.iter().map(QueueId::as_str));
        }
        let hold = read_music(reader, "hold", Some(HOLD));
        let priority =
            reader.number("priority", -PRIORITY_MAX..=PRIORITY_MAX).and_then(|p| i32::try_from(p).ok());
        let after = read_after(reader);
        let on = &[("no_agents", Pace::Hurries), ("full", Pace::Hurries)];
        let mut on = reader.branches(on, Some(Pace::Waits));
        Some(Self {
            queue: QueueId::new(queue?.text),
            hold: hold?,
            priority,
            after,
            no_agents: on.words.remove("no_agents"),
            full: on.words.remove("full"),
            keys: on.keys,
        })
    }

    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        turn.answer();
        for (name, (after, _)) in (0..).zip(&self.after) {
            turn.wake(name, *after);
        }
        turn.act(Action::Enqueue {
            queue: self.queue.clone(),
            needs: turn.memory.needs(),
            priority: self.priority.unwrap_or(turn.memory.priority),
            hold: Prompt { prompt: self.hold.clone(), language: MUSIC.to_owned() },
        });
        Next::Stay(Phase::Queue)
    }

    pub(crate) fn handle(&self, heard: &Heard, turn: &mut Turn<'_>) -> Next {
        let elsewhere = match heard {
            Heard::Timeout(name) => {
                usize::try_from(*name).ok().and_then(|at| self.after.get(at)).map(|(_, target)| target)
            }
            Heard::Digit(digit) => self.keys.get(digit),
            Heard::NoAgents => self.no_agents.as_ref(),
            // Nobody was put into the queue, so nobody leaves it.
            Heard::QueueFull => return self.full.clone().map_or(Next::End(Outcome::Refused), Next::Go),
            Heard::Played
            | Heard::Transferred
            | Heard::TransferFailed(_)
            | Heard::TransferEnded
            | Heard::LeftConference(_) => None,
        };
        match elsewhere {
            Some(target) => {
                turn.act(Action::LeaveQueue);
                Next::Go(target.clone())
            }
            None => Next::Stay(Phase::Queue),
        }
    }
}

/// The music of a key; `default` stands in when the key is missing.
pub(crate) fn read_music(
    reader: &mut Reader<'_, '_>,
    key: &'static str,
    default: Option<&'static str>,
) -> Option<PromptId> {
    let at = reader.at;
    let given = reader.text(key);
    let word = given.or_else(|| {
        let absent = !reader.has(key);
        default.filter(|_| absent).map(|text| crate::reader::Word { text, at })
    })?;
    let music = &reader.page.world.music;
    reader.known("music", word, music.iter().map(PromptId::as_str));
    Some(PromptId::new(word.text))
}

/// The entries of `after`, the shortest first.
fn read_after(reader: &mut Reader<'_, '_>) -> Vec<(Duration, Target)> {
    let mut after: Vec<(Duration, Target)> = Vec::new();
    let Some(mut table) = reader.table("after") else { return after };
    for (key, value) in table.entries() {
        let duration = table.duration_of("after", key);
        let Some(word) = table.entry_text(key, value) else { continue };
        let target = table.target_of(word, Pace::Waits);
        let Some(duration) = duration else { continue };
        if after.iter().any(|(other, _)| *other == duration) {
            table.complain(key.at, format!("\"{}\" is there twice", key.text), "keep one of them");
        }
        after.push((duration, target));
    }
    after.sort_by_key(|(duration, _)| *duration);
    after
}
