//! The process began anew: what was live is closed with its true outcome.

use crate::Center;
use crate::direct::OwnCall;
use crate::duty::step_for;
use base::Now;
use model::agent::AgentStep;
use model::{AgentId, AgentState, InteractionId, InteractionState, Outcome, TimelineEvent};

impl Center {
    /// Every leg is gone. Talks end as interrupted, those who waited have abandoned, and so on; agents who were
    /// ready stay ready, and those who talked are so again, unless they wanted to be something else after it.
    ///
    /// `now` is the time of the new start; talks ended when the journal last showed life, which is the time up to
    /// which [`Interaction::since`](crate::interaction::Interaction) and the clocks are booked by the driver, who
    /// hands in this input with the time of the journal's last line.
    pub(crate) fn restarted(&mut self, now: Now) {
        self.draining = false;
        self.code_legs.clear();
        self.tell(None, TimelineEvent::Started, now);
        let legs: Vec<_> = self.legs.keys().copied().collect();
        for leg in legs {
            self.leg_lost(leg, now);
        }
        self.rooms.clear();
        self.monitors_lost(now);
        self.forget_alerts_of_before();
        let open: Vec<InteractionId> = self.interactions.keys().copied().collect();
        for id in open {
            let Some(live) = self.interactions.get_mut(&id) else { continue };
            // Recordings outlive the process: they are finished from what is on disk.
            live.recording = None;
            let outcome = match live.state {
                InteractionState::Queued(_) | InteractionState::Offered(..) => Outcome::Abandoned,
                InteractionState::WrapUp(..) => Outcome::Handled,
                InteractionState::Transferred(_) if live.direct && live.record.connected_at.is_none() => {
                    Outcome::Unanswered
                }
                InteractionState::Transferred(_) if live.direct => Outcome::Direct,
                InteractionState::Transferred(_) => Outcome::Transferred,
                _ => Outcome::Interrupted,
            };
            if live.ending.is_some() {
                self.close_if_over(id, now);
            } else {
                self.finish(id, outcome, now);
            }
        }
        let agents: Vec<_> = self.desks.keys().cloned().collect();
        for agent in agents {
            self.is_free_again(&agent, now);
        }
        self.deadlines = base::Deadlines::new();
        for desk in self.desks.values_mut() {
            desk.resting = false;
        }
        for desk in self.desks.values() {
            self.acd.agent_is(&desk.agent.id, desk.availability());
        }
    }

    /// What an agent did is over, without work behind it. A phone that still believes in its call is busy when it is asked,
    /// and asked again a little later.
    fn is_free_again(&mut self, agent: &AgentId, now: Now) {
        let Some(desk) = self.desks.get_mut(agent) else { return };
        let (own_call, wish) = (desk.own_call.take(), desk.next.take());
        let steps = match (&desk.state, own_call) {
            (AgentState::Reserved(_), _) => vec![AgentStep::Release],
            (AgentState::Talking(_), Some(OwnCall { not_ready })) => vec![AgentStep::CallOver(not_ready)],
            (AgentState::Talking(_), None) => vec![AgentStep::Finish, AgentStep::WrapUpOver],
            (AgentState::WrapUp(_), _) => vec![AgentStep::WrapUpOver],
            (AgentState::LoggedOut | AgentState::NotReady(_) | AgentState::Ready, _) => Vec::new(),
        };
        for step in steps {
            self.agent_takes(agent, step, now);
        }
        if let Some(wish) = wish {
            self.agent_takes(agent, step_for(&wish), now);
        }
    }
}
