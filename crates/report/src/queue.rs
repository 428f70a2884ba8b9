//! What a queue did: a fold over closed interactions.
//!
//! | Number | Formula |
//! |---|---|
//! | offered | interactions that waited for this queue last and are closed |
//! | answered | of these, those an agent took |
//! | in time | of the answered, those who waited no longer than the threshold |
//! | abandoned | those who left while waiting, after more than the short-abandon time |
//! | abandoned short | those who left while waiting, within the short-abandon time |
//! | elsewhere | those who were led out of the queue by their flow: offered − answered − both kinds of abandoned |
//! | service level, every abandon | in time ÷ (answered + abandoned) |
//! | service level, late abandons | in time ÷ (answered + those of the abandoned who waited longer than the threshold) |
//! | ASA | wait of the answered ÷ answered |
//! | AHT | (talk + hold + wrap-up) ÷ answered |
//! | abandon rate | abandoned ÷ (answered + abandoned) |
//!
//! An interaction that waited for several queues counts for the last one, with all its waiting: that is what its
//! record keeps.

use crate::{Share, add, mean, millis};
use model::queue::ServiceLevelGoal;
use model::{InteractionRecord, Outcome, QueueId};

/// Which of those who left count against the service level. Short abandons never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandons {
    /// Everybody who left.
    Every,
    /// Those who left after the threshold had passed: whoever left sooner could still have been answered in time.
    Late,
}

/// What a queue did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueReport {
    /// The queue.
    pub queue: QueueId,
    /// The promise it is measured by.
    pub goal: ServiceLevelGoal,
    /// Interactions that waited.
    pub offered: u64,
    /// Taken by an agent.
    pub answered: u64,
    /// Taken within the threshold.
    pub in_time: u64,
    /// Left while waiting, short abandons not among them.
    pub abandoned: u64,
    /// Of the abandoned, those who left after the threshold.
    pub abandoned_late: u64,
    /// Left while waiting, within the short-abandon time.
    pub abandoned_short: u64,
    /// How often agents were asked.
    pub offers: u64,
    /// Wait of the answered, in milliseconds.
    pub answered_wait_ms: u64,
    /// Wait of the abandoned, in milliseconds; short abandons not among them.
    pub abandoned_wait_ms: u64,
    /// The longest wait of all, in milliseconds, however it ended.
    pub wait_ms_max: u64,
    /// Time agents talked, in milliseconds.
    pub talk_ms: u64,
    /// Time customers were on hold, in milliseconds.
    pub hold_ms: u64,
    /// After-contact work, in milliseconds.
    pub wrap_up_ms: u64,
}

impl QueueReport {
    /// A report of nothing yet.
    pub fn new(queue: QueueId, goal: ServiceLevelGoal) -> Self {
        Self {
            queue,
            goal,
            offered: 0,
            answered: 0,
            in_time: 0,
            abandoned: 0,
            abandoned_late: 0,
            abandoned_short: 0,
            offers: 0,
            answered_wait_ms: 0,
            abandoned_wait_ms: 0,
            wait_ms_max: 0,
            talk_ms: 0,
            hold_ms: 0,
            wrap_up_ms: 0,
        }
    }

    /// Whether an interaction is one of this report's rows: closed, and last in this queue.
    pub fn counts(&self, record: &InteractionRecord) -> bool {
        record.closed_at.is_some() && record.queue.as_ref() == Some(&self.queue)
    }

    /// Takes in an interaction, once. Those that do not count change nothing.
    pub fn fold(&mut self, record: &InteractionRecord) {
        if !self.counts(record) {
            return;
        }
        let wait = millis(record.waited);
        self.offered += 1;
        self.offers += u64::from(record.offers);
        self.wait_ms_max = self.wait_ms_max.max(wait);
        if record.connected_at.is_some() {
            self.answered += 1;
            self.in_time += u64::from(record.waited <= self.goal.threshold);
            add(&mut self.answered_wait_ms, wait);
            add(&mut self.talk_ms, millis(record.talked));
            add(&mut self.hold_ms, millis(record.held));
            add(&mut self.wrap_up_ms, millis(record.wrapped_up));
        } else if record.outcome == Some(Outcome::Abandoned) {
            if record.waited <= self.goal.short_abandon {
                self.abandoned_short += 1;
            } else {
                self.abandoned += 1;
                self.abandoned_late += u64::from(record.waited > self.goal.threshold);
                add(&mut self.abandoned_wait_ms, wait);
            }
        }
    }

