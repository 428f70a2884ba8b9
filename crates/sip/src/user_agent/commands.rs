//! What owners want of calls.

use super::{UserAgent, sayable};
use crate::authenticator::Challenge;
use crate::notifier::{Document, Termination};
use crate::proxy::{NotProxied, ProxyOptions, ProxyTarget};
use crate::registration::{self, RegistrationConfig};
use crate::session::{self, Hands, Invite, KeyPress, ReferId, Refusal, Session, Transfer};
use crate::token::{RegistrationId, ServerTransactionId, SessionId, SubscriptionId};
use crate::transport::{Destination, Source};
use base::Now;
use bytes::Bytes;
use sip_message::header::Replaces;
use sip_message::{BuildError, Method, Request, StatusCode};

/// Calls.
impl UserAgent {
    /// Makes a call. Its events carry the id that is returned. Refused if something in `invite` cannot stand in a
    /// message; nothing was sent then, and there is no session.
    pub fn invite(&mut self, invite: Invite, now: Now) -> Result<SessionId, BuildError> {
        let id = SessionId::from_u64(self.ids.next_u64());
        let mut hands = Hands {
            endpoint: &mut self.endpoint,
            outputs: &mut self.outputs,
            deadlines: &mut self.deadlines,
            ids: &mut self.ids,
            config: &self.config,
            now,
        };
        let session = Session::call(id, invite, &mut hands)?;
        self.sessions.insert(id, Box::new(session));
        self.pump(now);
        Ok(id)
    }

    /// Answers an incoming call 100, for an owner that will need a while.
    pub fn trying(&mut self, session: SessionId, now: Now) {
        self.progress(session, StatusCode::TRYING, None, now);
    }

    /// Lets an incoming call ring: 180, or 183 with early media if there is a description.
    pub fn ring(&mut self, session: SessionId, sdp: Option<Bytes>, now: Now) {
        let status = if sdp.is_some() { StatusCode::SESSION_PROGRESS } else { StatusCode::RINGING };
        self.progress(session, status, sdp, now);
    }

    /// Answers an incoming call with any 1xx.
    pub fn progress(&mut self, session: SessionId, status: StatusCode, sdp: Option<Bytes>, now: Now) {
        self.progress_with(session, status, sdp, &[], now);
    }

    /// The same with further headers. Sent reliably if the caller insists, or can acknowledge it and the configuration
    /// says so; then a description is the answer (or, if the INVITE had none, the offer) and not a preview of it.
    pub fn progress_with(
        &mut self,
        session: SessionId,
        status: StatusCode,
        sdp: Option<Bytes>,
        headers: &[(String, String)],
        now: Now,
    ) {
        self.command(session, now, |session, hands| session.progress(status, sdp, headers, hands));
    }

    /// Answers an incoming call 200, repeated until it is acknowledged. If a provisional response has agreed on a
    /// description, that one stands and `sdp` is not sent.
    pub fn answer(&mut self, session: SessionId, sdp: Bytes, now: Now) {
        self.answer_with(session, sdp, &[], now);
    }

    /// The same with further headers.
    pub fn answer_with(&mut self, session: SessionId, sdp: Bytes, headers: &[(String, String)], now: Now) {
        self.command(session, now, |session, hands| session.answer(sdp, headers, hands));
    }

    /// Refuses an incoming call with a 3xx–6xx. An empty `reason` is the usual phrase of the status.
    pub fn reject(&mut self, session: SessionId, status: StatusCode, reason: &str, now: Now) {
        self.reject_with(session, status, reason, &[], now);
    }

    /// The same with further headers.
    pub fn reject_with(
        &mut self,
        session: SessionId,
        status: StatusCode,
        reason: &str,
        headers: &[(&str, String)],
        now: Now,
    ) {
        let headers = said(headers);
        let reason = sayable(reason).map(str::to_owned);
        let refusal = Refusal { status, reason, headers };
        self.command(session, now, |session, hands| session.reject(&refusal, hands));
    }

