//! The journal on disk: what the center was told, in order, so that a crash loses nothing that was acknowledged more
//! than two milliseconds before it, and a power failure nothing older than a fifth of a second.
//!
//! A journal is one file: a head, a snapshot of the center, then one entry for each input. Every start begins a new
//! file; the former one is removed when all that follows from it is in the library.
//!
//! ```text
//!  file    = magic, version, entry*          entry = length u32, CRC-32 u32, bytes
//!  1st entry: the snapshot, with its time    others: center::journal's inputs
//! ```
//!
//! A journal of another version of the program is put aside, and another one begun: a start after an upgrade does not fail for
//! it, and whoever wants what was live in it still has the file.
//!
//! A torn entry at the end, as kill -9 or a power failure leaves it, ends the reading. An entry is handed to the thread
//! that writes before the effects of its input leave.

mod entry;
mod reading;
mod writing;

pub use reading::{Journal, JournalError, newest, read, set_aside};
pub use writing::{JournalWriter, WAITING_MAX};
