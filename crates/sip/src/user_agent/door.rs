//! What the owner may ask about a request before it hands it in, and how it turns one away at the door.
//!
//! Whether something is shed or counted is not decided here; `telephony` does that with what it learns here.

use super::UserAgent;
use crate::facts;
use crate::token::{self, SessionId};
use crate::transport::Source;
use base::Now;
use sip_message::{Request, StatusCode};

impl UserAgent {
    /// Whether a request belongs to what is under way: it repeats one, cancels or acknowledges it, or is of a dialog
    /// that is here or was forwarded, and comes from where that dialog is. Nothing is changed by asking.
    pub fn has_part_in(&self, request: &Request, source: Source) -> bool {
        self.endpoint.has_transaction(request, source)
            || self.is_of_a_dialog(request, source).unwrap_or(false)
            || self.proxy.inside(request, source, &self.config).is_some()
    }

    fn is_of_a_dialog(&self, request: &Request, source: Source) -> Option<bool> {
        let headers = request.headers();
        let session = self.sessions.get(&SessionId::from_u64(token::read(headers.to_tag()?)?))?;
        let call_id = facts::call_id(headers)?;
        Some(session.is_peer(call_id, headers.from_tag(), source.remote.ip(), &self.config.neighborhoods))
    }

    /// Answers a request that was not handed in, once, and remembers nothing of it. An ACK gets no answer.
    pub fn turn_away_unseen(
        &mut self,
        request: Request,
        source: Source,
        status: StatusCode,
        retry_after_s: u32,
        now: Now,
    ) {
        self.endpoint.turn_away_unseen(request, source, status, retry_after_s);
        self.pump(now);
    }
}
