//! Telling the story: every line and every record leaves through here.

use crate::{Center, Effect};
use base::Now;
use model::{InteractionId, Record, TimelineEntry, TimelineEvent};

impl Center {
    /// Adds a line.
    pub(crate) fn tell(&mut self, interaction: Option<InteractionId>, event: TimelineEvent, now: Now) {
        self.seq += 1;
        let entry = TimelineEntry { seq: self.seq, at: now.utc, interaction, event };
        self.effects.push_back(Effect::Persist(Record::Timeline(Box::new(entry))));
    }

    /// Adds a line an operator should see.
    pub(crate) fn trouble(&mut self, interaction: Option<InteractionId>, what: String, now: Now) {
        self.tell(interaction, TimelineEvent::Trouble { what }, now);
    }

    /// Writes what is known of an interaction.
    pub(crate) fn keep(&mut self, interaction: InteractionId) {
        if let Some(live) = self.interactions.get(&interaction) {
            self.effects.push_back(Effect::Persist(Record::Interaction(Box::new(live.record.clone()))));
        }
    }
}
