//! The stateful proxy: requests that somebody sent us and that are for somebody else. RFC 3261 §16, with RFC 4320 for what is
//! no INVITE, RFC 5393 against circles and floods, RFC 5658 for two Record-Routes, RFC 6026 for 2xx.
//!
//! The owner says where a request goes ([`crate::UserAgent::proxy`]); from then on everything is done here: the copies, the
//! CANCELs, the choice of the answer, and all that the two sides say within the dialog that begins. Media is none of our
//! business. The owner hears who rings, who answered, and when the call is over.
//!
//! Reading order: [`table`] (one request over all its branches), [`branch`] (one branch), [`call`] (who is busy), `event` (what
//! owners say and hear), `forwarding` (what carries the tables out), `best` (which failure goes back), `onward` (a request as
//! it goes on), `flow_token` (how requests within a dialog find their way, and nobody else's do).
//!
//! No request is sent on because of what stands in it: the first of a dialog goes where the owner says, all others to the two
//! ends of that dialog. Stray responses are dropped.

mod best;
pub mod branch;
pub mod call;
mod event;
mod flow_token;
mod forwarding;
mod onward;
pub mod table;

pub use call::WATCH_MAX;
pub use event::{NotProxied, ProxyEnd, ProxyEvent, ProxyOptions, ProxyTarget, Side, TARGETS_MAX};
pub use forwarding::TIMER_C;

use crate::dialog::address_of;
use crate::endpoint::Endpoint;
use crate::facts;
use crate::token::{ClientTransactionId, ServerTransactionId, SessionId};
use crate::transaction::Failure;
use crate::transport::Source;
use crate::user_agent::{Output, UserAgentConfig};
use base::{Deadlines, IdSource, Instant, Now};
use call::Call;
use flow_token::{Dialog, Flow, Token, TokenKey};
use forwarding::{Begin, Books, Desk, Forwarding, Purpose, Wait, caller_flow, end_call};
use onward::Share;
use sip_message::{HeaderName, Method, NameAddr, Request, Response, StatusCode, Uri};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// How requests are forwarded.
#[derive(Clone, Debug)]
pub struct ProxyConfig {
    /// The realm that our challenges name: credentials for it do not leave the house.
    pub realm: String,
    /// How many calls may be watched at once. A further one is not forwarded.
    pub calls_max: usize,
}

impl Default for ProxyConfig {
    fn default() -> Self {
        Self { realm: String::new(), calls_max: 20_000 }
    }
}

/// What the user agent lends the proxy.
pub(crate) struct Tools<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) outputs: &'a mut VecDeque<Output>,
    pub(crate) config: &'a UserAgentConfig,
    pub(crate) now: Now,
}

/// Where a request within a forwarded dialog goes.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) call: SessionId,
    by: Side,
    callee_tag: Box<str>,
    flow: Flow,
    uri: Uri,
    routes: Vec<NameAddr>,
}

/// All forwarded requests, and the calls that came of them.
#[derive(Debug)]
pub(crate) struct Proxy {
    forwardings: BTreeMap<ServerTransactionId, Forwarding>,
    books: Books,
}

impl Proxy {
    pub(crate) fn new(ids: &mut IdSource) -> Self {
        let books = Books {
            key: TokenKey::new(ids),
            clients: BTreeMap::new(),
            calls: BTreeMap::new(),
            deadlines: Deadlines::new(),
        };
        Self { forwardings: BTreeMap::new(), books }
    }

    /// How many calls are watched.
    pub(crate) fn calls(&self) -> usize {
        self.books.calls.len()
    }

    /// Whether nothing is forwarded and no call is watched.
    pub(crate) fn is_idle(&self) -> bool {
        self.forwardings.is_empty() && self.books.calls.is_empty() && self.books.clients.is_empty()
    }

    /// Whether a call of this Call-ID is watched.
    pub(crate) fn knows(&self, call_id: &str) -> bool {
        self.books.calls.values().any(|call| call.call_id() == call_id)
    }

    /// Whether these can be taken.
    pub(crate) fn has_room(
        &self,
        request: &Request,
        targets: &[ProxyTarget],
        config: &UserAgentConfig,
    ) -> Result<(), NotProxied> {
        if targets.is_empty() {
            Err(NotProxied::NoTargets)
        } else if *request.method() == Method::Invite && self.books.calls.len() >= config.proxy.calls_max {
            Err(NotProxied::Full(self.books.calls.len()))
        } else {
            Ok(())
        }
    }

