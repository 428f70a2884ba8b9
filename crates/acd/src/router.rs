//! The decision itself.
//!
//! The longest-idle rule of the field: an interaction goes to the ready agent who serves its queue, has what it
//! needs, and has been idle for the longest time; an agent who gets ready takes the interaction that is first by
//! priority and then by waiting time over all the agent's queues.
//!
//! Only what changed is looked at: an interaction that just came is held against the ready agents, an agent who
//! just got ready against those who wait. What was looked at once and did not fit is not looked at again until one
//! of the two changes, so a decision costs O(ready agents) or O(those who wait for the agent's queues).

use crate::candidate::{Availability, Candidate, first_lack};
use crate::line::{Place, Ticket};
use base::{Instant, Now};
use model::decision::{OfferReason, PASSED_OVER_MAX, PassedOver, SelectionRule, SkillMatch, WaitReason};
use model::{Agent, AgentId, InteractionId, Queue, QueueId, SkillNeed};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An interaction to be presented to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub interaction: InteractionId,
    /// To whom.
    pub agent: AgentId,
    /// Why.
    pub why: OfferReason,
}

/// A ticket, and whether somebody is being asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    ticket: Ticket,
    offered: bool,
}

/// A queue's settings and its line.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Line {
    needs: Vec<SkillNeed>,
    places: BTreeSet<Place>,
}

/// The router. See the crate's page for how to drive it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Acd {
    lines: BTreeMap<QueueId, Line>,
    waiting: BTreeMap<InteractionId, Waiting>,
    candidates: BTreeMap<AgentId, Candidate>,
    /// Ready agents, longest idle first.
    ready: BTreeSet<(Instant, AgentId)>,
    /// Tickets that were not yet held against the ready agents.
    fresh_tickets: BTreeSet<Place>,
    /// Ready agents who were not yet held against the lines.
    fresh_agents: BTreeSet<(Instant, AgentId)>,
}

impl Acd {
    /// No queues, no agents, nobody waiting.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces all queues and agents by these. Those who wait for a queue that is gone stay until they leave;
    /// agents keep what they are doing, new ones are logged out.
    pub fn configure(&mut self, queues: &[Queue], agents: &[Agent]) {
        let mut lines: BTreeMap<_, _> = queues
            .iter()
            .map(|queue| (queue.id.clone(), Line { needs: queue.needs.clone(), places: BTreeSet::new() }))
            .collect();
        for (id, line) in std::mem::take(&mut self.lines) {
            if let Some(new) = lines.get_mut(&id) {
                new.places = line.places;
            } else if !line.places.is_empty() {
                lines.insert(id, line);
            }
        }
        self.lines = lines;

        let mut before = std::mem::take(&mut self.candidates);
        self.candidates = agents
            .iter()
            .map(|agent| {
                let availability =
                    before.remove(&agent.id).map_or(Availability::LoggedOut, |known| known.availability);
                (agent.id.clone(), Candidate { agent: agent.clone(), availability })
            })
            .collect();
        let candidates = &self.candidates;
        self.ready.retain(|(_, agent)| candidates.contains_key(agent));
        self.fresh_agents = self.ready.clone();
    }

    /// An interaction begins to wait. Nothing happens when it waits already.
    pub fn enqueue(&mut self, ticket: Ticket) {
        if self.waiting.contains_key(&ticket.interaction) {
            return;
        }
        let place = Place::of(&ticket);
        let line = self.lines.entry(ticket.queue.clone());
        line.or_insert_with(|| Line { needs: Vec::new(), places: BTreeSet::new() }).places.insert(place);
        self.fresh_tickets.insert(place);
        self.waiting.insert(ticket.interaction, Waiting { ticket, offered: false });
    }

    /// An interaction waits no more: it was taken, or it left. Returns its ticket if it had one.
    pub fn leave(&mut self, interaction: InteractionId) -> Option<Ticket> {
        let ticket = self.waiting.remove(&interaction)?.ticket;
        let place = Place::of(&ticket);
        self.fresh_tickets.remove(&place);
        if let Some(line) = self.lines.get_mut(&ticket.queue) {
            line.places.remove(&place);
        }
        Some(ticket)
    }

    /// The agent who was asked did not take it: it goes on waiting in its old place.
    pub fn give_back(&mut self, interaction: InteractionId) {
        if let Some(waiting) = self.waiting.get_mut(&interaction) {
            waiting.offered = false;
            self.fresh_tickets.insert(Place::of(&waiting.ticket));
        }
    }

