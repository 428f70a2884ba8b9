//! Who sends this request: credentials checked, challenges made, guessing locked out.
//!
//! It answers for a request *who*, never *whether they may*: that is its owner's to decide. Failures are counted for
//! each address and user, so that whoever guesses locks out itself and not the owner of the account elsewhere. All
//! addresses of one IPv6 /64 count as one.

use crate::bearer::{self, Token, TokenKey};
use crate::digest::server::Claim;
use crate::digest::{DigestSecret, DigestServer, DigestVerdict};
use crate::digest_dialect;
use crate::facts;
use crate::transport::{Source, Transport};
use base::network::household;
use base::{Duration, Instant, Now, SecretSource, Timestamp};
use core::borrow::Borrow;
use sip_message::header::AuthValue;
use sip_message::{HeaderName, Method, Request, ResponseBuilder, StatusCode};
use std::collections::{BTreeMap, BTreeSet};
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
    /// Do not ask again: 403.
    Refuse {
        /// The answer's status.
        status: StatusCode,
        /// Why, for the operator.
        why: Refusal,
    },
}

/// Why somebody is not asked again who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The password is wrong, or there is no such user. A phone that were challenged anew would try the same password
    /// again and again, and lock itself out over one slip of the hand.
    WrongPassword {
        /// The user that was claimed.
        user: String,
        /// Whether there is such a user.
        known: bool,
        /// How many wrong passwords there were from this address for this user.
        failures: u32,
    },
    /// The token is not ours, or somebody else's.
    WrongToken {
        /// The user that was claimed.
        user: String,
        /// Whether there is such a user.
        known: bool,
        /// How many wrong passwords and tokens there were from this address for this user.
        failures: u32,
    },
    /// There were [`FAILURES_MAX`] wrong passwords within [`FAILURES_WINDOW`].
    LockedOut {
        /// The user that was claimed.
        user: String,
    },
}

/// Whoever shows a good token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder<K> {
    /// The user, as the owner's table names it.
    pub user: K,
    /// The log-in that the token was given to.
    pub login: u64,
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

/// Somebody who tried too many wrong passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockOut {
    /// From where; for IPv6 the first address of the /64.
    pub address: IpAddr,
    /// For whom.
    pub user: String,
    /// Since the first of these passwords.
    pub since: Timestamp,
    /// Until when nothing from there is looked at for this user.
    pub until: Timestamp,
}

/// Checks requests against stored secrets.
#[derive(Clone, Debug)]
pub struct Authenticator {
    config: AuthenticatorConfig,
    digest: DigestServer,
    tokens: TokenKey,
    /// A secret that nobody knows: users that do not exist are checked against it, so that they take as long.
    nobody: DigestSecret,
    /// Wrong passwords of each address for each user.
    failures: BTreeMap<(IpAddr, Box<str>), u32>,
    /// The same pairs, by the time of the first one.
    by_age: BTreeSet<(Instant, IpAddr, Box<str>)>,
}

impl Authenticator {
    /// An authenticator with keys of its own.
    pub fn new(config: AuthenticatorConfig, mut secrets: SecretSource) -> Self {
        let digest = DigestServer::new(&config.realm, &mut secrets);
        let nobody = DigestSecret::new("", &config.realm, &secrets.token(32));
        let tokens = TokenKey::new(&mut secrets);
        Self { config, digest, tokens, nobody, failures: BTreeMap::new(), by_age: BTreeSet::new() }
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
        let headers = request.headers();
        let values =
            headers.all(HeaderName::Authorization).chain(headers.all(HeaderName::ProxyAuthorization));
        let claim =
            values.map(|value| Claim::read(value.as_bytes(), &self.config.realm)).find_map(|claim| claim);
        let Some(claim) = claim else {
            return self.challenge(request, source, false, now);
        };
        let user = claim.user();
        if user.len() > USER_BYTES_MAX || (claim.is_md5() && !self.config.allows_md5) {
            return self.challenge(request, source, false, now);
        }
        self.forget_old_failures(now);
        let address = source.remote.ip();
        let place = household(address);
        if self.is_locked_out(place, user) {
            let why = Refusal::LockedOut { user: user.to_owned() };
            return Verdict::Refuse { status: StatusCode::FORBIDDEN, why };
        }
        let known = secrets.get_key_value(user);
        let secret = known.map_or(&self.nobody, |(_, secret)| secret);
        match self.digest.check(&claim, secret, request.method().as_str(), address, now) {
            DigestVerdict::Good => match known {
                Some((user, _)) => Verdict::Accept { user: user.clone() },
                None => self.wrong_password(place, user, false, now),
            },
            DigestVerdict::Stale => self.challenge(request, source, true, now),
            DigestVerdict::Wrong => self.wrong_password(place, user, known.is_some(), now),
        }
    }

