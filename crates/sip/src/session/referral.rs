//! A transfer that the peer asks us for: its REFER, the owner's word, and the NOTIFYs that tell how it goes. RFC 3515,
//! RFC 4488 for transfers that nobody wants to hear of, RFC 7647 for the subscription that a REFER makes.
//!
//! ```text
//!  REFER ─▶ Asked ──accepted──▶ Telling ──final status, the peer is tired of it, 300 s──▶ Over
//!             │ declined, accepted without news, the call ends
//!             └────────────────────────────────────────────────────────────────────────▶ Over
//! ```
//!
//! The news go on after the call has ended: whoever transfers hangs up at once, and wants to know all the same. One
//! NOTIFY is on its way at a time; of what happens meanwhile only the last is told, so that none overtakes another.

use super::outgoing::{Draft, Purpose};
use super::{Event, Hands, Refusal, Session, Wait};
use crate::facts;
use crate::token::{ServerTransactionId, SessionId};
use base::Duration;
use bytes::Bytes;
use sip_message::header::Replaces;
use sip_message::{HeaderName, Headers, Method, NameAddr, Request, StatusCode, Uri};

/// How many transfers of one call may be under way. A further one is answered 503.
const REFERRALS_MAX: usize = 4;

/// How long the news of one transfer may take, of ours and of the peer's: longer than any phone rings.
pub(super) const NEWS_PATIENCE: Duration = Duration::from_secs(300);

/// One transfer within a session: what `Event: refer;id=` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReferId(pub u32);

/// A transfer that the peer asks for.
#[derive(Clone, Debug)]
pub struct Referral {
    /// Which one, for the owner's answers.
    pub id: ReferId,
    /// Whom to call: Refer-To without what is written behind the question mark.
    pub target: Uri,
    /// Refer-To as it came.
    pub refer_to: NameAddr,
    /// The dialog that the new call is to take the place of (an attended transfer).
    pub replaces: Option<Replaces>,
    /// That dialog, if it is one of ours.
    pub replaced: Option<SessionId>,
    /// Who asks, to be handed on (RFC 3892).
    pub referred_by: Option<NameAddr>,
    /// Whether the peer wants to hear how it goes.
    pub wants_news: bool,
    /// The REFER, with everything in it.
    pub request: Box<Request>,
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The owner has not said anything.
    Asked,
    /// The owner is at it, and the peer hears how it goes.
    Telling,
    /// Nothing more will be said.
    Over,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The owner accepts, and the peer wants news.
    Accept,
    /// The owner accepts, and the peer wants no news.
    AcceptSilently,
    /// The owner declines.
    Decline,
    /// The new call gets on.
    Progress,
    /// The new call is answered, or comes to nothing.
    Final,
    /// The peer wants to hear no more.
    Unsubscribe,
    /// The peer knows nothing of the subscription, or does not answer.
    Unheard,
    /// [`NEWS_PATIENCE`] is over.
    Overdue,
    /// The call in which it was asked ends.
    End,
}

/// What a transition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Answer 202 and tell that it is being tried.
    SendAccepted,
    /// Answer 202 and that nothing will be told.
    SendAcceptedSilently,
    /// Refuse with the owner's status.
    SendRefusal,
    /// Refuse with 487: the call is over.
    SendTerminated,
    /// Tell the latest status.
    Notify,
    /// Tell the latest status, and that it is the last.
    NotifyLast,
    /// Stop waiting.
    StopWaiting,
}

/// The table.
pub fn step(state: State, input: Input) -> (State, &'static [Do]) {
    use Do::*;
    use Input::{Accept, AcceptSilently, Decline, End, Final, Overdue, Progress, Unheard, Unsubscribe};
    use State::{Asked, Over, Telling};

    match (state, input) {
        (Asked, Accept) => (Telling, &[SendAccepted]),
        (Asked, AcceptSilently) => (Over, &[SendAcceptedSilently]),
        (Asked, Decline) => (Over, &[SendRefusal]),
        (Asked, End) => (Over, &[SendTerminated]),

        (Telling, Progress) => (Telling, &[Notify]),
        (Telling, Final | Unsubscribe | Overdue) => (Over, &[StopWaiting, NotifyLast]),
        (Telling, Unheard) => (Over, &[StopWaiting]),
        // The news go on without the call.
        (Telling, End) => (Telling, &[]),

        // Nothing was accepted yet.
        (Asked, Progress | Final | Unsubscribe | Unheard | Overdue) => (Asked, &[]),
        // Said already.
        (Telling, Accept | AcceptSilently | Decline) => (Telling, &[]),
        (Over, _) => (Over, &[]),
    }
}

