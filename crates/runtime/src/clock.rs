//! The machine's clocks, turned into [`Now`].

use base::{Instant, Now, Timestamp};
use std::time::SystemTime;

/// Both clocks. The monotonic one goes on from where the journal ended, so that times before and after a restart can
/// be compared.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: std::time::Instant,
    offset: Instant,
}

impl Clock {
    /// A clock whose monotonic side shows `offset` now.
    pub fn starting_at(offset: Instant) -> Self {
        Self { began: std::time::Instant::now(), offset }
    }

    /// What both clocks show.
    pub fn now(&self) -> Now {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Now {
            mono: self.offset + self.began.elapsed(),
            utc: Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)),
        }
    }

    /// When the machine's clock will show `deadline`.
    pub fn when(&self, deadline: Instant) -> std::time::Instant {
        self.began + deadline.since(self.offset)
    }
}
