//! `[recording]`: how finished recordings are kept.

use archive::SoundFormat;
use serde::{Deserialize, Serialize};

/// `[recording]`: how finished recordings are kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RecordingSection {
    /// `wav` or `opus`.
    pub(crate) format: Format,
    /// Bits a second of Opus, both sides together.
    pub(crate) bitrate: u32,
    /// Below how many megabytes of free disk supervisors are warned.
    pub(crate) warn_below_mb: u64,
}

/// How finished recordings are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// 16-bit PCM.
    Wav,
    /// Opus in Ogg.
    Opus,
}

impl Default for RecordingSection {
    fn default() -> Self {
        Self { format: Format::Wav, bitrate: 24_000, warn_below_mb: 2_000 }
    }
}

impl RecordingSection {
    /// For the archive.
    pub(crate) fn sound_format(&self) -> anyhow::Result<SoundFormat> {
        if !(8_000..=128_000).contains(&self.bitrate) {
            anyhow::bail!("[recording] bitrate is 8000 to 128000, not {}", self.bitrate);
        }
        Ok(match self.format {
            Format::Wav => SoundFormat::Wav,
            Format::Opus => SoundFormat::Opus { bitrate: self.bitrate },
        })
    }
}
