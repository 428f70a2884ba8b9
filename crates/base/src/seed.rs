//! Two streams of randomness, both from seeds: one that anybody may see, one that nobody may guess.
//!
//! They never share a seed, so that an id seen on the wire says nothing about a secret.

use rand_chacha::rand_core::{RngCore, SeedableRng};
use rand_chacha::{ChaCha8Rng, ChaCha20Rng};
use serde::{Deserialize, Serialize};

/// The letters of Crockford's base 32 in lower case: no i, l, o, u, so that an id can be read aloud.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A source of what may be seen on the wire: ids, tags, branches, SSRCs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdSource(ChaCha8Rng);

impl IdSource {
    /// The stream that belongs to `seed`: the same seed gives the same ids.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The stream that belongs to 256 bits of seed, as a production driver takes them from its machine.
    pub fn from_bytes(seed: [u8; 32]) -> Self {
        Self(ChaCha8Rng::from_seed(seed))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// The next 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number from 0 up to and without `limit`; 0 if `limit` is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        // Multiply-shift: the bias is below 2⁻⁶⁴ × limit, far under what a simulation could notice.
        ((u128::from(self.next_u64()) * u128::from(limit)) >> 64) as u64
    }

    /// A number from 0 up to and without 1.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Appends `length` letters and digits to `out`.
    pub fn write_token(&mut self, length: usize, out: &mut String) {
        let mut bits = 0;
        for at in 0..length {
            if at % 12 == 0 {
                bits = self.next_u64();
            }
            out.push(char::from(BASE32[(bits & 31) as usize]));
            bits >>= 5;
        }
    }

    /// A word of `length` letters and digits.
    pub fn token(&mut self, length: usize) -> String {
        let mut token = String::with_capacity(length);
        self.write_token(length, &mut token);
        token
    }

    /// A new source for a part of the machine, so that parts do not disturb each other's order.
    pub fn fork(&mut self) -> Self {
        let mut seed = [0; 32];
        self.0.fill_bytes(&mut seed);
        Self::from_bytes(seed)
    }
}

/// A source of what nobody may guess: nonces, keys, passwords.
#[derive(Clone)]
pub struct SecretSource(ChaCha20Rng);

impl SecretSource {
    /// The stream of a fixed seed: for the simulator only.
    pub fn fixed(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    /// The stream that belongs to 256 bits from the operating system.
    pub fn from_bytes(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// Fills `out` with secret bytes.
    pub fn fill(&mut self, out: &mut [u8]) {
        self.0.fill_bytes(out);
    }

    /// A new source for a part of the machine, which tells nothing of this one.
    pub fn fork(&mut self) -> Self {
        let mut seed = [0; 32];
        self.0.fill_bytes(&mut seed);
        Self::from_bytes(seed)
    }

    /// A secret word of `length` letters and digits: five bits each.
    pub fn token(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(BASE32[(self.0.next_u32() & 31) as usize])).collect()
    }
}

/// Shows nothing of the stream.
impl core::fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SecretSource(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        assert_eq!(IdSource::new(7).token(40), IdSource::new(7).token(40));
        assert_ne!(IdSource::new(7).token(40), IdSource::new(8).token(40));
    }

    #[test]
    fn below_stays_below() {
        let mut ids = IdSource::new(1);
        assert!((0..1000).all(|_| ids.below(3) < 3));
        assert_eq!(ids.below(0), 0);
    }

    #[test]
    fn a_secret_source_does_not_show_itself() {
        assert_eq!(format!("{:?}", SecretSource::fixed(1)), "SecretSource(…)");
    }
}
