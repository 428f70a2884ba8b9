//! What can go wrong with recordings, in sentences an operator can act on.

use model::RecordingId;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a recording could not be written, finished or opened.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The folder cannot be made or read.
    #[error("cannot use the recordings folder {folder}: {source}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The disk is full.
    #[error("the disk is full: {file} was kept as far as it was written")]
    DiskFull {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file cannot be written or read.
    #[error("the recording file {file} cannot be used: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file does not begin as an unfinished recording does.
    #[error("{file} is no unfinished recording")]
    NotARecording {
        /// The file.
        file: PathBuf,
    },
    /// A manifest cannot be understood.
    #[error("{file} is no manifest: {source}")]
    Manifest {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
    /// An outline cannot be understood.
    #[error("{file} is no outline of a recording")]
    NotAnOutline {
        /// The file.
        file: PathBuf,
    },
    /// libopus refuses.
    #[error("libopus cannot encode {file}: {source}")]
    Opus {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: opus::Error,
    },
    /// There is no such recording on the disk.
    #[error("there is no recording {0} on the disk")]
    Missing(RecordingId),
    /// The recording goes on.
    #[error("the recording {0} goes on")]
    Unfinished(RecordingId),
    /// More recordings go on than the recorder takes.
    #[error("{limit} recordings go on already")]
    TooMany {
        /// The limit.
        limit: usize,
    },
}

impl ArchiveError {
    /// The error of an operation on a file.
    pub(crate) fn of(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull { file, source }
            }
            _ => Self::File { file, source },
        }
    }
}
