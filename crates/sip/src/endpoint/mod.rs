//! The core's lower half: every transaction, and the table of their deadlines.
//!
//! Feed it messages, requests to send and answers to give; after each, drain [`Endpoint::poll_output`] to `None` and
//! ask [`Endpoint::poll_timeout`] when to come back with [`Endpoint::handle_timeout`]. It answers by itself what needs
//! no core: malformed requests, stray and good CANCELs, merged requests, and new requests when it is full. Dialogs and
//! calls are above it, in [`crate::UserAgent`].
//!
//! Requests that came are in `received`, those that we send in `sent`.

pub(crate) mod circle;
mod client;
pub(crate) mod detour;
mod output;
mod received;
mod reply;
mod sent;
mod server;

pub use output::{EndpointOutput, Transmit};

use crate::facts;
use crate::token::{ClientTransactionId, ServerTransactionId};
use crate::transaction::key::{MergeKey, ServerKey};
use crate::transaction::{Timer, Timing};
use crate::transport::{ConnectionId, Destination, Source, Transport};
use base::{Deadlines, IdSource, Instant, Now};
use client::Client;
use detour::Detours;
use server::Server;
use sip_message::{HeaderName, Message, Method, ParseError, Request, StatusCode};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// How an endpoint behaves.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// The timers' figures.
    pub timing: Timing,
    /// How many requests may be held that came and are not forgotten yet. Beyond it a request outside of a dialog is
    /// answered 503 and leaves nothing behind; requests of dialogs have a quarter more.
    pub server_transactions_max: usize,
}

/// What a client is told to wait when we are full (§21.5.4), in seconds.
const RETRY_AFTER_S: u32 = 5;

impl Default for EndpointConfig {
    fn default() -> Self {
        Self { timing: Timing::default(), server_transactions_max: 200_000 }
    }
}

/// One message that came.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The message, read or not readable.
    pub message: Result<Message, ParseError>,
    /// Where it came from.
    pub source: Source,
}

/// A way that turned out to be closed: a datagram was refused, a connection could not be opened or broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportError {
    /// The far end.
    pub remote: SocketAddr,
    /// The connection, if there was one.
    pub connection: Option<ConnectionId>,
}

impl TransportError {
    /// Whether a message to `destination` takes this way. A closed stream says nothing of datagrams to its address.
    fn concerns(&self, destination: &Destination) -> bool {
        match (self.connection, destination.connection) {
            (Some(broken), Some(used)) => broken == used,
            (Some(_), None) => self.remote == destination.remote && destination.transport != Transport::Udp,
            (None, _) => self.remote == destination.remote,
        }
    }
}

/// Which transaction waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Waiting {
    Client(ClientTransactionId, Timer),
    Server(ServerTransactionId, Timer),
    /// A large request has gone over a stream, and nothing has come back.
    Stream(ClientTransactionId),
}

/// The transactions of one user agent.
#[derive(Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    ids: IdSource,
    clients: BTreeMap<ClientTransactionId, Client>,
    servers: BTreeMap<ServerTransactionId, Server>,
    keys: BTreeMap<ServerKey, ServerTransactionId>,
    merges: BTreeMap<MergeKey, ServerTransactionId>,
    deadlines: Deadlines<Waiting>,
    outputs: VecDeque<EndpointOutput>,
    detours: Detours,
}

impl Endpoint {
    /// An endpoint without transactions.
    pub fn new(config: EndpointConfig, ids: IdSource) -> Self {
        Self {
            config,
            ids,
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            keys: BTreeMap::new(),
            merges: BTreeMap::new(),
            deadlines: Deadlines::new(),
            outputs: VecDeque::new(),
            detours: Detours::default(),
        }
    }

    /// A message came.
    pub fn handle_message(&mut self, incoming: Incoming, now: Now) {
        let Incoming { message, source } = incoming;
        match message {
            Ok(Message::Request(request)) => self.handle_request(request, source, now.mono),
            Ok(Message::Response(response)) => self.handle_response(response, source, now.mono),
            Err(error) => self.handle_broken(&error, source),
        }
    }

    /// Something came that is no message. It is answered if it may be (§8.2, §16.3).
    pub fn handle_broken(&mut self, error: &ParseError, source: Source) {
        let Some((request, status, reason)) = error.answerable() else { return };
        let mut request = request.clone();
        let reply_to = reply::stamp(&mut request, source);
        self.answer_statelessly(request.answer(status).reason(&reason), &request, reply_to);
    }

    /// Whether a request repeats one that is held, or cancels or acknowledges it.
    pub fn has_transaction(&self, request: &Request, source: Source) -> bool {
        // The whole top Via names the request of an RFC 2543 client, with what we noted in it.
        let is_old = facts::top_via(request.headers()).is_some_and(|via| !via.has_unique_branch());
        let mut noted;
        let request = if is_old {
            noted = request.clone();
            reply::stamp(&mut noted, source);
            &noted
        } else {
            request
        };
        let key = match request.method() {
            Method::Cancel => ServerKey::of_canceled(request),
            _ => ServerKey::of(request),
        };
        key.is_some_and(|key| self.keys.contains_key(&key))
    }

    /// Answers a request that was not handed in, and remembers nothing of it.
    pub fn turn_away_unseen(
        &mut self,
        mut request: Request,
        source: Source,
        status: StatusCode,
        retry_after_s: u32,
    ) {
        let reply_to = reply::stamp(&mut request, source);
        // Words no longer than the usual ones: who is unknown gets no more bytes than it sent.
        let answer =
            request.answer(status).reason("Too Much To Do").header(HeaderName::RetryAfter, retry_after_s);
        self.answer_statelessly(answer, &request, reply_to);
    }

    /// A way is closed: whatever waits on it fails.
    pub fn handle_transport_error(&mut self, failed: TransportError, now: Now) {
        let clients: Vec<_> =
            self.clients.iter().filter(|(_, client)| client.goes_over(&failed)).map(|(tx, _)| *tx).collect();
        self.detours.failed(&failed, now.mono);
        for tx in clients {
            if !self.fall_back(tx, now.mono) {
                self.run_client(tx, client::Input::TransportError, None, now.mono);
            }
        }
        let servers: Vec<_> = self
            .servers
            .iter()
            .filter(|(_, server)| failed.concerns(&server.reply_to))
            .map(|(tx, _)| *tx)
            .collect();
        for tx in servers {
            self.run_server(tx, server::Input::TransportError, None, None, now.mono);
        }
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<EndpointOutput> {
        self.outputs.pop_front()
    }

    /// When to call [`Endpoint::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(waiting) = self.deadlines.expire(now.mono) {
            match waiting {
                Waiting::Client(tx, timer) => {
                    self.run_client(tx, client::Input::Timer(timer), None, now.mono)
                }
                Waiting::Server(tx, timer) => {
                    self.run_server(tx, server::Input::Timer(timer), None, None, now.mono)
                }
                Waiting::Stream(tx) => {
                    self.fall_back(tx, now.mono);
                }
            }
        }
    }

    /// How many requests are held: ours, and those that came.
    pub fn transactions(&self) -> (usize, usize) {
        (self.clients.len(), self.servers.len())
    }

    /// The timers' figures.
    pub fn timing(&self) -> &Timing {
        &self.config.timing
    }
}
