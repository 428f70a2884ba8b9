//! Nonces: when they were made, for which address, and that we made them, written so that nobody else can make one; and
//! how often each has been used.
//!
//! Bound to an address, so that whoever forges one never sees a nonce that is good for it and cannot lock out its owner
//! by wrong guesses. A nonce is not stored when it is handed out, so a flood of unauthenticated requests costs no memory. Only its first
//! good use enters it in the table of counters.

use super::{Hex, equal_in_constant_time};
use base::{Duration, Instant, SecretSource};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// How many nonces have their counters watched. When the table is full the oldest nonce goes stale early: its phone is
/// challenged once more and notices nothing.
const NONCES_WATCHED_MAX: usize = 200_000;

/// How far behind the highest counter a request that was overtaken on the way may be.
const WINDOW: u32 = 64;

/// Bytes of the authenticating hash inside a nonce: 112 bits.
const MAC_LENGTH: usize = 14;

/// A nonce of ours that is young enough: time of its making in milliseconds and serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NonceName(u64, u32);

/// The nonces of one realm.
#[derive(Clone, Debug)]
pub struct Nonces {
    key: [u8; 32],
    lifetime: Duration,
    next_serial: u32,
    /// In order of their making.
    used: BTreeMap<NonceName, Counters>,
    /// Whatever was made before is stale, because its counters were dropped.
    forgotten: NonceName,
}

/// Which counters of one nonce were used: the highest, and a bit for each of those shortly before it.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    highest: u32,
    seen: u64,
}

impl Nonces {
    /// Nonces that live for `lifetime`, with a key of their own.
    pub fn new(lifetime: Duration, secrets: &mut SecretSource) -> Self {
        let mut key = [0; 32];
        secrets.fill(&mut key);
        Self { key, lifetime, next_serial: 0, used: BTreeMap::new(), forgotten: NonceName(0, 0) }
    }

    /// A new nonce: 48 hexadecimal digits.
    pub fn issue(&mut self, realm: &str, peer: IpAddr, now: Instant) -> String {
        self.next_serial = self.next_serial.wrapping_add(1);
        let made = now.as_micros() / 1000;
        let mut bytes = [0; 10 + MAC_LENGTH];
        bytes[..6].copy_from_slice(&made.to_be_bytes()[2..]);
        bytes[6..10].copy_from_slice(&self.next_serial.to_be_bytes());
        let mac = self.mac(&bytes[..10], realm, peer);
        bytes[10..].copy_from_slice(&mac);
        Hex::of(&bytes).as_str().to_owned()
    }

    /// The nonce's name, if we made it for this realm and address, and not too long ago.
    pub fn recognize(&self, nonce: &str, realm: &str, peer: IpAddr, now: Instant) -> Option<NonceName> {
        let name = self.read(nonce, realm, peer)?;
        let oldest = (now - self.lifetime).as_micros() / 1000;
        let is_young = name.0 >= oldest && name.0 <= now.as_micros() / 1000;
        (is_young && name > self.forgotten).then_some(name)
    }

    /// Uses a nonce with this counter; `false` if it was used so before. To be called only when the rest of the
    /// credentials is right: it is remembered.
    pub fn take(&mut self, name: NonceName, counter: u32, now: Instant) -> bool {
        self.forget_before((now - self.lifetime).as_micros() / 1000);
        if !self.used.entry(name).or_default().take(counter) {
            return false;
        }
        if self.used.len() > NONCES_WATCHED_MAX
            && let Some((name, _)) = self.used.pop_first()
        {
            self.forgotten = name;
        }
        true
    }

    /// How many nonces are being watched.
    pub fn watched(&self) -> usize {
        self.used.len()
    }

    fn forget_before(&mut self, oldest: u64) {
        while let Some(entry) = self.used.first_entry()
            && entry.key().0 < oldest
        {
            entry.remove();
        }
    }

