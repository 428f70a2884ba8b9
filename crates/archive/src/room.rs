//! How much room the disk has: looked at every few seconds, and told when it changes.
//!
//! Nothing is kept back for a full disk: every recording is tried, fails by itself, and the next one may succeed. So recordings go
//! on by themselves as soon as there is room.

use model::RecordingRoom;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often the disk is asked.
pub const ROOM_INTERVAL: Duration = Duration::from_secs(2);

/// With less than this nothing worth keeping can be written: 1 MB is half a minute of one call.
const FULL_BELOW: u64 = 1 << 20;

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
    asked_at: Option<Instant>,
    on_room: OnRoom,
}

impl Watch {
    pub(crate) fn new(low_below: u64, on_room: OnRoom) -> Self {
        Self { low_below: low_below.max(FULL_BELOW), room: RecordingRoom::Enough, asked_at: None, on_room }
    }

    /// Asks the disk, if it is time to. `refused` says that it refused something just now.
    pub(crate) fn look(&mut self, folder: &Path, refused: bool) -> Option<u64> {
        let due = self.asked_at.is_none_or(|asked| asked.elapsed() >= ROOM_INTERVAL);
        if !due && !refused {
            return None;
        }
        self.asked_at = Some(Instant::now());
        let free = match free_bytes(folder) {
            Ok(free) => free,
            Err(error) => {
                tracing::error!(%error, folder = %folder.display(), "the disk does not tell how much room it has");
                return None;
            }
        };
        let room = room_of(free, self.low_below, self.room, refused);
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
