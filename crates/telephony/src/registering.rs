//! Requests outside of calls: phones that register, and those who ask whether we live.

use crate::Telephony;
use base::Now;
use sip::{ServerTransactionId, Source, Verdict};
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
        match self.authenticator.check(request, &source, &self.settings.phones, now) {
            Verdict::Accept { user } => {
                let response = self.registrar.register(request, &user, source, now);
                self.ua.respond(tx, response, now);
            }
            Verdict::Challenge(challenge) => self.ua.respond_challenge(tx, request, &challenge, now),
            Verdict::Refuse(status) => self.ua.respond_status(tx, request, status, now),
        }
    }
}
