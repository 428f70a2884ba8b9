//! Finishing: from the appended form to a file that plays, its outline, its manifest and its place in the chain.
//!
//! ```text
//!  RC-….part ─▶ RC-….wav.new ─▶ RC-….wav ─▶ RC-….peaks ─▶ RC-….json ─▶ a line of the chain ─▶ .part is deleted
//! ```
//!
//! Whatever a crash cuts off is done again at the next start, because the part is deleted last.

use crate::chain::Chain;
use crate::folder::{FILE_MODE, sync_folder};
use crate::format::SoundFormat;
use crate::manifest::{Facts, Manifest};
use crate::opus::OpusOut;
use crate::part::{PartReader, Piece};
use crate::track::{Laid, Track};
use crate::wav::{WavOut, millis_of};
use crate::{Archive, ArchiveError};
use base::Duration;
use model::record::RecordingKind;
use model::{RecordingId, RecordingMark};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Where finished sound goes.
pub(crate) trait SoundOut {
    /// Left and right side by side; a message has a left side only.
    fn write(&mut self, sound: &[[i16; 2]]) -> Result<(), ArchiveError>;
    /// Everything is on the disk.
    fn close(self: Box<Self>) -> Result<(), ArchiveError>;
}

/// A mark and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) at: u64,
    pub(crate) mark: RecordingMark,
}

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

/// Finishes recordings, one after the other.
#[derive(Debug)]
pub struct Finishing {
    format: SoundFormat,
    chain: Chain,
}

impl Finishing {
    /// Begins where the chain of the archive ends.
    pub fn new(archive: &Archive) -> Result<Self, ArchiveError> {
        Ok(Self { format: archive.format(), chain: Chain::open(archive.root())? })
    }

    /// Turns the file at `part` into sound, outline and manifest beside it, and deletes it. On failure it stays as it is.
    pub fn finish(&mut self, part: &Path) -> Result<Finished, ArchiveError> {
        self.finish_and_tell(part).map(|(finished, _)| finished)
    }

    /// The same, for whoever needs its manifest too.
    pub(crate) fn finish_and_tell(&mut self, part: &Path) -> Result<(Finished, Manifest), ArchiveError> {
        let finished = match self.finished_before(part) {
            Some(finished) => finished,
            None => self.make(part)?,
        };
        std::fs::remove_file(part).map_err(ArchiveError::of(part))?;
        Ok(finished)
    }

    /// Whether the chain ends with the recording of this part.
    pub(crate) fn made_last(&self, part: &Path) -> bool {
        self.finished_before(part).is_some()
    }

    /// The crash may have come when only the part was left to be deleted: its link must not be made twice.
    fn finished_before(&self, part: &Path) -> Option<(Finished, Manifest)> {
        let manifest = Manifest::read(&part.with_extension("json")).ok()?;
        if !self.chain.ends_with(&manifest) {
            return None;
        }
        let sound = part.with_file_name(&manifest.sound.file);
        let sha256 = hash(&sound).ok()?;
        (crate::manifest::hex(&sha256) == manifest.sound.sha256).then_some(())?;
        let finished = Finished {
            recording: manifest.recording.parse().ok()?,
            length: Duration::from_millis(manifest.length_ms),
            bytes: manifest.sound.bytes,
            sha256,
        };
        Some((finished, manifest))
    }

    fn make(&mut self, part: &Path) -> Result<(Finished, Manifest), ArchiveError> {
        let (head, reader) = PartReader::open(part)?;
        let sound = part.with_extension(self.format.extension());
        let temporary = part.with_extension(format!("{}.new", self.format.extension()));
        let stereo = head.kind == RecordingKind::Call;
        let (laid, marks) = match write(self.format, stereo, reader, part, &temporary) {
            Ok(written) => written,
            Err(why) => {
                // A full disk needs the room more than anybody needs half a file.
                let _ = std::fs::remove_file(&temporary);
                return Err(why);
            }
        };
        let bytes = std::fs::metadata(&temporary).map_err(ArchiveError::of(&temporary))?.len();
        let sha256 = hash(&temporary).map_err(ArchiveError::of(&temporary))?;
        std::fs::rename(&temporary, &sound).map_err(ArchiveError::of(&sound))?;
        sync_folder(&sound).map_err(ArchiveError::of(&sound))?;
        laid.peaks.write(&part.with_extension("peaks"))?;

        let facts = Facts {
            recording: head.recording,
            kind: head.kind,
            started_at: head.started_at,
            samples: laid.samples,
            format: self.format,
            bytes,
            sha256,
            spoke: laid.spoke,
        };
        let manifest = Manifest::new(facts, &marks, self.chain.next());
        manifest.write(&part.with_extension("json"))?;
        self.chain.append(head.recording, head.started_at, &manifest)?;
        let length = Duration::from_millis(millis_of(laid.samples));
        Ok((Finished { recording: head.recording, length, bytes, sha256 }, manifest))
    }
}

fn write<R: Read>(
    format: SoundFormat,
    stereo: bool,
    mut reader: PartReader<R>,
    part: &Path,
    temporary: &Path,
) -> Result<(Laid, Vec<Placed>), ArchiveError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(FILE_MODE)
        .open(temporary)
        .map_err(ArchiveError::of(temporary))?;
    let out: Box<dyn SoundOut> = match format {
        SoundFormat::Wav => Box::new(WavOut::new(file, temporary, stereo)?),
        SoundFormat::Opus { bitrate } => Box::new(OpusOut::new(file, temporary, stereo, bitrate)?),
    };
    let mut track = Track::new(out, stereo);
    let mut marks = Vec::new();
    while let Some(piece) = reader.next_piece().map_err(ArchiveError::of(part))? {
        match piece {
            Piece::Sound { side, law, at, payload } => {
                track.lay(side, at, payload.iter().map(|byte| law.decode(*byte)))?;
            }
            Piece::Mark { at, mark } => marks.push(Placed { at, mark }),
            Piece::End { samples } => {
                track.reach(samples)?;
                break;
            }
        }
    }
    Ok((track.close()?, marks))
}

pub(crate) fn hash(path: &Path) -> io::Result<[u8; 32]> {
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
