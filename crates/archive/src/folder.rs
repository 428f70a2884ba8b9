//! Where recordings lie: a folder for each day in UTC, so that no folder grows without end and old days can be
//! removed by their names.

use crate::ArchiveError;
use base::Timestamp;
use model::{RecordingId, RecordingRecord};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Rights of the folders and files: recordings are for nobody but the account the program runs under.
pub(crate) const FOLDER_MODE: u32 = 0o700;
pub(crate) const FILE_MODE: u32 = 0o600;

/// The recordings on disk. A clone is another handle on the same folder.
#[derive(Clone, Debug)]
pub struct Archive {
    root: PathBuf,
}

impl Archive {
    /// The recordings below `root`, which is made if need be.
    pub fn in_folder(root: impl Into<PathBuf>) -> Result<Self, ArchiveError> {
        let root = root.into();
        make_folder(&root).map_err(|source| ArchiveError::Folder { folder: root.clone(), source })?;
        Ok(Self { root })
    }

    /// Opens a finished recording, with its length in bytes.
    pub fn open(&self, recording: &RecordingRecord) -> Result<(File, u64), ArchiveError> {
        let path = self.wav_path(recording.id, recording.started_at);
        match File::open(&path) {
            Ok(file) => {
                let bytes = file.metadata().map_err(ArchiveError::of(&path))?.len();
                Ok((file, bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.part_path(recording.id, recording.started_at).exists() {
                    Err(ArchiveError::Unfinished(recording.id))
                } else {
                    Err(ArchiveError::Missing(recording.id))
                }
            }
            Err(error) => Err(ArchiveError::of(&path)(error)),
        }
    }

    /// Where the recordings lie.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file of a recording that goes on.
    pub(crate) fn part_path(&self, id: RecordingId, started_at: Timestamp) -> PathBuf {
        self.day(started_at).join(format!("{id}.part"))
    }

    /// The file of a recording that is over.
    pub(crate) fn wav_path(&self, id: RecordingId, started_at: Timestamp) -> PathBuf {
        self.day(started_at).join(format!("{id}.wav"))
    }

    /// `2026/11/21`, the first ten letters of the time with other separators.
    fn day(&self, at: Timestamp) -> PathBuf {
        let text = at.to_string();
        let date = text.split('T').next().unwrap_or_default();
        date.split('-').fold(self.root.clone(), |folder, part| folder.join(part))
    }
}

pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)
}
