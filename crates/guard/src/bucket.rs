//! Token buckets: how often something may happen, and how much of it at once.

use base::Instant;

/// A token, in the parts that are reckoned with.
const TOKEN: u64 = 1_000_000;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many in a second, lastingly …
    pub per_second: u32,
    /// … and so many at once.
    pub burst: u32,
}

/// What is left of a rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// In millionths of a token.
    level: u64,
    filled_at: Instant,
}

impl Rate {
    const fn full(self) -> u64 {
        self.burst as u64 * TOKEN
    }
}

impl Bucket {
    pub(crate) const fn full(rate: Rate, now: Instant) -> Self {
        Self { level: rate.full(), filled_at: now }
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        self.fill(rate, now);
        match self.level.checked_sub(TOKEN) {
            Some(left) => {
                self.level = left;
                true
            }
            None => false,
        }
    }

    /// Gives tokens back.
    pub(crate) fn give_back(&mut self, tokens: u32, rate: Rate) {
        self.level = self.level.saturating_add(u64::from(tokens) * TOKEN).min(rate.full());
    }

    /// Whether nothing was taken lately: such a bucket need not be kept.
    pub(crate) fn is_full(&mut self, rate: Rate, now: Instant) -> bool {
        self.fill(rate, now);
        self.level == rate.full()
    }

    fn fill(&mut self, rate: Rate, now: Instant) {
        let passed = u64::try_from(now.since(self.filled_at).as_micros()).unwrap_or(u64::MAX);
        // A token has as many parts as a second has microseconds.
        let came = passed.saturating_mul(u64::from(rate.per_second));
        self.level = self.level.saturating_add(came).min(rate.full());
        self.filled_at = self.filled_at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Duration;

    const RATE: Rate = Rate { per_second: 2, burst: 3 };

    #[test]
    fn so_many_at_once_and_then_so_many_in_a_second() {
        let mut now = Instant::from_micros(5);
        let mut bucket = Bucket::full(RATE, now);
        assert_eq!([(); 4].map(|()| bucket.take(RATE, now)), [true, true, true, false]);
        now += Duration::from_millis(500);
        assert_eq!([(); 2].map(|()| bucket.take(RATE, now)), [true, false]);
        now += Duration::from_secs(3600);
        assert!(bucket.is_full(RATE, now));
        assert_eq!([(); 4].map(|()| bucket.take(RATE, now)), [true, true, true, false]);
    }

    #[test]
    fn what_is_given_back_never_overflows() {
        let now = Instant::START;
        let mut bucket = Bucket::full(RATE, now);
        bucket.give_back(u32::MAX, RATE);
        assert!(bucket.is_full(RATE, now));
        // A clock that goes back fills nothing.
        bucket.filled_at = Instant::from_micros(9);
        bucket.level = 0;
        assert!(!bucket.take(RATE, now));
    }
}
