//! One RTP stream: its packets, its numbers, its telephone-events, its reports, its jitter.
//!
//! All of it works on bytes in place and without allocation (a jitter buffer takes its memory once), and none of it panics on what a peer sent. There are no
//! sockets and no clock here, and nothing knows what the payload sounds like.
//!
//! Reading order: [`packet`], [`sequence`], [`reception`], [`telephone_event`], [`rtcp`], [`mos`];
//! [`lateness`], [`jitter_buffer`].

pub mod jitter_buffer;
pub mod lateness;
pub mod mos;
pub mod packet;
pub mod reception;
pub mod rtcp;
pub mod sequence;
pub mod telephone_event;

pub use jitter_buffer::{JitterBuffer, Pull, Pushed};
pub use packet::{Header, NotRtp, Packet};
pub use reception::{Arrival, Reception};
pub use sequence::{RtpTime, SeqNumber, Ssrc};
pub use telephone_event::{Detected, Digit, EventDetector, TelephoneEvent};