    /// Takes in another report's rows, which must not be among its own. The goal stays its own.
    pub fn merge(&mut self, other: &Self) {
        self.offered += other.offered;
        self.answered += other.answered;
        self.in_time += other.in_time;
        self.abandoned += other.abandoned;
        self.abandoned_late += other.abandoned_late;
        self.abandoned_short += other.abandoned_short;
        self.offers += other.offers;
        self.wait_ms_max = self.wait_ms_max.max(other.wait_ms_max);
        add(&mut self.answered_wait_ms, other.answered_wait_ms);
        add(&mut self.abandoned_wait_ms, other.abandoned_wait_ms);
        add(&mut self.talk_ms, other.talk_ms);
        add(&mut self.hold_ms, other.hold_ms);
        add(&mut self.wrap_up_ms, other.wrap_up_ms);
    }

    /// Led out of the queue by their flow: to a message, to another step.
    pub fn elsewhere(&self) -> u64 {
        self.offered.saturating_sub(self.answered + self.abandoned + self.abandoned_short)
    }

    /// The share answered in time, by one formula or the other.
    pub fn service_level(&self, abandons: Abandons) -> Share {
        let left = match abandons {
            Abandons::Every => self.abandoned,
            Abandons::Late => self.abandoned_late,
        };
        Share { part: self.in_time, whole: self.answered + left }
    }

    /// Whether the promise was kept, by one formula or the other.
    pub fn keeps_its_promise(&self, abandons: Abandons) -> bool {
        self.service_level(abandons).reaches(self.goal.goal)
    }

    /// The share that left, short abandons counted on neither side.
    pub fn abandon_rate(&self) -> Share {
        Share { part: self.abandoned, whole: self.answered + self.abandoned }
    }

    /// The average speed of answer.
    pub fn asa_ms(&self) -> Option<u64> {
        mean(self.answered_wait_ms, self.answered)
    }

    /// The average handle time: talk, hold and wrap-up.
    pub fn aht_ms(&self) -> Option<u64> {
        mean(self.handle_ms(), self.answered)
    }

