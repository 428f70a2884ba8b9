//! Our INVITE: sending it, its provisional and final responses, the ACK, forks, CANCEL. RFC 3261 §9.1, §13.2.

use super::outgoing::{Draft, Purpose};
use super::{Acknowledgment, Event, Hands, Session, Wait, With, offer, sdp_of, table};
use crate::dialog::Dialog;
use crate::digest::Credentials;
use crate::facts;
use crate::token::{ClientTransactionId, SessionId};
use crate::transport::Destination;
use bytes::Bytes;
use sip_message::{BuildError, HeaderName, Method, NameAddr, Response, StatusCode, Uri};

/// How many branches of a forked call are acknowledged and hung up. What answers beyond them is left to its own timers.
const FORKS_MAX: usize = 8;

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
    /// Our offer. Without one the peer is asked for its offer, which an ACK then leaves unanswered: a call without
    /// media.
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
        let mut session = Self {
            id,
            state: table::State::Calling,
            offers: offer::State::Idle,
            dialog,
            contact: NameAddr::new(contact),
            credentials,
            authorization: None,
            outgoing: Vec::new(),
            invites: Vec::new(),
            acknowledgments: Vec::new(),
            asked: None,
            unacknowledged: None,
            our_offer: offer.clone().unwrap_or_default(),
            early_answer: None,
            is_caller: true,
        };
        let content = offer.map(|offer| ("application/sdp".to_owned(), offer));
        session.try_send(Draft { purpose: Purpose::Invite, headers, content }, 0, hands)?;
        Ok(session)
    }

    pub(super) fn handle_provisional(&mut self, response: &Response, hands: &mut Hands<'_>) {
        if self.state.is_live() && response.status() != StatusCode::TRYING {
            self.dialog.answered(response);
        }
        if let Some(sdp) = sdp_of(response.headers(), response.body()) {
            self.early_answer = Some(sdp);
        }
        self.apply(table::Input::Provisional, With { response: Some(response), ..With::default() }, hands);
    }

    /// The first 2xx to the INVITE.
    pub(super) fn handle_answer(&mut self, cseq: u32, response: &Response, hands: &mut Hands<'_>) {
        self.dialog.answered(response);
        self.apply(table::Input::Success, With { response: Some(response), cseq, ..With::default() }, hands);
    }

    /// A further 2xx to an INVITE: a copy is acknowledged again, another branch of a fork is acknowledged and hung up.
    pub(crate) fn handle_further_answer(&mut self, response: &Response, hands: &mut Hands<'_>) {
        let Some(cseq) = facts::cseq(response.headers()).map(|cseq| cseq.number) else { return };
        let to = facts::to(response.headers());
        let tag = to.as_ref().and_then(|to| to.tag()).unwrap_or_default();
        let known = self
            .acknowledgments
            .iter()
            .find(|ack| ack.cseq == cseq && ack.remote_tag.eq_ignore_ascii_case(tag))
            .cloned();
        if let Some(ack) = known {
            return hands.endpoint.send_again(ack.bytes, ack.destination, self.id);
        }
        let is_own = self.dialog.remote_tag().is_some_and(|own| own.eq_ignore_ascii_case(tag));
        if is_own || self.acknowledgments.is_empty() || self.acknowledgments.len() >= FORKS_MAX {
            return;
        }
        let mut fork = self.dialog.clone();
        fork.answered(response);
        self.acknowledge_in(&fork, cseq, hands);
        let bye = fork.request(Method::Bye).header(HeaderName::UserAgent, &*hands.config.name).build();
        if let Ok(bye) = bye {
            hands.endpoint.request_for(Some(self.id), bye, fork.destination(), hands.now.mono);
        }
    }

    pub(super) fn acknowledge(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        let dialog = self.dialog.clone();
        self.acknowledge_in(&dialog, with.cseq, hands);
    }

    fn acknowledge_in(&mut self, dialog: &Dialog, cseq: u32, hands: &mut Hands<'_>) {
        let mut ack = dialog.ack(cseq);
        if let Some((header, value)) = self.credentials_of_invite() {
            ack = ack.header(header, value);
        }
        let Ok(ack) = ack.header(HeaderName::UserAgent, &*hands.config.name).build() else { return };
        let destination = dialog.destination();
        let bytes = hands.endpoint.send_ack(ack, destination, self.id);
        let remote_tag = dialog.remote_tag().unwrap_or_default().into();
        self.acknowledgments.push(Acknowledgment { cseq, remote_tag, bytes, destination });
    }

    pub(super) fn send_cancel(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        if let Some(invite) = self.pending_invite() {
            hands.endpoint.cancel(invite, with.reason, hands.now.mono);
            let patience = hands.config.endpoint.timing.patience();
            hands.wake(self.id, Wait::CancelOverdue, patience);
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
        let sdp = sdp_of(response.headers(), response.body());
        self.tell(Event::Ringing { status: response.status(), sdp }, hands);
    }

    pub(super) fn tell_answered(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        let early = self.early_answer.take();
        let sdp = with.response.and_then(|response| sdp_of(response.headers(), response.body())).or(early);
        self.tell(Event::Answered { sdp }, hands);
    }

    fn pending_invite(&self) -> Option<ClientTransactionId> {
        self.outgoing.iter().find(|one| one.draft.purpose == Purpose::Invite).map(|one| one.tx)
    }
}
