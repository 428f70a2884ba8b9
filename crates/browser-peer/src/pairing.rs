//! What both descriptions say of a browser, as far as its packets are concerned.

use crate::Credentials;
use core::net::SocketAddr;

/// A SHA-256 fingerprint of a certificate (RFC 8122 §5).
pub type Fingerprint = [u8; 32];

/// Where browsers reach a socket, and what the certificate behind it is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// Where the socket is bound.
    pub address: SocketAddr,
    /// The fingerprint of our certificate.
    pub fingerprint: Fingerprint,
}

/// What a port expects of its browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// What we are named in checks, and what they are signed with.
    pub ours: Credentials,
    /// The fingerprint of the browser's certificate.
    pub fingerprint: Fingerprint,
    /// Who begins the handshake.
    pub role: Role,
}

/// Who begins a handshake (`a=setup`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The browser does.
    Passive,
    /// We do.
    Active,
}
