//! Sealed media: SRTP and SRTCP (RFC 3711), with AES-GCM (RFC 7714), over packets where they lie. Floor 1.
//!
//! A [`Keying`] is a master key with its salt, as SDES (RFC 4568) or DTLS (RFC 5764) agreed on it. From it come a
//! [`Sealer`], for what we send, and an [`Opener`], for what the far end sends. Both work in the caller's buffer and
//! allocate nothing once they are made. A packet that is not authentic changes nothing: no replay window, no rollover
//! counter, no list of streams.
//!
//! How keys are agreed on is not known here, nor what a packet carries behind its header. There is one master key, used
//! for the whole stream: no key derivation rate, no MKI, no `EKT`.
//!
//! Reading order: [`profile`], [`keying`]; then [`sealer`] and [`opener`], which stand on `streams` (numbers and replay),
//! `transform` (what is done to one packet) and `derivation` (session keys).

pub mod keying;
pub mod opener;
pub mod profile;
pub mod sealer;

mod derivation;
mod packet;
mod streams;
mod transform;

pub use keying::{Keying, KeyingError, Sealing};
pub use opener::{OpenError, Opener};
pub use profile::Profile;
pub use sealer::{SealError, Sealer};

/// How many streams (SSRCs) one key knows at the same time.
///
/// A sealer refuses a further one: forgetting where a stream stood would mean sealing twice under the same number. In an
/// opener the stream heard longest ago gives way, once a packet of the new one has proved authentic: only who has the
/// key can push it out, and a phone that names its stream anew with every hold stays heard.
pub const STREAMS_MAX: usize = 8;

/// How many bytes behind a packet its sealing may need: the tag of a report and its index.
pub const SEAL_ROOM: usize = 20;
