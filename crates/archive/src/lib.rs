//! Recordings on disk.
//!
//! ```text
//!  media threads ──frames──▶ Recorder ──append──▶ recordings/2026/11/21/RC-….part
//!                                │ end                        │
//!                                └────▶ finisher ◀── recover ─┘ after a crash
//!                                          │ temporary file, then rename
//!                                          ▼
//!                            recordings/2026/11/21/RC-….wav ──▶ Archive::open
//! ```
//!
//! While a call goes on, its sound is appended in a form of our own that a crash can cut at any byte; when it is over
//! the form becomes a WAV file on a thread of its own. A file is found by the recording's id and its day, never by a
//! path that came from outside.
//!
//! Knows nothing of SIP, queues or HTTP.
//!
//! Reading order: [`error`], [`folder`], [`part`], [`wav`], [`recorder`], [`recovery`].

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this crate is where sound meets the disk: files, threads and time-outs belong to it"
)]

pub mod error;
pub mod folder;
pub mod part;
pub mod recorder;
pub mod recovery;
pub mod wav;

pub use error::ArchiveError;
pub use folder::Archive;
pub use recorder::{Ended, OnEnded, Recorder, RecorderOptions, RecorderStats};
pub use recovery::recover;
pub use wav::Finished;
