//! Phones in browsers, which register with a token that stands for a log-in and not with a password.
//!
//! ```text
//!  log-in ──page asks──▶ token, a minute ──REGISTER over its connection──▶ binding, five minutes at most
//!                                             │
//!            INVITE over the same connection ─┴─▶ that user's, without a challenge
//! ```
//!
//! A pass is that connection's: it holds as long as a binding of its user made by token does, and ends with the log-in. What
//! comes over any other connection is challenged like everybody's. Calls that stand go on when a log-in ends.

use crate::Telephony;
use crate::admission::user_of;
use base::{Duration, Instant, Now};
use model::SipUser;
use sip::{ConnectionId, Source, TOKEN_LIFETIME, Verdict};
use sip_message::{Method, Request};
use std::collections::{BTreeMap, VecDeque};

/// The longest registration by token. So long may a phone be rung whose log-in was ended elsewhere, by a new password or
/// by an administrator: for the next one the page needs a new token.
pub const TOKEN_REGISTRATION_MAX: Duration = Duration::from_secs(300);

/// How many log-ins are remembered that ended within a token's life. When there are more the oldest is forgotten: a token
/// that was given to it and never shown could then still be, for the rest of its minute.
const ENDED_MAX: usize = 10_000;

/// Who may register and call without a password.
#[derive(Debug, Default)]
pub(crate) struct Passes {
    /// At most one for each connection that is open.
    held: BTreeMap<ConnectionId, Pass>,
    /// Log-ins whose tokens are worth nothing any more.
    ended: VecDeque<(Instant, u64)>,
}

#[derive(Debug)]
struct Pass {
    user: SipUser,
    login: u64,
}

impl Passes {
    /// How long whoever registers over this connection may do so at a time.
    pub(crate) fn longest(&self, source: &Source) -> Option<Duration> {
        let is_held = source.connection.is_some_and(|connection| self.held.contains_key(&connection));
        is_held.then_some(TOKEN_REGISTRATION_MAX)
    }

    pub(crate) fn connection_closed(&mut self, connection: ConnectionId) {
        self.held.remove(&connection);
    }

    fn has_ended(&mut self, login: u64, now: Instant) -> bool {
        while self.ended.front().is_some_and(|(at, _)| *at + TOKEN_LIFETIME <= now) {
            self.ended.pop_front();
        }
        self.ended.iter().any(|(_, one)| *one == login)
    }
}

impl Telephony {
    /// A token with which the page of a log-in can register this user's phone, once or more often, for
    /// [`TOKEN_LIFETIME`]. `None` if there is no such phone.
    pub fn issue_token(&self, user: &SipUser, login: u64, now: Now) -> Option<String> {
        let is_known = self.settings.phones.contains_key(user);
        is_known.then(|| self.authenticator.issue_token(user.as_str(), login, now))
    }

    /// Who sends a request: by the pass of its connection, by a token, or by a password.
    pub(crate) fn identify(&mut self, request: &Request, source: &Source, now: Now) -> Verdict<SipUser> {
        let registers = *request.method() == Method::Register;
        if !registers && let Some(user) = self.pass_holder(request, source) {
            return Verdict::Accept { user };
        }
        let shown = self.authenticator.check_token(request, source, &self.settings.phones, now);
        match (shown, source.connection) {
            (Some(Ok(holder)), Some(connection)) => {
                if self.passes.has_ended(holder.login, now.mono) {
                    return self.authenticator.challenge_anew();
                }
                let pass = Pass { user: holder.user.clone(), login: holder.login };
                self.passes.held.insert(connection, pass);
                Verdict::Accept { user: holder.user }
            }
            (Some(Err(verdict)), _) => verdict,
            (Some(Ok(_)), None) | (None, _) => {
                let verdict = self.authenticator.check(request, source, &self.settings.phones, now);
                if registers
                    && matches!(verdict, Verdict::Accept { .. })
                    && let Some(connection) = source.connection
                {
                    // From here on the phone has its binding by its password, and needs no pass.
                    self.passes.held.remove(&connection);
                }
                verdict
            }
        }
    }

    /// A log-in has ended: what was registered by it is so no more, and its tokens are worth nothing.
    pub(crate) fn login_over(&mut self, login: u64, now: Now) {
        self.passes.ended.push_back((now.mono, login));
        if self.passes.ended.len() > ENDED_MAX {
            self.passes.ended.pop_front();
        }
        let over: Vec<_> =
            self.passes.held.iter().filter(|(_, pass)| pass.login == login).map(|(at, _)| *at).collect();
        for connection in over {
            self.passes.held.remove(&connection);
            // The connection itself stays; it is as good as any other that has proven nothing.
            self.registrar.connection_closed(connection);
        }
    }

    /// The user who says so in From and has registered over this connection by token.
    fn pass_holder(&self, request: &Request, source: &Source) -> Option<SipUser> {
        let connection = source.connection?;
        let pass = self.passes.held.get(&connection)?;
        let from = request.headers().from().ok()?;
        let mut bindings = self.registrar.locations().bindings(&self.address_of(&pass.user));
        let is_bound = bindings.any(|binding| binding.destination().connection == Some(connection));
        (is_bound && user_of(from.uri()) == pass.user.as_str()).then(|| pass.user.clone())
    }
}
