//! Offers after the call is up: our re-INVITE, their re-INVITE and UPDATE. RFC 3261 §14, RFC 3311.

use super::outgoing::{Draft, Purpose};
use super::{Event, Hands, Refusal, Session, Wait, With, offer, sdp_of, table};
use crate::facts;
use crate::token::{ClientTransactionId, ServerTransactionId};
use crate::transaction::Failure;
use base::Duration;
use bytes::Bytes;
use sip_message::{HeaderName, Method, Request, Response, StatusCode};

/// How long a peer may work on our offer. Offers are answered by machines, so one that takes longer is gone.
pub(super) const OFFER_PATIENCE: Duration = Duration::from_secs(60);

impl Session {
    /// The owner wants to change the session.
    pub(crate) fn offer(&mut self, sdp: Bytes, hands: &mut Hands<'_>) {
        if self.state == table::State::Established {
            self.exchange(offer::Input::Offer, With { sdp: Some(sdp), ..With::default() }, hands);
        } else if self.state.is_live() {
            self.tell(Event::OfferFailed { status: StatusCode::REQUEST_PENDING }, hands);
        }
    }

    /// The owner answers the peer's offer.
    pub(crate) fn answer_offer(&mut self, sdp: Bytes, hands: &mut Hands<'_>) {
        self.exchange(offer::Input::Answer, With { sdp: Some(sdp), ..With::default() }, hands);
    }

    /// The owner refuses the peer's offer.
    pub(crate) fn refuse_offer(&mut self, refusal: &Refusal, hands: &mut Hands<'_>) {
        self.exchange(offer::Input::Refuse, With { refusal: Some(refusal), ..With::default() }, hands);
    }

    /// Their re-INVITE, its order checked.
    pub(crate) fn handle_reinvite(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        hands: &mut Hands<'_>,
    ) {
        self.handle_offer(offer::Input::Reinvite, tx, request, hands);
    }

    /// Their UPDATE, its order checked. Without a body it only refreshes the target.
    pub(crate) fn handle_update(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        hands: &mut Hands<'_>,
    ) {
        if request.body().is_empty() {
            self.dialog.refresh_target(request.headers());
            let response = self.success(&request, None, hands);
            return hands.endpoint.answer(tx, &request, response, hands.now.mono);
        }
        self.handle_offer(offer::Input::Update, tx, request, hands);
    }

    fn handle_offer(
        &mut self,
        input: offer::Input,
        tx: ServerTransactionId,
        request: Box<Request>,
        hands: &mut Hands<'_>,
    ) {
        // Before the first INVITE is done with, there is nothing that could be changed (RFC 6337 §2.2).
        if self.state != table::State::Established {
            return refuse(tx, &request, StatusCode::REQUEST_PENDING, hands);
        }
        let (next, does) = offer::step(self.offers, input);
        if does.contains(&offer::Do::TellOffer) {
            self.offers = next;
            self.dialog.refresh_target(request.headers());
            let sdp = sdp_of(request.headers(), request.body());
            self.asked = Some((tx, request));
            if does.contains(&offer::Do::StopBackOff) {
                hands.sleep(self.id, Wait::Glare);
                self.tell(Event::OfferFailed { status: StatusCode::REQUEST_PENDING }, hands);
            }
            self.tell(Event::Offer { sdp }, hands);
        } else if does.contains(&offer::Do::SendPending) {
            refuse(tx, &request, StatusCode::REQUEST_PENDING, hands);
        } else {
            let wait = hands.ids.below(11) as u32;
            let response =
                request.answer(StatusCode::SERVER_INTERNAL_ERROR).header(HeaderName::RetryAfter, wait);
            hands.endpoint.answer(tx, &request, response, hands.now.mono);
        }
    }

    /// The final response to our re-INVITE.
    pub(super) fn handle_offer_response(&mut self, cseq: u32, response: &Response, hands: &mut Hands<'_>) {
        let status = response.status();
        let with = With { response: Some(response), cseq, ..With::default() };
        hands.sleep(self.id, Wait::OfferOverdue);
        if status.is_success() {
            // It is acknowledged whatever has become of the offer meanwhile.
            self.dialog.refresh_target(response.headers());
            self.acknowledge(&with, hands);
            self.exchange(offer::Input::Success, with, hands);
        } else if status == StatusCode::REQUEST_PENDING {
            self.exchange(offer::Input::Pending, with, hands);
        } else {
            self.exchange(offer::Input::Failure, with, hands);
            self.notice_lost_dialog(status, hands);
        }
    }

