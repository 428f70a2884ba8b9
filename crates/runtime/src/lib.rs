//! Drives the machines with real time: sockets, threads, disks and databases around the same telephony and center
//! that the simulator runs.
//!
//! [`Node::start`] puts a whole server together and returns when it takes calls. One thread, the control thread,
//! owns telephony and center ([`control`]); media threads carry sound; the journal, the writer and the recorder have
//! threads of their own, so that nothing on a call's path waits for a disk; the web runs on tokio's threads.
//!
//! Reading order: [`node`], [`control`], [`request`], [`journal`], [`clock`], then the adapters: [`audience`],
//! [`door`], [`library`], [`signalling`].
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "floor 5 is where time, threads and files are real"
)]

pub mod audience;
pub mod carriers;
pub mod clock;
pub mod control;
pub mod counters;
pub mod door;
pub mod journal;
pub mod library;
mod lines;
pub mod node;
pub mod registrations;
mod request;
pub mod signalling;

mod figures;
mod occupancy;
mod past;
mod port_troubles;
mod recordings;
mod seeds;

pub use counters::Counters;
pub use net::Dscp;
pub use net::sip::{Trust, reachable};
pub use node::{Addresses, MEDIA_LEGS_PER_THREAD, Node, OPERATOR_TOKEN, Options, StartError, Stopped, Tls};
pub use recordings::{CompareError, Differences, compare};
pub use request::{Load, Reload};
pub use signalling::{SipOptions, SipTls};