    /// Talk, hold and wrap-up together.
    pub fn handle_ms(&self) -> u64 {
        self.talk_ms.saturating_add(self.hold_ms).saturating_add(self.wrap_up_ms)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use base::{Duration, Timestamp};
    use model::{AgentId, Channel, InteractionId, Party};
    use proptest::prelude::*;

    fn report() -> QueueReport {
        QueueReport::new("support".into(), ServiceLevelGoal::default())
    }

    /// A closed interaction of anna's in the queue support. `handled` are talk, hold and wrap-up in seconds.
    pub(crate) fn record(waited_ms: u64, handled: Option<[u64; 3]>, outcome: Outcome) -> InteractionRecord {
        let seconds = |part: usize| Duration::from_secs(handled.map_or(0, |parts| parts[part]));
        let at = Timestamp::from_millis(1_794_477_604_250);
        InteractionRecord {
            id: InteractionId::from_u64(1),
            channel: Channel::Voice,
            state: "closed".to_owned(),
            from: Party::number("5551234"),
            to: "4001".to_owned(),
            origin: "trunk:carrier".to_owned(),
            arrived_at: at,
            queue: Some("support".into()),
            queued_at: Some(at),
            agent: handled.map(|_| AgentId::new("anna")),
            connected_at: handled.map(|_| at),
            ended_at: Some(at),
            closed_at: Some(at),
            outcome: Some(outcome),
            waited: Duration::from_millis(waited_ms),
            talked: seconds(0),
            held: seconds(1),
            wrapped_up: seconds(2),
            offers: u32::from(handled.is_some()),
            legs: Vec::new(),
        }
    }

    #[test]
    fn a_day_counted_by_hand() {
        let mut day = report();
        for row in [
            record(0, Some([60, 0, 10]), Outcome::Handled),
            record(20_000, Some([120, 30, 10]), Outcome::Handled),
            record(20_001, Some([90, 0, 5]), Outcome::Handled),
            record(45_000, Some([10, 0, 0]), Outcome::Interrupted),
            record(5000, None, Outcome::Abandoned),
            record(5001, None, Outcome::Abandoned),
            record(70_000, None, Outcome::Abandoned),
            record(90_000, None, Outcome::Voicemail),
        ] {
            day.fold(&row);
        }
        assert_eq!((day.offered, day.answered, day.in_time), (8, 4, 2));
        assert_eq!((day.abandoned, day.abandoned_late, day.abandoned_short), (2, 1, 1));
        assert_eq!(day.elsewhere(), 1);
        assert_eq!(day.service_level(Abandons::Every), Share { part: 2, whole: 6 });
        assert_eq!(day.service_level(Abandons::Late), Share { part: 2, whole: 5 });
        assert_eq!(day.service_level(Abandons::Late).percent(), Some(40.0));
        assert!(!day.keeps_its_promise(Abandons::Late));
        assert_eq!(day.abandon_rate(), Share { part: 2, whole: 6 });
        assert_eq!(day.asa_ms(), Some(21_250));
        assert_eq!((day.talk_ms, day.hold_ms, day.wrap_up_ms), (280_000, 30_000, 25_000));
        assert_eq!(day.aht_ms(), Some(83_750));
        assert_eq!(day.wait_ms_max, 90_000);
        assert_eq!(day.offers, 4);
    }

    #[test]
    fn a_queue_without_callers_has_no_averages_and_broke_no_promise() {
        let quiet = report();
        assert_eq!((quiet.asa_ms(), quiet.aht_ms()), (None, None));
        assert_eq!(quiet.service_level(Abandons::Every).percent(), None);
        assert!(quiet.keeps_its_promise(Abandons::Every));
    }

    #[test]
    fn open_interactions_and_those_of_other_queues_do_not_count() {
        let mut day = report();
        let open = InteractionRecord { closed_at: None, ..record(1, None, Outcome::Abandoned) };
        let other = InteractionRecord { queue: Some("sales".into()), ..record(1, None, Outcome::Abandoned) };
        let none = InteractionRecord { queue: None, ..record(1, None, Outcome::SelfServed) };
        for row in [open, other, none] {
            assert!(!day.counts(&row));
            day.fold(&row);
        }
        assert_eq!(day, report());
    }

    pub(crate) fn a_record() -> impl Strategy<Value = InteractionRecord> {
        let outcome = prop::sample::select(Outcome::ALL.to_vec());
        let handled = proptest::option::of([0u64..2000, 0u64..600, 0u64..300]);
        (0u64..120_000, handled, outcome, any::<bool>(), any::<bool>()).prop_map(
            |(waited, handled, outcome, ours, closed)| {
                let mut row = record(waited, handled, outcome);
                row.queue = Some(if ours { "support" } else { "sales" }.into());
                row.closed_at = row.closed_at.filter(|_| closed);
                row
            },
        )
    }

    proptest! {
        #[test]
        fn the_fold_of_all_rows_is_the_sum_of_the_folds_of_its_parts(
            rows in proptest::collection::vec((a_record(), 0usize..3), 0..60),
        ) {
            let mut whole = report();
            let mut parts = [report(), report(), report()];
            for (row, part) in &rows {
                whole.fold(row);
                parts[*part].fold(row);
            }
            let mut sum = report();
            for part in parts.iter().rev() {
                sum.merge(part);
            }
            prop_assert_eq!(&sum, &whole);

            // Everybody who came is in exactly one heap, counted here in another way.
            let ours = rows.iter().filter(|(row, _)| whole.counts(row)).count() as u64;
            prop_assert_eq!(whole.offered, ours);
            let left = whole.answered + whole.abandoned + whole.abandoned_short + whole.elsewhere();
            prop_assert_eq!(left, ours);
            prop_assert!(whole.in_time <= whole.answered && whole.abandoned_late <= whole.abandoned);
        }
    }
}
