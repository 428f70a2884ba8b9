//! Who wants to hear of what, and is told: the notifier of RFC 6665.
//!
//! It belongs to a [`crate::UserAgent`], which hands it every SUBSCRIBE to a package of its configuration. The owner
//! decides about each ([`crate::UserAgentOutput::Subscription`]) and says what the state is; refreshing, expiring,
//! telling it again and ending are done here. One NOTIFY of a subscription is on its way at a time: of what changes
//! meanwhile only the last is told.
//!
//! The transfers of a call have a subscription of their own, which is their session's ([`crate::session::referral`]).
//!
//! Reading order: [`table`], then the documents [`message_summary`] and [`dialog_info`].

pub mod dialog_info;
pub mod message_summary;
pub mod table;

pub use dialog_info::{DialogInfo, DialogState, WatchedDialog};
pub use message_summary::MessageSummary;

use crate::authenticator::Challenge;
use crate::dialog::{Dialog, contact_at};
use crate::endpoint::Endpoint;
use crate::facts;
use crate::token::{self, ClientTransactionId, ServerTransactionId, SessionId, SubscriptionId};
use crate::transport::Source;
use crate::user_agent::{Output, UserAgentConfig};
use base::{Deadlines, Duration, Instant, Now};
use bytes::Bytes;
use sip_message::header::{Event as Package, SubscriptionState};
use sip_message::{HeaderName, Method, NameAddr, Request, Response, StatusCode};
use std::collections::{BTreeMap, VecDeque};
use table::{Do, Input, State};

/// What may be subscribed to, and for how long.
#[derive(Clone, Debug)]
pub struct SubscriptionConfig {
    /// The event packages that the owner serves. Without any, SUBSCRIBE is not taken at all.
    pub packages: Vec<String>,
    /// The shortest subscription. Shorter wishes are answered 423.
    pub expires_min: Duration,
    /// The longest, and how long one lasts that does not say. Longer wishes are shortened.
    pub expires_max: Duration,
    /// How many there may be at once. A further one is answered 503.
    pub subscriptions_max: usize,
}

impl Default for SubscriptionConfig {
    fn default() -> Self {
        Self {
            packages: Vec::new(),
            expires_min: Duration::from_secs(60),
            expires_max: Duration::from_secs(3600),
            subscriptions_max: 20_000,
        }
    }
}

/// What a full notifier tells subscribers to wait, in seconds.
const RETRY_AFTER_S: u32 = 60;

/// Something happened to a subscription.
#[derive(Clone, Debug)]
pub enum SubscriptionEvent {
    /// Somebody wants one. Accept, refuse or challenge it.
    Asked(Box<SubscriptionRequest>),
    /// It is over. Nothing follows; not told for one that the owner ended or refused.
    Ended(SubscriptionEnd),
}

/// A subscription that somebody wants.
#[derive(Clone, Debug)]
pub struct SubscriptionRequest {
    /// The event package, one of the configuration's.
    pub package: String,
    /// Whether only the state of this moment is wanted.
    pub once: bool,
    /// The SUBSCRIBE: its Request-URI says whose state is wanted.
    pub request: Box<Request>,
    /// Where it came from.
    pub source: Source,
}

/// Why a subscription is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionEnd {
    /// The subscriber wants no more.
    Unsubscribed,
    /// The subscriber has not refreshed it.
    Expired,
    /// The subscriber refuses to be told, or does not answer.
    Unreachable,
    /// The owner took too long to decide.
    Undecided,
}

/// Why the owner ends a subscription: what the subscriber is to make of it (RFC 6665 §4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Termination {
    /// Subscribe again at once.
    Deactivated,
    /// Subscribe again later.
    Probation,
    /// Do not: it is no longer allowed.
    Rejected,
    /// Subscribe again if you like: nobody could say whether you may.
    GiveUp,
    /// Do not: there is nothing to hear of any more.
    NoResource,
}

