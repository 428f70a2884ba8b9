//! RTCP: sender and receiver reports, the name of a source, and good-bye (RFC 3550 §6).
//!
//! A datagram is a compound of packets, each with its own length. [`Compound`] walks them without allocation and takes
//! what is well formed: a packet that announces more than there is ends the walk, an unknown type is stepped over
//! (§6.1). [`Writer`] prints the compounds we send: a report, SDES with the CNAME, and BYE when a port closes.
//! XR, feedback and application packets are not read; when to send is decided by `media`.

use crate::Ssrc;

/// More reports than a header can count do not exist.
const REPORTS_MAX: usize = 31;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;

/// The SDES item that names a source across its streams.
const CNAME: u8 = 1;

/// What one receiver says about one stream (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream reported on.
    pub ssrc: Ssrc,
    /// Share lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Packets lost in all, −2²³ to 2²³−1; negative when duplicates outnumber losses.
    pub lost: i32,
    /// Highest sequence number with its wraps.
    pub highest: u32,
    /// Jitter in timestamp units.
    pub jitter: u32,
    /// The middle 32 bits of the last sender report's NTP time; 0 when there was none.
    pub last_report: u32,
    /// How long ago that report came, in 65 536ths of a second.
    pub delay_since: u32,
}

impl ReportBlock {
    /// The round trip in microseconds, if the block answers a report of ours; `arrived` is the NTP time of now, middle
    /// 32 bits (RFC 3550 §6.4.1, figure 2). `None` when clocks or peers make nonsense of it.
    pub fn round_trip_us(&self, arrived: u32) -> Option<u64> {
        if self.last_report == 0 {
            return None;
        }
        let units = arrived.wrapping_sub(self.last_report).wrapping_sub(self.delay_since);
        // More than eight seconds, or a negative trip, is a peer's mistake.
        if units > 8 << 16 { None } else { Some((u64::from(units) * 1_000_000) >> 16) }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<24>()?;
        // The loss is a signed number of 24 bits: shifted up for its sign, then down again.
        let lost = i32::from_be_bytes([bytes[5], bytes[6], bytes[7], 0]) >> 8;
        Some(Self {
            ssrc: Ssrc(word(bytes, 0)?),
            fraction_lost: bytes[4],
            lost,
            highest: word(bytes, 8)?,
            jitter: word(bytes, 12)?,
            last_report: word(bytes, 16)?,
            delay_since: word(bytes, 20)?,
        })
    }

    fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        let lost = self.lost.clamp(-0x80_0000, 0x7f_ffff).to_be_bytes();
        bytes[..4].copy_from_slice(&self.ssrc.0.to_be_bytes());
        bytes[4] = self.fraction_lost;
        bytes[5..8].copy_from_slice(&lost[1..]);
        bytes[8..12].copy_from_slice(&self.highest.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.jitter.to_be_bytes());
        bytes[16..20].copy_from_slice(&self.last_report.to_be_bytes());
        bytes[20..].copy_from_slice(&self.delay_since.to_be_bytes());
        bytes
    }
}

/// What a sender says about its own stream (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall clock as NTP time: seconds since 1900 in the upper half, fractions in the lower.
    pub ntp: u64,
    /// The same moment as a timestamp of the stream.
    pub rtp_time: u32,
    /// Packets sent.
    pub packets: u32,
    /// Bytes of payload sent.
    pub octets: u32,
}

impl SenderInfo {
    /// The middle 32 bits of the NTP time, as report blocks quote them.
    pub const fn ntp_middle(&self) -> u32 {
        (self.ntp >> 16) as u32
    }
}

/// The NTP time of a wall-clock time in milliseconds since 1970.
pub fn ntp_of_millis(millis: i64) -> u64 {
    /// Seconds from 1900 to 1970.
    const EPOCHS_APART: i64 = 2_208_988_800;
    let seconds = millis.div_euclid(1_000).wrapping_add(EPOCHS_APART) as u64;
    let fraction = ((millis.rem_euclid(1_000) as u64) << 32) / 1_000;
    (seconds << 32) | fraction
}