    fn read(&self, nonce: &str, realm: &str, peer: IpAddr) -> Option<NonceName> {
        let mut bytes = [0; 10 + MAC_LENGTH];
        if nonce.len() != bytes.len() * 2 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(nonce.as_bytes().chunks_exact(2)) {
            let digit = |letter: u8| char::from(letter).to_digit(16).map(|digit| digit as u8);
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        if !equal_in_constant_time(&self.mac(&bytes[..10], realm, peer), &bytes[10..]) {
            return None;
        }
        let mut made = [0; 8];
        made[2..].copy_from_slice(&bytes[..6]);
        let mut serial = [0; 4];
        serial.copy_from_slice(&bytes[6..10]);
        Some(NonceName(u64::from_be_bytes(made), u32::from_be_bytes(serial)))
    }

    fn mac(&self, name: &[u8], realm: &str, peer: IpAddr) -> [u8; MAC_LENGTH] {
        let mut address = [0; 16];
        match peer.to_canonical() {
            IpAddr::V4(peer) => address[..4].copy_from_slice(&peer.octets()),
            IpAddr::V6(peer) => address.copy_from_slice(&peer.octets()),
        }
        let mut mac = [0; MAC_LENGTH];
        mac.copy_from_slice(&hmac_sha256(&self.key, &[name, &address, realm.as_bytes()])[..MAC_LENGTH]);
        mac
    }
}

impl Counters {
    /// Marks a counter as used; `false` if it was before, or is too old to tell.
    fn take(&mut self, counter: u32) -> bool {
        if counter == 0 {
            return false;
        }
        if counter > self.highest {
            let ahead = counter - self.highest;
            self.seen = if ahead >= WINDOW { 0 } else { self.seen << ahead };
            self.seen |= 1;
            self.highest = counter;
            return true;
        }
        let behind = self.highest - counter;
        if behind >= WINDOW || self.seen >> behind & 1 == 1 {
            return false;
        }
        self.seen |= 1 << behind;
        true
    }
}

/// RFC 2104 over SHA-256, for keys of at most 64 bytes.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let padded = |with: u8| {
        let mut block = [with; 64];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block
    };
    let mut inner = Sha256::new().chain_update(padded(0x36));
    for part in parts {
        inner.update(part);
    }
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner.finalize()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(300);

    /// RFC 4231 §4.3.
    #[test]
    fn the_keyed_hash_is_the_standard_one() {
        let mac = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            Hex::of(&mac).as_str(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn each_counter_is_good_once_and_may_be_overtaken() {
        let (mut nonces, nonce) = fresh();
        let name = nonces.recognize(&nonce, "hotline", HOME, at(1)).unwrap();
        for (counter, expected) in [
            (1, true),
            (1, false),
            (3, true),
            (2, true),
            (2, false),
            (0, false),
            (1000, true),
            (3, false),
            (937, true),
            (936, false),
            (u32::MAX, true),
        ] {
            assert_eq!(nonces.take(name, counter, at(1)), expected, "{counter}");
        }
    }

    #[test]
    fn a_nonce_goes_stale_with_age_and_leaves_the_table() {
        let (mut nonces, nonce) = fresh();
        let name = nonces.recognize(&nonce, "hotline", HOME, at(299)).unwrap();
        assert!(nonces.take(name, 1, at(299)));
        assert_eq!(nonces.recognize(&nonce, "hotline", HOME, at(302)), None);
        let later = nonces.issue("hotline", HOME, at(302));
        let later = nonces.recognize(&later, "hotline", HOME, at(302)).unwrap();
        assert!(nonces.take(later, 1, at(302)));
        assert_eq!(nonces.watched(), 1);
    }

    #[test]
    fn a_nonce_of_another_realm_key_address_or_making_is_not_ours() {
        let (nonces, nonce) = fresh();
        let stranger = Nonces::new(LIFETIME, &mut SecretSource::fixed(2));
        assert_eq!(stranger.recognize(&nonce, "hotline", HOME, at(1)), None);
        assert_eq!(nonces.recognize(&nonce, "other", HOME, at(1)), None);
        assert_eq!(nonces.recognize(&nonce, "hotline", IpAddr::from([192, 0, 2, 8]), at(1)), None);
        for at_digit in 0..nonce.len() {
            let mut forged = nonce.clone().into_bytes();
            forged[at_digit] = if forged[at_digit] == b'0' { b'1' } else { b'0' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(nonces.recognize(&forged, "hotline", HOME, at(1)), None, "{forged}");
        }
        for odd in ["", "zz", "é", &nonce[1..], &"é".repeat(24)] {
            assert_eq!(nonces.recognize(odd, "hotline", HOME, at(1)), None, "{odd}");
        }
    }

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    fn fresh() -> (Nonces, String) {
        let mut nonces = Nonces::new(LIFETIME, &mut SecretSource::fixed(1));
        let nonce = nonces.issue("hotline", HOME, at(1));
        (nonces, nonce)
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }
}
