//! What the owner of a call leg is told.

use super::keypress::KeyPress;
use super::referral::{ReferId, Referral};
use super::transfer::News;
use crate::token::{ServerTransactionId, SessionId};
use crate::transport::Source;
use bytes::Bytes;
use sip_message::header::{Reason, UserToUser};
use sip_message::{NameAddr, Request, Response, StatusCode};

/// Something happened to a session.
#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody calls. Answer, refuse or challenge it.
    Incoming(Box<Arrival>),
    /// Our call is being worked on: it rings, or early media may come.
    Ringing {
        /// 180, 183 or another 1xx; 100 is not told.
        status: StatusCode,
        /// The early answer to our offer, if there is one. Branches of a forked call may give several.
        sdp: Option<Bytes>,
        /// Which branch it is, counted from 0 in the order of their appearance; 255 for one that is not told apart.
        fork: u8,
        /// The response, with all its headers.
        response: Box<Response>,
    },
    /// Our call was answered and acknowledged.
    Answered {
        /// The answer to our offer; the early one of the same branch if it was agreed before, or if the final response
        /// had none. `None` if the offer was the peer's, or if an UPDATE has changed what was agreed: it stands then.
        sdp: Option<Bytes>,
        /// The response, with all its headers.
        response: Box<Response>,
    },
    /// The caller has our answer: media is agreed on both sides.
    Acked {
        /// The answer to the offer in our 2xx, if the INVITE had none.
        sdp: Option<Bytes>,
    },
    /// The peer wants to change the session, or made the offer that was asked for. Answer or refuse it.
    Offer {
        /// Its offer; `None` if it asks for ours.
        sdp: Option<Bytes>,
    },
    /// The peer has taken its offer back; nothing is to be answered any more.
    OfferWithdrawn,
    /// The peer answered our offer; or acknowledged our answer to its offer, with the answer to an offer of ours in it.
    OfferAnswered {
        /// Its answer.
        sdp: Option<Bytes>,
    },
    /// The session stays as it was before our offer.
    OfferFailed {
        /// What the peer said; 491 also if another offer is on its way in either direction, 408 for silence.
        status: StatusCode,
    },
    /// The session was refreshed by a re-INVITE of ours that repeated our description (RFC 4028).
    Refreshed {
        /// The peer's description, unchanged unless it moved.
        sdp: Option<Bytes>,
    },
    /// An offer that came at a bad moment ([`Event::OfferFailed`] with 491, before anything was sent) may be made now.
    Settled,
    /// The peer pressed a key and says so in INFO. It is answered already.
    Key(KeyPress),
    /// The peer sent INFO about something else. It is answered already.
    Info {
        /// The type of the body, as written.
        content_type: String,
        /// The body.
        body: Bytes,
    },
    /// The peer asks us to call somebody else. Answer with [`crate::UserAgent::accept_refer`] or
    /// [`crate::UserAgent::decline_refer`]; if accepted, tell how it goes with [`crate::UserAgent::report_refer`], also
    /// after this call has ended.
    Refer(Box<Referral>),
    /// How a transfer goes that we have asked for with [`crate::UserAgent::refer`].
    Transfer {
        /// Which one.
        id: ReferId,
        /// How it goes.
        news: News,
    },
    /// A request in this dialog that the owner must answer with [`crate::UserAgent::respond`]: MESSAGE, and NOTIFY or
    /// SUBSCRIBE that are about no transfer.
    Request {
        /// Its transaction.
        tx: ServerTransactionId,
        /// The request.
        request: Box<Request>,
    },
    /// A request made with [`crate::UserAgent::send`] got its final answer, or none: 408.
    Response {
        /// The request's method.
        method: sip_message::Method,
        /// The answer's status.
        status: StatusCode,
    },
    /// Our call was refused with a 3xx that names other places. Nobody follows them unless the owner does. Told right
    /// before [`Event::Ended`].
    Redirected {
        /// With what.
        status: StatusCode,
        /// Where else to call: the most wanted first, and in the order given among equals.
        contacts: Vec<NameAddr>,
    },
    /// What the peer said along with its BYE, CANCEL or refusal. Told right before [`Event::Ended`], if there is
    /// anything.
    Farewell {
        /// Why (RFC 3326).
        reasons: Vec<Reason>,
        /// What it hands over (RFC 7433).
        user_to_user: Vec<UserToUser>,
    },
    /// It is over. Nothing follows.
    Ended(EndedBy),
}

/// A call that came.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The INVITE, with everything in it.
    pub request: Request,
    /// Where it came from.
    pub source: Source,
    /// Who calls, as the caller says.
    pub from: NameAddr,
    /// Whom the caller wanted.
    pub to: NameAddr,
    /// Who calls, as the network before us asserts (RFC 3325). To be believed from trusted trunks only.
    pub asserted: Option<NameAddr>,
    /// The caller's offer; `None` if it wants ours.
    pub offer: Option<Bytes>,
    /// The session that the call is to take the place of (RFC 3891): once the call may be made and is answered, that one
    /// is to be hung up.
    pub replaces: Option<SessionId>,
}

/// Why a session is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The peer hung up.
    PeerBye,
    /// The caller gave up before we answered.
    PeerCancel,
    /// The owner ended it.
    LocalHangUp,
    /// The peer refused our call.
    Rejected {
        /// With what.
        status: StatusCode,
        /// And which words.
        reason: String,
    },
    /// The peer does not answer any more.
    Timeout,
    /// The peer cannot be reached.
    Transport,
    /// The peer never acknowledged our answer.
    NoAck,
    /// The peer never acknowledged a provisional response that had to be (RFC 3262).
    NoPrack,
    /// The session was not refreshed in time (RFC 4028).
    Expired,
    /// The owner challenged the caller, who may call again with credentials.
    Challenged,
}
