//! Their INVITE: ringing, answering, refusing, their CANCEL, ACK and BYE. RFC 3261 §9.2, §13.3, §15.1.2.

use super::opening::Opening;
use super::reliable::with_headers;
use super::{
    Arrival, EndedBy, Event, Hands, Refusal, Session, Unacknowledged, Wait, With, offer, sdp_of, table,
};
use crate::authenticator::Challenge;
use crate::dialog::{Dialog, contact_at};
use crate::facts;
use crate::token::{ServerTransactionId, SessionId};
use crate::transport::{Destination, Source};
use base::Duration;
use bytes::Bytes;
use sip_message::{HeaderName, NameAddr, Request, ResponseBuilder, StatusCode};

/// How often a provisional response is repeated while the owner makes up its mind (§13.3.1.1).
pub(super) const RING_AGAIN: Duration = Duration::from_secs(60);

impl Session {
    /// A call comes. `None` if the INVITE lacks what a dialog is made of.
    pub(crate) fn arrive(
        tx: ServerTransactionId,
        request: Box<Request>,
        source: Source,
        replaces: Option<SessionId>,
        hands: &mut Hands<'_>,
    ) -> Option<Self> {
        let id = SessionId::from_u64(tx.as_u64());
        let headers = request.headers();
        let dialog = Dialog::called(id, &request, source)?;
        let user = request.uri().user();
        let contact = contact_at(user.as_deref(), source.transport, source.local)?;
        let asserted = headers
            .list(HeaderName::PAssertedIdentity)
            .next()
            .and_then(|value| NameAddr::parse(value.as_bytes()).ok());
        let arrival = Arrival {
            from: facts::from(headers)?,
            to: facts::to(headers)?,
            asserted,
            offer: sdp_of(headers, request.body()),
            source,
            replaces,
            request: (*request).clone(),
        };
        let opening = if arrival.offer.is_some() { Opening::Offered } else { Opening::Wanted };
        let mut session = Self {
            invite_number: facts::cseq(headers).map(|cseq| cseq.number),
            ..Self::new(id, table::State::Arrived, dialog, NameAddr::new(contact), opening)
        };
        session.notice_abilities(headers);
        session.invited = Some((tx, request));
        session.tell(Event::Incoming(Box::new(arrival)), hands);
        Some(session)
    }

    /// The INVITE, as long as it has no final answer.
    pub(crate) fn arrived(&self) -> Option<&Request> {
        let (_, request) = self.invited.as_ref().filter(|_| self.state == table::State::Arrived)?;
        Some(request)
    }

    /// The owner leaves the call to the proxy: the INVITE, and where it came from. The session is over then, and says
    /// nothing.
    pub(crate) fn hand_over(
        &mut self,
        hands: &mut Hands<'_>,
    ) -> Option<(ServerTransactionId, Box<Request>, Source)> {
        let (tx, request) = self.invited.take().filter(|_| self.state == table::State::Arrived)?;
        self.state = table::State::Closed;
        self.forget_waits(hands);
        let Destination { transport, local, remote, connection } = self.dialog.flow();
        Some((tx, request, Source { transport, local, remote, connection }))
    }

    /// The owner refuses.
    pub(crate) fn reject(&mut self, refusal: &Refusal, hands: &mut Hands<'_>) {
        self.apply(table::Input::Reject, With { refusal: Some(refusal), ..With::default() }, hands);
    }

    /// The owner wants to know first who calls. The caller may come again.
    pub(crate) fn challenge(&mut self, challenge: &Challenge, hands: &mut Hands<'_>) {
        self.answer_and_forget(|request| challenge.answer(request), EndedBy::Challenged, hands);
    }

    /// The owner wants nothing to do with the caller.
    pub(crate) fn turn_away(&mut self, refusal: &Refusal, hands: &mut Hands<'_>) {
        self.answer_and_forget(|request| refusal.answer(request), EndedBy::LocalHangUp, hands);
    }

    /// Answers the INVITE once, without a transaction that would repeat the answer or swallow copies.
    fn answer_and_forget(
        &mut self,
        answer: impl FnOnce(&Request) -> ResponseBuilder,
        ended: EndedBy,
        hands: &mut Hands<'_>,
    ) {
        if self.state != table::State::Arrived {
            return;
        }
        let Some((tx, request)) = self.invited.take() else { return };
        hands.endpoint.respond_and_forget(tx, answer(&request));
        self.state = table::State::Closed;
        self.forget_waits(hands);
        self.tell(Event::Ended(ended), hands);
    }

    /// Their CANCEL, already answered.
    pub(crate) fn handle_cancel(&mut self, tx: ServerTransactionId, cancel: &Request, hands: &mut Hands<'_>) {
        if tx.as_u64() == self.id.as_u64() {
            let with = With { farewell: Some(cancel.headers()), ..With::default() };
            self.apply(table::Input::Cancel, with, hands);
        } else if self.asked.as_ref().is_some_and(|(asked, _)| *asked == tx) {
            self.exchange(offer::Input::Cancel, With::default(), hands);
        }
    }

    /// Their ACK.
    pub(crate) fn handle_ack(&mut self, request: &Request, hands: &mut Hands<'_>) {
        let number = facts::cseq(request.headers()).map(|cseq| cseq.number);
        if self.unacknowledged.is_none_or(|waiting| Some(waiting.cseq) != number) {
            return;
        }
        let with = With { sdp: sdp_of(request.headers(), request.body()), ..With::default() };
        match self.offers {
            offer::State::Accepted => self.exchange(offer::Input::Ack, with, hands),
            _ => self.apply(table::Input::Ack, with, hands),
        }
    }