    /// An agent is free, busy or away now. Agents who are not of the center are passed over.
    pub fn agent_is(&mut self, agent: &AgentId, availability: Availability) {
        let Some(candidate) = self.candidates.get_mut(agent) else { return };
        if let Availability::Ready(since) = candidate.availability {
            self.ready.remove(&(since, agent.clone()));
            self.fresh_agents.remove(&(since, agent.clone()));
        }
        candidate.availability = availability;
        if let Availability::Ready(since) = availability {
            self.ready.insert((since, agent.clone()));
            self.fresh_agents.insert((since, agent.clone()));
        }
    }

    /// The next interaction to be presented, until there is none. The agent counts as busy from here on.
    pub fn next_offer(&mut self, now: Now) -> Option<Offer> {
        while let Some(place) = self.fresh_tickets.pop_first() {
            if let Some(agent) = self.agent_for(place.interaction()) {
                return Some(self.offer(place.interaction(), agent, now));
            }
        }
        while let Some((_, agent)) = self.fresh_agents.pop_first() {
            if let Some(interaction) = self.interaction_for(&agent) {
                return Some(self.offer(interaction, agent, now));
            }
        }
        None
    }

    fn agent_for(&self, interaction: InteractionId) -> Option<AgentId> {
        let ticket = &self.waiting.get(&interaction)?.ticket;
        let line = self.lines.get(&ticket.queue)?;
        self.ready
            .iter()
            .filter_map(|(_, id)| self.candidates.get(id))
            .find(|candidate| fits(candidate, ticket, line))
            .map(|candidate| candidate.agent.id.clone())
    }

    fn interaction_for(&self, agent: &AgentId) -> Option<InteractionId> {
        let candidate = self.candidates.get(agent)?;
        let first_of = |line: &Line| {
            line.places.iter().copied().find(|place| {
                self.waiting
                    .get(&place.interaction())
                    .is_some_and(|waiting| !waiting.offered && fits(candidate, &waiting.ticket, line))
            })
        };
        let lines = candidate.agent.queues.iter().filter_map(|queue| self.lines.get(queue));
        lines.filter_map(first_of).min().map(|place| place.interaction())
    }

    fn offer(&mut self, interaction: InteractionId, agent: AgentId, now: Now) -> Offer {
        let why = self.reason(interaction, &agent, now);
        self.agent_is(&agent, Availability::Busy);
        if let Some(waiting) = self.waiting.get_mut(&interaction) {
            waiting.offered = true;
        }
        Offer { interaction, agent, why }
    }

    fn reason(&self, interaction: InteractionId, chosen: &AgentId, now: Now) -> OfferReason {
        let ticket = &self.waiting[&interaction].ticket;
        let line = &self.lines[&ticket.queue];
        let mut idle = base::Duration::ZERO;
        let mut candidates = 0;
        let mut passed_over = Vec::new();
        for candidate in self.candidates.values().filter(|one| one.agent.queues.contains(&ticket.queue)) {
            let id = &candidate.agent.id;
            let verdict = match candidate.availability {
                Availability::Resting(_) => Some(PassedOver::AskedBefore),
                Availability::Ready(since) => {
                    match first_lack(&candidate.agent.skills, needs(ticket, line)) {
                        Some((need, has)) => {
                            Some(PassedOver::Lacks { skill: need.skill.clone(), needed: need.level, has })
                        }
                        None => {
                            candidates += 1;
                            if id == chosen {
                                idle = now.mono.since(since);
                            }
                            Some(PassedOver::IdleLess { idle: now.mono.since(since) })
                        }
                    }
                }
                _ => None,
            };
            if id != chosen && passed_over.len() < PASSED_OVER_MAX {
                passed_over.extend(verdict.map(|why| (id.clone(), why)));
            }
        }
        let skills = &self.candidates[chosen].agent.skills;
        OfferReason {
            queue: ticket.queue.clone(),
            rule: SelectionRule::LongestIdle,
            idle,
            candidates,
            waited: now.mono.since(ticket.since),
            position: self.position(interaction).unwrap_or(1),
            priority: ticket.priority,
            skills: needs(ticket, line)
                .map(|need| SkillMatch {
                    skill: need.skill.clone(),
                    needed: need.level,
                    has: skills.get(&need.skill).copied().unwrap_or(0),
                })
                .collect(),
            passed_over,
        }
    }

