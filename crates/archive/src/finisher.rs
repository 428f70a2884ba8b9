//! The finisher: the recorder's second thread, which makes files that play of what is over, of what a former process left, and of
//! what the disk had no room for once it has.

use crate::recorder::{Counts, Ended, OnEnded};
use crate::waiting::{self, Waiting};
use crate::{Archive, ArchiveError, Finishing, recovery, room};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use model::RecordingId;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// What it does.
#[derive(Debug)]
pub(crate) enum Job {
    Finish {
        recording: RecordingId,
        part: PathBuf,
    },
    /// What a former process left.
    Recover(Vec<PathBuf>),
    /// The disk refused it; it waits for room.
    Wait {
        recording: RecordingId,
        part: PathBuf,
    },
    /// There is room again.
    Room,
}

/// The thread that finishes files.
pub(crate) struct Finisher {
    jobs: Receiver<Job>,
    root: PathBuf,
    finishing: Finishing,
    counts: Arc<Counts>,
    on_ended: OnEnded,
    /// What the disk had no room for.
    waiting: Waiting,
}

impl Finisher {
    pub(crate) fn new(
        archive: &Archive,
        jobs: Receiver<Job>,
        counts: Arc<Counts>,
        on_ended: OnEnded,
    ) -> Result<Self, ArchiveError> {
        let finishing = Finishing::new(archive)?;
        let root = archive.root().to_owned();
        Ok(Self { jobs, root, finishing, counts, on_ended, waiting: Waiting::new(Instant::now()) })
    }

