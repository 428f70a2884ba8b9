//! Files and rows of recordings, held against each other: a file without a row was written when the database was away for too
//! long or its row was lost; a row without a file speaks of sound that is gone.

use archive::{Archive, ArchiveError, Manifest};
use base::{Duration, Timestamp};
use model::record::RecordingKind;
use model::{Record, RecordingId, RecordingRecord};
use std::collections::BTreeMap;
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

/// What does not fit together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Finished by their rows, and without sound on the disk.
    pub without_file: Vec<RecordingId>,
    /// Finished on the disk, and without a row that says so.
    pub without_row: Vec<RecordingRecord>,
    /// Files whose manifest does not name an interaction or cannot be made a row of, by name.
    pub unknown: Vec<String>,
}

/// Holds the files and the rows of recordings against each other that began at `since` or later, and had ended by `until`.
pub async fn compare(
    store: &Store,
    archive: &Archive,
    since: Timestamp,
    until: Timestamp,
) -> Result<Differences, CompareError> {
    let mut rows: BTreeMap<RecordingId, RecordingRecord> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.recordings_since(since, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        rows.extend(page.into_iter().map(|row| (row.id, row)));
    }
    let archive = archive.clone();
    let read = tokio::task::spawn_blocking(move || hold_against(&archive, &rows, since, until));
    read.await.map_err(|_| CompareError::BrokeDown)?
}

fn hold_against(
    archive: &Archive,
    rows: &BTreeMap<RecordingId, RecordingRecord>,
    since: Timestamp,
    until: Timestamp,
) -> Result<Differences, CompareError> {
    let mut found = Differences::default();
    for manifest in archive.manifests_since(since)? {
        let Some(record) = record_of(&manifest) else {
            found.unknown.push(manifest.recording);
            continue;
        };
        let told = rows.get(&record.id).is_some_and(|row| row.bytes.is_some_and(|bytes| bytes > 0));
        // The row of one that ended just now may still be on its way.
        let ended_at = record.started_at + record.length.unwrap_or_default();
        if !told && record.started_at >= since && ended_at < until {
            found.without_row.push(record);
        }
    }
    for row in rows.values().filter(|row| row.bytes.is_some_and(|bytes| bytes > 0)) {
        if row.started_at < until && !archive.has_sound(row) {
            found.without_file.push(row.id);
        }
    }
    Ok(found)
}

/// What the library should have of a file.
fn record_of(manifest: &Manifest) -> Option<RecordingRecord> {
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
    let (files, rows) = (found.without_row.len() + found.unknown.len(), found.without_file.len());
    if files + rows > 0 {
        tracing::warn!(without_row = files, without_file = rows, "files and rows of recordings differ");
    }
    for record in found.without_row {
        writer.send(Record::Recording(record));
    }
}
