//! A user agent: calls in both directions, and requests outside of calls. What `telephony` and a simulated phone use.
//!
//! Feed it with [`UserAgent::handle_message`], [`UserAgent::handle_timeout`], [`UserAgent::handle_transport_error`] and
//! the commands; after each, drain [`UserAgent::poll_output`] to `None` and ask [`UserAgent::poll_timeout`] when to
//! come back. Commands to a session that is gone, or in a state in which they mean nothing, do nothing: the peer may
//! always have been faster.

mod checks;
mod commands;
mod door;
mod output;

pub use output::{Output, Trace};

use crate::authenticator::Challenge;
use crate::device::Device;
use crate::endpoint::{Endpoint, EndpointConfig, EndpointOutput, Incoming, Transmit, TransportError};
use crate::facts;
use crate::notifier::{Notifier, Reach, SubscriptionConfig};
use crate::proxy::{self, Proxy, ProxyConfig};
use crate::registration::{Registrations, Tools};
use crate::session::{self, Hands, Reliable, Session, SessionTimer, Wait, table};
use crate::token::{self, ClientTransactionId, ServerTransactionId, SessionId};
use crate::transaction::Failure;
use crate::transport::{ConnectionId, Destination, Source};
use base::{Deadlines, IdSource, Instant, Network, Now};
use bytes::Bytes;
use sip_message::{
    HeaderName, Message, Method, ParseError, Request, Response, ResponseBuilder, StatusCode, Uri,
};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// How a user agent behaves.
#[derive(Clone, Debug)]
pub struct UserAgentConfig {
    /// Transactions.
    pub endpoint: EndpointConfig,
    /// What it calls itself (`User-Agent`, `Server`).
    pub name: String,
    /// Which requests outside of calls the owner answers, beside INVITE. Others get 405, unknown ones 501.
    pub methods: Vec<Method>,
    /// How many legs there may be at once. A further INVITE is answered 503.
    pub sessions_max: usize,
    /// Carriers whose machines speak for each other: a call that came from one address of a block may go on from
    /// another. Everybody else's calls are tied to the addresses they were made with.
    pub neighborhoods: Vec<Network>,
    /// When provisional responses of ours are sent reliably.
    pub reliable: Reliable,
    /// What may be subscribed to.
    pub subscriptions: SubscriptionConfig,
    /// How sessions are kept alive; without it as the peer asks.
    pub session_timer: Option<SessionTimer>,
    /// How requests for others are forwarded.
    pub proxy: ProxyConfig,
    /// Whether to tell every message of every call: [`Output::Trace`].
    pub traces: bool,
}

impl Default for UserAgentConfig {
    fn default() -> Self {
        Self {
            endpoint: EndpointConfig::default(),
            name: "hotline".to_owned(),
            methods: vec![Method::Register, Method::Options, Method::Message],
            sessions_max: 20_000,
            neighborhoods: Vec::new(),
            reliable: Reliable::default(),
            subscriptions: SubscriptionConfig::default(),
            session_timer: Some(SessionTimer::default()),
            proxy: ProxyConfig::default(),
            traces: false,
        }
    }
}

impl UserAgentConfig {
    /// The Allow header's value.
    pub(crate) fn allow(&self) -> String {
        let mut allow = String::from("INVITE, ACK, CANCEL, BYE, INFO, UPDATE, PRACK, NOTIFY");
        for method in &self.methods {
            allow.push_str(", ");
            allow.push_str(method.as_str());
        }
        if !self.subscriptions.packages.is_empty() {
            allow.push_str(", SUBSCRIBE");
        }
        allow
    }

    /// The Allow-Events header's value.
    pub(crate) fn allow_events(&self) -> Option<String> {
        let packages = &self.subscriptions.packages;
        (!packages.is_empty()).then(|| packages.join(", "))
    }

    /// The Supported header's value.
    pub(crate) fn supported(&self) -> &'static str {
        "100rel, timer, replaces, norefersub"
    }
}

/// What callers are told to wait when there are too many legs, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// Calls and requests of one user agent.
#[derive(Debug)]
pub struct UserAgent {
    config: UserAgentConfig,
    endpoint: Endpoint,
    ids: IdSource,
    sessions: BTreeMap<SessionId, Box<Session>>,
    notifier: Notifier,
    registrations: Registrations,
    proxy: Proxy,
    deadlines: Deadlines<(SessionId, Wait)>,
    outputs: VecDeque<Output>,
}