    /// Everybody who is locked out, the one who has waited longest first.
    pub fn locked_out(&self, now: Now) -> Vec<LockOut> {
        let past =
            |at: Instant| now.utc.as_millis() - i64::try_from(now.mono.since(at).as_millis()).unwrap_or(0);
        let watched = self.by_age.iter().filter(|(since, address, user)| {
            *since + FAILURES_WINDOW > now.mono && self.is_locked_out(*address, user)
        });
        watched
            .map(|(since, address, user)| {
                let since = Timestamp::from_millis(past(*since));
                LockOut { address: *address, user: user.to_string(), since, until: since + FAILURES_WINDOW }
            })
            .collect()
    }

    /// Forgets every wrong password from an address. Returns whether somebody was locked out there.
    pub fn forgive(&mut self, address: IpAddr) -> bool {
        let address = household(address);
        let mut lifted = false;
        let failures = &mut self.failures;
        self.by_age.retain(|(_, one, user)| {
            if *one != address {
                return true;
            }
            let count = failures.remove(&(*one, user.clone()));
            lifted |= count.is_some_and(|count| count >= FAILURES_MAX);
            false
        });
        lifted
    }

    /// A token with which this user can register over an encrypted connection or a WebSocket, for
    /// [`crate::TOKEN_LIFETIME`].
    pub fn issue_token(&self, user: &str, login: u64, now: Now) -> String {
        self.tokens.issue(user, login, now.mono)
    }

    /// Who registers by a token. `None` if the request shows none, or not where tokens are taken: then it is to be checked
    /// for a password.
    ///
    /// A token whose time is over is ours all the same, so it is no guess and is not counted: a page that wakes up and
    /// tries it once more may fetch another one.
    pub fn check_token<K: Borrow<str> + Ord + Clone, S>(
        &mut self,
        request: &Request,
        source: &Source,
        users: &BTreeMap<K, S>,
        now: Now,
    ) -> Option<Result<Holder<K>, Verdict<K>>> {
        let is_taken = matches!(source.transport, Transport::Tls | Transport::Ws | Transport::Wss);
        let token = bearer::shown(request).filter(|_| is_taken && *request.method() == Method::Register)?;
        let now = now.mono;
        let claimed =
            facts::to(request.headers()).and_then(|to| to.uri().user().map(|user| user.to_string()));
        let claimed = claimed.filter(|user| user.len() <= USER_BYTES_MAX).unwrap_or_default();
        self.forget_old_failures(now);
        let address = household(source.remote.ip());
        if self.is_locked_out(address, &claimed) {
            let why = Refusal::LockedOut { user: claimed };
            return Some(Err(Verdict::Refuse { status: StatusCode::FORBIDDEN, why }));
        }
        let known = users.get_key_value(claimed.as_str()).map(|(user, _)| user.clone());
        Some(match (self.tokens.read(&token, now), known) {
            (Token::Good { user, login }, Some(known)) if user == claimed => {
                Ok(Holder { user: known, login })
            }
            (Token::Expired, _) => Err(self.challenge_anew()),
            (Token::Good { .. } | Token::Wrong, known) => {
                let failures = self.count_failure(address, &claimed, now);
                let why = Refusal::WrongToken { user: claimed, known: known.is_some(), failures };
                Err(Verdict::Refuse { status: StatusCode::FORBIDDEN, why })
            }
        })
    }

    /// Asks the holder of a token that is worth nothing any more for another one (RFC 8898 §3, RFC 6750 §3.1).
    pub fn challenge_anew<K>(&self) -> Verdict<K> {
        let value =
            AuthValue::new("Bearer").quoted("realm", &self.config.realm).quoted("error", "invalid_token");
        Verdict::Challenge(Challenge { status: StatusCode::UNAUTHORIZED, values: vec![value.to_string()] })
    }

