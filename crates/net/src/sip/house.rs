//! What all connections share: their limits, their numbers, and the way to the control thread.

use super::admission::Admission;
use super::limits::Patience;
use super::listening::Listening;
use super::sockets::Arrived;
use super::trust::Trust;
use crate::Dscp;
use bytes::Bytes;
use sip::{ConnectionId, Source, Transport};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// What connections tell the control thread.
#[derive(Debug)]
pub(super) enum News {
    /// Something for those above.
    Arrived(Arrived),
    /// There is a connection that we did not open; it may be written to.
    Accepted { source: Source, connection: ConnectionId, writes: mpsc::Sender<Bytes> },
}

/// Shared by all connections.
#[derive(Debug)]
pub(super) struct House {
    pub(super) admission: Admission,
    pub(super) news: mpsc::Sender<News>,
    pub(super) patience: Patience,
    pub(super) trust: Trust,
    /// The thread that connections are served on.
    pub(super) thread: Handle,
    pub(super) advertise: Vec<IpAddr>,
    /// How packets are marked for routers.
    pub(super) dscp: Dscp,
    pub(super) numbers: AtomicU64,
}

impl House {
    /// The number of a connection that somebody else opened.
    pub(super) fn number_accepted(&self) -> ConnectionId {
        ConnectionId(self.numbers.fetch_add(1, Ordering::Relaxed) << 1)
    }

    /// The number of a connection that we open.
    pub(super) fn number_opened(&self) -> ConnectionId {
        ConnectionId(self.numbers.fetch_add(1, Ordering::Relaxed) << 1 | 1)
    }

    /// Where a connection that somebody else opened comes from.
    pub(super) fn source(
        &self,
        transport: Transport,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> (Source, ConnectionId) {
        let connection = self.number_accepted();
        let local = Listening::told(&self.advertise, local);
        let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
        (Source { transport, local, remote, connection: Some(connection) }, connection)
    }

    /// Hands a message to the control thread, which may be behind; false when it is gone.
    pub(super) async fn tell_message(&self, bytes: Bytes, source: Source) -> bool {
        self.tell(Arrived::Message { bytes, source, came_at: Instant::now() }).await
    }

    /// Tells the control thread; false when it is gone.
    pub(super) async fn tell(&self, arrived: Arrived) -> bool {
        self.news.send(News::Arrived(arrived)).await.is_ok()
    }
}

/// Whether we opened the connection of this number. Only then does it lead to an address where somebody listens, and
/// a new one can be opened when it is gone.
pub(super) fn is_opened_by_us(connection: ConnectionId) -> bool {
    connection.0 & 1 == 1
}
