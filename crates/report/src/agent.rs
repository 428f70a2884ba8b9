//! What an agent did: a fold over closed interactions and over the lines of the timeline.
//!
//! | Number | Formula | From |
//! |---|---|---|
//! | handled | interactions that ended with this agent and are closed | records |
//! | talk, hold, wrap-up | their sums | records |
//! | AHT | (talk + hold + wrap-up) ÷ handled | records |
//! | asked, not taken | how often the agent was asked; how often another had to be asked then | lines |
//! | time in each state | the sums of how long each state had lasted when it ended | lines |
//! | logged in | all states but logged out | lines |
//! | occupancy | (talking + wrap-up) ÷ (talking + wrap-up + ready) | lines |
//!
//! A state that has not ended yet is not in the sums. Being rung is neither busy nor ready for the occupancy: nothing
//! is handled, and nothing else could be taken.

use crate::{Share, add, mean, millis};
use model::{AgentId, AgentState, InteractionRecord, TimelineEntry, TimelineEvent};
use std::collections::BTreeMap;

/// What an agent did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentReport {
    /// The agent.
    pub agent: AgentId,
    /// Interactions handled.
    pub handled: u64,
    /// Time talked, in milliseconds.
    pub talk_ms: u64,
    /// Time customers were on hold, in milliseconds.
    pub hold_ms: u64,
    /// After-contact work, in milliseconds.
    pub wrap_up_ms: u64,
    /// How often the agent was asked to take an interaction.
    pub asked: u64,
    /// How often the agent did not take it.
    pub not_taken: u64,
    /// Time spent in each state.
    pub states: StateTimes,
}

/// Milliseconds in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateTimes {
    /// Not at work.
    pub logged_out_ms: u64,
    /// At work, taking nothing, by reason.
    pub not_ready_ms: BTreeMap<String, u64>,
    /// Waiting for an interaction.
    pub ready_ms: u64,
    /// Being asked.
    pub reserved_ms: u64,
    /// Handling an interaction.
    pub talking_ms: u64,
    /// In wrap-up.
    pub wrap_up_ms: u64,
}

impl AgentReport {
    /// A report of nothing yet.
    pub fn new(agent: AgentId) -> Self {
        Self {
            agent,
            handled: 0,
            talk_ms: 0,
            hold_ms: 0,
            wrap_up_ms: 0,
            asked: 0,
            not_taken: 0,
            states: StateTimes::default(),
        }
    }

    /// Whether an interaction is one of this report's rows: closed, and taken by this agent.
    pub fn counts(&self, record: &InteractionRecord) -> bool {
        record.closed_at.is_some()
            && record.connected_at.is_some()
            && record.agent.as_ref() == Some(&self.agent)
    }

    /// Takes in an interaction, once. Those that do not count change nothing.
    pub fn fold(&mut self, record: &InteractionRecord) {
        if !self.counts(record) {
            return;
        }
        self.handled += 1;
        add(&mut self.talk_ms, millis(record.talked));
        add(&mut self.hold_ms, millis(record.held));
        add(&mut self.wrap_up_ms, millis(record.wrapped_up));
    }

    /// Takes in a line of the timeline, once. Lines about others change nothing.
    pub fn fold_line(&mut self, line: &TimelineEntry) {
        match &line.event {
            TimelineEvent::Offered { agent, .. } if *agent == self.agent => self.asked += 1,
            TimelineEvent::NotTaken { agent, .. } if *agent == self.agent => self.not_taken += 1,
            TimelineEvent::AgentChanged { agent, from, lasted, .. } if *agent == self.agent => {
                self.states.add(from, millis(*lasted));
            }
            _ => {}
        }
    }

    /// Takes in another report's rows and lines, which must not be among its own.
    pub fn merge(&mut self, other: &Self) {
        self.handled += other.handled;
        add(&mut self.talk_ms, other.talk_ms);
        add(&mut self.hold_ms, other.hold_ms);
        add(&mut self.wrap_up_ms, other.wrap_up_ms);
        self.asked += other.asked;
        self.not_taken += other.not_taken;
        self.states.merge(&other.states);
    }