impl UserAgent {
    /// A user agent without calls.
    pub fn new(config: UserAgentConfig, mut ids: IdSource) -> Self {
        Self {
            endpoint: Endpoint::new(config.endpoint.clone(), ids.fork()),
            proxy: Proxy::new(&mut ids),
            config,
            ids,
            sessions: BTreeMap::new(),
            notifier: Notifier::default(),
            registrations: Registrations::default(),
            deadlines: Deadlines::new(),
            outputs: VecDeque::new(),
        }
    }

    /// A message came, readable or not.
    pub fn handle_message(&mut self, incoming: Incoming, now: Now) {
        self.endpoint.handle_message(incoming, now);
        self.pump(now);
    }

    /// A message came as it was cut from the wire: a datagram, a frame, a piece of a stream.
    pub fn handle_bytes(&mut self, bytes: Bytes, source: Source, now: Now) {
        self.handle_message(Incoming { message: Message::parse(bytes), source }, now);
    }

    /// Something came that cannot be cut into messages. It is answered if it may be.
    pub fn handle_broken(&mut self, error: &ParseError, source: Source, now: Now) {
        self.endpoint.handle_broken(error, source);
        self.pump(now);
    }

    /// A way turned out to be closed: a datagram was refused, a connection could not be opened or broke.
    pub fn handle_transport_error(&mut self, remote: SocketAddr, connection: Option<ConnectionId>, now: Now) {
        let failed = TransportError { remote, connection };
        self.endpoint.handle_transport_error(failed, now);
        self.pump(now);
        self.registration(now, |registrations, tools| registrations.handle_lost(failed, tools));
    }

