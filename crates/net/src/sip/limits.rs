//! How much of anything a peer can make us hold, and for how long.

use std::time::Duration;

/// Connections at once, of all transports together. One more is closed as soon as it is accepted.
pub const CONNECTIONS_MAX: usize = 10_000;

/// Connections at once from one address. One more is closed as soon as it is accepted.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 256;

/// Messages that wait to be written on one connection. When a peer reads so slowly that this many wait, the
/// connection is closed.
pub(crate) const WRITES_WAITING_MAX: usize = 256;

/// Things that wait for the control thread from all connections together. When full, connections are read no further.
pub(crate) const ARRIVALS_WAITING_MAX: usize = 1024;

/// Datagrams taken at one wake before timers and other work get their turn.
pub(crate) const DATAGRAMS_PER_WAKE: usize = 64;

/// How long what a connection may cost lasts. Tests have less patience than the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long the handshake of an encrypted connection may take.
    pub handshake: Duration,
    /// How long a new connection may take to its first whole message. Line ends do not count.
    pub first_message: Duration,
    /// How long a message may take from its first byte to its last.
    pub message: Duration,
    /// How long a connection that has carried messages may be silent. Phones refresh what they need sooner.
    pub idle: Duration,
    /// How long a connection that we open may take.
    pub connect: Duration,
    /// How long a peer may take to read what we write.
    pub write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            first_message: Duration::from_secs(10),
            message: Duration::from_secs(10),
            idle: Duration::from_secs(2 * 3600),
            connect: Duration::from_secs(5),
            write: Duration::from_secs(10),
        }
    }
}
