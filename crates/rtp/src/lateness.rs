//! How late the packets of a stream come, and how long a buffer should therefore hold them: the estimate behind an
//! adaptive jitter buffer.
//!
//! The fastest packet of the last seconds is the measure; what others took longer is their lateness. A histogram that
//! forgets tells how late all but a few of them are: that is the target. A single outlier does not move it, a network that
//! has become worse moves it within a second or two, and one that has become better within some five.

use crate::RtpTime;
use base::{Duration, Instant};

/// How fine the histogram is, and how far it reaches: 400 ms.
const BUCKET_US: i64 = 10_000;
const BUCKETS: usize = 40;

/// How much of the histogram is kept with each packet: half of it is some 140 packets old.
const KEPT: f32 = 0.995;

/// The share of packets that shall be in time.
const IN_TIME: f32 = 0.97;

/// How long the fastest packet is remembered, at least; twice as long at most, so that clocks may drift apart.
const FASTEST_FOR: Duration = Duration::from_secs(5);

/// The shortest time that a buffer should hold packets.
pub const TARGET_MIN: Duration = Duration::from_millis(10);

/// The longest time that a buffer should hold packets: beyond it talking to each other suffers more than sound.
pub const TARGET_MAX: Duration = Duration::from_millis(200);

/// The estimate for one stream.
#[derive(Clone, Debug)]
pub struct Lateness {
    clock_rate: u32,
    /// The last timestamp, and how many units it lies after the first one, counted on without wraps.
    last: Option<(RtpTime, i64)>,
    /// The smallest way, arrival less timestamp in microseconds, of this span of [`FASTEST_FOR`] and of the one before.
    fastest: [i64; 2],
    span_ends: Instant,
    histogram: [f32; BUCKETS],
    target: Duration,
}

impl Lateness {
    /// Nothing is known yet.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate: clock_rate.max(1),
            last: None,
            fastest: [i64::MAX; 2],
            span_ends: Instant::START,
            histogram: [0.0; BUCKETS],
            target: TARGET_MIN,
        }
    }

    /// Takes note of a packet, also of one that came too late to be played.
    pub fn arrived(&mut self, timestamp: RtpTime, now: Instant) {
        let way = self.way(timestamp, now);
        if self.last.is_none() || now >= self.span_ends {
            self.fastest = [way, if self.last.is_none() { i64::MAX } else { self.fastest[0] }];
            self.span_ends = now + FASTEST_FOR;
        }
        self.fastest[0] = self.fastest[0].min(way);
        self.last = Some((timestamp, self.counted_on(timestamp)));
        let late = (way - self.fastest()).max(0);
        let bucket = usize::try_from(late / BUCKET_US).unwrap_or(BUCKETS).min(BUCKETS - 1);
        let mut all = 0.0;
        for weight in &mut self.histogram {
            *weight *= KEPT;
            all += *weight;
        }
        self.histogram[bucket] += 1.0;
        let mut in_time = 0.0;
        let reached = self.histogram.iter().position(|weight| {
            in_time += weight;
            in_time >= (all + 1.0) * IN_TIME
        });
        // A packet that is as late as its bucket is wide still has to be in time.
        let buckets = reached.unwrap_or(BUCKETS - 1) as u64 + 1;
        self.target = Duration::from_micros(buckets * BUCKET_US as u64).clamp(TARGET_MIN, TARGET_MAX);
    }

    /// How long packets should be held, counted from when the fastest of them would have come.
    pub fn target(&self) -> Duration {
        self.target
    }

    /// How long sound of this timestamp has been held if it is heard at `at`; zero before the first packet.
    pub fn held(&self, timestamp: RtpTime, at: Instant) -> Duration {
        if self.last.is_none() {
            return Duration::ZERO;
        }
        let micros = self.way(timestamp, at) - self.fastest();
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    fn fastest(&self) -> i64 {
        self.fastest[0].min(self.fastest[1])
    }

    fn counted_on(&self, timestamp: RtpTime) -> i64 {
        self.last.map_or(0, |(last, count)| count.saturating_add(i64::from(timestamp.distance_from(last))))
    }

    fn way(&self, timestamp: RtpTime, at: Instant) -> i64 {
        let sent = self.counted_on(timestamp).saturating_mul(1_000_000) / i64::from(self.clock_rate);
        i64::try_from(at.as_micros()).unwrap_or(i64::MAX).saturating_sub(sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_hardly_held() {
        assert_eq!(after(500, |_| 0).target(), TARGET_MIN);
    }

    #[test]
    fn jitter_is_held_and_one_outlier_is_not() {
        let held = after(500, |number| [0, 5, 35, 12][number as usize % 4]).target();
        assert_eq!(held, Duration::from_millis(40));
        assert_eq!(after(500, |number| if number == 450 { 300 } else { 0 }).target(), TARGET_MIN);
    }

    #[test]
    fn a_worse_network_is_noticed_soon_and_a_better_one_within_seconds() {
        let worse = |from: u32| move |number: u32| if number < from { 0 } else { number % 2 * 60 };
        assert!(after(520, worse(500)).target() >= Duration::from_millis(60));
        let better = |number: u32| if number < 500 { number % 2 * 80 } else { 0 };
        assert!(after(1_200, better).target() <= Duration::from_millis(20));
    }

    #[test]
    fn clocks_that_drift_apart_are_not_lateness() {
        // A far end whose clock is slow by two thousandths: each packet takes 40 µs longer than the last.
        let mut lateness = Lateness::new(8_000);
        for number in 0..20_000u32 {
            let now = Instant::from_micros(u64::from(number) * 20_040);
            lateness.arrived(RtpTime(number.wrapping_mul(160)), now);
        }
        assert!(lateness.target() <= Duration::from_millis(30), "{:?}", lateness.target());
    }

    #[test]
    fn no_network_is_held_for_longer_than_the_most() {
        assert_eq!(after(500, |number| number % 10 * 100).target(), TARGET_MAX);
    }

    /// A stream of packets of 20 ms that are late by so many milliseconds, across the wrap of the timestamp.
    fn after(packets: u32, late_ms: impl Fn(u32) -> u32) -> Lateness {
        let mut lateness = Lateness::new(8_000);
        for number in 0..packets {
            let timestamp = RtpTime((u32::MAX - 20_000).wrapping_add(number * 160));
            let now = Instant::from_micros(u64::from(number * 20 + late_ms(number)) * 1_000);
            lateness.arrived(timestamp, now);
        }
        lateness
    }
}
