//! One agent at work.

use acd::Availability;
use base::{Instant, Now};
use model::agent::{AgentStep, IllegalAgentStep};
use model::{Agent, AgentState, AgentWish};
use serde::{Deserialize, Serialize};

/// How long an agent is left alone after declining an offer or being busy, before the next one.
pub const REST_AFTER_DECLINE: base::Duration = base::Duration::from_secs(5);

/// The longest that an agent is left alone whose phone we could not ring, for want of ports for one.
pub const REST_UNRUNG_MAX: base::Duration = base::Duration::from_secs(60);

/// An agent and the agent's state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Desk {
    /// The settings.
    pub agent: Agent,
    /// What the agent does.
    pub state: AgentState,
    /// Since when.
    pub since: Now,
    /// Since when the agent is idle: an offer that went away does not cost the agent the place.
    pub idle_since: Instant,
    /// Until when the agent is left alone though ready.
    pub resting: bool,
    /// Offers in a row that we could not bring to the agent's phone.
    pub unrung: u32,
    /// What the agent wants to be when the present interaction is over.
    pub next: Option<AgentWish>,
    /// What the agent was before a call of the agent's own, while it lasts.
    pub own_call: Option<crate::direct::OwnCall>,
    /// Whether the after-contact work is for an interaction that was passed on and lives without this agent.
    pub passed_on: bool,
    /// When the wrap-up ends by itself.
    pub wrap_up_until: Option<Now>,
    /// Interactions handled today.
    pub handled: u32,
}

impl Desk {
    /// An agent who is not at work.
    pub fn new(agent: Agent, now: Now) -> Self {
        Self {
            agent,
            state: AgentState::LoggedOut,
            since: now,
            idle_since: now.mono,
            resting: false,
            unrung: 0,
            next: None,
            own_call: None,
            passed_on: false,
            wrap_up_until: None,
            handled: 0,
        }
    }

    /// Takes a step. Returns the former state and since when it was.
    pub fn step(&mut self, step: AgentStep, now: Now) -> Result<(AgentState, Now), IllegalAgentStep> {
        let keeps_place = step == AgentStep::Release;
        let next = self.state.step(step)?;
        if next == AgentState::Ready && !keeps_place && self.state != AgentState::Ready {
            self.idle_since = now.mono;
        }
        if next != AgentState::Ready {
            self.resting = false;
        }
        if !matches!(next, AgentState::Ready | AgentState::Reserved(_)) {
            self.unrung = 0;
        }
        if !matches!(next, AgentState::WrapUp(_)) {
            self.wrap_up_until = None;
            self.passed_on = false;
        }
        let before = (std::mem::replace(&mut self.state, next), self.since);
        self.since = now;
        Ok(before)
    }

    /// One more offer did not get as far as the agent's phone. Returns how long to wait for the next: twice as long each time.
    pub(crate) fn rest_unrung(&mut self) -> base::Duration {
        let doubled = REST_AFTER_DECLINE * (1 << self.unrung.min(8));
        self.unrung = self.unrung.saturating_add(1);
        doubled.min(REST_UNRUNG_MAX)
    }

    /// What routing is to know of the state.
    pub fn availability(&self) -> Availability {
        match self.state {
            AgentState::LoggedOut => Availability::LoggedOut,
            AgentState::NotReady(_) => Availability::NotReady,
            AgentState::Ready if self.resting => Availability::Resting(self.idle_since),
            AgentState::Ready => Availability::Ready(self.idle_since),
            AgentState::Reserved(_) | AgentState::Talking(_) => Availability::Busy,
            AgentState::WrapUp(_) => Availability::WrapUp,
        }
    }
}
