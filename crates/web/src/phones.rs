//! What the web asks for phones in browsers: a way for their messages in and out, which are nothing but bytes here.

use crate::peer::Peer;
use axum::body::Bytes;
use std::future::Future;
use std::pin::Pin;

/// A line that is about to be there.
pub type Opening<'a> = Pin<Box<dyn Future<Output = Option<Box<dyn PhoneLine>>> + Send + 'a>>;

/// Where phones in browsers are connected: implemented by whoever understands what they say.
pub trait PhoneDoor: Send + Sync + 'static {
    /// Connects one more; `None` when there are too many, or the program ends. Who it is, it will say and prove in its
    /// messages.
    fn open(&self, peer: Peer) -> Opening<'_>;
}

/// One phone's connection. Dropping it says that the connection is gone.
pub trait PhoneLine: Send {
    /// Hands over a whole message; false when nobody wants it any more.
    fn deliver(&mut self, message: Bytes) -> Pin<Box<dyn Future<Output = bool> + Send + '_>>;

    /// Waits for the next message to the phone; `None` when the connection is to be closed. Must not lose a message
    /// when it is dropped while it waits.
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<Bytes>> + Send + '_>>;
}
