//! What both sides have agreed on, seen from ours.

use crate::browser::Said;
use crate::format::{Meaning, meanings};
use crate::session::{Connection, Media, Session};
use crate::{BrowserError, BrowserSide, Codec, Crypto, CryptoError, Direction, Opus, Sealed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How long a packet is when nobody says otherwise (RFC 3551 §4.5), in milliseconds.
pub const PTIME_MS: u16 = 20;

/// The shortest packets we send, whatever the peer asks for.
pub const PTIME_MS_MIN: u16 = 10;

/// The longest packets we send, whatever the peer asks for.
pub const PTIME_MS_MAX: u16 = 60;

/// One audio stream as both sides have agreed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Which `m=` line it is, counted from 0.
    pub media: usize,
    /// Where the peer receives. The address is unspecified (`0.0.0.0`) while a peer holds in the old way.
    pub remote: SocketAddr,
    /// Where the peer receives RTCP; `None` while a peer holds in the old way, or when there is no such port.
    pub rtcp: Option<SocketAddr>,
    /// How speech is coded.
    pub codec: Codec,
    /// The payload types of speech.
    pub payload: PayloadTypes,
    /// What the peer wishes to receive of Opus, if that is the codec.
    pub opus: Option<Opus>,
    /// The payload types of keys; `None` when the peer does not know telephone-events.
    pub telephone_event: Option<PayloadTypes>,
    /// The clock of keys, in Hz: that of speech, unless the peer knows keys on 8000 only.
    pub telephone_event_clock: u32,
    /// How much sound the peer wants in a packet, in milliseconds.
    pub ptime_ms: u16,
    /// Whether we send, and receive.
    pub direction: Direction,
    /// Whether the peer put us on hold: it sends only, nobody sends, or its address is `0.0.0.0`.
    pub hold: bool,
    /// The keys, if packets are sealed.
    pub sealed: Option<Sealed>,
    /// Whether reports go by the port of media (RFC 5761).
    pub rtcp_mux: bool,
    /// What finds and seals the packets, if the peer is a browser. Where it is, is not known from the description then.
    pub browser: Option<BrowserSide>,
}

/// The two numbers of one format: each side names what it wants to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadTypes {
    /// In packets we send.
    pub send: u8,
    /// In packets we receive.
    pub receive: u8,
}

impl PayloadTypes {
    /// The same number both ways, as an answer does it.
    pub const fn both(number: u8) -> Self {
        Self { send: number, receive: number }
    }
}

/// What a peer's description says of one audio stream that could be used.
#[derive(Clone, Debug)]
pub(crate) struct Theirs {
    pub(crate) remote: SocketAddr,
    pub(crate) rtcp: Option<SocketAddr>,
    pub(crate) meanings: Vec<(u8, Meaning)>,
    pub(crate) ptime_ms: u16,
    /// Seen from their side, as it was written.
    pub(crate) direction: Direction,
    /// Whether the transport is the one whose packets are sealed.
    pub(crate) is_secure: bool,
    /// The keys that stand there, in their order, used or not.
    pub(crate) keys: Vec<Result<Crypto, CryptoError>>,
    pub(crate) rtcp_mux: bool,
    /// What a browser says beyond that; `None` if it is none.
    pub(crate) browser: Option<Said>,
}

/// What stands in the way of a stream of the peer's. The order is from far away to nearly usable, so that the
/// largest of all is what an operator wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unusable {
    NotAudio,
    Rejected,
    Transport,
    Plain,
    Crypto(CryptoError),
    Browser(BrowserError),
    Address,
    Codecs,
}

impl Theirs {
    /// Reads the stream `media` of `session` for a side that sends from an address of the family of `local`.
    pub(crate) fn read(session: &Session, media: &Media, local: IpAddr) -> Result<Self, Unusable> {
        if media.kind != "audio" {
            return Err(Unusable::NotAudio);
        }
        if media.port == 0 {
            return Err(Unusable::Rejected);
        }
        if let Some(said) = Said::read(session, media) {
            return Ok(Self::of_browser(session, media, said.map_err(Unusable::Browser)?, local));
        }
        let is_secure = is_secure(&media.protocol).ok_or(Unusable::Transport)?;
        let ip = match session.connection_of(media) {
            Some(Connection::Ip(ip)) => sendable(*ip, local).ok_or(Unusable::Address)?,
            Some(Connection::Other(_)) | None => return Err(Unusable::Address),
        };
        Ok(Self {
            remote: SocketAddr::new(ip, media.port),
            rtcp: rtcp(media, ip, local),
            meanings: meanings(media),
            ptime_ms: ptime_ms(media),
            direction: session.direction_of(media),
            is_secure,
            keys: media.values_of("crypto").map(Crypto::parse).collect(),
            rtcp_mux: media.has("rtcp-mux"),
            browser: None,
        })
    }

