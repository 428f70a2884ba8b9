//! How much of anything a peer can make us hold.

use std::time::Duration;

/// Connections at once. One more is closed as soon as it is accepted.
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

/// How long a message may take from its first byte to its last, and a new connection to its first message.
pub(crate) const MESSAGE_PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection that has carried messages may be silent. Phones refresh what they need sooner.
pub(crate) const IDLE_PATIENCE: Duration = Duration::from_secs(2 * 3600);

/// How long a connection that we open may take.
pub(crate) const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// How long a peer may take to read what we write.
pub(crate) const WRITE_PATIENCE: Duration = Duration::from_secs(10);
