//! What the web asks of the archive: implemented by whoever wires it to one.

use model::RecordingRecord;
use std::fs::File;
use thiserror::Error;

/// Why a recording cannot be heard.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SoundError {
    /// It is still being written.
    #[error("the recording goes on")]
    Unfinished,
    /// Its file is gone.
    #[error("the recording is not on the disk any more")]
    Missing,
    /// It cannot be read.
    #[error("the recording cannot be read: {0}")]
    Unreadable(String),
}

/// Where finished recordings are opened.
pub trait Sounds: Send + Sync + 'static {
    /// Opens a recording's WAV file, with its length in bytes. May block: it is called off the async threads.
    fn open(&self, recording: &RecordingRecord) -> Result<(File, u64), SoundError>;
}
