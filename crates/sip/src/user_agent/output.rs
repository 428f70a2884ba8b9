//! What a user agent asks for and tells.

use crate::endpoint::Transmit;
use crate::notifier::SubscriptionEvent;
use crate::proxy::ProxyEvent;
use crate::registration::RegistrationEvent;
use crate::session::Event;
use crate::token::{ClientTransactionId, RegistrationId, ServerTransactionId, SessionId, SubscriptionId};
use crate::transaction::Failure;
use crate::transport::{Source, Transport};
use base::Now;
use bytes::Bytes;
use sip_message::{Request, Response};
use std::net::SocketAddr;

/// What a [`crate::UserAgent`] says.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send this.
    Transmit(Transmit),
    /// Something happened to a call.
    Session {
        /// Which leg.
        session: SessionId,
        /// What.
        event: Event,
    },
    /// Something happened to a subscription.
    Subscription {
        /// Which one.
        subscription: SubscriptionId,
        /// What.
        event: SubscriptionEvent,
    },
    /// A registration of ours stands otherwise than before.
    Registration {
        /// Which one.
        registration: RegistrationId,
        /// How it stands.
        event: RegistrationEvent,
    },
    /// Something happened to a request that is forwarded.
    Proxy {
        /// Which one: the leg it arrived as.
        session: SessionId,
        /// What.
        event: ProxyEvent,
    },
    /// A request outside of any call that wants an answer by [`crate::UserAgent::respond`].
    Request {
        /// Its transaction.
        tx: ServerTransactionId,
        /// The request.
        request: Box<Request>,
        /// Where it came from.
        source: Source,
    },
    /// A response to a request made with [`crate::UserAgent::request`]. A final one is the last.
    Response {
        /// The request's transaction.
        tx: ClientTransactionId,
        /// The response.
        response: Box<Response>,
    },
    /// Such a request got no answer.
    Failed {
        /// The request's transaction.
        tx: ClientTransactionId,
        /// Why not.
        why: Failure,
    },
    /// One message of one call, as it went over the wire. It may come after the call's end.
    Trace(Trace),
}

/// One step of a call's ladder.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The leg.
    pub session: SessionId,
    /// Whether we sent it; the peer did otherwise.
    pub sent: bool,
    /// When.
    pub at: Now,
    /// How.
    pub transport: Transport,
    /// Our address.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The message.
    pub bytes: Bytes,
}
