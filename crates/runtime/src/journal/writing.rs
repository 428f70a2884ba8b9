//! Writing the journal, on a thread of its own: the control thread never waits for a disk.

use super::entry::{frame, head};
use super::reading::JournalError;
use base::Now;
use center::{Center, Input, journal};
use crossbeam_channel::{Receiver, Sender, TrySendError};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Batches that may wait for the disk. When more would, the journal can no longer be replayed from here: it is begun
/// anew with a snapshot as soon as there is room, and what happened in between is not repeated after a crash.
pub const WAITING_MAX: usize = 4096;

/// How often the disk is asked to make what was written safe against a power failure. Against the end of the process
/// it is safe as soon as it is written.
const SYNC_EVERY: Duration = Duration::from_millis(200);

/// How long entries gather after the first one before they are written together: waking for each would cost a call more
/// than all else the journal does. So much of the past is not repeated after the process was killed.
const GATHER: Duration = Duration::from_millis(2);

enum Job {
    /// Framed entries.
    Append(Vec<u8>),
    /// A new file that begins with this framed snapshot; the former one can go.
    Begin(Vec<u8>),
}

/// The control thread's end.
#[derive(Debug)]
pub struct JournalWriter {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    batch: Vec<u8>,
    entry: Vec<u8>,
    /// A batch found the queue full; what follows it could not be replayed.
    broken: bool,
    /// The disk refused; shared with the disk's thread.
    torn: Arc<AtomicBool>,
    /// When the next attempt to begin anew may be made.
    retry_at: Instant,
    appended: u64,
}

/// How long to wait between attempts to begin a journal anew.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// Bytes after which a journal is begun anew with a snapshot, so that it never grows without end.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

impl JournalWriter {
    /// Begins a journal with the center as it is now, in a new file numbered after the newest there is. The former
    /// files stay until [`forget_former`](Self::forget_former).
    pub fn begin(folder: &Path, number: u64, center: &Center, now: Now) -> Result<Self, JournalError> {
        let path = file_name(folder, number);
        let failed = |source| JournalError::File { file: path.display().to_string(), source };
        let mut file = create(&path, &snapshot(center, now)).map_err(failed)?;
        file.flush().map_err(failed)?;
        let (jobs, waiting) = crossbeam_channel::bounded(WAITING_MAX);
        let torn = Arc::new(AtomicBool::new(false));
        let writer = Writer {
            folder: folder.to_owned(),
            number,
            file,
            unsynced: false,
            synced: Instant::now(),
            torn: Arc::clone(&torn),
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(&waiting))
            .map_err(failed)?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            batch: Vec::new(),
            entry: Vec::new(),
            broken: false,
            torn,
            retry_at: Instant::now(),
            appended: 0,
        })
    }

    /// Adds an input. It leaves for the disk with [`commit`](Self::commit).
    pub fn add(&mut self, input: &Input, now: Now) {
        self.entry.clear();
        journal::write_input(input, now, &mut self.entry);
        frame(&self.entry, &mut self.batch);
    }

    /// Hands what was added to the disk's thread. `center` is the state after all of it.
    pub fn commit(&mut self, center: &Center, now: Now) {
        let Some(jobs) = &self.jobs else { return };
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        self.appended += batch.len() as u64;
        let unusable = self.broken || self.torn.load(Ordering::Relaxed);
        let job = if unusable || self.appended > FILE_BYTES_MAX {
            if Instant::now() < self.retry_at {
                return;
            }
            self.retry_at = Instant::now() + RETRY_EVERY;
            Job::Begin(snapshot(center, now))
        } else {
            Job::Append(batch)
        };
        let begins = matches!(job, Job::Begin(_));
        match jobs.try_send(job) {
            Ok(()) if begins => {
                self.broken = false;
                self.appended = 0;
            }
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                if !std::mem::replace(&mut self.broken, true) {
                    tracing::error!(
                        "the disk is too slow for the journal; a crash now would lose what is live"
                    );
                }
            }
            Err(TrySendError::Disconnected(_)) => self.broken = true,
        }
    }

    /// Waits until all is written and safe.
    pub fn close(mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's thread ended in a panic");
        }
    }

    /// Removes the journals before `number`: what follows from them is in the library.
    pub fn forget_former(folder: &Path, number: u64) {
        let Ok(files) = std::fs::read_dir(folder) else { return };
        for path in files.flatten().map(|file| file.path()) {
            let former = path
                .file_name()
                .and_then(|name| name.to_str()?.strip_suffix(".journal")?.parse::<u64>().ok())
                .is_some_and(|one| one < number);
            if former && let Err(error) = std::fs::remove_file(&path) {
                tracing::warn!(file = %path.display(), %error, "a former journal was not removed");
            }
        }
    }
}

fn file_name(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.journal"))
}

fn snapshot(center: &Center, now: Now) -> Vec<u8> {
    let state = center.save();
    let entry = postcard::to_allocvec(&(now, state.as_slice())).unwrap_or_default();
    let mut framed = Vec::with_capacity(entry.len() + 8);
    frame(&entry, &mut framed);
    framed
}

fn create(path: &Path, snapshot: &[u8]) -> io::Result<File> {
    // Under another name first: a file that exists under the right name has its whole snapshot.
    let unfinished = path.with_extension("beginning");
    let mut file = File::create(&unfinished)?;
    file.write_all(&head())?;
    file.write_all(snapshot)?;
    file.sync_data()?;
    std::fs::rename(&unfinished, path)?;
    Ok(file)
}

