//! Finding and reading the journal a former process left.

use super::entry::{head, unframe};
use base::Now;
use center::{Center, Input, journal};
use std::io;
use std::path::{Path, PathBuf};

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The folder or file cannot be read or written.
    #[error("the journal {file} cannot be used: {source}")]
    File {
        /// Which.
        file: String,
        /// What the machine says.
        source: io::Error,
    },
    /// Another version of the program wrote it.
    #[error("the journal {file} was written by another version of hotline")]
    OtherVersion {
        /// Which.
        file: String,
    },
    /// Its beginning is damaged.
    #[error("the journal {file} is damaged at its beginning; move it away and lose what was live in it")]
    Damaged {
        /// Which.
        file: String,
    },
}

/// What a former process left.
#[derive(Debug)]
pub struct Journal {
    /// The center as it was when the journal began.
    pub center: Center,
    /// When that was.
    pub began: Now,
    /// What it was told since.
    pub inputs: Vec<(Now, Input)>,
}

impl Journal {
    /// When the former process last showed life.
    pub fn ended(&self) -> Now {
        self.inputs.last().map_or(self.began, |(now, _)| *now)
    }
}

/// The newest journal in the folder, and its number.
pub fn newest(folder: &Path) -> Result<Option<(u64, PathBuf)>, JournalError> {
    let failed = |source| JournalError::File { file: folder.display().to_string(), source };
    let mut found = None;
    for file in std::fs::read_dir(folder).map_err(failed)? {
        let path = file.map_err(failed)?.path();
        let number =
            path.file_name().and_then(|name| name.to_str()?.strip_suffix(".journal")?.parse::<u64>().ok());
        if let Some(number) = number
            && found.as_ref().is_none_or(|(highest, _)| number > *highest)
        {
            found = Some((number, path));
        }
    }
    Ok(found)
}

/// Puts a journal aside that is not to be read any more, and says where it is now. Nothing looks for it there.
pub fn set_aside(path: &Path) -> Result<PathBuf, JournalError> {
    let failed = |source| JournalError::File { file: path.display().to_string(), source };
    // One that was put aside before stays.
    let mut number = 1;
    let kept = loop {
        let free = path.with_added_extension(format!("aside-{number}"));
        if !free.try_exists().map_err(failed)? {
            break free;
        }
        number += 1;
    };
    std::fs::rename(path, &kept).map_err(failed)?;
    Ok(kept)
}

/// Reads a journal up to its end, or to the first entry that is torn or damaged.
///
/// A file that ends before its snapshot is `None`: the process that began it ended before it did anything.
pub fn read(path: &Path) -> Result<Option<Journal>, JournalError> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| JournalError::File { file: file.clone(), source })?;
    let head = head();
    if bytes.len() < head.len() {
        return Ok(None);
    }
    let (found, mut rest) = bytes.split_at(head.len());
    if found[..8] != head[..8] {
        return Err(JournalError::Damaged { file });
    }
    if found != head {
        return Err(JournalError::OtherVersion { file });
    }
    let Some(snapshot) = unframe(&mut rest) else {
        return if rest.is_empty() { Ok(None) } else { Err(JournalError::Damaged { file }) };
    };
    let unreadable = |_| JournalError::OtherVersion { file: file.clone() };
    let (began, state): (Now, &[u8]) =
        postcard::from_bytes(snapshot).map_err(|_| JournalError::OtherVersion { file: file.clone() })?;
    let center = Center::restore(state).map_err(unreadable)?;
    let mut inputs = Vec::new();
    while let Some(entry) = unframe(&mut rest) {
        inputs.push(journal::read_input(entry).map_err(unreadable)?);
    }
    Ok(Some(Journal { center, began, inputs }))
}
