//! Tokens instead of passwords: whoever has logged in elsewhere registers a phone with one. RFC 8898, RFC 6750 §2.1.
//!
//! ```text
//!  Authorization: Bearer <end>.<log-in>.<user>.<keyed hash of these three>
//! ```
//!
//! A token says for whom it is, by which log-in, and until when; the hash says that it is ours. Nothing is stored when one
//! is handed out. It is good as often as it is shown, since a phone in a browser may have to register twice in a moment;
//! it lives for a minute, and it travels only where nobody reads it.
//!
//! Whether the user is still one, and the log-in still holds, is the owner's to know.

use crate::digest::nonce::hmac_sha256;
use crate::digest::{Hex, equal_in_constant_time};
use base::{Duration, Instant, SecretSource};
use sip_message::{HeaderName, Request};

/// How long a token can be shown: time enough to open a connection and to register over it.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(60);

/// The longest token that is looked at: a user name as long as any, in hexadecimal, and the rest.
const TOKEN_BYTES_MAX: usize = 512;

/// The key of one process. What an earlier process handed out is worth nothing.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// It is ours and young enough.
    Good {
        /// For whom.
        user: String,
        /// By which log-in.
        login: u64,
    },
    /// It is ours, and its time is over.
    Expired,
    /// It is not ours.
    Wrong,
}

impl TokenKey {
    /// A key that nobody else has.
    pub fn new(secrets: &mut SecretSource) -> Self {
        let mut key = [0; 32];
        secrets.fill(&mut key);
        Self(key)
    }

    /// A token for this user, good until [`TOKEN_LIFETIME`] from now. Costs one hash.
    pub fn issue(&self, user: &str, login: u64, now: Instant) -> String {
        let end = (now + TOKEN_LIFETIME).as_micros() / 1000;
        let user: String = user.bytes().map(|byte| format!("{byte:02x}")).collect();
        let said = format!("{end:x}.{login:x}.{user}");
        let hash = self.hash(&said);
        format!("{said}.{}", hash.as_str())
    }

    /// Reads a token. Costs one hash.
    pub fn read(&self, token: &str, now: Instant) -> Token {
        self.try_read(token, now).unwrap_or(Token::Wrong)
    }

    fn try_read(&self, token: &str, now: Instant) -> Option<Token> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let (said, hash) = token.rsplit_once('.')?;
        if !equal_in_constant_time(self.hash(said).as_bytes(), hash.as_bytes()) {
            return None;
        }
        let mut fields = said.split('.');
        let mut number = || u64::from_str_radix(fields.next()?, 16).ok();
        let (end, login) = (number()?, number()?);
        if now.as_micros() / 1000 >= end {
            return Some(Token::Expired);
        }
        let digits = fields.next()?.as_bytes().chunks_exact(2);
        let bytes: Option<Vec<u8>> =
            digits.map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()).collect();
        Some(Token::Good { user: String::from_utf8(bytes?).ok()?, login })
    }

    fn hash(&self, said: &str) -> Hex {
        Hex::of(&hmac_sha256(&self.0, &[said.as_bytes()]))
    }
}

/// Shows nothing.
impl core::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

/// The token that a request shows, whatever it is worth. The scheme may stand in any case.
pub fn shown(request: &Request) -> Option<String> {
    let mut values = request.headers().all(HeaderName::Authorization);
    values.find_map(|value| {
        let text = value.text();
        let (scheme, token) = text.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(seed: u64) -> TokenKey {
        TokenKey::new(&mut SecretSource::fixed(seed))
    }

    fn at(seconds: u64) -> Instant {
        Instant::START + Duration::from_secs(seconds)
    }

    #[test]
    fn a_token_names_its_user_and_log_in_for_a_minute() {
        let token = key(1).issue("anna müller", 0xfeed, at(10));
        let good = Token::Good { user: "anna müller".to_owned(), login: 0xfeed };
        assert_eq!(key(1).read(&token, at(10)), good);
        assert_eq!(key(1).read(&token, at(69)), good);
        assert_eq!(key(1).read(&token, at(70)), Token::Expired);
        assert_eq!(key(2).read(&token, at(10)), Token::Wrong);
    }

    #[test]
    fn a_token_has_the_letters_of_rfc_6750_and_no_others() {
        let token = key(1).issue("+49 30\"1", u64::MAX, at(1 << 40));
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'), "{token}");
        assert!(key(1).issue(&"ü".repeat(64), u64::MAX, at(1 << 40)).len() <= TOKEN_BYTES_MAX);
    }

    #[test]
    fn a_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", key(1)), "TokenKey(…)");
    }

    proptest! {
        #[test]
        fn no_other_text_is_a_token(text in "[0-9a-f.]{0,200}|.{0,200}") {
            prop_assert_eq!(key(1).read(&text, at(0)), Token::Wrong);
        }

        #[test]
        fn a_token_with_one_letter_changed_is_none(place in 0usize..60, letter in "[0-9a-f.]") {
            let token = key(1).issue("1001", 7, at(0));
            let mut changed = token.clone();
            changed.replace_range(place..=place, &letter);
            prop_assume!(changed != token);
            prop_assert_eq!(key(1).read(&changed, at(0)), Token::Wrong);
        }
    }
}
