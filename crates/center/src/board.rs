//! What the board shows: rows made from the state, published when they changed.

use crate::interaction::Interaction;
use crate::{Center, Effect};
use base::{Duration, Now};
use model::agent::AgentStep;
use model::board::{AgentCounts, QueueFigures};
use model::timeline::LegRole;
use model::{
    AgentId, AgentState, AgentView, BoardEvent, FarEnd, InteractionId, InteractionState, InteractionView,
    LegId, QueueId, QueueView, SipUser,
};

use crate::desk::Desk;
use crate::duty::step_for;

impl Center {
    pub(crate) fn publish_changes(&mut self) {
        let changed = std::mem::take(&mut self.changed);
        for agent in changed.agents {
            if let Some(desk) = self.desks.get(&agent) {
                let view = agent_view(desk);
                self.effects.push_back(Effect::Publish(BoardEvent::Agent(Box::new(view))));
            }
        }
        for queue in changed.queues {
            if let Some(view) = self.queue_view(&queue) {
                self.effects.push_back(Effect::Publish(BoardEvent::Queue(Box::new(view))));
            }
        }
        for id in changed.interactions {
            if let Some(live) = self.interactions.get(&id) {
                let view = self.interaction_view(live);
                self.effects.push_back(Effect::Publish(BoardEvent::Interaction(Box::new(view))));
            }
        }
    }

    /// The legs of those who take part in an open interaction, and whose they are.
    pub fn legs_of(&self, interaction: InteractionId) -> Vec<(LegId, LegRole)> {
        let mut legs = self.interactions.get(&interaction).map(Interaction::parties).unwrap_or_default();
        legs.extend(self.legs_of_supervisors(interaction));
        legs
    }

    /// An agent's row.
    pub fn agent_view(&self, agent: &AgentId) -> Option<AgentView> {
        self.desks.get(agent).map(agent_view)
    }

    /// A queue's row.
    pub fn queue_view(&self, queue: &QueueId) -> Option<QueueView> {
        let settings = self.queues.get(queue)?;
        let mut agents = AgentCounts::default();
        for desk in self.desks.values().filter(|desk| desk.agent.queues.contains(queue)) {
            *match desk.state {
                AgentState::LoggedOut => &mut agents.logged_out,
                AgentState::NotReady(_) => &mut agents.not_ready,
                AgentState::Ready => &mut agents.ready,
                AgentState::Reserved(_) => &mut agents.reserved,
                AgentState::Talking(_) => &mut agents.talking,
                AgentState::WrapUp(_) => &mut agents.wrap_up,
            } += 1;
        }
        let longest =
            self.acd.line(queue).filter_map(|ticket| self.interactions.get(&ticket.interaction)?.queued);
        Some(QueueView {
            queue: settings.clone(),
            waiting: self.acd.waiting(queue) as u32,
            longest_since: longest.min_by_key(|queued| queued.mono).map(|queued| queued.utc),
            agents,
            today: self.figures.get(queue).copied().unwrap_or_default(),
        })
    }

    /// An open interaction's row.
    pub fn interaction_view(&self, live: &Interaction) -> InteractionView {
        let id = live.record.id;
        InteractionView {
            id,
            state: live.state.clone(),
            since: live.since.utc,
            arrived_at: live.record.arrived_at,
            from: live.record.from.clone(),
            to: live.record.to.clone(),
            position: self.acd.position(id),
            queued_at: live.queued.map(|queued| queued.utc),
            why: self.acd.why_waiting(id),
            recording: live.recording.map(|running| running.state),
            queue: live.record.queue.clone(),
            agents: self.agents_of(live),
            monitors: self.monitors(id),
            with: self.far_end_of(live),
            talks: self.who_talks(live),
        }
    }

    /// Who has an interaction past the queues, once they talk.
    fn far_end_of(&self, live: &Interaction) -> Option<FarEnd> {
        let InteractionState::Transferred(number) = &live.state else { return None };
        let talks = live.ending.is_none() && live.other.is_some_and(|other| other.answered);
        let login = || self.login_of(&SipUser::new(number));
        talks.then(|| FarEnd { login: login(), number: number.clone() })
    }