/// One packet of a compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RtcpPacket<'a> {
    /// A sender report.
    Sender {
        /// The reporting stream.
        ssrc: Ssrc,
        /// What it says of itself.
        info: SenderInfo,
        /// What it says of others.
        blocks: Blocks<'a>,
    },
    /// A receiver report.
    Receiver {
        /// The reporting stream.
        ssrc: Ssrc,
        /// What it says of others.
        blocks: Blocks<'a>,
    },
    /// The canonical name of a stream's source.
    Name {
        /// The stream.
        ssrc: Ssrc,
        /// The name; any bytes a peer likes.
        cname: &'a [u8],
    },
    /// A stream has ended.
    Goodbye {
        /// The stream.
        ssrc: Ssrc,
    },
    /// A packet of another type.
    Other {
        /// The packet type.
        kind: u8,
    },
}

/// The report blocks of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks<'a>(&'a [u8]);

impl Iterator for Blocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let block = ReportBlock::parse(self.0)?;
        self.0 = self.0.get(24..).unwrap_or_default();
        Some(block)
    }
}

/// The packets of one RTCP datagram, in order.
#[derive(Clone, Copy, Debug)]
pub struct Compound<'a>(&'a [u8]);

impl<'a> Compound<'a> {
    /// Walks a datagram. Costs nothing yet.
    pub fn new(datagram: &'a [u8]) -> Self {
        Self(datagram)
    }
}

impl<'a> Iterator for Compound<'a> {
    type Item = RtcpPacket<'a>;

    fn next(&mut self) -> Option<RtcpPacket<'a>> {
        let [first, kind, high, low] = *self.0.first_chunk::<4>()?;
        let length = 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
        let packet = self.0.get(4..length).filter(|_| first >> 6 == 2);
        let Some(body) = packet else {
            // Not ours, or cut off: the rest of the datagram means nothing.
            self.0 = &[];
            return None;
        };
        self.0 = self.0.get(length..).unwrap_or_default();
        let count = usize::from(first & 0x1f);
        Some(read(kind, count, body).unwrap_or(RtcpPacket::Other { kind }))
    }
}

fn read(kind: u8, count: usize, body: &[u8]) -> Option<RtcpPacket<'_>> {
    let ssrc = Ssrc(word(body, 0)?);
    match kind {
        SENDER_REPORT => {
            let ntp = (u64::from(word(body, 4)?) << 32) | u64::from(word(body, 8)?);
            let info = SenderInfo {
                ntp,
                rtp_time: word(body, 12)?,
                packets: word(body, 16)?,
                octets: word(body, 20)?,
            };
            Some(RtcpPacket::Sender { ssrc, info, blocks: Blocks(body.get(24..24 + 24 * count)?) })
        }
        RECEIVER_REPORT => Some(RtcpPacket::Receiver { ssrc, blocks: Blocks(body.get(4..4 + 24 * count)?) }),
        SOURCE_DESCRIPTION if count > 0 => {
            // Only the first chunk is of interest: a phone describes one source.
            let mut items = body.get(4..)?;
            loop {
                let [item, length] = *items.first_chunk::<2>().filter(|[item, _]| *item != 0)?;
                let text = items.get(2..2 + usize::from(length))?;
                if item == CNAME {
                    return Some(RtcpPacket::Name { ssrc, cname: text });
                }
                items = items.get(2 + usize::from(length)..)?;
            }
        }
        GOODBYE if count > 0 => Some(RtcpPacket::Goodbye { ssrc }),
        _ => None,
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_be_bytes(*word))
}

/// Prints one compound into a buffer that was handed in. What no longer fits is left out whole.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    length: usize,
}

