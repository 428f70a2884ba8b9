//! Sound that nobody here spoke: files of any common kind, and text that an engine speaks. Floor 4.
//!
//! [`file`] turns the bytes of a sound file into samples; [`speaker`] is what an engine of speech synthesis looks like to us,
//! [`espeak`] the one that works out of the box, and [`cache`] keeps what was spoken, so that no text is spoken twice.
//! Everything here may wait, for a disk or a program; nothing of it is called by the control thread or a media thread.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this crate is where files and programs that speak meet the world"
)]

pub mod cache;
pub mod espeak;
pub mod file;
pub mod speaker;

pub use cache::Cache;
pub use espeak::Espeak;
pub use file::{FileError, Sound};
pub use speaker::{SpeakError, Speaker, Spoken};
