//! As much of RTP and RTCP as sealing needs: where the header ends, the number, the stream (RFC 3550 §5.1, §6.4).

/// The fixed part of a media packet's header.
const RTP_HEADER_BYTES: usize = 12;

/// What a report keeps in the clear: its first header and who sent it (RFC 3711 §3.4).
pub(crate) const RTCP_HEADER_BYTES: usize = 8;

/// What sealing looks at in a media packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RtpHead {
    /// Where the payload begins, behind contributing sources and extension.
    pub(crate) payload: usize,
    pub(crate) sequence: u16,
    pub(crate) ssrc: u32,
}

impl RtpHead {
    /// Reads a header; `None` if it is none or reaches past the end.
    pub(crate) fn read(packet: &[u8]) -> Option<Self> {
        let fixed = packet.first_chunk::<RTP_HEADER_BYTES>()?;
        if fixed[0] >> 6 != 2 {
            return None;
        }
        let mut payload = RTP_HEADER_BYTES + 4 * usize::from(fixed[0] & 0x0f);
        if fixed[0] & 0x10 != 0 {
            let extension = packet.get(payload..payload + 4)?;
            payload += 4 + 4 * usize::from(u16::from_be_bytes([extension[2], extension[3]]));
        }
        (payload <= packet.len()).then_some(Self {
            payload,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
        })
    }
}

/// Who sent a report; `None` if it is none.
pub(crate) fn rtcp_ssrc(packet: &[u8]) -> Option<u32> {
    let fixed = packet.first_chunk::<RTCP_HEADER_BYTES>()?;
    (fixed[0] >> 6 == 2).then(|| u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]))
}
