//! Connections that somebody else brings: WebSockets, which are opened over HTTP (RFC 7118).
//!
//! Whoever speaks HTTP opens a [`Line`] for each, hands over what comes and writes what is to be sent. From here on it
//! is a connection like the others: it has a number, counts among the limits, and is gone when the line is dropped.

use super::admission::Place;
use super::house::{House, News};
use super::limits::WRITES_WAITING_MAX;
use super::sockets::Arrived;
use bytes::Bytes;
use sip::{Source, Transport};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Where lines are opened. A clone is the same door; it may be used on any thread.
#[derive(Clone, Debug)]
pub struct LineDoor(pub(super) Arc<House>);

impl LineDoor {
    /// Opens a line for a connection between these addresses; `None` when there are too many, or SIP has ended.
    pub async fn open(&self, transport: Transport, local: SocketAddr, remote: SocketAddr) -> Option<Line> {
        let place = self.0.admission.admit(remote.ip().to_canonical())?;
        let (source, connection) = self.0.source(transport, local, remote);
        let (sender, writes) = mpsc::channel(WRITES_WAITING_MAX);
        self.0.news.send(News::Accepted { source, connection, writes: sender }).await.ok()?;
        Some(Line { source, writes, house: Arc::clone(&self.0), _place: place })
    }
}

/// One connection brought by somebody else. Dropping it tells the control thread that it is gone.
#[derive(Debug)]
pub struct Line {
    source: Source,
    writes: mpsc::Receiver<Bytes>,
    house: Arc<House>,
    _place: Place,
}

impl Line {
    /// Hands over a whole message. Waits while the control thread is behind; false when it is gone.
    pub async fn deliver(&self, bytes: Bytes) -> bool {
        self.house.tell_message(bytes, self.source).await
    }

    /// Waits for the next message to be sent; `None` when the line is to be closed, because nobody wants it any more
    /// or its peer reads too slowly. May be dropped at its await without losing anything.
    pub async fn next(&mut self) -> Option<Bytes> {
        let bytes = self.writes.recv().await?;
        // Let go while messages wait: they would only keep it open.
        (!self.writes.is_closed()).then_some(bytes)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Some(connection) = self.source.connection else { return };
        let (house, remote) = (Arc::clone(&self.house), self.source.remote);
        // Somebody has to wait if the control thread is behind; the connections' thread can.
        self.house.thread.spawn(async move { house.tell(Arrived::Closed { connection, remote }).await });
    }
}
