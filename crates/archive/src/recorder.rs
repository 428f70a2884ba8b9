//! The recorder: one thread that writes what the media threads hear, one that finishes files, and one that brings the files being
//! written onto the disk, which may take long.
//!
//! Media threads hand frames over through a bounded ring and never wait; a frame that finds it full is counted and
//! gone. The recorder looks into the ring at fixed intervals instead of being woken for every frame, which costs a
//! fraction of the time, and then makes one write for each recording. A recording whose file cannot be written any more
//! fails by itself: what was written stays, the others go on. Once the disk has room again, what it refused is finished, as far
//! as it was written.

use crate::finisher::{Finisher, Job};
use crate::part::{Head, PartWriter};
use crate::room::{OnRoom, ROOM_INTERVAL, Watch};
use crate::wav::SAMPLES_PER_SECOND;
use crate::{Archive, ArchiveError, Finished, Manifest, folder};
use base::Timestamp;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError};
use media::{Recorded, RecordingKey};
use model::record::RecordingKind;
use model::{RecordingId, RecordingMark};
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Bound::{Excluded, Unbounded};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the ring is emptied into the files. A crash costs at most this much sound, and what was in the ring.
pub const WRITE_INTERVAL: Duration = Duration::from_millis(200);
/// How often files are brought onto the disk, for the case of a power failure.
pub const SYNC_INTERVAL: Duration = Duration::from_secs(2);

/// Files that wait to be brought onto the disk, each of them open. On a disk too slow for more, the others wait for the next
/// turn: a power failure costs them more than [`SYNC_INTERVAL`].
pub const SYNCS_WAITING_MAX: usize = 256;

/// The recorder's limits.
#[derive(Clone, Debug)]
pub struct RecorderOptions {
    /// Frames in the ring: 65 536 of them are 13 MB, and the sound of 100 calls for six seconds.
    pub ring_max: usize,
    /// Recordings at once, each an open file, with those that are over and being finished.
    pub recordings_max: usize,
    /// Below how many free bytes somebody is warned.
    pub low_below: u64,
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self { ring_max: 65_536, recordings_max: 10_000, low_below: 2_000_000_000 }
    }
}

/// How a recording ended.
#[derive(Debug)]
pub enum Ended {
    /// It can be heard.
    Finished(Finished),
    /// It can be heard, though it may have been told to have failed: a crash had cut it, or there was no room for it, and now there
    /// is. This is its manifest, which tells all that the library has to know of it.
    Saved(Box<Manifest>),
    /// It went wrong. What was written stays on the disk; it is finished when there is room again, if that was what was missing, or
    /// by the next start.
    Failed {
        /// Which.
        recording: RecordingId,
        /// Why.
        why: ArchiveError,
    },
}

/// What the recorder does and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecorderStats {
    /// Recordings that go on.
    pub active: u64,
    /// Frames taken since the start.
    pub frames: u64,
    /// Frames that found the ring full.
    pub dropped: u64,
    /// Frames for recordings that nobody began, or that have failed or ended.
    pub stray: u64,
    /// Recordings finished.
    pub finished: u64,
    /// Recordings failed.
    pub failed: u64,
    /// Bytes that were free on the disk when it was asked last.
    pub free_bytes: u64,
}

/// Called for every recording that ended, from a thread of the recorder.
pub type OnEnded = Arc<dyn Fn(Ended) + Send + Sync>;

/// A handle on the recorder's threads; a clone is another one. When the last is dropped, every recording is finished.
#[derive(Clone, Debug)]
pub struct Recorder {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Orders are few and must not be lost, so that only recordings limit them.
    orders: Option<Sender<Order>>,
    ring: Sender<Recorded>,
    counts: Arc<Counts>,
    recordings_max: usize,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) active: AtomicU64,
    frames: AtomicU64,
    dropped: AtomicU64,
    stray: AtomicU64,
    finished: AtomicU64,
    failed: AtomicU64,
    free_bytes: AtomicU64,
    /// The disk refused something for want of room since it was asked last.
    pub(crate) refused: AtomicBool,
    /// The disk has no room, as far as is known.
    pub(crate) full: AtomicBool,
}

#[derive(Debug)]
enum Order {
    Begin(Head),
    Mark { recording: RecordingId, mark: RecordingMark, at: Timestamp },
    Finish(RecordingId),
}

impl Recorder {
    /// Starts a recorder that writes into `archive`.
    pub fn start(
        archive: Archive,
        options: &RecorderOptions,
        on_ended: OnEnded,
        on_room: OnRoom,
    ) -> Result<Self, ArchiveError> {
        Self::start_behind(Vec::new(), archive, options, on_ended, on_room)
    }

