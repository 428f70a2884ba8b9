//! The chain of finished recordings: every manifest names the hash of the one before, and a file of lines says in which
//! order they were made.
//!
//! ```text
//!  recordings/chain:   NUMBER RECORDING BEGAN(ms UTC) HASH
//! ```
//!
//! Whoever changes or takes away a recording, its manifest or a line breaks the chain at that place. A chain that is made anew
//! as a whole cannot be told from the true one by itself: note its last hash elsewhere, now and then.

use crate::folder::FILE_MODE;
use crate::manifest::{Link, Manifest, hex};
use crate::{Archive, ArchiveError, finish};
use base::Timestamp;
use model::RecordingId;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file's name in the folder of the recordings.
const FILE: &str = "chain";
/// No line is longer.
const LINE_BYTES_MAX: u64 = 256;

/// The end of the chain, to be gone on from.
#[derive(Debug)]
pub(crate) struct Chain {
    path: PathBuf,
    last: Option<Line>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    number: u64,
    recording: RecordingId,
    started_at: Timestamp,
    hash: String,
}

/// A place where the chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The number of the link.
    pub number: u64,
    /// The recording, if its line can be read.
    pub recording: Option<RecordingId>,
    /// What is wrong, in a sentence.
    pub why: String,
}

/// No more breaks are told one by one; the others are counted.
pub const BREAKS_TOLD_MAX: usize = 10_000;

/// What became of checking the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Links that hold.
    pub links: u64,
    /// The hash of the last line.
    pub hash: String,
    /// Where it breaks, in order; [`BREAKS_TOLD_MAX`] places at most.
    pub broken: Vec<Broken>,
    /// How often it breaks in all.
    pub breaks: u64,
}

impl Checked {
    fn breaks(&mut self, broken: Broken) {
        self.breaks += 1;
        if self.broken.len() < BREAKS_TOLD_MAX {
            self.broken.push(broken);
        }
    }
}

impl Chain {
    pub(crate) fn open(root: &Path) -> Result<Self, ArchiveError> {
        let path = root.join(FILE);
        let last = match last_line(&path) {
            Ok(last) => last,
            // Calls have to be recorded, whatever has become of the chain. What is left of it is kept to be looked at.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let aside = free_name(&path);
                tracing::error!(file = %path.display(), aside = %aside.display(), %error,
                    "the chain of recordings is damaged: it is put aside, and another one begins");
                std::fs::rename(&path, &aside).map_err(ArchiveError::of(&path))?;
                None
            }
            Err(error) => return Err(ArchiveError::of(&path)(error)),
        };
        Ok(Self { path, last })
    }

    pub(crate) fn next(&self) -> Link {
        match &self.last {
            Some(last) => Link { number: last.number + 1, previous: last.hash.clone() },
            None => Link { number: 1, previous: String::new() },
        }
    }

    pub(crate) fn ends_with(&self, manifest: &Manifest) -> bool {
        self.last.as_ref().is_some_and(|last| {
            last.hash == manifest.hash
                && last.recording.to_string() == manifest.recording
                && manifest.reckoned_hash() == manifest.hash
        })
    }

    pub(crate) fn append(
        &mut self,
        recording: RecordingId,
        started_at: Timestamp,
        manifest: &Manifest,
    ) -> Result<(), ArchiveError> {
        let line = Line { number: manifest.chain.number, recording, started_at, hash: manifest.hash.clone() };
        let text = format!("{} {} {} {}\n", line.number, recording, started_at.as_millis(), line.hash);
        append(&self.path, text.as_bytes()).map_err(ArchiveError::of(&self.path))?;
        self.last = Some(line);
        Ok(())
    }
}

/// A name beside the chain that nothing has yet.
fn free_name(path: &Path) -> PathBuf {
    let mut number = 1;
    loop {
        let aside = put_aside(path, number);
        if !aside.exists() {
            return aside;
        }
        number += 1;
    }
}

fn put_aside(path: &Path, number: u32) -> PathBuf {
    path.with_extension(format!("broken-{number}"))
}

/// Appends durably. A line torn by a crash before is cut off first: what it tells of is finished again.
fn append(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)?;
    let end = whole_lines_end(&mut file)?;
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    let written = file.write_all(text).and_then(|()| file.sync_data());
    if written.is_err() {
        // Half a line on a full disk must not stand in the way of the next one.
        let _ = file.set_len(end);
    }
    written
}

/// Where the last whole line ends.
fn whole_lines_end(file: &mut File) -> io::Result<u64> {
    let length = file.seek(SeekFrom::End(0))?;
    let begin = length.saturating_sub(LINE_BYTES_MAX);
    file.seek(SeekFrom::Start(begin))?;
    let mut tail = Vec::new();
    file.take(LINE_BYTES_MAX).read_to_end(&mut tail)?;
    match tail.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => Ok(begin + at as u64 + 1),
        // The first line of all, torn.
        None if begin == 0 => Ok(0),
        None => Err(io::Error::new(io::ErrorKind::InvalidData, "its end holds no line")),
    }
}

