//! The INVITE usage of a dialog (RFC 5057): one session for each leg of a call, in either direction.
//!
//! Tables decide: [`table`] for the life of the leg, [`opening`] for the first offer, [`offer`] for changes of what was
//! agreed, [`reliable`] for our provisional responses that want a PRACK, [`timer`] for who keeps the session alive,
//! [`referral`] and [`transfer`] for transfers that the peer asks for and that we ask for. The files beside them carry out what the tables
//! ask for: `calling` for our INVITE, `fork` for the branches that ring, `called` for their INVITE, `exchange` for
//! offers, `outgoing` for every request of ours in the dialog with the credentials it may need.
//!
//! A session lives until the last message it may have to repeat or acknowledge is history, which may be 32 s after its
//! owner was told that it ended.

mod called;
mod calling;
mod event;
mod exchange;
mod fork;
mod keypress;
pub mod offer;
pub mod opening;
mod outgoing;
mod redirect;
pub mod referral;
pub mod reliable;
pub mod table;
pub mod timer;
pub mod transfer;

pub use calling::Invite;
pub use event::{Arrival, EndedBy, Event};
pub use keypress::KeyPress;
pub(crate) use referral::replaced_by;
pub use referral::{ReferId, Referral};
pub use reliable::Reliable;
pub use timer::SessionTimer;
pub use transfer::{News, Transfer};

use crate::device::Device;
use crate::dialog::Dialog;
use crate::digest::Credentials;
use crate::endpoint::Endpoint;
use crate::token::{ClientTransactionId, ServerTransactionId, SessionId};
use crate::transaction::Failure;
use crate::transport::{Destination, Source};
use crate::user_agent::{Output, UserAgentConfig};
use base::{Deadlines, IdSource, Network, Now};
use bytes::Bytes;
use fork::{Counter, Fork};
use opening::Opening;
use outgoing::{Authorization, Outgoing};
use referral::Referred;
use reliable::{Provisionals, with_headers};
use sip_message::{HeaderName, Headers, NameAddr, Request, Response, ResponseBuilder, StatusCode, Uri};
use std::collections::VecDeque;
use std::net::IpAddr;
use timer::Keeper;
use transfer::Referring;

/// What a session waits for, beside its transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wait {
    /// Send the 2xx again: T1, doubling up to T2, on every transport (§13.3.1.4).
    RepeatAnswer,
    /// Nobody acknowledges the 2xx: 64·T1.
    AckOverdue,
    /// The INVITE stays unanswered after our CANCEL: 64·T1 (§9.1).
    CancelOverdue,
    /// Send the 1xx again, so that no proxy on the way loses patience: every minute (§13.3.1.1).
    RingAgain,
    /// Send the reliable 1xx again: T1, doubling (RFC 3262 §3).
    RepeatProvisional,
    /// Nobody acknowledges it: 64·T1.
    PrackOverdue,
    /// The owner does not answer an offer that it asked for.
    CounterOverdue,
    /// Try the re-INVITE that met another one again (§14.1).
    Glare,
    /// Refresh the session: half the interval agreed on (RFC 4028).
    Refresh,
    /// Nobody has refreshed the session: the whole interval.
    SessionOverdue,
    /// The news of this transfer have taken too long.
    NewsOverdue(u32),
    /// Nothing more is heard of this transfer of ours.
    TransferOverdue(u32),
    /// Our re-INVITE has had a provisional response and nothing since: [`exchange::OFFER_PATIENCE`].
    OfferOverdue,
}

/// Those that mean nothing any more once the session is closed.
const LIVE_WAITS: [Wait; 10] = [
    Wait::RepeatAnswer,
    Wait::AckOverdue,
    Wait::CancelOverdue,
    Wait::RingAgain,
    Wait::RepeatProvisional,
    Wait::PrackOverdue,
    Wait::CounterOverdue,
    Wait::Glare,
    Wait::Refresh,
    Wait::SessionOverdue,
];

/// What the user agent lends a session while it works.
pub(crate) struct Hands<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) outputs: &'a mut VecDeque<Output>,
    pub(crate) deadlines: &'a mut Deadlines<(SessionId, Wait)>,
    pub(crate) ids: &'a mut IdSource,
    pub(crate) config: &'a UserAgentConfig,
    pub(crate) now: Now,
}

impl Hands<'_> {
    fn wake(&mut self, session: SessionId, wait: Wait, after: base::Duration) {
        self.deadlines.set((session, wait), self.now.mono + after);
    }

    /// What is left of a wait.
    fn left(&self, session: SessionId, wait: Wait) -> base::Duration {
        self.deadlines.due(&(session, wait)).map_or(base::Duration::ZERO, |at| at.since(self.now.mono))
    }

    fn sleep(&mut self, session: SessionId, wait: Wait) {
        self.deadlines.stop(&(session, wait));
    }
}

