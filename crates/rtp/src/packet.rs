//! RTP data packets: RFC 3550 §5.1, read and rewritten where they lie.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//! |                           timestamp                           |
//! |                             SSRC                              |
//! |                          CSRC × CC                            |
//! |          extension (if X): profile, length, words             |
//! |                payload … padding (if P)                       |
//! ```
//!
//! A relay writes a plain header of twelve bytes right before the payload: contributing sources, extensions and
//! padding belong to the stream that came in, not to the one that goes out. Whether the packet is RTP or RTCP is
//! told by [`is_rtcp`] (RFC 5761 §4). Payloads are not looked at here.

use crate::{RtpTime, SeqNumber, Ssrc};
use core::ops::Range;

/// The bytes of a header without contributing sources and extension.
pub const HEADER_BYTES: usize = 12;

/// Why a datagram is not an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRtp {
    /// There is no room for a header.
    #[error("{0} bytes are too few for an RTP header")]
    Short(usize),
    /// The first two bits are not those of RTP version 2.
    #[error("version {0} is not 2")]
    Version(u8),
    /// The list of contributing sources or the extension reaches past the end.
    #[error("the header announces more bytes than there are")]
    Header,
    /// The padding is longer than what it pads, or zero bytes long.
    #[error("the padding announces more bytes than there are")]
    Padding,
}

/// The fixed part of a header: what a stream is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Set on the first packet of a talkspurt, and of a telephone-event.
    pub marker: bool,
    /// The number naming the format, 0 to 127.
    pub payload_type: u8,
    /// The packet's number.
    pub sequence: SeqNumber,
    /// The time of the first sample.
    pub timestamp: RtpTime,
    /// The stream.
    pub ssrc: Ssrc,
}

impl Header {
    /// Writes the header as twelve bytes, without contributing sources, extension and padding.
    pub fn write(&self, out: &mut [u8; HEADER_BYTES]) {
        out[0] = 0x80;
        out[1] = (u8::from(self.marker) << 7) | (self.payload_type & 0x7f);
        out[2..4].copy_from_slice(&self.sequence.0.to_be_bytes());
        out[4..8].copy_from_slice(&self.timestamp.0.to_be_bytes());
        out[8..12].copy_from_slice(&self.ssrc.0.to_be_bytes());
    }
}

/// A packet that has been read: its header and where its payload lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The fixed header.
    pub header: Header,
    /// Where the payload lies in the datagram; never before byte 12.
    pub payload: Range<usize>,
}

impl Packet {
    /// Reads a datagram; costs a few loads, whatever the length.
    ///
    /// # Errors
    ///
    /// Returns [`NotRtp`] if the datagram is not version 2 or announces more than it holds.
    pub fn parse(datagram: &[u8]) -> Result<Self, NotRtp> {
        let Some((fixed, _)) = datagram.split_first_chunk::<HEADER_BYTES>() else {
            return Err(NotRtp::Short(datagram.len()));
        };
        if fixed[0] >> 6 != 2 {
            return Err(NotRtp::Version(fixed[0] >> 6));
        }
        let mut start = HEADER_BYTES + 4 * usize::from(fixed[0] & 0x0f);
        if fixed[0] & 0x10 != 0 {
            let Some(extension) = datagram.get(start..start + 4) else {
                return Err(NotRtp::Header);
            };
            start += 4 + 4 * usize::from(u16::from_be_bytes([extension[2], extension[3]]));
        }
        let mut end = datagram.len();
        if start > end {
            return Err(NotRtp::Header);
        }
        if fixed[0] & 0x20 != 0 {
            let padding = datagram.last().map_or(0, |last| usize::from(*last));
            if padding == 0 || padding > end - start {
                return Err(NotRtp::Padding);
            }
            end -= padding;
        }
        let header = Header {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: SeqNumber(u16::from_be_bytes([fixed[2], fixed[3]])),
            timestamp: RtpTime(u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]])),
            ssrc: Ssrc(u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]])),
        };
        Ok(Self { header, payload: start..end })
    }

    /// Writes `header` right before the payload of this packet and returns the packet that goes out: a plain header
    /// and the payload, with nothing moved. `datagram` must be the one this packet was read from.
    pub fn rewrite<'a>(&self, datagram: &'a mut [u8], header: &Header) -> &'a mut [u8] {
        let Range { start, end } = self.payload;
        let Some(outgoing) = start.checked_sub(HEADER_BYTES).and_then(|begin| datagram.get_mut(begin..end))
        else {
            debug_assert!(false, "a packet is rewritten in the datagram it was read from");
            return &mut [];
        };
        if let Some(fixed) = outgoing.first_chunk_mut() {
            header.write(fixed);
        }
        outgoing
    }
}