    /// How many pairs of address and user are watched.
    pub fn watched(&self) -> usize {
        self.failures.len()
    }

    fn challenge<K>(&mut self, request: &Request, source: &Source, stale: bool, now: Instant) -> Verdict<K> {
        let status = match request.method() {
            Method::Register => StatusCode::UNAUTHORIZED,
            _ => StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        };
        Verdict::Challenge(Challenge {
            status,
            values: self.digest.challenge(
                source.remote.ip(),
                stale,
                digest_dialect::algorithms(request, self.config.allows_md5),
                now,
            ),
        })
    }

    fn wrong_password<K>(&mut self, address: IpAddr, user: &str, known: bool, now: Instant) -> Verdict<K> {
        let failures = self.count_failure(address, user, now);
        let why = Refusal::WrongPassword { user: user.to_owned(), known, failures };
        Verdict::Refuse { status: StatusCode::FORBIDDEN, why }
    }

    fn is_locked_out(&self, address: IpAddr, user: &str) -> bool {
        !self.failures.is_empty()
            && self.failures.get(&(address, user.into())).is_some_and(|count| *count >= FAILURES_MAX)
    }

    /// Counts one more, and tells how many there are.
    fn count_failure(&mut self, address: IpAddr, user: &str, now: Instant) -> u32 {
        let key = (address, Box::from(user));
        if let Some(count) = self.failures.get_mut(&key) {
            *count += 1;
            return *count;
        }
        if self.failures.len() >= WATCHED_MAX
            && let Some((_, address, user)) = self.by_age.pop_first()
        {
            self.failures.remove(&(address, user));
        }
        self.failures.insert(key, 1);
        self.by_age.insert((now, address, user.into()));
        1
    }