    /// The average handle time: talk, hold and wrap-up.
    pub fn aht_ms(&self) -> Option<u64> {
        mean(self.talk_ms.saturating_add(self.hold_ms).saturating_add(self.wrap_up_ms), self.handled)
    }

    /// The share of the time in which something was handled, of that in which something could be.
    pub fn occupancy(&self) -> Share {
        let busy = self.states.talking_ms.saturating_add(self.states.wrap_up_ms);
        Share { part: busy, whole: busy.saturating_add(self.states.ready_ms) }
    }
}

impl StateTimes {
    fn add(&mut self, state: &AgentState, lasted_ms: u64) {
        let sum = match state {
            AgentState::LoggedOut => &mut self.logged_out_ms,
            AgentState::NotReady(reason) => self.not_ready_ms.entry(reason.as_str().to_owned()).or_default(),
            AgentState::Ready => &mut self.ready_ms,
            AgentState::Reserved(_) => &mut self.reserved_ms,
            AgentState::Talking(_) => &mut self.talking_ms,
            AgentState::WrapUp(_) => &mut self.wrap_up_ms,
        };
        add(sum, lasted_ms);
    }

    fn merge(&mut self, other: &Self) {
        add(&mut self.logged_out_ms, other.logged_out_ms);
        add(&mut self.ready_ms, other.ready_ms);
        add(&mut self.reserved_ms, other.reserved_ms);
        add(&mut self.talking_ms, other.talking_ms);
        add(&mut self.wrap_up_ms, other.wrap_up_ms);
        for (reason, more) in &other.not_ready_ms {
            add(self.not_ready_ms.entry(reason.clone()).or_default(), *more);
        }
    }

