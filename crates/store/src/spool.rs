//! The spool: what could not be written to the database yet, in order, on the disk.
//!
//! ```text
//!  FOLDER/00000007.spool    frame frame frame …      the oldest: replayed first, then deleted
//!  FOLDER/00000008.spool    frame frame              the newest: appended to
//!  frame = length (u32, little endian) · CRC-32 of the payload (u32, little endian) · payload (JSON)
//! ```
//!
//! A crash may cut the last frame of a file short; the frames before it are whole, and what is cut off was never
//! acknowledged. A file that an earlier run left is read, never appended to. A file is deleted when all of it is in
//! the database; a crash in between replays its beginning again, which changes nothing, since every write of this
//! crate may be repeated.

use crate::writer::Item;
use model::Record;
use model::query::SipMessage;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// How large one file grows before the next is begun.
pub const FILE_BYTES_MAX: u64 = 8 << 20;
/// How much of a file is read at once; more than the largest frame.
const READ_BYTES_MAX: u64 = 4 << 20;
/// The largest frame that is believed when a file is read: a SIP message has at most 64 kB, escaped at most six-fold.
pub const FRAME_BYTES_MAX: u32 = 1 << 20;

const HEAD: usize = 8;

/// Why something could not be spooled.
#[derive(Debug, Error)]
pub enum SpoolError {
    /// The folder cannot be made or read.
    #[error("cannot use the spool folder {folder}: {source}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file cannot be written or read.
    #[error("the spool file {file} cannot be used: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The limit is reached.
    #[error("the spool is full: {limit} bytes wait for the database")]
    Full {
        /// The limit.
        limit: u64,
    },
}

/// What waits for the database, oldest first.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    limit: u64,
    bytes: u64,
    next_number: u64,
    files: VecDeque<(PathBuf, u64)>,
    /// The file at the back of `files`, if this run began it.
    writing: Option<File>,
    /// What was read of the file at the front and not yet confirmed, and what is left of it.
    front: Option<Front>,
}

#[derive(Debug)]
struct Front {
    items: VecDeque<Item>,
    /// How many bytes of the file have been read into `items`.
    read: u64,
}

impl Spool {
    /// Opens the spool in `folder`, which is made if need be, with what earlier runs left in it. It takes no more
    /// than `limit` bytes.
    pub fn open(folder: &Path, limit: u64) -> Result<Self, SpoolError> {
        let failed = |source| SpoolError::Folder { folder: folder.to_owned(), source };
        // What waits here is as private as the database.
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if let Some(number) = number_of(&entry.file_name().to_string_lossy()) {
                numbers.push((number, entry.path(), entry.metadata().map_err(failed)?.len()));
            }
        }
        numbers.sort();
        let next_number = numbers.last().map_or(1, |(number, ..)| number + 1);
        let files: VecDeque<_> = numbers.into_iter().map(|(_, path, bytes)| (path, bytes)).collect();
        let bytes = files.iter().map(|(_, bytes)| bytes).sum();
        Ok(Self { folder: folder.to_owned(), limit, bytes, next_number, files, writing: None, front: None })
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// How many bytes wait.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends items; they are on the disk when this returns.
    pub fn append(&mut self, items: &[Item]) -> Result<(), SpoolError> {
        let mut frames = Vec::new();
        for item in items {
            write_frame(item, &mut frames);
        }
        if self.bytes + frames.len() as u64 > self.limit {
            return Err(SpoolError::Full { limit: self.limit });
        }
        if self.files.back().is_none_or(|(_, bytes)| *bytes >= FILE_BYTES_MAX) {
            self.writing = None;
        }
        let mut file = match self.writing.take() {
            Some(file) => file,
            None => self.begin_file()?,
        };
        let Some((path, bytes)) = self.files.back_mut() else { unreachable!("a file was begun") };
        let written = file.write_all(&frames).and_then(|()| file.sync_data());
        match written {
            Ok(()) => {
                *bytes += frames.len() as u64;
                self.bytes += frames.len() as u64;
                self.writing = Some(file);
                Ok(())
            }
            Err(source) => {
                // Half a batch must not stay: it is handed in again, and half a frame would hide what follows it.
                let _ = file.set_len(*bytes);
                Err(SpoolError::File { file: path.clone(), source })
            }
        }
    }

