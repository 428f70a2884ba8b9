//! The side that challenges and checks.

use super::nonce::Nonces;
use super::{Algorithm, DigestSecret, Question, equal_in_constant_time};
use base::{Duration, Instant, SecretSource};
use sip_message::header::AuthValue;
use std::net::IpAddr;

/// How long a nonce may be used. A phone that registers less often than this is challenged each time.
pub const NONCE_LIFETIME: Duration = Duration::from_secs(300);

/// What credentials turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestVerdict {
    /// The peer knows the secret, and these credentials were not used before.
    Good,
    /// The nonce is not good, or not good any more: challenge again with `stale=true`. Says nothing of the secret, so
    /// that nobody can guess with nonces of others.
    Stale,
    /// The peer does not know the secret.
    Wrong,
}

/// The credentials of one request for one realm, as they came.
#[derive(Clone, Debug)]
pub struct Claim {
    credentials: AuthValue,
    algorithm: Algorithm,
    counter: u32,
}

impl Claim {
    /// Reads an `Authorization` or `Proxy-Authorization` value. `None` if it is not digest, not for `realm`, or lacks
    /// what `qop=auth` needs: such credentials count as none, and the peer is challenged.
    pub fn read(value: &[u8], realm: &str) -> Option<Self> {
        let credentials = AuthValue::parse(value).ok().filter(AuthValue::is_digest)?;
        if credentials.param("realm")? != realm || !credentials.param("qop")?.eq_ignore_ascii_case("auth") {
            return None;
        }
        let algorithm = Algorithm::from_name(credentials.param("algorithm").unwrap_or("MD5"))?;
        let digits = credentials.param("nc")?;
        if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let counter = u32::from_str_radix(digits, 16).ok()?;
        for needed in ["username", "nonce", "uri", "response", "cnonce"] {
            credentials.param(needed)?;
        }
        Some(Self { credentials, algorithm, counter })
    }

    /// Who the peer says it is.
    pub fn user(&self) -> &str {
        self.text("username")
    }

    /// Whether the peer chose the old hash.
    pub fn is_md5(&self) -> bool {
        self.algorithm == Algorithm::Md5
    }

    fn text(&self, name: &str) -> &str {
        self.credentials.param(name).unwrap_or_default()
    }
}

/// Challenges and checks for one realm.
///
/// Checking costs three hashes. A challenge costs one and leaves nothing behind.
#[derive(Clone, Debug)]
pub struct DigestServer {
    realm: String,
    nonces: Nonces,
}

