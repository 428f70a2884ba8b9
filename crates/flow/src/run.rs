//! One interaction's position in a flow, and the machine that moves it.
//!
//! A step is entered, does what its verb does, and stays until something it waits for happens; then it leads to the
//! next one. Each verb's own states are drawn in its file.
//!
//! The flows are handed in with every event, because they may be replaced while calls are in them: a step that is
//! gone, or became something else, sends the call to the beginning of its flow; a flow that is gone ends it. Both
//! leave a line of trouble.

use crate::Flows;
use crate::action::Action;
use crate::event::Event;
use crate::flow::{Flow, Target};
use crate::step::{Heard, Next, Phase, Turn, confer, record, transfer};
use base::Now;
use model::skill::Level;
use model::{FlowId, Outcome, SkillId, SkillNeed, StepId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many steps one event may lead through. Flows that were loaded have no circle that never waits; should one
/// slip through, the call ends with a line of trouble and the center lives.
pub const STEPS_PER_EVENT_MAX: usize = 64;

/// The position of one interaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    flow: FlowId,
    step: Option<StepId>,
    phase: Phase,
    memory: Memory,
}

/// What a run remembers from step to step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) language: String,
    pub(crate) skills: BTreeMap<SkillId, Level>,
    pub(crate) priority: i32,
    /// Whether the customer is not ringing any more.
    pub(crate) answered: bool,
    /// Whether the customer was told that we are closed.
    pub(crate) closed: bool,
    /// Whether the customer could leave a message.
    pub(crate) recorded: bool,
    /// A key pressed for a question that has not been reached yet.
    pub(crate) typed: Option<char>,
    /// The timers that run, with the names their step gave them.
    timers: Vec<(u32, u32)>,
    /// The number of the last timer.
    last_timer: u32,
}

impl Memory {
    /// The number of a timer that the present step calls `name`.
    pub(crate) fn new_timer(&mut self, name: u32) -> u32 {
        self.last_timer = self.last_timer.wrapping_add(1);
        self.timers.push((self.last_timer, name));
        self.last_timer
    }

    /// What an agent must know.
    pub(crate) fn needs(&self) -> Vec<SkillNeed> {
        self.skills.iter().map(|(skill, level)| SkillNeed { skill: skill.clone(), level: *level }).collect()
    }
}

impl Turn<'_> {
    pub(crate) fn stop_timers(&mut self) {
        for (timer, _) in core::mem::take(&mut self.memory.timers) {
            self.act(Action::StopTimer { timer });
        }
    }
}

impl Run {
    /// A run that has not begun: hand it [`Event::Begin`] next. `language` is spoken if the flow names none.
    pub fn start(flow: FlowId, language: String) -> Self {
        let memory = Memory {
            language,
            skills: BTreeMap::new(),
            priority: 0,
            answered: false,
            closed: false,
            recorded: false,
            typed: None,
            timers: Vec::new(),
            last_timer: 0,
        };
        Self { flow, step: None, phase: Phase::Fresh, memory }
    }

