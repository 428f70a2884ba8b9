//! What an endpoint asks for and tells.

use crate::token::{ClientTransactionId, ServerTransactionId, SessionId};
use crate::transaction::Failure;
use crate::transport::{ConnectionId, Destination, Source, Transport};
use bytes::Bytes;
use sip_message::{Request, Response};
use std::net::SocketAddr;

/// One message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// How it goes.
    pub transport: Transport,
    /// Our address it leaves from.
    pub local: SocketAddr,
    /// Where it goes.
    pub remote: SocketAddr,
    /// The connection to use. If it is gone, or `None` on a stream transport, the driver opens one to `remote`.
    pub connection: Option<ConnectionId>,
    /// The message.
    pub bytes: Bytes,
    /// The leg of a call it belongs to.
    pub session: Option<SessionId>,
}

impl Transmit {
    pub(crate) fn new(destination: Destination, bytes: Bytes, session: Option<SessionId>) -> Self {
        let Destination { transport, local, remote, connection } = destination;
        Self { transport, local, remote, connection, bytes, session }
    }
}

/// What an [`crate::Endpoint`] says, in the order in which it happened.
#[derive(Clone, Debug)]
pub enum EndpointOutput {
    /// Send this.
    Transmit(Transmit),
    /// A request came that wants an answer by [`crate::Endpoint::respond`].
    Request {
        /// Its transaction.
        tx: ServerTransactionId,
        /// The request, its top Via stamped with where it came from.
        request: Box<Request>,
        /// Where it came from.
        source: Source,
    },
    /// An ACK to a 2xx came. It belongs to a dialog, not to a transaction.
    Ack {
        /// The ACK.
        request: Box<Request>,
        /// Where it came from.
        source: Source,
    },
    /// The peer takes its INVITE back. The CANCEL itself is answered already.
    Canceled {
        /// The INVITE's transaction, which still wants its answer: 487.
        tx: ServerTransactionId,
        /// The CANCEL, for its Reason.
        request: Box<Request>,
        /// Whose INVITE it was.
        session: Option<SessionId>,
    },
    /// A response to a request of ours.
    Response {
        /// The request's transaction.
        tx: ClientTransactionId,
        /// The response.
        response: Box<Response>,
        /// Where it came from.
        source: Source,
        /// Whose request it was.
        session: Option<SessionId>,
    },
    /// A 2xx to an INVITE that no transaction waits for any more: a late copy, or a late branch of a fork.
    StrayAnswer {
        /// The response.
        response: Box<Response>,
        /// Where it came from.
        source: Source,
    },
    /// A request of ours got no answer.
    Failed {
        /// The request's transaction.
        tx: ClientTransactionId,
        /// Why not.
        why: Failure,
        /// Whose request it was.
        session: Option<SessionId>,
    },
    /// An answer of ours did not arrive, or was never given.
    Unanswered {
        /// The transaction.
        tx: ServerTransactionId,
        /// Why.
        why: Failure,
        /// Whose request it was.
        session: Option<SessionId>,
    },
    /// A request of ours is over and forgotten. Told for requests that belong to a session.
    Done {
        /// The request's transaction.
        tx: ClientTransactionId,
        /// Whose request it was.
        session: SessionId,
    },
}
