//! The core's lower half: every transaction, and the table of their deadlines.
//!
//! Feed it messages, requests to send and answers to give; after each, drain [`Endpoint::poll_output`] to `None` and
//! ask [`Endpoint::poll_timeout`] when to come back with [`Endpoint::handle_timeout`]. It answers by itself what needs
//! no core: malformed requests, stray and good CANCELs, merged requests, and new requests when it is full. Dialogs and
//! calls are above it, in [`crate::UserAgent`].

mod circle;
mod client;
pub(crate) mod detour;
mod output;
mod reply;
mod server;

pub use output::{EndpointOutput, Transmit};

use crate::facts;
use crate::token::{ClientTransactionId, ServerTransactionId, SessionId};
use crate::transaction::key::{self, MergeKey, ServerKey};
use crate::transaction::{Do, Timer, Timing};
use crate::transport::{ConnectionId, Destination, Source, Transport};
use base::{Deadlines, IdSource, Instant, Now};
use bytes::Bytes;
use circle::Circle;
use client::Client;
use detour::{Detours, Hop};
use server::Server;
use sip_message::{
    BuildError, HeaderName, Host, Message, Method, ParseError, Request, Response, ResponseBuilder,
    StatusCode, Via,
};
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
        let answer = request.answer(status).header(HeaderName::RetryAfter, retry_after_s);
        self.answer_statelessly(answer, &request, reply_to);
    }

    /// Sends a request in a transaction of its own. `draft` has everything but a Via. If it is too large for a datagram it
    /// goes over TCP (§18.1.1), and as a datagram after all where TCP leads nowhere.
    pub fn request(&mut self, draft: Request, destination: Destination, now: Now) -> ClientTransactionId {
        self.request_for(None, draft, destination, Hop::Address, now.mono)
    }

    /// The same, for a session: its outputs carry the session's id.
    pub(crate) fn request_for(
        &mut self,
        session: Option<SessionId>,
        draft: Request,
        destination: Destination,
        hop: Hop,
        now: Instant,
    ) -> ClientTransactionId {
        self.begin(session, draft, None, destination, hop, now)
    }

    /// Sends a request on that came to us, changed as it has to be. `mark` tells it when it comes back ([`mark_of`]).
    pub(crate) fn forward(
        &mut self,
        session: SessionId,
        draft: Request,
        mark: u64,
        destination: Destination,
        hop: Hop,
        now: Instant,
    ) -> ClientTransactionId {
        self.begin(Some(session), draft, Some(mark), destination, hop, now)
    }

    fn begin(
        &mut self,
        session: Option<SessionId>,
        mut draft: Request,
        mark: Option<u64>,
        destination: Destination,
        hop: Hop,
        now: Instant,
    ) -> ClientTransactionId {
        let tx = ClientTransactionId { branch: self.ids.next_u64(), is_cancel: false };
        let branch = branch(tx, mark);
        put_via(&mut draft, &branch, &destination);
        let datagram = draft.to_bytes();
        let mut client = match self.detours.around(datagram.len(), destination, hop, now) {
            None => Client::new(draft.method(), destination, session, datagram),
            Some(stream) => {
                change_via(&mut draft, &branch, &stream);
                let mut client = Client::new(draft.method(), stream, session, draft.to_bytes());
                client.datagram = Some(datagram);
                self.deadlines.set(Waiting::Stream(tx), now + detour::STREAM_PATIENCE);
                client
            }
        };
        client.is_forwarded = mark.is_some();
        self.start_client(tx, client, now);
        tx
    }

    /// Sends a message that no transaction watches: the ACK of a 2xx. Returns its bytes, and where they went, for
    /// repetition.
    pub(crate) fn send_ack(
        &mut self,
        mut ack: Request,
        destination: Destination,
        hop: Hop,
        session: Option<SessionId>,
    ) -> (Bytes, Destination) {
        let tx = ClientTransactionId { branch: self.ids.next_u64(), is_cancel: false };
        let branch = branch(tx, None);
        put_via(&mut ack, &branch, &destination);
        let bytes = ack.to_bytes();
        let (bytes, destination) = match self.detours.around_unanswered(bytes.len(), destination, hop) {
            None => (bytes, destination),
            Some(stream) => {
                change_via(&mut ack, &branch, &stream);
                (ack.to_bytes(), stream)
            }
        };
        self.send_again(bytes.clone(), destination, session);
        (bytes, destination)
    }

    /// Sends once more what [`Endpoint::send_ack`] sent.
    pub(crate) fn send_again(&mut self, bytes: Bytes, destination: Destination, session: Option<SessionId>) {
        self.outputs.push_back(EndpointOutput::Transmit(Transmit::new(destination, bytes, session)));
    }

    /// Cancels an INVITE of ours. Returns whether that was possible: a provisional response must have come, and no
    /// final one (§9.1).
    pub(crate) fn cancel(&mut self, invite: ClientTransactionId, reason: Option<&str>, now: Instant) -> bool {
        let Some(client) = self.clients.get(&invite).filter(|client| client.may_be_canceled()) else {
            return false;
        };
        let Some(bytes) = client.cancel(reason) else { return false };
        let (destination, session) = (client.destination, client.session);
        let tx = ClientTransactionId { branch: invite.branch, is_cancel: true };
        self.start_client(tx, Client::new(&Method::Cancel, destination, session, bytes), now);
        true
    }

    /// Forgets a request of ours whose answer nobody waits for any more.
    pub(crate) fn give_up(&mut self, tx: ClientTransactionId, now: Instant) {
        self.run_client(tx, client::Input::GiveUp, None, now);
    }

    /// Answers a request. The To gets our tag unless it has one. A second final answer, and one to a transaction that
    /// is gone, goes nowhere. What cannot be written, because it has a control character or is too long, is not sent,
    /// and the request is forgotten.
    pub fn respond(&mut self, tx: ServerTransactionId, response: ResponseBuilder, now: Now) {
        if self.try_respond(tx, response, now.mono).is_err() {
            self.forget_server(tx);
        }
    }

    /// Answers `request` in the same way; if the answer cannot be written, with 500 instead.
    pub(crate) fn answer(
        &mut self,
        tx: ServerTransactionId,
        request: &Request,
        response: ResponseBuilder,
        now: Instant,
    ) {
        let written = self
            .try_respond(tx, response, now)
            .or_else(|_| self.try_respond(tx, request.answer(StatusCode::SERVER_INTERNAL_ERROR), now));
        // A request so close to the limits that not even this fits gets no answer.
        if written.is_err() {
            self.forget_server(tx);
        }
    }

    fn try_respond(
        &mut self,
        tx: ServerTransactionId,
        response: ResponseBuilder,
        now: Instant,
    ) -> Result<(), BuildError> {
        let response = response.to_tag(&tx.to_string()).build()?;
        let input = server::input_of(&response);
        self.run_server(tx, input, Some(response.to_bytes()), None, now);
        Ok(())
    }

    /// Answers a request once and forgets it at once: for a challenge or refusal of somebody unknown, who must neither
    /// cost us memory nor be able to aim repeated answers at others (§8.2.7).
    pub fn respond_and_forget(&mut self, tx: ServerTransactionId, response: ResponseBuilder) {
        let Some(server) = self.servers.get(&tx) else { return };
        let (reply_to, session) = (server.reply_to, server.session);
        if let Ok(response) = response.to_tag(&tx.to_string()).build() {
            let transmit = Transmit::new(reply_to, response.to_bytes(), session);
            self.outputs.push_back(EndpointOutput::Transmit(transmit));
        }
        self.forget_server(tx);
    }

    /// Sends the last answer to an INVITE once more: a 2xx until its ACK comes, a 1xx to keep proxies patient.
    pub(crate) fn repeat(&mut self, tx: ServerTransactionId, now: Instant) {
        self.run_server(tx, server::Input::Repeat, None, None, now);
    }

    /// Hands back to whoever sent a request what somebody further on has answered.
    pub(crate) fn pass(&mut self, tx: ServerTransactionId, response: &Response, now: Instant) {
        self.run_server(tx, server::input_of(response), Some(response.to_bytes()), None, now);
    }

    /// Forgets a request that gets no answer any more.
    pub(crate) fn forget(&mut self, tx: ServerTransactionId) {
        self.forget_server(tx);
    }

    /// Whether a request still wants its final answer.
    pub(crate) fn is_open(&self, tx: ServerTransactionId) -> bool {
        self.servers.get(&tx).is_some_and(Server::is_open)
    }

    /// Says that a request belongs to a session, so that what is sent for it carries the session's id.
    pub(crate) fn belongs_to(&mut self, tx: ServerTransactionId, session: SessionId) {
        if let Some(server) = self.servers.get_mut(&tx) {
            server.session = Some(session);
        }
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

    // Requests that come.

    fn handle_request(&mut self, mut request: Request, source: Source, now: Instant) {
        let reply_to = reply::stamp(&mut request, source);
        let Some(key) = ServerKey::of(&request) else { return };
        if let Some(tx) = self.keys.get(&key).copied() {
            return self.handle_again(tx, request, source, now);
        }
        match request.method() {
            Method::Ack => {
                self.outputs.push_back(EndpointOutput::Ack { request: Box::new(request), source });
            }
            Method::Cancel => self.handle_cancel(request, key, reply_to, now),
            _ => self.handle_new(request, key, source, reply_to, now),
        }
    }

    fn handle_again(&mut self, tx: ServerTransactionId, request: Request, source: Source, now: Instant) {
        if *request.method() == Method::Ack {
            self.run_server(tx, server::Input::Ack, None, Some((request, source)), now);
        } else {
            self.run_server(tx, server::Input::RequestAgain, None, None, now);
        }
    }

    fn handle_new(
        &mut self,
        request: Request,
        key: ServerKey,
        source: Source,
        reply_to: Destination,
        now: Instant,
    ) {
        let mut merge = MergeKey::of(&request);
        let limit = self.config.server_transactions_max;
        let limit = if merge.is_some() { limit } else { limit + limit / 4 };
        let is_known = merge.is_some_and(|merge| self.merges.contains_key(&merge));
        match circle::of(&request, &self.clients) {
            Circle::Spiral => merge = merge.filter(|_| !is_known),
            Circle::Never if !is_known => {}
            Circle::Never | Circle::Loop => {
                let answer = request.answer(StatusCode::LOOP_DETECTED);
                return self.answer_statelessly(answer, &request, reply_to);
            }
        }
        if self.servers.len() >= limit {
            let busy = request.answer(StatusCode::SERVICE_UNAVAILABLE);
            return self.answer_statelessly(
                busy.header(HeaderName::RetryAfter, RETRY_AFTER_S),
                &request,
                reply_to,
            );
        }
        let tx = self.start_server(&request, key, merge, reply_to, now);
        self.outputs.push_back(EndpointOutput::Request { tx, request: Box::new(request), source });
    }

    /// §9.2: a CANCEL is answered here, whatever it finds.
    fn handle_cancel(&mut self, request: Request, key: ServerKey, reply_to: Destination, now: Instant) {
        let invite = ServerKey::of_canceled(&request).and_then(|key| self.keys.get(&key).copied());
        let Some(invite) = invite else {
            let answer = request.answer(StatusCode::CALL_DOES_NOT_EXIST);
            return self.answer_statelessly(answer, &request, reply_to);
        };
        let tx = self.start_server(&request, key, None, reply_to, now);
        let Some(server) = self.servers.get(&invite) else { return };
        let (session, open) = (server.session, server.is_open());
        if let Some(session) = session {
            self.belongs_to(tx, session);
        }
        // The same tag as in the INVITE's own answer.
        self.answer(tx, &request, request.answer(StatusCode::OK).to_tag(&invite.to_string()), now);
        if open {
            self.outputs.push_back(EndpointOutput::Canceled {
                tx: invite,
                request: Box::new(request),
                session,
            });
        }
    }

    /// §8.2.7: one answer, no memory, and the same tag for the same request.
    fn answer_statelessly(&mut self, answer: ResponseBuilder, request: &Request, reply_to: Destination) {
        if *request.method() == Method::Ack {
            return;
        }
        let via = request.headers().get(HeaderName::Via).map(|via| via.as_bytes()).unwrap_or_default();
        let call_id = facts::call_id(request.headers()).unwrap_or_default();
        let tag = ServerTransactionId::from_u64(key::fingerprint(&[via, call_id.as_bytes()]));
        if let Ok(response) = answer.to_tag(&tag.to_string()).build() {
            self.outputs.push_back(EndpointOutput::Transmit(Transmit::new(
                reply_to,
                response.to_bytes(),
                None,
            )));
        }
    }

    fn start_server(
        &mut self,
        request: &Request,
        key: ServerKey,
        merge: Option<MergeKey>,
        reply_to: Destination,
        now: Instant,
    ) -> ServerTransactionId {
        let tx = ServerTransactionId::from_u64(self.ids.next_u64());
        let (server, does) = Server::start(request, key.clone(), merge, reply_to);
        self.servers.insert(tx, server);
        self.keys.insert(key, tx);
        if let Some(merge) = merge {
            self.merges.insert(merge, tx);
        }
        self.do_server(tx, does, None, None, now);
        tx
    }

    fn run_server(
        &mut self,
        tx: ServerTransactionId,
        input: server::Input,
        answer: Option<Bytes>,
        ack: Option<(Request, Source)>,
        now: Instant,
    ) {
        let Some(server) = self.servers.get_mut(&tx) else { return };
        let does = server.step(input);
        self.do_server(tx, does, answer, ack, now);
        if self.servers.get(&tx).is_some_and(Server::is_over) {
            self.forget_server(tx);
        }
    }

    fn do_server(
        &mut self,
        tx: ServerTransactionId,
        does: &[Do],
        mut answer: Option<Bytes>,
        mut ack: Option<(Request, Source)>,
        now: Instant,
    ) {
        let Some(server) = self.servers.get_mut(&tx) else { return };
        for one in does {
            match *one {
                Do::Send => {
                    server.invite = None;
                    let bytes = answer.take().unwrap_or_default();
                    // What is kept for repetition is kept for half a minute, so it is kept without spare room.
                    server.last = Bytes::copy_from_slice(&bytes);
                    let transmit = Transmit::new(server.reply_to, bytes, server.session);
                    self.outputs.push_back(EndpointOutput::Transmit(transmit));
                }
                Do::SendTrying => {
                    let trying = server.invite.take().map(|invite| invite.answer(StatusCode::TRYING).build());
                    let Some(Ok(trying)) = trying else { continue };
                    server.last = trying.to_bytes();
                    let transmit = Transmit::new(server.reply_to, server.last.clone(), server.session);
                    self.outputs.push_back(EndpointOutput::Transmit(transmit));
                }
                Do::Again => {
                    let transmit = Transmit::new(server.reply_to, server.last.clone(), server.session);
                    self.outputs.push_back(EndpointOutput::Transmit(transmit));
                }
                Do::Pass => {
                    if let Some((request, source)) = ack.take() {
                        self.outputs.push_back(EndpointOutput::Ack { request: Box::new(request), source });
                    }
                }
                Do::Fail(why) => {
                    let session = server.session;
                    self.outputs.push_back(EndpointOutput::Unanswered { tx, why, session });
                }
                Do::Arm(timer) => {
                    let wait = self.config.timing.length(timer, server.copies);
                    if timer == Timer::G {
                        server.copies = server.copies.saturating_add(1);
                    }
                    self.deadlines.set(Waiting::Server(tx, timer), now + wait);
                }
                Do::ArmSlow(timer) => {
                    self.deadlines.set(Waiting::Server(tx, timer), now + self.config.timing.t2)
                }
                Do::Stop(timer) => {
                    self.deadlines.stop(&Waiting::Server(tx, timer));
                }
                Do::Ack => debug_assert!(false, "a server acknowledges nothing"),
            }
        }
    }

    fn forget_server(&mut self, tx: ServerTransactionId) {
        let Some(server) = self.servers.remove(&tx) else { return };
        self.keys.remove(&server.key);
        if let Some(merge) = server.merge {
            self.merges.remove(&merge);
        }
        for timer in server::TIMERS {
            self.deadlines.stop(&Waiting::Server(tx, timer));
        }
    }

    // Requests of ours.

    fn handle_response(&mut self, response: Response, source: Source, now: Instant) {
        let headers = response.headers();
        let (Some(via), Some(cseq)) = (facts::top_via(headers), facts::cseq(headers)) else { return };
        let branch = via.branch().and_then(circle::read).map(|(branch, _)| branch);
        let tx =
            branch.map(|branch| ClientTransactionId { branch, is_cancel: cseq.method == Method::Cancel });
        // More than one Via means that it is meant for somebody behind us. Where nobody is, it is not for us (§8.1.3.3).
        let is_beyond = headers.list(HeaderName::Via).nth(1).is_some();
        let client = tx.and_then(|tx| Some((tx, self.clients.get(&tx)?)));
        match client {
            Some((tx, client)) if client.is_forwarded == is_beyond => {
                self.run_client(tx, client::input_of(&response), Some((response, source)), now);
            }
            // One for somebody behind us that no transaction waits for is dropped (RFC 6026 §7.2).
            Some(_) => {}
            None if cseq.method == Method::Invite && response.status().is_success() && !is_beyond => {
                self.outputs.push_back(EndpointOutput::StrayAnswer { response: Box::new(response), source });
            }
            None => {}
        }
    }

    fn start_client(&mut self, tx: ClientTransactionId, client: Client, now: Instant) {
        let does = client.first();
        self.clients.insert(tx, client);
        self.do_client(tx, does, None, now);
    }

    /// Sends a large request as a datagram, because its stream leads nowhere. Returns whether that was left to be done.
    fn fall_back(&mut self, tx: ClientTransactionId, now: Instant) -> bool {
        let Some(client) = self.clients.get_mut(&tx) else { return false };
        let Some(datagram) = client.datagram.take() else { return false };
        self.detours.refused(client.destination.remote, now);
        let does = client.restart(datagram);
        self.stop_client(tx);
        self.do_client(tx, does, None, now);
        true
    }

    fn stop_client(&mut self, tx: ClientTransactionId) {
        self.deadlines.stop(&Waiting::Stream(tx));
        for timer in client::TIMERS {
            self.deadlines.stop(&Waiting::Client(tx, timer));
        }
    }

    fn run_client(
        &mut self,
        tx: ClientTransactionId,
        input: client::Input,
        response: Option<(Response, Source)>,
        now: Instant,
    ) {
        let Some(client) = self.clients.get_mut(&tx) else { return };
        if let Some((_, source)) = &response
            && client.datagram.take().is_some()
        {
            self.detours.answered(source);
            self.deadlines.stop(&Waiting::Stream(tx));
        }
        let does = client.step(input);
        self.do_client(tx, does, response, now);
        let Some(client) = self.clients.get(&tx).filter(|client| client.is_over()) else { return };
        if let Some(session) = client.session {
            self.outputs.push_back(EndpointOutput::Done { tx, session });
        }
        self.clients.remove(&tx);
        self.stop_client(tx);
    }

    fn do_client(
        &mut self,
        tx: ClientTransactionId,
        does: &[Do],
        mut response: Option<(Response, Source)>,
        now: Instant,
    ) {
        let Some(client) = self.clients.get_mut(&tx) else { return };
        let session = client.session;
        for one in does {
            match *one {
                Do::Send | Do::Again => {
                    let transmit = Transmit::new(client.destination, client.sent.clone(), session);
                    self.outputs.push_back(EndpointOutput::Transmit(transmit));
                }
                Do::Ack => {
                    let Some((response, _)) = &response else { continue };
                    let transmit = Transmit::new(client.destination, client.acknowledge(response), session);
                    self.outputs.push_back(EndpointOutput::Transmit(transmit));
                }
                Do::Pass => {
                    if let Some((response, source)) = response.take() {
                        let response = Box::new(response);
                        self.outputs.push_back(EndpointOutput::Response { tx, response, source, session });
                    }
                }
                Do::Fail(why) => self.outputs.push_back(EndpointOutput::Failed { tx, why, session }),
                Do::Arm(timer) => {
                    let wait = self.config.timing.length(timer, client.copies);
                    if matches!(timer, Timer::A | Timer::E) {
                        client.copies = client.copies.saturating_add(1);
                    }
                    self.deadlines.set(Waiting::Client(tx, timer), now + wait);
                }
                Do::ArmSlow(timer) => {
                    self.deadlines.set(Waiting::Client(tx, timer), now + self.config.timing.t2)
                }
                Do::Stop(timer) => {
                    self.deadlines.stop(&Waiting::Client(tx, timer));
                }
                Do::SendTrying => debug_assert!(false, "a client answers nothing"),
            }
        }
    }
}

