//! Outlines of recordings that have none, as they are older than outlines are: made when somebody looks, one at a time.
//!
//! Making one takes seconds of a whole core for an hour of sound. Whoever waits for a turn waits as a task and holds no thread,
//! and only so many wait. A recording that cannot be read is not decoded again and again for whoever comes back to it.

use crate::sounds::{SoundError, Sounds};
use base::{Duration, Timestamp};
use model::{RecordingId, RecordingRecord};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// Who waits for an outline that has to be made; one more is turned away, and may come again.
pub const OUTLINES_WAITING_MAX: usize = 16;
/// How many recordings that could not be read are remembered; the one that failed first gives way.
pub const FAILED_MAX: usize = 1_000;
/// How long a recording that could not be read is not tried again: a disk that was away may be back then.
pub const FAILED_FOR: Duration = Duration::from_secs(10 * 60);

/// A list of values for each side.
pub type Sides = Vec<Vec<u8>>;

/// Why there is no outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoOutline {
    /// It was tried, now.
    Failed(SoundError),
    /// It was tried a while ago, and is not tried again so soon.
    FailedBefore,
    /// More wait than there is room for.
    Crowded,
}

/// Where outlines are made.
#[derive(Debug)]
pub struct OutlineDoor {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    failed: Mutex<Failed>,
}

/// Recordings that could not be read, and since when.
#[derive(Debug, Default)]
struct Failed(BTreeMap<RecordingId, Timestamp>);

impl Default for OutlineDoor {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(1)),
            waiting: Arc::new(Semaphore::new(1 + OUTLINES_WAITING_MAX)),
            failed: Mutex::default(),
        }
    }
}

impl OutlineDoor {
    /// Makes the outline of a recording that had none a moment ago.
    pub async fn make(
        &self,
        sounds: Arc<dyn Sounds>,
        recording: RecordingRecord,
        points: usize,
        now: Timestamp,
    ) -> Result<Sides, NoOutline> {
        let id = recording.id;
        if self.failed().is_known(id, now) {
            return Err(NoOutline::FailedBefore);
        }
        let _place = self.waiting.clone().try_acquire_owned().map_err(|_| NoOutline::Crowded)?;
        let turn = self.running.clone().acquire_owned().await.map_err(|_| NoOutline::Crowded)?;
        if self.failed().is_known(id, now) {
            return Err(NoOutline::FailedBefore);
        }
        let made = tokio::task::spawn_blocking(move || {
            // Whoever waited before may have made it.
            let made = match sounds.peaks(&recording, points) {
                Ok(None) => sounds.outline(&recording, points),
                Ok(Some(sides)) => Ok(sides),
                Err(error) => Err(error),
            };
            // Also when nobody waits for it any more, the next one begins when this one has ended.
            drop(turn);
            made
        });
        let made = made.await.unwrap_or_else(|error| Err(SoundError::Unreadable(error.to_string())));
        if let Err(SoundError::Unreadable(_)) = &made {
            self.failed().note(id, now);
        }
        made.map_err(NoOutline::Failed)
    }

    fn failed(&self) -> MutexGuard<'_, Failed> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failed {
    fn is_known(&self, id: RecordingId, now: Timestamp) -> bool {
        self.0.get(&id).is_some_and(|at| *at <= now && now < *at + FAILED_FOR)
    }

