//! A client transaction with what it carries: the request as sent, where it went, whose it is.

use crate::facts;
use crate::token::SessionId;
use crate::transaction::{Do, Timer, invite_client, non_invite_client};
use crate::transport::Destination;
use bytes::Bytes;
use sip_message::{HeaderName, Message, Method, Request, Response};

/// One request of ours.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) machine: Machine,
    pub(super) destination: Destination,
    pub(super) session: Option<SessionId>,
    /// The request as sent; after a 3xx–6xx to an INVITE the ACK; after a 2xx nothing.
    pub(super) sent: Bytes,
    /// How often the request has been repeated.
    pub(super) copies: u8,
    /// Whether nobody waits for its answer any more, and nothing may say so yet (§9.1).
    pub(super) is_abandoned: bool,
    /// A large request that has gone over a stream, as the datagram it was to be; until something comes back.
    pub(super) datagram: Option<Bytes>,
    /// Whether the request is somebody else's, whose Vias stand below ours.
    pub(super) is_forwarded: bool,
}

/// Which table it follows, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Machine {
    Invite(invite_client::State),
    Other(non_invite_client::State),
}

/// What can happen to either kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input {
    Provisional,
    Success,
    Failure,
    Timer(Timer),
    TransportError,
    GiveUp,
}

/// How often an INVITE is sent that nobody waits for any more: at 0, 0.5, 1.5 and 3.5 s.
pub(super) const ABANDONED_COPIES_MAX: u8 = 4;

/// The timers either kind may have running.
pub(super) const TIMERS: [Timer; 7] = [Timer::A, Timer::B, Timer::D, Timer::M, Timer::E, Timer::F, Timer::K];

impl Client {
    pub(super) fn new(
        method: &Method,
        destination: Destination,
        session: Option<SessionId>,
        sent: Bytes,
    ) -> Self {
        let reliability = destination.transport.reliability();
        let machine = if *method == Method::Invite {
            Machine::Invite(invite_client::start(reliability).0)
        } else {
            Machine::Other(non_invite_client::start(reliability).0)
        };
        Self {
            machine,
            destination,
            session,
            sent,
            copies: 0,
            is_abandoned: false,
            datagram: None,
            is_forwarded: false,
        }
    }

