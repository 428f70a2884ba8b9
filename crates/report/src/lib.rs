//! Every number of a report as a fold over what is stored.
//!
//! A report takes rows one by one, in any order, and ignores those that are not its own; two reports of the same
//! kind can be merged, and the whole is what one report of all rows would be. So a report of a day is the sum of its
//! hours, and each number can be opened to the rows behind it.
//!
//! Sums are whole milliseconds; nothing is rounded before it is shown. There is no SQL here and no clock: which rows
//! belong to a report's time is decided by whoever hands them in, by their arrival.
//!
//! Reading order: [`share`], [`queue`], [`agent`].

pub mod agent;
pub mod queue;
pub mod share;

pub use agent::{AgentReport, StateTimes};
pub use queue::{Abandons, QueueReport};
pub use share::{Share, mean};

use base::Duration;

/// A duration as a sum keeps it. Longer than half a billion years is as good as that.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Sums of durations stay at the top rather than begin anew.
pub(crate) fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}