/// A transfer with what it carries.
#[derive(Debug)]
pub(super) struct Referred {
    id: ReferId,
    state: State,
    /// The REFER, as long as it is not answered.
    asked: Option<(ServerTransactionId, Box<Request>)>,
    wants_news: bool,
    /// Whether its NOTIFYs need no number: it is the first of the dialog (RFC 3515 §2.4.6).
    is_first: bool,
    /// The latest status of the new call.
    status: StatusCode,
    /// Whether a NOTIFY is on its way.
    is_telling: bool,
    /// Whether there is news that no NOTIFY tells yet.
    has_news: bool,
    /// Why the subscription ended, once it has: the word in Subscription-State.
    ended: Option<&'static str>,
    /// What the owner says who declines.
    refusal: Option<Box<Refusal>>,
}

impl Referred {
    /// Whether the peer is owed news.
    pub(super) fn is_owed(&self) -> bool {
        self.state == State::Telling || self.is_telling || self.has_news
    }
}

impl Session {
    /// Their REFER, its order checked. `replaced` finds a dialog of ours.
    pub(crate) fn handle_refer(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        replaced: Option<SessionId>,
        hands: &mut Hands<'_>,
    ) {
        let refuse = |status, why: &str, hands: &mut Hands<'_>| {
            let warning = format!("399 hotline \"{why}\"");
            let answer = request.answer(status).header(HeaderName::Warning, warning);
            hands.endpoint.answer(tx, &request, answer, hands.now.mono);
        };
        if !self.state.is_live() {
            return refuse(StatusCode::CALL_DOES_NOT_EXIST, "the call is not up", hands);
        }
        let headers = request.headers();
        let refer_to = match headers.refer_to() {
            Ok(Some(refer_to)) => refer_to,
            Ok(None) => return refuse(StatusCode::BAD_REQUEST, "Refer-To is missing", hands),
            Err(_) => {
                return refuse(
                    StatusCode::BAD_REQUEST,
                    "Refer-To cannot be read, or stands there twice",
                    hands,
                );
            }
        };
        let uri = refer_to.uri();
        let method = uri.param("method").unwrap_or_default();
        if !(method.is_empty() || method.eq_ignore_ascii_case("INVITE")) {
            return refuse(StatusCode::FORBIDDEN, "only calls can be asked for", hands);
        }
        self.referred.retain(|one| one.state != State::Over || one.is_owed());
        if self.referred.len() >= REFERRALS_MAX {
            return refuse(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many transfers of this call are under way",
                hands,
            );
        }
        let Ok(replaces) = replaces_of(uri) else {
            return refuse(StatusCode::BAD_REQUEST, "Replaces in Refer-To cannot be read", hands);
        };
        let number = facts::cseq(headers).map_or(0, |cseq| cseq.number);
        let wants_news = headers
            .get(HeaderName::ReferSub)
            .is_none_or(|value| value.text().split(';').next().unwrap_or_default().trim() != "false");
        let id = ReferId(number);
        let referral = Referral {
            id,
            target: uri.for_request_line(),
            replaces,
            replaced,
            referred_by: headers.referred_by().ok().flatten(),
            wants_news,
            request: request.clone(),
            refer_to,
        };
        self.referred.push(Referred {
            id,
            state: State::Asked,
            asked: Some((tx, request)),
            wants_news,
            is_first: !self.was_referred,
            status: StatusCode::TRYING,
            is_telling: false,
            has_news: false,
            ended: None,
            refusal: None,
        });
        self.was_referred = true;
        self.tell(Event::Refer(Box::new(referral)), hands);
    }

    /// The owner accepts a transfer.
    pub(crate) fn accept_refer(&mut self, id: ReferId, hands: &mut Hands<'_>) {
        let Some(one) = self.referral(id) else { return };
        let input = if one.wants_news { Input::Accept } else { Input::AcceptSilently };
        self.run_referral(id, input, StatusCode::TRYING, hands);
    }

    /// The owner declines a transfer.
    pub(crate) fn decline_refer(&mut self, id: ReferId, refusal: Refusal, hands: &mut Hands<'_>) {
        let status = refusal.status;
        if let Some(one) = self.referral(id) {
            one.refusal = Some(Box::new(refusal));
        }
        self.run_referral(id, Input::Decline, status, hands);
    }

    /// The owner says how a transfer goes.
    pub(crate) fn report_refer(&mut self, id: ReferId, status: StatusCode, hands: &mut Hands<'_>) {
        let input = if status.is_final() { Input::Final } else { Input::Progress };
        self.run_referral(id, input, status, hands);
    }

    /// Their SUBSCRIBE to news of a transfer: it prolongs, or ends. Returns whether there is one.
    pub(crate) fn handle_refer_subscribe(
        &mut self,
        tx: ServerTransactionId,
        request: &Request,
        hands: &mut Hands<'_>,
    ) -> bool {
        let headers = request.headers();
        let Some(number) = refer_event(headers) else { return false };
        let mut live = self.referred.iter().filter(|one| one.state == State::Telling);
        let one = live.find(|one| number.map_or(one.is_first, |number| number == one.id.0));
        let Some(id) = one.map(|one| one.id) else { return false };
        let ends = headers.expires().ok().flatten() == Some(0);
        let seconds = if ends { 0 } else { NEWS_PATIENCE.as_secs() as u32 };
        let response = request.answer(StatusCode::OK).header(HeaderName::Expires, seconds);
        hands.endpoint.answer(tx, request, response, hands.now.mono);
        if ends {
            self.run_referral(id, Input::Unsubscribe, StatusCode::OK, hands);
        } else {
            hands.wake(self.id, Wait::NewsOverdue(id.0), NEWS_PATIENCE);
            self.run_referral(id, Input::Progress, StatusCode::TRYING, hands);
        }
        true
    }

    /// A transfer has taken too long.
    pub(super) fn news_overdue(&mut self, id: ReferId, hands: &mut Hands<'_>) {
        self.run_referral(id, Input::Overdue, StatusCode::OK, hands);
    }

    /// The call ends: what was not answered will not be.
    pub(super) fn end_referrals(&mut self, hands: &mut Hands<'_>) {
        for id in self.referred.iter().map(|one| one.id).collect::<Vec<_>>() {
            self.run_referral(id, Input::End, StatusCode::OK, hands);
        }
    }

    /// A NOTIFY of ours was answered, or will not be (`None`).
    pub(super) fn handle_notified(&mut self, id: ReferId, status: Option<StatusCode>, hands: &mut Hands<'_>) {
        let Some(one) = self.referral(id) else { return };
        one.is_telling = false;
        let is_heard =
            status.is_some_and(|status| status.is_success() || status == StatusCode::SERVER_INTERNAL_ERROR);
        if !is_heard {
            one.has_news = false;
            return self.run_referral(id, Input::Unheard, StatusCode::OK, hands);
        }
        if one.has_news {
            self.notify(id, hands);
        }
    }

    /// Stops everything it waits for.
    pub(super) fn forget_news(&self, hands: &mut Hands<'_>) {
        for one in &self.referred {
            hands.sleep(self.id, Wait::NewsOverdue(one.id.0));
        }
    }

    fn referral(&mut self, id: ReferId) -> Option<&mut Referred> {
        self.referred.iter_mut().find(|one| one.id == id)
    }

    fn run_referral(&mut self, id: ReferId, input: Input, status: StatusCode, hands: &mut Hands<'_>) {
        let session = self.id;
        let Some(one) = self.referral(id) else { return };
        let (next, does) = step(one.state, input);
        one.state = next;
        for step in does {
            let Some(one) = self.referral(id) else { return };
            match step {
                Do::SendAccepted | Do::SendAcceptedSilently => {
                    let Some((tx, request)) = one.asked.take() else { continue };
                    let mut response =
                        request.answer(StatusCode::ACCEPTED).header(HeaderName::Contact, &self.contact);
                    if *step == Do::SendAcceptedSilently {
                        response = response.header(HeaderName::ReferSub, "false");
                    }
                    hands.endpoint.answer(tx, &request, response, hands.now.mono);
                    if *step == Do::SendAccepted {
                        hands.wake(session, Wait::NewsOverdue(id.0), NEWS_PATIENCE);
                        self.news(id, status, None, hands);
                    }
                }
                Do::SendRefusal | Do::SendTerminated => {
                    let Some((tx, request)) = one.asked.take() else { continue };
                    let refusal = one.refusal.take().filter(|_| *step == Do::SendRefusal);
                    let response = match refusal {
                        Some(refusal) => refusal.answer(&request),
                        None => request.answer(StatusCode::REQUEST_TERMINATED),
                    };
                    hands.endpoint.answer(tx, &request, response, hands.now.mono);
                }
                Do::Notify => {
                    // A prolonged subscription hears the status again, whatever it is.
                    let status = if status == StatusCode::TRYING { one.status } else { status };
                    self.news(id, status, None, hands);
                }
                Do::NotifyLast => {
                    let (status, why) = match input {
                        Input::Final => (status, "noresource"),
                        _ => (one.status, "timeout"),
                    };
                    self.news(id, status, Some(why), hands);
                }
                Do::StopWaiting => hands.sleep(session, Wait::NewsOverdue(id.0)),
            }
        }
    }

    /// Takes note of what is to be told, and tells it as soon as nothing else is on its way.
    fn news(&mut self, id: ReferId, status: StatusCode, ended: Option<&'static str>, hands: &mut Hands<'_>) {
        let Some(one) = self.referral(id) else { return };
        one.status = status;
        one.ended = ended;
        one.has_news = true;
        if !one.is_telling {
            self.notify(id, hands);
        }
    }

    fn notify(&mut self, id: ReferId, hands: &mut Hands<'_>) {
        let left = hands.left(self.id, Wait::NewsOverdue(id.0)).as_secs();
        let Some(one) = self.referral(id) else { return };
        one.has_news = false;
        one.is_telling = true;
        let event = if one.is_first { "refer".to_owned() } else { format!("refer;id={}", id.0) };
        let state = match one.ended {
            Some(why) => format!("terminated;reason={why}"),
            None => format!("active;expires={left}"),
        };
        let fragment = format!("SIP/2.0 {} {}\r\n", one.status, one.status.reason());
        let draft = Draft {
            headers: vec![("Event".to_owned(), event), ("Subscription-State".to_owned(), state)],
            content: Some(("message/sipfrag;version=2.0".to_owned(), Bytes::from(fragment))),
            ..Draft::new(Purpose::Notify(id))
        };
        self.send(draft, hands);
    }
}

