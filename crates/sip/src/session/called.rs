//! Their INVITE: ringing, answering, refusing, their CANCEL, ACK and BYE. RFC 3261 §9.2, §13.3, §15.1.2.

use super::{
    Arrival, EndedBy, Event, Hands, Refusal, Session, Unacknowledged, Wait, With, offer, sdp_of, table,
};
use crate::authenticator::Challenge;
use crate::dialog::{Dialog, contact_at};
use crate::facts;
use crate::token::{ServerTransactionId, SessionId};
use crate::transport::Source;
use base::Duration;
use bytes::Bytes;
use sip_message::{HeaderName, NameAddr, Request, ResponseBuilder, StatusCode};

/// How often a provisional response is repeated while the owner makes up its mind (§13.3.1.1).
const RING_AGAIN: Duration = Duration::from_secs(60);

impl Session {
    /// A call comes. `None` if the INVITE lacks what a dialog is made of.
    pub(crate) fn arrive(
        tx: ServerTransactionId,
        request: Box<Request>,
        source: Source,
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
            request: (*request).clone(),
        };
        let session = Self {
            id,
            state: table::State::Arrived,
            offers: offer::State::Idle,
            dialog,
            contact: NameAddr::new(contact),
            credentials: None,
            authorization: None,
            outgoing: Vec::new(),
            invites: Vec::new(),
            acknowledgments: Vec::new(),
            asked: Some((tx, request)),
            unacknowledged: None,
            our_offer: Bytes::new(),
            early_answer: None,
            is_caller: false,
        };
        session.tell(Event::Incoming(Box::new(arrival)), hands);
        Some(session)
    }

    /// The owner says that it works on the call: any 1xx, with early media if there is a body.
    pub(crate) fn progress(&mut self, status: StatusCode, sdp: Option<Bytes>, hands: &mut Hands<'_>) {
        if self.state != table::State::Arrived || !status.is_provisional() {
            return;
        }
        let Some((tx, request)) = &self.asked else { return };
        let mut response = request.answer(status);
        if status != StatusCode::TRYING {
            response = response.to_tag(&self.id.to_string()).record_routes(request);
            response = response.header(HeaderName::Contact, &self.contact);
        }
        if let Some(sdp) = sdp {
            response = response.body("application/sdp", sdp);
        }
        hands.endpoint.answer(*tx, request, response, hands.now.mono);
        hands.wake(self.id, Wait::RingAgain, RING_AGAIN);
    }

    /// The owner answers.
    pub(crate) fn answer(&mut self, sdp: Bytes, hands: &mut Hands<'_>) {
        self.apply(table::Input::Answer, With { sdp: Some(sdp), ..With::default() }, hands);
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
    pub(crate) fn turn_away(&mut self, status: StatusCode, reason: Option<&str>, hands: &mut Hands<'_>) {
        let refusal = |request: &Request| {
            let refusal = request.answer(status);
            match reason {
                Some(reason) => refusal.reason(reason),
                None => refusal,
            }
        };
        self.answer_and_forget(refusal, EndedBy::LocalHangUp, hands);
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
        let Some((tx, request)) = self.asked.take() else { return };
        hands.endpoint.respond_and_forget(tx, answer(&request));
        self.state = table::State::Closed;
        self.forget_waits(hands);
        self.tell(Event::Ended(ended), hands);
    }

    /// Their CANCEL, already answered.
    pub(crate) fn handle_cancel(&mut self, tx: ServerTransactionId, hands: &mut Hands<'_>) {
        if tx.as_u64() == self.id.as_u64() {
            self.apply(table::Input::Cancel, With::default(), hands);
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
        self.apply(table::Input::Bye, With::default(), hands);
    }

    /// What was asked can be answered no more, because the way back is closed or the peer is gone.
    pub(crate) fn handle_unanswered(
        &mut self,
        tx: ServerTransactionId,
        why: crate::transaction::Failure,
        hands: &mut Hands<'_>,
    ) {
        if self.asked.as_ref().is_some_and(|(asked, _)| *asked == tx) {
            self.asked = None;
            let with = With { failure: Some(why), ..With::default() };
            let input = if self.state == table::State::Arrived {
                table::Input::NoAnswer
            } else {
                table::Input::DialogLost
            };
            self.apply(input, with, hands);
        }
    }

    pub(super) fn send_answer(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        hands.sleep(self.id, Wait::RingAgain);
        let Some((tx, request)) = self.asked.take() else { return };
        let response = self.success(&request, with.sdp.clone(), hands).record_routes(&request);
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
        &self,
        request: &Request,
        sdp: Option<Bytes>,
        hands: &Hands<'_>,
    ) -> ResponseBuilder {
        let response = request
            .answer(StatusCode::OK)
            .to_tag(&self.id.to_string())
            .header(HeaderName::Contact, &self.contact)
            .header(HeaderName::Allow, &*hands.config.allow())
            .header(HeaderName::Server, &*hands.config.name);
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
        if let Some((tx, _)) = &self.asked {
            hands.endpoint.repeat(*tx, hands.now.mono);
            hands.wake(self.id, Wait::RingAgain, RING_AGAIN);
        }
    }

    pub(super) fn stop_answer(&mut self, hands: &mut Hands<'_>) {
        self.unacknowledged = None;
        hands.sleep(self.id, Wait::RepeatAnswer);
        hands.sleep(self.id, Wait::AckOverdue);
    }

    pub(super) fn send_refusal(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        hands.sleep(self.id, Wait::RingAgain);
        let Some((tx, request)) = self.asked.take() else { return };
        let Some(refusal) = with.refusal else { return };
        let mut response = request.answer(refusal.status).to_tag(&self.id.to_string());
        if let Some(reason) = &refusal.reason {
            response = response.reason(reason);
        }
        for (name, value) in &refusal.headers {
            response = response.header(name.as_str(), value.as_str());
        }
        hands.endpoint.answer(tx, &request, response, hands.now.mono);
    }

    pub(super) fn send_terminated(&mut self, hands: &mut Hands<'_>) {
        hands.sleep(self.id, Wait::RingAgain);
        if let Some((tx, request)) = self.asked.take() {
            let response = request.answer(StatusCode::REQUEST_TERMINATED).to_tag(&self.id.to_string());
            hands.endpoint.answer(tx, &request, response, hands.now.mono);
        }
    }
}