    pub(crate) fn run(mut self) {
        loop {
            let job = match self.waiting.due() {
                Some(due) => self.jobs.recv_deadline(due),
                None => self.jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match job {
                Ok(job) => self.work(job),
                // One at a time: what is over now does not wait for all that had no room.
                Err(RecvTimeoutError::Timeout) => self.try_again(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn work(&mut self, job: Job) {
        match job {
            Job::Finish { recording, part } => self.finish(recording, part),
            Job::Recover(parts) => self.recover(parts),
            Job::Wait { recording, part } => self.waiting.add(recording, part, Instant::now()),
            Job::Room => {
                if self.waiting.hurry(Instant::now()) {
                    self.try_again();
                }
            }
        }
    }

    fn finish(&mut self, recording: RecordingId, part: PathBuf) {
        match self.finishing.finish(&part) {
            Ok(finished) => self.counts.ended(&self.on_ended, Ended::Finished(finished)),
            Err(why) => {
                if matches!(why, ArchiveError::DiskFull { .. }) {
                    self.waiting.add(recording, part, Instant::now());
                }
                self.counts.ended(&self.on_ended, Ended::Failed { recording, why });
            }
        }
    }

    fn recover(&mut self, parts: Vec<PathBuf>) {
        let mut refused = false;
        for part in recovery::in_order(parts, &self.finishing) {
            // One that was finished but for being deleted takes no room, and has to be known before the chain goes on.
            let tried = !refused && (self.has_room_for(&part) || self.finishing.made_last(&part));
            if !tried {
                tracing::warn!(file = %part.display(), "an unfinished recording waits for room");
                if let Some(recording) = recovery::recording_of(&part) {
                    self.waiting.add(recording, part, Instant::now());
                }
                continue;
            }
            let Some(ended) = recovery::recover_one(&part, &mut self.finishing) else { continue };
            if let Ended::Failed { recording, why: ArchiveError::DiskFull { .. } } = &ended {
                refused = true;
                self.waiting.add(*recording, part, Instant::now());
            }
            self.tell(ended);
        }
    }

    /// Tries the next that waits for room. That it is refused once more is nobody's news.
    fn try_again(&mut self) {
        let Some((recording, part)) = self.next_with_room() else {
            self.waiting.look_later(Instant::now());
            return;
        };
        match self.finishing.finish_and_tell(&part) {
            Ok((_, manifest)) => self.tell(Ended::Saved(Box::new(manifest))),
            Err(why @ ArchiveError::DiskFull { .. }) => {
                let pause = self.waiting.refused(recording, part, Instant::now());
                tracing::warn!(%recording, %why, ?pause, "a recording that waits for room is refused again");
            }
            Err(why) => self.tell(Ended::Failed { recording, why }),
        }
    }

    fn next_with_room(&mut self) -> Option<(RecordingId, PathBuf)> {
        if self.counts.full.load(Ordering::Relaxed) || self.counts.refused.load(Ordering::Relaxed) {
            return None;
        }
        // A disk that does not tell is complained of by whoever watches it.
        let free = room::free_bytes(&self.root).ok()?;
        self.waiting.next(free)
    }

    fn has_room_for(&self, part: &Path) -> bool {
        room::free_bytes(&self.root).is_ok_and(|free| waiting::is_enough(free, waiting::bytes_of(part)))
    }

    /// What is told of a recording that does not count as one that goes on.
    fn tell(&self, ended: Ended) {
        self.counts.active.fetch_add(1, Ordering::Relaxed);
        self.counts.ended(&self.on_ended, ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part::{Head, PartWriter};
    use base::Timestamp;
    use model::record::RecordingKind;
    use std::sync::mpsc;

    #[test]
    fn what_waits_for_room_is_saved_when_there_is_some() {
        let place = Place::new();
        let (one, part) = place.part(1);
        let mut finisher = place.finisher();
        finisher.work(Job::Wait { recording: one, part: part.clone() });
        assert!(part.exists(), "it waits");
        finisher.work(Job::Room);
        let saved = place.saved();
        assert_eq!(saved, [one.to_string()]);
        assert!(!part.exists() && part.with_extension("wav").exists());
        assert_eq!(finisher.waiting.due(), None);
    }

    #[test]
    fn a_refusal_stops_the_round_is_told_to_nobody_and_nothing_is_tried_at_once() {
        let place = Place::new();
        let mut finisher = place.finisher();
        let parts = [1, 2].map(|number| place.part(number));
        for (recording, part) in &parts {
            refuse(part);
            finisher.work(Job::Wait { recording: *recording, part: part.clone() });
        }
        for _ in 0..3 {
            finisher.work(Job::Room);
        }
        let tried = parts.each_ref().map(|(_, part)| !is_refused(part));
        assert_eq!(tried, [true, false], "the first was tried once, and the second not any more");
        assert!(parts.iter().all(|(_, part)| part.exists()));
        assert!(finisher.waiting.due().unwrap() > Instant::now(), "there is a pause");
        assert_eq!(place.saved(), [""; 0], "and nobody is told what is known");
        assert!(!finisher.counts.refused.load(Ordering::Relaxed), "nor alerted once more");

        // The pause is over: the other one is tried first, then nothing is until its pause is over too.
        finisher.try_again();
        assert!(!is_refused(&parts[1].1));
        finisher.try_again();
        finisher.try_again();
        let saved = place.saved();
        assert_eq!(saved, [parts[0].0.to_string(), parts[1].0.to_string()]);
    }

    #[test]
    fn nothing_is_tried_on_a_disk_that_is_known_to_be_full() {
        let place = Place::new();
        let (one, part) = place.part(1);
        let mut finisher = place.finisher();
        finisher.work(Job::Wait { recording: one, part: part.clone() });
        finisher.counts.full.store(true, Ordering::Relaxed);
        finisher.try_again();
        assert!(part.exists() && finisher.waiting.due().unwrap() > Instant::now());
        finisher.counts.full.store(false, Ordering::Relaxed);
        finisher.work(Job::Room);
        assert!(!part.exists());
    }

    #[test]
    fn a_start_on_a_full_disk_tries_one_and_keeps_the_others_waiting() {
        let place = Place::new();
        let mut finisher = place.finisher();
        let parts = [1, 2, 3].map(|number| place.part(number));
        parts.iter().for_each(|(_, part)| refuse(part));
        finisher.work(Job::Recover(parts.each_ref().map(|(_, part)| part.clone()).to_vec()));
        assert_eq!(parts.each_ref().map(|(_, part)| is_refused(part)), [false, true, true]);
        let told: Vec<Ended> = place.ended.try_iter().collect();
        assert!(
            matches!(&told[..], [Ended::Failed { recording, .. }] if *recording == parts[0].0),
            "{told:?}"
        );

        // What stood in the way of them is gone, and so is the trouble that was told.
        parts.iter().for_each(|(_, part)| drop(std::fs::remove_file(part.with_extension("wav.new"))));
        finisher.counts.refused.store(false, Ordering::Relaxed);
        finisher.work(Job::Room);
        finisher.try_again();
        finisher.try_again();
        assert_eq!(place.saved(), parts.each_ref().map(|(recording, _)| recording.to_string()));
    }

    /// A folder for one test.
    struct Place {
        _folder: tempfile::TempDir,
        archive: Archive,
        told: mpsc::Sender<Ended>,
        ended: mpsc::Receiver<Ended>,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let archive = Archive::in_folder(folder.path().join("recordings")).unwrap();
            let (told, ended) = mpsc::channel();
            Self { _folder: folder, archive, told, ended }
        }

        fn finisher(&self) -> Finisher {
            let told = self.told.clone();
            let on_ended = Arc::new(move |one| told.send(one).unwrap_or_default());
            let jobs = crossbeam_channel::never();
            Finisher::new(&self.archive, jobs, Arc::default(), on_ended).unwrap()
        }

        /// A second of silence.
        fn part(&self, number: u64) -> (RecordingId, PathBuf) {
            let recording = RecordingId::from_u64(number);
            let started_at = Timestamp::from_millis(1_794_477_604_250);
            let part = self.archive.part_path(recording, started_at);
            std::fs::create_dir_all(part.parent().unwrap()).unwrap();
            let head = Head { recording, kind: RecordingKind::Call, started_at };
            let mut writer = PartWriter::create(&part, &head).unwrap();
            writer.end(8_000);
            writer.flush().unwrap();
            (recording, part)
        }

        /// What has been saved since it was asked last; nothing else may have been told.
        fn saved(&self) -> Vec<String> {
            let saved = |ended| match ended {
                Ended::Saved(manifest) => manifest.recording,
                other => panic!("{other:?}"),
            };
            self.ended.try_iter().map(saved).collect()
        }
    }

    /// The next try fails for want of room: everything written to this device does. A try takes it away.
    fn refuse(part: &Path) {
        std::os::unix::fs::symlink("/dev/full", part.with_extension("wav.new")).unwrap();
    }

    fn is_refused(part: &Path) -> bool {
        part.with_extension("wav.new").is_symlink()
    }
}
