//! Who is written down as having heard what just now: a player asks for a recording in many pieces, from wherever its
//! listener jumps to, and that is one hearing.

use base::{Duration, Timestamp};
use model::RecordingId;
use std::collections::BTreeMap;

/// How long the pieces that one person asks for are one hearing. After it, the next piece is another one.
pub const HEARING: Duration = Duration::from_secs(5 * 60);

/// How many hearings are remembered; the one that began first gives way, and what is heard of it then is written down
/// again.
pub const HEARINGS_MAX: usize = 10_000;

/// Hearings that have been written down.
#[derive(Debug, Default)]
pub struct Hearings {
    began: BTreeMap<(String, RecordingId), Timestamp>,
}

impl Hearings {
    /// Whether it is written down that this person hears this recording.
    pub fn is_known(&self, login: &str, recording: RecordingId, now: Timestamp) -> bool {
        let began = self.began.get(&(login.to_owned(), recording));
        began.is_some_and(|began| *began <= now && now < *began + HEARING)
    }

    /// It has been written down.
    pub fn note(&mut self, login: &str, recording: RecordingId, now: Timestamp) {
        let key = (login.to_owned(), recording);
        if self.began.len() >= HEARINGS_MAX && !self.began.contains_key(&key) {
            self.began.retain(|_, began| now < *began + HEARING);
            let first = self.began.iter().min_by_key(|(_, began)| **began).map(|(key, _)| key.clone());
            if let Some(first) = first.filter(|_| self.began.len() >= HEARINGS_MAX) {
                self.began.remove(&first);
            }
        }
        self.began.insert(key, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hearing_is_of_one_person_one_recording_and_a_few_minutes() {
        let mut hearings = Hearings::default();
        hearings.note("sara", recording(1), at(0));
        assert!(hearings.is_known("sara", recording(1), at(0)));
        assert!(hearings.is_known("sara", recording(1), at(299)));
        assert!(!hearings.is_known("sara", recording(1), at(300)), "later is another time");
        assert!(!hearings.is_known("sara", recording(2), at(0)));
        assert!(!hearings.is_known("root", recording(1), at(0)));
        assert!(!hearings.is_known("sara", recording(1), at(-1)), "a clock that was set back proves nothing");
    }

    #[test]
    fn the_oldest_hearing_gives_way_when_there_are_too_many() {
        let mut hearings = Hearings::default();
        for number in 0..=HEARINGS_MAX as u64 {
            hearings.note("sara", recording(number), at(number as i64 / 100));
        }
        assert_eq!(hearings.began.len(), HEARINGS_MAX);
        assert!(!hearings.is_known("sara", recording(0), at(100)));
        assert!(hearings.is_known("sara", recording(1), at(100)));
        // Those that are over make room for all at once.
        hearings.note("sara", recording(HEARINGS_MAX as u64 + 1), at(100_000));
        assert_eq!(hearings.began.len(), 1);
    }

    fn recording(number: u64) -> RecordingId {
        RecordingId::from_u64(number)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + second * 1_000)
    }
}