    /// The same, and finishes what a former process `left` ([`crate::recovery::unfinished`]), before anything that is recorded now:
    /// each of them is told through [`OnEnded`] too, as [`Ended::Saved`]. One for which there is no room waits for it.
    pub fn start_behind(
        left: Vec<PathBuf>,
        archive: Archive,
        options: &RecorderOptions,
        on_ended: OnEnded,
        on_room: OnRoom,
    ) -> Result<Self, ArchiveError> {
        let (orders, orders_in) = crossbeam_channel::unbounded();
        let (ring, ring_in) = crossbeam_channel::bounded(options.ring_max);
        // As many as recordings, and a few words about the room.
        let (jobs, jobs_in) = crossbeam_channel::unbounded();
        let (syncs, syncs_in) = crossbeam_channel::bounded(SYNCS_WAITING_MAX);
        let counts = Arc::new(Counts::default());
        let root = archive.root().to_owned();
        let finisher = Finisher::new(&archive, jobs_in, Arc::clone(&counts), Arc::clone(&on_ended))?;
        let worker = Worker {
            archive,
            orders: orders_in,
            ring: ring_in,
            jobs: jobs.clone(),
            syncs,
            counts: Arc::clone(&counts),
            on_ended,
            open: BTreeMap::new(),
            synced_at: Instant::now(),
            synced: None,
            watch: Watch::new(options.low_below, on_room),
        };
        let _ = jobs.send(Job::Recover(left));
        drop(jobs);
        let threads = vec![
            spawn("recorder", &root, move || worker.run())?,
            spawn("recorder-finish", &root, move || finisher.run())?,
            spawn("recorder-sync", &root, move || sync(&syncs_in))?,
        ];
        let inner =
            Inner { orders: Some(orders), ring, counts, recordings_max: options.recordings_max, threads };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Begins a recording. To be called before the media threads are told to record, so that no frame comes first.
    ///
    /// A file that cannot be made is told through [`OnEnded`].
    pub fn begin(
        &self,
        recording: RecordingId,
        kind: RecordingKind,
        started_at: Timestamp,
    ) -> Result<(), ArchiveError> {
        let limit = self.inner.recordings_max;
        if self.inner.counts.active.load(Ordering::Relaxed) >= limit as u64 {
            return Err(ArchiveError::TooMany { limit });
        }
        self.inner.counts.active.fetch_add(1, Ordering::Relaxed);
        self.order(Order::Begin(Head { recording, kind, started_at }));
        Ok(())
    }

    /// Writes something into a recording that has begun: who speaks from now on, what is kept from now on.
    pub fn mark(&self, recording: RecordingId, mark: RecordingMark, at: Timestamp) {
        self.order(Order::Mark { recording, mark, at });
    }

    /// Takes what a media thread hears, without waiting; `false` when the ring is full.
    ///
    /// [`Recorded::End`] ends the recording behind every frame handed over before it.
    pub fn take(&self, recorded: &Recorded) -> bool {
        let counts = &self.inner.counts;
        match self.inner.ring.try_send(recorded.clone()) {
            Ok(()) => {
                counts.frames.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                if matches!(recorded, Recorded::Sound(_)) {
                    let dropped = counts.dropped.fetch_add(1, Ordering::Relaxed) + 1;
                    if dropped.is_power_of_two() {
                        tracing::error!(
                            dropped,
                            "the recorder's ring is full; sound is missing in recordings"
                        );
                    }
                }
                false
            }
        }
    }

    /// Ends a recording at what was heard so far, for the case that no media thread does.
    pub fn finish(&self, recording: RecordingId) {
        self.order(Order::Finish(recording));
    }

    /// What the recorder does and did.
    pub fn stats(&self) -> RecorderStats {
        let counts = &self.inner.counts;
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        RecorderStats {
            active: load(&counts.active),
            frames: load(&counts.frames),
            dropped: load(&counts.dropped),
            stray: load(&counts.stray),
            finished: load(&counts.finished),
            failed: load(&counts.failed),
            free_bytes: load(&counts.free_bytes),
        }
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.inner.orders
            && orders.send(order).is_err()
        {
            tracing::error!("the recorder's thread broke down; nothing is recorded any more");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The thread ends when no order can come any more.
        self.orders = None;
        for thread in self.threads.drain(..) {
            if thread.thread().id() == std::thread::current().id() {
                continue;
            }
            if thread.join().is_err() {
                tracing::error!("a thread of the recorder broke down");
            }
        }
    }
}

fn spawn(
    name: &str,
    root: &std::path::Path,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, ArchiveError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|source| ArchiveError::Folder { folder: root.to_owned(), source })
}

/// The thread that writes.
struct Worker {
    archive: Archive,
    orders: Receiver<Order>,
    ring: Receiver<Recorded>,
    jobs: Sender<Job>,
    syncs: Sender<File>,
    counts: Arc<Counts>,
    on_ended: OnEnded,
    open: BTreeMap<RecordingId, Open>,
    synced_at: Instant,
    /// The last one whose file was handed over to be brought onto the disk.
    synced: Option<RecordingId>,
    watch: Watch,
}

struct Open {
    writer: PartWriter,
    part: PathBuf,
    started_at: Timestamp,
}

impl Worker {
    fn run(mut self) {
        loop {
            self.look();
            let patience = if self.open.is_empty() { ROOM_INTERVAL } else { WRITE_INTERVAL };
            let order = self.orders.recv_timeout(patience);
            match order {
                Ok(order) => {
                    self.obey(order);
                    // What was said of a recording before its end belongs to it.
                    while let Ok(order) = self.orders.try_recv() {
                        self.obey(order);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.hear();
            self.flush();
        }
        self.hear();
        let left: Vec<RecordingId> = self.open.keys().copied().collect();
        for recording in left {
            self.close(recording);
        }
    }

    /// Asks the disk for its room, now and then.
    fn look(&mut self) {
        let refused = self.counts.refused.swap(false, Ordering::Relaxed);
        let was_full = self.watch.is_full();
        if let Some(free) = self.watch.look(self.archive.root(), refused) {
            self.counts.free_bytes.store(free, Ordering::Relaxed);
        }
        self.counts.full.store(self.watch.is_full(), Ordering::Relaxed);
        if was_full && !self.watch.is_full() {
            let _ = self.jobs.send(Job::Room);
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Begin(head) => self.begin(&head),
            Order::Mark { recording, mark, at } => self.mark(recording, &mark, at),
            Order::Finish(recording) => {
                // Everything that was handed over before the order belongs to the recording.
                self.hear();
                self.close(recording);
            }
        }
    }

    fn begin(&mut self, head: &Head) {
        let part = self.archive.part_path(head.recording, head.started_at);
        let created = part
            .parent()
            .map_or(Ok(()), folder::make_folder)
            .map_err(ArchiveError::of(&part))
            .and_then(|()| PartWriter::create(&part, head));
        match created {
            Ok(writer) => {
                let open = Open { writer, part, started_at: head.started_at };
                self.open.insert(head.recording, open);
            }
            Err(why) => self.fail(head.recording, None, why),
        }
    }

    fn mark(&mut self, recording: RecordingId, mark: &RecordingMark, at: Timestamp) {
        // Marks of a recording that has failed or ended have crossed with its end.
        if let Some(open) = self.open.get_mut(&recording) {
            let since = u64::try_from(at.since(open.started_at).as_millis()).unwrap_or(0);
            open.writer.mark(since * SAMPLES_PER_SECOND / 1000, mark);
        }
    }

    /// Empties the ring.
    fn hear(&mut self) {
        // No more than is there now: the media threads go on, and the files want to be written.
        for _ in 0..self.ring.len() {
            let Ok(recorded) = self.ring.try_recv() else { return };
            let recording = match &recorded {
                Recorded::Sound(frame) => id_of(frame.recording),
                Recorded::End { recording, .. } => id_of(*recording),
            };
            if !self.open.contains_key(&recording) {
                // The order to begin was given before the first frame was sent, so it is here by now.
                while let Ok(order) = self.orders.try_recv() {
                    match order {
                        Order::Begin(head) => self.begin(&head),
                        Order::Mark { recording, mark, at } => self.mark(recording, &mark, at),
                        Order::Finish(recording) => self.close(recording),
                    }
                }
            }
            let Some(open) = self.open.get_mut(&recording) else {
                self.counts.stray.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            match recorded {
                Recorded::Sound(frame) => open.writer.sound(&frame),
                Recorded::End { samples, .. } => {
                    open.writer.end(samples);
                    self.close(recording);
                }
            }
        }
    }

    /// Puts what was heard into the files.
    fn flush(&mut self) {
        let mut failed = Vec::new();
        for (recording, open) in &mut self.open {
            if let Err(why) = open.writer.flush() {
                failed.push((*recording, why));
            }
        }
        for (recording, why) in failed {
            let part = self.open.remove(&recording).map(|open| open.part);
            self.fail(recording, part, why);
        }
        if self.synced_at.elapsed() >= SYNC_INTERVAL {
            self.synced_at = Instant::now();
            self.sync();
        }
    }

    /// Hands over the files to be brought onto the disk, as many as may wait. It begins behind the last one that was taken, so that
    /// each has its turn, however many there are.
    fn sync(&mut self) {
        let behind = self.synced.map_or(Unbounded, Excluded);
        let from_there = self.open.range((behind, Unbounded)).chain(&self.open);
        for (recording, open) in from_there.take(self.open.len()) {
            if self.syncs.is_full() {
                return;
            }
            if let Ok(file) = open.writer.file()
                && self.syncs.try_send(file).is_ok()
            {
                self.synced = Some(*recording);
            }
        }
    }

    fn close(&mut self, recording: RecordingId) {
        let Some(mut open) = self.open.remove(&recording) else { return };
        match open.writer.flush() {
            Ok(()) => {
                let _ = self.jobs.send(Job::Finish { recording, part: open.part });
            }
            Err(why) => self.fail(recording, Some(open.part), why),
        }
    }

    fn fail(&self, recording: RecordingId, part: Option<PathBuf>, why: ArchiveError) {
        if let (Some(part), ArchiveError::DiskFull { .. }) = (part, &why) {
            let _ = self.jobs.send(Job::Wait { recording, part });
        }
        self.counts.ended(&self.on_ended, Ended::Failed { recording, why });
    }
}

/// The thread that brings files onto the disk.
fn sync(files: &Receiver<File>) {
    for file in files {
        if let Err(error) = file.sync_data() {
            tracing::error!(%error, "a recording cannot be brought onto the disk");
        }
    }
}

impl Counts {
    pub(crate) fn ended(&self, on_ended: &OnEnded, ended: Ended) {
        self.active.fetch_sub(1, Ordering::Relaxed);
        match &ended {
            Ended::Finished(_) | Ended::Saved(_) => drop(self.finished.fetch_add(1, Ordering::Relaxed)),
            Ended::Failed { recording, why } => {
                tracing::error!(%recording, %why, "a recording failed");
                if matches!(why, ArchiveError::DiskFull { .. }) {
                    self.refused.store(true, Ordering::Relaxed);
                }
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        on_ended(ended);
    }
}

/// Media and library call a recording by the same number.
const fn id_of(key: RecordingKey) -> RecordingId {
    RecordingId::from_u64(key.as_u64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn each_recording_has_its_turn_to_be_brought_onto_the_disk_when_there_are_more_than_may_wait() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::in_folder(folder.path().join("recordings")).unwrap();
        let (syncs, handed_over) = crossbeam_channel::bounded(2);
        let mut worker = Worker {
            archive: archive.clone(),
            orders: crossbeam_channel::never(),
            ring: crossbeam_channel::never(),
            jobs: crossbeam_channel::unbounded().0,
            syncs,
            counts: Arc::default(),
            on_ended: Arc::new(|ended| panic!("{ended:?}")),
            open: BTreeMap::new(),
            synced_at: Instant::now(),
            synced: None,
            watch: Watch::new(0, Arc::new(|_, _| {})),
        };
        let started_at = Timestamp::from_millis(1_794_477_604_250);
        let mut numbers = BTreeMap::new();
        for number in 1..=5 {
            let recording = RecordingId::from_u64(number);
            worker.begin(&Head { recording, kind: RecordingKind::Call, started_at });
            let part = archive.part_path(recording, started_at);
            numbers.insert(std::fs::metadata(part).unwrap().ino(), number);
        }
        let turn = |worker: &mut Worker, takes: usize| -> Vec<u64> {
            worker.synced_at = Instant::now().checked_sub(SYNC_INTERVAL).unwrap();
            worker.flush();
            let taken = handed_over.try_iter().take(takes);
            taken.map(|file| numbers[&file.metadata().unwrap().ino()]).collect()
        };
        assert_eq!(turn(&mut worker, 2), [1, 2]);
        assert_eq!(turn(&mut worker, 2), [3, 4]);
        assert_eq!(turn(&mut worker, 1), [5], "the disk is slow: the next one still waits");
        assert_eq!(turn(&mut worker, 2), [1, 2]);
        worker.open.remove(&RecordingId::from_u64(2));
        assert_eq!(turn(&mut worker, 2), [3, 4], "it goes on behind one that is over");
        worker.flush();
        assert_eq!(handed_over.len(), 0, "not before it is time");
        worker.open.retain(|recording, _| recording.as_u64() == 1);
        assert_eq!(turn(&mut worker, 2), [1], "none is handed over twice in a turn");
    }
}
