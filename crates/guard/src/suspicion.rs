//! What speaks against a place: counted for a while, then forgotten.

use crate::asked::{Outcome, Way};
use crate::ban::Why;
use base::{Duration, Instant};

/// How long what speaks against a place is remembered.
pub const WINDOW: Duration = Duration::from_secs(10 * 60);

/// So many wrong passwords, for all users together, are guessing. A phone that is set up wrongly and asks every half
/// minute stays below it.
pub const WRONG_PASSWORDS_MAX: u32 = 30;

/// So many different users that do not exist are a search for one that does.
pub const UNKNOWN_USERS_MAX: usize = 8;

/// So many requests that were refused or could not be read have no good end in view.
pub const REFUSALS_MAX: u32 = 100;

/// What is known against one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suspicion {
    since: Instant,
    wrong_passwords: u32,
    /// What came over UDP and what came on connections: the former may all be forged, and must not be the reason why the
    /// latter shuts somebody out.
    refusals: [u32; 2],
    /// Fingerprints of the users asked for that do not exist.
    unknown_users: Vec<u32>,
}

impl Suspicion {
    /// Notes what became of a request. Returns why that was one too many.
    pub(crate) fn note(&mut self, outcome: Outcome, way: Way, identity: u32, now: Instant) -> Option<Why> {
        if now.since(self.since) >= WINDOW {
            *self = Self { since: now, ..Self::default() };
        }
        match outcome {
            Outcome::Authenticated => {
                *self = Self { since: now, ..Self::default() };
            }
            Outcome::WrongPassword => self.wrong_passwords = self.wrong_passwords.saturating_add(1),
            Outcome::UnknownUser => {
                self.wrong_passwords = self.wrong_passwords.saturating_add(1);
                if !self.unknown_users.contains(&identity) && self.unknown_users.len() < UNKNOWN_USERS_MAX {
                    self.unknown_users.push(identity);
                }
            }
            Outcome::Refused | Outcome::Malformed => {
                let count = &mut self.refusals[way as usize];
                *count = count.saturating_add(1);
            }
        }
        if self.unknown_users.len() >= UNKNOWN_USERS_MAX {
            Some(Why::ManyUsers)
        } else if self.wrong_passwords >= WRONG_PASSWORDS_MAX {
            Some(Why::Guessing)
        } else if self.refusals[way as usize] >= REFUSALS_MAX {
            Some(Why::ManyRefusals)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_with_a_wrong_password_is_no_scanner() {
        // It asks every 25 seconds for an hour, always for the same user.
        let mut suspicion = Suspicion::default();
        for attempt in 0..144 {
            let now = Instant::from_micros(attempt * 25_000_000);
            assert_eq!(
                suspicion.note(Outcome::UnknownUser, Way::Datagram, 7, now),
                None,
                "attempt {attempt}"
            );
        }
    }

    #[test]
    fn whoever_asks_for_user_after_user_is_one() {
        let mut suspicion = Suspicion::default();
        let noted: Vec<_> =
            (1..=8).map(|user| note(&mut suspicion, Outcome::UnknownUser, Way::Datagram, user)).collect();
        assert_eq!(noted.iter().flatten().count(), 1);
        assert_eq!(noted[7], Some(Why::ManyUsers));
    }

    #[test]
    fn guessing_one_password_is_found_out_too() {
        let mut suspicion = Suspicion::default();
        let mut guess = || note(&mut suspicion, Outcome::WrongPassword, Way::Datagram, 1);
        let noted = (1..=40).find_map(|n| Some((n, guess()?)));
        assert_eq!(noted, Some((WRONG_PASSWORDS_MAX, Why::Guessing)));
    }

    #[test]
    fn what_a_forger_sends_does_not_speak_against_a_connection() {
        let mut suspicion = Suspicion::default();
        for _ in 1..REFUSALS_MAX {
            assert_eq!(note(&mut suspicion, Outcome::Malformed, Way::Datagram, 0), None);
        }
        assert_eq!(note(&mut suspicion, Outcome::Refused, Way::Stream, 0), None);
        assert_eq!(note(&mut suspicion, Outcome::Refused, Way::Datagram, 0), Some(Why::ManyRefusals));
    }

    fn note(suspicion: &mut Suspicion, outcome: Outcome, way: Way, user: u32) -> Option<Why> {
        suspicion.note(outcome, way, user, Instant::START)
    }
}
