//! Requests of ours in a dialog, and another attempt with credentials when one is challenged (RFC 3261 §22).

use super::keypress::{self, KeyPress};
use super::referral::ReferId;
use super::{Event, Hands, Session, With, offer, table};
use crate::digest::ClientDigest;
use crate::token::ClientTransactionId;
use crate::transaction::Failure;
use bytes::Bytes;
use sip_message::{BuildError, HeaderName, Method, Response, StatusCode};

/// One request of ours without a final answer.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) tx: ClientTransactionId,
    pub(super) cseq: u32,
    pub(super) draft: Draft,
    /// How often it has been sent with credentials. More than once makes sense after `stale=true` only.
    attempts: u8,
}

/// What a request says, for sending it and for sending it again.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) purpose: Purpose,
    pub(super) headers: Vec<(String, String)>,
    pub(super) content: Option<(String, Bytes)>,
    /// The early dialog it belongs to, by the peer's tag; the session's own without.
    pub(super) fork: Option<Box<str>>,
}

impl Draft {
    pub(super) fn new(purpose: Purpose) -> Self {
        Self { purpose, headers: Vec::new(), content: None, fork: None }
    }
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The INVITE that makes the call.
    Invite,
    /// The INVITE that changes it.
    Reinvite,
    /// The UPDATE that changes it before it is answered.
    Update,
    /// The UPDATE without a body that keeps it alive.
    Refresh,
    /// The acknowledgment of a provisional response.
    Prack,
    /// The end of it.
    Bye,
    /// A transfer.
    Refer(ReferId),
    /// News of a transfer that the peer asked for.
    Notify(ReferId),
    /// Anything the owner asked for.
    Other(Method),
}

impl Purpose {
    fn method(&self) -> Method {
        match self {
            Self::Invite | Self::Reinvite => Method::Invite,
            Self::Update | Self::Refresh => Method::Update,
            Self::Prack => Method::Prack,
            Self::Bye => Method::Bye,
            Self::Refer(_) => Method::Refer,
            Self::Notify(_) => Method::Notify,
            Self::Other(method) => method.clone(),
        }
    }
}

/// A challenge that was answered, for the requests that follow.
#[derive(Clone, Debug)]
pub(super) struct Authorization {
    digest: ClientDigest,
    header: HeaderName,
    /// The last value sent with an INVITE: its ACK repeats it (§22.1).
    pub(super) with_invite: Option<String>,
}

/// How many attempts with credentials: one, and one more if the nonce had gone stale.
const ATTEMPTS_MAX: u8 = 2;

impl Session {
    /// Sends a request in the dialog.
    pub(super) fn send(&mut self, draft: Draft, hands: &mut Hands<'_>) {
        self.send_attempt(draft, 0, hands);
    }

    /// Sends it; what cannot be written fails as if nobody had answered.
    fn send_attempt(&mut self, draft: Draft, attempts: u8, hands: &mut Hands<'_>) {
        let copy = draft.clone();
        if self.try_send(draft, attempts, hands).is_err() {
            self.failed(&copy, Failure::Transport, hands);
        }
    }

    /// Sends it, unless the owner put something in that cannot stand in a message.
    pub(super) fn try_send(
        &mut self,
        draft: Draft,
        attempts: u8,
        hands: &mut Hands<'_>,
    ) -> Result<(), BuildError> {
        let method = draft.purpose.method();
        if draft.purpose == Purpose::Invite {
            // An early answer before a challenge made no dialog for the next attempt.
            self.dialog.forget_remote_tag();
            self.forks.clear();
        }
        let fork = draft.fork.as_deref().and_then(|tag| {
            self.forks.iter_mut().find(|fork| fork.dialog.is_remote(tag)).map(|fork| &mut fork.dialog)
        });
        let dialog = fork.unwrap_or(&mut self.dialog);
        let mut request = dialog.request(method.clone());
        if !matches!(draft.purpose, Purpose::Bye | Purpose::Prack) {
            request = request.header(HeaderName::Contact, &self.contact);
        }
        if let Some(authorization) = &mut self.authorization {
            let uri = dialog.request_uri();
            let value = authorization.digest.authorize(method.as_str(), &uri, hands.ids);
            request = request.header(authorization.header, &value);
            if method == Method::Invite {
                authorization.with_invite = Some(value);
            }
        }
        if matches!(method, Method::Invite | Method::Update) {
            request = request
                .header(HeaderName::Allow, &*hands.config.allow())
                .header(HeaderName::Supported, hands.config.supported());
        }
        if method == Method::Invite {
            request = request.header(HeaderName::Accept, "application/sdp");
        }
        if matches!(draft.purpose, Purpose::Invite | Purpose::Reinvite | Purpose::Refresh) {
            request = self.timer.ask(request, hands.config);
        }
        request = request.header(HeaderName::UserAgent, &*hands.config.name);
        for (name, value) in &draft.headers {
            request = request.header(name.as_str(), value.as_str());
        }
        if let Some((kind, body)) = &draft.content {
            request = request.body(kind, body.clone());
        }
        let request = request.build()?;
        let (destination, hop, cseq) = (dialog.destination(), dialog.hop(), dialog.local_cseq());
        let tx = hands.endpoint.request_for(Some(self.id), request, destination, hop, hands.now.mono);
        if method == Method::Invite {
            self.invites.push(tx);
        }
        if let Purpose::Refer(id) = draft.purpose {
            self.number_refer(id, cseq);
        }
        self.outgoing.push(Outgoing { tx, cseq, draft, attempts });
        Ok(())
    }