    /// Takes in what happened and says what is to be done, in order.
    ///
    /// Costs what the steps passed cost, at most [`STEPS_PER_EVENT_MAX`] of them. Events that do not belong to the
    /// present step change nothing.
    pub fn handle(&mut self, flows: &Flows, event: Event, now: Now) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut next = match (self.phase, event) {
            (Phase::Over, _) => return actions,
            (Phase::Fresh, Event::Begin) => {
                let own = flows.flow(&self.flow).and_then(|flow| flow.language.as_ref());
                if let Some(language) = own {
                    self.memory.language.clone_from(language);
                }
                Next::Go(Target::Flow(self.flow.clone()))
            }
            (Phase::Fresh, _) | (_, Event::Begin) => return actions,
            (_, event) => match self.hear(event) {
                Some(heard) => self.go_on(flows, &heard, now, &mut actions),
                None => return actions,
            },
        };
        for _ in 0..STEPS_PER_EVENT_MAX {
            next = match next {
                Next::Stay(phase) => {
                    self.phase = phase;
                    return actions;
                }
                Next::End(outcome) => return self.end(outcome, actions),
                Next::Go(target) => self.enter(target, flows, now, &mut actions),
                Next::Lost => self.lost(flows, &mut actions),
            };
        }
        let what = format!("flow {} goes in a circle that never waits", self.flow);
        actions.push(Action::Trouble { what });
        self.end(Outcome::Refused, actions)
    }

    /// The event as its step hears it. A timer that was stopped meanwhile is not heard.
    fn hear(&mut self, event: Event) -> Option<Heard> {
        Some(match event {
            Event::Begin => return None,
            Event::Played => Heard::Played,
            Event::Digit(digit) => Heard::Digit(digit),
            Event::TimedOut(timer) => {
                let at = self.memory.timers.iter().position(|(number, _)| *number == timer)?;
                Heard::Timeout(self.memory.timers.swap_remove(at).1)
            }
            Event::NoAgents => Heard::NoAgents,
            Event::QueueFull => Heard::QueueFull,
            Event::Transferred => Heard::Transferred,
            Event::TransferFailed(cause) => Heard::TransferFailed(cause),
            Event::TransferEnded => Heard::TransferEnded,
            Event::LeftConference(why) => Heard::LeftConference(why),
        })
    }

    fn go_on(&mut self, flows: &Flows, heard: &Heard, now: Now, actions: &mut Vec<Action>) -> Next {
        let Some(flow) = flows.flow(&self.flow) else { return Next::Lost };
        let Some(step) = self.step.as_ref().and_then(|step| flow.steps.get(step)) else { return Next::Lost };
        let mut turn = Turn { flows, flow, memory: &mut self.memory, actions, now };
        step.verb.handle(self.phase, heard, &mut turn)
    }

    fn enter(&mut self, target: Target, flows: &Flows, now: Now, actions: &mut Vec<Action>) -> Next {
        let id = match target {
            Target::Step(step) => step,
            Target::Flow(id) => {
                self.flow = id;
                let Some(flow) = flows.flow(&self.flow) else { return Next::Lost };
                match &flow.hours {
                    Some(hours) if !flows.is_open(&hours.hours, now.utc) => {
                        self.memory.closed = true;
                        return Next::Go(hours.closed_to.clone());
                    }
                    _ => flow.start.clone(),
                }
            }
        };
        let Some(flow) = flows.flow(&self.flow) else { return Next::Lost };
        let Some(step) = flow.steps.get(&id) else { return Next::Lost };
        let mut turn = Turn { flows, flow, memory: &mut self.memory, actions, now };
        turn.stop_timers();
        turn.act(Action::Entered { flow: flow.id.clone(), step: id.clone(), verb: step.verb.as_str() });
        self.step = Some(id);
        step.verb.enter(&mut turn)
    }

    /// The step is not there any more.
    fn lost(&mut self, flows: &Flows, actions: &mut Vec<Action>) -> Next {
        match self.phase {
            Phase::Queue => actions.push(Action::LeaveQueue),
            Phase::Record(record::Phase::Recording) => actions.push(Action::StopRecording),
            _ => {}
        }
        self.phase = Phase::Fresh;
        let begin = flows.flow(&self.flow).map(|flow: &Flow| flow.start.clone());
        let what = match begin {
            Some(_) => format!("flow {} was changed under a call, which begins anew", self.flow),
            None => format!("flow {} is gone under a call, which ends", self.flow),
        };
        actions.push(Action::Trouble { what });
        begin.map_or(Next::End(Outcome::Refused), |start| Next::Go(Target::Step(start)))
    }

    fn end(&mut self, outcome: Outcome, mut actions: Vec<Action>) -> Vec<Action> {
        actions.extend(
            core::mem::take(&mut self.memory.timers)
                .into_iter()
                .map(|(timer, _)| Action::StopTimer { timer }),
        );
        actions.push(Action::End { outcome });
        self.phase = Phase::Over;
        actions
    }

    /// The flow it is in.
    pub fn flow(&self) -> &FlowId {
        &self.flow
    }

    /// The step it is in; `None` before the first.
    pub fn step(&self) -> Option<&StepId> {
        self.step.as_ref()
    }

    /// What is spoken now.
    pub fn language(&self) -> &str {
        &self.memory.language
    }

    /// Whether the customer is asked for the number of a conference, so that keys are nobody else's business.
    pub fn asks_for_number(&self) -> bool {
        matches!(self.phase, Phase::Confer(confer::Phase::Asking { .. }))
    }

    /// Whether it has come to its end.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// What it was if the customer hangs up now.
    pub fn outcome_if_left(&self) -> Outcome {
        match self.phase {
            Phase::Queue | Phase::Transfer(transfer::Phase::Dialing) => Outcome::Abandoned,
            Phase::Transfer(transfer::Phase::Talking) => Outcome::Transferred,
            _ if self.memory.recorded => Outcome::Voicemail,
            _ if self.memory.closed => Outcome::ClosedHours,
            _ if self.memory.answered => Outcome::SelfServed,
            _ => Outcome::Abandoned,
        }
    }
}

#[cfg(test)]
impl Run {
    /// What a test of a single step needs of a run.
    pub(crate) fn memory_for_tests(&mut self) -> &mut Memory {
        &mut self.memory
    }
}

#[cfg(test)]
mod tests;
