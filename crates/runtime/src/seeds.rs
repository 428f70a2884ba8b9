//! Randomness from the operating system, once for each source.

use base::{IdSource, SecretSource};

pub(crate) fn bytes() -> [u8; 32] {
    let mut seed = [0; 32];
    // A machine that cannot give 32 random bytes cannot keep a secret either.
    getrandom::fill(&mut seed)
        .unwrap_or_else(|error| panic!("the operating system gives no randomness: {error}"));
    seed
}

pub(crate) fn ids() -> IdSource {
    IdSource::from_bytes(bytes())
}

pub(crate) fn secrets() -> SecretSource {
    SecretSource::from_bytes(bytes())
}
