//! Our INVITE: sending it, its final responses, the ACK, late branches of a fork, CANCEL. RFC 3261 §9.1, §13.2.
//!
//! Provisional responses are [`super::fork`]'s.

use super::fork::{Counter, FORKS_MAX};
use super::opening::Opening;
use super::outgoing::{Draft, Purpose};
use super::{Acknowledgment, Event, Hands, Session, Wait, With, offer, sdp_of, table};
use crate::dialog::Dialog;
use crate::digest::Credentials;
use crate::facts;
use crate::token::{ClientTransactionId, SessionId};
use crate::transport::Destination;
use bytes::Bytes;
use sip_message::{BuildError, HeaderName, Method, NameAddr, Response, StatusCode, Uri};

/// A call to be made.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The Request-URI.
    pub target: Uri,
    /// Where it is sent.
    pub destination: Destination,
    /// Who calls; a tag in it is replaced.
    pub from: NameAddr,
    /// Who is called.
    pub to: NameAddr,
    /// Where we can be reached.
    pub contact: Uri,
    /// Proxies to be passed, first hop first.
    pub routes: Vec<NameAddr>,
    /// Further headers, such as P-Asserted-Identity or Alert-Info.
    pub headers: Vec<(String, String)>,
    /// Our offer. Without one the peer is asked for its offer: it comes as [`Event::Offer`] and is to be answered with
    /// [`crate::UserAgent::answer_offer`], within 8 s, before the call counts as answered.
    pub offer: Option<Bytes>,
    /// What a challenge is answered with.
    pub credentials: Option<Credentials>,
}

impl Session {
    /// Makes a call.
    pub(crate) fn call(id: SessionId, invite: Invite, hands: &mut Hands<'_>) -> Result<Self, BuildError> {
        let Invite { target, destination, from, to, contact, routes, headers, offer, credentials } = invite;
        let call_id = hands.ids.token(26);
        let dialog = Dialog::calling(id, call_id, from, to, target, routes, destination);
        let opening = if offer.is_some() { Opening::Offered } else { Opening::Wanted };
        let mut session = Self {
            credentials,
            ours: offer.clone().unwrap_or_default(),
            ..Self::new(id, table::State::Calling, dialog, NameAddr::new(contact), opening)
        };
        let content = offer.map(|offer| ("application/sdp".to_owned(), offer));
        session.try_send(Draft { headers, content, ..Draft::new(Purpose::Invite) }, 0, hands)?;
        Ok(session)
    }

    /// The first 2xx to the INVITE.
    pub(super) fn handle_answer(&mut self, cseq: u32, response: &Response, hands: &mut Hands<'_>) {
        let was_calling = self.state.is_calling();
        self.choose_fork(response);
        self.notice_abilities(response.headers());
        if self.offers == offer::State::Countered {
            // The offer in a provisional response has come again in this one.
            self.offers = offer::State::Idle;
        }
        let sdp = sdp_of(response.headers(), response.body());
        let input = match sdp {
            Some(_) if matches!(self.opening, Opening::Wanted | Opening::Countered) => table::Input::Counter,
            _ => table::Input::Success,
        };
        self.apply(input, With { response: Some(response), cseq, ..With::default() }, hands);
        if self.state.is_live() {
            self.notice_timer(response, hands);
        }
        if was_calling && self.state == table::State::Asked {
            self.counter = Some(Counter::Ack(cseq));
            self.answer = Some(Box::new(response.clone()));
            self.tell_counter(sdp, hands);
        }
    }

    /// A further 2xx to an INVITE: a copy is acknowledged again, another branch of a fork is acknowledged and hung up.
    pub(crate) fn handle_further_answer(&mut self, response: &Response, hands: &mut Hands<'_>) {
        let Some(cseq) = facts::cseq(response.headers()).map(|cseq| cseq.number) else { return };
        let tag = response.headers().to_tag().unwrap_or_default();
        let known = self
            .acknowledgments
            .iter()
            .find(|ack| ack.cseq == cseq && ack.remote_tag.eq_ignore_ascii_case(tag))
            .cloned();
        if let Some(ack) = known {
            return hands.endpoint.send_again(ack.bytes, ack.destination, Some(self.id));
        }
        let is_own = self.dialog.remote_tag().is_some_and(|own| own.eq_ignore_ascii_case(tag));
        // The own one is not acknowledged yet while its offer waits for the owner's answer.
        let is_answered = self.state == table::State::Asked || !self.acknowledgments.is_empty();
        if is_own || !is_answered || self.acknowledgments.len() >= FORKS_MAX {
            return;
        }
        let mut fork = self.dialog.clone();
        fork.answered(response);
        self.acknowledge_in(&fork, cseq, None, hands);
        let bye = fork.request(Method::Bye).header(HeaderName::UserAgent, &*hands.config.name).build();
        if let Ok(bye) = bye {
            let (destination, hop) = (fork.destination(), fork.hop());
            hands.endpoint.request_for(Some(self.id), bye, destination, hop, hands.now.mono);
        }
    }

