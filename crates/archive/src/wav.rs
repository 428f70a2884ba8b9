//! Finishing: from the appended form to a WAV file, 16-bit PCM at 8 kHz, caller left and agent right; a message has
//! one channel.
//!
//! The sound goes through a window of some seconds, in which frames find their places whatever order they came in;
//! what nobody said is silence. So an hour takes no more memory than a minute.

use crate::ArchiveError;
use crate::folder::FILE_MODE;
use crate::part::{Head, PartReader, Piece};
use base::Duration;
use hound::{SampleFormat, WavSpec, WavWriter};
use media::Side;
use model::RecordingId;
use model::record::RecordingKind;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Samples in a second of one side.
pub const SAMPLES_PER_SECOND: u64 = 8_000;
/// How far apart in the file sound may lie that belongs to the same moment. Media lets frames be at most two seconds
/// late.
pub const WINDOW_SAMPLES: u64 = 8 * SAMPLES_PER_SECOND;
/// The longest recording. What lies behind is left out, so that a position gone mad cannot fill the disk with silence.
pub const LENGTH_MAX_SAMPLES: u64 = 24 * 3600 * SAMPLES_PER_SECOND;

/// A recording that can be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Which.
    pub recording: RecordingId,
    /// How long it is.
    pub length: Duration,
    /// How large its file is.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// Turns the file at `part` into a WAV file at `wav` and deletes `part`. On failure `part` stays as it is.
pub fn finish(part: &Path, wav: &Path) -> Result<Finished, ArchiveError> {
    let (head, reader) = PartReader::open(part)?;
    let temporary = wav.with_extension("wav.new");
    let finished = write(&head, reader, part, &temporary).and_then(|samples| {
        let bytes = std::fs::metadata(&temporary).map_err(ArchiveError::of(&temporary))?.len();
        let sha256 = hash(&temporary).map_err(ArchiveError::of(&temporary))?;
        std::fs::rename(&temporary, wav).map_err(ArchiveError::of(wav))?;
        sync_folder(wav).map_err(ArchiveError::of(wav))?;
        let length = Duration::from_millis(samples * 1000 / SAMPLES_PER_SECOND);
        Ok(Finished { recording: head.recording, length, bytes, sha256 })
    });
    match &finished {
        Ok(_) => std::fs::remove_file(part).map_err(ArchiveError::of(part))?,
        // A full disk needs the room more than anybody needs half a file.
        Err(_) => drop(std::fs::remove_file(&temporary)),
    }
    finished
}

fn write<R: Read>(
    head: &Head,
    mut reader: PartReader<R>,
    part: &Path,
    temporary: &Path,
) -> Result<u64, ArchiveError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(temporary)
        .map_err(ArchiveError::of(temporary))?;
    let whole = file.try_clone().map_err(ArchiveError::of(temporary))?;
    let mut track = Track::new(head.kind, BufWriter::new(file)).map_err(of_wav(temporary))?;
    while let Some(piece) = reader.next_piece().map_err(ArchiveError::of(part))? {
        match piece {
            Piece::Sound { side, law, at, payload } => {
                track
                    .lay(side, at, payload.iter().map(|byte| law.decode(*byte)))
                    .map_err(of_wav(temporary))?;
            }
            Piece::Mark { .. } => {}
            Piece::End { samples } => {
                track.reach(samples).map_err(of_wav(temporary))?;
                break;
            }
        }
    }
    let samples = track.close().map_err(of_wav(temporary))?;
    whole.sync_all().map_err(ArchiveError::of(temporary))?;
    Ok(samples)
}

fn of_wav(file: &Path) -> impl Fn(hound::Error) -> ArchiveError {
    move |error| {
        ArchiveError::of(file)(match error {
            hound::Error::IoError(error) => error,
            other => io::Error::other(other),
        })
    }
}

/// The sound on its way into the file.
struct Track<W: io::Write + io::Seek> {
    wav: WavWriter<W>,
    stereo: bool,
    /// Samples that are in the file already.
    written: u64,
    /// Where the sound laid down so far ends.
    end: u64,
    /// The samples from `written` on, left and right side by side; as long as the sound reaches.
    window: Vec<[i16; 2]>,
}

impl<W: io::Write + io::Seek> Track<W> {
    fn new(kind: RecordingKind, out: W) -> Result<Self, hound::Error> {
        let stereo = kind == RecordingKind::Call;
        let spec = WavSpec {
            channels: if stereo { 2 } else { 1 },
            sample_rate: SAMPLES_PER_SECOND as u32,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let wav = WavWriter::new(out, spec)?;
        Ok(Self { wav, stereo, written: 0, end: 0, window: Vec::new() })
    }

    /// Puts sound of one side where it belongs.
    fn lay(
        &mut self,
        side: Side,
        at: u64,
        sound: impl ExactSizeIterator<Item = i16>,
    ) -> Result<(), hound::Error> {
        let Some(end) = at.checked_add(sound.len() as u64).filter(|end| *end <= LENGTH_MAX_SAMPLES) else {
            return Ok(());
        };
        self.reach(end)?;
        let channel = match side {
            Side::Left => 0,
            Side::Right => 1,
        };
        // What comes later than the window allows is left out rather than laid where it does not belong.
        let late = self.written.saturating_sub(at) as usize;
        let begin = at.saturating_sub(self.written) as usize;
        for (frame, sample) in self.window[begin..].iter_mut().zip(sound.skip(late)) {
            frame[channel] = sample;
        }
        Ok(())
    }

    /// Lets the track be at least `end` samples long.
    fn reach(&mut self, end: u64) -> Result<(), hound::Error> {
        let end = end.min(LENGTH_MAX_SAMPLES);
        while self.end < end {
            // A long silence goes through the window piece by piece.
            let step = (end - self.end).min(WINDOW_SAMPLES);
            self.end += step;
            self.window.resize((self.end - self.written) as usize, [0; 2]);
            // Two windows are gathered before one is written, so that what stays is seldom moved.
            if self.window.len() as u64 >= 2 * WINDOW_SAMPLES {
                self.write(self.window.len() - WINDOW_SAMPLES as usize)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, count: usize) -> Result<(), hound::Error> {
        let channels = if self.stereo { 2 } else { 1 };
        for part in self.window[..count].chunks(SAMPLES_PER_SECOND as usize) {
            let mut writer = self.wav.get_i16_writer(part.len() as u32 * channels);
            for [left, right] in part {
                writer.write_sample(*left);
                if self.stereo {
                    writer.write_sample(*right);
                }
            }
            writer.flush()?;
        }
        self.window.drain(..count);
        self.written += count as u64;
        Ok(())
    }

    fn close(mut self) -> Result<u64, hound::Error> {
        self.write(self.window.len())?;
        self.wav.finalize()?;
        Ok(self.end)
    }
}

fn hash(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// Brings a rename onto the disk.
fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
