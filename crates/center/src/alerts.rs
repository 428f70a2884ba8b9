//! What supervisors have to know at once. An alert stays until somebody takes notice of it, also through a restart.

use crate::{Center, Effect};
use base::Now;
use model::timeline::LegRole;
use model::{
    Alert, AlertId, AlertView, BoardEvent, CallLimit, InteractionId, LegCommand, LegId, Party, RecordingRoom,
    SoundWay, TimelineEvent,
};

/// Alerts that may be open at once. One more pushes out the oldest of those that weigh least; it is in its timeline or in the
/// log all the same.
const ALERTS_MAX: usize = 100;

impl Center {
    pub(crate) fn alert(&mut self, alert: Alert, now: Now) {
        while self.alerts.len() >= ALERTS_MAX {
            let oldest =
                self.alerts.values().min_by_key(|one| (weight(&one.alert), one.at)).map(|one| one.id);
            if let Some(oldest) = oldest {
                self.close_alert(oldest);
            }
        }
        let id = AlertId::generate(&mut self.ids);
        if let Alert::Emergency { number, interaction, .. } = &alert {
            self.tell(Some(*interaction), TimelineEvent::EmergencyCalled { number: number.clone() }, now);
        }
        let view = AlertView { id, at: now.utc, alert };
        self.effects.push_back(Effect::Publish(BoardEvent::Alert(Box::new(view.clone()))));
        self.alerts.insert(id, view);
    }

    /// One of two who talk has not heard the other for seconds. The alert stays until it is well again, the leg is over,
    /// or somebody has taken notice.
    pub(crate) fn one_way(&mut self, id: InteractionId, leg: LegId, way: SoundWay, now: Now) {
        let Some(live) = self.interactions.get(&id) else { return };
        let role = live.role_of(leg);
        let agent = live.record.agent.clone().filter(|_| role == LegRole::Agent);
        let from = match (role, agent.as_ref().and_then(|agent| self.desks.get(agent))) {
            (LegRole::Agent, Some(desk)) => {
                let number = desk.agent.phone.as_ref().map(ToString::to_string).unwrap_or_default();
                Party { display: Some(desk.agent.name.clone()), ..Party::number(number) }
            }
            (LegRole::Customer, _) => live.record.from.clone(),
            (LegRole::Agent | LegRole::Outside | LegRole::Supervisor, _) => {
                Party::number(live.record.to.clone())
            }
        };
        self.tell(Some(id), TimelineEvent::OneWay { leg, role, way }, now);
        self.alert(Alert::OneWay { from, agent, leg, way, interaction: id }, now);
    }

    /// A party is heard, or hears, again.
    pub(crate) fn way_restored(&mut self, leg: LegId, way: SoundWay, now: Now) {
        if let Some(id) = self.legs.get(&leg).copied()
            && let Some(live) = self.interactions.get(&id)
        {
            let role = live.role_of(leg);
            self.tell(Some(id), TimelineEvent::WayRestored { leg, role, way }, now);
        }
        self.close_alerts_of(leg, |one| one == way);
    }

    /// Nobody has to know any more how a leg sounds.
    pub(crate) fn close_alerts_of(&mut self, leg: LegId, is_over: impl Fn(SoundWay) -> bool) {
        let over = self.alerts.values().filter(
            |one| matches!(&one.alert, Alert::OneWay { leg: of, way, .. } if *of == leg && is_over(*way)),
        );
        let over: Vec<AlertId> = over.map(|one| one.id).collect();
        for id in over {
            self.close_alert(id);
        }
    }

    /// The disk has more or less room for recordings. There is one alert of it at a time, until it is well again or somebody
    /// has taken notice.
    pub(crate) fn recording_room(&mut self, room: RecordingRoom, free_bytes: u64, now: Now) {
        let of_room =
            |one: &&AlertView| matches!(one.alert, Alert::RecordingsLow { .. } | Alert::RecordingsFull);
        let over: Vec<AlertId> = self.alerts.values().filter(of_room).map(|one| one.id).collect();
        for id in over {
            self.close_alert(id);
        }
        match room {
            RecordingRoom::Enough => {}
            RecordingRoom::Low => self.alert(Alert::RecordingsLow { free_bytes }, now),
            RecordingRoom::Full => {
                self.trouble(None, "the disk is full: calls go on and are not recorded".to_owned(), now);
                self.alert(Alert::RecordingsFull, now);
            }
        }
    }

    /// A limit turns calls away. There is one alert of each, with how many calls it was until somebody takes notice.
    pub(crate) fn limit_reached(&mut self, limit: CallLimit, calls: u32, now: Now) {
        let before = self.alerts.values().find_map(|one| match &one.alert {
            // One that was set anew since is the same limit.
            Alert::LimitReached { limit: same, calls }
                if (same.kind, &same.of) == (limit.kind, &limit.of) =>
            {
                Some((one.id, *calls))
            }
            _ => None,
        });
        if let Some((id, _)) = before {
            self.close_alert(id);
        }
        let calls = before.map_or(0, |(_, calls)| calls).saturating_add(calls);
        self.alert(Alert::LimitReached { limit, calls }, now);
    }

    /// What the process before had seen is no more, or will be seen again. Calls for help stay.
    pub(crate) fn forget_alerts_of_before(&mut self) {
        let over = self.alerts.values().filter(|one| !matches!(one.alert, Alert::Emergency { .. }));
        let over: Vec<AlertId> = over.map(|one| one.id).collect();
        for id in over {
            self.close_alert(id);
        }
    }

    /// Somebody has taken notice.
    pub(crate) fn notice_alert(&mut self, id: AlertId) {
        let noticed = self.alerts.get(&id).map(|one| one.alert.clone());
        if let Some(Alert::LimitReached { limit, .. }) = noticed {
            // Telephony may hold calls that it has not told of yet; they are not to be seen afterwards.
            self.command(LegCommand::LimitNoticed { limit });
        }
        self.close_alert(id);
    }

    /// Somebody has taken notice, or it is over. Returns whether there was such an alert.
    pub(crate) fn close_alert(&mut self, id: AlertId) -> bool {
        let was_there = self.alerts.remove(&id).is_some();
        if was_there {
            self.effects.push_back(Effect::Publish(BoardEvent::AlertGone(id)));
        }
        was_there
    }

    /// Shows all alerts anew, to a board that has just begun.
    pub(crate) fn show_alerts(&mut self) {
        let views = self.alerts.values().cloned();
        self.effects.extend(views.map(|view| Effect::Publish(BoardEvent::Alert(Box::new(view)))));
    }

    /// Whether there is such an alert.
    pub fn has_alert(&self, id: AlertId) -> bool {
        self.alerts.contains_key(&id)
    }
}

/// Which alerts stay when there are too many. Limits can be reached by every phone at once, and would push out all others.
fn weight(alert: &Alert) -> u8 {
    match alert {
        Alert::LimitReached { .. } => 0,
        Alert::OneWay { .. } => 1,
        Alert::RecordingsLow { .. } | Alert::RecordingsFull => 2,
        Alert::Emergency { .. } => 3,
    }
}
