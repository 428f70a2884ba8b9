//! Where recordings lie: a folder for each day in UTC, so that no folder grows without end and old days can be
//! removed by their names.

use crate::format::SoundFormat;
use crate::manifest::Manifest;
use crate::opus::OpusAsWav;
use crate::peaks::{Outline, Peaks};
use crate::{ArchiveError, peaks};
use base::Timestamp;
use model::{RecordingId, RecordingRecord};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Rights of the folders and files: recordings are for nobody but the account the program runs under.
pub(crate) const FOLDER_MODE: u32 = 0o700;
pub(crate) const FILE_MODE: u32 = 0o600;

/// The recordings on disk. A clone is another handle on the same folder.
#[derive(Clone, Debug)]
pub struct Archive {
    root: PathBuf,
    format: SoundFormat,
}

/// Sound that can be read from any place on.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// A finished recording, open.
pub struct Opened {
    /// Its bytes.
    pub sound: Box<dyn ReadSeek>,
    /// How many.
    pub bytes: u64,
    /// What they are.
    pub format: Form,
    /// Whether they are not what the file holds: Opus, read as WAV.
    pub decoded: bool,
}

/// What the bytes of a recording are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// WAV.
    Wav,
    /// Opus in Ogg.
    Opus,
}

/// In which form a recording is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// As WAV, whatever it is kept as.
    Wav,
    /// As it is kept.
    AsKept,
}

impl Archive {
    /// The recordings below `root`, which is made if need be. Finished sound is kept as WAV.
    pub fn in_folder(root: impl Into<PathBuf>) -> Result<Self, ArchiveError> {
        let root = root.into();
        make_folder(&root).map_err(|source| ArchiveError::Folder { folder: root.clone(), source })?;
        Ok(Self { root, format: SoundFormat::default() })
    }

    /// The same, with recordings finished from now on kept in another form.
    #[must_use]
    pub fn keeping(self, format: SoundFormat) -> Self {
        Self { format, ..self }
    }

    /// Opens a finished recording.
    pub fn open(&self, recording: &RecordingRecord, wanted: Wanted) -> Result<Opened, ArchiveError> {
        let (path, file) = self.sound_file(recording)?;
        let is_opus = path.extension().is_some_and(|extension| extension == "opus");
        if is_opus && wanted == Wanted::Wav {
            let wav = OpusAsWav::new(file).map_err(ArchiveError::of(&path))?;
            let bytes = wav.length();
            return Ok(Opened { sound: Box::new(wav), bytes, format: Form::Wav, decoded: true });
        }
        let bytes = file.metadata().map_err(ArchiveError::of(&path))?.len();
        let format = if is_opus { Form::Opus } else { Form::Wav };
        Ok(Opened { sound: Box::new(file), bytes, format, decoded: false })
    }

    /// The manifest of a finished recording, as it is written.
    pub fn manifest(&self, recording: &RecordingRecord) -> Result<Vec<u8>, ArchiveError> {
        self.read_beside(recording, "json")
    }

    /// The outline of a finished recording; `None` where none was made, as it is older than outlines are.
    pub fn peaks(&self, recording: &RecordingRecord) -> Result<Option<Peaks>, ArchiveError> {
        let bytes = match self.read_beside(recording, peaks::EXTENSION) {
            Err(ArchiveError::Missing(_)) => return Ok(None),
            read => read?,
        };
        Peaks::parse(&bytes).map(Some).ok_or_else(|| ArchiveError::NotAnOutline {
            file: self.beside(recording.id, recording.started_at, peaks::EXTENSION),
        })
    }

    /// Makes the outline of a recording from its sound, and keeps it beside it. That is a matter of seconds for an hour of
    /// sound, so nobody should make many at once.
    pub fn outline(&self, recording: &RecordingRecord) -> Result<Peaks, ArchiveError> {
        let opened = self.open(recording, Wanted::Wav)?;
        let path = self.beside(recording.id, recording.started_at, peaks::EXTENSION);
        let unreadable = |error: hound::Error| ArchiveError::of(&path)(io::Error::other(error));
        let reader = hound::WavReader::new(io::BufReader::new(opened.sound)).map_err(unreadable)?;
        let sides = usize::from(reader.spec().channels);
        let mut outlines: Vec<Outline> = (0..sides).map(|_| Outline::default()).collect();
        for (at, sample) in reader.into_samples::<i16>().enumerate() {
            outlines[at % sides].hear(sample.map_err(unreadable)?);
        }
        let peaks = Peaks { sides: outlines.into_iter().map(Outline::values).collect() };
        // Without room for it, it is made again the next time.
        let _ = peaks.write(&path);
        Ok(peaks)
    }