impl Termination {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Deactivated => "deactivated",
            Self::Probation => "probation",
            Self::Rejected => "rejected",
            Self::GiveUp => "giveup",
            Self::NoResource => "noresource",
        }
    }
}

/// What a NOTIFY tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// How many messages wait.
    MessageSummary(MessageSummary),
    /// What calls are doing.
    DialogInfo(DialogInfo),
    /// Any other.
    Other {
        /// Its type.
        content_type: String,
        /// Its text.
        body: Bytes,
    },
    /// Nothing: that the subscription lives is all there is to tell.
    Nothing,
}

impl Document {
    fn write(&self, version: u32) -> Option<(&str, Bytes)> {
        match self {
            Self::MessageSummary(summary) => Some((message_summary::CONTENT_TYPE, summary.document())),
            Self::DialogInfo(info) => Some((dialog_info::CONTENT_TYPE, info.document(version))),
            Self::Other { content_type, body } => Some((content_type, body.clone())),
            Self::Nothing => None,
        }
    }
}

/// What the user agent lends the notifier.
pub(crate) struct Reach<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) outputs: &'a mut VecDeque<Output>,
    pub(crate) config: &'a UserAgentConfig,
    pub(crate) now: Now,
}

/// One subscription.
#[derive(Debug)]
struct Subscription {
    state: State,
    dialog: Dialog,
    contact: NameAddr,
    package: Package,
    /// The SUBSCRIBE that wants an answer.
    asked: Option<(ServerTransactionId, Box<Request>)>,
    /// How long it was asked for, as far as we allow.
    lasts: Duration,
    document: Document,
    /// How many documents were told.
    version: u32,
    /// Whether a NOTIFY is on its way.
    is_telling: bool,
    /// Whether there is something that no NOTIFY tells yet.
    has_news: bool,
    /// Why it ends, once it does: the word in Subscription-State.
    ended: Option<&'static str>,
}

/// All subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Notifier {
    subscriptions: BTreeMap<SubscriptionId, Subscription>,
    notifies: BTreeMap<ClientTransactionId, SubscriptionId>,
    deadlines: Deadlines<SubscriptionId>,
}

