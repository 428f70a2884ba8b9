//! The process began anew: what was live is closed with its true outcome.

use crate::Center;
use crate::desk::Desk;
use base::Now;
use model::agent::AgentStep;
use model::{AgentState, InteractionId, InteractionState, NotReadyReason, Outcome, TimelineEvent};

impl Center {
    /// Every leg is gone. Talks end as interrupted, those who waited have abandoned, and so on; agents who were
    /// ready stay ready.
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
        let desks: Vec<_> =
            self.desks.values().map(|Desk { agent, state, .. }| (agent.id.clone(), state.clone())).collect();
        for (agent, state) in desks {
            match state {
                AgentState::Reserved(_) => {
                    self.agent_takes(&agent, AgentStep::Release, now);
                }
                AgentState::Talking(_) => {
                    self.agent_takes(&agent, AgentStep::Finish, now);
                    self.agent_takes(&agent, AgentStep::GetNotReady(NotReadyReason::Unreachable), now);
                }
                AgentState::WrapUp(_) => {
                    self.agent_takes(&agent, AgentStep::WrapUpOver, now);
                }
                AgentState::LoggedOut | AgentState::NotReady(_) | AgentState::Ready => {}
            }
        }
        self.deadlines = base::Deadlines::new();
        for desk in self.desks.values_mut() {
            desk.next = None;
            desk.resting = false;
        }
        for desk in self.desks.values() {
            self.acd.agent_is(&desk.agent.id, desk.availability());
        }
    }
}
