//! Ports for sound that could not be opened: what telephony is told, and what the log.
//!
//! Where all ports are in use, telephony knows what to do and tells the operator. Where the system gives none, or a media
//! thread has died, every call fails alike; the log says so once in a while, never once for each call.

use base::{Duration, Instant};
use net::rtp::OpenError;
use telephony::PortFailure;

/// How long a failure that was logged is not logged again.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// How often ports have failed since that was last logged.
#[derive(Debug, Default)]
pub(crate) struct PortTroubles {
    told_at: Option<Instant>,
    unsaid: u32,
}

impl PortTroubles {
    /// A port could not be opened. Returns what telephony is told.
    pub(crate) fn failed(&mut self, error: &OpenError, now: Instant) -> PortFailure {
        match error {
            OpenError::Exhausted { .. } | OpenError::Taken { .. } => {
                tracing::debug!(%error, "no media port");
                PortFailure::NoneFree
            }
            OpenError::Socket { .. } | OpenError::Open(_) | OpenError::Thread(_) => {
                if let Some(failures) = self.note(now) {
                    let why = std::error::Error::source(error).map(ToString::to_string);
                    tracing::error!(%error, why, failures, "no media port");
                }
                PortFailure::Broken
            }
        }
    }

    /// Returns how many failures are to be logged, this one included, if they are.
    fn note(&mut self, now: Instant) -> Option<u32> {
        self.unsaid = self.unsaid.saturating_add(1);
        if self.told_at.is_some_and(|told| now.since(told) < TELL_EVERY) {
            return None;
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use net::rtp::CommandError;
    use std::io;

    #[test]
    fn only_ports_that_are_all_in_use_are_a_limit() {
        let mut troubles = PortTroubles::default();
        let mut told = |error: OpenError| troubles.failed(&error, Instant::START);
        assert_eq!(told(OpenError::Exhausted { low: 1, high: 4, pairs: 2 }), PortFailure::NoneFree);
        assert_eq!(told(OpenError::Taken { low: 1, high: 4, tried: 2 }), PortFailure::NoneFree);
        let bind = std::net::Ipv4Addr::LOCALHOST.into();
        let source = io::Error::from_raw_os_error(24);
        assert_eq!(told(OpenError::Socket { bind, source }), PortFailure::Broken);
        assert_eq!(told(OpenError::Thread(CommandError::Ended(0))), PortFailure::Broken);
    }

    #[test]
    fn failures_are_logged_once_a_minute_with_how_many_they_were() {
        let mut troubles = PortTroubles::default();
        let mut at = |seconds: u64| troubles.note(Instant::START + Duration::from_secs(seconds));
        assert_eq!(
            [at(0), at(1), at(59), at(60), at(61), at(200)],
            [Some(1), None, None, Some(3), None, Some(2)]
        );
    }
}