/// A 2xx of ours that waits for its ACK.
#[derive(Clone, Copy, Debug)]
struct Unacknowledged {
    tx: ServerTransactionId,
    cseq: u32,
    copies: u8,
}

/// An ACK that we may have to send again.
#[derive(Clone, Debug)]
struct Acknowledgment {
    cseq: u32,
    remote_tag: Box<str>,
    bytes: Bytes,
    destination: Destination,
}

/// One leg of a call.
#[derive(Debug)]
pub(crate) struct Session {
    id: SessionId,
    state: table::State,
    offers: offer::State,
    dialog: Dialog,
    /// Our Contact.
    contact: NameAddr,
    credentials: Option<Credentials>,
    authorization: Option<Authorization>,
    /// Requests of ours that have no final answer yet.
    outgoing: Vec<Outgoing>,
    /// INVITEs of ours whose transactions are still there, answered or not.
    invites: Vec<ClientTransactionId>,
    acknowledgments: Vec<Acknowledgment>,
    /// Where the first offer stands.
    opening: Opening,
    /// The peer's INVITE, as long as it has no final answer.
    invited: Option<(ServerTransactionId, Box<Request>)>,
    /// The number of that INVITE.
    invite_number: Option<u32>,
    provisionals: Provisionals,
    /// The peer's re-INVITE, UPDATE or PRACK with an offer that wants the owner's answer.
    asked: Option<(ServerTransactionId, Box<Request>)>,
    unacknowledged: Option<Unacknowledged>,
    /// The branches of our INVITE that ring.
    forks: Vec<Fork>,
    /// What waits for our answer to the offer we asked for.
    counter: Option<Counter>,
    /// The 2xx that waits with it.
    answer: Option<Box<Response>>,
    /// Our last offer after the first, for another attempt after a glare; `None` if it asked for one.
    our_offer: Option<Bytes>,
    /// Our description, as it is in force.
    ours: Bytes,
    /// The early answer of the branch that answered.
    early_answer: Option<Bytes>,
    /// Transfers that the peer asked for.
    referred: Vec<Referred>,
    /// Whether it ever asked for one.
    was_referred: bool,
    /// Transfers that we asked for.
    referring: Vec<Referring>,
    /// How many those were.
    transfers: u32,
    /// Whether the peer takes UPDATE.
    allows_update: bool,
    timer: Keeper,
    /// Whether the offer on its way is a refresh, and not the owner's.
    refreshes: bool,
    /// Whether the owner wants to hear when it may make an offer.
    wants_turn: bool,
    /// Whether we made the Call-ID: decides who waits longer after a glare (§14.1).
    is_caller: bool,
}

/// What came along with an input of the table.
#[derive(Clone, Default)]
pub(crate) struct With<'a> {
    /// The response that came.
    response: Option<&'a Response>,
    /// The number of the request of ours that it answers.
    cseq: u32,
    /// The body of the owner's answer, or of the ACK that came.
    sdp: Option<Bytes>,
    /// The branch that answers.
    fork: u8,
    /// Whether the response only repeats what was told.
    is_copy: bool,
    /// The owner's headers for its answer.
    headers: &'a [(String, String)],
    /// The owner's refusal.
    refusal: Option<&'a Refusal>,
    /// The headers of what ended the call.
    farewell: Option<&'a Headers>,
    /// The owner's headers for what ends the call.
    last_headers: &'a [(String, String)],
    /// Why nobody answers.
    failure: Option<Failure>,
}

/// A refusal of the owner.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) reason: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode) -> Self {
        Self { status, reason: None, headers: Vec::new() }
    }

    /// The answer that says it.
    pub(crate) fn answer(&self, request: &Request) -> ResponseBuilder {
        let response = request.answer(self.status);
        let response = match &self.reason {
            Some(reason) => response.reason(reason),
            None => response,
        };
        with_headers(response, &self.headers)
    }
}

impl Session {
    fn new(id: SessionId, state: table::State, dialog: Dialog, contact: NameAddr, opening: Opening) -> Self {
        Self {
            id,
            state,
            offers: offer::State::Idle,
            dialog,
            contact,
            credentials: None,
            authorization: None,
            outgoing: Vec::new(),
            invites: Vec::new(),
            acknowledgments: Vec::new(),
            opening,
            invited: None,
            invite_number: None,
            provisionals: Provisionals::new(),
            asked: None,
            unacknowledged: None,
            forks: Vec::new(),
            counter: None,
            answer: None,
            our_offer: None,
            ours: Bytes::new(),
            early_answer: None,
            referred: Vec::new(),
            was_referred: false,
            referring: Vec::new(),
            transfers: 0,
            allows_update: false,
            timer: Keeper::new(),
            refreshes: false,
            wants_turn: false,
            is_caller: state == table::State::Calling,
        }
    }

