//! What a simulated day comes to, in the figures of the field.

use base::Duration;
use core::fmt;
use model::{InteractionRecord, Outcome};
use std::collections::BTreeMap;

/// The figures of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The seed it can be repeated from.
    pub seed: u64,
    /// Calls made.
    pub calls: u64,
    /// Virtual time from the first call to the end of the last.
    pub span: Duration,
    /// How the interactions ended.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Interactions that waited for an agent.
    pub queued: u64,
    /// Those an agent took.
    pub answered: u64,
    /// Those taken within 20 s.
    pub answered_in_time: u64,
    /// Those that left while waiting.
    pub abandoned: u64,
    /// Sum of the waits of those taken.
    pub waited_answered: Duration,
    /// The longest wait of all.
    pub longest_wait: Duration,
    /// Talk, hold and wrap-up.
    pub handled: Duration,
    /// Offers made to agents.
    pub offers: u64,
    /// Time agents spent with interactions, over all agents.
    pub busy: Duration,
    /// Time agents spent ready, over all agents.
    pub ready: Duration,
    /// Moments at which the invariants were looked at.
    pub steps: u64,
    /// Events of every kind that took place.
    pub lines: u64,
    /// A checksum over every record, in order: two runs that agree in it agreed in everything.
    pub fingerprint: u64,
}

/// The threshold of the service level that is printed.
const IN_TIME: Duration = Duration::from_secs(20);

impl Figures {
    /// Takes a closed interaction in.
    pub fn add(&mut self, record: &InteractionRecord) {
        let Some(outcome) = record.outcome else { return };
        *self.outcomes.entry(outcome.as_str()).or_default() += 1;
        self.offers += u64::from(record.offers);
        if record.queued_at.is_none() {
            return;
        }
        self.queued += 1;
        self.longest_wait = self.longest_wait.max(record.waited);
        if record.connected_at.is_some() {
            self.answered += 1;
            self.answered_in_time += u64::from(record.waited <= IN_TIME);
            self.waited_answered += record.waited;
            self.handled += record.talked + record.held + record.wrapped_up;
        } else if outcome == Outcome::Abandoned {
            self.abandoned += 1;
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part: u64, whole: u64| match whole {
            0 => "–".to_owned(),
            whole => format!("{:.1} %", 100.0 * part as f64 / whole as f64),
        };
        let mean = |sum: Duration, of: u64| match of {
            0 => "–".to_owned(),
            of => format!("{:.1} s", sum.as_secs_f64() / of as f64),
        };
        writeln!(f, "seed               {}", self.seed)?;
        writeln!(f, "calls              {}", self.calls)?;
        writeln!(f, "virtual time       {:.1} h", self.span.as_secs_f64() / 3600.0)?;
        for (outcome, number) in &self.outcomes {
            writeln!(f, "  {:<16} {number}", outcome.replace('_', " "))?;
        }
        writeln!(f, "queued             {}", self.queued)?;
        writeln!(f, "answered           {} ({})", self.answered, share(self.answered, self.queued))?;
        writeln!(f, "abandoned          {} ({})", self.abandoned, share(self.abandoned, self.queued))?;
        writeln!(f, "service level      {} within 20 s", share(self.answered_in_time, self.queued))?;
        writeln!(f, "speed of answer    {}", mean(self.waited_answered, self.answered))?;
        writeln!(f, "longest wait       {:.1} s", self.longest_wait.as_secs_f64())?;
        writeln!(f, "handle time        {}", mean(self.handled, self.answered))?;
        writeln!(f, "offers per answer  {:.2}", self.offers as f64 / self.answered.max(1) as f64)?;
        let (busy, ready) = (self.busy.as_secs(), self.ready.as_secs());
        writeln!(f, "occupancy          {}", share(busy, busy + ready))?;
        writeln!(f, "steps checked      {}", self.steps)?;
        writeln!(f, "lines of story     {}", self.lines)?;
        writeln!(f, "fingerprint        {:016x}", self.fingerprint)
    }
}
