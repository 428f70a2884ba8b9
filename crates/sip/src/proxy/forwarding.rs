//! One request on its way to its targets: carries out what [`super::table`] and [`super::branch`] ask for.

use super::best::{Best, Final};
use super::branch::{self, Kind};
use super::call::{self, Call};
use super::event::{ProxyEnd, ProxyEvent, ProxyOptions, ProxyTarget, Side};
use super::flow_token::{Flow, TokenKey};
use super::onward::{self, Share};
use super::table;
use crate::endpoint::{Endpoint, circle};
use crate::facts;
use crate::token::{ClientTransactionId, ServerTransactionId, SessionId};
use crate::transport::{Source, Transport};
use crate::user_agent::{Output, UserAgentConfig};
use base::{Deadlines, Duration, Now};
use sip_message::{BuildError, HeaderName, Method, Request, Response, StatusCode, Uri};
use std::collections::{BTreeMap, VecDeque};

/// How long somebody may be looked for, or ring, without another word (§16.6 step 11: more than three minutes).
pub const TIMER_C: Duration = Duration::from_secs(181);

/// What those hear that need not ring any more, so that no phone shows a missed call (RFC 3326).
const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

/// What a forwarded request waits for, beside its transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wait {
    /// The targets have rung long enough.
    Ring(ServerTransactionId),
    /// Timer C of a branch.
    TimerC(ServerTransactionId, usize),
    /// The INVITE of a branch stays unanswered after our CANCEL: 64·T1.
    CancelOverdue(ServerTransactionId, usize),
    /// What is no INVITE gets its 100 (RFC 4320 §4.1).
    Trying(ServerTransactionId),
    /// Nothing has been heard of a call for too long.
    Watch(SessionId),
}

/// What all forwarded requests share.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) key: TokenKey,
    /// Whose branch a request of ours is.
    pub(super) clients: BTreeMap<ClientTransactionId, (ServerTransactionId, usize)>,
    pub(super) calls: BTreeMap<SessionId, Call>,
    pub(super) deadlines: Deadlines<Wait>,
}

/// What a forwarded request works with.
pub(super) struct Desk<'a> {
    pub(super) books: &'a mut Books,
    pub(super) endpoint: &'a mut Endpoint,
    pub(super) outputs: &'a mut VecDeque<Output>,
    pub(super) config: &'a UserAgentConfig,
    pub(super) now: Now,
}

/// What the request is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// It begins something, or is alone: its owner named the targets.
    Begin(Box<Begin>),
    /// It belongs to a dialog that was forwarded.
    Inside {
        /// Who sent it.
        by: Side,
        /// The dialog, by the tag of the callee's end.
        callee_tag: Box<str>,
    },
}

/// What the owner said.
#[derive(Debug)]
pub(super) struct Begin {
    pub(super) caller: Flow,
    pub(super) options: ProxyOptions,
    /// Who has not been tried, in the order in which they will be, with their place in the owner's list.
    pub(super) waiting: VecDeque<(usize, ProxyTarget)>,
}

/// One branch.
#[derive(Debug)]
struct Branch {
    state: branch::State,
    tx: ClientTransactionId,
    /// Its place in the owner's list.
    target: usize,
    flow: Flow,
}

/// One request on its way.
#[derive(Debug)]
pub(super) struct Forwarding {
    tx: ServerTransactionId,
    /// The call it belongs to.
    call: SessionId,
    request: Box<Request>,
    kind: Kind,
    purpose: Purpose,
    state: table::State,
    branches: Vec<Branch>,
    best: Best,
    /// What the canceled hear.
    reason: Option<Box<str>>,
    /// Requests of ours that are not forgotten.
    live: usize,
}

/// What came along with an input.
#[derive(Clone, Copy, Default)]
struct With<'a> {
    response: Option<&'a Response>,
    /// The branch.
    place: usize,
    /// Whether the branch rings for the first time.
    is_first: bool,
}

impl Forwarding {
    pub(super) fn new(
        tx: ServerTransactionId,
        call: SessionId,
        request: Box<Request>,
        purpose: Purpose,
    ) -> Self {
        let kind = if *request.method() == Method::Invite { Kind::Invite } else { Kind::Other };
        Self {
            tx,
            call,
            request,
            kind,
            purpose,
            state: table::State::Searching,
            branches: Vec::new(),
            best: Best::default(),
            reason: None,
            live: 0,
        }
    }

