//! Requests outside of calls: phones that register, and those who ask whether we live.

use crate::{Output, Telephony};
use base::Now;
use sip::authenticator::{FAILURES_MAX, FAILURES_WINDOW};
use sip::{Refusal, ServerTransactionId, Source, Verdict};
use sip_message::{Method, Request, StatusCode};

impl Telephony {
    pub(crate) fn request(&mut self, tx: ServerTransactionId, request: &Request, source: Source, now: Now) {
        match request.method() {
            Method::Register => self.register(tx, request, source, now),
            Method::Options => self.ua.respond(tx, self.ua.capabilities(request), now),
            _ => self.ua.respond_status(tx, request, StatusCode::METHOD_NOT_ALLOWED, now),
        }
    }

    fn register(&mut self, tx: ServerTransactionId, request: &Request, source: Source, now: Now) {
        match self.authenticate(request, &source, now) {
            Verdict::Accept { user } => {
                let response = self.registrar.register(request, &user, source, now);
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

    /// Tells the operator of a phone of ours whose password is wrong: at the first time, and when it is locked out. What
    /// strangers guess for users that do not exist is not worth a line.
    pub(crate) fn say_refused(&mut self, why: &Refusal, source: &Source) {
        let address = source.remote;
        let what = match why {
            Refusal::WrongPassword { user, known: true, failures: 1 } => {
                format!("phone {user} at {address}: the password is wrong")
            }
            Refusal::WrongPassword { user, known: true, failures: FAILURES_MAX } => format!(
                "phone {user} at {address}: {FAILURES_MAX} wrong passwords; nothing from {} is looked at for this phone for {} min",
                address.ip(),
                FAILURES_WINDOW.as_secs() / 60
            ),
            Refusal::WrongPassword { .. } | Refusal::LockedOut { .. } => return,
        };
        self.outputs.push_back(Output::Trouble(what));
    }
}
