//! Opens what the far end sends.

use crate::derivation::Sort;
use crate::packet::{RtpHead, rtcp_ssrc};
use crate::streams::{Place, Streams};
use crate::transform::{ENCRYPTED, Transform};
use crate::{Keying, Profile};

/// Opens the packets of one direction.
#[derive(Debug)]
pub struct Opener {
    profile: Profile,
    rtp: Transform,
    rtcp: Transform,
    streams: Streams,
    reports: Streams,
    /// Where streams stood under the key before this one.
    before: Streams,
}

/// Why a packet was not opened. It has changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is no sealed RTP or RTCP packet.
    #[error("not a sealed packet")]
    Malformed,
    /// It came before, or is so late that nobody can tell.
    #[error("a packet that came before, or too late to tell")]
    Replayed,
    /// It was not sealed with this key, or it was changed on its way.
    #[error("not sealed with the key agreed on")]
    NotAuthentic,
}

impl Opener {
    /// Derives the session keys.
    pub fn new(keying: &Keying) -> Self {
        Self {
            profile: keying.profile(),
            rtp: Transform::new(keying, Sort::Rtp),
            rtcp: Transform::new(keying, Sort::Rtcp),
            streams: Streams::default(),
            reports: Streams::default(),
            before: Streams::default(),
        }
    }

    /// Takes the place of an opener whose key is no longer used.
    ///
    /// A stream that goes on under another key begins its rounds anew with most phones; others let them go on, as
    /// RFC 3711 §3.3.1 has it. Its first packet tells which, for only one of the two can be authentic.
    pub fn succeeding(keying: &Keying, old: &Self) -> Self {
        Self { before: old.streams.clone(), ..Self::new(keying) }
    }

    /// What it opens.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// Opens a media packet where it lies, and returns how long it is without its sealing.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError`]; neither the packet nor the opener has changed.
    pub fn open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, OpenError> {
        let head = RtpHead::read(packet).ok_or(OpenError::Malformed)?;
        if packet.len() < head.payload + self.profile.rtp_overhead() {
            return Err(OpenError::Malformed);
        }
        // A packet from before the first one has no number, and is as late as one can be.
        let index = self.streams.index(head.ssrc, head.sequence, 0).ok_or(OpenError::Replayed)?;
        if self.streams.place(head.ssrc, index) != Place::Fresh {
            return Err(OpenError::Replayed);
        }
        let opened = self.rtp.open_rtp(packet, head.payload, head.ssrc, index);
        let (length, index) = match opened {
            Ok(length) => (length, index),
            Err(_) => self.open_in_its_old_round(packet, head).ok_or(OpenError::NotAuthentic)?,
        };
        self.streams.take(head.ssrc, index);
        Ok(length)
    }

    /// The first packet of a stream that was there under the key before.
    fn open_in_its_old_round(&self, packet: &mut [u8], head: RtpHead) -> Option<(usize, u64)> {
        if self.streams.round(head.ssrc).is_some() || self.before.round(head.ssrc).unwrap_or(0) == 0 {
            return None;
        }
        let index = self.before.index(head.ssrc, head.sequence, 0)?;
        let length = self.rtp.open_rtp(packet, head.payload, head.ssrc, index).ok()?;
        Some((length, index))
    }

    /// Opens a report where it lies, and returns how long it is without its sealing. One that is authentic and was not
    /// encrypted is taken: its sender says so under the key.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError`]; the opener has not changed.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, OpenError> {
        let ssrc = rtcp_ssrc(packet).ok_or(OpenError::Malformed)?;
        let word = self.rtcp.rtcp_word(packet).ok_or(OpenError::Malformed)?;
        let index = u64::from(word & !ENCRYPTED);
        if self.reports.place(ssrc, index) != Place::Fresh {
            return Err(OpenError::Replayed);
        }
        let length = self.rtcp.open_rtcp(packet, ssrc, word).map_err(|_| OpenError::NotAuthentic)?;
        self.reports.take(ssrc, index);
        Ok(length)
    }
}
