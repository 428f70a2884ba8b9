//! How busy a media thread is: the share of the last second that it did not rest.
//!
//! It decides where new calls go. A count of ports cannot: a relayed packet costs half a microsecond, a sealed one three
//! times as much, a frame of Opus three hundred microseconds.

use base::{Duration, Instant};

/// Over how long the work is measured.
const WINDOW: Duration = Duration::from_secs(1);

/// All of the time, in thousandths.
pub(super) const ALL: u32 = 1_000;

/// Measures one thread.
#[derive(Clone, Debug)]
pub(super) struct Load {
    window_began: Instant,
    worked: Duration,
    share: u32,
}

impl Load {
    /// Has done nothing yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { window_began: now, worked: Duration::ZERO, share: 0 }
    }

    /// Notes that the thread worked from `woke` until `now`, and rested before.
    pub(super) fn worked(&mut self, woke: Instant, now: Instant) {
        self.worked += now.since(woke);
        let passed = now.since(self.window_began);
        if passed >= WINDOW {
            let share = self.worked.as_micros() * u128::from(ALL) / passed.as_micros().max(1);
            self.share = u32::try_from(share).unwrap_or(ALL).min(ALL);
            (self.window_began, self.worked) = (now, Duration::ZERO);
        }
    }

    /// The share of the last whole second, in thousandths.
    pub(super) fn share(&self) -> u32 {
        self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_works_a_third_of_the_time_is_busy_by_a_third() {
        let mut load = Load::new(Instant::START);
        let ms = |millis: u64| Instant::from_micros(millis * 1_000);
        for round in 0..400u64 {
            load.worked(ms(round * 3 + 2), ms(round * 3 + 3));
        }
        assert!((330..=336).contains(&load.share()), "{}", load.share());
        // It sleeps for long, and is not busy any more.
        load.worked(ms(60_000), ms(60_001));
        assert!(load.share() <= 1, "{}", load.share());
        load.worked(ms(60_001), ms(70_000));
        assert_eq!(load.share(), ALL);
    }
}