/// Whether a datagram on a socket that carries both is RTCP: packet types 192 to 223 (RFC 5761 §4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| first >> 6 == 2)
        && datagram.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plain_packet_is_read_to_the_last_byte() {
        let datagram = [0x80, 0x88, 0x12, 0x34, 0, 0, 0, 160, 0xca, 0xfe, 0xba, 0xbe, 1, 2, 3];
        let packet = Packet::parse(&datagram).unwrap();
        assert_eq!(packet.payload, 12..15);
        assert_eq!(
            packet.header,
            Header {
                marker: true,
                payload_type: 8,
                sequence: SeqNumber(0x1234),
                timestamp: RtpTime(160),
                ssrc: Ssrc(0xcafe_babe)
            }
        );
    }

    #[test]
    fn sources_extension_and_padding_are_no_payload() {
        let mut datagram = vec![0x80 | 0x20 | 0x10 | 2, 0];
        datagram.extend([0; 10]);
        datagram.extend([0; 8]); // two contributing sources
        datagram.extend([0xbe, 0xde, 0, 1, 9, 9, 9, 9]); // an extension of one word
        datagram.extend([7, 7, 7, 0, 0, 3]); // three bytes of payload, three of padding
        assert_eq!(Packet::parse(&datagram).unwrap().payload, 28..31);
    }

    #[test]
    fn what_is_not_rtp_is_refused_with_a_reason() {
        assert_eq!(Packet::parse(&[0x80; 11]), Err(NotRtp::Short(11)));
        assert_eq!(Packet::parse(&[0x40; 12]), Err(NotRtp::Version(1)));
        let mut sources = [0; 15];
        sources[0] = 0x81;
        assert_eq!(Packet::parse(&sources), Err(NotRtp::Header));
        let mut extension = [0xff; 16];
        extension[0] = 0x90;
        assert_eq!(Packet::parse(&extension), Err(NotRtp::Header));
        let mut padding = [2; 13];
        padding[0] = 0xa0;
        assert_eq!(Packet::parse(&padding), Err(NotRtp::Padding));
        padding[12] = 0;
        assert_eq!(Packet::parse(&padding), Err(NotRtp::Padding));
    }

    #[test]
    fn rtcp_is_told_from_rtp_by_its_packet_type() {
        assert!(is_rtcp(&[0x80, 200]));
        assert!(!is_rtcp(&[0x80, 0x80 | 8]));
        assert!(!is_rtcp(&[0x80]));
        assert!(!is_rtcp(&[0x00, 200]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(datagram: Vec<u8>) {
            if let Ok(packet) = Packet::parse(&datagram) {
                prop_assert!(packet.payload.start >= HEADER_BYTES);
                prop_assert!(packet.payload.start <= packet.payload.end);
                prop_assert!(packet.payload.end <= datagram.len());
            }
        }

        #[test]
        fn bytes_that_look_like_rtp_are_read_or_refused(first in 0x80u8..=0xbf, rest: Vec<u8>) {
            let mut datagram = vec![first];
            datagram.extend(rest);
            if let Ok(packet) = Packet::parse(&datagram) {
                let payload = datagram[packet.payload.clone()].to_vec();
                let header = Header { payload_type: 8, ..packet.header };
                let outgoing = packet.rewrite(&mut datagram, &header).to_vec();
                let again = Packet::parse(&outgoing).unwrap();
                prop_assert_eq!(again.header, header);
                prop_assert_eq!(&outgoing[again.payload], &payload[..]);
            }
        }

        #[test]
        fn a_header_survives_its_bytes(marker: bool, payload_type in 0u8..128, sequence: u16, time: u32, ssrc: u32) {
            let header = Header {
                marker, payload_type, sequence: SeqNumber(sequence), timestamp: RtpTime(time), ssrc: Ssrc(ssrc),
            };
            let mut bytes = [0; HEADER_BYTES];
            header.write(&mut bytes);
            prop_assert_eq!(Packet::parse(&bytes), Ok(Packet { header, payload: 12..12 }));
        }
    }
}
