//! Wrong numbers keyed in for conferences: whoever guesses too often is not let in for a while, even with the right one.
//!
//! Counted for each room and caller's number over all calls, because whoever hangs up and dials again guesses as well.
//! Callers who hide their number count as one. What is keyed in right takes nothing back: a member's number must not buy
//! guesses at the moderator's.

use base::{Duration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many wrong numbers within [`WITHIN`] are too many.
pub(crate) const WRONG_MAX: usize = 10;

/// How long a wrong number counts, and how long whoever keyed in too many is refused.
pub(crate) const WITHIN: Duration = Duration::from_secs(15 * 60);

/// How many callers and rooms are remembered at most; the one whose last wrong number is longest ago is forgotten for a
/// further one.
const REMEMBERED_MAX: usize = 4096;

/// Who has keyed in wrong numbers lately.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Guesses {
    /// By room and caller's number: when, the oldest first; at most [`WRONG_MAX`] each.
    wrong: BTreeMap<(String, String), Vec<Timestamp>>,
}

impl Guesses {
    /// A wrong number. Returns whether it was the one too many.
    pub(crate) fn wrong(&mut self, room: &str, caller: &str, now: Timestamp) -> bool {
        let key = (room.to_owned(), caller.to_owned());
        if !self.wrong.contains_key(&key) && self.wrong.len() >= REMEMBERED_MAX {
            self.make_room(now);
        }
        let times = self.wrong.entry(key).or_default();
        if is_refused(times, now) {
            return false;
        }
        times.retain(|time| now.since(*time) < WITHIN);
        times.push(now);
        times.len() >= WRONG_MAX
    }

    /// Whether this caller is not let into this room now.
    pub(crate) fn is_refused(&self, room: &str, caller: &str, now: Timestamp) -> bool {
        let key = (room.to_owned(), caller.to_owned());
        self.wrong.get(&key).is_some_and(|times| is_refused(times, now))
    }

    fn make_room(&mut self, now: Timestamp) {
        self.wrong.retain(|_, times| times.last().is_some_and(|last| now.since(*last) < WITHIN));
        if self.wrong.len() >= REMEMBERED_MAX {
            let oldest = self.wrong.iter().min_by_key(|(_, times)| times.last().copied());
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.wrong.remove(&key);
            }
        }
    }
}

/// Refused is whoever has the full number of wrong ones, from the last of them on.
fn is_refused(times: &[Timestamp], now: Timestamp) -> bool {
    times.len() >= WRONG_MAX && times.last().is_some_and(|last| now.since(*last) < WITHIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_wrong_numbers_in_a_quarter_of_an_hour_are_too_many_for_a_quarter_of_an_hour() {
        let mut guesses = Guesses::default();
        let told: Vec<_> = (0..12).map(|minute| guesses.wrong("meeting", "ada", at(minute))).collect();
        assert_eq!(told.iter().position(|too_many| *too_many), Some(9));
        assert_eq!(told.iter().filter(|too_many| **too_many).count(), 1, "it is told once");
        assert!(
            guesses.is_refused("meeting", "ada", at(23)) && !guesses.is_refused("meeting", "ada", at(24))
        );
        assert!(!guesses.is_refused("meeting", "ben", at(12)) && !guesses.is_refused("lobby", "ada", at(12)));
        assert!(!guesses.wrong("meeting", "ada", at(24)), "what is that long ago counts no more");
    }

    #[test]
    fn who_errs_every_two_minutes_is_not_refused() {
        let mut guesses = Guesses::default();
        assert!((0..100).all(|time| !guesses.wrong("meeting", "ada", at(time * 2))));
    }

    #[test]
    fn many_callers_push_out_the_one_who_erred_longest_ago() {
        let mut guesses = Guesses::default();
        for _ in 0..WRONG_MAX {
            guesses.wrong("meeting", "first", at(0));
        }
        for caller in 0..REMEMBERED_MAX - 1 {
            guesses.wrong("meeting", &caller.to_string(), at(1));
        }
        assert!(guesses.is_refused("meeting", "first", at(1)));
        guesses.wrong("meeting", "one more", at(2));
        assert!(!guesses.is_refused("meeting", "first", at(2)));
        assert_eq!(guesses.wrong.len(), REMEMBERED_MAX);
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }
}
