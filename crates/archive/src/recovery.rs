//! After a crash: every recording that was being written is finished as far as it got.

use crate::recorder::Ended;
use crate::{Archive, ArchiveError, Finishing};
use model::RecordingId;
use std::io;
use std::path::{Path, PathBuf};

/// Every recording below `archive` that a former process left unfinished; half files are removed. To be called before a recorder
/// is started: what that writes is no former process's.
pub fn unfinished(archive: &Archive) -> Result<Vec<PathBuf>, ArchiveError> {
    let mut parts = Vec::new();
    collect(archive.root(), DEPTH, &mut parts)
        .map_err(|source| ArchiveError::Folder { folder: archive.root().to_owned(), source })?;
    Ok(parts)
}

/// Finishes every recording below `archive` that a crash left unfinished, the one first that the
/// chain ends with, the others in the order of their names. To be called
/// before a recorder is started.
///
/// A file whose very head was cut holds no sound and is removed; any other that cannot be finished stays.
pub fn recover(archive: &Archive) -> Result<Vec<Ended>, ArchiveError> {
    let mut finishing = Finishing::new(archive)?;
    let parts = in_order(unfinished(archive)?, &finishing);
    Ok(parts.iter().filter_map(|part| recover_one(part, &mut finishing)).collect())
}

/// The last link of the chain first: only as long as it is the last is it seen that it has been made.
pub(crate) fn in_order(mut parts: Vec<PathBuf>, finishing: &Finishing) -> Vec<PathBuf> {
    parts.sort_by_cached_key(|part| (!finishing.made_last(part), part.clone()));
    parts
}

/// Year, month and day.
const DEPTH: usize = 3;

pub(crate) fn recover_one(part: &Path, finishing: &mut Finishing) -> Option<Ended> {
    match finishing.finish_and_tell(part) {
        Ok((finished, manifest)) => {
            tracing::warn!(recording = %finished.recording, length = ?finished.length, "a recording cut by a crash is saved");
            Some(Ended::Saved(Box::new(manifest)))
        }
        Err(ArchiveError::NotARecording { file }) => {
            tracing::warn!(file = %file.display(), "an unfinished recording without a head holds no sound and is removed");
            let _ = std::fs::remove_file(&file);
            None
        }
        Err(why) => {
            tracing::error!(file = %part.display(), %why, "an unfinished recording cannot be finished");
            Some(Ended::Failed { recording: recording_of(part)?, why })
        }
    }
}

/// The recording of a part, as its name says.
pub(crate) fn recording_of(part: &Path) -> Option<RecordingId> {
    part.file_stem()?.to_str()?.parse().ok()
}

fn collect(folder: &Path, depth: usize, parts: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, parts)?;
            }
        } else if depth == 0 {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("part") => parts.push(path),
                // Half a file: the crash came while it was made, and its source is still here.
                Some("new") => std::fs::remove_file(&path)?,
                _ => {}
            }
        }
    }
    Ok(())
}