    /// Acknowledges the 2xx at hand, or the one that has waited for the owner's answer to its offer.
    pub(super) fn acknowledge(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        let cseq = match self.counter.take() {
            Some(Counter::Ack(cseq)) => {
                hands.sleep(self.id, Wait::CounterOverdue);
                cseq
            }
            other => {
                self.counter = other;
                with.cseq
            }
        };
        let dialog = self.dialog.clone();
        self.acknowledge_in(&dialog, cseq, with.sdp.clone(), hands);
    }

    fn acknowledge_in(&mut self, dialog: &Dialog, cseq: u32, sdp: Option<Bytes>, hands: &mut Hands<'_>) {
        let mut ack = dialog.ack(cseq);
        if let Some((header, value)) = self.credentials_of_invite() {
            ack = ack.header(header, value);
        }
        ack = ack.header(HeaderName::UserAgent, &*hands.config.name);
        if let Some(sdp) = sdp {
            ack = ack.body("application/sdp", sdp);
        }
        let Ok(ack) = ack.build() else { return };
        let (bytes, destination) =
            hands.endpoint.send_ack(ack, dialog.destination(), dialog.hop(), Some(self.id));
        let remote_tag = dialog.remote_tag().unwrap_or_default().into();
        self.acknowledgments.push(Acknowledgment { cseq, remote_tag, bytes, destination });
    }

    pub(super) fn send_cancel(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        if let Some(invite) = self.pending_invite() {
            let named = |name: &str| with.last_headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name));
            let reason = named("Reason").map(|(_, value)| value.as_str());
            hands.endpoint.cancel(invite, reason, hands.now.mono);
            let patience = hands.config.endpoint.timing.patience();
            hands.wake(self.id, Wait::CancelOverdue, patience);
        }
    }

    pub(super) fn abandon_invite(&mut self, hands: &mut Hands<'_>) {
        if let Some(invite) = self.pending_invite() {
            hands.endpoint.abandon(invite);
        }
    }

    pub(super) fn forget_invite(&mut self, hands: &mut Hands<'_>) {
        if let Some(invite) = self.pending_invite() {
            self.outgoing.retain(|outgoing| outgoing.tx != invite);
            hands.endpoint.give_up(invite, hands.now.mono);
        }
    }

    pub(super) fn tell_ringing(&self, with: &With<'_>, hands: &mut Hands<'_>) {
        let Some(response) = with.response.filter(|response| response.status() != StatusCode::TRYING) else {
            return;
        };
        if with.is_copy {
            return;
        }
        // An offer comes by itself.
        let sdp = match self.opening {
            Opening::Wanted => None,
            _ => sdp_of(response.headers(), response.body()),
        };
        let response = Box::new(response.clone());
        self.tell(Event::Ringing { status: response.status(), sdp, fork: with.fork, response }, hands);
    }

    pub(super) fn tell_answered(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        let early = self.early_answer.take();
        // What was agreed before stands, whatever the 2xx repeats (RFC 6337 §3.1).
        let agreed = matches!(self.opening, Opening::Agreed).then(|| early.clone()).flatten();
        let said = with.response.and_then(|response| sdp_of(response.headers(), response.body()));
        let sdp = agreed.or(said).or(early);
        let response =
            self.answer.take().or_else(|| with.response.map(|response| Box::new(response.clone())));
        let Some(response) = response else { return };
        self.tell(Event::Answered { sdp, response }, hands);
    }

    fn pending_invite(&self) -> Option<ClientTransactionId> {
        self.outgoing.iter().find(|one| one.draft.purpose == Purpose::Invite).map(|one| one.tx)
    }
}
