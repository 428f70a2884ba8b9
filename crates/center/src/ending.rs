//! Endings: who is let go, what is written, when nothing is left.

use crate::interaction::Hearing;
use crate::{Center, Effect};
use base::Now;
use model::interaction::InteractionStep;
use model::timeline::LegRole;
use model::{BoardEvent, EndCause, InteractionId, InteractionState, LegCommand, Outcome, TimelineEvent};

impl Center {
    /// The customer hung up, gave up, or was let go.
    pub(crate) fn customer_gone(&mut self, id: InteractionId, now: Now) {
        let Some(live) = self.interactions.get(&id) else { return };
        if live.ending.is_some() {
            return;
        }
        let outcome = match &live.state {
            InteractionState::Connected(..) | InteractionState::OnHold(..) => {
                self.talk_over(id, &EndCause::HungUp, now);
                return;
            }
            InteractionState::WrapUp(..) | InteractionState::Closed(_) => return,
            InteractionState::Queued(queue) | InteractionState::Offered(queue, _) => {
                let queue = queue.clone();
                let waited = live.queued.map_or(base::Duration::ZERO, |queued| now.mono.since(queued.mono));
                self.count_abandon(&queue, waited);
                Outcome::Abandoned
            }
            InteractionState::Transferred(_) if live.direct => {
                let talked = live.other.is_some_and(|other| other.answered);
                if talked { Outcome::Direct } else { Outcome::Unanswered }
            }
            InteractionState::Transferred(_) if live.other.is_some_and(|other| other.answered) => {
                Outcome::Transferred
            }
            InteractionState::Transferred(_) => Outcome::Abandoned,
            InteractionState::Arrived | InteractionState::InFlow(_) => {
                live.run.as_ref().map_or(Outcome::Abandoned, |run| run.outcome_if_left())
            }
        };
        self.finish(id, outcome, now);
    }

    /// Ends an interaction: everybody is let go; it closes when the last leg is gone.
    pub(crate) fn finish(&mut self, id: InteractionId, outcome: Outcome, now: Now) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        if live.ending.is_some() {
            return;
        }
        live.ending = Some(outcome);
        live.record.outcome = Some(outcome);
        live.record.ended_at.get_or_insert(now.utc);
        if let Some(connected) = live.record.connected_at.filter(|_| live.direct) {
            live.record.talked = now.utc.since(connected);
        }
        live.hearing = Hearing::Nothing;
        let legs: Vec<_> = live.open_legs().collect();
        self.end_flow(id);
        for leg in legs {
            self.command(LegCommand::HangUp { leg });
        }
        self.stop_waiting(id);
        self.stop_recording(id);
        self.close_if_over(id, now);
    }

    /// Closes an interaction that ends and has no leg left.
    pub(crate) fn close_if_over(&mut self, id: InteractionId, now: Now) {
        let Some(live) = self.interactions.get(&id) else { return };
        let Some(outcome) = live.ending else { return };
        if live.open_legs().next().is_some() || self.supervised.contains_key(&id) {
            return;
        }
        if let InteractionState::WrapUp(queue, _) = live.state.clone() {
            let spent = now.mono.since(live.since.mono);
            let handled = live.record.talked + live.record.held + live.record.wrapped_up + spent;
            let figures = self.figures.entry(queue).or_default();
            figures.handled += 1;
            figures.handle_ms += u64::try_from(handled.as_millis()).unwrap_or(u64::MAX);
        }
        self.take(id, InteractionStep::Close(outcome), now);
        if let Some(mut live) = self.interactions.remove(&id) {
            live.record.closed_at = Some(now.utc);
            self.effects.push_back(Effect::Persist(model::Record::Interaction(Box::new(live.record))));
        }
        self.tell(Some(id), TimelineEvent::Closed { outcome }, now);
        self.agents_hung_up(id, now);
        self.changed.interactions.remove(&id);
        self.effects.push_back(Effect::Publish(BoardEvent::InteractionGone { id, outcome }));
    }

    /// Ends a leg as if it had ended by itself, for legs that do not exist any more.
    pub(crate) fn leg_lost(&mut self, leg: model::LegId, now: Now) {
        let Some(id) = self.legs.remove(&leg) else { return };
        let Some(live) = self.interactions.get_mut(&id) else { return };
        if let Some(at) = live.leaving.iter().position(|(leaving, _)| *leaving == leg) {
            let (_, role) = live.leaving.swap_remove(at);
            self.tell(
                Some(id),
                TimelineEvent::LegEnded { leg, role, cause: EndCause::Lost, quality: None },
                now,
            );
            return;
        }
        let role = match live.other {
            Some(other) if other.leg == leg => {
                live.other = None;
                other.role
            }
            _ => {
                live.customer_present = false;
                LegRole::Customer
            }
        };
        self.tell(Some(id), TimelineEvent::LegEnded { leg, role, cause: EndCause::Lost, quality: None }, now);
    }
}