impl DigestServer {
    /// A server for `realm` whose nonces live [`NONCE_LIFETIME`].
    pub fn new(realm: &str, secrets: &mut SecretSource) -> Self {
        Self { realm: realm.to_owned(), nonces: Nonces::new(NONCE_LIFETIME, secrets) }
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The values of the challenge's headers, one for each algorithm, best first. They share one nonce.
    pub fn challenge(
        &mut self,
        peer: IpAddr,
        stale: bool,
        algorithms: &[Algorithm],
        now: Instant,
    ) -> Vec<String> {
        let nonce = self.nonces.issue(&self.realm, peer, now);
        let value = |algorithm: &Algorithm| {
            let value = AuthValue::new("Digest")
                .quoted("realm", &self.realm)
                .quoted("nonce", &nonce)
                .quoted("qop", "auth")
                .token("algorithm", algorithm.name());
            if stale { value.token("stale", "true") } else { value }.to_string()
        };
        algorithms.iter().map(value).collect()
    }

    /// Checks a claim against the secret of the user it names. For a user that does not exist give a secret that
    /// nobody knows: the answer then takes as long as a wrong password.
    pub fn check(
        &mut self,
        claim: &Claim,
        secret: &DigestSecret,
        method: &str,
        peer: IpAddr,
        now: Instant,
    ) -> DigestVerdict {
        let Some(name) = self.nonces.recognize(claim.text("nonce"), &self.realm, peer, now) else {
            return DigestVerdict::Stale;
        };
        let question = Question {
            algorithm: claim.algorithm,
            method,
            uri: claim.text("uri"),
            nonce: claim.text("nonce"),
            counted: Some((claim.text("nc"), claim.text("cnonce"))),
        };
        // Some clients write the digits in capitals.
        let mut given = [0; 64];
        let response = claim.text("response").as_bytes();
        let given = &mut given[..response.len().min(64)];
        given.copy_from_slice(&response[..response.len().min(64)]);
        given.make_ascii_lowercase();
        if response.len() > 64 || !equal_in_constant_time(question.response(secret).as_bytes(), given) {
            return DigestVerdict::Wrong;
        }
        if self.nonces.take(name, claim.counter, now) { DigestVerdict::Good } else { DigestVerdict::Stale }
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::Credentials;
    use super::*;
    use base::IdSource;

    #[test]
    fn sha_256_is_offered_first_then_md5() {
        let challenge = server().challenge(HOME, false, &[Algorithm::Sha256, Algorithm::Md5], at(1));
        assert_eq!(challenge.len(), 2);
        assert!(challenge[0].ends_with("qop=\"auth\", algorithm=SHA-256"), "{}", challenge[0]);
        assert!(challenge[1].ends_with("qop=\"auth\", algorithm=MD5"), "{}", challenge[1]);
        assert_eq!(server().challenge(HOME, true, &[Algorithm::Sha256], at(1)).len(), 1);
    }

    #[test]
    fn a_client_with_the_password_gets_in_once_for_each_counter() {
        let mut server = server();
        for only in [Algorithm::Sha256, Algorithm::Md5] {
            let challenge = server.challenge(HOME, false, &[Algorithm::Sha256, Algorithm::Md5], at(1));
            let offered = challenge.iter().map(String::as_str).filter(|value| value.contains(only.name()));
            let mut client = client("secret").answer(offered).unwrap();
            let mut ids = IdSource::new(1);
            let first = client.authorize("REGISTER", "sip:hotline.test", &mut ids);
            let second = client.authorize("REGISTER", "sip:hotline.test", &mut ids);
            assert_eq!(judge(&mut server, &first, "REGISTER", at(2)), DigestVerdict::Good);
            assert_eq!(judge(&mut server, &first, "REGISTER", at(2)), DigestVerdict::Stale);
            assert_eq!(judge(&mut server, &second, "REGISTER", at(2)), DigestVerdict::Good);
            assert_eq!(judge(&mut server, &second, "INVITE", at(2)), DigestVerdict::Wrong);
        }
    }

    #[test]
    fn a_client_with_another_password_stays_out() {
        let mut server = server();
        let challenge = server.challenge(HOME, false, &[Algorithm::Sha256, Algorithm::Md5], at(1));
        let mut client = client("Secret").answer(challenge.iter().map(String::as_str)).unwrap();
        let value = client.authorize("REGISTER", "sip:hotline.test", &mut IdSource::new(1));
        assert_eq!(judge(&mut server, &value, "REGISTER", at(2)), DigestVerdict::Wrong);
    }

    #[test]
    fn an_old_nonce_is_stale_not_wrong() {
        let mut server = server();
        let challenge = server.challenge(HOME, false, &[Algorithm::Sha256, Algorithm::Md5], at(1));
        let mut client = client("secret").answer(challenge.iter().map(String::as_str)).unwrap();
        let value = client.authorize("REGISTER", "sip:hotline.test", &mut IdSource::new(1));
        assert_eq!(judge(&mut server, &value, "REGISTER", at(400)), DigestVerdict::Stale);
    }

    #[test]
    fn incomplete_credentials_count_as_none() {
        let whole = "Digest username=\"a\", realm=\"hotline\", nonce=\"n\", uri=\"sip:x\", response=\"r\", \
                     cnonce=\"c\", nc=00000001, qop=auth, algorithm=MD5";
        assert!(Claim::read(whole.as_bytes(), "hotline").is_some());
        assert!(Claim::read(whole.as_bytes(), "other").is_none());
        for part in [
            "username=\"a\", ",
            "nonce=\"n\", ",
            "uri=\"sip:x\", ",
            "cnonce=\"c\", ",
            "nc=00000001, ",
            "qop=auth, ",
        ] {
            assert!(Claim::read(whole.replace(part, "").as_bytes(), "hotline").is_none(), "{part}");
        }
        for (from, to) in
            [("MD5", "MD5-sess"), ("00000001", "1"), ("00000001", "+0000001"), ("qop=auth", "qop=auth-int")]
        {
            assert!(Claim::read(whole.replace(from, to).as_bytes(), "hotline").is_none(), "{to}");
        }
    }

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    fn server() -> DigestServer {
        DigestServer::new("hotline", &mut SecretSource::fixed(1))
    }

    fn client(password: &str) -> Credentials {
        Credentials::new("1001", "hotline", password)
    }

    fn judge(server: &mut DigestServer, value: &str, method: &str, now: Instant) -> DigestVerdict {
        let claim = Claim::read(value.as_bytes(), "hotline").unwrap();
        assert_eq!(claim.user(), "1001");
        server.check(&claim, &DigestSecret::new("1001", "hotline", "secret"), method, HOME, now)
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }
}