    /// Refuses an incoming caller that nobody vouches for: answered once, not repeated, and forgotten at once, so that a
    /// forged source address cannot aim our repetitions at somebody (§8.2.7). A lost answer costs the caller a copy of
    /// its INVITE, which comes as a new session.
    pub fn turn_away(&mut self, session: SessionId, status: StatusCode, reason: &str, now: Now) {
        self.turn_away_with(session, status, reason, &[], now);
    }

    /// The same with further headers.
    pub fn turn_away_with(
        &mut self,
        session: SessionId,
        status: StatusCode,
        reason: &str,
        headers: &[(&str, String)],
        now: Now,
    ) {
        let reason = sayable(reason).map(str::to_owned);
        let refusal = Refusal { status, reason, headers: said(headers) };
        self.command(session, now, |session, hands| session.turn_away(&refusal, hands));
    }

    /// Asks an incoming caller who it is. The session ends as [`crate::EndedBy::Challenged`]; the caller may come again
    /// with credentials, in a new one.
    pub fn challenge(&mut self, session: SessionId, challenge: Challenge, now: Now) {
        self.command(session, now, |session, hands| session.challenge(&challenge, hands));
    }

    /// Ends a call in whatever state it is: CANCEL, BYE, or 487. `Ended` is told at once; what is still owed to the
    /// peer is done without the owner.
    pub fn hang_up(&mut self, session: SessionId, now: Now) {
        self.command(session, now, |session, hands| session.hang_up(&[], hands));
    }

    /// The same, saying why in a Reason header (RFC 3326), as in `Q.850;cause=16`.
    pub fn hang_up_because(&mut self, session: SessionId, reason: &str, now: Now) {
        self.hang_up_with(session, &[("Reason".to_owned(), reason.to_owned())], now);
    }

    /// The same with any headers, such as User-to-User. A CANCEL carries the Reason alone. What cannot stand in a
    /// message is left out.
    pub fn hang_up_with(&mut self, session: SessionId, headers: &[(String, String)], now: Now) {
        let headers: Vec<_> = headers.iter().filter(|(_, value)| sayable(value).is_some()).cloned().collect();
        self.command(session, now, |session, hands| session.hang_up(&headers, hands));
    }

    /// Offers a change of an established call by re-INVITE; or of one that rings and has agreed on early media, if the
    /// peer takes UPDATE. The answer is `OfferAnswered` or `OfferFailed`. An offer that cannot be sent just now fails
    /// with 491 at once, and `Settled` tells when it can.
    pub fn offer(&mut self, session: SessionId, sdp: Bytes, now: Now) {
        self.command(session, now, |session, hands| session.offer(Some(sdp), hands));
    }

    /// Asks the peer of an established call for an offer, by a re-INVITE without one. It comes as `Offer` and is to be
    /// answered within 8 s; to refuse it ends the call.
    pub fn ask_offer(&mut self, session: SessionId, now: Now) {
        self.command(session, now, |session, hands| session.offer(None, hands));
    }

    /// Answers the peer's offer.
    pub fn answer_offer(&mut self, session: SessionId, sdp: Bytes, now: Now) {
        self.command(session, now, |session, hands| session.answer_offer(sdp, hands));
    }

    /// Refuses the peer's offer, with 488 usually. The call goes on as it was.
    pub fn refuse_offer(&mut self, session: SessionId, status: StatusCode, now: Now) {
        let refusal = Refusal::new(status);
        self.command(session, now, |session, hands| session.refuse_offer(&refusal, hands));
    }

    /// Accepts a transfer that came as [`crate::SessionEvent::Refer`]: 202, and the news that it is being tried.
    pub fn accept_refer(&mut self, session: SessionId, refer: ReferId, now: Now) {
        self.command(session, now, |session, hands| session.accept_refer(refer, hands));
    }