    fn begin_file(&mut self) -> Result<File, SpoolError> {
        let path = self.folder.join(format!("{:08}.spool", self.next_number));
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| SpoolError::File { file: path.clone(), source })?;
        self.next_number += 1;
        self.files.push_back((path, 0));
        Ok(file)
    }

    /// Takes over a file of frames that lies on the same disk, behind everything that waits. It may exceed the limit:
    /// what is on the disk already is not thrown away.
    pub fn adopt(&mut self, file: &Path) -> Result<(), SpoolError> {
        let failed = |source| SpoolError::File { file: file.to_owned(), source };
        let bytes = std::fs::metadata(file).map_err(failed)?.len();
        let path = self.folder.join(format!("{:08}.spool", self.next_number));
        std::fs::rename(file, &path).map_err(failed)?;
        self.next_number += 1;
        // What is appended from now on belongs behind it.
        self.writing = None;
        self.files.push_back((path, bytes));
        self.bytes += bytes;
        Ok(())
    }

    /// Brings an adopted file onto the disk; the one at the back, if any.
    pub fn sync(&self) -> Result<(), SpoolError> {
        let Some((path, _)) = self.files.back() else { return Ok(()) };
        File::open(path)
            .and_then(|file| file.sync_data())
            .map_err(|source| SpoolError::File { file: path.clone(), source })
    }

    /// The oldest items, at most `limit` of them; empty when nothing waits any more. They stay until
    /// [`confirm`](Self::confirm) says that they are in the database.
    pub fn peek(&mut self, limit: usize) -> Result<Vec<Item>, SpoolError> {
        loop {
            let Some((path, bytes)) = self.files.front() else { return Ok(Vec::new()) };
            let front = self.front.get_or_insert_with(|| Front { items: VecDeque::new(), read: 0 });
            if front.items.is_empty() && front.read < *bytes {
                let content = read_from(path, front.read)
                    .map_err(|source| SpoolError::File { file: path.clone(), source })?;
                let (items, whole) = read_frames(&content);
                front.items = items.into();
                let last = front.read + content.len() as u64 >= *bytes;
                if whole == content.len() || (whole > 0 && !last) {
                    front.read += whole as u64;
                } else {
                    tracing::warn!(
                        file = %path.display(),
                        bytes = *bytes - front.read - whole as u64,
                        "the end of a spool file is cut short or damaged and is left out"
                    );
                    front.read = *bytes;
                }
            }
            if !front.items.is_empty() {
                return Ok(front.items.iter().take(limit).cloned().collect());
            }
            self.drop_front()?;
        }
    }

    /// Forgets the `count` oldest items: they are in the database.
    pub fn confirm(&mut self, count: usize) -> Result<(), SpoolError> {
        let Some(front) = &mut self.front else { return Ok(()) };
        front.items.drain(..count.min(front.items.len()));
        let read = front.read;
        let done = front.items.is_empty() && self.files.front().is_none_or(|(_, bytes)| read >= *bytes);
        if done { self.drop_front() } else { Ok(()) }
    }

    fn drop_front(&mut self) -> Result<(), SpoolError> {
        let Some((path, bytes)) = self.files.pop_front() else { return Ok(()) };
        self.front = None;
        self.bytes = self.bytes.saturating_sub(bytes);
        if self.files.is_empty() {
            self.writing = None;
        }
        std::fs::remove_file(&path).map_err(|source| SpoolError::File { file: path, source })
    }
}

/// The form in which an item lies in the spool. A newer program reads what an older one spooled.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Payload {
    Record(Record),
    Sip { number: i64, leg: String, at: i64, sent: bool, transport: String, remote: String, text: String },
}

