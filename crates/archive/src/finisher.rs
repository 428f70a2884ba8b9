//! The finisher: the recorder's second thread, which makes files that play of what is over, of what a former process left, and of
//! what the disk had no room for once it has.

use crate::recorder::{Counts, Ended, OnEnded};
use crate::{ArchiveError, Finishing, recovery};
use crossbeam_channel::Receiver;
use model::RecordingId;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Recordings that wait for room on the disk to be finished; what is refused beyond waits for the next start.
pub const WAITING_FOR_ROOM_MAX: usize = 10_000;

/// What the second thread does.
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
    pub(crate) jobs: Receiver<Job>,
    pub(crate) finishing: Finishing,
    pub(crate) counts: Arc<Counts>,
    pub(crate) on_ended: OnEnded,
    /// What the disk had no room for.
    pub(crate) waiting: BTreeMap<RecordingId, PathBuf>,
}

impl Finisher {
    pub(crate) fn run(mut self) {
        while let Ok(job) = self.jobs.recv() {
            match job {
                Job::Finish { recording, part } => self.finish(recording, part),
                Job::Recover(parts) => {
                    for part in recovery::in_order(parts, &self.finishing) {
                        if let Some(ended) = recovery::recover_one(&part, &mut self.finishing) {
                            self.tell_again(ended, &part);
                        }
                    }
                }
                Job::Wait { recording, part } => self.wait(recording, part),
                Job::Room => {
                    for (recording, part) in std::mem::take(&mut self.waiting) {
                        match self.finishing.finish_and_tell(&part) {
                            Ok((_, manifest)) => self.tell_again(Ended::Saved(Box::new(manifest)), &part),
                            Err(why) => self.tell_again(Ended::Failed { recording, why }, &part),
                        }
                    }
                }
            }
        }
    }

    fn finish(&mut self, recording: RecordingId, part: PathBuf) {
        match self.finishing.finish(&part) {
            Ok(finished) => self.counts.ended(&self.on_ended, Ended::Finished(finished)),
            Err(why) => {
                if matches!(why, ArchiveError::DiskFull { .. }) {
                    self.wait(recording, part);
                }
                self.counts.ended(&self.on_ended, Ended::Failed { recording, why });
            }
        }
    }

    /// What is told of a recording that does not count as one that goes on.
    fn tell_again(&mut self, ended: Ended, part: &Path) {
        if let Ended::Failed { recording, why: ArchiveError::DiskFull { .. } } = &ended {
            self.wait(*recording, part.to_owned());
        }
        self.counts.active.fetch_add(1, Ordering::Relaxed);
        self.counts.ended(&self.on_ended, ended);
    }

    fn wait(&mut self, recording: RecordingId, part: PathBuf) {
        if self.waiting.len() < WAITING_FOR_ROOM_MAX {
            self.waiting.insert(recording, part);
        }
    }
}
