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

/// The seals of one port.
#[derive(Debug, Default)]
pub(crate) struct Seals {
    sealed: Option<Box<Sealed>>,
    /// Whether reports go by the socket of media.
    rtcp_mux: bool,
}

/// The keys of one port, and where its packets are sealed.
#[derive(Debug)]
struct Sealed {
    sealing: Sealing,
    sealer: Sealer,
    opener: Opener,
    /// A packet is copied here to be sealed: where it lies there may be no room behind it.
    desk: [u8; PACKET_MAX + SEAL_ROOM],
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
                    desk: [0; PACKET_MAX + SEAL_ROOM],
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
        let Some(place) = sealed.desk.get_mut(..packet.len()) else { return };
        place.copy_from_slice(packet);
        if let Ok(length) = sealed.sealer.seal_rtp(&mut sealed.desk, packet.len()) {
            out.send(port, Channel::Rtp, destination, &sealed.desk[..length]);
        }
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
        let Some(place) = sealed.desk.get_mut(..report.len()) else { return };
        place.copy_from_slice(report);
        if let Ok(length) = sealed.sealer.seal_rtcp(&mut sealed.desk, report.len()) {
            out.send(port, channel, destination, &sealed.desk[..length]);
        }
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