impl<'a> Writer<'a> {
    /// Begins a compound.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, length: 0 }
    }

    /// Adds a sender report, or a receiver report if there is nothing to say of an own stream.
    pub fn report(&mut self, ssrc: Ssrc, info: Option<SenderInfo>, blocks: &[ReportBlock]) {
        let blocks = &blocks[..blocks.len().min(REPORTS_MAX)];
        let kind = if info.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
        let bytes = 4 + if info.is_some() { 20 } else { 0 } + 24 * blocks.len();
        let Some(mut body) = self.packet(kind, blocks.len() as u8, bytes) else { return };
        body.put(&ssrc.0.to_be_bytes());
        if let Some(info) = info {
            body.put(&info.ntp.to_be_bytes());
            for word in [info.rtp_time, info.packets, info.octets] {
                body.put(&word.to_be_bytes());
            }
        }
        for block in blocks {
            body.put(&block.to_bytes());
        }
    }

    /// Adds the canonical name of our source; at most 255 bytes of it.
    pub fn name(&mut self, ssrc: Ssrc, cname: &[u8]) {
        let cname = &cname[..cname.len().min(255)];
        // A chunk ends with at least one zero and at a multiple of four.
        let bytes = (4 + 2 + cname.len() + 1).next_multiple_of(4);
        let Some(mut body) = self.packet(SOURCE_DESCRIPTION, 1, bytes) else { return };
        body.put(&ssrc.0.to_be_bytes());
        body.put(&[CNAME, cname.len() as u8]);
        body.put(cname);
    }

    /// Adds a good-bye.
    pub fn goodbye(&mut self, ssrc: Ssrc) {
        if let Some(mut body) = self.packet(GOODBYE, 1, 4) {
            body.put(&ssrc.0.to_be_bytes());
        }
    }

    /// The datagram.
    pub fn finish(self) -> &'a [u8] {
        &self.buffer[..self.length]
    }

    /// Reserves a packet with `bytes` of body, all zero.
    fn packet(&mut self, kind: u8, count: u8, bytes: usize) -> Option<Body<'_>> {
        let packet = self.buffer.get_mut(self.length..self.length + 4 + bytes)?;
        self.length += 4 + bytes;
        let words = u16::try_from(bytes / 4).unwrap_or(u16::MAX).to_be_bytes();
        let (head, body) = packet.split_at_mut(4);
        head.copy_from_slice(&[0x80 | count, kind, words[0], words[1]]);
        body.fill(0);
        Some(Body(body))
    }
}

/// The unwritten rest of a packet's body.
struct Body<'a>(&'a mut [u8]);

