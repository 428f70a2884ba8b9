//! Finished sound as WAV: 16-bit PCM at 8 kHz, caller left and agent right; a message has one channel.

use crate::ArchiveError;
use crate::finish::SoundOut;
use hound::{SampleFormat, WavSpec, WavWriter};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// Samples in a second of one side.
pub const SAMPLES_PER_SECOND: u64 = 8_000;

/// How long so many samples of a side are.
pub(crate) const fn millis_of(samples: u64) -> u64 {
    samples * 1000 / SAMPLES_PER_SECOND
}

/// A WAV file being written.
pub(crate) struct WavOut {
    path: PathBuf,
    whole: File,
    wav: WavWriter<BufWriter<File>>,
    stereo: bool,
}

impl WavOut {
    pub(crate) fn new(file: File, path: &Path, stereo: bool) -> Result<Self, ArchiveError> {
        let whole = file.try_clone().map_err(ArchiveError::of(path))?;
        let spec = WavSpec {
            channels: if stereo { 2 } else { 1 },
            sample_rate: SAMPLES_PER_SECOND as u32,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let wav = WavWriter::new(BufWriter::new(file), spec).map_err(of_wav(path))?;
        Ok(Self { path: path.to_owned(), whole, wav, stereo })
    }
}

impl SoundOut for WavOut {
    fn write(&mut self, sound: &[[i16; 2]]) -> Result<(), ArchiveError> {
        let channels = if self.stereo { 2 } else { 1 };
        for part in sound.chunks(SAMPLES_PER_SECOND as usize) {
            let mut writer = self.wav.get_i16_writer(part.len() as u32 * channels);
            for [left, right] in part {
                writer.write_sample(*left);
                if self.stereo {
                    writer.write_sample(*right);
                }
            }
            writer.flush().map_err(of_wav(&self.path))?;
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), ArchiveError> {
        self.wav.finalize().map_err(of_wav(&self.path))?;
        self.whole.sync_all().map_err(ArchiveError::of(&self.path))
    }
}

fn of_wav(file: &Path) -> impl Fn(hound::Error) -> ArchiveError {
    move |error| {
        ArchiveError::of(file)(match error {
            hound::Error::IoError(error) => error,
            other => io::Error::other(other),
        })
    }
}

/// The head of a WAV file of 16-bit PCM with so many bytes of sound.
pub(crate) fn head(channels: u8, sound_bytes: u32) -> [u8; 44] {
    let rate = SAMPLES_PER_SECOND as u32;
    let step = u16::from(channels) * 2;
    let mut head = [0; 44];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        head[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(b"RIFF");
    put(&(sound_bytes.saturating_add(36)).to_le_bytes());
    put(b"WAVEfmt ");
    put(&16u32.to_le_bytes());
    put(&1u16.to_le_bytes());
    put(&u16::from(channels).to_le_bytes());
    put(&rate.to_le_bytes());
    put(&(rate * u32::from(step)).to_le_bytes());
    put(&step.to_le_bytes());
    put(&16u16.to_le_bytes());
    put(b"data");
    put(&sound_bytes.to_le_bytes());
    head
}