    /// BYE, with what the owner says along with it.
    pub(super) fn send_bye(&mut self, with: &With<'_>, hands: &mut Hands<'_>) {
        let headers = with.last_headers.to_vec();
        self.send(Draft { headers, ..Draft::new(Purpose::Bye) }, hands);
    }

    /// A request of the owner's choice in the dialog.
    pub(crate) fn send_other(
        &mut self,
        method: Method,
        headers: Vec<(String, String)>,
        content: Option<(String, Bytes)>,
        hands: &mut Hands<'_>,
    ) {
        if self.state == table::State::Established {
            self.send(Draft { headers, content, ..Draft::new(Purpose::Other(method)) }, hands);
        } else if self.state.is_live() {
            self.tell(Event::Response { method, status: StatusCode::REQUEST_PENDING }, hands);
        }
    }

    /// INFO with a key.
    pub(crate) fn send_key(&mut self, press: KeyPress, hands: &mut Hands<'_>) {
        let content = Some((keypress::RELAY.to_owned(), press.relay()));
        self.send_other(Method::Info, Vec::new(), content, hands);
    }

    /// A response to a request of ours.
    pub(crate) fn handle_response(
        &mut self,
        tx: ClientTransactionId,
        response: &Response,
        hands: &mut Hands<'_>,
    ) {
        let status = response.status();
        let Some(place) = self.outgoing.iter().position(|outgoing| outgoing.tx == tx) else {
            // A copy, or another branch of a fork; what is no INVITE has nothing of that kind.
            if status.is_success() && self.invites.contains(&tx) {
                self.handle_further_answer(response, hands);
            }
            return;
        };
        if status.is_provisional() {
            if self.outgoing[place].draft.purpose == Purpose::Invite {
                self.handle_provisional(self.outgoing[place].cseq, response, hands);
            }
            return;
        }
        let outgoing = self.outgoing.remove(place);
        if self.takes_interval(&outgoing.draft, response) {
            return self.send_attempt(outgoing.draft, outgoing.attempts, hands);
        }
        if self.takes_challenge(&outgoing, response) {
            return self.send_attempt(outgoing.draft, outgoing.attempts + 1, hands);
        }
        match outgoing.draft.purpose.clone() {
            Purpose::Invite if status.is_success() => self.handle_answer(outgoing.cseq, response, hands),
            Purpose::Invite => {
                self.apply(
                    table::Input::Failure,
                    With { response: Some(response), ..With::default() },
                    hands,
                );
            }
            Purpose::Reinvite | Purpose::Update => {
                self.handle_offer_response(&outgoing.draft, outgoing.cseq, response, hands);
            }
            Purpose::Refresh if status.is_success() => {
                self.refresh_target(response.headers(), response.headers().to_tag());
                if self.state.is_live() {
                    self.notice_timer(response, hands);
                }
            }
            Purpose::Refresh => {
                // Whatever Allow says: the next one is a re-INVITE, which everybody takes.
                let comes_again = status == StatusCode::REQUEST_PENDING;
                if (status.class() == 4 && !comes_again) || status == StatusCode::NOT_IMPLEMENTED {
                    self.allows_update = false;
                }
                self.refresh_refused(hands);
                self.notice_lost_dialog(status, hands);
            }
            // A callee that does not know what was acknowledged refuses the INVITE itself.
            Purpose::Prack => {}
            Purpose::Bye => self.apply(table::Input::ByeDone, With::default(), hands),
            Purpose::Refer(id) => {
                self.handle_referred(id, Some(response), hands);
                self.notice_lost_dialog(status, hands);
            }
            // A 481 to it means the subscription, not the call (RFC 5057 §5.1).
            Purpose::Notify(id) => self.handle_notified(id, Some(status), hands),
            Purpose::Other(method) => {
                if self.state.is_live() {
                    self.tell(Event::Response { method, status }, hands);
                }
                self.notice_lost_dialog(status, hands);
            }
        }
    }

