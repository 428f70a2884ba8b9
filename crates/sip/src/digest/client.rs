//! The side that is challenged and answers, towards carriers.
//!
//! Credentials belong to one realm. A challenge of any other realm stays unanswered: whoever may choose the realm may
//! collect answers (CVE-2021-41158). The host they belong to is bound by their owner, who gives them along with a
//! destination.

use super::{Algorithm, DigestSecret, Question};
use base::IdSource;
use sip_message::header::AuthValue;

/// A user name and its secret, good for one realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user name the realm knows.
    pub user: String,
    /// The realm; another one gets no answer.
    pub realm: String,
    /// The HA1s.
    pub secret: DigestSecret,
}

/// A challenge that can be answered, for as many requests as the nonce lasts.
#[derive(Clone, Debug)]
pub struct ClientDigest {
    credentials: Credentials,
    algorithm: Algorithm,
    nonce: String,
    opaque: Option<String>,
    counts: bool,
    counter: u32,
    stale: bool,
}

impl Credentials {
    /// The credentials of `user` with this password in `realm`.
    pub fn new(user: &str, realm: &str, password: &str) -> Self {
        Self {
            user: user.to_owned(),
            realm: realm.to_owned(),
            secret: DigestSecret::new(user, realm, password),
        }
    }

    /// Picks the strongest of the challenges' values that can be answered, the first among equals: our realm, SHA-256
    /// before MD5, `qop=auth` or none. `auth-int` is not spoken.
    pub fn answer<'a>(&self, challenges: impl IntoIterator<Item = &'a str>) -> Option<ClientDigest> {
        challenges
            .into_iter()
            .filter_map(|value| self.answer_one(value))
            .min_by_key(|digest| digest.algorithm)
    }

    fn answer_one(&self, value: &str) -> Option<ClientDigest> {
        let challenge = AuthValue::parse(value.as_bytes()).ok()?;
        if !challenge.is_digest() || challenge.param("realm")? != self.realm {
            return None;
        }
        let algorithm = Algorithm::from_name(challenge.param("algorithm").unwrap_or("MD5"))?;
        let counts = match challenge.param("qop") {
            Some(words) => {
                let knows_auth = words.split(',').any(|word| word.trim().eq_ignore_ascii_case("auth"));
                knows_auth.then_some(true)?
            }
            None => false,
        };
        Some(ClientDigest {
            credentials: self.clone(),
            algorithm,
            nonce: challenge.param("nonce")?.to_owned(),
            opaque: challenge.param("opaque").map(str::to_owned),
            counts,
            counter: 0,
            stale: challenge.param("stale").is_some_and(|word| word.eq_ignore_ascii_case("true")),
        })
    }
}

impl ClientDigest {
    /// Whether the peer says that only the nonce was too old, so that the secret was right.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// The peer wants this nonce in the next request (RFC 7616 §3.5).
    pub fn renew(&mut self, nonce: &str) {
        self.nonce = nonce.to_owned();
        self.counter = 0;
    }

    /// The value of the `Authorization` or `Proxy-Authorization` header for one request.
    pub fn authorize(&mut self, method: &str, uri: &str, ids: &mut IdSource) -> String {
        self.counter = self.counter.saturating_add(1);
        let counter = format!("{:08x}", self.counter);
        let cnonce = ids.token(16);
        let question = Question {
            algorithm: self.algorithm,
            method,
            uri,
            nonce: &self.nonce,
            counted: self.counts.then_some((counter.as_str(), cnonce.as_str())),
        };
        let response = question.response(&self.credentials.secret);

        let value = AuthValue::new("Digest")
            .quoted("username", &self.credentials.user)
            .quoted("realm", &self.credentials.realm)
            .quoted("nonce", &self.nonce)
            .quoted("uri", uri)
            .quoted("response", response.as_str())
            .token("algorithm", self.algorithm.name());
        let value = if self.counts {
            value.token("qop", "auth").token("nc", &counter).quoted("cnonce", &cnonce)
        } else {
            value
        };
        match &self.opaque {
            Some(opaque) => value.quoted("opaque", opaque),
            None => value,
        }
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_of_another_realm_gets_no_answer() {
        let credentials = Credentials::new("hotline", "carrier.example", "secret");
        assert!(credentials.answer(["Digest realm=\"evil.example\", nonce=\"n\", qop=\"auth\""]).is_none());
        assert!(credentials.answer(["Basic realm=\"carrier.example\""]).is_none());
    }

    #[test]
    fn the_first_challenge_that_is_understood_is_answered() {
        let credentials = Credentials::new("hotline", "carrier.example", "secret");
        let digest = credentials
            .answer([
                "Digest realm=\"carrier.example\", nonce=\"a\", algorithm=SHA-512-256, qop=\"auth\"",
                "Digest realm=\"carrier.example\", nonce=\"b\", algorithm=SHA-256, qop=\"auth-int\"",
                "Digest realm=\"carrier.example\", nonce=\"c\", algorithm=SHA-256, qop=\"auth-int, auth\", stale=TRUE",
                "Digest realm=\"carrier.example\", nonce=\"d\", algorithm=MD5, qop=\"auth\"",
            ])
            .unwrap();
        assert_eq!((digest.nonce.as_str(), digest.algorithm), ("c", Algorithm::Sha256));
        assert!(digest.is_stale());
    }

    #[test]
    fn the_stronger_hash_is_chosen_whatever_the_order() {
        let credentials = Credentials::new("hotline", "c", "secret");
        let mut digest = credentials
            .answer([
                "Digest realm=\"c\", nonce=\"m\", qop=\"auth\"",
                "Digest realm=\"c\", nonce=\"s\", algorithm=SHA-256, qop=\"auth\"",
            ])
            .unwrap();
        assert_eq!((digest.nonce.as_str(), digest.algorithm), ("s", Algorithm::Sha256));
        let mut ids = IdSource::new(1);
        assert!(digest.authorize("REGISTER", "sip:c", &mut ids).contains("nc=00000001"));
        assert!(digest.authorize("REGISTER", "sip:c", &mut ids).contains("nc=00000002"));
        digest.renew("next");
        let renewed = digest.authorize("REGISTER", "sip:c", &mut ids);
        assert!(renewed.contains("nonce=\"next\"") && renewed.contains("nc=00000001"), "{renewed}");
    }

    #[test]
    fn an_old_challenge_without_qop_is_answered_in_the_old_form() {
        let credentials = Credentials::new("Mufasa", "testrealm@host.com", "CircleOfLife");
        let mut digest = credentials
            .answer(["Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5c\""])
            .unwrap();
        insta::assert_snapshot!(
            digest.authorize("GET", "/dir/index.html", &mut IdSource::new(1)),
            @r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea", algorithm=MD5, opaque="5c""#
        );
    }
}
