//! How much room the disk has: looked at every few seconds, and told when it changes.
//!
//! Nothing is kept back for a full disk: every recording is tried, fails by itself, and the next one may succeed. So recordings go
//! on by themselves as soon as there is room.
//!
//! A disk may refuse though it has free bytes: a quota, no more files. It counts as full then until it has taken a file of a
//! few seconds of sound, which is tried as often as it is asked.

use model::RecordingRoom;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often the disk is asked.
pub const ROOM_INTERVAL: Duration = Duration::from_secs(2);

/// With less than this nothing worth keeping can be written: 1 MB is half a minute of one call.
const FULL_BELOW: u64 = 1 << 20;

/// The file that is written to see whether the disk takes one, and how large it is.
const TRIAL: &str = "trial";
const TRIAL_BYTES: usize = 1 << 16;

/// Called when the room changes, with the free bytes, from a thread of the recorder.
pub type OnRoom = Arc<dyn Fn(RecordingRoom, u64) + Send + Sync>;

/// Bytes that this account may still write below a folder.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// What is known of the disk.
pub(crate) struct Watch {
    low_below: u64,
    room: RecordingRoom,
    /// Whether the disk has refused something, and taken nothing since.
    refuses: bool,
    asked_at: Option<Instant>,
    on_room: OnRoom,
}

impl Watch {
    pub(crate) fn new(low_below: u64, on_room: OnRoom) -> Self {
        Self {
            low_below: low_below.max(FULL_BELOW),
            room: RecordingRoom::Enough,
            refuses: false,
            asked_at: None,
            on_room,
        }
    }

    /// Whether there is none.
    pub(crate) fn is_full(&self) -> bool {
        self.room == RecordingRoom::Full
    }

    /// Asks the disk, if it is time to. `refused` says that it refused something just now.
    pub(crate) fn look(&mut self, folder: &Path, refused: bool) -> Option<u64> {
        let due = self.asked_at.is_none_or(|asked| asked.elapsed() >= ROOM_INTERVAL);
        if !due && !refused {
            return None;
        }
        self.asked_at = Some(Instant::now());
        self.refuses = refused || (self.refuses && !takes_a_file(folder));
        let free = match free_bytes(folder) {
            Ok(free) => free,
            Err(error) => {
                tracing::error!(%error, folder = %folder.display(), "the disk does not tell how much room it has");
                return None;
            }
        };
        let room = room_of(free, self.low_below, self.room, self.refuses);
        if room != self.room {
            self.room = room;
            match room {
                RecordingRoom::Enough => tracing::info!(free, "there is room for recordings again"),
                RecordingRoom::Low => tracing::warn!(free, "there is little room left for recordings"),
                RecordingRoom::Full => tracing::error!(free, "the disk is full: calls are not recorded"),
            }
            (self.on_room)(room, free);
        }
        Some(free)
    }
}

/// Whether a new file can be written.
fn takes_a_file(folder: &Path) -> bool {
    let path = folder.join(TRIAL);
    let taken = std::fs::write(&path, [0; TRIAL_BYTES]).is_ok();
    let removed = std::fs::remove_file(&path);
    taken && removed.is_ok()
}

/// What so many free bytes mean. Whoever was warned is told that it is well again only when there is a tenth more, and a disk that
/// was full is so until it has twice what full means, so that nobody is alerted by every file that comes and goes.
fn room_of(free: u64, low_below: u64, before: RecordingRoom, refused: bool) -> RecordingRoom {
    use RecordingRoom::{Enough, Full, Low};

    let full_below = if before == Full { 2 * FULL_BELOW } else { FULL_BELOW };
    let low_below = if before == Enough { low_below } else { low_below + low_below / 10 };
    match free {
        _ if refused => Full,
        free if free < full_below => Full,
        free if free < low_below => Low,
        _ => Enough,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RecordingRoom::{Enough, Full, Low};

    #[test]
    fn a_disk_that_refuses_is_full_until_it_takes_a_file_however_many_bytes_are_free() {
        let folder = tempfile::tempdir().unwrap();
        let (told, rooms) = std::sync::mpsc::channel();
        let mut watch = Watch::new(0, Arc::new(move |room, _| told.send(room).unwrap_or_default()));
        let ask_again = |watch: &mut Watch, refused| {
            watch.asked_at = None;
            watch.look(folder.path(), refused);
        };
        // What stands in the way of the trial is nobody's but this test's.
        std::fs::create_dir(folder.path().join(TRIAL)).unwrap();
        ask_again(&mut watch, false);
        ask_again(&mut watch, true);
        for _ in 0..3 {
            ask_again(&mut watch, false);
            assert!(watch.is_full(), "nothing has been taken since");
        }
        std::fs::remove_dir(folder.path().join(TRIAL)).unwrap();
        ask_again(&mut watch, false);
        assert!(!watch.is_full());
        assert_eq!(rooms.try_iter().collect::<Vec<_>>(), [Full, Enough]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left of the trial");
    }

    #[test]
    fn nobody_is_alerted_by_every_file_that_comes_and_goes() {
        let mut before = Enough;
        let low = 100 * FULL_BELOW;
        let course = [
            (200, Enough),
            (101, Enough),
            (99, Low),
            (105, Low),
            (111, Enough),
            (50, Low),
            (0, Full),
            (1, Full),
            (3, Low),
        ];
        for (megabytes, expected) in course {
            before = room_of(megabytes * FULL_BELOW, low, before, false);
            assert_eq!(before, expected, "{megabytes} MB");
        }
        assert_eq!(
            room_of(200 * FULL_BELOW, low, Enough, true),
            Full,
            "the disk itself knows best: a quota, say"
        );
    }
}