    /// Moves along the table of offers and does what it says.
    pub(super) fn exchange(&mut self, input: offer::Input, with: With<'_>, hands: &mut Hands<'_>) {
        let (next, does) = offer::step(self.offers, input);
        self.offers = next;
        for one in does {
            match one {
                offer::Do::SendOffer => {
                    if let Some(sdp) = &with.sdp {
                        self.our_offer = sdp.clone();
                    }
                    let content = Some(("application/sdp".to_owned(), self.our_offer.clone()));
                    hands.wake(self.id, Wait::OfferOverdue, OFFER_PATIENCE);
                    self.send(Draft { purpose: Purpose::Reinvite, headers: Vec::new(), content }, hands);
                }
                offer::Do::TakeAnswer => {
                    let sdp = with.response.and_then(|response| sdp_of(response.headers(), response.body()));
                    self.tell_live(Event::OfferAnswered { sdp }, hands);
                }
                offer::Do::TellFailed => {
                    let status = with.response.map_or(StatusCode::REQUEST_TIMEOUT, Response::status);
                    self.tell_live(Event::OfferFailed { status }, hands);
                }
                offer::Do::TellBusy => {
                    self.tell_live(Event::OfferFailed { status: StatusCode::REQUEST_PENDING }, hands);
                }
                offer::Do::BackOff => {
                    let wait = self.back_off(hands);
                    hands.wake(self.id, Wait::Glare, wait);
                }
                offer::Do::StopBackOff => hands.sleep(self.id, Wait::Glare),
                offer::Do::TellOffer => debug_assert!(false, "offers of the peer come through handle_offer"),
                offer::Do::TellWithdrawn => self.tell_live(Event::OfferWithdrawn, hands),
                offer::Do::SendAnswer => {
                    let Some((tx, request)) = self.asked.take() else { continue };
                    let response = self.success(&request, with.sdp.clone(), hands);
                    self.send_and_repeat(tx, &request, response, hands);
                }
                offer::Do::SendUpdateAnswer => {
                    let Some((tx, request)) = self.asked.take() else { continue };
                    let response = self.success(&request, with.sdp.clone(), hands);
                    hands.endpoint.answer(tx, &request, response, hands.now.mono);
                }
                offer::Do::TakeAck => {
                    self.stop_answer(hands);
                    if let Some(sdp) = &with.sdp {
                        self.tell_live(Event::OfferAnswered { sdp: Some(sdp.clone()) }, hands);
                    }
                }
                offer::Do::StopAnswer => self.stop_answer(hands),
                offer::Do::SendRefusal => self.send_refusal(&with, hands),
                offer::Do::SendPending | offer::Do::SendTooSoon => {
                    debug_assert!(false, "offers of the peer come through handle_offer");
                }
                offer::Do::SendTerminated => self.send_terminated(hands),
            }
        }
    }

    /// Our re-INVITE without a final answer.
    pub(super) fn pending_reinvite(&self) -> Option<ClientTransactionId> {
        self.outgoing.iter().find(|one| one.draft.purpose == Purpose::Reinvite).map(|one| one.tx)
    }

    /// The peer has worked on our offer for too long, whether the call is up or over.
    pub(super) fn give_up_offer(&mut self, hands: &mut Hands<'_>) {
        if let Some(tx) = self.pending_reinvite() {
            hands.endpoint.give_up(tx, hands.now.mono);
            self.handle_failure(tx, Failure::Timeout, hands);
        }
    }

    /// §14.1: whoever made the Call-ID waits 2.1 to 4 s, the other up to 2 s, both in steps of 10 ms.
    fn back_off(&self, hands: &mut Hands<'_>) -> Duration {
        let steps = if self.is_caller { 210 + hands.ids.below(191) } else { hands.ids.below(201) };
        Duration::from_millis(10 * steps)
    }

    fn tell_live(&self, event: Event, hands: &mut Hands<'_>) {
        if self.state.is_live() {
            self.tell(event, hands);
        }
    }

    /// Any other request of theirs in the dialog, its order checked.
    pub(crate) fn handle_other(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        hands: &mut Hands<'_>,
    ) {
        match request.method() {
            Method::Info => {
                hands.endpoint.answer(tx, &request, request.answer(StatusCode::OK), hands.now.mono);
                let content_type = request.headers().get(HeaderName::ContentType);
                let content_type = content_type.map(|value| value.text().into_owned()).unwrap_or_default();
                self.tell_live(Event::Info { content_type, body: request.body().clone() }, hands);
            }
            Method::Options => {
                let response =
                    self.success(&request, None, hands).header(HeaderName::Accept, "application/sdp");
                hands.endpoint.answer(tx, &request, response, hands.now.mono);
            }
            _ if self.state.is_live() => self.tell(Event::Request { tx, request }, hands),
            _ => refuse(tx, &request, StatusCode::CALL_DOES_NOT_EXIST, hands),
        }
    }

    /// Whether a request of theirs comes in its order (§12.2.2); answers it if not.
    pub(crate) fn takes_in_order(
        &mut self,
        tx: ServerTransactionId,
        request: &Request,
        hands: &mut Hands<'_>,
    ) -> bool {
        let number = facts::cseq(request.headers()).map_or(0, |cseq| cseq.number);
        let in_order = self.dialog.check_order(number).is_ok();
        if !in_order {
            refuse(tx, request, StatusCode::SERVER_INTERNAL_ERROR, hands);
        }
        in_order
    }
}

fn refuse(tx: ServerTransactionId, request: &Request, status: StatusCode, hands: &mut Hands<'_>) {
    hands.endpoint.answer(tx, request, request.answer(status), hands.now.mono);
}