    fn note(&mut self, id: RecordingId, now: Timestamp) {
        if self.0.len() >= FAILED_MAX && !self.0.contains_key(&id) {
            let first = self.0.iter().min_by_key(|(_, at)| **at).map(|(id, _)| *id);
            if let Some(first) = first {
                self.0.remove(&first);
            }
        }
        self.0.insert(id, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sounds::OpenSound;
    use model::InteractionId;
    use model::record::RecordingKind;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};

    #[tokio::test]
    async fn outlines_are_made_one_at_a_time_and_only_so_many_wait() {
        let (door, (studio, begun, go)) = (Arc::new(OutlineDoor::default()), Studio::new());
        let asked: Vec<_> =
            (0..=OUTLINES_WAITING_MAX as u64).map(|number| ask(&door, &studio, number, 0)).collect();
        // Each has asked as far as it can when this one comes to its turn on the same thread.
        let begun = tokio::task::spawn_blocking(move || begun.recv().map(|()| begun)).await.unwrap().unwrap();
        assert_eq!(ask(&door, &studio, 99, 0).await.unwrap(), Err(NoOutline::Crowded));
        assert!(begun.try_recv().is_err(), "one at a time");
        for _ in &asked {
            go.send(()).unwrap();
        }
        for one in asked {
            assert_eq!(one.await.unwrap(), Ok(vec![vec![3; 2]]));
        }
        assert_eq!(studio.made.load(Ordering::Relaxed), 1 + OUTLINES_WAITING_MAX);
        go.send(()).unwrap();
        assert!(ask(&door, &studio, 99, 0).await.unwrap().is_ok(), "there is room again");
    }

    #[tokio::test]
    async fn a_recording_that_cannot_be_read_is_not_tried_again_for_a_while() {
        let (door, (studio, _begun, go)) = (Arc::new(OutlineDoor::default()), Studio::new());
        for _ in 0..2 {
            go.send(()).unwrap();
        }
        let damaged = Err(NoOutline::Failed(SoundError::Unreadable("noise".to_owned())));
        assert_eq!(ask(&door, &studio, DAMAGED, 0).await.unwrap(), damaged);
        assert_eq!(ask(&door, &studio, DAMAGED, 599).await.unwrap(), Err(NoOutline::FailedBefore));
        assert_eq!(studio.made.load(Ordering::Relaxed), 1);
        assert_eq!(ask(&door, &studio, DAMAGED, 600).await.unwrap(), damaged);
    }

    #[test]
    fn what_failed_first_gives_way() {
        let mut failed = Failed::default();
        for number in 0..=FAILED_MAX as u64 {
            failed.note(RecordingId::from_u64(number), at(number as i64 / 100));
        }
        assert_eq!(failed.0.len(), FAILED_MAX);
        assert!(!failed.is_known(RecordingId::from_u64(0), at(10)));
        assert!(failed.is_known(RecordingId::from_u64(1), at(10)));
    }

    /// The number of a recording that cannot be read.
    const DAMAGED: u64 = 77;

    /// Tells when it begins to make an outline, and waits until it is let.
    struct Studio {
        made: AtomicUsize,
        begins: Mutex<Sender<()>>,
        goes_on: Mutex<Receiver<()>>,
    }

    impl Studio {
        fn new() -> (Arc<Self>, Receiver<()>, Sender<()>) {
            let (begins, begun) = channel();
            let (go, goes_on) = channel();
            let studio =
                Self { made: AtomicUsize::new(0), begins: Mutex::new(begins), goes_on: Mutex::new(goes_on) };
            (Arc::new(studio), begun, go)
        }
    }

    impl Sounds for Studio {
        fn open(&self, _: &RecordingRecord) -> Result<OpenSound, SoundError> {
            Err(SoundError::Missing)
        }

        fn open_wav(&self, _: &RecordingRecord) -> Result<OpenSound, SoundError> {
            Err(SoundError::Missing)
        }

        fn peaks(&self, _: &RecordingRecord, _: usize) -> Result<Option<Sides>, SoundError> {
            Ok(None)
        }

        fn outline(&self, recording: &RecordingRecord, points: usize) -> Result<Sides, SoundError> {
            self.made.fetch_add(1, Ordering::Relaxed);
            self.begins.lock().unwrap().send(()).unwrap();
            self.goes_on.lock().unwrap().recv().unwrap();
            match recording.id == RecordingId::from_u64(DAMAGED) {
                true => Err(SoundError::Unreadable("noise".to_owned())),
                false => Ok(vec![vec![3; points]]),
            }
        }

        fn manifest(&self, _: &RecordingRecord) -> Result<Vec<u8>, SoundError> {
            Err(SoundError::Missing)
        }
    }

    fn ask(
        door: &Arc<OutlineDoor>,
        studio: &Arc<Studio>,
        number: u64,
        seconds: i64,
    ) -> tokio::task::JoinHandle<Result<Sides, NoOutline>> {
        let (door, sounds) = (door.clone(), studio.clone());
        tokio::spawn(async move { door.make(sounds, recording(number), 2, at(seconds)).await })
    }

    fn recording(number: u64) -> RecordingRecord {
        RecordingRecord {
            id: RecordingId::from_u64(number),
            interaction: InteractionId::from_u64(1),
            kind: RecordingKind::Call,
            started_at: at(0),
            length: Some(Duration::from_secs(60)),
            bytes: Some(1),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_794_441_600_000 + 1_000 * seconds)
    }
}
