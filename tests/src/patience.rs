//! How the tests wait: for something that happens, never for time to pass.
//!
//! Most waits block on the event itself (a channel, a line of output, a condition variable). Files and processes of
//! others tell nobody when they change; for those alone there is [`until`], which looks again and again.

use std::thread;
use std::time::{Duration, Instant};

/// How often [`until`] looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A point in time after which waiting is a failure.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline so many seconds from now. The machine may be loaded: be generous, a passing test does not wait.
    pub fn after_s(seconds: u64) -> Deadline {
        Deadline(Instant::now() + Duration::from_secs(seconds))
    }

    /// What is left, or nothing once it has passed.
    pub fn left(self) -> Option<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}

/// Looks until `look` finds something; `None` when the time is up.
pub fn until<T>(seconds: u64, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Deadline::after_s(seconds);
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        let left = deadline.left()?;
        // Parking without anybody to unpark: a pause between two looks at somebody else's file.
        thread::park_timeout(LOOK_AGAIN.min(left));
    }
}

/// Like [`until`], for a yes or no, and fails with a sentence.
pub fn expect(what: &str, seconds: u64, mut look: impl FnMut() -> bool) {
    assert!(until(seconds, || look().then_some(())).is_some(), "after {seconds} s still not so: {what}");
}
