//! The other end of a connection.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where a request came from. [`serve`](crate::serve()) puts one into every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// Our own address that it came to.
    pub local: SocketAddr,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
}

impl Peer {
    /// The peer of a request; nobody in particular if no server said who it is.
    pub fn of(extensions: &axum::http::Extensions) -> Self {
        let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        extensions.get().copied().unwrap_or(Self {
            address: nowhere.ip(),
            port: 0,
            local: nowhere,
            encrypted: false,
        })
    }
}
