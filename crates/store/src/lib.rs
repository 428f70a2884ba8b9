//! Records and the library in SQLite or PostgreSQL, through sqlx.
//!
//! One set of portable statements serves both: ids and words are text, times are 64-bit milliseconds, JSON is text.
//! Every write can be repeated without changing anything, so a record that may or may not have arrived is simply
//! written again. The center never waits for this crate: it hands records to a [`Writer`], which keeps them in a
//! spool file while the database is away.
//!
//! Knows nothing of SIP, HTTP or passwords (it keeps the hash it is given).
//!
//! Reading order: [`error`], [`database`], [`migration`], [`write`], [`read`], [`user`], [`audit`], [`spool`],
//! [`writer`].

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this crate is where records meet the disk: files, threads and time-outs belong to it"
)]

pub mod audit;
pub mod database;
pub mod error;
pub mod migration;
pub mod read;
mod row;
pub mod spool;
mod statement;
pub mod user;
pub mod write;
pub mod writer;

pub use database::Store;
pub use error::StoreError;
pub use spool::{Spool, SpoolError};
pub use user::{Credentials, Session};
pub use writer::{Item, Writer, WriterOptions, WriterStats};
