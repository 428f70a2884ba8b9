//! Finished sound as Opus in Ogg (RFC 7845): one page a second, so that players jump; and back to WAV for those who want
//! that, from any place on.
//!
//! libopus takes and gives 8 kHz; the positions in the pages count at 48 kHz, as the RFC wants it. What the encoder looks ahead
//! is skipped at the beginning and added at the end, so that not a sample is lost or moved.

use crate::ArchiveError;
use crate::finish::SoundOut;
use crate::wav::{self, SAMPLES_PER_SECOND};
use ogg::{PacketReader, PacketWriteEndInfo, PacketWriter};
use opus::{Application, Bitrate, Channels, Decoder, Encoder};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// 20 ms at 8 kHz.
const FRAME: usize = 160;
/// Positions count at 48 kHz.
const TICKS_PER_SAMPLE: u64 = 6;
const TICKS_PER_FRAME: u64 = FRAME as u64 * TICKS_PER_SAMPLE;
/// Frames in a page: a second.
const FRAMES_PER_PAGE: u64 = 50;
/// The largest packet.
const PACKET_BYTES_MAX: usize = 1_275;
/// There is one stream in a file.
const SERIAL: u32 = 1;
/// How many frames are decoded for nothing before the place that is wanted, until the decoder has found its feet:
/// RFC 7845 §4.6 wants 80 ms.
const PREROLL_FRAMES: u64 = 4;

/// An Ogg file being written.
pub(crate) struct OpusOut {
    path: PathBuf,
    whole: File,
    ogg: PacketWriter<'static, BufWriter<File>>,
    encoder: Encoder,
    channels: usize,
    lookahead: u64,
    /// Samples of a side that came.
    samples: u64,
    frames: u64,
    /// Less than a frame, sides side by side.
    pending: Vec<i16>,
    /// A packet is written when it is known whether it is the last.
    packet: Option<Vec<u8>>,
}

impl OpusOut {
    pub(crate) fn new(file: File, path: &Path, stereo: bool, bitrate: u32) -> Result<Self, ArchiveError> {
        let whole = file.try_clone().map_err(ArchiveError::of(path))?;
        let of_opus = |source| ArchiveError::Opus { file: path.to_owned(), source };
        let channels = if stereo { Channels::Stereo } else { Channels::Mono };
        let mut encoder =
            Encoder::new(SAMPLES_PER_SECOND as u32, channels, Application::Audio).map_err(of_opus)?;
        let bitrate = bitrate.clamp(8_000, 128_000) as i32;
        encoder.set_bitrate(Bitrate::Bits(bitrate)).map_err(of_opus)?;
        let lookahead = u64::try_from(encoder.get_lookahead().map_err(of_opus)?).unwrap_or(0);
        let channels = if stereo { 2 } else { 1 };
        let mut out = Self {
            path: path.to_owned(),
            whole,
            ogg: PacketWriter::new(BufWriter::new(file)),
            encoder,
            channels,
            lookahead,
            samples: 0,
            frames: 0,
            pending: Vec::with_capacity(FRAME * channels),
            packet: None,
        };
        out.put(head(channels as u8, lookahead), PacketWriteEndInfo::EndPage, 0)?;
        out.put(tags(), PacketWriteEndInfo::EndPage, 0)?;
        Ok(out)
    }

    fn put(&mut self, packet: Vec<u8>, end: PacketWriteEndInfo, position: u64) -> Result<(), ArchiveError> {
        self.ogg.write_packet(packet, SERIAL, end, position).map_err(ArchiveError::of(&self.path))
    }

    fn frame(&mut self) -> Result<(), ArchiveError> {
        let packet = self
            .encoder
            .encode_vec(&self.pending, PACKET_BYTES_MAX)
            .map_err(|source| ArchiveError::Opus { file: self.path.clone(), source })?;
        self.pending.clear();
        if let Some(before) = self.packet.replace(packet) {
            let end = if self.frames.is_multiple_of(FRAMES_PER_PAGE) {
                PacketWriteEndInfo::EndPage
            } else {
                PacketWriteEndInfo::NormalPacket
            };
            self.put(before, end, self.frames * TICKS_PER_FRAME)?;
        }
        self.frames += 1;
        Ok(())
    }
}

impl SoundOut for OpusOut {
    fn write(&mut self, sound: &[[i16; 2]]) -> Result<(), ArchiveError> {
        for frame in sound {
            self.pending.extend_from_slice(&frame[..self.channels]);
            if self.pending.len() == FRAME * self.channels {
                self.frame()?;
            }
        }
        self.samples += sound.len() as u64;
        Ok(())
    }