    /// The peer has proved outside of the session where it is now.
    pub(crate) fn follow(&mut self, contact: &Uri, device: &Device, source: Source) {
        self.dialog.follow(contact, device, source);
    }

    /// The peer is this phone.
    pub(crate) fn belongs_to(&mut self, device: Device) {
        self.dialog.belongs_to(device);
    }

    /// Whether a request with this Call-ID and From tag, from this source, is the peer's. If so, that is where the peer
    /// is now.
    pub(crate) fn admits(
        &mut self,
        call_id: &str,
        from_tag: Option<&str>,
        source: Source,
        neighborhoods: &[Network],
    ) -> bool {
        if !self.is_peer(call_id, from_tag, source.remote.ip(), neighborhoods) {
            return false;
        }
        let fork = from_tag.and_then(|tag| self.forks.iter_mut().find(|fork| fork.dialog.is_remote(tag)));
        fork.map_or(&mut self.dialog, |fork| &mut fork.dialog).moved(source);
        true
    }

    /// The same, without taking notice of where it comes from.
    pub(crate) fn is_peer(
        &self,
        call_id: &str,
        from_tag: Option<&str>,
        address: IpAddr,
        neighborhoods: &[Network],
    ) -> bool {
        let fork = from_tag.and_then(|tag| self.forks.iter().find(|fork| fork.dialog.is_remote(tag)));
        let dialog = fork.map_or(&self.dialog, |fork| &fork.dialog);
        let is_at_home = dialog.knows(address)
            || neighborhoods
                .iter()
                .any(|block| block.contains(address) && block.contains(dialog.flow().remote.ip()));
        is_at_home && dialog.is_peer(call_id, from_tag)
    }

    /// Whether this is the dialog, or an early one, with this peer.
    pub(crate) fn is_with(&self, call_id: &str, remote_tag: &str) -> bool {
        let mut dialogs = self.forks.iter().map(|fork| &fork.dialog).chain([&self.dialog]);
        dialogs.any(|dialog| dialog.is_peer(call_id, Some(remote_tag)))
    }

    /// What the peer says that it can do.
    fn notice_abilities(&mut self, headers: &Headers) {
        if headers.contains(HeaderName::Allow) {
            self.allows_update = headers.has_token(HeaderName::Allow, "UPDATE");
        }
    }

    /// The peer has moved.
    fn refresh_target(&mut self, headers: &Headers, tag: Option<&str>) {
        let tag = tag.unwrap_or_default();
        match self.forks.iter_mut().find(|fork| fork.dialog.is_remote(tag)) {
            Some(fork) => fork.dialog.refresh_target(headers),
            None => self.dialog.refresh_target(headers),
        }
    }

    /// Which session.
    pub(crate) fn id(&self) -> SessionId {
        self.id
    }

    /// The state, for a look inside.
    pub(crate) fn state(&self) -> table::State {
        self.state
    }