    /// A browser's stream: what stands there of addresses is of no account.
    fn of_browser(session: &Session, media: &Media, said: Said, local: IpAddr) -> Self {
        let nowhere = match local.to_canonical() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        Self {
            remote: SocketAddr::new(nowhere, media.port),
            rtcp: None,
            meanings: meanings(media),
            ptime_ms: ptime_ms(media),
            direction: session.direction_of(media),
            is_secure: true,
            keys: Vec::new(),
            rtcp_mux: true,
            browser: Some(said),
        }
    }

    /// Whether the address says that nothing shall be sent there. A browser says nothing by it.
    fn is_nowhere(&self) -> bool {
        self.browser.is_none() && self.remote.ip().is_unspecified()
    }

    /// The payload type of the keys that go with `codec`, and their clock: that of the codec, or 8000, which is all that
    /// many a phone knows although it speaks Opus.
    pub(crate) fn telephone_event(&self, codec: Codec) -> Option<(u8, u32)> {
        [codec.clock_rate(), 8000].into_iter().find_map(|clock_rate| {
            let wanted = Meaning::TelephoneEvent { clock_rate };
            let found = self.meanings.iter().find(|(_, meaning)| *meaning == wanted);
            found.map(|(number, _)| (*number, clock_rate))
        })
    }

    /// The payload type of keys on this clock.
    pub(crate) fn telephone_event_on(&self, clock_rate: u32) -> Option<u8> {
        let wanted = Meaning::TelephoneEvent { clock_rate };
        self.meanings.iter().find(|(_, meaning)| *meaning == wanted).map(|(number, _)| *number)
    }

    /// The codecs, with their payload types, in the peer's order.
    pub(crate) fn codecs(&self) -> impl Iterator<Item = (u8, Codec)> {
        self.meanings.iter().filter_map(|(number, meaning)| Some((*number, meaning.codec()?)))
    }

    /// What is wished of Opus under this payload type.
    pub(crate) fn opus(&self, payload_type: u8) -> Option<Opus> {
        self.meanings.iter().find_map(|(number, meaning)| match meaning {
            Meaning::Opus(wishes) if *number == payload_type => Some(*wishes),
            Meaning::Opus(_) | Meaning::Speech(_) | Meaning::TelephoneEvent { .. } => None,
        })
    }

    /// What we may do when we want `ours`. An address of `0.0.0.0` forbids sending (RFC 3264 §8.4).
    pub(crate) fn our_direction(&self, ours: Direction) -> Direction {
        let addressed = Direction::of(!self.is_nowhere(), true);
        ours.and(self.direction.reversed()).and(addressed)
    }

    /// Whether the peer put us on hold, in the old way or the new one.
    pub(crate) fn holds(&self) -> bool {
        !self.direction.receives() || self.is_nowhere()
    }
}

/// Whether packets of a transport are sealed; `None` for one that is not spoken. The profiles with early feedback differ
/// for those who use feedback, which we do not.
pub(crate) fn is_secure(protocol: &str) -> Option<bool> {
    match protocol {
        "RTP/AVP" | "RTP/AVPF" => Some(false),
        "RTP/SAVP" | "RTP/SAVPF" => Some(true),
        _ => None,
    }
}

/// The address as we would send to it: never a group, and of our own family unless it is no address at all.
fn sendable(ip: IpAddr, local: IpAddr) -> Option<IpAddr> {
    let ip = ip.to_canonical();
    let broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    let reachable = ip.is_unspecified() || ip.is_ipv4() == local.to_canonical().is_ipv4();
    (reachable && !broadcast && !ip.is_multicast()).then_some(ip)
}

/// RFC 3605: the port after that of RTP, unless `a=rtcp:<port> [IN IP4 <address>]` says otherwise.
fn rtcp(media: &Media, ip: IpAddr, local: IpAddr) -> Option<SocketAddr> {
    let mut words = media.value_of("rtcp").unwrap_or_default().split_ascii_whitespace();
    let port = match words.next() {
        Some(port) => port.parse().ok().filter(|port| *port != 0)?,
        None => media.port.checked_add(1)?,
    };
    let ip = match (words.next(), words.next(), words.next()) {
        (Some(net), Some(kind), Some(address)) => match crate::parse::host(net, kind, address) {
            Connection::Ip(ip) => sendable(ip, local)?,
            Connection::Other(_) => return None,
        },
        _ => ip,
    };
    (!ip.is_unspecified()).then(|| SocketAddr::new(ip, port))
}

/// `a=ptime`, kept below `a=maxptime` and to what we can send: whole tens from 10 to 60.
fn ptime_ms(media: &Media) -> u16 {
    let number =
        |name| media.value_of(name).and_then(|value| value.trim().parse::<u16>().ok()).filter(|ms| *ms > 0);
    let wanted = number("ptime").unwrap_or(PTIME_MS).min(number("maxptime").unwrap_or(PTIME_MS_MAX));
    wanted.clamp(PTIME_MS_MIN, PTIME_MS_MAX) / 10 * 10
}