/// What a request that is sent on is to be known by when it comes back.
pub(crate) fn mark_of(request: &Request) -> u64 {
    circle::mark(request)
}

/// The branch of a transaction.
fn branch(tx: ClientTransactionId, mark: Option<u64>) -> String {
    match mark {
        None => format!("{}{}", Via::COOKIE, tx.branch()),
        Some(mark) => format!("{}{}{}", Via::COOKIE, tx.branch(), ServerTransactionId::from_u64(mark)),
    }
}

/// Our Via on top of the others.
fn put_via(request: &mut Request, branch: &str, destination: &Destination) {
    let put =
        via(branch, destination).and_then(|via| request.headers_mut().prepend(HeaderName::Via, via).ok());
    debug_assert!(put.is_some(), "an address and a token are always a good Via");
}

/// The same in the place of ours, for another transport.
fn change_via(request: &mut Request, branch: &str, destination: &Destination) {
    let put = via(branch, destination)
        .and_then(|via| request.headers_mut().replace_first(HeaderName::Via, via).ok());
    debug_assert_eq!(put, Some(true), "ours is there");
}

fn via(branch: &str, destination: &Destination) -> Option<Via> {
    let transport = match destination.transport {
        Transport::Udp => sip_message::Transport::Udp,
        Transport::Tcp => sip_message::Transport::Tcp,
        Transport::Tls => sip_message::Transport::Tls,
        Transport::Ws => sip_message::Transport::Ws,
        Transport::Wss => sip_message::Transport::Wss,
    };
    let local = destination.local;
    let via = Via::new(transport, Host::from(local.ip()), Some(local.port()), branch).ok()?;
    Some(via.with_rport())
}
