//! What the disk had no room for, and when it is tried again.
//!
//! Finishing a recording takes more room than its part has, for as long as both are there, and a disk that is filled by trying it
//! fails every recording that goes on. So nothing is tried before there is room for it and for those, and what the disk refuses
//! all the same, because of a quota, say, is tried less and less often.
//!
//! ```text
//!   refused ──▶ waits ──room for it and more──▶ tried ──▶ finished
//!                 ▲                               │ refused again
//!                 └── a pause, twice as long ─────┘ the others wait with it; the next one is tried first then
//! ```

use model::RecordingId;
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Recordings that wait for room on the disk to be finished; what is refused beyond waits for the next start.
pub const WAITING_FOR_ROOM_MAX: usize = 10_000;

/// How often it is looked whether there is room, and how long nothing is tried after the first refusal.
pub const PAUSE_MIN: Duration = Duration::from_secs(5);
/// How long nothing is tried, however often the disk has refused.
pub const PAUSE_MAX: Duration = Duration::from_secs(600);

/// What finishing takes at most, as a multiple of the part: a part has a byte for each sample of each side that was heard, a WAV file
/// two for each of both sides. Silence that is in no part comes on top; the margin has room for half an hour of it.
const ROOM_FACTOR: u64 = 4;
/// What has to be left for the recordings that go on: the sound of a hundred calls for half a minute.
const MARGIN: u64 = 64 << 20;

/// Recordings that wait for room.
#[derive(Debug)]
pub(crate) struct Waiting {
    parts: BTreeMap<RecordingId, PathBuf>,
    /// The one tried last: the next one is tried first, so that one which is always refused stands in nobody's way.
    tried: Option<RecordingId>,
    /// How often the disk has refused one since nothing waited.
    refusals: u32,
    /// Nothing is tried before.
    again_at: Instant,
}

impl Waiting {
    pub(crate) fn new(now: Instant) -> Self {
        Self { parts: BTreeMap::new(), tried: None, refusals: 0, again_at: now }
    }

    /// Takes one more, unless there are too many.
    pub(crate) fn add(&mut self, recording: RecordingId, part: PathBuf, now: Instant) {
        if self.parts.is_empty() {
            self.refusals = 0;
            self.again_at = now + PAUSE_MIN;
        }
        if self.parts.len() < WAITING_FOR_ROOM_MAX {
            self.parts.insert(recording, part);
        }
    }

    /// When it is time to look after them; `None` while nothing waits.
    pub(crate) fn due(&self) -> Option<Instant> {
        (!self.parts.is_empty()).then_some(self.again_at)
    }

    /// The disk says that it has room again. What it refused nevertheless has to wait for its pause; returns whether there is none.
    pub(crate) fn hurry(&mut self, now: Instant) -> bool {
        if self.refusals == 0 {
            self.again_at = now;
        }
        self.due().is_some_and(|due| due <= now)
    }

    /// There is no room for any of them just now.
    pub(crate) fn look_later(&mut self, now: Instant) {
        self.again_at = now + PAUSE_MIN;
    }

    /// The next for which so many free bytes are enough.
    pub(crate) fn next(&mut self, free: u64) -> Option<(RecordingId, PathBuf)> {
        let behind = self.tried.map_or(Unbounded, Excluded);
        let (recording, _) = self
            .parts
            .range((behind, Unbounded))
            .chain(&self.parts)
            .find(|(_, part)| is_enough(free, bytes_of(part)))?;
        let recording = *recording;
        self.tried = Some(recording);
        self.parts.remove_entry(&recording)
    }

    /// The disk has refused it again. Returns how long nothing is tried.
    pub(crate) fn refused(&mut self, recording: RecordingId, part: PathBuf, now: Instant) -> Duration {
        self.parts.insert(recording, part);
        let pause = PAUSE_MIN.saturating_mul(1 << self.refusals.min(16)).min(PAUSE_MAX);
        self.refusals = self.refusals.saturating_add(1);
        self.again_at = now + pause;
        pause
    }
}

/// Whether a part can be finished with so many free bytes, and the recordings that go on still have some.
pub(crate) fn is_enough(free: u64, part: u64) -> bool {
    free >= part.saturating_mul(ROOM_FACTOR).saturating_add(MARGIN)
}

/// How large a part is. One that is gone takes no room, and it is found out when it is tried.
pub(crate) fn bytes_of(part: &Path) -> u64 {
    std::fs::metadata(part).map_or(0, |part| part.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_tried_only_when_live_recordings_keep_some_room() {
        assert!(!is_enough(0, 0));
        assert!(is_enough(MARGIN, 0));
        assert!(!is_enough(MARGIN + (4 << 20) - 1, 1 << 20));
        assert!(is_enough(MARGIN + (4 << 20), 1 << 20));
        assert!(!is_enough(u64::MAX - 1, u64::MAX));
    }

    #[test]
    fn a_large_part_holds_up_no_small_one_and_each_has_its_turn() {
        let folder = tempfile::tempdir().unwrap();
        let now = Instant::now();
        let mut waiting = Waiting::new(now);
        for (number, bytes) in [(1, 1_000_000), (2, 10), (3, 10)] {
            let part = folder.path().join(number.to_string());
            std::fs::write(&part, vec![0; bytes]).unwrap();
            waiting.add(RecordingId::from_u64(number), part, now);
        }
        let mut turns = Vec::new();
        for free in [MARGIN + 1_000, MARGIN + 1_000, MARGIN + 1_000, u64::MAX, u64::MAX, 0] {
            let Some((recording, part)) = waiting.next(free) else {
                turns.push(0);
                continue;
            };
            turns.push(recording.as_u64());
            waiting.refused(recording, part, now);
        }
        assert_eq!(turns, [2, 3, 2, 3, 1, 0]);
    }

    #[test]
    fn the_pause_doubles_with_each_refusal_up_to_its_limit() {
        let now = Instant::now();
        let mut waiting = Waiting::new(now);
        assert_eq!(waiting.due(), None);
        let one = RecordingId::from_u64(1);
        waiting.add(one, PathBuf::from("one"), now);
        assert_eq!(waiting.due(), Some(now + PAUSE_MIN));
        assert!(waiting.hurry(now), "it has not been tried since there is room");
        let mut pauses = Vec::new();
        for _ in 0..40 {
            let (recording, part) = waiting.next(u64::MAX).unwrap();
            pauses.push(waiting.refused(recording, part, now).as_secs());
            assert!(!waiting.hurry(now), "the pause is kept, whatever the disk says");
        }
        assert_eq!(&pauses[..8], [5, 10, 20, 40, 80, 160, 320, 600]);
        assert_eq!(pauses[39], 600);
        waiting.next(u64::MAX).unwrap();
        assert_eq!(waiting.due(), None);
        waiting.add(one, PathBuf::from("one"), now);
        assert!(waiting.hurry(now), "what waits later has a trouble of its own");
    }
}
