//! Where a browser is, and over what.

use core::fmt;
use core::net::SocketAddr;

/// One end of a way to a browser. The same address over another transport is another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Datagrams.
    Udp(SocketAddr),
    /// A connection that the browser has opened (RFC 6544).
    Tcp(SocketAddr),
}

impl Place {
    /// The address alone.
    pub const fn address(self) -> SocketAddr {
        match self {
            Self::Udp(address) | Self::Tcp(address) => address,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(address) => write!(f, "{address}"),
            Self::Tcp(address) => write!(f, "{address} over TCP"),
        }
    }
}
