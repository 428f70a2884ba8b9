//! SIP's sockets: UDP and TCP on one address and port.
//!
//! [`SipSockets`] belongs to the control thread: it waits for what comes ([`SipSockets::receive`]) and sends without
//! ever waiting ([`SipSockets::send`]). A TCP connection is a task of its own on the same thread; connections are
//! numbered and no number comes twice. What the messages mean is not known here, only where they end.

mod connection;
mod limits;
mod sockets;

pub use limits::{CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX};
pub use sockets::{Arrived, BindError, SipSockets};
