//! The INVITE usage of a dialog (RFC 5057): one session for each leg of a call, in either direction.
//!
//! Two tables decide: [`table`] for the life of the leg, [`offer`] for changes of what was agreed. The files beside
//! them carry out what the tables ask for: `calling` for our INVITE, `called` for theirs, `exchange` for offers,
//! `outgoing` for every request of ours in the dialog with the credentials it may need.
//!
//! A session lives until the last message it may have to repeat or acknowledge is history, which may be 32 s after its
//! owner was told that it ended.

mod called;
mod calling;
mod event;
mod exchange;
pub mod offer;
mod outgoing;
pub mod table;

pub use calling::Invite;
pub use event::{Arrival, EndedBy, Event};

use crate::dialog::Dialog;
use crate::digest::Credentials;
use crate::endpoint::Endpoint;
use crate::token::{ClientTransactionId, ServerTransactionId, SessionId};
use crate::transaction::Failure;
use crate::transport::Destination;
use crate::user_agent::{Output, UserAgentConfig};
use base::{Deadlines, IdSource, Now};
use bytes::Bytes;
use outgoing::{Authorization, Outgoing};
use sip_message::{HeaderName, Headers, NameAddr, Request, Response, StatusCode};
use std::collections::VecDeque;

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
    /// Try the re-INVITE that met another one again (§14.1).
    Glare,
    /// Our re-INVITE has had a provisional response and nothing since: [`exchange::OFFER_PATIENCE`].
    OfferOverdue,
}

/// Those that mean nothing any more once the session is closed.
const LIVE_WAITS: [Wait; 5] =
    [Wait::RepeatAnswer, Wait::AckOverdue, Wait::CancelOverdue, Wait::RingAgain, Wait::Glare];

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
    /// The peer's INVITE or UPDATE that wants the owner's answer.
    asked: Option<(ServerTransactionId, Box<Request>)>,
    unacknowledged: Option<Unacknowledged>,
    /// Our last offer, for another attempt after a challenge or a glare.
    our_offer: Bytes,
    /// The last early answer of the peer.
    early_answer: Option<Bytes>,
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
    /// The owner's refusal.
    refusal: Option<&'a Refusal>,
    /// The words for a Reason header.
    reason: Option<&'a str>,
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

impl Session {
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

    /// Its dialog, to be moved.
    pub(crate) fn dialog_mut(&mut self) -> &mut Dialog {
        &mut self.dialog
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_over(&self) -> bool {
        self.state == table::State::Closed
            && (self.acknowledgments.is_empty() || self.invites.is_empty())
            && self.pending_reinvite().is_none()
    }

    /// Stops everything it waits for.
    pub(crate) fn forget_waits(&self, hands: &mut Hands<'_>) {
        self.forget_live_waits(hands);
        hands.sleep(self.id, Wait::OfferOverdue);
    }

    fn forget_live_waits(&self, hands: &mut Hands<'_>) {
        for wait in LIVE_WAITS {
            hands.sleep(self.id, wait);
        }
    }

    /// The owner ends the call, in whatever state it is.
    pub(crate) fn hang_up(&mut self, reason: Option<&str>, hands: &mut Hands<'_>) {
        self.apply(table::Input::HangUp, With { reason, ..With::default() }, hands);
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
            Wait::RingAgain => self.ring_again(hands),
            Wait::Glare => self.exchange(offer::Input::Retry, With::default(), hands),
            Wait::OfferOverdue => self.give_up_offer(hands),
        }
    }

    /// Moves along the table and does what it says.
    fn apply(&mut self, input: table::Input, with: With<'_>, hands: &mut Hands<'_>) {
        let (next, does) = table::step(self.state, input);
        let was_live = self.state.is_live();
        self.state = next;
        if was_live && !next.is_live() {
            self.exchange(offer::Input::End, With::default(), hands);
        }
        for one in does {
            match *one {
                table::Do::TellRinging => self.tell_ringing(&with, hands),
                table::Do::TellAnswered => self.tell_answered(&with, hands),
                table::Do::TellAcked => self.tell(Event::Acked { sdp: with.sdp.clone() }, hands),
                table::Do::TellEnded(why) => self.tell(Event::Ended(ended_by(why, &with)), hands),
                table::Do::SendAck => self.acknowledge(&with, hands),
                table::Do::SendAnswer => self.send_answer(&with, hands),
                table::Do::StopAnswer => self.stop_answer(hands),
                table::Do::SendRefusal => self.send_refusal(&with, hands),
                table::Do::SendTerminated => self.send_terminated(hands),
                table::Do::SendCancel => self.send_cancel(&with, hands),
                table::Do::ForgetInvite => self.forget_invite(hands),
                table::Do::SendBye => self.send_bye(&with, hands),
            }
        }
        if self.state == table::State::Closed {
            self.forget_live_waits(hands);
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