    /// Declines such a transfer: 603 usually, 403 for what the peer may not.
    pub fn decline_refer(
        &mut self,
        session: SessionId,
        refer: ReferId,
        status: StatusCode,
        headers: &[(&str, String)],
        now: Now,
    ) {
        let refusal = Refusal { status, reason: None, headers: said(headers) };
        self.command(session, now, |session, hands| session.decline_refer(refer, refusal, hands));
    }

    /// Tells the peer how an accepted transfer goes: a 1xx that the new call gets on, anything else how it ended. The
    /// session may have ended; its id is good until the transfer is told to the end, or for 300 s.
    pub fn report_refer(&mut self, session: SessionId, refer: ReferId, status: StatusCode, now: Now) {
        self.command(session, now, |session, hands| session.report_refer(refer, status, hands));
    }

    /// Asks the peer of an established call to call somebody else. How it goes comes as
    /// [`crate::SessionEvent::Transfer`]. `None` if it cannot be asked just now. The call goes on: whether to hang up is
    /// the owner's to decide.
    pub fn refer(&mut self, session: SessionId, transfer: Transfer, now: Now) -> Option<ReferId> {
        let mut id = None;
        self.command(session, now, |session, hands| id = session.refer(transfer, hands));
        id
    }

    /// Whether the peer has said anything to our call yet, if only that it is trying (100). False for a session that is
    /// not there.
    pub fn has_word(&self, session: SessionId) -> bool {
        self.sessions.get(&session).is_some_and(|session| session.state() != session::table::State::Calling)
    }

    /// How the peer of this session names it, so that a call to the peer can take its place (RFC 3891): for the
    /// `Replaces` of an INVITE to that peer, or of a REFER that sends somebody there.
    pub fn replaces(&self, session: SessionId) -> Option<Replaces> {
        let dialog = self.sessions.get(&session)?.dialog();
        Some(Replaces {
            call_id: dialog.call_id().into(),
            to_tag: dialog.remote_tag()?.into(),
            from_tag: session.to_string().into(),
            early_only: false,
        })
    }

    /// Says in an established call that a key was pressed, in INFO. For peers that want it so; others hear it in RTP.
    pub fn send_key(&mut self, session: SessionId, press: KeyPress, now: Now) {
        self.command(session, now, |session, hands| session.send_key(press, hands));
    }

    /// Sends INFO in an established call.
    pub fn send_info(&mut self, session: SessionId, content_type: &str, body: Bytes, now: Now) {
        let content = Some((content_type.to_owned(), body));
        self.send(session, Method::Info, Vec::new(), content, now);
    }

    /// Sends any other request in an established call, such as MESSAGE. Its final status comes as
    /// [`crate::SessionEvent::Response`].
    pub fn send(
        &mut self,
        session: SessionId,
        method: Method,
        headers: Vec<(String, String)>,
        content: Option<(String, Bytes)>,
        now: Now,
    ) {
        self.command(session, now, |session, hands| session.send_other(method, headers, content, hands));
    }
}

/// Subscriptions.
impl UserAgent {
    /// Accepts a subscription that was asked for; `document` is the state just now.
    pub fn accept_subscription(&mut self, subscription: SubscriptionId, document: Document, now: Now) {
        self.subscription(now, |notifier, reach| notifier.accept(subscription, document, reach));
    }

    /// Refuses a subscription that was asked for.
    pub fn reject_subscription(&mut self, subscription: SubscriptionId, status: StatusCode, now: Now) {
        self.subscription(now, |notifier, reach| notifier.reject(subscription, status, reach));
    }

    /// Asks a subscriber who it is. It may come again with credentials, as a new subscription.
    pub fn challenge_subscription(&mut self, subscription: SubscriptionId, challenge: &Challenge, now: Now) {
        self.subscription(now, |notifier, reach| notifier.challenge(subscription, challenge, reach));
    }

    /// Tells a subscriber the state, which has changed.
    pub fn notify(&mut self, subscription: SubscriptionId, document: Document, now: Now) {
        self.subscription(now, |notifier, reach| notifier.notify(subscription, document, reach));
    }

