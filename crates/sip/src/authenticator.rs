//! Who sends this request: credentials checked, challenges made, guessing locked out.
//!
//! It answers for a request *who*, never *whether they may*: that is its owner's to decide. Failures are counted for
//! each address and user, so that whoever guesses locks out itself and not the owner of the account elsewhere.

use crate::digest::server::Claim;
use crate::digest::{DigestSecret, DigestServer, DigestVerdict};
use crate::transport::Source;
use base::{Duration, Instant, Now, SecretSource};
use core::borrow::Borrow;
use sip_message::{HeaderName, Method, Request, ResponseBuilder, StatusCode};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// How many wrong passwords one address may try for one user within [`FAILURES_WINDOW`].
pub const FAILURES_MAX: u32 = 10;

/// How long wrong passwords are remembered.
pub const FAILURES_WINDOW: Duration = Duration::from_secs(15 * 60);

/// How many pairs of address and user are watched. When the table is full the oldest is forgotten: whoever can spend
/// that many addresses could have guessed from each of them anyway.
const WATCHED_MAX: usize = 50_000;

/// The longest user name that is looked at.
const USER_BYTES_MAX: usize = 128;

/// How an authenticator behaves.
#[derive(Clone, Debug)]
pub struct AuthenticatorConfig {
    /// The realm, as users' devices show it; part of every stored HA1.
    pub realm: String,
    /// Whether phones may answer with MD5. SHA-256 is offered first in any case.
    pub allows_md5: bool,
}

/// What a request's credentials are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<K> {
    /// It is this user.
    Accept {
        /// The user, as the owner's table names it.
        user: K,
    },
    /// Ask it who it is.
    Challenge(Challenge),
    /// Do not even ask: 403 for somebody locked out.
    Refuse(StatusCode),
}

/// A challenge to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// 401 for REGISTER, which is ours to answer as a registrar; 407 for the rest, which passes through us.
    pub status: StatusCode,
    /// The header's values, SHA-256 first.
    pub values: Vec<String>,
}

impl Challenge {
    /// The answer to `request` that carries the challenge.
    pub fn answer(&self, request: &Request) -> ResponseBuilder {
        let header = if self.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            HeaderName::ProxyAuthenticate
        } else {
            HeaderName::WwwAuthenticate
        };
        request.answer(self.status).headers(header, self.values.iter().map(String::as_str))
    }
}

/// Wrong passwords of one address for one user.
#[derive(Clone, Copy, Debug)]
struct Failures {
    since: Instant,
    count: u32,
}

/// Checks requests against stored secrets.
#[derive(Clone, Debug)]
pub struct Authenticator {
    config: AuthenticatorConfig,
    digest: DigestServer,
    /// A secret that nobody knows: users that do not exist are checked against it, so that they take as long.
    nobody: DigestSecret,
    failures: BTreeMap<(IpAddr, Box<str>), Failures>,
    /// The same, by age.
    by_age: BTreeMap<(Instant, IpAddr, Box<str>), ()>,
}

impl Authenticator {
    /// An authenticator with keys of its own.
    pub fn new(config: AuthenticatorConfig, mut secrets: SecretSource) -> Self {
        let digest = DigestServer::new(&config.realm, &mut secrets);
        let nobody = DigestSecret::new("", &config.realm, &secrets.token(32));
        Self { config, digest, nobody, failures: BTreeMap::new(), by_age: BTreeMap::new() }
    }

    /// Who sends this request, by its `Authorization` or `Proxy-Authorization` for our realm.
    ///
    /// Costs three hashes with credentials, one without. A stranger's request leaves nothing behind.
    pub fn check<K: Borrow<str> + Ord + Clone>(
        &mut self,
        request: &Request,
        source: &Source,
        secrets: &BTreeMap<K, DigestSecret>,
        now: Now,
    ) -> Verdict<K> {
        let now = now.mono;
        let values: Vec<_> = request
            .headers()
            .all(HeaderName::Authorization)
            .chain(request.headers().all(HeaderName::ProxyAuthorization))
            .map(|value| value.text())
            .collect();
        let Some(claim) = values.iter().find_map(|value| Claim::read(value, &self.config.realm)) else {
            return self.challenge(request, false, now);
        };
        let user = claim.user();
        if user.len() > USER_BYTES_MAX || (claim.is_md5() && !self.config.allows_md5) {
            return self.challenge(request, false, now);
        }
        self.forget_old_failures(now);
        let address = source.remote.ip();
        if self.is_locked_out(address, user) {
            return Verdict::Refuse(StatusCode::FORBIDDEN);
        }
        let known = secrets.get_key_value(user);
        let secret = known.map_or(&self.nobody, |(_, secret)| secret);
        match self.digest.check(&claim, secret, request.method().as_str(), now) {
            DigestVerdict::Good => match known {
                Some((user, _)) => Verdict::Accept { user: user.clone() },
                None => self.challenge(request, false, now),
            },
            DigestVerdict::Stale => self.challenge(request, true, now),
            DigestVerdict::Wrong => {
                self.count_failure(address, user, now);
                self.challenge(request, false, now)
            }
        }
    }

    /// How many pairs of address and user are watched.
    pub fn watched(&self) -> usize {
        self.failures.len()
    }

    fn challenge<K>(&mut self, request: &Request, stale: bool, now: Instant) -> Verdict<K> {
        let status = match request.method() {
            Method::Register => StatusCode::UNAUTHORIZED,
            _ => StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        };
        Verdict::Challenge(Challenge { status, values: self.digest.challenge(stale, self.config.allows_md5, now) })
    }

    fn is_locked_out(&self, address: IpAddr, user: &str) -> bool {
        !self.failures.is_empty()
            && self.failures.get(&(address, user.into())).is_some_and(|failures| failures.count >= FAILURES_MAX)
    }

    fn count_failure(&mut self, address: IpAddr, user: &str, now: Instant) {
        let key = (address, Box::from(user));
        if let Some(failures) = self.failures.get_mut(&key) {
            failures.count += 1;
            return;
        }
        if self.failures.len() >= WATCHED_MAX
            && let Some(((_, address, user), ())) = self.by_age.pop_first()
        {
            self.failures.remove(&(address, user));
        }
        self.failures.insert(key, Failures { since: now, count: 1 });
        self.by_age.insert((now, address, user.into()), ());
    }

    fn forget_old_failures(&mut self, now: Instant) {
        while let Some(entry) = self.by_age.first_entry()
            && entry.key().0 + FAILURES_WINDOW <= now
        {
            let ((since, address, user), ()) = entry.remove_entry();
            let key = (address, user);
            debug_assert_eq!(self.failures.get(&key).map(|failures| failures.since), Some(since));
            self.failures.remove(&key);
        }
    }
}
