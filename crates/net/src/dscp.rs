//! Differentiated services: how routers are told which packets must not wait (RFC 2474).

use rustix::net::sockopt;
use std::net::SocketAddr;
use std::os::fd::AsFd;

/// A code point, the upper six bits of the traffic class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dscp(u8);

impl Dscp {
    /// Nothing said.
    pub const NONE: Self = Self(0);
    /// Expedited forwarding, for sound (RFC 4594 §4.1).
    pub const EXPEDITED: Self = Self(46);
    /// Class selector 3, which networks commonly give to the signalling of calls.
    pub const SIGNALLING: Self = Self(24);

    /// A code point by its number; `None` above 63.
    pub const fn new(number: u8) -> Option<Self> {
        if number < 64 { Some(Self(number)) } else { None }
    }

    /// Its number, 0 to 63.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Marks all that leaves by this socket, bound or connected to an address of that family. Networks may ignore it, and so
    /// may systems.
    pub(crate) fn mark(self, socket: impl AsFd, address: SocketAddr) {
        if self == Self::NONE {
            return;
        }
        let class = self.0 << 2;
        let marked = match address {
            SocketAddr::V4(_) => sockopt::set_ip_tos(&socket, class),
            SocketAddr::V6(_) => {
                // What goes to IPv4 by a socket of both families has the other mark.
                let _ = sockopt::set_ip_tos(&socket, class);
                sockopt::set_ipv6_tclass(&socket, class.into())
            }
        };
        if let Err(error) = marked {
            tracing::debug!(%error, "packets go out unmarked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_point_has_six_bits() {
        assert_eq!(Dscp::new(63).map(Dscp::number), Some(63));
        assert_eq!(Dscp::new(64), None);
    }
}