    /// A request of ours got no answer.
    pub(crate) fn handle_failure(&mut self, tx: ClientTransactionId, why: Failure, hands: &mut Hands<'_>) {
        if let Some(place) = self.outgoing.iter().position(|outgoing| outgoing.tx == tx) {
            let outgoing = self.outgoing.remove(place);
            self.failed(&outgoing.draft, why, hands);
        }
    }

    /// A transaction of ours is gone.
    pub(crate) fn handle_done(&mut self, tx: ClientTransactionId) {
        self.invites.retain(|invite| *invite != tx);
    }

    fn failed(&mut self, draft: &Draft, why: Failure, hands: &mut Hands<'_>) {
        let with = With { failure: Some(why), ..With::default() };
        match &draft.purpose {
            Purpose::Invite => self.apply(table::Input::NoAnswer, with, hands),
            Purpose::Bye => self.apply(table::Input::ByeDone, with, hands),
            Purpose::Notify(id) => self.handle_notified(*id, None, hands),
            Purpose::Refer(id) => {
                self.handle_referred(*id, None, hands);
                self.apply(table::Input::DialogLost, with, hands);
            }
            Purpose::Refresh => self.apply(table::Input::DialogLost, with, hands),
            // The INVITE's own timers see to a callee that is gone.
            Purpose::Prack => {}
            Purpose::Reinvite | Purpose::Update => {
                self.exchange(offer::Input::Failure, with.clone(), hands);
                if draft.fork.is_none() {
                    self.apply(table::Input::DialogLost, with, hands);
                }
            }
            Purpose::Other(method) => {
                if self.state.is_live() {
                    let method = method.clone();
                    self.tell(Event::Response { method, status: StatusCode::REQUEST_TIMEOUT }, hands);
                }
                self.apply(table::Input::DialogLost, with, hands);
            }
        }
    }

    /// RFC 5057 §5.1: after 408 and 481 the peer knows nothing of this dialog any more.
    pub(super) fn notice_lost_dialog(&mut self, status: StatusCode, hands: &mut Hands<'_>) {
        if status == StatusCode::REQUEST_TIMEOUT || status == StatusCode::CALL_DOES_NOT_EXIST {
            self.apply(table::Input::DialogLost, With::default(), hands);
        }
    }

    /// Whether the response is a challenge that we can answer. If so, the next attempt carries the credentials.
    fn takes_challenge(&mut self, outgoing: &Outgoing, response: &Response) -> bool {
        let (challenge, header) = match response.status() {
            StatusCode::UNAUTHORIZED => (HeaderName::WwwAuthenticate, HeaderName::Authorization),
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization)
            }
            _ => return false,
        };
        // A call that its owner has given up is not dialed once more.
        let wanted = match outgoing.draft.purpose {
            Purpose::Invite
            | Purpose::Reinvite
            | Purpose::Update
            | Purpose::Refresh
            | Purpose::Prack
            | Purpose::Refer(_)
            | Purpose::Other(_) => self.state.is_live(),
            Purpose::Bye | Purpose::Notify(_) => true,
        };
        let Some(credentials) = self.credentials.as_ref().filter(|_| wanted) else { return false };
        let values: Vec<_> =
            response.headers().all(challenge).map(|value| value.text().into_owned()).collect();
        let Some(digest) = credentials.answer(values.iter().map(String::as_str)) else { return false };
        if outgoing.attempts >= ATTEMPTS_MAX || (outgoing.attempts > 0 && !digest.is_stale()) {
            return false;
        }
        self.authorization = Some(Authorization { digest, header, with_invite: None });
        true
    }

    /// The credentials for the ACK of an INVITE: the same as in the INVITE.
    pub(super) fn credentials_of_invite(&self) -> Option<(HeaderName, &str)> {
        let authorization = self.authorization.as_ref()?;
        Some((authorization.header, authorization.with_invite.as_deref()?))
    }
}
