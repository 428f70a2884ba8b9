//! What both descriptions say of a browser, as far as its packets are concerned.

use crate::Credentials;

/// A SHA-256 fingerprint of a certificate (RFC 8122 §5).
pub type Fingerprint = [u8; 32];

/// What a port expects of its browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// What we are named in checks, and what they are signed with.
    pub ours: Credentials,
    /// The fingerprint of the browser's certificate. Before its answer it is not known, and the browser's hello is
    /// dropped: it comes again.
    pub fingerprint: Option<Fingerprint>,
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