    fn close(mut self: Box<Self>) -> Result<(), ArchiveError> {
        let wanted = self.samples + self.lookahead;
        while self.frames * (FRAME as u64) < wanted || self.frames == 0 {
            self.pending.resize(FRAME * self.channels, 0);
            self.frame()?;
        }
        let last = self.packet.take().unwrap_or_default();
        self.put(last, PacketWriteEndInfo::EndStream, wanted * TICKS_PER_SAMPLE)?;
        let Self { path, whole, ogg, .. } = *self;
        let of_file = ArchiveError::of(&path);
        let flushed = ogg.into_inner().flush().and_then(|()| whole.sync_all());
        flushed.map_err(of_file)
    }
}

/// RFC 7845 §5.1.
fn head(channels: u8, lookahead: u64) -> Vec<u8> {
    let mut head = b"OpusHead\x01".to_vec();
    head.push(channels);
    let skip = u16::try_from(lookahead * TICKS_PER_SAMPLE).unwrap_or(u16::MAX);
    head.extend_from_slice(&skip.to_le_bytes());
    head.extend_from_slice(&(SAMPLES_PER_SECOND as u32).to_le_bytes());
    // No gain, and the plain order of channels.
    head.extend_from_slice(&[0, 0, 0]);
    head
}

/// RFC 7845 §5.2: who made it, and nothing else.
fn tags() -> Vec<u8> {
    let vendor = b"hotline";
    let mut tags = b"OpusTags".to_vec();
    tags.extend_from_slice(&(vendor.len() as u32).to_le_bytes());
    tags.extend_from_slice(vendor);
    tags.extend_from_slice(&0u32.to_le_bytes());
    tags
}

/// An Opus file read as if it were a WAV file.
pub struct OpusAsWav {
    file: File,
    head: [u8; 44],
    channels: usize,
    /// Samples of a side to be skipped at the beginning.
    skip: u64,
    /// Samples of a side.
    samples: u64,
    /// The pages with sound.
    pages: Vec<Page>,
    /// The byte of the WAV file that is read next.
    at: u64,
    going: Option<Going>,
}

/// A page with sound: where it lies, and its first frame.
#[derive(Clone, Copy, Debug)]
struct Page {
    offset: u64,
    first_frame: u64,
}

/// The decoder on its way through the file.
struct Going {
    packets: PacketReader<BufReader<File>>,
    decoder: Decoder,
    /// The first sample in `sound`, counted with those that are skipped.
    begin: u64,
    sound: Vec<i16>,
    /// The first sample after `sound`.
    next: u64,
}

impl OpusAsWav {
    /// Reads where the pages are, and nothing of the sound.
    pub fn new(mut file: File) -> io::Result<Self> {
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "this is no Opus file of ours");
        let found = pages(&mut file)?;
        let [first, _, sound @ ..] = &found[..] else { return Err(broken()) };
        let mut bytes = [0; 12];
        file.seek(SeekFrom::Start(first.body))?;
        file.read_exact(&mut bytes)?;
        if &bytes[..9] != b"OpusHead\x01" || !(1..=2).contains(&bytes[9]) {
            return Err(broken());
        }
        let channels = bytes[9];
        let skip = u64::from(u16::from_le_bytes([bytes[10], bytes[11]])) / TICKS_PER_SAMPLE;
        let end = sound.last().ok_or_else(broken)?.position / TICKS_PER_SAMPLE;
        let samples = end.checked_sub(skip).ok_or_else(broken)?;
        // A page that ends before the one before it would send whoever jumps behind the place that is wanted.
        if !sound.is_sorted_by_key(|page| page.position) {
            return Err(broken());
        }
        let mut pages = Vec::with_capacity(sound.len());
        let mut first_frame = 0;
        for page in sound {
            pages.push(Page { offset: page.offset, first_frame });
            first_frame = page.position.div_ceil(TICKS_PER_FRAME);
        }
        let sound_bytes = samples * u64::from(channels) * 2;
        let head = wav::head(channels, u32::try_from(sound_bytes).unwrap_or(u32::MAX));
        Ok(Self { file, head, channels: channels.into(), skip, samples, pages, at: 0, going: None })
    }

    /// How large the WAV file is.
    pub fn length(&self) -> u64 {
        self.head.len() as u64 + self.samples * self.step()
    }

    /// Bytes of a sample of all sides.
    fn step(&self) -> u64 {
        self.channels as u64 * 2
    }

    /// Lets the decoder hold the sample, which counts with those that are skipped.
    fn go_to(&mut self, sample: u64) -> io::Result<&Going> {
        let fits = self
            .going
            .as_ref()
            .is_some_and(|going| going.begin <= sample && sample < going.next + FRAME as u64);
        if !fits {
            self.jump(sample)?;
        }
        let channels = self.channels;
        let going = self.going.as_mut().ok_or_else(|| io::Error::other("nothing is being decoded"))?;
        while going.next <= sample {
            let packet = going.packets.read_packet().map_err(io::Error::other)?;
            let packet = packet.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            going.sound.resize(FRAME * channels, 0);
            let count =
                going.decoder.decode(&packet.data, &mut going.sound, false).map_err(io::Error::other)?;
            going.sound.truncate(count * channels);
            going.begin = going.next;
            going.next += count as u64;
            if count == 0 {
                return Err(io::Error::other("an empty packet"));
            }
        }
        Ok(going)
    }

    fn jump(&mut self, sample: u64) -> io::Result<()> {
        let frame = (sample / FRAME as u64).saturating_sub(PREROLL_FRAMES);
        let page = self.pages.partition_point(|page| page.first_frame <= frame).saturating_sub(1);
        let page = self.pages[page];
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        let channels = if self.channels == 2 { Channels::Stereo } else { Channels::Mono };
        let decoder = Decoder::new(SAMPLES_PER_SECOND as u32, channels).map_err(io::Error::other)?;
        let next = page.first_frame * FRAME as u64;
        let mut packets = PacketReader::new(BufReader::new(file));
        // The reader wants to have seen the beginning of the stream.
        packets.read_packet_expected().map_err(io::Error::other)?;
        packets.seek_bytes(SeekFrom::Start(page.offset))?;
        self.going = Some(Going { packets, decoder, begin: next, sound: Vec::new(), next });
        Ok(())
    }
}

