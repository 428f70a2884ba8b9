//! Files and rows of recordings, held against each other: a file without a row was written when the database was away for too
//! long or its row was lost; a row without a file speaks of sound that is gone.

use archive::{Archive, ArchiveError, Manifest};
use base::{Duration, Timestamp};
use model::record::RecordingKind;
use model::{Record, RecordingId, RecordingRecord};
use std::sync::Arc;
use store::{Store, StoreError, Writer};

/// How far back a start looks. `hotline recordings verify` looks at everything.
const LOOK_BACK: Duration = Duration::from_secs(31 * 24 * 3600);

/// Rows read at once.
const PAGE: u32 = 1_000;

/// Of so many recordings a start tells each one; of the rest, how many there are.
const TOLD_MAX: usize = 20;

/// Why files and rows could not be held against each other.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A thread broke down.
    #[error("reading the manifests broke down")]
    BrokeDown,
}

/// Of so many recordings of a kind it is told which; the others are counted.
const DIFFERENCES_MAX: usize = 10_000;

/// What does not fit together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Finished by their rows, and without sound on the disk.
    pub without_file: Vec<RecordingId>,
    /// Finished on the disk, and without a row that says so.
    pub without_row: Vec<RecordingRecord>,
    /// Files whose manifest does not name an interaction or cannot be made a row of, by name.
    pub unknown: Vec<String>,
    /// How many more there are; ten thousand of a kind are told.
    pub untold: u64,
}

impl Differences {
    /// How many recordings do not fit.
    pub fn count(&self) -> u64 {
        (self.without_file.len() + self.without_row.len() + self.unknown.len()) as u64 + self.untold
    }
}

fn note<T>(list: &mut Vec<T>, untold: &mut u64, one: T) {
    if list.len() < DIFFERENCES_MAX {
        list.push(one);
    } else {
        *untold += 1;
    }
}