    /// What is to be done next, in the order in which it happened.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`UserAgent::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        let waits = [
            self.endpoint.poll_timeout(),
            self.deadlines.next(),
            self.notifier.poll_timeout(),
            self.registrations.poll_timeout(),
            self.proxy.poll_timeout(),
        ];
        waits.into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        self.endpoint.handle_timeout(now);
        self.pump(now);
        while let Some((session, wait)) = self.deadlines.expire(now.mono) {
            self.with(session, now, |session, hands| session.wake(wait, hands));
            self.pump(now);
        }
        self.subscription(now, |notifier, reach| notifier.handle_timeout(reach));
        self.registration(now, |registrations, tools| registrations.handle_timeout(tools));
        while self.forwarding(now, Proxy::handle_timeout) {
            self.pump(now);
        }
    }

    /// Sends a request outside of any call. `draft` has everything but a Via. Its responses come as
    /// [`Output::Response`], silence as [`Output::Failed`].
    pub fn request(&mut self, draft: Request, destination: Destination, now: Now) -> ClientTransactionId {
        let tx = self.endpoint.request(draft, destination, now);
        self.pump(now);
        tx
    }

    /// Answers a request that came as [`Output::Request`] or [`crate::SessionEvent::Request`].
    pub fn respond(&mut self, tx: ServerTransactionId, response: ResponseBuilder, now: Now) {
        self.endpoint.respond(tx, response, now);
        self.pump(now);
    }

    /// Answers such a request once and forgets it: challenges and refusals of strangers.
    pub fn respond_and_forget(&mut self, tx: ServerTransactionId, response: ResponseBuilder, now: Now) {
        self.endpoint.respond_and_forget(tx, response);
        self.pump(now);
    }

    /// Answers such a request with a status and nothing else.
    pub fn respond_status(
        &mut self,
        tx: ServerTransactionId,
        request: &Request,
        status: StatusCode,
        now: Now,
    ) {
        self.respond(tx, request.answer(status), now);
    }

    /// Asks the sender of such a request who it is, and forgets the request.
    pub fn respond_challenge(
        &mut self,
        tx: ServerTransactionId,
        request: &Request,
        challenge: &Challenge,
        now: Now,
    ) {
        self.respond_and_forget(tx, challenge.answer(request), now);
    }

    /// The answer to OPTIONS: what we can do (§11.2).
    pub fn capabilities(&self, request: &Request) -> ResponseBuilder {
        request
            .answer(StatusCode::OK)
            .header(HeaderName::Allow, self.config.allow())
            .header(HeaderName::Supported, self.config.supported())
            .header(HeaderName::Accept, facts::ACCEPT)
            .optional(HeaderName::AllowEvents, self.config.allow_events())
            .header(HeaderName::Server, &*self.config.name)
    }

    /// How it behaves.
    pub fn config(&self) -> &UserAgentConfig {
        &self.config
    }

    /// Switches [`Output::Trace`] on or off.
    pub fn set_traces(&mut self, traces: bool) {
        self.config.traces = traces;
    }

    /// The peer of a session is this registered phone, so that [`UserAgent::follow`] knows it again.
    pub fn belongs_to(&mut self, session: SessionId, device: Device) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.belongs_to(device);
        }
    }

    /// A phone has proved, by registering, that it is reached by this contact here now. If it is the page that the session
    /// belongs to, what it says from here is heard, and requests of ours go here.
    pub fn follow(&mut self, session: SessionId, contact: &Uri, device: &Device, source: Source) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.follow(contact, device, source);
        }
    }

    /// Replaces the blocks of addresses within which a call may move.
    pub fn set_neighborhoods(&mut self, neighborhoods: Vec<Network>) {
        self.config.neighborhoods = neighborhoods;
    }

    /// The session of this dialog, for Replaces (RFC 3891). `local_tag` is the tag we gave.
    pub fn session_named(&self, call_id: &str, local_tag: &str, remote_tag: &str) -> Option<SessionId> {
        let id = SessionId::from_u64(token::read(local_tag)?);
        self.sessions.get(&id)?.is_with(call_id, remote_tag).then_some(id)
    }

    /// A look inside: sessions with their states.
    pub fn snapshot(&self) -> UserAgentSnapshot {
        let (requests_sent, requests_received) = self.endpoint.transactions();
        UserAgentSnapshot {
            sessions: self.sessions.values().map(|session| (session.id(), session.state())).collect(),
            requests_sent,
            requests_received,
        }
    }

    /// How many legs are held, those included that only owe the peer some manners.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// How many subscriptions there are.
    pub fn subscriptions(&self) -> usize {
        self.notifier.len()
    }

    /// How many calls are forwarded and watched.
    pub fn proxied(&self) -> usize {
        self.proxy.calls()
    }

    /// How many requests are held in either direction.
    pub fn transactions(&self) -> usize {
        let (sent, received) = self.endpoint.transactions();
        sent + received
    }

    /// Whether nothing is held any more: no session, no transaction, no deadline.
    pub fn is_idle(&self) -> bool {
        self.sessions.is_empty()
            && self.notifier.len() == 0
            && self.registrations.len() == 0
            && self.proxy.is_idle()
            && self.endpoint.transactions() == (0, 0)
            && self.poll_timeout().is_none()
            && self.outputs.is_empty()
    }

    /// The Call-ID of a session, for as long as it is held.
    pub fn call_id(&self, session: SessionId) -> Option<&str> {
        self.sessions.get(&session).map(|session| session.dialog().call_id())
    }

    fn command(&mut self, session: SessionId, now: Now, act: impl FnOnce(&mut Session, &mut Hands<'_>)) {
        self.with(session, now, act);
        self.pump(now);
    }

    /// Lets the registrations act, and sends what comes of it.
    fn registration<T>(&mut self, now: Now, act: impl FnOnce(&mut Registrations, &mut Tools<'_>) -> T) -> T {
        let done = self.tools(now, act);
        self.pump(now);
        done
    }

    fn tools<T>(&mut self, now: Now, act: impl FnOnce(&mut Registrations, &mut Tools<'_>) -> T) -> T {
        let mut tools = Tools {
            endpoint: &mut self.endpoint,
            outputs: &mut self.outputs,
            ids: &mut self.ids,
            config: &self.config,
            now,
        };
        act(&mut self.registrations, &mut tools)
    }

    fn forwarding<T>(&mut self, now: Now, act: impl FnOnce(&mut Proxy, &mut proxy::Tools<'_>) -> T) -> T {
        let mut tools = proxy::Tools {
            endpoint: &mut self.endpoint,
            outputs: &mut self.outputs,
            config: &self.config,
            now,
        };
        act(&mut self.proxy, &mut tools)
    }

    /// Lets the notifier act, and sends what comes of it.
    fn subscription(&mut self, now: Now, act: impl FnOnce(&mut Notifier, &mut Reach<'_>)) {
        self.reach(now, act);
        self.pump(now);
    }

    fn reach<T>(&mut self, now: Now, act: impl FnOnce(&mut Notifier, &mut Reach<'_>) -> T) -> T {
        let mut reach =
            Reach { endpoint: &mut self.endpoint, outputs: &mut self.outputs, config: &self.config, now };
        act(&mut self.notifier, &mut reach)
    }

    fn with(&mut self, id: SessionId, now: Now, act: impl FnOnce(&mut Session, &mut Hands<'_>)) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let mut hands = Hands {
            endpoint: &mut self.endpoint,
            outputs: &mut self.outputs,
            deadlines: &mut self.deadlines,
            ids: &mut self.ids,
            config: &self.config,
            now,
        };
        act(session, &mut hands);
        if session.is_over() {
            session.forget_waits(&mut hands);
            self.sessions.remove(&id);
        }
    }

    /// Takes what the endpoint says until it is silent.
    fn pump(&mut self, now: Now) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                EndpointOutput::Transmit(transmit) => self.transmit(transmit, now),
                EndpointOutput::Request { tx, request, source } => {
                    self.handle_request(tx, request, source, now)
                }
                EndpointOutput::Ack { request, source } => {
                    if let Some(session) = self.session_of(&request, source) {
                        self.trace(session, request.to_bytes(), source, now);
                        self.with(session, now, |session, hands| session.handle_ack(&request, hands));
                    } else if let Some(inside) = self.proxy.inside(&request, source, &self.config) {
                        self.trace(inside.call, request.to_bytes(), source, now);
                        self.forwarding(now, |proxy, tools| {
                            proxy.handle_ack(&inside, &request, source, tools)
                        });
                    }
                }
                EndpointOutput::Canceled { tx, request, session } => {
                    if let Some(session) = session {
                        self.trace_cancel(session, &request, now);
                        if self.forwarding(now, |proxy, tools| proxy.handle_cancel(tx, &request, tools)) {
                            continue;
                        }
                        self.with(session, now, |session, hands| session.handle_cancel(tx, &request, hands));
                    }
                }
                EndpointOutput::Response { tx, response, source, session } => match session {
                    Some(session) => {
                        self.trace(session, response.to_bytes(), source, now);
                        if self.forwarding(now, |proxy, tools| {
                            proxy.handle_response(tx, &response, source, tools)
                        }) {
                            continue;
                        }
                        self.with(session, now, |session, hands| {
                            session.handle_response(tx, &response, hands)
                        });
                    }
                    None if self.is_told(tx, Some((&response, source)), now) => {}
                    None => self.outputs.push_back(Output::Response { tx, response }),
                },
                EndpointOutput::StrayAnswer { response, source } => self.handle_stray(&response, source, now),
                EndpointOutput::Failed { tx, why, session } => match session {
                    Some(_) if self.forwarding(now, |proxy, tools| proxy.handle_failure(tx, why, tools)) => {}
                    Some(session) => {
                        self.with(session, now, |session, hands| session.handle_failure(tx, why, hands));
                    }
                    None if self.is_told(tx, None, now) || self.is_registering(tx, why, now) => {}
                    None => self.outputs.push_back(Output::Failed { tx, why }),
                },
                EndpointOutput::Unanswered { tx, why, session } => {
                    if self.forwarding(now, |proxy, tools| proxy.handle_unanswered(tx, tools)) {
                        continue;
                    }
                    if let Some(session) = session {
                        self.with(session, now, |session, hands| session.handle_unanswered(tx, why, hands));
                    } else {
                        self.reach(now, |notifier, reach| notifier.handle_unanswered(tx, reach));
                    }
                }
                EndpointOutput::Done { tx, session } => {
                    if self.forwarding(now, |proxy, tools| proxy.handle_done(tx, tools)) {
                        continue;
                    }
                    self.with(session, now, |session, _| session.handle_done(tx));
                }
            }
        }
    }

    /// Whether a response, or silence, is the notifier's or a registration's, which have acted on it then.
    fn is_told(&mut self, tx: ClientTransactionId, response: Option<(&Response, Source)>, now: Now) -> bool {
        let (answer, source) = response.unzip();
        self.reach(now, |notifier, reach| notifier.handle_told(tx, answer, reach))
            || answer.zip(source).is_some_and(|(response, source)| {
                self.tools(now, |all, tools| all.handle_response(tx, response, source, tools))
            })
    }

    fn is_registering(&mut self, tx: ClientTransactionId, why: Failure, now: Now) -> bool {
        self.tools(now, |all, tools| all.handle_failure(tx, why, tools))
    }

    fn handle_request(&mut self, tx: ServerTransactionId, request: Box<Request>, source: Source, now: Now) {
        let inside = facts::has_to_tag(&request);
        let session = self.session_of(&request, source);
        if let Some(session) = session {
            self.endpoint.belongs_to(tx, session);
            self.trace(session, request.to_bytes(), source, now);
        } else if let Some(inside) = self.proxy.inside(&request, source, &self.config) {
            self.endpoint.belongs_to(tx, inside.call);
            self.trace(inside.call, request.to_bytes(), source, now);
            return self.forwarding(now, |proxy, tools| {
                proxy.handle_inside(tx, inside, request, source, tools);
            });
        }
        if let Some(refusal) = checks::refusal(&request, &self.config) {
            return match session {
                Some(_) => self.endpoint.answer(tx, &request, refusal, now.mono),
                None => self.endpoint.respond_and_forget(tx, refusal),
            };
        }
        match (request.method(), session) {
            (Method::Invite, None) if !inside => self.handle_invite(tx, request, source, now),
            (_, Some(session)) => self.handle_inside(session, tx, request, now),
            (Method::Subscribe, None) if !self.config.subscriptions.packages.is_empty() => {
                self.reach(now, |notifier, reach| notifier.handle_subscribe(tx, request, source, reach));
            }
            (Method::Bye, None) => self.refuse_unknown_dialog(tx, &request),
            (_, None) if inside => self.refuse_unknown_dialog(tx, &request),
            (_, None) => self.outputs.push_back(Output::Request { tx, request, source }),
        }
    }

    fn handle_invite(&mut self, tx: ServerTransactionId, request: Box<Request>, source: Source, now: Now) {
        if self.sessions.len() >= self.config.sessions_max {
            let busy = request.answer(StatusCode::SERVICE_UNAVAILABLE);
            let busy = busy.reason("Too Many Calls").header(HeaderName::RetryAfter, RETRY_AFTER_S);
            return self.endpoint.respond_and_forget(tx, busy);
        }
        let replaces = match self.replaced_by(&request) {
            Ok(replaces) => replaces,
            Err(status) => return self.endpoint.respond_and_forget(tx, request.answer(status)),
        };
        let id = SessionId::from_u64(tx.as_u64());
        self.endpoint.belongs_to(tx, id);
        self.trace(id, request.to_bytes(), source, now);
        let mut hands = Hands {
            endpoint: &mut self.endpoint,
            outputs: &mut self.outputs,
            deadlines: &mut self.deadlines,
            ids: &mut self.ids,
            config: &self.config,
            now,
        };
        let refusal =
            request.answer(StatusCode::BAD_REQUEST).reason("Bad Request: no dialog can be made of it");
        match Session::arrive(tx, request, source, replaces, &mut hands) {
            Some(session) => {
                self.sessions.insert(id, Box::new(session));
            }
            None => self.endpoint.respond_and_forget(tx, refusal),
        }
    }

    /// The session that an INVITE wants to take the place of (RFC 3891 §3).
    fn replaced_by(&self, request: &Request) -> Result<Option<SessionId>, StatusCode> {
        let Some(replaces) = request.headers().replaces().map_err(|_| StatusCode::BAD_REQUEST)? else {
            return Ok(None);
        };
        let Some(id) = self.session_named(&replaces.call_id, &replaces.to_tag, &replaces.from_tag) else {
            // A phone wants to take the place of another in a call that goes on between phones: the one called decides.
            return if self.proxy.knows(&replaces.call_id) {
                Ok(None)
            } else {
                Err(StatusCode::CALL_DOES_NOT_EXIST)
            };
        };
        let state = self.sessions.get(&id).map(|session| session.state());
        match state.ok_or(StatusCode::CALL_DOES_NOT_EXIST)? {
            // An early dialog may be replaced at its calling end only: at ours if we called.
            state if state.is_calling() => Ok(Some(id)),
            table::State::Arrived => Err(StatusCode::CALL_DOES_NOT_EXIST),
            table::State::Established | table::State::Answered | table::State::Asked => {
                if replaces.early_only { Err(StatusCode::BUSY_HERE) } else { Ok(Some(id)) }
            }
            _ => Err(StatusCode::DECLINE),
        }
    }

    fn handle_inside(&mut self, id: SessionId, tx: ServerTransactionId, request: Box<Request>, now: Now) {
        let replaced = match request.method() {
            Method::Refer => session::replaced_by(&request)
                .and_then(|dialog| self.session_named(&dialog.call_id, &dialog.to_tag, &dialog.from_tag)),
            _ => None,
        };
        self.with(id, now, |session, hands| {
            if !session.takes_in_order(tx, &request, hands) {
                return;
            }
            match request.method() {
                Method::Invite => session.handle_reinvite(tx, request, hands),
                Method::Update => session.handle_update(tx, request, hands),
                Method::Prack => session.handle_prack(tx, request, hands),
                Method::Refer => session.handle_refer(tx, request, replaced, hands),
                Method::Bye => session.handle_bye(tx, &request, hands),
                _ => session.handle_other(tx, request, hands),
            }
        });
    }

    fn refuse_unknown_dialog(&mut self, tx: ServerTransactionId, request: &Request) {
        self.endpoint.respond_and_forget(tx, request.answer(StatusCode::CALL_DOES_NOT_EXIST));
    }

    /// A 2xx that no transaction waits for. If its session is still there the ACK is sent again, or its dialog, a late
    /// branch of a fork, is ended.
    fn handle_stray(&mut self, response: &Response, source: Source, now: Now) {
        let id = response.headers().from_tag().and_then(token::read).map(SessionId::from_u64);
        let call_id = facts::call_id(response.headers());
        let known =
            id.filter(|id| self.sessions.get(id).is_some_and(|one| Some(one.dialog().call_id()) == call_id));
        if let Some(id) = known {
            self.trace(id, response.to_bytes(), source, now);
            self.with(id, now, |session, hands| session.handle_further_answer(response, hands));
        }
    }

    /// The session whose dialog a request belongs to: our tag names it, Call-ID and the peer's tag must agree, and it
    /// must come from where the dialog is. A request that fits is where its peer is now.
    fn session_of(&mut self, request: &Request, source: Source) -> Option<SessionId> {
        let headers = request.headers();
        let id = SessionId::from_u64(token::read(headers.to_tag()?)?);
        let session = self.sessions.get_mut(&id)?;
        let call_id = facts::call_id(headers)?;
        session.admits(call_id, headers.from_tag(), source, &self.config.neighborhoods).then_some(id)
    }

    fn transmit(&mut self, transmit: Transmit, now: Now) {
        if let Some(session) = transmit.session.filter(|_| self.config.traces) {
            self.outputs.push_back(Output::Trace(Trace {
                session,
                sent: true,
                at: now,
                transport: transmit.transport,
                local: transmit.local,
                remote: transmit.remote,
                bytes: transmit.bytes.clone(),
            }));
        }
        self.outputs.push_back(Output::Transmit(transmit));
    }

    fn trace(&mut self, session: SessionId, bytes: Bytes, source: Source, now: Now) {
        if self.config.traces {
            self.outputs.push_back(Output::Trace(Trace {
                session,
                sent: false,
                at: now,
                transport: source.transport,
                local: source.local,
                remote: source.remote,
                bytes,
            }));
        }
    }

    fn trace_cancel(&mut self, session: SessionId, request: &Request, now: Now) {
        if let Some(flow) = self.sessions.get(&session).map(|session| session.dialog().flow()) {
            let Destination { transport, local, remote, connection } = flow;
            self.trace(session, request.to_bytes(), Source { transport, local, remote, connection }, now);
        }
    }
}

/// The words if they can stand in a message. That a call ends matters more than the words for it, so words with line
/// breaks are left out instead of spoiling the message.
fn sayable(words: &str) -> Option<&str> {
    (!words.is_empty() && !words.chars().any(char::is_control)).then_some(words)
}

/// A look inside a user agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgentSnapshot {
    /// Each leg and where it stands.
    pub sessions: Vec<(SessionId, table::State)>,
    /// Requests of ours that are not forgotten yet.
    pub requests_sent: usize,
    /// Requests that came and are not forgotten yet.
    pub requests_received: usize,
}