    /// How finished sound is kept.
    pub(crate) fn format(&self) -> SoundFormat {
        self.format
    }

    /// Where the recordings lie.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The manifests of the days from `since` on, the oldest day first, read one by one. Files that are none are left out.
    pub fn manifests_since(
        &self,
        since: Timestamp,
    ) -> impl Iterator<Item = Result<Manifest, ArchiveError>> + Send + use<> {
        let first = self.day(since);
        let (days, failed) = match days(&self.root) {
            Ok(days) => (days, None),
            Err(why) => (Vec::new(), Some(Err(why))),
        };
        let read = |day: PathBuf| {
            let (paths, failed) = match entries(&day) {
                Ok(paths) => (paths, None),
                Err(why) => (Vec::new(), Some(Err(why))),
            };
            let manifests =
                paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "json"));
            failed.into_iter().chain(manifests.filter_map(|path| Manifest::read(&path).ok()).map(Ok))
        };
        failed.into_iter().chain(days.into_iter().filter(move |day| *day >= first).flat_map(read))
    }

    /// Whether the sound of a finished recording is on the disk.
    pub fn has_sound(&self, recording: &RecordingRecord) -> bool {
        self.sound_path(recording.id, recording.started_at).is_some()
    }

    /// The file of a recording that goes on.
    pub(crate) fn part_path(&self, id: RecordingId, started_at: Timestamp) -> PathBuf {
        self.beside(id, started_at, "part")
    }

    /// The file of sound of a recording that is over.
    pub(crate) fn sound_path(&self, id: RecordingId, started_at: Timestamp) -> Option<PathBuf> {
        SoundFormat::EXTENSIONS
            .into_iter()
            .map(|extension| self.beside(id, started_at, extension))
            .find(|path| path.exists())
    }

    /// Another file of a recording.
    pub(crate) fn beside(&self, id: RecordingId, started_at: Timestamp, extension: &str) -> PathBuf {
        self.day(started_at).join(format!("{id}.{extension}"))
    }

    fn sound_file(&self, recording: &RecordingRecord) -> Result<(PathBuf, File), ArchiveError> {
        let (id, started_at) = (recording.id, recording.started_at);
        for extension in SoundFormat::EXTENSIONS {
            let path = self.beside(id, started_at, extension);
            match File::open(&path) {
                Ok(file) => return Ok((path, file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(ArchiveError::of(&path)(error)),
            }
        }
        Err(self.absent(recording))
    }

    fn read_beside(&self, recording: &RecordingRecord, extension: &str) -> Result<Vec<u8>, ArchiveError> {
        let path = self.beside(recording.id, recording.started_at, extension);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(self.absent(recording)),
            Err(error) => Err(ArchiveError::of(&path)(error)),
        }
    }

    fn absent(&self, recording: &RecordingRecord) -> ArchiveError {
        if self.part_path(recording.id, recording.started_at).exists() {
            ArchiveError::Unfinished(recording.id)
        } else {
            ArchiveError::Missing(recording.id)
        }
    }

    /// `2026/11/21`, the first ten letters of the time with other separators.
    fn day(&self, at: Timestamp) -> PathBuf {
        let text = at.to_string();
        let date = text.split('T').next().unwrap_or_default();
        date.split('-').fold(self.root.clone(), |folder, part| folder.join(part))
    }
}

/// The folders of days, in order.
fn days(root: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let mut folders = vec![root.to_owned()];
    for _ in 0..3 {
        let mut below = Vec::new();
        for folder in folders {
            below.extend(entries(&folder)?.into_iter().filter(|path| path.is_dir()));
        }
        folders = below;
    }
    Ok(folders)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let read = || -> io::Result<Vec<PathBuf>> {
        let mut paths: Vec<_> = std::fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()?;
        paths.sort();
        Ok(paths)
    };
    read().map_err(|source| ArchiveError::Folder { folder: folder.to_owned(), source })
}

pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)
}

/// Writes a small file durably: whole, or not at all.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<(), ArchiveError> {
    let temporary = path.with_added_extension("new");
    let write = || -> io::Result<()> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        sync_folder(path)
    };
    let written = write();
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written.map_err(ArchiveError::of(path))
}

/// Brings a rename onto the disk.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