    /// Whether nothing is left to be passed on.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, table::State::Answered | table::State::Over) && self.live == 0
    }

    /// Sends it to the first targets.
    pub(super) fn begin(&mut self, desk: &mut Desk<'_>) {
        if self.kind == Kind::Other {
            let t1 = desk.config.endpoint.timing.t1;
            // When the sender's pause between two copies has reached T2: after 0.5, 1 and 2 seconds.
            desk.books.deadlines.set(Wait::Trying(self.tx), desk.now.mono + t1 * 7);
        }
        self.try_next(desk);
    }

    /// Sends it within its dialog.
    pub(super) fn go(&mut self, draft: Request, flow: Flow, desk: &mut Desk<'_>) {
        self.send(0, draft, flow, desk);
    }

    /// A response to one of our copies of it.
    pub(super) fn handle_response(
        &mut self,
        place: usize,
        response: &Response,
        source: Source,
        desk: &mut Desk<'_>,
    ) {
        let Some(branch) = self.branches.get_mut(place) else { return };
        // Whoever is reached over a connection is reached over the one that was opened.
        let way = &mut branch.flow.destination;
        if source.connection.is_some() && way.transport == source.transport {
            way.connection = source.connection;
        }
        let status = response.status();
        let input = match status {
            StatusCode::TRYING => branch::Input::Trying,
            status if status.is_provisional() => branch::Input::Provisional,
            status if status.is_success() => branch::Input::Success,
            _ => branch::Input::Failure,
        };
        self.step(place, input, Some(response), desk);
    }

    /// One of our copies of it got no answer.
    pub(super) fn handle_failure(&mut self, place: usize, input: branch::Input, desk: &mut Desk<'_>) {
        self.step(place, input, None, desk);
    }

    /// One of our copies of it is forgotten.
    pub(super) fn handle_done(&mut self) {
        self.live = self.live.saturating_sub(1);
    }

    /// The sender takes it back.
    pub(super) fn handle_cancel(&mut self, cancel: &Request, desk: &mut Desk<'_>) {
        let reason = cancel.headers().get(HeaderName::Reason);
        self.reason = reason.map(|reason| reason.text().into());
        self.apply(table::Input::Cancel, With::default(), desk);
    }

    /// It can be answered no more.
    pub(super) fn handle_lost(&mut self, desk: &mut Desk<'_>) {
        self.apply(table::Input::WayLost, With::default(), desk);
    }

    /// The targets have rung long enough.
    pub(super) fn rung_out(&mut self, desk: &mut Desk<'_>) {
        let input = if self.has_waiting() { table::Input::NextPlease } else { table::Input::RungOut };
        self.apply(input, With::default(), desk);
        self.settle(desk);
    }

    /// The owner wants nobody to answer any more.
    pub(super) fn withdraw(&mut self, desk: &mut Desk<'_>) {
        if let Purpose::Begin(begin) = &mut self.purpose {
            begin.waiting.clear();
            self.rung_out(desk);
        }
    }

    /// Nobody has answered what is no INVITE for a while.
    pub(super) fn still_trying(&mut self, desk: &mut Desk<'_>) {
        if self.state == table::State::Searching {
            let trying = self.request.answer(StatusCode::TRYING);
            desk.endpoint.answer(self.tx, &self.request, trying, desk.now.mono);
        }
    }

    /// Stops everything it waits for.
    pub(super) fn forget_waits(&self, desk: &mut Desk<'_>) {
        let deadlines = &mut desk.books.deadlines;
        deadlines.stop(&Wait::Ring(self.tx));
        deadlines.stop(&Wait::Trying(self.tx));
        for place in 0..self.branches.len() {
            deadlines.stop(&Wait::TimerC(self.tx, place));
            deadlines.stop(&Wait::CancelOverdue(self.tx, place));
        }
    }

    fn has_waiting(&self) -> bool {
        matches!(&self.purpose, Purpose::Begin(begin) if !begin.waiting.is_empty())
    }

    /// Moves a branch along its table and does what it says.
    fn step(&mut self, place: usize, input: branch::Input, response: Option<&Response>, desk: &mut Desk<'_>) {
        let Some(branch) = self.branches.get_mut(place) else { return };
        let (next, does) = branch::step(branch.state, input, self.kind);
        let is_first = branch.state != branch::State::Ringing;
        branch.state = next;
        let (target, tx) = (branch.target, branch.tx);
        let (timer_c, overdue) = (Wait::TimerC(self.tx, place), Wait::CancelOverdue(self.tx, place));
        let with = With { response, place, is_first };
        for one in does {
            match *one {
                branch::Do::StartC => desk.books.deadlines.set(timer_c, desk.now.mono + TIMER_C),
                branch::Do::StopC => {
                    desk.books.deadlines.stop(&timer_c);
                }
                branch::Do::SendCancel => {
                    desk.endpoint.cancel(tx, self.reason.as_deref(), desk.now.mono);
                }
                branch::Do::Abandon => desk.endpoint.abandon(tx),
                branch::Do::StartOverdue => {
                    let patience = desk.config.endpoint.timing.patience();
                    desk.books.deadlines.set(overdue, desk.now.mono + patience);
                }
                branch::Do::StopOverdue => {
                    desk.books.deadlines.stop(&overdue);
                }
                branch::Do::GiveUp => desk.endpoint.give_up(tx, desk.now.mono),
                branch::Do::PassProvisional => self.apply(table::Input::Provisional, with, desk),
                branch::Do::PassSuccess => {
                    self.apply(table::Input::Success, with, desk);
                    self.settle(desk);
                }
                branch::Do::Collect => {
                    let Some(response) = response.and_then(stripped) else { continue };
                    let is_global = response.status().class() == 6;
                    self.best.add(target, Final::Theirs(Box::new(response)));
                    if is_global {
                        self.apply(table::Input::Decline, with, desk);
                    }
                    self.settle(desk);
                }
                branch::Do::CollectTimeout => {
                    self.best.add(target, Final::Ours(StatusCode::REQUEST_TIMEOUT));
                    self.settle(desk);
                }
                branch::Do::CollectUnreachable => {
                    self.best.add(target, Final::Ours(StatusCode::SERVICE_UNAVAILABLE));
                    self.settle(desk);
                }
            }
        }
    }

    /// Looks whether the branches are done, and what follows from it. The next ones do not wait for those that are canceled.
    fn settle(&mut self, desk: &mut Desk<'_>) {
        use branch::State::{Calling, Canceling, Done, Doomed, Ringing, Trying};

        let has_waiting = self.has_waiting();
        let is_done = self.branches.iter().all(|branch| match branch.state {
            Calling | Trying | Ringing => false,
            Doomed | Canceling => has_waiting,
            Done => true,
        });
        if is_done {
            let input = if has_waiting { table::Input::GroupDone } else { table::Input::AllDone };
            self.apply(input, With::default(), desk);
        }
    }

    /// Moves along the table and does what it says.
    fn apply(&mut self, input: table::Input, with: With<'_>, desk: &mut Desk<'_>) {
        let is_canceled = self.state == table::State::Canceled;
        let (next, does) = table::step(self.state, input);
        self.state = next;
        let mut told = (None, StatusCode::REQUEST_TIMEOUT);
        for one in does {
            match *one {
                table::Do::PassProvisional => self.pass(with, desk),
                table::Do::PassSuccess => {
                    self.pass(with, desk);
                    self.note_success(with, desk);
                }
                table::Do::PassBest => told = self.pass_best(is_canceled, desk),
                table::Do::CancelBranches => {
                    if input == table::Input::Success {
                        self.reason = Some(ELSEWHERE.into());
                    }
                    self.cancel_branches(desk);
                }
                table::Do::TryNext => self.try_next(desk),
                table::Do::ForgetOthers => {
                    if let Purpose::Begin(begin) = &mut self.purpose {
                        begin.waiting.clear();
                    }
                    desk.books.deadlines.stop(&Wait::Ring(self.tx));
                }
                table::Do::TellRinging => self.tell_ringing(with, desk),
                table::Do::TellAnswered => self.tell_answered(with, desk),
                table::Do::TellRefused => {
                    let (target, status) = told;
                    self.tell_end(ProxyEnd::Refused { status, target }, status, desk);
                }
                table::Do::TellCanceled => self.tell_end(ProxyEnd::Canceled, told.1, desk),
                table::Do::TellLost => self.tell_end(ProxyEnd::Lost, told.1, desk),
            }
        }
    }

    /// The next targets of equal preference, as many as the request may have at a time.
    fn try_next(&mut self, desk: &mut Desk<'_>) {
        let breadth = onward::breadth(&self.request);
        let Purpose::Begin(begin) = &mut self.purpose else { return };
        let Some(q) = begin.waiting.front().map(|(_, target)| target.q) else { return };
        let equals = begin.waiting.iter().take_while(|(_, target)| target.q == q).count();
        let branches = equals.min(usize::try_from(breadth).unwrap_or(usize::MAX)).max(1);
        let group: Vec<_> = begin.waiting.drain(..branches).collect();
        if self.kind == Kind::Invite {
            let ring = begin.options.ring;
            desk.books.deadlines.set(Wait::Ring(self.tx), desk.now.mono + ring);
        }
        for (place, target) in group {
            match self.draft(&target, Share { breadth, branches }, desk) {
                Ok(draft) => self.send(place, draft, target.flow(), desk),
                Err(_) => self.best.add(place, Final::Ours(StatusCode::SERVER_INTERNAL_ERROR)),
            }
        }
        self.settle(desk);
    }

    /// The request as it goes to a target.
    fn draft(&self, target: &ProxyTarget, share: Share, desk: &Desk<'_>) -> Result<Request, BuildError> {
        let mut draft = (*self.request).clone();
        onward::prepare(&mut draft, &desk.config.proxy.realm, share)?;
        onward::aim(&mut draft, target)?;
        let Purpose::Begin(begin) = &self.purpose else { return Ok(draft) };
        let begins_dialog = matches!(draft.method(), Method::Invite | Method::Subscribe | Method::Refer);
        if begin.options.record_route && begins_dialog {
            let key = &desk.books.key;
            onward::record(&mut draft, key, self.call, begin.caller, target.flow());
        }
        for (name, value) in &begin.options.headers {
            draft.headers_mut().append(name.as_str(), value.as_str())?;
        }
        Ok(draft)
    }

    fn send(&mut self, target: usize, draft: Request, flow: Flow, desk: &mut Desk<'_>) {
        let mark = circle::mark(&self.request);
        let tx = desk.endpoint.forward(self.call, draft, mark, flow.destination, flow.hop, desk.now.mono);
        let place = self.branches.len();
        desk.books.clients.insert(tx, (self.tx, place));
        let (state, does) = branch::start(self.kind);
        self.branches.push(Branch { state, tx, target, flow });
        self.live += 1;
        for one in does {
            if *one == branch::Do::StartC {
                desk.books.deadlines.set(Wait::TimerC(self.tx, place), desk.now.mono + TIMER_C);
            }
        }
    }

    fn cancel_branches(&mut self, desk: &mut Desk<'_>) {
        for place in 0..self.branches.len() {
            self.step(place, branch::Input::Cancel, None, desk);
        }
    }

    /// The response at hand goes back.
    fn pass(&self, with: With<'_>, desk: &mut Desk<'_>) {
        if let Some(response) = with.response.and_then(stripped) {
            desk.endpoint.pass(self.tx, &response, desk.now.mono);
        }
    }

    /// The best of all failures goes back. Returns what it was, and whose.
    fn pass_best(&mut self, is_canceled: bool, desk: &mut Desk<'_>) -> (Option<usize>, StatusCode) {
        let (target, answer) = self.best.choose(is_canceled);
        let status = answer.status();
        match answer {
            Final::Theirs(response) => desk.endpoint.pass(self.tx, &response, desk.now.mono),
            // RFC 4320 §4.2: whoever sent something else than INVITE has lost its patience before we did.
            Final::Ours(StatusCode::REQUEST_TIMEOUT) if self.kind == Kind::Other => {
                desk.endpoint.forget(self.tx);
                return (target, status);
            }
            Final::Ours(status) => {
                desk.endpoint.answer(self.tx, &self.request, self.request.answer(status), desk.now.mono);
            }
        }
        (target, status)
    }

    /// What a 2xx says about the call.
    fn note_success(&mut self, with: With<'_>, desk: &mut Desk<'_>) {
        let (Some(response), Some(branch)) = (with.response, self.branches.get(with.place)) else { return };
        let may_renew = matches!(self.request.method(), Method::Invite | Method::Update);
        match &self.purpose {
            Purpose::Begin(_) => {
                let tag = response.headers().to_tag().unwrap_or_default();
                if let Some(call) = desk.books.calls.get_mut(&self.call) {
                    call.answered(tag, branch.flow);
                    watch(self.call, response, desk);
                }
            }
            Purpose::Inside { by, callee_tag } => {
                if may_renew && desk.books.calls.contains_key(&self.call) {
                    watch(self.call, response, desk);
                }
                if let Some(why) = call::end_of(self.request.method(), response.status(), *by) {
                    end_dialog(self.call, callee_tag, why, desk);
                }
            }
        }
    }

    fn tell_ringing(&self, with: With<'_>, desk: &mut Desk<'_>) {
        let (Purpose::Begin(_), Some(response), Some(branch)) =
            (&self.purpose, with.response, self.branches.get(with.place))
        else {
            return;
        };
        if with.is_first {
            let event = ProxyEvent::Ringing { target: branch.target, status: response.status() };
            desk.outputs.push_back(Output::Proxy { session: self.call, event });
        }
    }

    fn tell_answered(&self, with: With<'_>, desk: &mut Desk<'_>) {
        let (Purpose::Begin(begin), Some(response), Some(branch)) =
            (&self.purpose, with.response, self.branches.get(with.place))
        else {
            return;
        };
        if self.kind == Kind::Other {
            let event = ProxyEvent::Ended(ProxyEnd::Completed { status: response.status() });
            return desk.outputs.push_back(Output::Proxy { session: self.call, event });
        }
        let response = Box::new(stripped(response).unwrap_or_else(|| response.clone()));
        let event = ProxyEvent::Answered { target: branch.target, response };
        desk.outputs.push_back(Output::Proxy { session: self.call, event });
        if !begin.options.record_route {
            end_call(self.call, ProxyEnd::Released, desk);
        }
    }

    fn tell_end(&self, why: ProxyEnd, status: StatusCode, desk: &mut Desk<'_>) {
        match &self.purpose {
            Purpose::Begin(_) if self.kind == Kind::Invite => {
                if let Some(call) = desk.books.calls.get_mut(&self.call) {
                    call.state = call::step(call.state, call::Input::NotAnswered);
                }
                end_call(self.call, why, desk);
            }
            Purpose::Begin(_) => {
                let event = ProxyEvent::Ended(ProxyEnd::Completed { status });
                desk.outputs.push_back(Output::Proxy { session: self.call, event });
            }
            Purpose::Inside { by, callee_tag } => {
                if let Some(why) = call::end_of(self.request.method(), status, *by) {
                    end_dialog(self.call, callee_tag, why, desk);
                }
            }
        }
    }
}