    fn forget_old_failures(&mut self, now: Instant) {
        while self.by_age.first().is_some_and(|(since, ..)| *since + FAILURES_WINDOW <= now) {
            if let Some((_, address, user)) = self.by_age.pop_first() {
                self.failures.remove(&(address, user));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Credentials;
    use base::{IdSource, Timestamp};
    use bytes::Bytes;
    use sip_message::Message;

    #[test]
    fn a_user_with_the_right_password_is_let_in() {
        let mut gate = Gate::new();
        assert_eq!(gate.attempt("1001", "secret", HOME), "challenged, accepted 1001");
    }

    #[test]
    fn a_wrong_password_and_an_unknown_user_look_the_same() {
        let mut gate = Gate::new();
        assert_eq!(gate.attempt("1001", "wrong", HOME), "challenged, refused 403");
        assert_eq!(gate.attempt("2002", "secret", HOME), "challenged, refused 403");
    }

    #[test]
    fn ten_guesses_lock_out_the_guesser_and_nobody_else() {
        let mut gate = Gate::new();
        for _ in 0..FAILURES_MAX {
            assert_eq!(gate.attempt("1001", "guess", "203.0.113.9:5060"), "challenged, refused 403");
        }
        assert_eq!(gate.attempt("1001", "secret", "203.0.113.9:7000"), "challenged, refused 403");
        assert_eq!(gate.attempt("1001", "secret", HOME), "challenged, accepted 1001");
        assert_eq!(gate.attempt("1002", "secret", "203.0.113.9:5060"), "challenged, accepted 1002");
        gate.now = gate.now.after(FAILURES_WINDOW);
        assert_eq!(gate.attempt("1001", "secret", "203.0.113.9:5060"), "challenged, accepted 1001");
        assert_eq!(gate.authenticator.watched(), 0);
    }

    #[test]
    fn whoever_is_locked_out_is_listed_and_can_be_forgiven() {
        let mut gate = Gate::new();
        for address in ["[2001:db8::1]:5060", "[2001:db8::2]:5060"] {
            for _ in 0..FAILURES_MAX / 2 {
                gate.attempt("1001", "guess", address);
                gate.now = gate.now.after(Duration::from_secs(1));
            }
        }
        gate.attempt("1002", "guess", HOME);
        let listed = gate.authenticator.locked_out(gate.now);
        let [LockOut { address, user, since, until }] = &listed[..] else { panic!("{listed:?}") };
        assert_eq!((address.to_string().as_str(), user.as_str()), ("2001:db8::", "1001"));
        assert_eq!((since.as_millis(), until.since(*since)), (0, FAILURES_WINDOW));
        let elsewhere = "2001:db8::ffff".parse().unwrap();
        assert!(gate.authenticator.forgive(elsewhere));
        assert!(!gate.authenticator.forgive(elsewhere));
        assert_eq!(gate.attempt("1001", "secret", "[2001:db8::3]:5060"), "challenged, accepted 1001");
        assert_eq!(gate.authenticator.watched(), 1);
    }

    #[test]
    fn nobody_locks_out_another_address_by_forging_it() {
        let mut gate = Gate::new();
        let Verdict::Challenge(challenge) = gate.check("", "203.0.113.9:5060") else {
            panic!("strangers are challenged")
        };
        for _ in 0..2 * FAILURES_MAX {
            let guess = gate.credentials("1001", "guess", &challenge.values[0]);
            let Verdict::Challenge(again) = gate.check(&guess, HOME) else {
                panic!("a nonce of elsewhere is stale")
            };
            assert!(again.values[0].ends_with("stale=true"));
        }
        assert_eq!(gate.authenticator.watched(), 0);
        assert_eq!(gate.attempt("1001", "secret", HOME), "challenged, accepted 1001");
    }

    #[test]
    fn old_hashes_are_refused_where_they_are_not_allowed() {
        let mut gate = Gate::new();
        gate.authenticator.config.allows_md5 = false;
        let Verdict::Challenge(challenge) = gate.check("", HOME) else { panic!("strangers are challenged") };
        assert_eq!(challenge.values.len(), 1);
        let md5 = challenge.values[0].replace("SHA-256", "MD5");
        let credentials = gate.credentials("1001", "secret", &md5);
        assert!(matches!(gate.check(&credentials, HOME), Verdict::Challenge(_)));
    }

    #[test]
    fn many_guessers_do_not_fill_the_memory() {
        let mut gate = Gate::new();
        for n in 0..WATCHED_MAX + 10 {
            let address = IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
            gate.authenticator.count_failure(address, "1001", gate.now.mono);
        }
        assert_eq!(gate.authenticator.watched(), WATCHED_MAX);
        assert_eq!(gate.authenticator.by_age.len(), WATCHED_MAX);
    }

    const HOME: &str = "192.0.2.7:5060";

    #[test]
    fn a_token_stands_for_the_password_where_nobody_reads_it() {
        let mut gate = Gate::new();
        let token = gate.authenticator.issue_token("1001", 7, gate.now);
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(gate.show(&format!("{scheme} {token}"), Transport::Wss, HOME), "1001 by log-in 7");
        }
        for transport in [Transport::Ws, Transport::Tls] {
            assert_eq!(gate.show(&format!("Bearer {token}"), transport, HOME), "1001 by log-in 7");
        }
        for transport in [Transport::Udp, Transport::Tcp] {
            assert_eq!(gate.show(&format!("Bearer {token}"), transport, HOME), "no token");
        }
        assert_eq!(gate.show("Digest username=\"1001\"", Transport::Wss, HOME), "no token");
    }

    #[test]
    fn a_token_that_is_too_old_is_asked_for_anew_and_is_no_guess() {
        let mut gate = Gate::new();
        let token = format!("Bearer {}", gate.authenticator.issue_token("1001", 7, gate.now));
        gate.now = gate.now.after(crate::TOKEN_LIFETIME);
        let anew = "challenged with Bearer realm=\"hotline\", error=\"invalid_token\"";
        for _ in 0..2 * FAILURES_MAX {
            assert_eq!(gate.show(&token, Transport::Wss, HOME).replace(",error", ", error"), anew);
        }
        assert_eq!(gate.authenticator.watched(), 0);
    }

    #[test]
    fn a_token_of_somebody_else_or_of_nobody_is_a_guess() {
        let mut gate = Gate::new();
        let foreign = format!("Bearer {}", gate.authenticator.issue_token("1002", 7, gate.now));
        let own = format!("Bearer {}", gate.authenticator.issue_token("1001", 7, gate.now));
        for _ in 0..FAILURES_MAX / 2 {
            assert_eq!(gate.show(&foreign, Transport::Wss, HOME), "refused 403");
            assert_eq!(gate.show("Bearer 1.2.3.4", Transport::Wss, HOME), "refused 403");
        }
        assert_eq!(gate.show(&own, Transport::Wss, HOME), "locked out 403");
        assert_eq!(gate.show(&own, Transport::Wss, "203.0.113.9:443"), "1001 by log-in 7");
    }

    struct Gate {
        authenticator: Authenticator,
        secrets: BTreeMap<String, DigestSecret>,
        now: Now,
        ids: IdSource,
    }

    impl Gate {
        fn new() -> Self {
            let config = AuthenticatorConfig { realm: "hotline".to_owned(), allows_md5: true };
            let users = ["1001", "1002"];
            Self {
                authenticator: Authenticator::new(config, SecretSource::fixed(1)),
                secrets: users
                    .map(|user| (user.to_owned(), DigestSecret::new(user, "hotline", "secret")))
                    .into_iter()
                    .collect(),
                now: Now { mono: Instant::from_micros(1_000_000), utc: Timestamp::default() },
                ids: IdSource::new(1),
            }
        }

        /// Asks without credentials, then with them; tells how each went.
        fn attempt(&mut self, user: &str, password: &str, from: &str) -> String {
            let Verdict::Challenge(challenge) = self.check("", from) else {
                panic!("strangers are challenged")
            };
            let credentials = self.credentials(user, password, &challenge.values[0]);
            let second = match self.check(&credentials, from) {
                Verdict::Accept { user } => format!("accepted {user}"),
                Verdict::Challenge(_) => "challenged".to_owned(),
                Verdict::Refuse { status, .. } => format!("refused {status}"),
            };
            format!("challenged, {second}")
        }

        fn credentials(&mut self, user: &str, password: &str, challenge: &str) -> String {
            let mut digest = Credentials::new(user, "hotline", password).answer([challenge]).unwrap();
            format!("Authorization: {}\r\n", digest.authorize("REGISTER", "sip:hotline.test", &mut self.ids))
        }

        /// Registers 1001 with this `Authorization`; tells how it went.
        fn show(&mut self, authorization: &str, transport: Transport, from: &str) -> String {
            let (request, source) = register(&format!("Authorization: {authorization}\r\n"), transport, from);
            match self.authenticator.check_token(&request, &source, &self.secrets, self.now) {
                None => "no token".to_owned(),
                Some(Ok(holder)) => format!("{} by log-in {}", holder.user, holder.login),
                Some(Err(Verdict::Accept { user })) => format!("accepted {user}"),
                Some(Err(Verdict::Challenge(challenge))) => {
                    format!("challenged with {}", challenge.values[0])
                }
                Some(Err(Verdict::Refuse { status, why: Refusal::LockedOut { .. } })) => {
                    format!("locked out {status}")
                }
                Some(Err(Verdict::Refuse { status, .. })) => format!("refused {status}"),
            }
        }

        fn check(&mut self, credentials: &str, from: &str) -> Verdict<String> {
            let (request, source) = register(credentials, Transport::Udp, from);
            self.authenticator.check(&request, &source, &self.secrets, self.now)
        }
    }

    fn register(credentials: &str, transport: Transport, from: &str) -> (Box<Request>, Source) {
        let text = format!(
            "REGISTER sip:hotline.test SIP/2.0\r\nVia: SIP/2.0/UDP a.test;branch=z9hG4bK1\r\n\
                 From: <sip:1001@hotline.test>;tag=1\r\nTo: <sip:1001@hotline.test>\r\nCall-ID: c\r\n\
                 CSeq: 1 REGISTER\r\n{credentials}Content-Length: 0\r\n\r\n"
        );
        let Ok(Message::Request(request)) = Message::parse(Bytes::from(text)) else {
            unreachable!("it is a request")
        };
        let source = Source {
            transport,
            local: "192.0.2.1:5060".parse().unwrap(),
            remote: from.parse().unwrap(),
            connection: None,
        };
        (Box::new(request), source)
    }
}
