//! Where messages come from and go to. Addresses only; the sockets are `net`'s.

use crate::transaction::Reliability;
use std::net::SocketAddr;

/// A way SIP travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// An encrypted stream.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Transport {
    /// The word in a Via header.
    pub const fn via_name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The word in a `transport=` parameter. RFC 3261 has no `tls` there, but everybody writes it.
    pub const fn uri_name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The transport a word means, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss]
            .into_iter()
            .find(|transport| transport.via_name().eq_ignore_ascii_case(name))
    }

    /// Whether the transport repeats what it loses.
    pub const fn reliability(self) -> Reliability {
        match self {
            Self::Udp => Reliability::Unreliable,
            Self::Tcp | Self::Tls | Self::Ws | Self::Wss => Reliability::Reliable,
        }
    }

    /// Whether nobody on the way can read it.
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }
}

/// One connection of a stream transport, numbered by the driver and never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Where a message came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// How it came.
    pub transport: Transport,
    /// Our address it came to.
    pub local: SocketAddr,
    /// The address it came from.
    pub remote: SocketAddr,
    /// The connection it came on, for stream transports.
    pub connection: Option<ConnectionId>,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    /// How it goes.
    pub transport: Transport,
    /// Our address it leaves from; it also stands in our Via.
    pub local: SocketAddr,
    /// The address it goes to.
    pub remote: SocketAddr,
    /// The connection to use. If it is gone, or `None` on a stream transport, the driver opens one to `remote`.
    pub connection: Option<ConnectionId>,
}

impl From<Source> for Destination {
    /// Back the way it came.
    fn from(source: Source) -> Self {
        let Source { transport, local, remote, connection } = source;
        Self { transport, local, remote, connection }
    }
}