impl Body<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let rest = core::mem::take(&mut self.0);
        let (here, rest) = rest.split_at_mut(bytes.len().min(rest.len()));
        here.copy_from_slice(&bytes[..here.len()]);
        self.0 = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_compound_reads_back_as_it_was_written() {
        let info = SenderInfo { ntp: 0x0102_0304_0506_0708, rtp_time: 9, packets: 10, octets: 1_600 };
        let block = ReportBlock {
            ssrc: Ssrc(2),
            fraction_lost: 5,
            lost: -3,
            highest: 70_000,
            jitter: 7,
            last_report: 8,
            delay_since: 9,
        };
        let mut buffer = [0; 128];
        let mut writer = Writer::new(&mut buffer);
        writer.report(Ssrc(1), Some(info), &[block]);
        writer.name(Ssrc(1), b"hotline");
        writer.goodbye(Ssrc(1));
        let datagram = writer.finish();
        assert_eq!(datagram.len() % 4, 0);
        let packets: Vec<_> = Compound::new(datagram).collect();
        let [RtcpPacket::Sender { ssrc: Ssrc(1), info: read, mut blocks }, name, goodbye] = packets[..]
        else {
            panic!("{packets:?}");
        };
        assert_eq!((read, blocks.next(), blocks.next()), (info, Some(block), None));
        assert_eq!(name, RtcpPacket::Name { ssrc: Ssrc(1), cname: b"hotline" });
        assert_eq!(goodbye, RtcpPacket::Goodbye { ssrc: Ssrc(1) });
        assert!(crate::packet::is_rtcp(datagram));
    }

    #[test]
    fn a_receiver_report_without_blocks_is_eight_bytes() {
        let mut buffer = [0xff; 64];
        let mut writer = Writer::new(&mut buffer);
        writer.report(Ssrc(0x0a0b_0c0d), None, &[]);
        assert_eq!(writer.finish(), [0x80, 201, 0, 1, 0x0a, 0x0b, 0x0c, 0x0d]);
    }

    #[test]
    fn the_name_is_found_behind_other_items() {
        let datagram = [0x81, 202, 0, 4, 0, 0, 0, 9, 6, 2, b't', b'l', 1, 1, b'x', 0, 0, 0, 0, 0];
        let packets: Vec<_> = Compound::new(&datagram).collect();
        assert_eq!(packets, [RtcpPacket::Name { ssrc: Ssrc(9), cname: b"x" }]);
    }

    #[test]
    fn a_packet_that_is_cut_off_ends_the_walk() {
        let mut buffer = [0; 64];
        let mut writer = Writer::new(&mut buffer);
        writer.report(Ssrc(1), None, &[]);
        writer.report(Ssrc(1), None, &[ReportBlock::default()]);
        let datagram = writer.finish();
        assert_eq!(Compound::new(&datagram[..datagram.len() - 1]).count(), 1);
    }

    #[test]
    fn the_round_trip_is_what_the_other_side_did_not_keep() {
        let block = ReportBlock { last_report: 1 << 16, delay_since: 2 << 16, ..ReportBlock::default() };
        assert_eq!(block.round_trip_us((3 << 16) + (1 << 15)), Some(500_000));
        assert_eq!(block.round_trip_us(2 << 16), None, "a negative trip");
        assert_eq!(ReportBlock::default().round_trip_us(77), None, "no report to answer");
    }

    #[test]
    fn ntp_time_begins_in_1900() {
        assert_eq!(ntp_of_millis(0) >> 32, 2_208_988_800);
        assert_eq!(ntp_of_millis(500) & 0xffff_ffff, 1 << 31);
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_to_an_end(datagram: Vec<u8>) {
            for packet in Compound::new(&datagram) {
                if let RtcpPacket::Sender { blocks, .. } | RtcpPacket::Receiver { blocks, .. } = packet {
                    prop_assert!(blocks.count() <= REPORTS_MAX);
                }
            }
        }

        #[test]
        fn bytes_that_look_like_rtcp_are_walked_to_an_end(
            packets in prop::collection::vec((0x80u8..0xa0, 199u8..206, 0u8..12, any::<Vec<u8>>()), 0..6),
        ) {
            let mut datagram = vec![];
            for (first, kind, words, body) in packets {
                datagram.extend([first, kind, 0, words]);
                datagram.extend(body);
            }
            let blocks: usize = Compound::new(&datagram).map(|packet| match packet {
                RtcpPacket::Sender { blocks, .. } | RtcpPacket::Receiver { blocks, .. } => blocks.count(),
                _ => 0,
            }).sum();
            prop_assert!(blocks * 24 <= datagram.len());
        }

        #[test]
        fn a_block_survives_its_bytes(ssrc: u32, fraction_lost: u8, lost in -0x80_0000i32..0x80_0000, rest: (u32, u32, u32, u32)) {
            let block = ReportBlock {
                ssrc: Ssrc(ssrc), fraction_lost, lost, highest: rest.0, jitter: rest.1, last_report: rest.2, delay_since: rest.3,
            };
            prop_assert_eq!(ReportBlock::parse(&block.to_bytes()), Some(block));
        }

        #[test]
        fn a_buffer_too_small_leaves_out_whole_packets(size in 0usize..100, cname: Vec<u8>) {
            let mut buffer = vec![0; size];
            let mut writer = Writer::new(&mut buffer);
            writer.report(Ssrc(1), Some(SenderInfo::default()), &[ReportBlock::default()]);
            writer.name(Ssrc(1), &cname);
            writer.goodbye(Ssrc(1));
            let datagram = writer.finish();
            prop_assert!(datagram.len() <= size);
            let broken = Compound::new(datagram).any(|packet| matches!(packet, RtcpPacket::Other { .. }));
            prop_assert!(!broken);
        }
    }
}
