//! Sockets: SIP over UDP and TCP, and the threads that carry RTP. What packets mean is known elsewhere.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "floor 4 touches the world: sockets, threads, the clock"
)]

pub mod rtp;
pub mod sip;

mod dscp;

pub use dscp::Dscp;
