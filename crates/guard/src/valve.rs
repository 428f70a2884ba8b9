//! How much is shed: a valve that closes while messages wait too long and opens again when they do not.
//!
//! What is measured is how old a message is when it is taken up. Shedding a share of what comes, instead of everything
//! or nothing, keeps the machine at work while it is pressed: it settles where it just keeps up. Between the two marks
//! the valve stays as it is, so that it does not flutter.
//!
//! ```text
//!  lag ≥ high mark      closes by up to two tenths of a lane in each tick, the faster the longer the lag
//!  between the marks    stays
//!  lag < low mark       opens by a fiftieth of a lane in each tick
//! ```

use crate::lane::{SEVERITY_MAX, Severity};
use base::{Duration, Instant};

/// How often the valve is moved.
const TICK: Duration = Duration::from_millis(20);

/// How far it closes in one tick at the high mark; at a lag of four times the mark, and above, four times as far.
const CLOSES: Severity = 50;

/// How far it opens in one tick.
const OPENS: Severity = 20;

/// The low mark is so many times lower than the high one.
const MARKS: u32 = 4;

/// How many messages may wait before that alone is as bad as the high mark, however young they are.
pub const WAITING_MAX: usize = 512;

/// What the driver sees of its own work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// How long the message that waited longest had been waiting when it was taken up.
    pub oldest: Duration,
    /// How many messages wait.
    pub waiting: usize,
}

/// The valve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Valve {
    severity: Severity,
    /// The worst since it was last moved, in thousandths of the high mark.
    worst: u32,
    moved_at: Instant,
}

impl Valve {
    pub(crate) const fn open() -> Self {
        Self { severity: 0, worst: 0, moved_at: Instant::START }
    }

    pub(crate) const fn severity(&self) -> Severity {
        self.severity
    }

    /// Takes in how it stands now.
    pub(crate) fn press(&mut self, pressure: Pressure, high: Duration, now: Instant) {
        let high = high.as_micros().max(1);
        let lag = u32::try_from(pressure.oldest.as_micros().saturating_mul(1000) / high).unwrap_or(u32::MAX);
        let crowd = u32::try_from(pressure.waiting.saturating_mul(1000) / WAITING_MAX).unwrap_or(u32::MAX);
        self.worst = self.worst.max(lag).max(crowd);
        let ticks = now.since(self.moved_at).as_micros() / TICK.as_micros();
        if ticks == 0 {
            return;
        }
        self.moved_at = now;
        // Time in which nobody looked is time in which nothing waited.
        let idle = u32::try_from(ticks - 1).unwrap_or(u32::MAX);
        self.severity = self.severity.saturating_sub(idle.saturating_mul(OPENS));
        self.severity = match std::mem::take(&mut self.worst) {
            bad @ 1000.. => self.severity.saturating_add(CLOSES * bad.min(4000) / 1000).min(SEVERITY_MAX),
            good if good < 1000 / MARKS => self.severity.saturating_sub(OPENS),
            _ => self.severity,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    const HIGH: Duration = Duration::from_millis(100);

    #[test]
    fn it_closes_under_pressure_and_opens_slowly_afterwards() {
        let mut valve = Valve::open();
        let mut now = Instant::START;
        let mut course = String::new();
        for (ticks, lag_ms) in
            [(5, 10), (5, 100), (5, 400), (5, 4000), (5, 99), (5, 25), (5, 24), (100, 0), (50, 0)]
        {
            for _ in 0..ticks {
                now += TICK;
                valve.press(Pressure { oldest: Duration::from_millis(lag_ms), waiting: 0 }, HIGH, now);
            }
            let _ = writeln!(course, "{ticks:3} ticks at {lag_ms:4} ms: {}", valve.severity());
        }
        insta::assert_snapshot!(course, @r"
          5 ticks at   10 ms: 0
          5 ticks at  100 ms: 250
          5 ticks at  400 ms: 1250
          5 ticks at 4000 ms: 2250
          5 ticks at   99 ms: 2250
          5 ticks at   25 ms: 2250
          5 ticks at   24 ms: 2150
        100 ticks at    0 ms: 150
         50 ticks at    0 ms: 0
        ");
    }

    #[test]
    fn a_crowd_is_pressure_too() {
        let mut valve = Valve::open();
        valve.press(
            Pressure { oldest: Duration::ZERO, waiting: 2 * WAITING_MAX },
            HIGH,
            Instant::START + TICK,
        );
        assert_eq!(valve.severity(), 2 * CLOSES);
    }

    #[test]
    fn it_is_open_again_after_a_quiet_time_without_a_look() {
        let mut valve = Valve::open();
        let mut now = Instant::START;
        for _ in 0..1000 {
            now += TICK;
            valve.press(Pressure { oldest: Duration::from_secs(9), waiting: 0 }, HIGH, now);
        }
        assert_eq!(valve.severity(), SEVERITY_MAX);
        now += Duration::from_secs(60);
        valve.press(Pressure::default(), HIGH, now);
        assert_eq!(valve.severity(), 0);
    }
}
