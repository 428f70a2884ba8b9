//! The form of a recording that goes on: a head, then frames, only ever appended to.
//!
//! ```text
//!  head    "HLREC\x01"  kind (1)  recording (8)  began (8)  check (4)
//!  frame   what (1)     at (8)    length (2)     check (4)  payload (length)
//!  what    0 left µ, 1 left A, 2 right µ, 3 right A, 4 end (`at` is the length, no payload),
//!          5 a mark (JSON): who speaks from here on, what is kept from here on
//! ```
//!
//! Numbers are little endian; `check` is the CRC-32 of everything else in the head or the frame. A crash cuts the file
//! anywhere: what is read ends before the first frame that is not whole, and nothing before it is lost.

use crate::ArchiveError;
use crate::folder::FILE_MODE;
use base::Timestamp;
use media::{Frame, Law, Side};
use model::record::RecordingKind;
use model::{RecordingId, RecordingMark};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 6] = b"HLREC\x01";
const HEAD_BYTES: usize = 6 + 1 + 8 + 8 + 4;
const FRAME_HEAD_BYTES: usize = 1 + 8 + 2 + 4;
const END: u8 = 4;
const MARK: u8 = 5;
/// The longest mark, in bytes of its text.
const MARK_BYTES_MAX: usize = 4_096;

/// What a recording is, as its head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its id.
    pub recording: RecordingId,
    /// What it holds.
    pub kind: RecordingKind,
    /// When it began.
    pub started_at: Timestamp,
}

/// One thing that stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Sound of one side.
    Sound {
        /// The side.
        side: Side,
        /// How it is encoded.
        law: Law,
        /// Samples since the recording began.
        at: u64,
        /// One byte a sample.
        payload: Vec<u8>,
    },
    /// Something about the sound.
    Mark {
        /// From where on, in samples since the recording began.
        at: u64,
        /// What.
        mark: RecordingMark,
    },
    /// The recording was ended in good order, after so many samples.
    End {
        /// How long it ran.
        samples: u64,
    },
}

/// A recording being written.
#[derive(Debug)]
pub struct PartWriter {
    path: PathBuf,
    file: File,
    pending: Vec<u8>,
}

impl PartWriter {
    /// Begins the file at `path`, which must not exist.
    pub fn create(path: &Path, head: &Head) -> Result<Self, ArchiveError> {
        let mut file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(path)
            .map_err(ArchiveError::of(path))?;
        file.write_all(&head_bytes(head)).map_err(ArchiveError::of(path))?;
        Ok(Self { path: path.to_owned(), file, pending: Vec::new() })
    }

    /// Takes a frame; it is in the file after the next [`flush`](Self::flush).
    pub fn sound(&mut self, frame: &Frame) {
        push_frame(&mut self.pending, word_of(frame.side, frame.law), frame.at, frame.payload());
    }

    /// Takes a mark. A recording has few of them.
    pub fn mark(&mut self, at: u64, mark: &RecordingMark) {
        let text = serde_json::to_vec(mark).unwrap_or_default();
        // Names come from outside; one that would fill a frame is no name.
        if text.len() <= MARK_BYTES_MAX {
            push_frame(&mut self.pending, MARK, at, &text);
        }
    }

    /// Takes the end.
    pub fn end(&mut self, samples: u64) {
        push_frame(&mut self.pending, END, samples, &[]);
    }

    /// Bytes that are not in the file yet.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Puts everything taken into the file: it survives the end of this process, not yet a power failure.
    pub fn flush(&mut self) -> Result<(), ArchiveError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&self.pending);
        self.pending.clear();
        written.map_err(ArchiveError::of(&self.path))
    }

    /// Another handle on the file, for bringing it onto the disk elsewhere.
    pub fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

/// A recording being read, piece by piece.
#[derive(Debug)]
pub struct PartReader<R> {
    source: R,
}

impl PartReader<BufReader<File>> {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<(Head, Self), ArchiveError> {
        let file = File::open(path).map_err(ArchiveError::of(path))?;
        Self::new(BufReader::new(file))
            .map_err(ArchiveError::of(path))?
            .ok_or_else(|| ArchiveError::NotARecording { file: path.to_owned() })
    }
}

