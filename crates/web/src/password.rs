//! Passwords: argon2id, checked on threads where it disturbs nobody.
//!
//! A check takes some tens of milliseconds and 19 MB by design, so only a few run at once and only so many wait. A
//! login that does not exist is checked against a hash that fits no password, so that the answer takes as long.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use base::SecretSource;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::Semaphore;

/// Checks that run at once.
pub const CHECKS_MAX: usize = 2;
/// Checks that wait for their turn; one more is turned away.
pub const CHECKS_WAITING_MAX: usize = 64;
/// The longest password looked at. Longer ones only make hashing slow.
pub const LENGTH_MAX: usize = 256;
/// The shortest password that may be set.
pub const LENGTH_MIN: usize = 8;

/// A password that cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordRefused {
    /// Too short.
    #[error("a password has at least {LENGTH_MIN} characters")]
    TooShort,
    /// Too long.
    #[error("a password has at most {LENGTH_MAX} bytes")]
    TooLong,
}

/// More checks wait than the door takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many log-ins at once")]
pub struct Crowded;

/// Where passwords are checked.
#[derive(Clone, Debug)]
pub struct PasswordDoor {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for PasswordDoor {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(CHECKS_MAX)),
            waiting: Arc::new(Semaphore::new(CHECKS_MAX + CHECKS_WAITING_MAX)),
        }
    }
}

/// The hash to be stored for a password.
pub fn hash(password: &str, secrets: &mut SecretSource) -> Result<String, PasswordRefused> {
    if password.chars().count() < LENGTH_MIN {
        return Err(PasswordRefused::TooShort);
    }
    if password.len() > LENGTH_MAX {
        return Err(PasswordRefused::TooLong);
    }
    let mut salt = [0; 16];
    secrets.fill(&mut salt);
    Ok(hash_with(password, &salt))
}

impl PasswordDoor {
    /// Whether the password is the one that was hashed; `None` stands for a login that does not exist, for which no
    /// password is right and the check takes as long.
    pub async fn check(&self, password: String, hash: Option<String>) -> Result<bool, Crowded> {
        let _place = self.waiting.clone().try_acquire_owned().map_err(|_| Crowded)?;
        let turn = self.running.clone().acquire_owned().await.map_err(|_| Crowded)?;
        tokio::task::spawn_blocking(move || {
            let right = verify(&password, hash.as_deref().unwrap_or(NOBODY)) && hash.is_some();
            drop(turn);
            right
        })
        .await
        .map_err(|_| Crowded)
    }
}

/// A hash with our parameters that fits no password anybody knows: its bytes were made up.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$aG90bGluZTogbm9ib2R5IQ$\
                      AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfE";

fn verify(password: &str, hash: &str) -> bool {
    if password.len() > LENGTH_MAX {
        return false;
    }
    match PasswordHash::new(hash) {
        Ok(hash) => argon2().verify_password(password.as_bytes(), &hash).is_ok(),
        Err(error) => {
            tracing::error!(%error, "a stored password hash cannot be read");
            false
        }
    }
}

fn hash_with(password: &str, salt: &[u8; 16]) -> String {
    // Sixteen bytes make a legal salt, and a password of bounded length can always be hashed.
    let Ok(salt) = SaltString::encode_b64(salt) else { unreachable!("sixteen bytes are a salt") };
    match argon2().hash_password(password.as_bytes(), &salt) {
        Ok(hash) => hash.to_string(),
        Err(error) => unreachable!("argon2 with its recommended parameters: {error}"),
    }
}

/// OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let mut secrets = SecretSource::fixed(1);
        let hash = hash("correct horse", &mut secrets).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let door = PasswordDoor::default();
        assert_eq!(door.check("correct horse".into(), Some(hash.clone())).await, Ok(true));
        assert_eq!(door.check("correct horsf".into(), Some(hash.clone())).await, Ok(false));
        assert_eq!(door.check("x".repeat(LENGTH_MAX + 1), Some(hash)).await, Ok(false));
        assert_eq!(door.check("correct horse".into(), Some("not a hash".into())).await, Ok(false));
    }

    #[tokio::test]
    async fn nobody_has_no_password_and_is_checked_as_thoroughly() {
        assert_eq!(PasswordDoor::default().check("anything".into(), None).await, Ok(false));
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let somebody = hash("correct horse", &mut SecretSource::fixed(1)).unwrap();
        let somebody = PasswordHash::new(&somebody).unwrap();
        assert_eq!(nobody.params, somebody.params);
        assert_eq!(nobody.hash.unwrap().len(), somebody.hash.unwrap().len());
    }

    #[test]
    fn two_hashes_of_one_password_differ() {
        let mut secrets = SecretSource::fixed(1);
        assert_ne!(hash("correct horse", &mut secrets), hash("correct horse", &mut secrets));
    }

    #[test]
    fn passwords_that_are_too_short_or_too_long_are_refused() {
        let mut secrets = SecretSource::fixed(1);
        assert_eq!(hash("short", &mut secrets), Err(PasswordRefused::TooShort));
        assert_eq!(hash(&"x".repeat(300), &mut secrets), Err(PasswordRefused::TooLong));
    }

    #[tokio::test]
    async fn a_crowd_is_turned_away() {
        let door = PasswordDoor::default();
        let _all =
            door.waiting.clone().try_acquire_many_owned((CHECKS_MAX + CHECKS_WAITING_MAX) as u32).unwrap();
        assert_eq!(door.check("x".into(), None).await, Err(Crowded));
    }
}