impl Notifier {
    pub(crate) fn len(&self) -> usize {
        self.subscriptions.len()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Time has passed.
    pub(crate) fn handle_timeout(&mut self, reach: &mut Reach<'_>) {
        while let Some(id) = self.deadlines.expire(reach.now.mono) {
            self.end_with(id, Input::Expired, "timeout", SubscriptionEnd::Expired, reach);
        }
    }

    /// Their SUBSCRIBE, to begin a subscription or in one.
    pub(crate) fn handle_subscribe(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        source: Source,
        reach: &mut Reach<'_>,
    ) {
        if facts::has_to_tag(&request) {
            return self.handle_refresh(tx, request, source, reach);
        }
        let config = &reach.config.subscriptions;
        let headers = request.headers();
        let package = headers.event().ok().flatten();
        let known = package.filter(|package| config.packages.iter().any(|one| **one == *package.package));
        let Some(package) = known else {
            let refusal = request.answer(StatusCode::BAD_EVENT);
            let refusal = refusal.header(HeaderName::AllowEvents, config.packages.join(", "));
            return reach.endpoint.respond_and_forget(tx, refusal);
        };
        let lasts = match self.lasts(&request, config) {
            Ok(lasts) => lasts,
            Err(min) => {
                let refusal = request.answer(StatusCode::INTERVAL_TOO_BRIEF);
                return reach.endpoint.respond_and_forget(tx, refusal.header(HeaderName::MinExpires, min));
            }
        };
        if self.subscriptions.len() >= config.subscriptions_max {
            let refusal = request.answer(StatusCode::SERVICE_UNAVAILABLE);
            return reach
                .endpoint
                .respond_and_forget(tx, refusal.header(HeaderName::RetryAfter, RETRY_AFTER_S));
        }
        let id = SubscriptionId::from_u64(tx.as_u64());
        let dialog = Dialog::called(SessionId::from_u64(tx.as_u64()), &request, source);
        let user = request.uri().user().map(std::borrow::Cow::into_owned);
        let contact = contact_at(user.as_deref(), source.transport, source.local);
        let (Some(dialog), Some(contact)) = (dialog, contact) else {
            return reach.endpoint.respond_and_forget(tx, request.answer(StatusCode::BAD_REQUEST));
        };
        let event = SubscriptionRequest {
            package: package.package.to_string(),
            once: lasts.is_zero(),
            request: request.clone(),
            source,
        };
        let subscription = Subscription {
            state: State::Asked,
            dialog,
            contact: NameAddr::new(contact),
            package,
            asked: Some((tx, request)),
            lasts,
            document: Document::Nothing,
            version: 0,
            is_telling: false,
            has_news: false,
            ended: None,
        };
        self.subscriptions.insert(id, subscription);
        tell(id, SubscriptionEvent::Asked(Box::new(event)), reach);
    }

    /// How long a SUBSCRIBE wants, as far as we allow; an error with the shortest we allow.
    fn lasts(&self, request: &Request, config: &SubscriptionConfig) -> Result<Duration, u32> {
        let wanted = facts::seconds(request.headers(), HeaderName::Expires);
        let wanted = wanted.map_or(config.expires_max, |seconds| Duration::from_secs(seconds.into()));
        if !wanted.is_zero() && wanted < config.expires_min {
            return Err(u32::try_from(config.expires_min.as_secs()).unwrap_or(u32::MAX));
        }
        Ok(wanted.min(config.expires_max))
    }

    fn handle_refresh(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        source: Source,
        reach: &mut Reach<'_>,
    ) {
        let Some(id) = self.named(&request, source) else {
            return reach.endpoint.respond_and_forget(tx, request.answer(StatusCode::CALL_DOES_NOT_EXIST));
        };
        let lasts = self.lasts(&request, &reach.config.subscriptions);
        let Some(one) = self.subscriptions.get_mut(&id) else { return };
        let number = facts::cseq(request.headers()).map_or(0, |cseq| cseq.number);
        if one.dialog.check_order(number).is_err() {
            let refusal = request.answer(StatusCode::SERVER_INTERNAL_ERROR);
            return reach.endpoint.answer(tx, &request, refusal, reach.now.mono);
        }
        let lasts = match lasts {
            Ok(lasts) => lasts,
            Err(min) => {
                let refusal =
                    request.answer(StatusCode::INTERVAL_TOO_BRIEF).header(HeaderName::MinExpires, min);
                return reach.endpoint.answer(tx, &request, refusal, reach.now.mono);
            }
        };
        if one.state == State::Asked {
            // The first request still waits for the owner: its place is taken.
            let refusal = request.answer(StatusCode::CALL_DOES_NOT_EXIST);
            return reach.endpoint.answer(tx, &request, refusal, reach.now.mono);
        }
        one.dialog.refresh_target(request.headers());
        one.dialog.moved(source);
        one.lasts = lasts;
        one.asked = Some((tx, request));
        if lasts.is_zero() {
            self.end_with(id, Input::Unsubscribe, "timeout", SubscriptionEnd::Unsubscribed, reach);
        } else {
            self.run(id, Input::Refresh, reach);
        }
    }

    /// The subscription a request belongs to: by our tag, Call-ID, the peer's tag, and where it comes from.
    fn named(&self, request: &Request, source: Source) -> Option<SubscriptionId> {
        let headers = request.headers();
        let id = SubscriptionId::from_u64(token::read(headers.to_tag()?)?);
        let dialog = &self.subscriptions.get(&id)?.dialog;
        let fits = dialog.is_peer(facts::call_id(headers)?, headers.from_tag());
        (fits && dialog.knows(source.remote.ip())).then_some(id)
    }

    /// The owner accepts a subscription; this is the state.
    pub(crate) fn accept(&mut self, id: SubscriptionId, document: Document, reach: &mut Reach<'_>) {
        let Some(one) = self.subscriptions.get_mut(&id).filter(|one| one.state == State::Asked) else {
            return;
        };
        one.document = document;
        if one.lasts.is_zero() {
            one.ended = Some("timeout");
            self.run(id, Input::AcceptOnce, reach);
        } else {
            self.run(id, Input::Accept, reach);
        }
    }

    /// The owner refuses a subscription.
    pub(crate) fn reject(&mut self, id: SubscriptionId, status: StatusCode, reach: &mut Reach<'_>) {
        self.refuse(id, |request| request.answer(status), reach);
    }

    /// The owner wants to know first who asks.
    pub(crate) fn challenge(&mut self, id: SubscriptionId, challenge: &Challenge, reach: &mut Reach<'_>) {
        self.refuse(id, |request| challenge.answer(request), reach);
    }

    fn refuse(
        &mut self,
        id: SubscriptionId,
        answer: impl FnOnce(&Request) -> sip_message::ResponseBuilder,
        reach: &mut Reach<'_>,
    ) {
        let Some(one) = self.subscriptions.get_mut(&id).filter(|one| one.state == State::Asked) else {
            return;
        };
        if let Some((tx, request)) = one.asked.take() {
            // Nobody has vouched for the sender yet: it is answered once and forgotten.
            reach.endpoint.respond_and_forget(tx, answer(&request));
        }
        self.run(id, Input::Reject, reach);
    }

    /// The owner has news.
    pub(crate) fn notify(&mut self, id: SubscriptionId, document: Document, reach: &mut Reach<'_>) {
        let Some(one) = self.subscriptions.get_mut(&id).filter(|one| one.state == State::Active) else {
            return;
        };
        one.document = document;
        self.run(id, Input::Change, reach);
    }

    /// The owner ends a subscription.
    pub(crate) fn end(&mut self, id: SubscriptionId, why: Termination, reach: &mut Reach<'_>) {
        let Some(one) = self.subscriptions.get_mut(&id) else { return };
        if one.state == State::Asked {
            return self.reject(id, StatusCode::FORBIDDEN, reach);
        }
        if one.state == State::Active {
            one.ended = Some(why.as_str());
            self.run(id, Input::End, reach);
        }
    }

    /// A response to a NOTIFY, or none. Returns whether it was one of ours.
    pub(crate) fn handle_told(
        &mut self,
        tx: ClientTransactionId,
        response: Option<&Response>,
        reach: &mut Reach<'_>,
    ) -> bool {
        if response.is_some_and(|response| response.status().is_provisional()) {
            return self.notifies.contains_key(&tx);
        }
        let Some(id) = self.notifies.remove(&tx) else { return false };
        let Some(one) = self.subscriptions.get_mut(&id) else { return true };
        one.is_telling = false;
        // §4.2.2: a subscriber that only asks for a pause keeps its subscription.
        let is_heard = response.is_some_and(|response| {
            response.status().is_success()
                || (response.status().class() == 5 && response.headers().contains(HeaderName::RetryAfter))
        });
        if !is_heard {
            one.has_news = false;
            self.end_with(id, Input::Refused, "timeout", SubscriptionEnd::Unreachable, reach);
        } else if one.has_news {
            self.send(id, reach);
        } else {
            self.run(id, Input::Told, reach);
        }
        true
    }

    /// The owner has not decided about a SUBSCRIBE in time.
    pub(crate) fn handle_unanswered(&mut self, tx: ServerTransactionId, reach: &mut Reach<'_>) {
        let id = SubscriptionId::from_u64(tx.as_u64());
        self.end_with(id, Input::Forgotten, "giveup", SubscriptionEnd::Undecided, reach);
    }

    /// Runs an input that may end the subscription, with the words for both sides.
    fn end_with(
        &mut self,
        id: SubscriptionId,
        input: Input,
        word: &'static str,
        end: SubscriptionEnd,
        reach: &mut Reach<'_>,
    ) {
        let Some(one) = self.subscriptions.get_mut(&id) else { return };
        one.ended.get_or_insert(word);
        self.run_with(id, input, Some(end), reach);
    }

    fn run(&mut self, id: SubscriptionId, input: Input, reach: &mut Reach<'_>) {
        self.run_with(id, input, None, reach);
    }

    fn run_with(
        &mut self,
        id: SubscriptionId,
        input: Input,
        end: Option<SubscriptionEnd>,
        reach: &mut Reach<'_>,
    ) {
        let Some(one) = self.subscriptions.get_mut(&id) else { return };
        let (next, does) = table::step(one.state, input);
        one.state = next;
        for step in does {
            let Some(one) = self.subscriptions.get_mut(&id) else { return };
            match step {
                Do::SendAccepted => {
                    let Some((tx, request)) = one.asked.take() else { continue };
                    let lasts = u32::try_from(one.lasts.as_secs()).unwrap_or(u32::MAX);
                    let response = request
                        .answer(StatusCode::OK)
                        .to_tag(&id.to_string())
                        .record_routes(&request)
                        .header(HeaderName::Contact, &one.contact)
                        .header(HeaderName::Expires, lasts);
                    reach.endpoint.answer(tx, &request, response, reach.now.mono);
                }
                Do::SendUnknown => {
                    let Some((tx, request)) = one.asked.take() else { continue };
                    let refusal = request.answer(StatusCode::CALL_DOES_NOT_EXIST);
                    reach.endpoint.answer(tx, &request, refusal, reach.now.mono);
                }
                // Sent by whoever knows how.
                Do::SendRefusal => debug_assert!(one.asked.is_none(), "a refusal was forgotten"),
                Do::ArmExpiry => self.deadlines.set(id, reach.now.mono + one.lasts),
                Do::StopExpiry => {
                    self.deadlines.stop(&id);
                }
                Do::Notify | Do::NotifyLast => {
                    one.has_news = true;
                    if !one.is_telling {
                        self.send(id, reach);
                    }
                }
                Do::TellEnded => {
                    if let Some(end) = end {
                        tell(id, SubscriptionEvent::Ended(end), reach);
                    }
                }
            }
        }
        if self.subscriptions.get(&id).is_some_and(|one| one.state == State::Over) {
            self.subscriptions.remove(&id);
            self.deadlines.stop(&id);
        }
    }

    fn send(&mut self, id: SubscriptionId, reach: &mut Reach<'_>) {
        let left = self.deadlines.due(&id).map_or(Duration::ZERO, |at| at.since(reach.now.mono));
        let Some(one) = self.subscriptions.get_mut(&id) else { return };
        one.has_news = false;
        let is_last = one.state == State::Ending;
        let state = SubscriptionState {
            state: if is_last { "terminated" } else { "active" }.into(),
            expires: (!is_last).then(|| u32::try_from(left.as_secs()).unwrap_or(u32::MAX)),
            reason: one.ended.filter(|_| is_last).map(Into::into),
            retry_after: None,
        };
        let mut request = one
            .dialog
            .request(Method::Notify)
            .header(HeaderName::Contact, &one.contact)
            .header(HeaderName::Event, &one.package)
            .header(HeaderName::SubscriptionState, &state)
            .header(HeaderName::UserAgent, &*reach.config.name);
        if let Some((kind, body)) = one.document.write(one.version) {
            request = request.body(kind, body);
        }
        let Ok(request) = request.build() else {
            // A document that cannot be written can be told to nobody.
            return self.end_with(id, Input::Refused, "giveup", SubscriptionEnd::Unreachable, reach);
        };
        one.version = one.version.wrapping_add(1);
        one.is_telling = true;
        let (destination, hop) = (one.dialog.destination(), one.dialog.hop());
        let tx = reach.endpoint.request_for(None, request, destination, hop, reach.now.mono);
        self.notifies.insert(tx, id);
    }
}

fn tell(id: SubscriptionId, event: SubscriptionEvent, reach: &mut Reach<'_>) {
    reach.outputs.push_back(Output::Subscription { subscription: id, event });
}
