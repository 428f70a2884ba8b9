//! Tokens, and who holds them.
//!
//! A token is 256 random bits that only its holder has; the library keeps its hash. What the library said about a token
//! is believed for some seconds, so that not every request costs a question, and so that the board goes on when the
//! database is away.

use crate::library::{Library, LibraryError};
use access::User;
use base::{Duration, SecretSource, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long the library's word about a token is believed. So long may a new password take to end old sessions.
pub const BELIEVED: Duration = Duration::from_secs(10);
/// How many sessions are remembered; the one asked about longest ago gives way.
pub const REMEMBERED_MAX: usize = 10_000;
/// A token's length: 52 letters of five bits.
pub const TOKEN_LETTERS: usize = 52;

/// Who is known to be logged in.
#[derive(Debug, Default)]
pub struct Sessions {
    known: Mutex<BTreeMap<String, Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    user: User,
    expires_at: Timestamp,
    asked_at: Timestamp,
}

/// A new token.
pub fn new_token(secrets: &mut SecretSource) -> String {
    secrets.token(TOKEN_LETTERS)
}

/// What the library keeps of a token.
pub fn hash(token: &str) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(token.as_bytes()) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The number by which the center knows a log-in: the first 64 bits of its token's hash.
pub(crate) fn number(token_hash: &str) -> u64 {
    token_hash.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

impl Sessions {
    /// The user whose session has this token hash.
    pub async fn user(
        &self,
        library: &dyn Library,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<User>, LibraryError> {
        let known = self.known().get(token_hash).cloned().filter(|known| known.expires_at > now);
        if let Some(known) = &known
            && now.since(known.asked_at) < BELIEVED
        {
            return Ok(Some(known.user.clone()));
        }
        match library.session(token_hash, now).await {
            Ok(Some((user, session))) => {
                let known = Known { user: user.clone(), expires_at: session.expires_at, asked_at: now };
                self.remember(token_hash, known);
                Ok(Some(user))
            }
            Ok(None) => {
                self.forget(token_hash);
                Ok(None)
            }
            // The library is away: what it said last still counts.
            Err(error) => known.map(|known| Some(known.user)).ok_or(error),
        }
    }

    /// Forgets a session that ended.
    pub fn forget(&self, token_hash: &str) {
        self.known().remove(token_hash);
    }

    fn remember(&self, token_hash: &str, session: Known) {
        let mut known = self.known();
        if known.len() >= REMEMBERED_MAX && !known.contains_key(token_hash) {
            let oldest = known.iter().min_by_key(|(_, known)| known.asked_at).map(|(hash, _)| hash.clone());
            if let Some(oldest) = oldest {
                known.remove(&oldest);
            }
        }
        known.insert(token_hash.to_owned(), session);
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let mut secrets = SecretSource::fixed(1);
        let (one, other) = (new_token(&mut secrets), new_token(&mut secrets));
        assert_ne!(one, other);
        assert!(one.len() * 5 >= 256, "{one}");
        assert_eq!(hash(&one).len(), 64);
        assert!(!hash(&one).contains(&one));
        assert_ne!(number(&hash(&one)), number(&hash(&other)));
        assert_eq!(number("00000000000000ffab"), 255);
    }
}
