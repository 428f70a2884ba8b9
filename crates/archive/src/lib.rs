//! Recordings on disk.
//!
//! ```text
//!  media threads ──frames──▶ Recorder ──append──▶ recordings/2026/11/21/RC-….part
//!                                │ end                        │
//!                                └────▶ finisher ◀── recover ─┘ after a crash
//!                                          │ temporary files, then renames
//!                                          ▼
//!                  RC-….wav or .opus, RC-….peaks, RC-….json, a line of the chain ──▶ Archive::open
//! ```
//!
//! While a call goes on, its sound is appended in a form of our own that a crash can cut at any byte; when it is over
//! the form becomes WAV or Opus on a thread of its own, with an outline for the eye and a manifest that is chained to the one
//! before. A file is found by the recording's id and its day, never by a
//! path that came from outside.
//!
//! Knows nothing of SIP, queues or HTTP.
//!
//! Reading order: [`error`], [`folder`], [`part`], [`recorder`], [`finisher`] with [`waiting`]; then [`finish`] with [`track`],
//! [`mod@format`], [`wav`], [`opus`], [`peaks`], [`speech`], [`manifest`], [`chain`]; [`recovery`], [`room`].

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this crate is where sound meets the disk: files, threads and time-outs belong to it"
)]

pub mod chain;
pub mod error;
pub mod finish;
pub mod finisher;
pub mod folder;
pub mod format;
pub mod manifest;
pub mod opus;
pub mod part;
pub mod peaks;
pub mod recorder;
pub mod recovery;
pub mod room;
pub mod speech;
pub mod track;
pub mod waiting;
pub mod wav;

pub use chain::{Broken, Checked, check};
pub use error::ArchiveError;
pub use finish::{Finished, Finishing};
pub use folder::{Archive, Form, Opened, Wanted};
pub use format::SoundFormat;
pub use manifest::Manifest;
pub use peaks::Peaks;
pub use recorder::{Ended, OnEnded, Recorder, RecorderOptions, RecorderStats};
pub use recovery::{recover, unfinished};
pub use room::{OnRoom, free_bytes};