/// The response without our Via, and without what its sender cannot know (RFC 3325 §5). `None` if it was for us alone.
fn stripped(response: &Response) -> Option<Response> {
    let mut response = response.clone();
    let headers = response.headers_mut();
    headers.remove_first(HeaderName::Via).ok()?;
    headers.remove(HeaderName::PAssertedIdentity);
    headers.contains(HeaderName::Via).then_some(response)
}

/// A call may go on until then without a word.
fn watch(call: SessionId, response: &Response, desk: &mut Desk<'_>) {
    desk.books.deadlines.set(Wait::Watch(call), desk.now.mono + call::patience(response));
}

/// A dialog of a call is over; with the last one the call is.
fn end_dialog(id: SessionId, callee_tag: &str, why: ProxyEnd, desk: &mut Desk<'_>) {
    let Some(call) = desk.books.calls.get_mut(&id) else { return };
    call.ended(callee_tag);
    if call.state == call::State::Over {
        end_call(id, why, desk);
    }
}

/// Forgets a call and tells its owner.
pub(super) fn end_call(id: SessionId, why: ProxyEnd, desk: &mut Desk<'_>) {
    desk.books.deadlines.stop(&Wait::Watch(id));
    if desk.books.calls.remove(&id).is_some() {
        desk.outputs.push_back(Output::Proxy { session: id, event: ProxyEvent::Ended(why) });
    }
}

/// The way back to whoever sent an INVITE.
pub(super) fn caller_flow(request: &Request, source: Source) -> Flow {
    use crate::dialog::{OUTBOUND, address_of};
    use crate::endpoint::detour::Hop;

    let headers = request.headers();
    let contact = facts::contact(headers);
    let is_direct = headers.list(HeaderName::Via).nth(1).is_none();
    let leads_back =
        contact.as_ref().and_then(address_of).is_some_and(|(host, _)| host == source.remote.ip());
    let is_outbound = contact.as_ref().is_some_and(|contact: &Uri| contact.has_param(OUTBOUND));
    let is_flow = is_direct && (!leads_back || is_outbound) && source.transport == Transport::Udp;
    Flow { destination: source.into(), hop: if is_flow { Hop::Flow } else { Hop::Address } }
}
