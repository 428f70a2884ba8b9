//! Digest authentication: RFC 7616 as SIP uses it (RFC 3261 §22, RFC 8760).
//!
//! SHA-256 is offered first, then MD5, with `qop=auth` only. A server checks against stored HA1s, never against a
//! password. A client answers challenges of its own realm only.
//!
//! Reading order: [`nonce`], [`server`], [`client`]. The headers' grammar is [`sip_message::header::AuthValue`]'s.

pub mod client;
pub mod nonce;
pub mod server;

pub use client::{ClientDigest, Credentials};
pub use server::{DigestServer, DigestVerdict};

use md5::Md5;
use sha2::Sha256;

/// A hash function digest may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256: 64 digits.
    Sha256,
    /// MD5, for phones that know nothing else: 32 digits.
    Md5,
}

impl Algorithm {
    /// The word in the header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    /// The algorithm a word means. Session variants are not spoken.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Md5].into_iter().find(|one| one.name().eq_ignore_ascii_case(name))
    }

    /// The hash of the parts joined by colons, as lower-case digits.
    fn hash(self, parts: &[&[u8]]) -> Hex {
        match self {
            Self::Sha256 => Hex::of(&feed::<Sha256>(parts)),
            Self::Md5 => Hex::of(&feed::<Md5>(parts)),
        }
    }
}

fn feed<H: md5::Digest>(parts: &[&[u8]]) -> md5::digest::Output<H> {
    let mut hash = H::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hash.finalize()
}

/// Up to 32 bytes as lower-case hexadecimal digits, without an allocation.
#[derive(Clone, Copy)]
pub(crate) struct Hex {
    digits: [u8; 64],
    length: usize,
}

impl Hex {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self { digits, length: (bytes.len() * 2).min(64) }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.digits[..self.length]
    }

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// Both HA1s of one user in one realm: what is stored instead of the password.
///
/// It is as good as the password within its realm, so it shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct DigestSecret {
    /// MD5 of `user:realm:password`.
    pub md5: [u8; 16],
    /// SHA-256 of `user:realm:password`.
    pub sha256: [u8; 32],
}

impl DigestSecret {
    /// The secret of this user.
    pub fn new(user: &str, realm: &str, password: &str) -> Self {
        let parts = [user.as_bytes(), realm.as_bytes(), password.as_bytes()];
        Self { md5: feed::<Md5>(&parts).into(), sha256: feed::<Sha256>(&parts).into() }
    }

    fn ha1(&self, algorithm: Algorithm) -> Hex {
        match algorithm {
            Algorithm::Sha256 => Hex::of(&self.sha256),
            Algorithm::Md5 => Hex::of(&self.md5),
        }
    }
}

/// Shows nothing.
impl core::fmt::Debug for DigestSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DigestSecret(…)")
    }
}

/// What is hashed besides the secret: the answer to one challenge for one request.
#[derive(Clone, Copy)]
struct Question<'a> {
    algorithm: Algorithm,
    method: &'a str,
    uri: &'a str,
    nonce: &'a str,
    /// Counter and client nonce, with `qop=auth`; `None` is the form of RFC 2069.
    counted: Option<(&'a str, &'a str)>,
}

impl Question<'_> {
    /// The `response` parameter (RFC 7616 §3.4.1).
    fn response(&self, secret: &DigestSecret) -> Hex {
        let ha1 = secret.ha1(self.algorithm);
        let ha2 = self.algorithm.hash(&[self.method.as_bytes(), self.uri.as_bytes()]);
        let nonce = self.nonce.as_bytes();
        match self.counted {
            Some((nc, cnonce)) => self.algorithm.hash(&[
                ha1.as_bytes(),
                nonce,
                nc.as_bytes(),
                cnonce.as_bytes(),
                b"auth",
                ha2.as_bytes(),
            ]),
            None => self.algorithm.hash(&[ha1.as_bytes(), nonce, ha2.as_bytes()]),
        }
    }
}

/// Compares without telling by its duration where the first difference is.
pub(crate) fn equal_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let difference = left.iter().zip(right).fold(0, |all, (a, b)| all | (a ^ b));
    core::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 §3.9.1.
    #[test]
    fn the_example_of_the_rfc_comes_out() {
        let secret = DigestSecret::new("Mufasa", "http-auth@example.org", "Circle of Life");
        let question = |algorithm| Question {
            algorithm,
            method: "GET",
            uri: "/dir/index.html",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            counted: Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")),
        };
        assert_eq!(
            question(Algorithm::Sha256).response(&secret).as_str(),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
        assert_eq!(question(Algorithm::Md5).response(&secret).as_str(), "8ca523f5e9506fed4657c9700eebdbec");
    }

    /// RFC 2069's example with the erratum's digits: no qop, no counter.
    #[test]
    fn the_old_form_without_a_counter_comes_out() {
        let secret = DigestSecret::new("Mufasa", "testrealm@host.com", "CircleOfLife");
        let question = Question {
            algorithm: Algorithm::Md5,
            method: "GET",
            uri: "/dir/index.html",
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            counted: None,
        };
        assert_eq!(question.response(&secret).as_str(), "1949323746fe6a43ef61f9606e7febea");
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", DigestSecret::new("a", "b", "c")), "DigestSecret(…)");
    }

    #[test]
    fn texts_of_different_length_differ() {
        assert!(equal_in_constant_time(b"ab", b"ab"));
        assert!(!equal_in_constant_time(b"ab", b"ac"));
        assert!(!equal_in_constant_time(b"ab", b"abc"));
    }
}
