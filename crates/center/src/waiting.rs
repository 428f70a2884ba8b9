//! Waiting for an agent: the line, the music, the place told.

use crate::center::Timer;
use crate::interaction::{Hearing, Place};
use crate::{Center, announcement};
use acd::Ticket;
use base::Now;
use flow::Event;
use model::interaction::InteractionStep;
use model::{InteractionId, Prompt, QueueId, SkillNeed, TimelineEvent};

impl Center {
    pub(crate) fn enqueue(
        &mut self,
        id: InteractionId,
        queue: &QueueId,
        needs: Vec<SkillNeed>,
        priority: i32,
        hold: Prompt,
        now: Now,
    ) {
        let Some(settings) = self.queues.get(queue) else {
            self.trouble(Some(id), format!("the flow asks for queue {queue}, which does not exist"), now);
            self.flow_event(id, Event::QueueFull, now);
            return;
        };
        if self.acd.waiting(queue) >= settings.waiting_max {
            self.flow_event(id, Event::QueueFull, now);
            return;
        }
        if !self.take(id, InteractionStep::Enqueue(queue.clone()), now) {
            return;
        }
        self.acd.enqueue(Ticket {
            interaction: id,
            queue: queue.clone(),
            needs: needs.clone(),
            priority,
            since: now.mono,
        });
        let position = self.acd.position(id).unwrap_or(1);
        let why = self.acd.why_waiting(id);
        if let Some(live) = self.interactions.get_mut(&id) {
            live.place = Some(Place { queue: queue.clone(), needs, priority, hold });
            live.queued = Some(now);
            live.record.queue = Some(queue.clone());
            live.record.queued_at = Some(now.utc);
        }
        self.figures.entry(queue.clone()).or_default().offered += 1;
        self.tell(Some(id), TimelineEvent::Queued { queue: queue.clone(), position, why }, now);
        self.keep(id);
        self.line_changed(queue);
        self.announce(id, now);
        if !self.acd.anybody_logged_in(queue) {
            self.flow_event(id, Event::NoAgents, now);
        }
    }

    /// Everybody in the line may have a new place, and the row of the queue looks different.
    pub(crate) fn line_changed(&mut self, queue: &QueueId) {
        self.changed.queues.insert(queue.clone());
        self.changed.interactions.extend(self.acd.line(queue).map(|ticket| ticket.interaction));
    }

    /// Tells the customer the place in the queue, and begins the music again.
    pub(crate) fn announce(&mut self, id: InteractionId, now: Now) {
        let Some(position) = self.acd.position(id) else { return };
        let Some(live) = self.interactions.get(&id) else { return };
        let every =
            live.state.queue().and_then(|queue| self.queues.get(queue)).and_then(|queue| queue.announce);
        match every {
            Some(every) => {
                self.deadlines.set(Timer::Announce(id), now.mono + every);
                let prompts = announcement::place(position, &live.language);
                self.tell(Some(id), TimelineEvent::PositionTold { position }, now);
                self.play(id, prompts, false, Hearing::Announcement);
            }
            None => self.play_music(id),
        }
    }

    pub(crate) fn play_music(&mut self, id: InteractionId) {
        let waiting = self.interactions.get(&id).filter(|live| live.queued.is_some());
        if let Some(place) = waiting.and_then(|live| live.place.clone()) {
            self.play(id, vec![place.hold], true, Hearing::Music);
        }
    }

    /// The flow takes the interaction out of the queue and goes on with it.
    pub(crate) fn leave_queue(&mut self, id: InteractionId, now: Now) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        let flow = live.run.as_ref().map(|run| run.flow().clone());
        self.stop_waiting(id);
        // Somebody may be asked just now: that offer is withdrawn.
        self.withdraw_offer(id, now);
        if let Some(flow) = flow {
            self.take(id, InteractionStep::EnterFlow(flow), now);
        }
    }

    pub(crate) fn stop_waiting(&mut self, id: InteractionId) {
        self.deadlines.stop(&Timer::Announce(id));
        if let Some(live) = self.interactions.get_mut(&id) {
            live.queued = None;
        }
        if let Some(ticket) = self.acd.leave(id) {
            self.changed.interactions.insert(id);
            self.line_changed(&ticket.queue);
        }
    }
}
