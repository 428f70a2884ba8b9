//! Offers beside the first one: our re-INVITE and UPDATE, theirs, and the answers. RFC 3261 §14, RFC 3311.

use super::fork::Counter;
use super::keypress::KeyPress;
use super::opening::Opening;
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
    /// The owner wants to change the session; without a description it asks the peer for an offer.
    pub(crate) fn offer(&mut self, sdp: Option<Bytes>, hands: &mut Hands<'_>) {
        let may_ask = sdp.is_some() || self.state == table::State::Established;
        if self.may_offer() && may_ask {
            self.refreshes &= self.offers != offer::State::Idle;
            self.exchange(offer::Input::Offer, With { sdp, ..With::default() }, hands);
        } else if self.state.is_live() {
            self.wants_turn = true;
            self.tell(Event::OfferFailed { status: StatusCode::REQUEST_PENDING }, hands);
        }
    }

    /// Whether we may make another offer: the first one has its answer, and before the call is answered the peer must
    /// take an UPDATE (RFC 3311 §5.1).
    fn may_offer(&self) -> bool {
        match self.state {
            table::State::Established => true,
            table::State::Arrived => self.opening == Opening::Agreed && self.allows_update,
            state if state.is_calling() => self.changeable_fork().is_some() && self.allows_update,
            _ => false,
        }
    }

    /// The owner answers the peer's offer.
    pub(crate) fn answer_offer(&mut self, sdp: Bytes, hands: &mut Hands<'_>) {
        let with = With { sdp: Some(sdp.clone()), ..With::default() };
        if self.state == table::State::Asked {
            self.ours = sdp;
            self.apply(table::Input::Agree, with, hands);
        } else {
            self.exchange(offer::Input::Answer, with, hands);
        }
    }

    /// The owner refuses the peer's offer. One that the owner asked for cannot be refused without ending the call.
    pub(crate) fn refuse_offer(&mut self, refusal: &Refusal, hands: &mut Hands<'_>) {
        if self.state == table::State::Asked {
            self.apply(table::Input::HangUp, With::default(), hands);
        } else {
            self.exchange(offer::Input::Refuse, With { refusal: Some(refusal), ..With::default() }, hands);
        }
    }

    /// Their re-INVITE, its order checked.
    pub(crate) fn handle_reinvite(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        hands: &mut Hands<'_>,
    ) {
        self.notice_abilities(request.headers());
        self.handle_offer(offer::Input::Reinvite, tx, request, hands);
    }

    /// Their UPDATE, its order checked. Without a body it only refreshes the target.
    pub(crate) fn handle_update(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        hands: &mut Hands<'_>,
    ) {
        self.notice_abilities(request.headers());
        if request.body().is_empty() {
            self.refresh_target(request.headers(), request.headers().from_tag());
            let response = self.success(&request, None, hands);
            return hands.endpoint.answer(tx, &request, response, hands.now.mono);
        }
        self.handle_offer(offer::Input::Update, tx, request, hands);
    }

    pub(super) fn handle_offer(
        &mut self,
        input: offer::Input,
        tx: ServerTransactionId,
        request: Box<Request>,
        hands: &mut Hands<'_>,
    ) {
        // Before the first offer has its answer there is nothing that could be changed (RFC 6337 §2.2).
        let tag = request.headers().from_tag().map(str::to_owned).unwrap_or_default();
        let opening = match self.fork(&tag) {
            Some(fork) => fork.opening,
            None => self.opening,
        };
        let is_open = match self.state {
            table::State::Established => true,
            table::State::Calling | table::State::Ringing | table::State::Arrived => {
                opening == Opening::Agreed && input == offer::Input::Update
            }
            _ => false,
        };
        if !self.state.is_live() {
            return refuse(tx, &request, StatusCode::CALL_DOES_NOT_EXIST, hands);
        }
        if !is_open {
            // RFC 3311 §5.2: whether it is our answer that is missing, or theirs.
            return if self.state == table::State::Arrived && opening == Opening::Offered {
                refuse_for_now(tx, &request, hands);
            } else {
                refuse(tx, &request, StatusCode::REQUEST_PENDING, hands);
            };
        }
        let (next, does) = offer::step(self.offers, input);
        if does.contains(&offer::Do::TellOffer) {
            self.offers = next;
            self.refresh_target(request.headers(), Some(&tag));
            let sdp = sdp_of(request.headers(), request.body());
            self.asked = Some((tx, request));
            if does.contains(&offer::Do::StopBackOff) {
                hands.sleep(self.id, Wait::Glare);
                self.offer_failed(StatusCode::REQUEST_PENDING, hands);
            }
            self.tell(Event::Offer { sdp }, hands);
        } else if does.contains(&offer::Do::SendPending) {
            refuse(tx, &request, StatusCode::REQUEST_PENDING, hands);
        } else {
            refuse_for_now(tx, &request, hands);
        }
    }

    /// The final response to our re-INVITE or UPDATE.
    pub(super) fn handle_offer_response(
        &mut self,
        draft: &Draft,
        cseq: u32,
        response: &Response,
        hands: &mut Hands<'_>,
    ) {
        let status = response.status();
        let with = With { response: Some(response), cseq, ..With::default() };
        hands.sleep(self.id, Wait::OfferOverdue);
        if status.is_success() {
            self.notice_abilities(response.headers());
            self.refresh_target(response.headers(), response.headers().to_tag());
            let sdp = sdp_of(response.headers(), response.body());
            let is_counter = self.our_offer.is_none() && sdp.is_some() && self.offers == offer::State::Sent;
            if is_counter {
                self.counter = Some(Counter::Ack(cseq));
                return self.exchange(offer::Input::Counter, With { sdp, ..with }, hands);
            }
            if self.state.is_live() && draft.fork.is_none() {
                self.notice_timer(response, hands);
            }
            // It is acknowledged whatever has become of the offer meanwhile.
            if draft.purpose == Purpose::Reinvite {
                self.acknowledge(&with, hands);
            }
            self.exchange(offer::Input::Success, with, hands);
        } else if status == StatusCode::REQUEST_PENDING || comes_again(response).is_some() {
            self.exchange(offer::Input::Pending, with, hands);
        } else {
            self.exchange(offer::Input::Failure, with, hands);
            // One branch that is gone leaves the others ringing.
            if draft.fork.is_none() {
                self.notice_lost_dialog(status, hands);
            }
        }
    }

    /// Moves along the table of offers and does what it says.
    pub(super) fn exchange(&mut self, input: offer::Input, with: With<'_>, hands: &mut Hands<'_>) {
        let (next, does) = offer::step(self.offers, input);
        self.offers = next;
        for one in does {
            match one {
                offer::Do::SendOffer => {
                    if input == offer::Input::Offer {
                        self.our_offer = with.sdp.clone();
                    }
                    hands.wake(self.id, Wait::OfferOverdue, OFFER_PATIENCE);
                    self.send_offer(hands);
                }
                offer::Do::TakeAnswer => {
                    if let Some(ours) = &self.our_offer {
                        self.ours = ours.clone();
                    }
                    self.forget_early_answers();
                    let sdp = with.response.and_then(|response| sdp_of(response.headers(), response.body()));
                    if std::mem::take(&mut self.refreshes) {
                        self.tell_live(Event::Refreshed { sdp }, hands);
                    } else {
                        self.tell_live(Event::OfferAnswered { sdp }, hands);
                    }
                }
                offer::Do::TellCounter => self.tell_counter(with.sdp.clone(), hands),
                offer::Do::SendCounterAnswer => {
                    if let Some(sdp) = &with.sdp {
                        self.ours = sdp.clone();
                    }
                    self.send_counter_answer(with.sdp.clone(), hands);
                }
                offer::Do::SendCounterless => self.send_counter_answer(None, hands),
                offer::Do::HangUp => self.hang_up(&[], hands),
                offer::Do::TellFailed => {
                    let status = with.response.map_or(StatusCode::REQUEST_TIMEOUT, Response::status);
                    self.offer_failed(status, hands);
                }
                offer::Do::TellBusy => {
                    self.wants_turn = true;
                    self.tell_live(Event::OfferFailed { status: StatusCode::REQUEST_PENDING }, hands);
                }
                offer::Do::BackOff => {
                    let wait = with.response.and_then(comes_again).unwrap_or_else(|| self.back_off(hands));
                    hands.wake(self.id, Wait::Glare, wait);
                }
                offer::Do::StopBackOff => hands.sleep(self.id, Wait::Glare),
                offer::Do::TellOffer => debug_assert!(false, "offers of the peer come through handle_offer"),
                offer::Do::TellWithdrawn => self.tell_live(Event::OfferWithdrawn, hands),
                offer::Do::SendAnswer => {
                    let Some((tx, request)) = self.asked.take() else { continue };
                    if let Some(sdp) = &with.sdp {
                        self.ours = sdp.clone();
                    }
                    let response = self.success(&request, with.sdp.clone(), hands);
                    self.send_and_repeat(tx, &request, response, hands);
                }
                offer::Do::SendUpdateAnswer => {
                    self.forget_early_answers();
                    let Some((tx, request)) = self.asked.take() else { continue };
                    if let Some(sdp) = &with.sdp {
                        self.ours = sdp.clone();
                    }
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
                offer::Do::SendRefusal => self.refuse_asked(&with, hands),
                offer::Do::SendPending | offer::Do::SendTooSoon => {
                    debug_assert!(false, "offers of the peer come through handle_offer");
                }
                offer::Do::SendTerminated => self.terminate_asked(hands),
            }
        }
        self.settle(hands);
    }

    /// The offer on its way, the owner's or a refresh, comes to nothing.
    fn offer_failed(&mut self, status: StatusCode, hands: &mut Hands<'_>) {
        if std::mem::take(&mut self.refreshes) {
            self.refresh_refused(hands);
        } else {
            self.tell_live(Event::OfferFailed { status }, hands);
        }
    }

    /// What was agreed early has been changed since: the final answer shall not bring it back.
    fn forget_early_answers(&mut self) {
        for fork in &mut self.forks {
            fork.answer = None;
        }
    }

    /// An owner whose offer came at a bad moment is told when the moment is good.
    pub(super) fn settle(&mut self, hands: &mut Hands<'_>) {
        if self.wants_turn && self.offers == offer::State::Idle && self.state == table::State::Established {
            self.wants_turn = false;
            self.tell(Event::Settled, hands);
        }
    }

    /// Sends the offer at hand: in a re-INVITE, or in an UPDATE as long as the INVITE is not answered.
    fn send_offer(&mut self, hands: &mut Hands<'_>) {
        let content = self.our_offer.clone().map(|sdp| ("application/sdp".to_owned(), sdp));
        let draft = match self.state {
            table::State::Established => Draft { content, ..Draft::new(Purpose::Reinvite) },
            _ => Draft { content, fork: self.changeable_fork(), ..Draft::new(Purpose::Update) },
        };
        self.send(draft, hands);
    }

    /// Our re-INVITE without a final answer.
    pub(super) fn pending_reinvite(&self) -> Option<ClientTransactionId> {
        self.outgoing.iter().find(|one| one.draft.purpose == Purpose::Reinvite).map(|one| one.tx)
    }

    /// The peer has worked on our offer for too long, whether the call is up or over.
    pub(super) fn give_up_offer(&mut self, hands: &mut Hands<'_>) {
        let offers = [Purpose::Reinvite, Purpose::Update];
        let pending = self.outgoing.iter().find(|one| offers.contains(&one.draft.purpose)).map(|one| one.tx);
        if let Some(tx) = pending {
            hands.endpoint.give_up(tx, hands.now.mono);
            self.handle_failure(tx, Failure::Timeout, hands);
        }
    }

    /// §14.1: whoever made the Call-ID waits 2.1 to 4 s, the other up to 2 s, both in steps of 10 ms.
    fn back_off(&self, hands: &mut Hands<'_>) -> Duration {
        let steps = if self.is_caller { 210 + hands.ids.below(191) } else { hands.ids.below(201) };
        Duration::from_millis(10 * steps)
    }

    pub(super) fn tell_live(&self, event: Event, hands: &mut Hands<'_>) {
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
                let event = match KeyPress::parse(&content_type, request.body()) {
                    Some(press) => Event::Key(press),
                    None => Event::Info { content_type, body: request.body().clone() },
                };
                self.tell_live(event, hands);
            }
            Method::Options => {
                let response = self.success(&request, None, hands).header(HeaderName::Accept, facts::ACCEPT);
                hands.endpoint.answer(tx, &request, response, hands.now.mono);
            }
            Method::Notify if self.handle_refer_notify(tx, &request, hands) => {}
            Method::Subscribe if self.handle_refer_subscribe(tx, &request, hands) => {}
            // Whoever did not ask for these packages in this dialog has no use for them (RFC 6665 §4.1.3).
            Method::Notify | Method::Subscribe if !hands.config.methods.contains(request.method()) => {
                refuse(tx, &request, StatusCode::CALL_DOES_NOT_EXIST, hands);
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
        let tag = request.headers().from_tag().map(str::to_owned).unwrap_or_default();
        let dialog = match self.forks.iter_mut().find(|fork| fork.dialog.is_remote(&tag)) {
            Some(fork) => &mut fork.dialog,
            None => &mut self.dialog,
        };
        let in_order = dialog.check_order(number).is_ok();
        if !in_order {
            refuse(tx, request, StatusCode::SERVER_INTERNAL_ERROR, hands);
        }
        in_order
    }
}

fn refuse(tx: ServerTransactionId, request: &Request, status: StatusCode, hands: &mut Hands<'_>) {
    hands.endpoint.answer(tx, request, request.answer(status), hands.now.mono);
}

/// Refuses a request that comes too early, and says when to come again (§14.2).
fn refuse_for_now(tx: ServerTransactionId, request: &Request, hands: &mut Hands<'_>) {
    let wait = hands.ids.below(11) as u32;
    let response = request.answer(StatusCode::SERVER_INTERNAL_ERROR).header(HeaderName::RetryAfter, wait);
    hands.endpoint.answer(tx, request, response, hands.now.mono);
}

/// When a peer that was not ready for our offer wants it again: a 500 that names up to ten seconds (§14.2).
fn comes_again(response: &Response) -> Option<Duration> {
    if response.status() != StatusCode::SERVER_INTERNAL_ERROR {
        return None;
    }
    let wait = response.headers().retry_after().ok().flatten()?;
    (wait.seconds <= 10).then(|| Duration::from_secs(wait.seconds.into()))
}