    /// What it does first.
    pub(super) fn first(&self) -> &'static [Do] {
        let reliability = self.destination.transport.reliability();
        match self.machine {
            Machine::Invite(_) => invite_client::start(reliability).1,
            Machine::Other(_) => non_invite_client::start(reliability).1,
        }
    }

    /// Begins anew with another copy of the request, as a datagram. Returns what it does first.
    pub(super) fn restart(&mut self, datagram: Bytes) -> &'static [Do] {
        let transport = crate::transport::Transport::Udp;
        self.destination = Destination { transport, connection: None, ..self.destination };
        self.sent = datagram;
        self.copies = 0;
        self.first()
    }

    pub(super) fn step(&mut self, input: Input) -> &'static [Do] {
        let reliability = self.destination.transport.reliability();
        match self.machine {
            Machine::Invite(state) => {
                let input = match input {
                    Input::Provisional => invite_client::Input::Provisional,
                    Input::Success => invite_client::Input::Success,
                    Input::Failure => invite_client::Input::Failure,
                    Input::Timer(timer) => invite_client::Input::Timer(timer),
                    Input::TransportError => invite_client::Input::TransportError,
                    Input::GiveUp => invite_client::Input::GiveUp,
                };
                let (next, does) = invite_client::step(state, input, reliability);
                self.machine = Machine::Invite(next);
                if next == invite_client::State::Accepted {
                    self.sent = Bytes::new();
                }
                does
            }
            Machine::Other(state) => {
                let input = match input {
                    Input::Provisional => non_invite_client::Input::Provisional,
                    Input::Success | Input::Failure => non_invite_client::Input::Final,
                    Input::Timer(timer) => non_invite_client::Input::Timer(timer),
                    // To give up on a request is the same as to hear that it went nowhere.
                    Input::TransportError | Input::GiveUp => non_invite_client::Input::TransportError,
                };
                let (next, does) = non_invite_client::step(state, input, reliability);
                self.machine = Machine::Other(next);
                does
            }
        }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(
            self.machine,
            Machine::Invite(invite_client::State::Terminated)
                | Machine::Other(non_invite_client::State::Terminated)
        )
    }

    /// Whether the INVITE may be canceled now: a provisional response came, a final one did not (§9.1).
    pub(super) fn may_be_canceled(&self) -> bool {
        self.machine == Machine::Invite(invite_client::State::Proceeding)
    }

    /// Whether a message to this address goes the way this request went.
    pub(super) fn goes_over(&self, failed: &super::TransportError) -> bool {
        failed.concerns(&self.destination)
    }

    /// Whether it may be sent again that has been sent `sent` times: not often if nobody waits for it any more.
    ///
    /// The RFC would have it repeated for half a minute, until something comes that a CANCEL can follow. A server that
    /// comes back in that time would ring somebody for a call that is long over; one that rings already hears the first
    /// copies, and its answer to one of them brings the CANCEL.
    pub(super) fn may_be_repeated(&self, sent: u8) -> bool {
        !self.is_abandoned || sent < ABANDONED_COPIES_MAX
    }

    /// The ACK of a 3xx–6xx (§17.1.1.3). The first one takes the INVITE's place; copies of the response get it again.
    pub(super) fn acknowledge(&mut self, response: &Response) -> Bytes {
        if let Some(ack) =
            self.follow_up(Method::Ack, response.headers().get(HeaderName::To).map(|to| to.as_bytes()))
        {
            self.sent = ack;
        }
        self.sent.clone()
    }

    /// The CANCEL of this INVITE (§9.1).
    pub(super) fn cancel(&self, reason: Option<&str>) -> Option<Bytes> {
        let invite = self.request()?;
        let cancel = self.copy(&invite, Method::Cancel, None)?.optional(HeaderName::Reason, reason);
        Some(cancel.build().ok()?.to_bytes())
    }

    fn follow_up(&self, method: Method, to: Option<&[u8]>) -> Option<Bytes> {
        let invite = self.request()?;
        if *invite.method() != Method::Invite {
            return None;
        }
        Some(self.copy(&invite, method, to)?.build().ok()?.to_bytes())
    }

    /// A request on the same branch: the INVITE's target, top Via, Route, From, Call-ID and CSeq number.
    fn copy(
        &self,
        invite: &Request,
        method: Method,
        to: Option<&[u8]>,
    ) -> Option<sip_message::RequestBuilder> {
        let headers = invite.headers();
        let number = facts::cseq(headers)?.number;
        let to = to.or_else(|| headers.get(HeaderName::To).map(|to| to.as_bytes()))?;
        let cseq = sip_message::CSeq { number, method: method.clone() };
        Some(
            Request::builder(method, invite.uri().clone())
                .header(HeaderName::Via, facts::top_via(headers)?)
                .header(HeaderName::MaxForwards, 70)
                .headers(HeaderName::Route, headers.all(HeaderName::Route).map(|route| route.as_bytes()))
                .header(HeaderName::From, headers.get(HeaderName::From)?.as_bytes())
                .header(HeaderName::To, to)
                .header(HeaderName::CallId, headers.get(HeaderName::CallId)?.as_bytes())
                .header(HeaderName::CSeq, cseq),
        )
    }

    fn request(&self) -> Option<Request> {
        match Message::parse(self.sent.clone()) {
            Ok(Message::Request(request)) => Some(request),
            _ => None,
        }
    }
}

/// How a response's status moves the tables.
pub(super) fn input_of(response: &Response) -> Input {
    let status = response.status();
    if status.is_provisional() {
        Input::Provisional
    } else if status.is_success() {
        Input::Success
    } else {
        Input::Failure
    }
}
