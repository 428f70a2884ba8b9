//! Two parties talk: an agent or somebody outside has answered.

use crate::Center;
use crate::interaction::{Hearing, OtherLeg};
use base::Now;
use flow::Event;
use model::agent::AgentStep;
use model::interaction::InteractionStep;
use model::record::RecordingKind;
use model::timeline::LegRole;
use model::{
    AgentState, EndCause, InteractionId, InteractionState, LegCommand, LegId, Outcome, Prompt, SipUser,
    TimelineEvent,
};

/// The number of a play that nobody waits for the end of.
const HOLD_PLAY: u32 = u32::MAX;

impl Center {
    pub(crate) fn other_answered(&mut self, id: InteractionId, now: Now) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        let Some(other) = &mut live.other else { return };
        if other.answered {
            return;
        }
        let wanted = live.ending.is_none()
            && match other.role {
                LegRole::Agent => matches!(live.state, InteractionState::Offered(..)),
                LegRole::Outside => matches!(live.state, InteractionState::Transferred(_)),
                LegRole::Customer | LegRole::Supervisor => false,
            };
        if !wanted {
            // Answered at the moment it was called back.
            let leg = other.leg;
            self.command(LegCommand::HangUp { leg });
            return;
        }
        other.answered = true;
        let other = *other;
        self.answer_customer(id, now);
        match other.role {
            LegRole::Agent => self.agent_answered(id, now),
            LegRole::Outside if self.is_direct(id) => self.direct_answered(id, now),
            LegRole::Outside => self.outside_answered(id, now),
            LegRole::Customer | LegRole::Supervisor => {}
        }
        self.connect(id, other, now);
    }

    fn is_direct(&self, id: InteractionId) -> bool {
        self.interactions.get(&id).is_some_and(|live| live.direct)
    }

    pub(crate) fn connect(&mut self, id: InteractionId, other: OtherLeg, now: Now) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        live.hearing = Hearing::Nothing;
        let customer = live.customer;
        self.changed.interactions.insert(id);
        self.command(LegCommand::Bridge { a: customer, b: other.leg });
        // A talk that was recorded before it was passed on goes on in the same recording.
        if !self.record_on(id) && other.record {
            self.record(id, customer, Some(other.leg), RecordingKind::Call, now);
        }
        self.keep(id);
    }

    fn agent_answered(&mut self, id: InteractionId, now: Now) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        let InteractionState::Offered(queue, agent) = live.state.clone() else { return };
        let waited = live.queued.map_or(base::Duration::ZERO, |queued| now.mono.since(queued.mono));
        live.record.agent = Some(agent.clone());
        live.record.connected_at = Some(now.utc);
        self.end_flow(id);
        self.stop_waiting(id);
        self.count_answer(&queue, waited);
        self.take(id, InteractionStep::Connect, now);
        self.agent_takes(&agent, AgentStep::Talk(id), now);
        self.tell(Some(id), TimelineEvent::Connected { agent, waited }, now);
    }

    fn outside_answered(&mut self, id: InteractionId, now: Now) {
        let Some(live) = self.interactions.get(&id) else { return };
        if let InteractionState::Transferred(number) = &live.state {
            let number = number.clone();
            self.tell(Some(id), TimelineEvent::Transferred { number: number.clone() }, now);
            // A colleague to whom the caller was passed on.
            self.agent_calls(&SipUser::new(&number), id, now);
            self.flow_event(id, Event::Transferred, now);
        }
    }

    /// A party put us on hold: whoever it talks with hears music. Only what an agent does is told.
    pub(crate) fn held(&mut self, id: InteractionId, by: LegId, now: Now) {
        let Some(live) = self.interactions.get(&id) else { return };
        if live.customer == by || !matches!(live.state, InteractionState::Connected(..)) {
            self.far_end_hears_music(id, by);
            return;
        }
        let leg = live.customer;
        self.take(id, InteractionStep::Hold, now);
        self.tell(Some(id), TimelineEvent::Held, now);
        self.keep(id);
        self.command(LegCommand::Part { leg });
        if let Some(music) = self.settings.world.music.first() {
            let music = Prompt { prompt: music.clone(), language: flow::MUSIC.to_owned() };
            self.play(id, vec![music], true, Hearing::Music);
        }
    }

    fn far_end_hears_music(&mut self, id: InteractionId, by: LegId) {
        let Some((live, other)) = self.interactions.get(&id).and_then(|live| Some((live, live.other?)))
        else {
            return;
        };
        if !other.answered || live.ending.is_some() || matches!(live.state, InteractionState::OnHold(..)) {
            return;
        }
        let leg = if live.customer == by { other.leg } else { live.customer };
        let Some(music) = self.settings.world.music.first() else { return };
        let prompts = vec![Prompt { prompt: music.clone(), language: flow::MUSIC.to_owned() }];
        self.command(LegCommand::Part { leg });
        self.command(LegCommand::Play { leg, play: HOLD_PLAY, prompts, repeat: true });
    }

    /// A party took us off hold.
    pub(crate) fn resumed(&mut self, id: InteractionId, by: LegId, now: Now) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        let Some(other) = live.other.filter(|other| other.answered) else { return };
        if live.customer == by || !matches!(live.state, InteractionState::OnHold(..)) {
            if live.ending.is_none() && !matches!(live.state, InteractionState::OnHold(..)) {
                let customer = live.customer;
                self.command(LegCommand::Bridge { a: customer, b: other.leg });
            }
            return;
        }
        live.hearing = Hearing::Nothing;
        let customer = live.customer;
        self.take(id, InteractionStep::Resume, now);
        self.tell(Some(id), TimelineEvent::Resumed, now);
        self.keep(id);
        self.command(LegCommand::Bridge { a: customer, b: other.leg });
    }

    /// The second leg is gone.
    pub(crate) fn other_gone(&mut self, id: InteractionId, other: OtherLeg, cause: &EndCause, now: Now) {
        match (other.role, other.answered) {
            (LegRole::Agent, false) => self.not_taken(id, other.leg, cause, now),
            (LegRole::Agent, true) => self.talk_over(id, cause, now),
            (LegRole::Outside, answered) => {
                let Some(live) = self.interactions.get(&id) else { return };
                if live.ending.is_some() {
                    return;
                }
                if !answered && live.back_to.is_some() && self.back_to_queue(id, now) {
                    return;
                }
                let Some(live) = self.interactions.get(&id) else { return };
                if live.direct {
                    return self.direct_over(id, answered, cause, now);
                }
                if answered {
                    self.stop_recording(id);
                    self.flow_event(id, Event::TransferEnded, now);
                } else {
                    self.flow_event(id, Event::TransferFailed(cause.clone()), now);
                }
                // A flow that had nothing more to say is over.
                let outcome = if answered { Outcome::Transferred } else { Outcome::Refused };
                if self
                    .interactions
                    .get(&id)
                    .is_some_and(|live| matches!(live.state, InteractionState::Transferred(_)))
                {
                    self.finish(id, outcome, now);
                }
            }
            (LegRole::Customer | LegRole::Supervisor, _) => {}
        }
    }

    /// Customer or agent hung up: the other one is let go, and the agent's after-contact work begins.
    pub(crate) fn talk_over(&mut self, id: InteractionId, cause: &EndCause, now: Now) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        let (InteractionState::Connected(queue, agent) | InteractionState::OnHold(queue, agent)) =
            live.state.clone()
        else {
            return;
        };
        live.record.ended_at = Some(now.utc);
        let legs: Vec<_> = live.open_legs().collect();
        for leg in legs {
            self.command(LegCommand::HangUp { leg });
        }
        self.stop_recording(id);
        // A colleague who was the customer here has hung up, or is let go.
        self.agents_hung_up(id, now);
        if *cause == EndCause::Lost {
            self.trouble(Some(id), "the connection broke".to_owned(), now);
        }
        self.take(id, InteractionStep::BeginWrapUp, now);
        self.keep(id);
        self.agent_takes(&agent, AgentStep::Finish, now);
        debug_assert!(self.desks.get(&agent).is_none_or(|desk| desk.state == AgentState::WrapUp(id)));
        self.begin_wrap_up(&agent, &queue, now);
    }
}
