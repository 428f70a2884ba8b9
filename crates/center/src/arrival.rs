//! What happens to legs, sorted to those whose work it is; and new calls.

use crate::interaction::Interaction;
use crate::{Center, Effect};
use base::Now;
use model::interaction::InteractionStep;
use model::leg::Rejection;
use model::{
    AgentWish, EndCause, InteractionId, LegCommand, LegEvent, LegId, Origin, Outcome, Party, Quality,
    TimelineEvent,
};

impl Center {
    pub(crate) fn leg_event(&mut self, event: LegEvent, now: Now) {
        match event {
            LegEvent::Arrived { leg, from, to, origin } => self.arrived(leg, from, to, &origin, now),
            LegEvent::Recorded { recording, length, bytes } => self.recorded(recording, length, bytes, now),
            LegEvent::RecordingFailed { recording, why } => self.recording_failed(recording, why, now),
            LegEvent::RecordingUnchanged { recording, why } => self.recording_unchanged(recording, why, now),
            LegEvent::Ringing { leg, sounds } => {
                self.if_other(leg, |center, id| center.other_rings(id, leg, sounds));
            }
            LegEvent::ConferRefused { leg } => self.confer_refused(leg, now),
            LegEvent::Speaks { leg, on } => self.member_speaks(leg, on),
            LegEvent::HearRefused { listener, speaker } => self.hear_refused(listener, speaker, now),
            LegEvent::Answered { leg } if self.monitor_legs.contains_key(&leg) => {
                self.monitor_answered(leg, now);
            }
            LegEvent::Answered { leg } => self.if_other(leg, |center, id| center.other_answered(id, now)),
            LegEvent::Held { leg } => self.if_talking(leg, |center, id| center.held(id, leg, now)),
            LegEvent::Resumed { leg } => self.if_talking(leg, |center, id| center.resumed(id, leg, now)),
            LegEvent::Refer { leg, refer, to, replaces } => {
                self.asked_to_pass_on(leg, refer, &to, replaces, now);
            }
            LegEvent::OneWay { leg, way } => {
                self.if_talking(leg, |center, id| center.one_way(id, leg, way, now));
            }
            LegEvent::WayRestored { leg, way } => self.way_restored(leg, way, now),
            LegEvent::LimitReached { limit, calls } => self.limit_reached(limit, calls, now),
            LegEvent::Digit { leg, digit } => self.digit(leg, digit, now),
            LegEvent::Played { leg, play } => self.played(leg, play, now),
            LegEvent::Ended { leg, cause, quality } => self.leg_ended(leg, &cause, quality, now),
        }
    }

    /// Calls `then` if the leg is the second leg of an interaction.
    fn if_other(&mut self, leg: LegId, then: impl FnOnce(&mut Self, InteractionId)) {
        if let Some(id) = self.legs.get(&leg).copied()
            && self.interactions.get(&id).is_some_and(|live| live.other.is_some_and(|other| other.leg == leg))
        {
            then(self, id);
        }
    }

    /// Calls `then` if the leg is one of the two that talk in an interaction.
    fn if_talking(&mut self, leg: LegId, then: impl FnOnce(&mut Self, InteractionId)) {
        if let Some(id) = self.legs.get(&leg).copied()
            && self
                .interactions
                .get(&id)
                .is_some_and(|live| live.customer == leg || live.other.is_some_and(|other| other.leg == leg))
        {
            then(self, id);
        }
    }

    fn arrived(&mut self, leg: LegId, from: Party, to: String, origin: &Origin, now: Now) {
        if let Origin::User(user) = origin
            && self.feature_code(leg, user, &to, now)
        {
            return;
        }
        let is_emergency = matches!(origin, Origin::User(_)) && self.settings.directory.is_emergency(&to);
        if self.draining && !is_emergency {
            self.reject(leg, Rejection::Draining);
            return;
        }

        let id = InteractionId::generate(&mut self.ids);
        let (origin, user) = match origin {
            Origin::Trunk(trunk) => (format!("trunk:{trunk}"), None),
            Origin::User(user) => (format!("user:{user}"), Some(user.clone())),
        };
        let language = self.settings.language.clone();
        let live = Interaction::new(id, leg, from.clone(), to.clone(), origin.clone(), language, now);
        self.interactions.insert(id, live);
        self.legs.insert(leg, id);
        self.tell(Some(id), TimelineEvent::Arrived { leg, from, to: to.clone(), origin }, now);
        self.changed.interactions.insert(id);

        let flow = self.flows.entry(&to).filter(|_| !is_emergency).cloned();
        match flow {
            Some(flow) => {
                self.take(id, InteractionStep::EnterFlow(flow.clone()), now);
                self.keep(id);
                self.begin_flow(id, &flow, now);
            }
            None => match user {
                Some(user) => self.direct_call(id, &user, &to, now),
                None => {
                    let why = format!("no dialplan has the entry tel:{to}");
                    self.turn_away(id, Rejection::NoSuchNumber, why, now);
                }
            },
        }
    }

    pub(crate) fn reject(&mut self, leg: LegId, why: Rejection) {
        self.command(LegCommand::Reject { leg, why });
    }

    pub(crate) fn command(&mut self, command: LegCommand) {
        self.effects.push_back(Effect::Leg(command));
    }

    /// Takes a step of an interaction. A step that its state does not allow is a mistake of ours: loud in tests, a
    /// line of trouble in production, where that one interaction ends and the center lives.
    pub(crate) fn take(&mut self, id: InteractionId, step: InteractionStep, now: Now) -> bool {
        let Some(live) = self.interactions.get_mut(&id) else { return false };
        self.changed.interactions.insert(id);
        self.changed.queues.extend(live.state.queue().cloned());
        let taken = live.step(step, now);
        self.changed.queues.extend(live.state.queue().cloned());
        match taken {
            Ok(()) => true,
            Err(illegal) => {
                debug_assert!(false, "{id}: {illegal}");
                self.trouble(Some(id), format!("a mistake in the program: {illegal}"), now);
                self.finish(id, Outcome::Interrupted, now);
                false
            }
        }
    }

    fn leg_ended(&mut self, leg: LegId, cause: &EndCause, quality: Option<Quality>, now: Now) {
        if let Some(agent) = self.code_legs.remove(&leg) {
            if let Some(agent) = agent {
                self.agent_wishes(&agent, AgentWish::Ready, now);
            }
            return;
        }
        if self.monitor_gone(leg, cause, quality, now) {
            return;
        }
        let Some(id) = self.legs.remove(&leg) else { return };
        self.close_alerts_of(leg, |_| true);
        let Some(live) = self.interactions.get_mut(&id) else { return };
        if let Some(at) = live.leaving.iter().position(|(leaving, _)| *leaving == leg) {
            let (_, role) = live.leaving.swap_remove(at);
            self.tell(Some(id), TimelineEvent::LegEnded { leg, role, cause: cause.clone(), quality }, now);
            self.close_if_over(id, now);
            return;
        }
        let other = live.other.filter(|other| other.leg == leg);
        let role = live.role_of(leg);
        if other.is_some() {
            live.other = None;
        } else {
            live.customer_present = false;
        }
        self.tell(Some(id), TimelineEvent::LegEnded { leg, role, cause: cause.clone(), quality }, now);
        match other {
            None => self.customer_gone(id, now),
            Some(other) => self.other_gone(id, other, cause, now),
        }
        self.close_if_over(id, now);
    }
}