    /// Forwards a request to where its owner says. It fits ([`Proxy::has_room`]).
    pub(crate) fn begin(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        source: Source,
        targets: Vec<ProxyTarget>,
        options: ProxyOptions,
        tools: &mut Tools<'_>,
    ) {
        let id = SessionId::from_u64(tx.as_u64());
        if let Some((status, refusal)) = onward::refusal(&request) {
            tools.endpoint.answer(tx, &request, refusal, tools.now.mono);
            let why = match *request.method() {
                Method::Invite => ProxyEnd::Refused { status, target: None },
                _ => ProxyEnd::Completed { status },
            };
            let event = ProxyEvent::Ended(why);
            return tools.outputs.push_back(Output::Proxy { session: id, event });
        }
        let mut waiting: Vec<_> = targets.into_iter().enumerate().collect();
        waiting.sort_by_key(|(_, target)| core::cmp::Reverse(target.q));
        waiting.truncate(TARGETS_MAX);
        let caller = caller_flow(&request, source);
        if *request.method() == Method::Invite {
            let call_id = facts::call_id(request.headers()).unwrap_or_default();
            self.books.calls.insert(id, Call::new(call_id, caller));
        }
        let begin = Begin { caller, options, waiting: waiting.into() };
        let forwarding = Forwarding::new(tx, id, request, Purpose::Begin(Box::new(begin)));
        self.forwardings.insert(tx, forwarding);
        self.with(tx, tools, Forwarding::begin);
    }

    /// The way of a request within a dialog that was forwarded: by its Route, which only we can have written, and from where
    /// that dialog is.
    pub(crate) fn inside(
        &self,
        request: &Request,
        source: Source,
        config: &UserAgentConfig,
    ) -> Option<Inside> {
        let headers = request.headers();
        let (call_id, from_tag, to_tag) = (headers.call_id().ok()?, headers.from_tag()?, headers.to_tag()?);
        let mut routes = facts::routes(headers, HeaderName::Route)?;
        if routes.is_empty() {
            return None;
        }
        let by_caller = Dialog { call_id, caller_tag: from_tag };
        let by_callee = Dialog { call_id, caller_tag: to_tag };
        // The first of ours leads back to the sender, the second to the other side.
        let near = |uri: &Uri| {
            let caller = self.token(uri, by_caller).filter(|token| token.side == Side::Caller);
            caller.or_else(|| self.token(uri, by_callee).filter(|token| token.side == Side::Callee))
        };
        let mut uri = request.uri().clone();
        let first = match near(&uri) {
            // §16.4: a strict router before us has put us where the target was.
            Some(token) => {
                uri = routes.pop()?.uri().clone();
                token
            }
            None => near(routes.remove(0).uri())?,
        };
        let dialog = if first.side == Side::Caller { by_caller } else { by_callee };
        if routes.is_empty() {
            return None;
        }
        let second = self.token(routes.remove(0).uri(), dialog)?;
        if second.side != first.side.other() || second.call != first.call {
            return None;
        }
        let callee_tag = if first.side == Side::Caller { to_tag } else { from_tag };
        let call = self.books.calls.get(&first.call);
        let known = |side| call.and_then(|call| call.way_to(side, callee_tag));
        let address = source.remote.ip();
        let is_at_home = first.flow.destination.remote.ip() == address
            || config
                .neighborhoods
                .iter()
                .any(|block| block.contains(address) && block.contains(first.flow.destination.remote.ip()));
        is_at_home.then(|| Inside {
            call: first.call,
            by: first.side,
            callee_tag: callee_tag.into(),
            flow: known(second.side).unwrap_or(second.flow),
            uri,
            routes,
        })
    }

    fn token(&self, uri: &Uri, dialog: Dialog<'_>) -> Option<Token> {
        let text = core::str::from_utf8(uri.raw_user()?).ok()?;
        let (host, port) = address_of(uri)?;
        self.books.key.read(text, SocketAddr::new(host, port), dialog)
    }

    /// Forwards a request within a dialog.
    pub(crate) fn handle_inside(
        &mut self,
        tx: ServerTransactionId,
        inside: Inside,
        request: Box<Request>,
        source: Source,
        tools: &mut Tools<'_>,
    ) {
        if let Some((_, refusal)) = onward::refusal(&request) {
            return tools.endpoint.answer(tx, &request, refusal, tools.now.mono);
        }
        self.heard(&inside, source);
        let Some((draft, flow)) = onward_inside(&inside, &request, tools) else {
            let refusal = request.answer(StatusCode::SERVER_INTERNAL_ERROR);
            return tools.endpoint.answer(tx, &request, refusal, tools.now.mono);
        };
        let purpose = Purpose::Inside { by: inside.by, callee_tag: inside.callee_tag };
        self.forwardings.insert(tx, Forwarding::new(tx, inside.call, request, purpose));
        self.with(tx, tools, |forwarding, desk| forwarding.go(draft, flow, desk));
    }

    /// Forwards the ACK of a 2xx.
    pub(crate) fn handle_ack(
        &mut self,
        inside: &Inside,
        request: &Request,
        source: Source,
        tools: &mut Tools<'_>,
    ) {
        // Nobody can be told that it goes no further.
        if onward::refusal(request).is_some() {
            return;
        }
        self.heard(inside, source);
        if let Some((draft, flow)) = onward_inside(inside, request, tools) {
            tools.endpoint.send_ack(draft, flow.destination, flow.hop, Some(inside.call));
        }
    }

