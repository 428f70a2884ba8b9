//! What the web asks of the library: implemented by whoever wires it to a store.

use access::{AuditEntry, User};
use base::Timestamp;
use model::query::{InteractionFilter, Page, Story};
use model::{InteractionId, InteractionRecord, RecordingId, RecordingRecord, TimelineEntry};
use std::future::Future;
use std::pin::Pin;
use thiserror::Error;

/// An answer that comes later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, LibraryError>> + Send + 'a>>;

/// The library did not answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the library did not answer: {0}")]
pub struct LibraryError(pub String);

/// A user with the hash of the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: User,
    /// argon2id, in the PHC string form.
    pub password_hash: String,
}

/// Somebody who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token, in hexadecimal.
    pub token_hash: String,
    /// Whose it is.
    pub login: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// What is written down, and who may log in.
pub trait Library: Send + Sync + 'static {
    /// The interactions that fit, newest first.
    fn interactions<'a>(&'a self, filter: &'a InteractionFilter) -> Answer<'a, Page<InteractionRecord>>;
    /// One interaction.
    fn interaction(&self, id: InteractionId) -> Answer<'_, Option<InteractionRecord>>;
    /// Everything that is known of one interaction's course.
    fn story(&self, id: InteractionId) -> Answer<'_, Option<Story>>;
    /// The recordings of these interactions, in the order in which they began.
    fn recordings<'a>(&'a self, interactions: &'a [InteractionId]) -> Answer<'a, Vec<RecordingRecord>>;
    /// One recording.
    fn recording(&self, id: RecordingId) -> Answer<'_, Option<RecordingRecord>>;
    /// The lines that came after a number, at most so many.
    fn timeline_after(&self, seq: u64, limit: u32) -> Answer<'_, Vec<TimelineEntry>>;
    /// The number of the last line; 0 when there is none.
    fn last_seq(&self) -> Answer<'_, u64>;

    /// The user with this login, whatever its case.
    fn user<'a>(&'a self, login: &'a str) -> Answer<'a, Option<Credentials>>;
    /// Remembers that somebody logged in.
    fn open_session<'a>(&'a self, session: &'a Session) -> Answer<'a, ()>;
    /// The user who holds the token with this hash, unless the session is over or the user disabled.
    fn session<'a>(&'a self, token_hash: &'a str, now: Timestamp) -> Answer<'a, Option<(User, Session)>>;
    /// Ends a session.
    fn close_session<'a>(&'a self, token_hash: &'a str) -> Answer<'a, ()>;
    /// Writes down what somebody did.
    fn audit<'a>(&'a self, entry: &'a AuditEntry) -> Answer<'a, ()>;
}
