//! The course of a flow: what it asks for is done, what happens is told to it.

use crate::Center;
use crate::center::Timer;
use crate::interaction::{Hearing, OtherLeg};
use base::{Duration, Now};
use flow::{Action, Event, Run};
use model::interaction::InteractionStep;
use model::record::RecordingKind;
use model::timeline::LegRole;
use model::{FlowId, InteractionId, InteractionState, LegCommand, LegId, Prompt, TimelineEvent};

impl Center {
    pub(crate) fn begin_flow(&mut self, id: InteractionId, flow: &FlowId, now: Now) {
        if let Some(live) = self.interactions.get_mut(&id) {
            live.run = Some(Run::start(flow.clone(), live.language.clone()));
            self.flow_event(id, Event::Begin, now);
        }
    }

    /// Tells the flow what happened, and does what it asks for.
    pub(crate) fn flow_event(&mut self, id: InteractionId, event: Event, now: Now) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        let Some(run) = &mut live.run else { return };
        let actions = run.handle(&self.flows, event.clone(), now);
        run.language().clone_into(&mut live.language);
        if let Event::TimedOut(timer) = &event {
            live.flow_timers.remove(timer);
        }
        for action in actions {
            self.act(id, action, now);
        }
    }

    fn act(&mut self, id: InteractionId, action: Action, now: Now) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        if live.ending.is_some() {
            return;
        }
        let leg = live.customer;
        match action {
            Action::Entered { flow, step, verb } => {
                self.leave_room(id);
                let Some(live) = self.interactions.get(&id) else { return };
                if live.state != InteractionState::InFlow(flow.clone()) {
                    self.take(id, InteractionStep::EnterFlow(flow.clone()), now);
                }
                self.tell(Some(id), TimelineEvent::Step { flow, step, verb: verb.to_owned() }, now);
            }
            Action::Answer => self.answer_customer(id, now),
            Action::Say { prompts, repeat } => self.play(id, prompts, repeat, Hearing::Flow),
            Action::Silence => {
                live.hearing = Hearing::Nothing;
                self.command(LegCommand::Silence { leg });
            }
            Action::SetTimer { timer, after } => {
                live.flow_timers.insert(timer);
                self.deadlines.set(Timer::Flow(id, timer), now.mono + after);
            }
            Action::StopTimer { timer } => {
                live.flow_timers.remove(&timer);
                self.deadlines.stop(&Timer::Flow(id, timer));
            }
            Action::Enqueue { queue, needs, priority, hold } => {
                self.enqueue(id, &queue, needs, priority, hold, now);
            }
            Action::LeaveQueue => self.leave_queue(id, now),
            Action::Record { max: _ } => self.record(id, leg, None, RecordingKind::Message, now),
            Action::StopRecording => self.stop_recording(id),
            Action::Transfer { number, ring, record } => self.dial_outside(id, number, ring, record, now),
            Action::Echo => {
                live.hearing = Hearing::Nothing;
                self.command(LegCommand::Echo { leg });
            }
            Action::Confer { room, moderator, rules } => self.confer(id, room, moderator, rules, now),
            Action::WrongNumber { room, again } => self.wrong_number(id, room, again, now),
            Action::Trouble { what } => self.trouble(Some(id), what, now),
            Action::End { outcome } => self.finish(id, outcome, now),
        }
    }

    pub(crate) fn answer_customer(&mut self, id: InteractionId, now: Now) {
        if let Some(live) = self.interactions.get_mut(&id)
            && !std::mem::replace(&mut live.answered, true)
        {
            let leg = live.customer;
            self.command(LegCommand::Answer { leg });
            self.tell(Some(id), TimelineEvent::Answered, now);
        }
    }

    /// Makes the customer hear something, instead of what was heard before.
    pub(crate) fn play(&mut self, id: InteractionId, prompts: Vec<Prompt>, repeat: bool, hearing: Hearing) {
        if let Some(live) = self.interactions.get_mut(&id) {
            live.play += 1;
            live.hearing = hearing;
            let (leg, play) = (live.customer, live.play);
            self.command(LegCommand::Play { leg, play, prompts, repeat });
        }
    }

    pub(crate) fn played(&mut self, leg: LegId, play: u32, now: Now) {
        if self.code_legs.contains_key(&leg) {
            self.command(LegCommand::HangUp { leg });
            return;
        }
        let Some(id) = self.legs.get(&leg).copied() else { return };
        let Some(live) = self.interactions.get_mut(&id) else { return };
        // An older playlist may have ended while we began a new one.
        if live.customer != leg || live.play != play {
            return;
        }
        match std::mem::replace(&mut live.hearing, Hearing::Nothing) {
            Hearing::Flow => self.flow_event(id, Event::Played, now),
            Hearing::Announcement => self.play_music(id),
            Hearing::Nothing | Hearing::Music => {}
        }
    }

    pub(crate) fn digit(&mut self, leg: LegId, digit: char, now: Now) {
        let Some(id) = self.legs.get(&leg).copied() else { return };
        let Some(live) = self.interactions.get(&id) else { return };
        if live.customer == leg
            && let Some(run) = &live.run
        {
            let is_secret = run.asks_for_number();
            if self.conference_key(id, digit, now) {
                return;
            }
            // A number that lets into a conference is not written down.
            if !is_secret {
                self.tell(Some(id), TimelineEvent::Digit { digit }, now);
            }
            self.flow_event(id, Event::Digit(digit), now);
        }
    }

    fn dial_outside(&mut self, id: InteractionId, number: String, ring: Duration, record: bool, now: Now) {
        let leg = LegId::generate(&mut self.ids);
        let Some(live) = self.interactions.get_mut(&id) else { return };
        live.other = Some(OtherLeg { leg, role: LegRole::Outside, answered: false, record });
        live.record.legs.push(leg);
        self.legs.insert(leg, id);
        let (caller, beside) = (live.record.from.clone(), Some(live.customer));
        if !self.take(id, InteractionStep::Transfer(number.clone()), now) {
            return;
        }
        self.tell(Some(id), TimelineEvent::Dialed { number: number.clone(), leg }, now);
        self.command(LegCommand::Dial {
            leg,
            target: self.settings.directory.outside(number),
            caller,
            beside,
            ring,
            charged: None,
            follows: true,
        });
    }

    /// The flow decides about the interaction no more.
    pub(crate) fn end_flow(&mut self, id: InteractionId) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        live.run = None;
        for timer in std::mem::take(&mut live.flow_timers) {
            self.deadlines.stop(&Timer::Flow(id, timer));
        }
    }
}
