//! What a former process left: its journal is replayed, what was live in it is closed with its true outcome, and
//! what became of recordings is told to whom it concerns.

use crate::journal::{self, JournalError};
use crate::recordings::record_of;
use crate::seeds;
use archive::Ended;
use base::{Duration, Instant};
use center::{Center, Effect, Input};
use model::{LegEvent, Record, RecordingRecord};
use std::path::Path;

/// The center as it goes on, and what has to be written down of the past.
pub(crate) struct Past {
    pub(crate) center: Center,
    /// What the monotonic clock showed at the end.
    pub(crate) ended: Instant,
    /// The number of the journal to begin.
    pub(crate) number: u64,
    /// Everything that follows from the old journal; some of it is in the library already, which changes nothing.
    pub(crate) records: Vec<Record>,
}

/// Reads the past. `last_seq` is the last line in the library, for a center that begins without a journal.
pub(crate) fn read(folder: &Path, last_seq: u64) -> Result<Past, JournalError> {
    let newest = journal::newest(folder)?;
    let number = newest.as_ref().map_or(1, |(number, _)| number + 1);
    let found = match &newest {
        Some((_, path)) => match journal::read(path) {
            Err(JournalError::OtherVersion { .. }) => {
                let kept = journal::set_aside(path)?;
                tracing::warn!(
                    file = %kept.display(),
                    "the journal of another version of hotline is put aside: agents begin logged out, and the figures of the \
                     day anew; if that version crashed, the calls it cut have no record. See Upgrades in docs/install.md"
                );
                None
            }
            read => read?,
        },
        None => None,
    };
    let Some(found) = found else {
        let center = Center::new(seeds::ids(), last_seq);
        let ended = Instant::from_micros(1);
        return Ok(Past { center, ended, number, records: Vec::new() });
    };
    let ended = found.ended();
    let open_before = found.center.open_interactions();
    let mut center = found.center;
    let mut records = Vec::new();
    let inputs = found.inputs.len();
    for (now, input) in found.inputs {
        center.handle(input, now);
        keep_records(&mut center, &mut records);
    }
    let open = center.open_interactions();
    // The former process was last alive then; that is when what was live in it ended.
    center.handle(Input::Restarted, ended);
    keep_records(&mut center, &mut records);
    tracing::info!(inputs, open_before, closed = open, "the journal of the former process is replayed");
    Ok(Past { center, ended: ended.mono, number, records })
}

fn keep_records(center: &mut Center, records: &mut Vec<Record>) {
    while let Some(effect) = center.poll_effect() {
        if let Effect::Persist(record) = effect {
            records.push(record);
        }
    }
}

/// Who is told what became of a recording.
pub(crate) struct News {
    /// The center, which passes over it if it does not wait for it any more.
    pub(crate) leg: Option<LegEvent>,
    /// The library, of what the center may have given up: it was told that the recording had failed, or it lost its journal.
    pub(crate) row: Option<RecordingRecord>,
}

impl News {
    pub(crate) fn of(ended: Ended) -> Self {
        match ended {
            Ended::Finished(finished) => Self {
                leg: Some(LegEvent::Recorded {
                    recording: finished.recording,
                    length: finished.length,
                    bytes: finished.bytes,
                }),
                row: None,
            },
            Ended::Saved(manifest) => {
                let leg = manifest.recording.parse().ok().map(|recording| LegEvent::Recorded {
                    recording,
                    length: Duration::from_millis(manifest.length_ms),
                    bytes: manifest.sound.bytes,
                });
                Self { leg, row: record_of(&manifest) }
            }
            Ended::Failed { recording, why } => {
                Self { leg: Some(LegEvent::RecordingFailed { recording, why: why.to_string() }), row: None }
            }
        }
    }
}

/// The clocks go on from where the journal ended, so that no time before is later than one after.
pub(crate) fn continues(ended: Instant) -> Instant {
    ended + Duration::from_millis(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::JournalWriter;
    use base::Now;

    #[test]
    fn a_journal_of_another_version_is_put_aside_whole_and_another_one_begun() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut written = Vec::new();
        for kept in ["00000001.journal.aside-1", "00000001.journal.aside-2"] {
            let center = Center::new(seeds::ids(), 0);
            JournalWriter::begin(folder.path(), 1, &center, Now::default())
                .expect("it can be written")
                .close();
            let file = folder.path().join("00000001.journal");
            let mut bytes = std::fs::read(&file).expect("it is there");
            bytes[8] ^= 1;
            std::fs::write(&file, &bytes).expect("written");
            written.push((kept, bytes));

            let past = read(folder.path(), 7).expect("a start goes on");
            assert_eq!((past.number, past.records.len(), past.center.open_interactions()), (2, 0, 0));
            assert!(!file.exists());
            JournalWriter::forget_former(folder.path(), past.number);
            for (kept, bytes) in &written {
                assert_eq!(std::fs::read(folder.path().join(kept)).ok().as_ref(), Some(bytes), "{kept}");
            }
        }
        assert_eq!(read(folder.path(), 7).expect("there is none any more").number, 1);
    }
}
