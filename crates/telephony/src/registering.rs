//! Requests outside of calls: phones that register, and those who ask whether we live.

use crate::admission::user_of;
use crate::browsers::is_websocket;
use crate::leg::Leg;
use crate::{Output, Telephony};
use base::Now;
use model::SipUser;
use sip::authenticator::{FAILURES_MAX, FAILURES_WINDOW};
use sip::{Binding, Device, ProxyOptions, ProxyTarget, Refusal, ServerTransactionId, Source, Verdict};
use sip_message::{Method, Request, StatusCode, Uri};

impl Telephony {
    pub(crate) fn request(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        source: Source,
        now: Now,
    ) {
        match request.method() {
            Method::Register => self.register(tx, &request, source, now),
            Method::Message => self.message_for(tx, request, source, now),
            // What we can do would be more than such a question holds, and nobody is to be flooded with it.
            Method::Options if self.is_made_up(source) => {
                self.ua.respond_status(tx, &request, StatusCode::OK, now);
            }
            Method::Options => self.ua.respond(tx, self.ua.capabilities(&request), now),
            _ => self.ua.respond_status(tx, &request, StatusCode::METHOD_NOT_ALLOWED, now),
        }
    }

    /// A phone of ours writes to another one (RFC 3428): forwarded to every phone of that user.
    fn message_for(&mut self, tx: ServerTransactionId, request: Box<Request>, source: Source, now: Now) {
        let from = match self.authenticate(&request, &source, now) {
            Verdict::Accept { user } => user,
            Verdict::Challenge(challenge) => {
                return self.ua.respond_challenge(tx, &request, &challenge, now);
            }
            Verdict::Refuse { status, why } => {
                self.say_refused(&why, &source);
                return self.ua.respond_status(tx, &request, status, now);
            }
        };
        let claimed = request.headers().from().map(|from| user_of(from.uri()));
        if claimed.ok().as_deref() != Some(from.as_str()) {
            return self.ua.respond_status(tx, &request, StatusCode::FORBIDDEN, now);
        }
        let user = SipUser::new(&user_of(request.uri()));
        if !self.is_ours(request.uri(), source.local.ip()) || !self.settings.phones.contains_key(&user) {
            return self.ua.respond_status(tx, &request, StatusCode::NOT_FOUND, now);
        }
        let bindings = self.registrar.locations().bindings(&self.address_of(&user));
        let targets: Vec<ProxyTarget> = bindings.map(ProxyTarget::from).collect();
        let asserted = format!("<sip:{from}@{}>", self.settings.domain);
        let options = ProxyOptions {
            headers: vec![("P-Asserted-Identity".to_owned(), asserted)],
            ..ProxyOptions::default()
        };
        let refusal = request.answer(StatusCode::TEMPORARILY_UNAVAILABLE);
        if self.ua.proxy_request(tx, request, source, targets, options, now).is_err() {
            self.ua.respond(tx, refusal, now);
        }
    }

    fn register(&mut self, tx: ServerTransactionId, request: &Request, source: Source, now: Now) {
        match self.authenticate(request, &source, now) {
            Verdict::Accept { user } => {
                let longest = self.passes.longest(&source).unwrap_or(self.settings.register_max);
                let response = self.registrar.register_within(request, &user, source, longest, now);
                self.ua.respond(tx, response, now);
                // A refresh is no event, and has a later end.
                self.keep_bindings(&self.address_of(&user), now);
            }
            Verdict::Challenge(challenge) => self.ua.respond_challenge(tx, request, &challenge, now),
            Verdict::Refuse { status, why } => {
                self.say_refused(&why, &source);
                self.ua.respond_status(tx, request, status, now);
            }
        }
    }

    /// The page of this user that registered from here.
    pub(crate) fn page_at(&self, user: &SipUser, source: Source) -> Option<Device> {
        if !is_websocket(source.transport) {
            return None;
        }
        let mut bindings = self.registrar.locations().bindings(&self.address_of(user));
        bindings.find(|binding| binding.source == source).map(Binding::device)
    }

    /// A phone has come another way, and has proved that it is this user's: its calls go the same way from now on. So a page
    /// whose network changed is in its call again as soon as it has registered.
    pub(crate) fn calls_follow(&mut self, user: &SipUser, contact: &Uri, device: &Device, source: Source) {
        let legs = self.legs.values().filter(|leg| leg.user.as_ref() == Some(user));
        let sessions: Vec<_> = legs.flat_map(Leg::sessions).collect();
        for session in sessions {
            self.ua.follow(session, contact, device, source);
        }
    }

    /// Tells the operator of a phone of ours whose password is wrong: at the first time, and when it is locked out. What
    /// strangers guess for users that do not exist is not worth a line.
    pub(crate) fn say_refused(&mut self, why: &Refusal, source: &Source) {
        let address = source.remote;
        let what = match why {
            Refusal::WrongPassword { user, known: true, failures: 1 } => {
                format!("phone {user} at {address}: the password is wrong")
            }
            Refusal::WrongPassword { user, known: true, failures: FAILURES_MAX }
            | Refusal::WrongToken { user, known: true, failures: FAILURES_MAX } => format!(
                "phone {user} at {address}: {FAILURES_MAX} wrong passwords; nothing from {} is looked at for this phone for {} min",
                address.ip(),
                FAILURES_WINDOW.as_secs() / 60
            ),
            Refusal::WrongToken { user, known: true, failures: 1 } => {
                format!("phone {user} at {address}: the token of its page is not ours")
            }
            // Scanners try many names, and are kept out for it soon; a name with a slip in it is somebody's phone.
            Refusal::WrongPassword { user, known: false, failures: 1 } => {
                return self.news(format!("{user} at {address}: there is no such phone here"));
            }
            Refusal::WrongPassword { .. } | Refusal::WrongToken { .. } | Refusal::LockedOut { .. } => return,
        };
        self.outputs.push_back(Output::Trouble(what));
    }
}
