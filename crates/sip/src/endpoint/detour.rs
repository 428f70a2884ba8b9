//! Large requests go over TCP: RFC 3261 §18.1.1.
//!
//! A request that would be a datagram of more than [`DATAGRAM_BYTES_MAX`] is sent over a stream to the same address, since
//! pieces of datagrams are dropped by many a network. Where no stream is to be had it goes as a datagram after all, and the
//! address is remembered, so that the next caller does not wait for the same discovery.
//!
//! ```text
//!  large request ─▶ Tried ──response over the stream──▶ Works
//!                     │                                   │ the stream closes: forgotten, the next one tries anew
//!                     └──error, or silence──▶ Refused ──ten minutes──▶ forgotten
//! ```
//!
//! What is known here is known of addresses. Which request waits for which stream is the client transaction's.

use super::TransportError;
use crate::transport::{Destination, Source, Transport};
use base::{Duration, Instant};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The largest request that is sent as a datagram (§18.1.1: what is safe while the path's MTU is unknown).
const DATAGRAM_BYTES_MAX: usize = 1300;

/// How long a large request waits for any sign of life over its stream before it goes as a datagram, too. The RFC waits
/// for a reset; a filter on the way that drops instead of refusing must not cost the caller more than this.
pub(super) const STREAM_PATIENCE: Duration = Duration::from_secs(2);

/// How long an address that takes no streams is not tried again.
const REFUSED_FOR: Duration = Duration::from_secs(600);

/// How many addresses are remembered. When the table is full, all that are not known to work are forgotten, and tried anew.
const ADDRESSES_MAX: usize = 4_096;

/// What leads to the far end of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    /// Its address, by whatever transport.
    Address,
    /// Only the way it came to us itself: it is behind a NAT.
    Flow,
}

/// What is known of streams to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Tried,
    Works,
    Refused { until: Instant },
}

/// Which addresses take streams.
#[derive(Clone, Debug, Default)]
pub(super) struct Detours {
    known: BTreeMap<SocketAddr, Stream>,
}

impl Detours {
    /// The way around for a request of this size; `None` if it goes where it was meant to go.
    pub(super) fn around(
        &mut self,
        bytes: usize,
        destination: Destination,
        hop: Hop,
        now: Instant,
    ) -> Option<Destination> {
        if bytes <= DATAGRAM_BYTES_MAX || destination.transport != Transport::Udp || hop == Hop::Flow {
            return None;
        }
        match self.known.get(&destination.remote) {
            Some(Stream::Refused { until }) if *until > now => return None,
            Some(Stream::Tried | Stream::Works) => {}
            Some(Stream::Refused { .. }) | None => self.note(destination.remote, Stream::Tried),
        }
        Some(over_stream(destination))
    }

    /// The same for what gets no answer, an ACK: it is risked only where a stream is known to work.
    pub(super) fn around_unanswered(
        &self,
        bytes: usize,
        destination: Destination,
        hop: Hop,
    ) -> Option<Destination> {
        let is_meant = bytes > DATAGRAM_BYTES_MAX
            && destination.transport == Transport::Udp
            && hop == Hop::Address
            && self.known.get(&destination.remote) == Some(&Stream::Works);
        is_meant.then(|| over_stream(destination))
    }

    /// A request that went around was answered.
    pub(super) fn answered(&mut self, source: &Source) {
        if source.transport == Transport::Tcp
            && let Some(stream) = self.known.get_mut(&source.remote)
        {
            *stream = Stream::Works;
        }
    }

    /// A way is closed.
    pub(super) fn failed(&mut self, failed: &TransportError, now: Instant) {
        if failed.connection.is_none() {
            return;
        }
        match self.known.get(&failed.remote) {
            Some(Stream::Tried) => self.refused(failed.remote, now),
            Some(Stream::Works) => {
                self.known.remove(&failed.remote);
            }
            Some(Stream::Refused { .. }) | None => {}
        }
    }

    /// No stream is to be had.
    pub(super) fn refused(&mut self, remote: SocketAddr, now: Instant) {
        self.note(remote, Stream::Refused { until: now + REFUSED_FOR });
    }

    fn note(&mut self, remote: SocketAddr, stream: Stream) {
        if self.known.len() >= ADDRESSES_MAX {
            self.known.retain(|_, stream| *stream == Stream::Works);
        }
        if self.known.len() >= ADDRESSES_MAX {
            self.known.clear();
        }
        self.known.insert(remote, stream);
    }
}

fn over_stream(destination: Destination) -> Destination {
    Destination { transport: Transport::Tcp, connection: None, ..destination }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::ConnectionId;

    #[test]
    fn a_large_datagram_to_an_address_goes_around() {
        let mut detours = Detours::default();
        assert_eq!(detours.around(1300, there(), Hop::Address, at(0)), None);
        let around = detours.around(1301, there(), Hop::Address, at(0));
        assert_eq!(around.map(|to| (to.transport, to.remote)), Some((Transport::Tcp, there().remote)));
        // A NAT lets through what goes back the way something came, and nothing else.
        assert_eq!(detours.around(1301, there(), Hop::Flow, at(0)), None);
        let secure = Destination { transport: Transport::Tls, ..there() };
        assert_eq!(detours.around(9000, secure, Hop::Address, at(0)), None);
    }

    #[test]
    fn an_address_without_streams_is_left_alone_for_ten_minutes() {
        let mut detours = Detours::default();
        assert!(detours.around(2000, there(), Hop::Address, at(0)).is_some());
        detours.failed(&broken(), at(1));
        assert_eq!(detours.around(2000, there(), Hop::Address, at(2)), None);
        assert_eq!(detours.around(2000, there(), Hop::Address, at(600)), None);
        assert!(detours.around(2000, there(), Hop::Address, at(601)).is_some());
    }

    #[test]
    fn a_stream_that_has_worked_and_closed_is_opened_again() {
        let mut detours = Detours::default();
        assert!(detours.around(2000, there(), Hop::Address, at(0)).is_some());
        assert_eq!(detours.around_unanswered(2000, there(), Hop::Address), None);
        let Destination { local, remote, .. } = there();
        detours.answered(&Source {
            transport: Transport::Tcp,
            local,
            remote,
            connection: Some(ConnectionId(1)),
        });
        assert!(detours.around_unanswered(2000, there(), Hop::Address).is_some());
        detours.failed(&broken(), at(1));
        assert!(detours.around(2000, there(), Hop::Address, at(2)).is_some());
    }

    #[test]
    fn the_table_has_an_end() {
        let mut detours = Detours::default();
        for number in 0..10_000_u32 {
            let remote = SocketAddr::from((number.to_be_bytes(), 5060));
            assert!(detours.around(2000, Destination { remote, ..there() }, Hop::Address, at(0)).is_some());
            detours.refused(remote, at(0));
            assert!(detours.known.len() <= ADDRESSES_MAX);
        }
    }

    fn there() -> Destination {
        Destination {
            transport: Transport::Udp,
            local: "192.0.2.1:5060".parse().unwrap(),
            remote: "192.0.2.2:5060".parse().unwrap(),
            connection: None,
        }
    }

    fn broken() -> TransportError {
        TransportError { remote: there().remote, connection: Some(ConnectionId(1)) }
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }
}
