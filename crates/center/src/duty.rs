//! Agents on duty: coming, going, being ready, after-contact work.

use crate::Center;
use crate::center::Timer;
use crate::desk::Desk;
use crate::{Effect, Settings};
use base::Now;
use model::agent::AgentStep;
use model::{
    AgentId, AgentState, AgentWish, BoardEvent, NotReadyReason, Outcome, QueueId, SipUser, TimelineEvent,
};

impl Center {
    /// Gives every configured agent a desk. An agent who is gone from the settings keeps the desk until the
    /// interaction is over.
    pub(crate) fn seat_agents(&mut self, settings: &Settings, now: Now) {
        for agent in &settings.agents {
            match self.desks.get_mut(&agent.id) {
                Some(desk) => desk.agent = agent.clone(),
                None => {
                    self.desks.insert(agent.id.clone(), Desk::new(agent.clone(), now));
                }
            }
            self.changed.agents.insert(agent.id.clone());
        }
        let gone: Vec<_> = self
            .desks
            .iter()
            .filter(|(id, desk)| {
                desk.state.interaction().is_none() && !settings.agents.iter().any(|agent| agent.id == **id)
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            self.deadlines.stop(&Timer::Rest(id.clone()));
            self.desks.remove(&id);
            self.effects.push_back(Effect::Publish(BoardEvent::AgentGone(id)));
        }
    }

    /// Grants a wish now, or remembers it until the present interaction is over.
    pub(crate) fn agent_wishes(&mut self, agent: &AgentId, wish: AgentWish, now: Now) {
        if self.check_wish(agent, &wish).is_err() {
            return;
        }
        let Some(desk) = self.desks.get_mut(agent) else { return };
        self.changed.agents.insert(agent.clone());
        match &desk.state {
            AgentState::Reserved(_) | AgentState::Talking(_) => desk.next = Some(wish),
            AgentState::WrapUp(_) => {
                desk.next = Some(wish);
                self.wrap_up_over(agent, now);
            }
            AgentState::LoggedOut | AgentState::NotReady(_) | AgentState::Ready => {
                self.agent_takes(agent, step_for(&wish), now);
            }
        }
    }

    /// A phone came or went. It decides about an agent only where the settings say so.
    pub(crate) fn phone_changed(&mut self, user: &SipUser, registered: bool, now: Now) {
        let desk = self.desks.values().find(|desk| desk.agent.phone.as_ref() == Some(user));
        let Some(desk) = desk.filter(|desk| desk.agent.ready_with_phone) else { return };
        let agent = desk.agent.id.clone();
        match (registered, &desk.state) {
            (true, AgentState::LoggedOut) => self.agent_wishes(&agent, AgentWish::Ready, now),
            (false, AgentState::LoggedOut) | (true, _) => {}
            (false, _) => self.agent_wishes(&agent, AgentWish::LogOut, now),
        }
    }

    /// Those who wait for queues that nobody is logged in for any more take the way their flow has for that.
    fn nobody_left(&mut self, queues: &[QueueId], now: Now) {
        let empty = queues.iter().filter(|queue| !self.acd.anybody_logged_in(queue));
        let left: Vec<_> =
            empty.flat_map(|queue| self.acd.line(queue).map(|ticket| ticket.interaction)).collect();
        for interaction in left {
            self.flow_event(interaction, flow::Event::NoAgents, now);
        }
    }

    /// Takes a step of an agent, and tells everybody who must know.
    pub(crate) fn agent_takes(&mut self, agent: &AgentId, step: AgentStep, now: Now) -> bool {
        let Some(desk) = self.desks.get_mut(agent) else { return false };
        let (from, since) = match desk.step(step, now) {
            Ok(before) => before,
            Err(illegal) => {
                debug_assert!(false, "{agent}: {illegal}");
                self.trouble(None, format!("a mistake in the program: {illegal}"), now);
                return false;
            }
        };
        let (to, availability) = (desk.state.clone(), desk.availability());
        let queues = desk.agent.queues.clone();
        if !desk.resting {
            self.deadlines.stop(&Timer::Rest(agent.clone()));
        }
        self.acd.agent_is(agent, availability);
        self.changed.agents.insert(agent.clone());
        self.changed.queues.extend(queues.iter().cloned());
        let (goes_home, to_ready) = (to == AgentState::LoggedOut, to == AgentState::Ready);
        if from != to {
            let interaction = to.interaction().or(from.interaction());
            self.changed.interactions.extend(interaction);
            let lasted = now.mono.since(since.mono);
            self.tell(
                interaction,
                TimelineEvent::AgentChanged { agent: agent.clone(), from, to, lasted },
                now,
            );
        }
        if goes_home {
            self.nobody_left(&queues, now);
        }
        if to_ready {
            self.stays_in_own_call(agent, now);
        }
        true
    }

    /// After-contact work is over: the time is up, or the agent said so.
    pub(crate) fn wrap_up_over(&mut self, agent: &AgentId, now: Now) {
        self.deadlines.stop(&Timer::WrapUp(agent.clone()));
        let Some(desk) = self.desks.get_mut(agent) else { return };
        let AgentState::WrapUp(interaction) = desk.state else { return };
        let step = desk.next.take().map_or(AgentStep::WrapUpOver, |wish| step_for(&wish));
        let passed_on = desk.passed_on;
        self.agent_takes(agent, step, now);
        if passed_on {
            return;
        }
        self.finish(interaction, Outcome::Handled, now);
    }

    /// The moment of peace after a declined offer is over.
    pub(crate) fn rest_over(&mut self, agent: &AgentId) {
        if let Some(desk) = self.desks.get_mut(agent) {
            desk.resting = false;
            let availability = desk.availability();
            self.acd.agent_is(agent, availability);
        }
    }
}

/// The step that grants a wish.
pub(crate) fn step_for(wish: &AgentWish) -> AgentStep {
    match wish {
        AgentWish::Ready => AgentStep::GetReady,
        AgentWish::NotReady(reason) => AgentStep::GetNotReady(NotReadyReason::Chosen(reason.clone())),
        AgentWish::LogOut => AgentStep::LogOut,
    }
}