/// The disk's end.
struct Writer {
    folder: PathBuf,
    number: u64,
    file: File,
    unsynced: bool,
    synced: Instant,
    /// Shared with the control thread: the file cannot be written on and must be begun anew.
    torn: Arc<AtomicBool>,
}

impl Writer {
    fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let job = if self.unsynced {
                match jobs.recv_timeout(SYNC_EVERY.saturating_sub(self.synced.elapsed())) {
                    Ok(job) => Some(job),
                    Err(crossbeam_channel::RecvTimeoutError::Timeout) => None,
                    Err(crossbeam_channel::RecvTimeoutError::Disconnected) => break,
                }
            } else {
                match jobs.recv() {
                    Ok(job) => Some(job),
                    Err(_) => break,
                }
            };
            if let Some(job) = job {
                std::thread::sleep(GATHER);
                self.carry_out_all(job, jobs);
            }
            if self.unsynced && self.synced.elapsed() >= SYNC_EVERY {
                self.sync();
            }
        }
        self.sync();
    }

    /// Carries out a job and those that wait behind it; entries that follow each other are written as one.
    fn carry_out_all(&mut self, first: Job, jobs: &Receiver<Job>) {
        let mut entries = Vec::new();
        // What comes meanwhile is the next round's: the disk is to be synced in time.
        for job in std::iter::once(first).chain(jobs.try_iter().take(WAITING_MAX)) {
            match job {
                Job::Append(more) if entries.is_empty() => entries = more,
                Job::Append(more) => entries.extend_from_slice(&more),
                Job::Begin(_) => {
                    // The snapshot holds what they did; but if it cannot be written, the old file is what there is.
                    self.append(&mut entries);
                    self.carry_out(&job);
                }
            }
        }
        self.append(&mut entries);
    }

    fn append(&mut self, entries: &mut Vec<u8>) {
        if !entries.is_empty() {
            self.carry_out(&Job::Append(std::mem::take(entries)));
        }
    }

    fn carry_out(&mut self, job: &Job) {
        let done = match job {
            // What follows a torn entry could not be read: nothing more goes into a file that failed.
            Job::Append(_) if self.torn.load(Ordering::Relaxed) => return,
            Job::Append(entries) => self.file.write_all(entries),
            Job::Begin(snapshot) => self.begin_anew(snapshot),
        };
        let failed = done.is_err();
        let failed_before = self.torn.swap(failed, Ordering::Relaxed);
        match done {
            Ok(()) if failed_before => tracing::info!("the journal is written again"),
            Ok(()) => {}
            Err(error) if failed_before => tracing::debug!(%error, "the journal still cannot be written"),
            Err(error) => tracing::error!(%error, "the journal cannot be written; calls go on"),
        }
        self.unsynced = true;
    }

    fn begin_anew(&mut self, snapshot: &[u8]) -> io::Result<()> {
        self.file = create(&file_name(&self.folder, self.number + 1), snapshot)?;
        self.number += 1;
        JournalWriter::forget_former(&self.folder, self.number);
        Ok(())
    }

    fn sync(&mut self) {
        if let Err(error) = self.file.sync_data() {
            tracing::error!(%error, "the journal is not safe against a power failure");
        }
        self.unsynced = false;
        self.synced = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{newest, read};
    use super::*;

    #[test]
    fn entries_that_gather_are_all_written_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let now =
            |micros| Now { mono: base::Instant::from_micros(micros), utc: base::Timestamp::from_millis(0) };
        let center = Center::new(base::IdSource::new(7), 0);
        let mut journal = JournalWriter::begin(folder.path(), 1, &center, now(0)).unwrap();
        for at in 1..=500 {
            journal.add(&Input::Timeout, now(at));
            journal.commit(&center, now(at));
        }
        // A file that has grown too long is begun anew: what it said so far is in the snapshot of the next.
        journal.appended = FILE_BYTES_MAX;
        journal.add(&Input::Drain(true), now(501));
        journal.commit(&center, now(501));
        for at in 502..=600 {
            journal.add(&Input::Timeout, now(at));
            journal.commit(&center, now(at));
        }
        journal.close();

        let (number, path) = newest(folder.path()).unwrap().unwrap();
        let kept = read(&path).unwrap().unwrap();
        assert_eq!((number, kept.began), (2, now(501)));
        let times: Vec<_> = kept.inputs.iter().map(|(at, _)| *at).collect();
        assert_eq!(times, (502..=600).map(now).collect::<Vec<_>>());
    }

    #[test]
    fn what_was_committed_can_be_read_before_the_journal_ends() {
        let folder = tempfile::tempdir().unwrap();
        let now = Now { mono: base::Instant::from_micros(0), utc: base::Timestamp::from_millis(0) };
        let center = Center::new(base::IdSource::new(7), 0);
        let mut journal = JournalWriter::begin(folder.path(), 1, &center, now).unwrap();
        for _ in 0..100 {
            journal.add(&Input::Timeout, now);
            journal.commit(&center, now);
        }
        let patience = Instant::now() + Duration::from_secs(20);
        while read(&file_name(folder.path(), 1)).unwrap().unwrap().inputs.len() < 100 {
            assert!(Instant::now() < patience, "nobody kills this process before all is written");
            std::thread::yield_now();
        }
    }
}
