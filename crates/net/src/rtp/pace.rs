//! When a media thread wakes: at once when little comes, every [`DRAIN`] when much does.
//!
//! Waking for every packet costs about half as much again as draining many at one wake. Draining at intervals costs
//! delay: half the interval in the middle, the whole of it at worst. So a thread with less than [`BUSY`] packets a second
//! reacts at once, and a busy one drains at an interval short enough to keep the added delay below 1 ms at the median.
//! A longer interval at higher load would save next to nothing: at 10 000 packets a second a wake already brings 16.

use base::{Duration, Instant};

/// From how many packets a second a thread drains at intervals; it goes back to reacting at once below half of it.
pub const BUSY: u64 = 1_000;

/// The interval of a busy thread.
pub const DRAIN: Duration = Duration::from_micros(1_600);

/// Over how long the load is measured.
const WINDOW: Duration = Duration::from_millis(100);

/// Measures the load of one thread and says how long it may rest.
#[derive(Clone, Debug)]
pub struct Pace {
    window_began: Instant,
    packets: u64,
    is_busy: bool,
}

impl Pace {
    /// Reacts at once, to begin with.
    pub fn new(now: Instant) -> Self {
        Self { window_began: now, packets: 0, is_busy: false }
    }

    /// Notes that a wake brought `packets` packets.
    pub fn woke(&mut self, packets: u64, now: Instant) {
        self.packets += packets;
        let passed = now.since(self.window_began);
        if passed >= WINDOW {
            let passed_us = u64::try_from(passed.as_micros()).unwrap_or(u64::MAX).max(1);
            let rate = self.packets.saturating_mul(1_000_000) / passed_us;
            self.is_busy = rate >= if self.is_busy { BUSY / 2 } else { BUSY };
            self.window_began = now;
            self.packets = 0;
        }
    }

    /// How long to rest before looking at the sockets again; zero means to wait for the next packet.
    pub fn rest(&self) -> Duration {
        if self.is_busy { DRAIN } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_with_few_packets_reacts_at_once() {
        assert_eq!(after(900, 1), Duration::ZERO);
    }

    #[test]
    fn a_busy_thread_drains_at_intervals_and_stops_when_the_load_has_halved() {
        let mut pace = Pace::new(Instant::START);
        let mut now = Instant::START;
        let mut rests = vec![];
        for rate in [900, 1_100, 900, 600, 400, 900] {
            for _ in 0..20 {
                now += Duration::from_millis(10);
                pace.woke(rate / 100, now);
            }
            rests.push(!pace.rest().is_zero());
        }
        assert_eq!(rests, [false, true, true, true, false, false]);
    }

    #[test]
    fn the_interval_keeps_the_delay_within_the_limits() {
        assert!(DRAIN / 2 <= Duration::from_millis(1), "the median");
        assert!(DRAIN <= Duration::from_millis(5), "the worst");
        assert_eq!(after(40_000, 1), DRAIN);
    }

    fn after(rate: u64, seconds: u64) -> Duration {
        let mut pace = Pace::new(Instant::START);
        for wake in 1..=seconds * 1_000 {
            pace.woke(
                (rate * wake / 1_000) - (rate * (wake - 1) / 1_000),
                Instant::from_micros(wake * 1_000),
            );
        }
        pace.rest()
    }
}