impl<R: Read> PartReader<R> {
    /// Reads the head; `None` if it is none, or was cut.
    pub fn new(mut source: R) -> io::Result<Option<(Head, Self)>> {
        let mut bytes = [0; HEAD_BYTES];
        if !read_whole(&mut source, &mut bytes)? {
            return Ok(None);
        }
        Ok(parse_head(&bytes).map(|head| (head, Self { source })))
    }

    /// The next piece; `None` at the end, or where the file was cut or damaged.
    pub fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        loop {
            let mut head = [0; FRAME_HEAD_BYTES];
            if !read_whole(&mut self.source, &mut head)? {
                return Ok(None);
            }
            let (what, at) = (head[0], u64_at(&head, 1));
            let length = u16::from_le_bytes([head[9], head[10]]);
            let check = u32_at(&head, 11);
            let mut payload = vec![0; usize::from(length)];
            if !read_whole(&mut self.source, &mut payload)? || frame_check(&head[..11], &payload) != check {
                return Ok(None);
            }
            if what == END {
                return Ok(Some(Piece::End { samples: at }));
            }
            if what != MARK {
                return Ok(side_and_law(what).map(|(side, law)| Piece::Sound { side, law, at, payload }));
            }
            // A mark of another version says nothing to us, but the sound behind it does.
            if let Ok(mark) = serde_json::from_slice(&payload) {
                return Ok(Some(Piece::Mark { at, mark }));
            }
        }
    }
}

fn head_bytes(head: &Head) -> [u8; HEAD_BYTES] {
    let mut bytes = [0; HEAD_BYTES];
    bytes[..6].copy_from_slice(MAGIC);
    bytes[6] = match head.kind {
        RecordingKind::Call => 0,
        RecordingKind::Message => 1,
    };
    bytes[7..15].copy_from_slice(&head.recording.as_u64().to_le_bytes());
    bytes[15..23].copy_from_slice(&head.started_at.as_millis().to_le_bytes());
    let check = crc32fast::hash(&bytes[..23]);
    bytes[23..].copy_from_slice(&check.to_le_bytes());
    bytes
}

fn parse_head(bytes: &[u8; HEAD_BYTES]) -> Option<Head> {
    if &bytes[..6] != MAGIC || crc32fast::hash(&bytes[..23]) != u32_at(bytes, 23) {
        return None;
    }
    let kind = match bytes[6] {
        0 => RecordingKind::Call,
        1 => RecordingKind::Message,
        _ => return None,
    };
    Some(Head {
        recording: RecordingId::from_u64(u64_at(bytes, 7)),
        kind,
        started_at: Timestamp::from_millis(u64_at(bytes, 15).cast_signed()),
    })
}

fn push_frame(out: &mut Vec<u8>, what: u8, at: u64, payload: &[u8]) {
    let mut head = [0; 11];
    head[0] = what;
    head[1..9].copy_from_slice(&at.to_le_bytes());
    // A frame of media has at most 160 samples.
    head[9..11].copy_from_slice(&u16::try_from(payload.len()).unwrap_or(u16::MAX).to_le_bytes());
    let payload = &payload[..payload.len().min(usize::from(u16::MAX))];
    out.extend_from_slice(&head);
    out.extend_from_slice(&frame_check(&head, payload).to_le_bytes());
    out.extend_from_slice(payload);
}

fn frame_check(head: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(payload);
    hasher.finalize()
}

const fn word_of(side: Side, law: Law) -> u8 {
    match (side, law) {
        (Side::Left, Law::Mu) => 0,
        (Side::Left, Law::A) => 1,
        (Side::Right, Law::Mu) => 2,
        (Side::Right, Law::A) => 3,
    }
}

const fn side_and_law(word: u8) -> Option<(Side, Law)> {
    Some(match word {
        0 => (Side::Left, Law::Mu),
        1 => (Side::Left, Law::A),
        2 => (Side::Right, Law::Mu),
        3 => (Side::Right, Law::A),
        _ => return None,
    })
}

