//! The other end of a connection.

use std::net::{IpAddr, Ipv4Addr};

/// Where a request came from. [`serve`](crate::serve()) puts one into every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address.
    pub address: IpAddr,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
}

impl Peer {
    /// The peer of a request; nobody in particular if no server said who it is.
    pub fn of(extensions: &axum::http::Extensions) -> Self {
        extensions
            .get()
            .copied()
            .unwrap_or(Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), encrypted: false })
    }
}
