//! What a port does to packets on its doorstep: it opens what comes and seals what leaves (SRTP, crate `srtp`), and knows
//! which of its sockets reports go by (RFC 5761).
//!
//! A packet is opened before anything else is made of it: source rules, streams, numbers and keys see only what the far end
//! has proved to have sent. Packets lie open inside the engine; relays, recorders and mixers do not know that there are
//! seals.

use crate::event::Dropped;
use crate::incoming::PAYLOAD_MAX;
use crate::report::REPORT_BYTES_MAX;
use crate::{Channel, Outbox, PortId};
use rtp::packet::HEADER_BYTES;
use srtp::{OpenError, Opener, SEAL_ROOM, Sealer, Sealing};
use std::net::SocketAddr;

/// The longest packet that leaves.
const PACKET_MAX: usize = HEADER_BYTES + PAYLOAD_MAX;
const _: () = assert!(REPORT_BYTES_MAX <= PACKET_MAX);

/// What the keys of a sealed port take, for those who watch that it does not grow.
#[cfg(test)]
pub(crate) const SEALED_BYTES: usize = size_of::<Sealed>();

/// The longest packet of everyday: 20 ms of what a telephone says, and reports.
const PACKET_ORDINARY: usize = 256;

/// The seals of one port.
#[derive(Debug, Default)]
pub(crate) struct Seals {
    sealed: Option<Box<Sealed>>,
    /// Whether reports go by the socket of media.
    rtcp_mux: bool,
}

/// The keys of one port.
#[derive(Debug)]
struct Sealed {
    sealing: Sealing,
    sealer: Sealer,
    opener: Opener,
}

impl Seals {
    /// Takes what was agreed on. A key that stays keeps its numbers; with another one they begin anew.
    pub(crate) fn configure(&mut self, sealing: Option<Sealing>, rtcp_mux: bool) {
        self.rtcp_mux = rtcp_mux;
        match (&mut self.sealed, sealing) {
            (sealed, None) => *sealed = None,
            (Some(sealed), Some(sealing)) => {
                if sealed.sealing.theirs != sealing.theirs {
                    sealed.opener = Opener::succeeding(&sealing.theirs, &sealed.opener);
                }
                if sealed.sealing.ours != sealing.ours {
                    sealed.sealer = Sealer::new(&sealing.ours);
                }
                sealed.sealing = sealing;
            }
            (sealed, Some(sealing)) => {
                *sealed = Some(Box::new(Sealed {
                    sealer: Sealer::new(&sealing.ours),
                    opener: Opener::new(&sealing.theirs),
                    sealing,
                }));
            }
        }
    }

    /// Whether there are any.
    pub(crate) fn are_there(&self) -> bool {
        self.sealed.is_some()
    }

    /// Whether reports go by the socket of media.
    pub(crate) fn rtcp_mux(&self) -> bool {
        self.rtcp_mux
    }

    /// Opens a media packet where it lies. `None` means that it was dropped and counted.
    pub(crate) fn open_rtp<'a>(
        &mut self,
        datagram: &'a mut [u8],
        dropped: &mut Dropped,
    ) -> Option<&'a mut [u8]> {
        let Some(sealed) = &mut self.sealed else { return Some(datagram) };
        let opened = sealed.opener.open_rtp(datagram);
        count(opened, dropped).and_then(|length| datagram.get_mut(..length))
    }

    /// Opens a report where it lies. `None` means that it was dropped and counted.
    pub(crate) fn open_rtcp<'a>(
        &mut self,
        datagram: &'a mut [u8],
        dropped: &mut Dropped,
    ) -> Option<&'a mut [u8]> {
        let Some(sealed) = &mut self.sealed else { return Some(datagram) };
        let opened = sealed.opener.open_rtcp(datagram);
        count(opened, dropped).and_then(|length| datagram.get_mut(..length))
    }

    /// Sends a media packet, sealed if the port is. What cannot be sealed is not sent.
    pub(crate) fn send(
        &mut self,
        port: PortId,
        destination: SocketAddr,
        packet: &[u8],
        out: &mut impl Outbox,
    ) {
        let Some(sealed) = &mut self.sealed else {
            return out.send(port, Channel::Rtp, destination, packet);
        };
        on_a_desk(packet, |desk, length| {
            if let Ok(length) = sealed.sealer.seal_rtp(desk, length) {
                out.send(port, Channel::Rtp, destination, &desk[..length]);
            }
        });
    }

    /// Sends a report, sealed if the port is.
    pub(crate) fn send_report(
        &mut self,
        port: PortId,
        destination: SocketAddr,
        report: &[u8],
        out: &mut impl Outbox,
    ) {
        let channel = if self.rtcp_mux { Channel::Rtp } else { Channel::Rtcp };
        let Some(sealed) = &mut self.sealed else { return out.send(port, channel, destination, report) };
        on_a_desk(report, |desk, length| {
            if let Ok(length) = sealed.sealer.seal_rtcp(desk, length) {
                out.send(port, channel, destination, &desk[..length]);
            }
        });
    }
}

/// Copies a packet to where there is room behind it for its seal: where it lies there may be none. The desk is cleared
/// for nothing, so it is no larger than it has to be; what is longer than any packet of ours is not sealed at all.
fn on_a_desk(packet: &[u8], seal: impl FnOnce(&mut [u8], usize)) {
    fn lay<const ROOM: usize>(packet: &[u8], seal: impl FnOnce(&mut [u8], usize)) {
        let mut desk = [0; ROOM];
        if let Some(place) = desk.get_mut(..packet.len()) {
            place.copy_from_slice(packet);
            seal(&mut desk, packet.len());
        }
    }
    match packet.len() {
        0..=PACKET_ORDINARY => lay::<{ PACKET_ORDINARY + SEAL_ROOM }>(packet, seal),
        _ => lay::<{ PACKET_MAX + SEAL_ROOM }>(packet, seal),
    }
}

fn count(opened: Result<usize, OpenError>, dropped: &mut Dropped) -> Option<usize> {
    match opened {
        Ok(length) => return Some(length),
        Err(OpenError::Malformed) => dropped.malformed += 1,
        Err(OpenError::Replayed) => dropped.replayed += 1,
        Err(OpenError::NotAuthentic) => dropped.not_authentic += 1,
    }
    None
}
