//! What supervisors have to know at once. An alert stays until somebody takes notice of it, also through a restart.

use crate::{Center, Effect};
use base::Now;
use model::{Alert, AlertId, AlertView, BoardEvent, TimelineEvent};

/// Alerts that may be open at once. One more pushes out the oldest, which is in the timelines all the same.
const ALERTS_MAX: usize = 100;

impl Center {
    pub(crate) fn alert(&mut self, alert: Alert, now: Now) {
        while self.alerts.len() >= ALERTS_MAX {
            let oldest = self.alerts.values().min_by_key(|one| one.at).map(|one| one.id);
            if let Some(oldest) = oldest {
                self.close_alert(oldest);
            }
        }
        let id = AlertId::generate(&mut self.ids);
        let Alert::Emergency { number, interaction, .. } = &alert;
        self.tell(Some(*interaction), TimelineEvent::EmergencyCalled { number: number.clone() }, now);
        let view = AlertView { id, at: now.utc, alert };
        self.effects.push_back(Effect::Publish(BoardEvent::Alert(Box::new(view.clone()))));
        self.alerts.insert(id, view);
    }

    /// Somebody has taken notice. Returns whether there was such an alert.
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
