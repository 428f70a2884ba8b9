//! SIP's sockets: UDP, TCP and TLS on IPv4 and IPv6, and WebSockets that somebody else brings.
//!
//! ```text
//!  control thread            SipSockets ◀─ datagrams ─▶ UDP sockets; STUN is answered there
//!                                ▲
//!                           News │ ▲ messages to be written, one bounded queue for each connection
//!  thread sip-streams     accept ─▶ connection (TCP, TLS)
//!  threads of the web        LineDoor ─▶ Line (WS, WSS)
//! ```
//!
//! [`SipSockets`] belongs to the control thread: it waits for what comes ([`SipSockets::receive`]) and sends without
//! ever waiting ([`SipSockets::send`]). Connections are numbered and no number comes twice; a phone is reached over the
//! connection it opened, and when that is gone the send is reported as failed. `Source::local` is our address as that
//! peer may be told it: the advertised one, or the one it came to. What the messages mean is not known here, only where
//! they end. Names are resolved in [`resolver`].

mod admission;
mod connection;
mod datagrams;
mod house;
mod limits;
mod line;
mod listening;
pub mod resolver;
mod sockets;
mod stun;
mod trust;

pub use limits::{CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX, Patience};
pub use line::{Line, LineDoor};
pub use listening::{BindError, Listening, OwnAddress, TlsListening, reachable};
pub use sockets::{Arrived, SipSockets};
pub use trust::{Trust, TrustError};