    /// Its place in the line of its queue, those being asked for included: 1 is the front.
    pub fn position(&self, interaction: InteractionId) -> Option<u32> {
        let ticket = &self.waiting.get(&interaction)?.ticket;
        let line = self.lines.get(&ticket.queue)?;
        let place = Place::of(ticket);
        Some(line.places.range(..=place).count() as u32)
    }

    /// Why nobody takes it; `None` when somebody is being asked, when it does not wait, or when somebody could
    /// take it and only has not been asked yet.
    pub fn why_waiting(&self, interaction: InteractionId) -> Option<WaitReason> {
        let waiting = self.waiting.get(&interaction)?;
        if waiting.offered {
            return None;
        }
        let ticket = &waiting.ticket;
        let line = self.lines.get(&ticket.queue)?;
        let serving = || {
            self.candidates.values().filter(|one| {
                one.agent.queues.contains(&ticket.queue) && one.availability != Availability::LoggedOut
            })
        };
        if serving().next().is_none() {
            return Some(WaitReason::NobodyLoggedIn);
        }
        let fitting = || serving().filter(|one| fits(one, ticket, line));
        if fitting().next().is_none() {
            // Name the first need that nobody meets; if each is met by somebody, but none by one person, the
            // first need that the first agent lacks.
            let unmet = needs(ticket, line)
                .find(|need| serving().all(|one| first_lack(&one.agent.skills, [*need]).is_some()))
                .or_else(|| {
                    serving()
                        .find_map(|one| first_lack(&one.agent.skills, needs(ticket, line)).map(|lack| lack.0))
                })?;
            return Some(WaitReason::NobodyFits { skill: unmet.skill.clone(), needed: unmet.level });
        }
        let (mut talking, mut wrap_up, mut not_ready) = (0, 0, 0);
        for candidate in fitting() {
            match candidate.availability {
                Availability::Busy => talking += 1,
                Availability::WrapUp => wrap_up += 1,
                Availability::NotReady | Availability::Resting(_) => not_ready += 1,
                Availability::Ready(_) => return None,
                Availability::LoggedOut => {}
            }
        }
        Some(WaitReason::AllBusy { talking, wrap_up, not_ready })
    }

    /// How many wait for a queue, those being asked for included.
    pub fn waiting(&self, queue: &QueueId) -> usize {
        self.lines.get(queue).map_or(0, |line| line.places.len())
    }

    /// Those who wait for a queue, first one first.
    pub fn line(&self, queue: &QueueId) -> impl Iterator<Item = &Ticket> {
        let places = self.lines.get(queue).into_iter().flat_map(|line| &line.places);
        places.filter_map(|place| self.waiting.get(&place.interaction())).map(|waiting| &waiting.ticket)
    }

    /// An interaction's ticket.
    pub fn ticket(&self, interaction: InteractionId) -> Option<&Ticket> {
        self.waiting.get(&interaction).map(|waiting| &waiting.ticket)
    }

    /// Whether somebody who serves the queue is at work.
    pub fn anybody_logged_in(&self, queue: &QueueId) -> bool {
        self.candidates.values().any(|candidate| {
            candidate.availability != Availability::LoggedOut && candidate.agent.queues.contains(queue)
        })
    }

    /// Pairs that should have been made and were not: an interaction nobody is asked for, and a ready agent who
    /// fits. Empty after every drain; the simulator asks after every step.
    pub fn missed(&self) -> Vec<(InteractionId, AgentId)> {
        let unasked = self.waiting.values().filter(|waiting| !waiting.offered);
        unasked
            .filter_map(|waiting| {
                let interaction = waiting.ticket.interaction;
                self.agent_for(interaction).map(|agent| (interaction, agent))
            })
            .collect()
    }
}

fn needs<'a>(ticket: &'a Ticket, line: &'a Line) -> impl Iterator<Item = &'a SkillNeed> {
    line.needs.iter().chain(&ticket.needs)
}

fn fits(candidate: &Candidate, ticket: &Ticket, line: &Line) -> bool {
    candidate.agent.queues.contains(&ticket.queue)
        && first_lack(&candidate.agent.skills, needs(ticket, line)).is_none()
}

#[cfg(test)]
mod tests;