impl Read for OpusAsWav {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let head = self.head.len() as u64;
        if self.at >= self.length() || out.is_empty() {
            return Ok(0);
        }
        if self.at < head {
            let count = (&self.head[self.at as usize..]).read(out)?;
            self.at += count as u64;
            return Ok(count);
        }
        let step = self.step();
        let (sample, within) = ((self.at - head) / step + self.skip, (self.at - head) % step);
        let end = self.samples + self.skip;
        let channels = self.channels;
        let going = self.go_to(sample)?;
        let from = ((sample - going.begin) as usize) * channels;
        let to = ((end.min(going.next) - going.begin) as usize) * channels;
        let bytes =
            going.sound[from..to].iter().flat_map(|sample| sample.to_le_bytes()).skip(within as usize);
        let mut count = 0;
        for (place, byte) in out.iter_mut().zip(bytes) {
            *place = byte;
            count += 1;
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for OpusAsWav {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length().checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// A page's head (RFC 3533 §6): where it lies, where its body begins, and the position at its end.
struct PageHead {
    offset: u64,
    body: u64,
    position: u64,
}

fn pages(file: &mut File) -> io::Result<Vec<PageHead>> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(file);
    let mut pages = Vec::new();
    let mut offset = 0;
    while offset < length {
        let mut head = [0; 27];
        reader.read_exact(&mut head)?;
        if &head[..5] != b"OggS\0" {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no page where one should be"));
        }
        let mut lengths = vec![0; usize::from(head[26])];
        reader.read_exact(&mut lengths)?;
        let body = offset + 27 + lengths.len() as u64;
        let bytes: i64 = lengths.iter().map(|length| i64::from(*length)).sum();
        let position =
            u64::from_le_bytes([head[6], head[7], head[8], head[9], head[10], head[11], head[12], head[13]]);
        pages.push(PageHead { offset, body, position });
        reader.seek_relative(bytes)?;
        offset = body + bytes as u64;
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_go_backwards_are_no_file_of_ours() {
        let opened = |positions: [u64; 3]| {
            let mut file = tempfile::tempfile().unwrap();
            let sound = positions.map(|position| page(position, &[0x08; 1]));
            let content = [page(0, &head(1, 0)), page(0, &tags()), sound.concat()].concat();
            file.write_all(&content).unwrap();
            OpusAsWav::new(file).map(|wav| wav.length())
        };
        assert_eq!(opened([960, 1_920, 2_880]).unwrap(), 44 + 480 * 2);
        for positions in [[1_920, 960, 2_880], [960, u64::MAX, 2_880]] {
            assert_eq!(opened(positions).unwrap_err().kind(), io::ErrorKind::InvalidData, "{positions:?}");
        }
    }

    /// A page of Ogg with one packet of less than 255 bytes; its check is nobody's business here.
    fn page(position: u64, packet: &[u8]) -> Vec<u8> {
        let mut page = b"OggS\0\0".to_vec();
        page.extend_from_slice(&position.to_le_bytes());
        page.extend_from_slice(&[0; 12]);
        page.extend_from_slice(&[1, packet.len() as u8]);
        page.extend_from_slice(packet);
        page
    }
}
