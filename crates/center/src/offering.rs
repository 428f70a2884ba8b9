//! Presenting an interaction to an agent, and what becomes of it.

use crate::Center;
use crate::center::Timer;
use crate::desk::REST_AFTER_DECLINE;
use crate::interaction::Hearing;
use crate::interaction::OtherLeg;
use acd::Offer;
use base::Now;
use model::agent::AgentStep;
use model::interaction::InteractionStep;
use model::timeline::LegRole;
use model::{
    AgentId, AgentState, EndCause, InteractionId, InteractionState, LegCommand, LegId, NotReadyReason,
    Target, TimelineEvent,
};

impl Center {
    pub(crate) fn make_offers(&mut self, now: Now) {
        while let Some(offer) = self.acd.next_offer(now) {
            self.present(offer, now);
        }
    }

    fn present(&mut self, offer: Offer, now: Now) {
        let Offer { interaction: id, agent, why } = offer;
        let phone = self.desks.get(&agent).and_then(|desk| desk.agent.phone.clone());
        let (Some(phone), Some(live)) = (phone, self.interactions.get(&id)) else {
            // The settings took the phone away while the agent was ready.
            self.acd.give_back(id);
            self.agent_takes(&agent, AgentStep::GetNotReady(NotReadyReason::Unreachable), now);
            return;
        };
        let (caller, beside) = (live.record.from.clone(), Some(live.customer));
        let ring = self.queues.get(&why.queue).map_or(base::Duration::from_secs(15), |queue| queue.ring);
        if !self.take(id, InteractionStep::Offer(agent.clone()), now) {
            return;
        }
        let leg = LegId::generate(&mut self.ids);
        if let Some(live) = self.interactions.get_mut(&id) {
            live.other = Some(OtherLeg { leg, role: LegRole::Agent, answered: false, record: true });
            live.record.legs.push(leg);
            live.record.offers += 1;
        }
        self.legs.insert(leg, id);
        self.tell(Some(id), TimelineEvent::Offered { agent: agent.clone(), leg, why }, now);
        self.agent_takes(&agent, AgentStep::Reserve(id), now);
        // Who is asked answers or does not: an offer is nobody else's.
        let target = Target::User(phone);
        self.command(LegCommand::Dial { leg, target, caller, beside, ring, charged: None, follows: false });
    }

    /// The dialled party's phone rings.
    pub(crate) fn other_rings(&mut self, id: InteractionId, other: LegId, sounds: bool) {
        // Who waits for an agent hears the queue, not the agent's phone.
        let Some(live) = self.interactions.get_mut(&id) else { return };
        if !matches!(live.state, InteractionState::Transferred(_)) {
            return;
        }
        let customer = live.customer;
        if sounds {
            live.hearing = Hearing::Nothing;
        }
        // A customer whom nobody answered yet hears the ringing of the party outside.
        if !live.answered {
            self.command(LegCommand::Ring { leg: customer, sounds });
        }
        if sounds {
            self.command(LegCommand::Bridge { a: customer, b: other });
        }
    }

    /// The customer left or was led elsewhere while an agent is being asked: the agent's phone stops ringing. The
    /// agent is free again when the leg is gone.
    pub(crate) fn withdraw_offer(&mut self, id: InteractionId, now: Now) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        if let InteractionState::Offered(..) = live.state {
            let leg = live.other.map(|other| other.leg);
            self.take(id, InteractionStep::Decline, now);
            if let Some(leg) = leg {
                self.command(LegCommand::HangUp { leg });
            }
        }
    }

    /// An agent's leg ended before it was answered.
    pub(crate) fn not_taken(&mut self, id: InteractionId, leg: LegId, cause: &EndCause, now: Now) {
        let agent = self.desks.values().find(|desk| desk.state == AgentState::Reserved(id));
        let Some(agent) = agent.map(|desk| desk.agent.id.clone()) else { return };
        let withdrawn = self
            .interactions
            .get(&id)
            .is_none_or(|live| live.ending.is_some() || !matches!(live.state, InteractionState::Offered(..)));
        if !withdrawn {
            debug_assert!(self.acd.ticket(id).is_some(), "{id} is offered by leg {leg} and does not wait");
            self.tell(Some(id), TimelineEvent::NotTaken { agent: agent.clone(), cause: cause.clone() }, now);
            self.take(id, InteractionStep::Decline, now);
        }
        self.agent_back(&agent, withdrawn, cause, now);
        if !withdrawn {
            self.acd.give_back(id);
        }
    }

    /// What an agent does after an offer that came to nothing.
    fn agent_back(&mut self, agent: &AgentId, withdrawn: bool, cause: &EndCause, now: Now) {
        let Some(desk) = self.desks.get_mut(agent) else { return };
        if let Some(wish) = desk.next.take() {
            self.agent_takes(agent, AgentStep::Release, now);
            // Who dialled on a second line meanwhile talks now, and the wish waits for that.
            self.agent_wishes(agent, wish, now);
            return;
        }
        let step = match cause {
            _ if withdrawn => AgentStep::Release,
            EndCause::NoAnswer => AgentStep::GetNotReady(NotReadyReason::NoAnswer),
            EndCause::Unreachable | EndCause::Lost | EndCause::Refused(_) => {
                AgentStep::GetNotReady(NotReadyReason::Unreachable)
            }
            EndCause::Busy | EndCause::Declined | EndCause::HungUp => {
                desk.unrung = 0;
                desk.resting = true;
                self.deadlines.set(Timer::Rest(agent.clone()), now.mono + REST_AFTER_DECLINE);
                AgentStep::Release
            }
            // A limit or a failure of ours is not the agent's fault; calls end all the time, so the next try may go through.
            EndCause::Released | EndCause::Limit(_) => {
                desk.resting = true;
                self.deadlines.set(Timer::Rest(agent.clone()), now.mono + desk.rest_unrung());
                AgentStep::Release
            }
        };
        self.agent_takes(agent, step, now);
    }
}