    fn heard(&mut self, inside: &Inside, source: Source) {
        if let Some(call) = self.books.calls.get_mut(&inside.call) {
            call.heard(inside.by, &inside.callee_tag, source);
        }
    }

    /// The sender of a request takes it back. Returns whether it is one of these.
    pub(crate) fn handle_cancel(
        &mut self,
        tx: ServerTransactionId,
        cancel: &Request,
        tools: &mut Tools<'_>,
    ) -> bool {
        self.with(tx, tools, |forwarding, desk| forwarding.handle_cancel(cancel, desk))
    }

    /// The owner wants nobody to answer a request any more.
    pub(crate) fn withdraw(&mut self, session: SessionId, tools: &mut Tools<'_>) {
        self.with(ServerTransactionId::from_u64(session.as_u64()), tools, Forwarding::withdraw);
    }

    /// A response to a copy of ours. Returns whether it is one of these.
    pub(crate) fn handle_response(
        &mut self,
        tx: ClientTransactionId,
        response: &Response,
        source: Source,
        tools: &mut Tools<'_>,
    ) -> bool {
        let Some((forwarding, place)) = self.books.clients.get(&tx).copied() else { return false };
        self.with(forwarding, tools, |one, desk| one.handle_response(place, response, source, desk))
    }

    /// A copy of ours got no answer. Returns whether it is one of these.
    pub(crate) fn handle_failure(
        &mut self,
        tx: ClientTransactionId,
        why: Failure,
        tools: &mut Tools<'_>,
    ) -> bool {
        let Some((forwarding, place)) = self.books.clients.get(&tx).copied() else { return false };
        let input = match why {
            Failure::Timeout => branch::Input::Silence,
            Failure::Transport => branch::Input::Unreachable,
        };
        self.with(forwarding, tools, |one, desk| one.handle_failure(place, input, desk))
    }

    /// A request can be answered no more. Returns whether it is one of these.
    pub(crate) fn handle_unanswered(&mut self, tx: ServerTransactionId, tools: &mut Tools<'_>) -> bool {
        self.with(tx, tools, Forwarding::handle_lost)
    }

    /// A copy of ours is forgotten. Returns whether it is one of these.
    pub(crate) fn handle_done(&mut self, tx: ClientTransactionId, tools: &mut Tools<'_>) -> bool {
        let Some((forwarding, _)) = self.books.clients.remove(&tx) else { return false };
        self.with(forwarding, tools, |one, _| one.handle_done())
    }

    /// When to call [`Proxy::handle_timeout`].
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.books.deadlines.next()
    }

    /// Does one thing that is due. Returns whether there was one.
    pub(crate) fn handle_timeout(&mut self, tools: &mut Tools<'_>) -> bool {
        let Some(wait) = self.books.deadlines.expire(tools.now.mono) else { return false };
        match wait {
            Wait::Ring(tx) => self.with(tx, tools, Forwarding::rung_out),
            Wait::Trying(tx) => self.with(tx, tools, Forwarding::still_trying),
            Wait::TimerC(tx, place) => self.with(tx, tools, |one, desk| {
                one.handle_failure(place, branch::Input::TimerC, desk);
            }),
            Wait::CancelOverdue(tx, place) => self.with(tx, tools, |one, desk| {
                one.handle_failure(place, branch::Input::CancelOverdue, desk);
            }),
            Wait::Watch(call) => {
                end_call(call, ProxyEnd::Expired, &mut desk(&mut self.books, tools));
                true
            }
        };
        true
    }

    fn with(
        &mut self,
        tx: ServerTransactionId,
        tools: &mut Tools<'_>,
        act: impl FnOnce(&mut Forwarding, &mut Desk<'_>),
    ) -> bool {
        let Some(forwarding) = self.forwardings.get_mut(&tx) else { return false };
        let desk = &mut desk(&mut self.books, tools);
        act(forwarding, desk);
        if forwarding.is_over() {
            forwarding.forget_waits(desk);
            self.forwardings.remove(&tx);
        }
        true
    }
}

fn desk<'a>(books: &'a mut Books, tools: &'a mut Tools<'_>) -> Desk<'a> {
    let Tools { endpoint, outputs, config, now } = tools;
    Desk { books, endpoint, outputs, config, now: *now }
}

/// A request within a dialog as it goes on, and its way.
fn onward_inside(inside: &Inside, request: &Request, tools: &Tools<'_>) -> Option<(Request, Flow)> {
    let mut draft = request.clone();
    let share = Share { breadth: onward::breadth(request), branches: 1 };
    onward::prepare(&mut draft, &tools.config.proxy.realm, share).ok()?;
    let (uri, routes) = onward::strict_first(inside.uri.clone(), inside.routes.clone());
    draft.headers_mut().remove(HeaderName::Route);
    draft.set_uri(uri);
    for route in &routes {
        draft.headers_mut().append(HeaderName::Route, route).ok()?;
    }
    let hop = inside.routes.first().map_or(&inside.uri, NameAddr::uri);
    let destination = onward::destination(hop, inside.flow);
    Some((draft, Flow { destination, ..inside.flow }))
}
