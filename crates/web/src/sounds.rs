//! What the web asks of the archive: implemented by whoever wires it to one.

use model::RecordingRecord;
use std::io::{Read, Seek};
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

/// The bytes of sound, from any place on.
pub trait SoundBytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> SoundBytes for T {}

/// In which form sound is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundForm {
    /// 16-bit PCM.
    Wav,
    /// Opus in Ogg.
    Opus,
}

impl SoundForm {
    /// As HTTP names it.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Opus => "audio/ogg; codecs=opus",
        }
    }

    /// How a file of it ends.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Opus => "opus",
        }
    }
}

/// A recording that is open.
pub struct OpenSound {
    /// Its bytes.
    pub bytes: Box<dyn SoundBytes>,
    /// How many.
    pub length: u64,
    /// What they are.
    pub form: SoundForm,
    /// Whether they are made of sound that is kept in another form, just now: another version of the program may make others.
    pub decoded: bool,
}

/// Where finished recordings are opened. Everything here may block: it is called off the async threads.
pub trait Sounds: Send + Sync + 'static {
    /// Opens a recording as it is kept.
    fn open(&self, recording: &RecordingRecord) -> Result<OpenSound, SoundError>;
    /// Opens a recording as WAV, however it is kept.
    fn open_wav(&self, recording: &RecordingRecord) -> Result<OpenSound, SoundError>;
    /// The loudest sample, 0 to 255, in each of at most `points` equal parts, a list for each side; `None` for a recording of
    /// which that was never found out.
    fn peaks(&self, recording: &RecordingRecord, points: usize) -> Result<Option<Vec<Vec<u8>>>, SoundError>;
    /// Finds out the same from the sound itself, and keeps it if there is room. Takes seconds for an hour of sound.
    fn outline(&self, recording: &RecordingRecord, points: usize) -> Result<Vec<Vec<u8>>, SoundError>;
    /// The manifest, as JSON.
    fn manifest(&self, recording: &RecordingRecord) -> Result<Vec<u8>, SoundError>;
}