/// Fills `out`; `false` when the source ends before.
fn read_whole(source: &mut impl Read, out: &mut [u8]) -> io::Result<bool> {
    match source.read_exact(out) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::RecordingKey;
    use model::RecordingState;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_again() {
        let (content, pieces) = sample();
        let (head, read) = read_all(&content).unwrap();
        assert_eq!(head, sample_head());
        assert_eq!(read, pieces);
    }

    #[test]
    fn a_file_cut_at_any_byte_gives_every_whole_frame_before_the_cut() {
        let (content, pieces) = sample();
        for cut in 0..content.len() {
            match read_all(&content[..cut]) {
                None => assert!(cut < HEAD_BYTES, "cut at {cut}"),
                Some((_, read)) => {
                    assert_eq!(read, pieces[..read.len()], "cut at {cut}");
                    assert_eq!(read.len(), whole_frames(&pieces, cut), "cut at {cut}");
                }
            }
        }
    }

    #[test]
    fn a_flipped_bit_ends_the_file_and_hides_nothing_before_it() {
        let (content, pieces) = sample();
        for at in HEAD_BYTES..content.len() {
            let mut damaged = content.clone();
            damaged[at] ^= 0x10;
            let (_, read) = read_all(&damaged).unwrap();
            assert_eq!(read, pieces[..whole_frames(&pieces, at)], "flipped at {at}");
        }
    }

    #[test]
    fn however_many_marks_say_nothing_to_us_the_sound_behind_them_is_read() {
        let mut content = head_bytes(&sample_head()).to_vec();
        for _ in 0..200_000 {
            push_frame(&mut content, MARK, 0, b"{}");
        }
        push_frame(&mut content, END, 7, &[]);
        let (_, read) = read_all(&content).unwrap();
        assert_eq!(read, [Piece::End { samples: 7 }]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(content in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = read_all(&content);
        }

        #[test]
        fn any_bytes_after_a_head_are_read_without_a_panic(tail in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut content = head_bytes(&sample_head()).to_vec();
            content.extend(tail);
            prop_assert!(read_all(&content).is_some());
        }
    }

    fn sample_head() -> Head {
        Head {
            recording: RecordingId::from_u64(u64::MAX - 7),
            kind: RecordingKind::Message,
            started_at: Timestamp::from_millis(1_794_477_604_250),
        }
    }

    fn sample() -> (Vec<u8>, Vec<Piece>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.part");
        let mut writer = PartWriter::create(&path, &sample_head()).unwrap();
        let mut pieces = Vec::new();
        for (number, (side, law)) in
            [(Side::Left, Law::Mu), (Side::Right, Law::A), (Side::Left, Law::A), (Side::Right, Law::Mu)]
                .into_iter()
                .enumerate()
        {
            let payload = vec![number as u8; 3 + number];
            let at = number as u64 * 160;
            writer.sound(&Frame::new(RecordingKey::from_u64(1), side, law, at, &payload));
            pieces.push(Piece::Sound { side, law, at, payload });
        }
        let mark = RecordingMark::State { state: RecordingState::Paused, by: "anna".into() };
        writer.mark(640, &mark);
        pieces.push(Piece::Mark { at: 640, mark });
        writer.end(640);
        pieces.push(Piece::End { samples: 640 });
        assert!(writer.pending() > 0);
        writer.flush().unwrap();
        (std::fs::read(&path).unwrap(), pieces)
    }

    fn whole_frames(pieces: &[Piece], cut: usize) -> usize {
        let mut end = HEAD_BYTES;
        pieces
            .iter()
            .take_while(|piece| {
                end += FRAME_HEAD_BYTES
                    + match piece {
                        Piece::Sound { payload, .. } => payload.len(),
                        Piece::Mark { mark, .. } => serde_json::to_vec(mark).unwrap().len(),
                        Piece::End { .. } => 0,
                    };
                end <= cut
            })
            .count()
    }

    fn read_all(content: &[u8]) -> Option<(Head, Vec<Piece>)> {
        let (head, mut reader) = PartReader::new(content).unwrap()?;
        let pieces = std::iter::from_fn(|| reader.next_piece().unwrap()).collect();
        Some((head, pieces))
    }
}