    /// Their BYE. It is answered here; a request of theirs that still waits gets its 487 from the tables.
    pub(crate) fn handle_bye(&mut self, tx: ServerTransactionId, request: &Request, hands: &mut Hands<'_>) {
        hands.endpoint.answer(tx, request, request.answer(StatusCode::OK), hands.now.mono);
        self.apply(table::Input::Bye, With { farewell: Some(request.headers()), ..With::default() }, hands);
    }

    /// What was asked can be answered no more, because the way back is closed or the peer is gone.
    pub(crate) fn handle_unanswered(
        &mut self,
        tx: ServerTransactionId,
        why: crate::transaction::Failure,
        hands: &mut Hands<'_>,
    ) {
        let with = With { failure: Some(why), ..With::default() };
        if self.invited.as_ref().is_some_and(|(invited, _)| *invited == tx) {
            self.invited = None;
            self.apply(table::Input::NoAnswer, with, hands);
        } else if self.asked.as_ref().is_some_and(|(asked, _)| *asked == tx) {
            self.asked = None;
            self.apply(table::Input::DialogLost, with, hands);
        }
    }

    pub(super) fn send_answer(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        hands.sleep(self.id, Wait::RingAgain);
        let Some((tx, request)) = self.invited.take() else { return };
        // What a reliable provisional response has agreed is not said again (RFC 6337 §3.1).
        let sdp = with.sdp.clone().filter(|_| self.opening != Opening::Agreed);
        if let Some(sdp) = &sdp {
            self.ours = sdp.clone();
        }
        let response = self.success(&request, sdp, hands).record_routes(&request);
        let response = with_headers(response, with.headers);
        self.send_and_repeat(tx, &request, response, hands);
    }

    /// A 2xx is repeated by us until the ACK comes, over every transport (§13.3.1.4).
    pub(super) fn send_and_repeat(
        &mut self,
        tx: ServerTransactionId,
        request: &Request,
        response: ResponseBuilder,
        hands: &mut Hands<'_>,
    ) {
        let cseq = facts::cseq(request.headers()).map_or(0, |cseq| cseq.number);
        hands.endpoint.answer(tx, request, response, hands.now.mono);
        self.unacknowledged = Some(Unacknowledged { tx, cseq, copies: 0 });
        let timing = hands.config.endpoint.timing;
        hands.wake(self.id, Wait::RepeatAnswer, timing.t1);
        hands.wake(self.id, Wait::AckOverdue, timing.patience());
    }

    /// A 2xx to an INVITE or UPDATE.
    pub(super) fn success(
        &mut self,
        request: &Request,
        sdp: Option<Bytes>,
        hands: &mut Hands<'_>,
    ) -> ResponseBuilder {
        let response = request
            .answer(StatusCode::OK)
            .to_tag(&self.id.to_string())
            .header(HeaderName::Contact, &self.contact)
            .header(HeaderName::Allow, &*hands.config.allow())
            .header(HeaderName::Supported, hands.config.supported())
            .header(HeaderName::Server, &*hands.config.name);
        let response = self.agree_timer(request, response, hands);
        match sdp {
            Some(sdp) if !sdp.is_empty() => response.body("application/sdp", sdp),
            _ => response,
        }
    }

    pub(super) fn repeat_answer(&mut self, hands: &mut Hands<'_>) {
        let Some(waiting) = &mut self.unacknowledged else { return };
        waiting.copies = waiting.copies.saturating_add(1);
        let (tx, timing) = (waiting.tx, hands.config.endpoint.timing);
        let pause = timing.backoff(waiting.copies, timing.t2);
        hands.endpoint.repeat(tx, hands.now.mono);
        hands.wake(self.id, Wait::RepeatAnswer, pause);
    }

    pub(super) fn ring_again(&mut self, hands: &mut Hands<'_>) {
        if let Some((tx, _)) = &self.invited {
            hands.endpoint.repeat(*tx, hands.now.mono);
            hands.wake(self.id, Wait::RingAgain, RING_AGAIN);
        }
    }

    pub(super) fn stop_answer(&mut self, hands: &mut Hands<'_>) {
        self.unacknowledged = None;
        hands.sleep(self.id, Wait::RepeatAnswer);
        hands.sleep(self.id, Wait::AckOverdue);
    }

    /// Refuses the INVITE with the owner's status.
    pub(super) fn refuse_invite(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        if let Some(invited) = self.invited.take() {
            self.refuse_with(invited, with.refusal, hands);
        }
    }

    /// Refuses the peer's offer with the owner's status.
    pub(super) fn refuse_asked(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        if let Some(asked) = self.asked.take() {
            self.refuse_with(asked, with.refusal, hands);
        }
    }

    /// Refuses the INVITE because the call is over before it began.
    pub(super) fn terminate_invite(&mut self, status: StatusCode, hands: &mut Hands<'_>) {
        if let Some(invited) = self.invited.take() {
            self.refuse_with(invited, Some(&Refusal::new(status)), hands);
        }
    }

    /// Refuses the peer's offer because the call is over.
    pub(super) fn terminate_asked(&mut self, hands: &mut Hands<'_>) {
        if let Some(asked) = self.asked.take() {
            self.refuse_with(asked, Some(&Refusal::new(StatusCode::REQUEST_TERMINATED)), hands);
        }
    }

    fn refuse_with(
        &self,
        (tx, request): (ServerTransactionId, Box<Request>),
        refusal: Option<&Refusal>,
        hands: &mut Hands<'_>,
    ) {
        let Some(refusal) = refusal else { return };
        let response = refusal.answer(&request).to_tag(&self.id.to_string());
        hands.endpoint.answer(tx, &request, response, hands.now.mono);
    }
}