    /// Its dialog.
    pub(crate) fn dialog(&self) -> &Dialog {
        &self.dialog
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_over(&self) -> bool {
        self.state == table::State::Closed
            && (self.acknowledgments.is_empty() || self.invites.is_empty())
            && self.pending_reinvite().is_none()
            && !self.referred.iter().any(Referred::is_owed)
    }

    /// Stops everything it waits for.
    pub(crate) fn forget_waits(&self, hands: &mut Hands<'_>) {
        self.forget_live_waits(hands);
        self.forget_news(hands);
        hands.sleep(self.id, Wait::OfferOverdue);
    }

    fn forget_live_waits(&self, hands: &mut Hands<'_>) {
        for wait in LIVE_WAITS {
            hands.sleep(self.id, wait);
        }
    }

    /// The owner ends the call, in whatever state it is.
    pub(crate) fn hang_up(&mut self, headers: &[(String, String)], hands: &mut Hands<'_>) {
        self.apply(table::Input::HangUp, With { last_headers: headers, ..With::default() }, hands);
    }

    /// A wait of this session is over.
    pub(crate) fn wake(&mut self, wait: Wait, hands: &mut Hands<'_>) {
        match wait {
            Wait::RepeatAnswer => self.repeat_answer(hands),
            Wait::AckOverdue => {
                self.unacknowledged = None;
                hands.sleep(self.id, Wait::RepeatAnswer);
                self.apply(table::Input::AckOverdue, With::default(), hands);
            }
            Wait::CancelOverdue => self.apply(table::Input::CancelOverdue, With::default(), hands),
            Wait::RepeatProvisional => self.repeat_provisional(hands),
            Wait::PrackOverdue => self.prack_overdue(hands),
            Wait::CounterOverdue => self.counter_overdue(hands),
            Wait::Refresh => self.refresh_due(hands),
            Wait::SessionOverdue => self.session_overdue(hands),
            Wait::RingAgain => self.ring_again(hands),
            Wait::Glare => self.exchange(offer::Input::Retry, With::default(), hands),
            Wait::NewsOverdue(id) => self.news_overdue(ReferId(id), hands),
            Wait::TransferOverdue(id) => self.transfer_overdue(ReferId(id), hands),
            Wait::OfferOverdue => self.give_up_offer(hands),
        }
    }

    /// Moves along the table and does what it says.
    fn apply(&mut self, input: table::Input, with: With<'_>, hands: &mut Hands<'_>) {
        let (next, does) = table::step(self.state, input);
        let (was_live, had_arrived) = (self.state.is_live(), self.state == table::State::Arrived);
        self.state = next;
        if had_arrived && next != table::State::Arrived {
            self.end_provisionals(hands);
        }
        if was_live && !next.is_live() {
            self.end_timer(hands);
            self.end_referrals(hands);
            self.end_transfers(hands);
            self.exchange(offer::Input::End, With::default(), hands);
        }
        for one in does {
            match *one {
                table::Do::TellRinging => self.tell_ringing(&with, hands),
                table::Do::TellAnswered => self.tell_answered(&with, hands),
                table::Do::TellAcked => self.tell(Event::Acked { sdp: with.sdp.clone() }, hands),
                table::Do::TellEnded(why) => {
                    self.tell_farewell(&with, hands);
                    self.tell(Event::Ended(ended_by(why, &with)), hands);
                }
                table::Do::SendAck => self.acknowledge(&with, hands),
                table::Do::SendAnswer => self.send_answer(&with, hands),
                table::Do::StopAnswer => self.stop_answer(hands),
                table::Do::SendRefusal => self.refuse_invite(&with, hands),
                table::Do::SendTerminated => self.terminate_invite(StatusCode::REQUEST_TERMINATED, hands),
                table::Do::SendTimedOut => self.terminate_invite(StatusCode::SERVER_TIMEOUT, hands),
                table::Do::SendCancel => self.send_cancel(&with, hands),
                table::Do::Abandon => self.abandon_invite(hands),
                table::Do::ForgetInvite => self.forget_invite(hands),
                table::Do::SendBye => self.send_bye(&with, hands),
            }
        }
        if self.state == table::State::Closed {
            self.forget_live_waits(hands);
        }
        self.settle(hands);
    }

    /// What the peer says along with the end: why, where else to call, and what it hands over.
    fn tell_farewell(&self, with: &With<'_>, hands: &mut Hands<'_>) {
        if let Some(response) = with.response.filter(|response| response.status().is_redirection()) {
            let contacts = redirect::contacts(response);
            if !contacts.is_empty() {
                self.tell(Event::Redirected { status: response.status(), contacts }, hands);
            }
        }
        let Some(headers) = with.farewell.or_else(|| with.response.map(Response::headers)) else { return };
        let reasons = headers.reasons().unwrap_or_default();
        let user_to_user = headers.user_to_user().unwrap_or_default();
        if !reasons.is_empty() || !user_to_user.is_empty() {
            self.tell(Event::Farewell { reasons, user_to_user }, hands);
        }
    }

    fn tell(&self, event: Event, hands: &mut Hands<'_>) {
        hands.outputs.push_back(Output::Session { session: self.id, event });
    }
}

fn ended_by(why: table::Why, with: &With<'_>) -> EndedBy {
    match why {
        table::Why::PeerBye => EndedBy::PeerBye,
        table::Why::PeerCancel => EndedBy::PeerCancel,
        table::Why::LocalHangUp => EndedBy::LocalHangUp,
        table::Why::NoAck => EndedBy::NoAck,
        table::Why::NoPrack => EndedBy::NoPrack,
        table::Why::Expired => EndedBy::Expired,
        table::Why::NoAnswer => match with.failure {
            Some(Failure::Transport) => EndedBy::Transport,
            Some(Failure::Timeout) | None => EndedBy::Timeout,
        },
        table::Why::Rejected => match with.response {
            Some(response) => {
                EndedBy::Rejected { status: response.status(), reason: response.reason().into_owned() }
            }
            None => EndedBy::Timeout,
        },
    }
}

/// The session description in a message, if its body is one.
pub(crate) fn sdp_of(headers: &Headers, body: &Bytes) -> Option<Bytes> {
    if body.is_empty() {
        return None;
    }
    let kind = headers.get(HeaderName::ContentType)?.text();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/sdp").then(|| body.clone())
}