impl From<&Item> for Payload {
    fn from(item: &Item) -> Self {
        match item {
            Item::Record(record) => Self::Record(record.clone()),
            Item::Sip { number, message } => Self::Sip {
                number: *number,
                leg: message.leg.to_string(),
                at: message.at.as_millis(),
                sent: message.sent,
                transport: message.transport.clone(),
                remote: message.remote.clone(),
                text: message.text.clone(),
            },
        }
    }
}

impl Payload {
    fn into_item(self) -> Option<Item> {
        Some(match self {
            Self::Record(record) => Item::Record(record),
            Self::Sip { number, leg, at, sent, transport, remote, text } => Item::Sip {
                number,
                message: SipMessage {
                    leg: leg.parse().ok()?,
                    at: base::Timestamp::from_millis(at),
                    sent,
                    transport,
                    remote,
                    text,
                },
            },
        })
    }
}

/// Appends the frame of one item to `out`.
pub(crate) fn write_frame(item: &Item, out: &mut Vec<u8>) {
    let begin = out.len();
    out.extend_from_slice(&[0; HEAD]);
    if serde_json::to_writer(&mut *out, &Payload::from(item)).is_err() {
        // JSON has a form for everything that our records hold.
        debug_assert!(false, "{item:?} has no JSON form");
        out.truncate(begin);
        return;
    }
    let payload = begin + HEAD;
    let length = u32::try_from(out.len() - payload).unwrap_or(u32::MAX);
    let check = crc32fast::hash(&out[payload..]);
    out[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
    out[begin + 4..payload].copy_from_slice(&check.to_le_bytes());
}

/// The items of every whole frame, up to the first that is not, and how many bytes those frames take.
pub(crate) fn read_frames(content: &[u8]) -> (Vec<Item>, usize) {
    let mut items = Vec::new();
    let mut at = 0;
    while let Some(head) = content.get(at..at + HEAD) {
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let check = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let begin = at + HEAD;
        let Some(payload) = content.get(begin..begin + length as usize) else { break };
        if length > FRAME_BYTES_MAX || crc32fast::hash(payload) != check {
            break;
        }
        let Some(item) = serde_json::from_slice::<Payload>(payload).ok().and_then(Payload::into_item) else {
            break;
        };
        items.push(item);
        at = begin + length as usize;
    }
    (items, at)
}

fn read_from(path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    use std::io::{Seek, SeekFrom};
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut content = Vec::new();
    file.take(READ_BYTES_MAX).read_to_end(&mut content)?;
    Ok(content)
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(".spool")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Timestamp;
    use model::{InteractionId, LegId, TimelineEntry, TimelineEvent};
    use proptest::prelude::*;

    #[test]
    fn items_come_back_in_order_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        spool.append(&[line(1), line(2)]).unwrap();
        spool.append(&[sip(3)]).unwrap();
        drop(spool);

        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        spool.append(&[line(4)]).unwrap();
        assert_eq!(drain(&mut spool, 2), [line(1), line(2), sip(3), line(4)]);
        assert!(spool.is_empty());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_was_peeked_and_not_confirmed_comes_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        spool.append(&[line(1), line(2), line(3)]).unwrap();
        assert_eq!(spool.peek(2).unwrap(), [line(1), line(2)]);
        assert_eq!(spool.peek(2).unwrap(), [line(1), line(2)]);
        spool.confirm(1).unwrap();
        assert_eq!(spool.peek(9).unwrap(), [line(2), line(3)]);
    }

    #[test]
    fn items_appended_while_the_front_is_replayed_follow_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        spool.append(&[line(1)]).unwrap();
        assert_eq!(spool.peek(9).unwrap(), [line(1)]);
        spool.append(&[line(2)]).unwrap();
        spool.confirm(1).unwrap();
        assert_eq!(drain(&mut spool, 9), [line(2)]);
    }

    #[test]
    fn an_adopted_file_stands_behind_what_waited_and_before_what_comes() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        spool.append(&[line(1)]).unwrap();
        let mut frames = Vec::new();
        write_frame(&line(2), &mut frames);
        write_frame(&line(3), &mut frames);
        frames.extend_from_slice(b"half a frame");
        let file = folder.path().join("overflow");
        std::fs::write(&file, &frames).unwrap();
        spool.adopt(&file).unwrap();
        spool.sync().unwrap();
        assert!(!file.exists());
        spool.append(&[line(4)]).unwrap();
        assert_eq!(drain(&mut spool, 9), [line(1), line(2), line(3), line(4)]);
        assert_eq!(spool.bytes(), 0);
    }

    #[test]
    fn a_file_larger_than_one_reading_comes_back_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 30).unwrap();
        let large = Item::Sip {
            number: 1,
            message: SipMessage {
                leg: LegId::from_u64(1),
                at: Timestamp::from_millis(5),
                sent: true,
                transport: "udp".into(),
                remote: "127.0.0.1:5090".into(),
                text: "x".repeat(64_000),
            },
        };
        let many = vec![large; 150];
        for part in many.chunks(50) {
            spool.append(part).unwrap();
        }
        assert!(spool.bytes() > 2 * READ_BYTES_MAX);
        assert_eq!(drain(&mut spool, 7).len(), 150);
    }

    #[test]
    fn a_full_spool_refuses_and_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 300).unwrap();
        spool.append(&[line(1)]).unwrap();
        let refused =
            (2..20).find_map(|seq| spool.append(&[line(seq)]).err()).expect("300 bytes are soon full");
        assert_eq!(refused.to_string(), "the spool is full: 300 bytes wait for the database");
        assert_eq!(spool.peek(1).unwrap(), [line(1)]);
        assert!(spool.bytes() <= 300);
    }

    #[test]
    fn a_file_cut_anywhere_gives_every_frame_before_the_cut() {
        let mut content = Vec::new();
        let mut ends = Vec::new();
        for item in [line(1), sip(2), line(3)] {
            write_frame(&item, &mut content);
            ends.push(content.len());
        }
        for cut in 0..=content.len() {
            let (items, _) = read_frames(&content[..cut]);
            assert_eq!(items.len(), ends.iter().filter(|end| **end <= cut).count(), "cut at {cut}");
        }
    }

    #[test]
    fn a_damaged_frame_ends_the_file_and_hides_nothing_before_it() {
        let mut content = Vec::new();
        write_frame(&line(1), &mut content);
        let first = content.len();
        write_frame(&line(2), &mut content);
        content[first + HEAD + 3] ^= 1;
        assert_eq!(read_frames(&content), (vec![line(1)], first));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(content in proptest::collection::vec(any::<u8>(), 0..400)) {
            let (_, whole) = read_frames(&content);
            prop_assert!(whole <= content.len());
        }
    }

    fn drain(spool: &mut Spool, step: usize) -> Vec<Item> {
        let mut all = Vec::new();
        loop {
            let items = spool.peek(step).unwrap();
            if items.is_empty() {
                return all;
            }
            spool.confirm(items.len()).unwrap();
            all.extend(items);
        }
    }

    fn line(seq: u64) -> Item {
        Item::Record(Record::Timeline(Box::new(TimelineEntry {
            seq,
            at: Timestamp::from_millis(1_000 + seq as i64),
            interaction: Some(InteractionId::from_u64(7)),
            event: TimelineEvent::Digit { digit: '2' },
        })))
    }

    fn sip(number: i64) -> Item {
        Item::Sip {
            number,
            message: SipMessage {
                leg: LegId::from_u64(1),
                at: Timestamp::from_millis(5),
                sent: true,
                transport: "udp".into(),
                remote: "127.0.0.1:5090".into(),
                text: "ACK sip:a@b SIP/2.0\r\n\r\n".into(),
            },
        }
    }
}