fn last_line(path: &Path) -> io::Result<Option<Line>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let end = whole_lines_end(&mut file)?;
    let begin = end.saturating_sub(LINE_BYTES_MAX);
    file.seek(SeekFrom::Start(begin))?;
    let mut tail = vec![0; (end - begin) as usize];
    file.read_exact(&mut tail)?;
    let text = String::from_utf8_lossy(&tail);
    let Some(last) = text.lines().last() else { return Ok(None) };
    parse(last)
        .map(Some)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "its last line cannot be read"))
}

fn parse(line: &str) -> Option<Line> {
    let mut words = line.split(' ');
    let (number, recording, began, hash) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(Line {
        number: number.parse().ok()?,
        recording: recording.parse().ok()?,
        started_at: Timestamp::from_millis(began.parse().ok()?),
        hash: hash.to_owned(),
    })
    .filter(|line| line.hash.len() == 64 && words.next().is_none())
}

/// Checks every link from the first to the last, with the sound it speaks for, and whether every finished recording has a link;
/// reads all recordings there are, one after the other, so it may take long. Each damage is told once: what follows it is
/// held against what its line says.
pub fn check(archive: &Archive) -> Result<Checked, ArchiveError> {
    let path = archive.root().join(FILE);
    let mut checked = Checked::default();
    let mut last = 0;
    match File::open(&path) {
        Ok(file) => {
            last =
                check_lines(archive, BufReader::new(file), &mut checked).map_err(ArchiveError::of(&path))?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(ArchiveError::of(&path)(error)),
    }
    // One that was put aside has its links still, and nobody can tell them from others.
    if !put_aside(&path, 1).exists() {
        check_for_strays(archive, last, &mut checked)?;
    }
    Ok(checked)
}

/// Checks line by line; returns the number of the last one.
fn check_lines(archive: &Archive, mut lines: impl BufRead, checked: &mut Checked) -> io::Result<u64> {
    let mut number = 0;
    // The hash before, where it is known.
    let mut previous = Some(String::new());
    let mut text = Vec::new();
    loop {
        text.clear();
        if (&mut lines).take(LINE_BYTES_MAX).read_until(b'\n', &mut text)? == 0 {
            return Ok(number);
        }
        if text.pop_if(|byte| *byte == b'\n').is_none() && text.len() < LINE_BYTES_MAX as usize {
            // Torn by a crash, or being written.
            return Ok(number);
        }
        number += 1;
        let Some(line) = std::str::from_utf8(&text).ok().and_then(parse) else {
            let why = "its line in the chain cannot be read".to_owned();
            checked.breaks(Broken { number, recording: None, why });
            previous = None;
            continue;
        };
        match check_link(archive, &line, number, previous.as_deref()) {
            Ok(()) => checked.links += 1,
            Err(why) => checked.breaks(Broken { number, recording: Some(line.recording), why }),
        }
        number = line.number;
        checked.hash.clone_from(&line.hash);
        previous = Some(line.hash);
    }
}

/// Finished recordings that the chain, which ends with link `last`, has nothing to say of.
fn check_for_strays(archive: &Archive, last: u64, checked: &mut Checked) -> Result<(), ArchiveError> {
    for manifest in archive.manifests_since(Timestamp::from_millis(0)) {
        let manifest = manifest?;
        let number = manifest.chain.number;
        let recording: Option<RecordingId> = manifest.recording.parse().ok();
        let began = Timestamp::from_millis(manifest.started_at);
        // It is being finished at this moment, or will be at the next start.
        let goes_on = recording.is_some_and(|recording| archive.part_path(recording, began).exists());
        if number > last && !goes_on {
            let why = "it has no line in the chain, which ends before it".to_owned();
            checked.breaks(Broken { number, recording, why });
        }
    }
    Ok(())
}

fn check_link(archive: &Archive, line: &Line, number: u64, previous: Option<&str>) -> Result<(), String> {
    if line.number != number {
        return Err(format!("its line has the number {}", line.number));
    }
    let manifest = Manifest::read(&archive.beside(line.recording, line.started_at, "json"))
        .map_err(|why| why.to_string())?;
    if manifest.recording != line.recording.to_string() {
        return Err(format!("its manifest is of {}", manifest.recording));
    }
    if manifest.chain.number != number || previous.is_some_and(|previous| manifest.chain.previous != previous)
    {
        return Err("its manifest follows another recording".to_owned());
    }
    if manifest.reckoned_hash() != manifest.hash {
        return Err("its manifest was changed".to_owned());
    }
    if manifest.hash != line.hash {
        return Err("its manifest was replaced".to_owned());
    }
    let sound = archive
        .sound_path(line.recording, line.started_at)
        .ok_or_else(|| "its sound is missing".to_owned())?;
    match finish::hash(&sound) {
        Ok(hash) if hex(&hash) == manifest.sound.sha256 => Ok(()),
        Ok(_) => Err("its sound was changed".to_owned()),
        Err(why) => Err(format!("its sound cannot be read: {why}")),
    }
}