    /// Time at work: all states but logged out.
    pub fn logged_in_ms(&self) -> u64 {
        let busy = [self.ready_ms, self.reserved_ms, self.talking_ms, self.wrap_up_ms];
        busy.iter().chain(self.not_ready_ms.values()).fold(0, |sum, more| sum.saturating_add(*more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::tests::{a_record, record};
    use base::{Duration, Timestamp};
    use model::decision::{OfferReason, SelectionRule};
    use model::{EndCause, InteractionId, LegId, NotReadyReason, Outcome};
    use proptest::prelude::*;

    fn report() -> AgentReport {
        AgentReport::new("anna".into())
    }

    fn line(event: TimelineEvent) -> TimelineEntry {
        TimelineEntry { seq: 1, at: Timestamp::from_millis(0), interaction: None, event }
    }

    fn changed(agent: &str, from: AgentState, seconds: u64) -> TimelineEntry {
        let lasted = Duration::from_secs(seconds);
        line(TimelineEvent::AgentChanged { agent: agent.into(), from, to: AgentState::Ready, lasted })
    }

    fn offered(agent: &str) -> TimelineEntry {
        let why = OfferReason {
            queue: "support".into(),
            rule: SelectionRule::LongestIdle,
            idle: Duration::ZERO,
            candidates: 1,
            waited: Duration::ZERO,
            position: 1,
            priority: 0,
            skills: Vec::new(),
            passed_over: Vec::new(),
        };
        line(TimelineEvent::Offered { agent: agent.into(), leg: LegId::from_u64(1), why })
    }

    fn not_taken(agent: &str) -> TimelineEntry {
        line(TimelineEvent::NotTaken { agent: agent.into(), cause: EndCause::NoAnswer })
    }

    const CALL: InteractionId = InteractionId::from_u64(1);

    #[test]
    fn a_shift_counted_by_hand() {
        let lunch = AgentState::NotReady(NotReadyReason::Chosen(Some("lunch".to_owned())));
        let mut shift = report();
        for line in [
            changed("anna", AgentState::LoggedOut, 3600),
            changed("anna", AgentState::NotReady(NotReadyReason::LoggedIn), 10),
            changed("anna", AgentState::Ready, 60),
            offered("anna"),
            changed("anna", AgentState::Reserved(CALL), 15),
            not_taken("anna"),
            changed("anna", AgentState::NotReady(NotReadyReason::NoAnswer), 30),
            changed("anna", AgentState::Ready, 40),
            offered("anna"),
            changed("anna", AgentState::Reserved(CALL), 5),
            changed("anna", AgentState::Talking(CALL), 250),
            changed("anna", AgentState::WrapUp(CALL), 50),
            changed("anna", lunch.clone(), 1800),
            changed("bert", AgentState::Ready, 999),
            offered("bert"),
            not_taken("bert"),
            line(TimelineEvent::Started),
        ] {
            shift.fold_line(&line);
        }
        shift.fold(&record(0, Some([200, 50, 50]), Outcome::Handled));
        shift.fold(&InteractionRecord {
            agent: Some("bert".into()),
            ..record(0, Some([9, 9, 9]), Outcome::Handled)
        });
        shift.fold(&InteractionRecord { closed_at: None, ..record(0, Some([9, 9, 9]), Outcome::Handled) });

        assert_eq!((shift.handled, shift.asked, shift.not_taken), (1, 2, 1));
        assert_eq!(shift.aht_ms(), Some(300_000));
        assert_eq!(shift.occupancy(), Share { part: 300_000, whole: 400_000 });
        assert_eq!(shift.states.logged_in_ms(), 2_260_000);
        assert_eq!(shift.states.logged_out_ms, 3_600_000);
        assert_eq!(shift.states.not_ready_ms["lunch"], 1_800_000);
        assert_eq!(shift.states.not_ready_ms["no_answer"], 30_000);
    }

    #[test]
    fn an_agent_who_was_not_there_has_no_averages() {
        assert_eq!((report().aht_ms(), report().occupancy().percent()), (None, None));
    }

    fn a_line() -> impl Strategy<Value = TimelineEntry> {
        let state = prop_oneof![
            Just(AgentState::LoggedOut),
            Just(AgentState::NotReady(NotReadyReason::LoggedIn)),
            Just(AgentState::NotReady(NotReadyReason::Chosen(Some("lunch".to_owned())))),
            Just(AgentState::Ready),
            Just(AgentState::Reserved(CALL)),
            Just(AgentState::Talking(CALL)),
            Just(AgentState::WrapUp(CALL)),
        ];
        let agent = || prop::sample::select(vec!["anna", "bert"]);
        prop_oneof![
            4 => (agent(), state, 0u64..5000).prop_map(|(agent, state, seconds)| changed(agent, state, seconds)),
            1 => agent().prop_map(offered),
            1 => agent().prop_map(not_taken),
        ]
    }

    proptest! {
        #[test]
        fn the_fold_of_all_rows_is_the_sum_of_the_folds_of_its_parts(
            rows in proptest::collection::vec((a_record(), 0usize..3), 0..30),
            lines in proptest::collection::vec((a_line(), 0usize..3), 0..60),
        ) {
            let mut whole = report();
            let mut parts = [report(), report(), report()];
            for (row, part) in &rows {
                whole.fold(row);
                parts[*part].fold(row);
            }
            for (line, part) in &lines {
                whole.fold_line(line);
                parts[*part].fold_line(line);
            }
            let mut sum = report();
            for part in parts.iter().rev() {
                sum.merge(part);
            }
            prop_assert_eq!(&sum, &whole);

            // The agent's clock: all states together are as long as all lines about this agent say.
            let clock: u128 = lines.iter().map(|(line, _)| match &line.event {
                TimelineEvent::AgentChanged { agent, lasted, .. } if agent.as_str() == "anna" => lasted.as_millis(),
                _ => 0,
            }).sum();
            prop_assert_eq!(u128::from(whole.states.logged_in_ms() + whole.states.logged_out_ms), clock);
        }
    }
}
