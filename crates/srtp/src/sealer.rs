//! Seals what is sent.

use crate::derivation::Sort;
use crate::packet::{RtpHead, rtcp_ssrc};
use crate::streams::{Place, Streams};
use crate::transform::Transform;
use crate::{Keying, Profile};

/// How many reports one key seals: 31 bits of number.
const RTCP_INDEX_MAX: u32 = (1 << 31) - 1;

/// Seals the packets of one direction.
///
/// No number of a stream is ever sealed twice: two packets under the same key stream would give both away.
#[derive(Debug)]
pub struct Sealer {
    profile: Profile,
    rtp: Transform,
    rtcp: Transform,
    streams: Streams,
    /// The number of the last report.
    reports: u32,
}

/// Why a packet was not sealed. It must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is no RTP or RTCP packet.
    #[error("not a packet that can be sealed")]
    Malformed,
    /// There is not as much room behind it as [`crate::SEAL_ROOM`].
    #[error("no room for the tag")]
    NoRoom,
    /// Its number has been sealed already, or is so old that nobody can tell.
    #[error("a packet of that number was sealed before")]
    Repeated,
    /// There are [`crate::STREAMS_MAX`] streams already.
    #[error("more streams than one key is to seal")]
    TooManyStreams,
    /// All numbers have been used up under this key.
    #[error("the key has sealed all it may")]
    Exhausted,
}

impl Sealer {
    /// Derives the session keys.
    pub fn new(keying: &Keying) -> Self {
        Self {
            profile: keying.profile(),
            rtp: Transform::new(keying, Sort::Rtp),
            rtcp: Transform::new(keying, Sort::Rtcp),
            streams: Streams::default(),
            reports: 0,
        }
    }

    /// Seals the media packet in the first `length` bytes of `buffer`, which has [`crate::SEAL_ROOM`] bytes behind it, and
    /// returns how long it has become.
    ///
    /// # Errors
    ///
    /// Returns [`SealError`], and the packet is as it was.
    pub fn seal_rtp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SealError> {
        let head = buffer.get(..length).and_then(RtpHead::read).ok_or(SealError::Malformed)?;
        if buffer.len() - length < self.profile.rtp_overhead() {
            return Err(SealError::NoRoom);
        }
        let index = self.streams.index(head.ssrc, head.sequence, 0);
        let index = match index {
            Some(index) => index,
            // Before the first packet of all, or behind the last.
            None if self.streams.round(head.ssrc) == Some(0) => return Err(SealError::Repeated),
            None => return Err(SealError::Exhausted),
        };
        if self.streams.place(head.ssrc, index) != Place::Fresh {
            return Err(SealError::Repeated);
        }
        if !self.streams.has_room(head.ssrc) {
            return Err(SealError::TooManyStreams);
        }
        self.streams.take(head.ssrc, index);
        Ok(self.rtp.seal_rtp(buffer, head.payload, length, head.ssrc, index))
    }

    /// Seals the report in the first `length` bytes of `buffer`, which has [`crate::SEAL_ROOM`] bytes behind it, and
    /// returns how long it has become.
    ///
    /// # Errors
    ///
    /// Returns [`SealError`], and the report is as it was.
    pub fn seal_rtcp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SealError> {
        let ssrc = buffer.get(..length).and_then(rtcp_ssrc).ok_or(SealError::Malformed)?;
        if buffer.len() - length < self.profile.rtcp_overhead() {
            return Err(SealError::NoRoom);
        }
        // The first is number one, as everybody has it; streams share the count, which only ever grows.
        if self.reports >= RTCP_INDEX_MAX {
            return Err(SealError::Exhausted);
        }
        self.reports += 1;
        Ok(self.rtcp.seal_rtcp(buffer, length, ssrc, self.reports))
    }
}