    /// Ends a subscription. The subscriber is told the state for the last time, and why.
    pub fn end_subscription(&mut self, subscription: SubscriptionId, why: Termination, now: Now) {
        self.subscription(now, |notifier, reach| notifier.end(subscription, why, reach));
    }
}

fn said(headers: &[(&str, String)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// Requests for somebody else.
impl UserAgent {
    /// Forwards an incoming call that has no answer yet, and everything the two sides say in it from then on. The session is
    /// the proxy's from now on: nothing more comes as [`crate::SessionEvent`], its id goes on in
    /// [`crate::UserAgentOutput::Proxy`] and in traces, and commands to it do nothing. Refused, the session is as it was.
    pub fn proxy(
        &mut self,
        session: SessionId,
        targets: Vec<ProxyTarget>,
        options: ProxyOptions,
        now: Now,
    ) -> Result<(), NotProxied> {
        let arrived = self.sessions.get(&session).and_then(|session| session.arrived());
        let request = arrived.ok_or(NotProxied::Gone)?;
        self.proxy.has_room(request, &targets, &self.config)?;
        let mut taken = None;
        self.with(session, now, |session, hands| taken = session.hand_over(hands));
        let (tx, request, source) = taken.ok_or(NotProxied::Gone)?;
        self.forwarding(now, |proxy, tools| proxy.begin(tx, request, source, targets, options, tools));
        self.pump(now);
        Ok(())
    }

    /// Stops the search for somebody who answers a forwarded call: whoever rings is canceled, nobody else is tried, and the
    /// caller hears the best of what was said, or 408. One that is answered goes on: only its two sides can end it.
    pub fn withdraw(&mut self, session: SessionId, now: Now) {
        self.forwarding(now, |proxy, tools| proxy.withdraw(session, tools));
        self.pump(now);
    }

    /// Forwards a request that came as [`crate::UserAgentOutput::Request`], and what follows from it in its dialog, if it
    /// begins one. Returns the id by which its end is told. Refused, it still wants an answer.
    pub fn proxy_request(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        source: Source,
        targets: Vec<ProxyTarget>,
        options: ProxyOptions,
        now: Now,
    ) -> Result<SessionId, NotProxied> {
        if !self.endpoint.is_open(tx) {
            return Err(NotProxied::Gone);
        }
        self.proxy.has_room(&request, &targets, &self.config)?;
        let id = SessionId::from_u64(tx.as_u64());
        self.endpoint.belongs_to(tx, id);
        self.trace(id, request.to_bytes(), source, now);
        self.forwarding(now, |proxy, tools| proxy.begin(tx, request, source, targets, options, tools));
        self.pump(now);
        Ok(id)
    }
}

/// Registrations of ours.
impl UserAgent {
    /// Registers at a registrar elsewhere, and stays registered. How it stands comes as
    /// [`crate::UserAgentOutput::Registration`]. Refused if something in `config` cannot stand in a message.
    pub fn register(&mut self, config: RegistrationConfig, now: Now) -> Result<RegistrationId, BuildError> {
        self.registration(now, |registrations, tools| registrations.begin(config, tools))
    }

    /// Takes a registration back. Its end comes as [`crate::RegistrationEvent::Gone`].
    pub fn unregister(&mut self, registration: RegistrationId, now: Now) {
        self.registration(now, |registrations, tools| registrations.stop(registration, tools));
    }

    /// Registers again at once instead of when it is time, there if the registrar is to be found elsewhere now.
    pub fn register_again(
        &mut self,
        registration: RegistrationId,
        destination: Option<Destination>,
        now: Now,
    ) {
        self.registration(now, |registrations, tools| {
            registrations.hurry(registration, destination, tools);
        });
    }

    /// Where a registration stands; `None` if it is gone.
    pub fn registration_state(&self, registration: RegistrationId) -> Option<registration::table::State> {
        self.registrations.state(registration)
    }
}