    /// The logins of those of ours who talk in an interaction.
    fn who_talks(&self, live: &Interaction) -> Vec<AgentId> {
        match &live.state {
            InteractionState::Connected(_, agent) | InteractionState::OnHold(_, agent) => vec![agent.clone()],
            InteractionState::Transferred(_) => {
                // Who passed the own call on is not there any more, and another leg is the customer's.
                let is_first = live.customer_present && live.record.legs.first() == Some(&live.customer);
                // As long as the far end rings, the caller talks with nobody.
                let is_answered = live.other.is_some_and(|other| other.answered);
                let caller = live.record.from.user.as_ref().filter(|_| is_first && is_answered);
                let caller = caller.and_then(|phone| self.login_of(phone));
                caller.into_iter().chain(self.far_end_of(live).and_then(|end| end.login)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whose phone this is.
    fn login_of(&self, phone: &SipUser) -> Option<AgentId> {
        let mut supervisors = self.settings.supervisors.iter();
        if let Some((login, _)) = supervisors.find(|(_, one)| *one == phone) {
            return Some(login.clone());
        }
        let desk = self.desks.values().find(|desk| desk.agent.phone.as_ref() == Some(phone));
        desk.map(|desk| desk.agent.id.clone())
    }

    /// The agents who have an interaction: the one it is offered to or who took it, or whoever talks in it since it was
    /// passed on, or called past the queues.
    fn agents_of(&self, live: &Interaction) -> Vec<AgentId> {
        if let Some(agent) = live.state.agent() {
            return vec![agent.clone()];
        }
        let InteractionState::Transferred(called) = &live.state else { return Vec::new() };
        let talks = AgentState::Talking(live.record.id);
        // A colleague who is not at work may have answered all the same.
        let answered = live.other.filter(|other| other.answered).map(|_| SipUser::new(called));
        let has = |desk: &&Desk| desk.state == talks || (answered.is_some() && desk.agent.phone == answered);
        let agents = self.desks.values().filter(has).map(|desk| &desk.agent.id);
        agents.filter(|agent| !self.only_monitors(live.record.id, agent)).cloned().collect()
    }

    /// Begins the day's figures anew at midnight of the center's zone.
    pub(crate) fn roll_over_day(&mut self, now: Now) {
        let day = self.settings.zone.day_of(now.utc);
        if day == self.day {
            return;
        }
        self.day = day;
        for (queue, figures) in &mut self.figures {
            *figures = QueueFigures::default();
            self.changed.queues.insert(queue.clone());
        }
        for (agent, desk) in &mut self.desks {
            desk.handled = 0;
            self.changed.agents.insert(agent.clone());
        }
    }

    pub(crate) fn count_answer(&mut self, queue: &QueueId, waited: Duration) {
        let threshold = self.queues.get(queue).map(|queue| queue.service_level.threshold).unwrap_or_default();
        let figures = self.figures.entry(queue.clone()).or_default();
        figures.answered += 1;
        figures.in_time += u32::from(waited <= threshold);
        figures.wait_ms += u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
    }

    pub(crate) fn count_abandon(&mut self, queue: &QueueId, waited: Duration) {
        let goal = self.queues.get(queue).map(|queue| queue.service_level).unwrap_or_default();
        let figures = self.figures.entry(queue.clone()).or_default();
        if waited <= goal.short_abandon {
            figures.abandoned_short += 1;
        } else {
            figures.abandoned += 1;
            figures.abandoned_late += u32::from(waited > goal.threshold);
        }
    }
}

fn agent_view(desk: &Desk) -> AgentView {
    AgentView {
        id: desk.agent.id.clone(),
        name: desk.agent.name.clone(),
        state: desk.state.clone(),
        since: desk.since.utc,
        until: desk.wrap_up_until.map(|until| until.utc),
        next: desk.next.as_ref().map(|wish| match step_for(wish) {
            AgentStep::GetNotReady(reason) => AgentState::NotReady(reason),
            AgentStep::LogOut => AgentState::LoggedOut,
            _ => AgentState::Ready,
        }),
        queues: desk.agent.queues.clone(),
        skills: desk.agent.skills.clone(),
        handled: desk.handled,
    }
}