/// Holds the files and the rows of recordings against each other that began at `since` or later, and had ended by `until`. Reads
/// a thousand at a time, whatever their number.
pub async fn compare(
    store: &Store,
    archive: &Archive,
    since: Timestamp,
    until: Timestamp,
) -> Result<Differences, CompareError> {
    let mut found = Differences::default();
    let mut after = None;
    loop {
        let page = store.recordings_since(since, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let archive = archive.clone();
        let missing = move || -> Vec<RecordingId> {
            let whole = page.into_iter().filter(|row| row.bytes.is_some_and(|bytes| bytes > 0));
            let lost = whole.filter(|row| row.started_at < until && !archive.has_sound(row));
            lost.map(|row| row.id).collect()
        };
        for recording in blocking(missing).await? {
            note(&mut found.without_file, &mut found.untold, recording);
        }
    }
    let mut manifests = archive.manifests_since(since);
    loop {
        let read = move || {
            let page: Result<Vec<Manifest>, _> = manifests.by_ref().take(PAGE as usize).collect();
            (page, manifests)
        };
        let page;
        (page, manifests) = blocking(read).await?;
        let page = page?;
        if page.is_empty() {
            return Ok(found);
        }
        for manifest in page {
            let Some(record) = record_of(&manifest) else {
                note(&mut found.unknown, &mut found.untold, manifest.recording);
                continue;
            };
            // The row of one that ended just now may still be on its way.
            let ended_at = record.started_at + record.length.unwrap_or_default();
            if record.started_at < since || ended_at >= until {
                continue;
            }
            let row = store.recording(record.id).await?;
            let told = row.is_some_and(|row| row.bytes.is_some_and(|bytes| bytes > 0));
            if !told {
                note(&mut found.without_row, &mut found.untold, record);
            }
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CompareError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| CompareError::BrokeDown)
}

/// What the library should have of a file.
pub(crate) fn record_of(manifest: &Manifest) -> Option<RecordingRecord> {
    Some(RecordingRecord {
        id: manifest.recording.parse().ok()?,
        interaction: manifest.interaction.as_ref()?.parse().ok()?,
        kind: match manifest.kind.as_str() {
            "call" => RecordingKind::Call,
            "message" => RecordingKind::Message,
            _ => return None,
        },
        started_at: Timestamp::from_millis(manifest.started_at),
        length: Some(Duration::from_millis(manifest.length_ms)),
        bytes: Some(manifest.sound.bytes),
    })
}

/// At a start: names what does not fit, and writes the rows that are missing.
pub(crate) async fn reconcile(store: Store, archive: Archive, writer: Arc<Writer>, now: Timestamp) {
    let since = Timestamp::from_millis(now.as_millis() - LOOK_BACK.as_millis() as i64);
    let found = match compare(&store, &archive, since, now).await {
        Ok(found) => found,
        Err(error) => return tracing::error!(%error, "files and rows of recordings were not compared"),
    };
    for recording in found.without_file.iter().take(TOLD_MAX) {
        tracing::error!(%recording, "a recording is in the library, but its sound is not on the disk");
    }
    for record in found.without_row.iter().take(TOLD_MAX) {
        tracing::warn!(recording = %record.id, "a recording was on the disk and not in the library; it is now");
    }
    for recording in found.unknown.iter().take(TOLD_MAX) {
        tracing::warn!(recording, "a recording is on the disk, and belongs to no interaction");
    }
    if found.count() > 0 {
        tracing::warn!(
            without_row = found.without_row.len(),
            unknown = found.unknown.len(),
            without_file = found.without_file.len(),
            untold = found.untold,
            "files and rows of recordings differ"
        );
    }
    for record in found.without_row {
        writer.send(Record::Recording(record));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use archive::Finishing;
    use archive::part::{Head, PartWriter};
    use model::{InteractionId, RecordingMark};
    use std::path::PathBuf;
    use std::time::Duration as Patience;
    use store::writer::{Flushed, WriterOptions};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_start_puts_files_without_rows_into_the_library_and_names_rows_without_files() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::in_folder(folder.path().join("recordings")).unwrap();
        let began = Timestamp::from_millis(1_794_477_604_250);
        let [kept, unwritten, stranger, gone] = [1, 2, 3, 4].map(RecordingId::from_u64);
        let interaction = InteractionId::from_u64(9);
        for (recording, belongs) in [(kept, true), (unwritten, true), (stranger, false)] {
            finished(&archive, recording, belongs.then_some(interaction), began);
        }
        let (store, writer) = library(folder.path()).await;
        let row = |id| RecordingRecord {
            id,
            interaction,
            kind: RecordingKind::Call,
            started_at: began,
            length: Some(Duration::from_secs(1)),
            bytes: Some(32_044),
        };
        for id in [kept, gone] {
            writer.send(Record::Recording(row(id)));
        }
        written(&writer).await;

        let later = began + Duration::from_secs(60);
        let found = compare(&store, &archive, began, later).await.unwrap();
        assert_eq!((&found.without_file[..], &found.unknown[..]), (&[gone][..], &[stranger.to_string()][..]));
        assert_eq!(found.without_row.iter().map(|row| row.id).collect::<Vec<_>>(), [unwritten]);
        assert_eq!(found.count(), 3);
        let early = compare(&store, &archive, began, began).await.unwrap();
        assert_eq!(early.without_row, [], "what ended just now may be on its way");

        reconcile(store.clone(), archive.clone(), Arc::clone(&writer), later).await;
        written(&writer).await;
        let row = store.recording(unwritten).await.unwrap().expect("it is in the library now");
        assert_eq!(
            (row.interaction, row.length, row.started_at),
            (interaction, Some(Duration::from_secs(1)), began)
        );
        assert!(archive.has_sound(&row));
        let after = compare(&store, &archive, began, later).await.unwrap();
        assert_eq!((after.count(), after.without_row), (2, vec![]));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_a_start_saves_is_in_the_library_though_the_center_had_given_it_up() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::in_folder(folder.path().join("recordings")).unwrap();
        let (began, recording) = (Timestamp::from_millis(1_794_477_604_250), RecordingId::from_u64(1));
        let interaction = InteractionId::from_u64(9);
        let part = unfinished(&archive, recording, Some(interaction), began);
        let (store, writer) = library(folder.path()).await;
        // There was no room for it, which the center was told, and the process ended before there was.
        let given_up = RecordingRecord {
            id: recording,
            interaction,
            kind: RecordingKind::Call,
            started_at: began,
            length: Some(Duration::ZERO),
            bytes: Some(0),
        };
        writer.send(Record::Recording(given_up));
        written(&writer).await;

        // Whatever a center makes of what it is told, this one is none.
        let (requests, _unheard) = tokio::sync::mpsc::channel(8);
        let recorder = crate::node::start_recorder(vec![part], &archive, 0, &requests, &writer).unwrap();
        blocking(move || drop(recorder)).await.unwrap();
        written(&writer).await;
        let row = store.recording(recording).await.unwrap().unwrap();
        assert_eq!((row.length, row.bytes), (Some(Duration::from_secs(1)), Some(32_044)));
        assert!(archive.has_sound(&row));
    }

    async fn library(folder: &std::path::Path) -> (Store, Arc<Writer>) {
        let store = Store::open(&format!("sqlite:{}", folder.join("hotline.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        let options = WriterOptions::in_folder(folder.join("spool"));
        let writer = Arc::new(Writer::start(store.clone(), options, Box::new(|_| {})).unwrap());
        (store, writer)
    }

    async fn written(writer: &Arc<Writer>) {
        let writer = Arc::clone(writer);
        let flushed = blocking(move || writer.flush(Patience::from_secs(30))).await.unwrap();
        assert!(matches!(flushed, Flushed::Written), "{flushed:?}");
    }

    fn finished(archive: &Archive, recording: RecordingId, belongs: Option<InteractionId>, began: Timestamp) {
        let part = unfinished(archive, recording, belongs, began);
        Finishing::new(archive).unwrap().finish(&part).unwrap();
    }

    /// A second of silence.
    fn unfinished(
        archive: &Archive,
        recording: RecordingId,
        belongs: Option<InteractionId>,
        began: Timestamp,
    ) -> PathBuf {
        let text = began.to_string();
        let day = text.split('T').next().unwrap().replace('-', "/");
        let part = archive.root().join(day).join(format!("{recording}.part"));
        std::fs::create_dir_all(part.parent().unwrap()).unwrap();
        let head = Head { recording, kind: RecordingKind::Call, started_at: began };
        let mut writer = PartWriter::create(&part, &head).unwrap();
        if let Some(interaction) = belongs {
            writer.mark(0, &RecordingMark::Belongs(interaction));
        }
        writer.end(8_000);
        writer.flush().unwrap();
        part
    }
}