/// Which transfer a request is about, by the number of its REFER. `None` if it is about something else; no number means the
/// first one (RFC 3515 §2.4.6).
pub(super) fn refer_event(headers: &Headers) -> Option<Option<u32>> {
    let event = headers.event().ok()?.filter(|event| &*event.package == "refer")?;
    Some(event.id.as_deref().and_then(|id| id.parse().ok()))
}

/// The dialog to be replaced that stands behind the question mark of a Refer-To (RFC 3891 §3). An error if it cannot be
/// read.
pub(crate) fn replaces_of(uri: &Uri) -> Result<Option<Replaces>, sip_message::Malformed> {
    uri.header("Replaces").map(|text| Replaces::parse(text.as_bytes())).transpose()
}

/// The dialog that a REFER wants replaced.
pub(crate) fn replaced_by(request: &Request) -> Option<Replaces> {
    debug_assert_eq!(*request.method(), Method::Refer, "only a REFER has a Refer-To");
    replaces_of(request.headers().refer_to().ok()??.uri()).ok()?
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn the_whole_table() {
        use Input::*;
        let inputs = [Accept, AcceptSilently, Decline, Progress, Final, Unsubscribe, Unheard, Overdue, End];
        let mut table = String::new();
        for state in [State::Asked, State::Telling, State::Over] {
            for input in inputs {
                let (next, does) = step(state, input);
                let does = match does {
                    [] if next == state => "-".to_owned(),
                    does => does.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "),
                };
                let (state, input, next) = (format!("{state:?}"), format!("{input:?}"), format!("{next:?}"));
                writeln!(table, "{}", format!("{state:<8}{input:<15}-> {next:<8}{does}").trim_end()).unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }
}
