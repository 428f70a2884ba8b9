//! How finished sound is kept: WAV, or Opus in Ogg.

use crate::wav::SAMPLES_PER_SECOND;

/// How finished sound is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SoundFormat {
    /// 16-bit PCM at 8 kHz: 115 MB an hour of a call, and every program plays it.
    #[default]
    Wav,
    /// Opus in Ogg (RFC 7845): at 24 kbit/s 11 MB an hour.
    Opus {
        /// Bits a second for both sides together, 8 000 to 128 000.
        bitrate: u32,
    },
}

impl SoundFormat {
    /// Every ending that a file of sound has.
    pub(crate) const EXTENSIONS: [&'static str; 2] = ["wav", "opus"];

    /// How files of it end.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Opus { .. } => "opus",
        }
    }

    pub(crate) const fn codec_and_rate(self) -> (&'static str, u32) {
        match self {
            Self::Wav => ("pcm_s16le", SAMPLES_PER_SECOND as u32),
            Self::Opus { .. } => ("opus", SAMPLES_PER_SECOND as u32),
        }
    }
}
