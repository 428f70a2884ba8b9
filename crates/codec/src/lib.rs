//! Samples ⇄ payload. So far G.711, the one codec that every phone speaks.
//!
//! Nothing here knows about packets, time or loss; a frame is a slice of bytes, sound is a slice of 16-bit samples
//! at 8 kHz.
//!
//! Reading order: [`g711`].

pub mod g711;

pub use g711::Law;
