//! Master keys, as they were agreed on.

use crate::Profile;
use zeroize::Zeroizing;

/// The longest master key.
const KEY_BYTES_MAX: usize = 32;

/// The longest master salt.
const SALT_BYTES_MAX: usize = 14;

/// A master key with its salt: what one direction is sealed with. Wiped when it goes, and never shown.
#[derive(Clone)]
pub struct Keying {
    profile: Profile,
    key: Zeroizing<[u8; KEY_BYTES_MAX]>,
    salt: Zeroizing<[u8; SALT_BYTES_MAX]>,
}

/// Why bytes are no keying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyingError {
    /// The profile wants keys and salts of other lengths.
    #[error("{given} bytes of keying, {} wants {wanted}", .profile.name())]
    Length {
        /// The profile.
        profile: Profile,
        /// What it wants.
        wanted: usize,
        /// What was given.
        given: usize,
    },
}

impl Keying {
    /// From a key and a salt, one behind the other, as SDES writes them (RFC 4568 §6.1).
    ///
    /// # Errors
    ///
    /// Returns [`KeyingError`] if there are not as many bytes as [`Keying::bytes`] says.
    pub fn new(profile: Profile, key_and_salt: &[u8]) -> Result<Self, KeyingError> {
        match key_and_salt.split_at_checked(profile.key_bytes()) {
            Some((key, salt)) if salt.len() == profile.salt_bytes() => Ok(Self::of(profile, key, salt)),
            _ => {
                Err(KeyingError::Length { profile, wanted: Self::bytes(profile), given: key_and_salt.len() })
            }
        }
    }

    /// How many bytes a keying of this profile is made of.
    pub const fn bytes(profile: Profile) -> usize {
        profile.key_bytes() + profile.salt_bytes()
    }

    /// The lengths must be those of the profile.
    fn of(profile: Profile, key: &[u8], salt: &[u8]) -> Self {
        let mut keying = Self {
            profile,
            key: Zeroizing::new([0; KEY_BYTES_MAX]),
            salt: Zeroizing::new([0; SALT_BYTES_MAX]),
        };
        keying.key[..key.len()].copy_from_slice(key);
        keying.salt[..salt.len()].copy_from_slice(salt);
        keying
    }

    /// What it is for.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// The master key.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key[..self.profile.key_bytes()]
    }

    /// The master salt, filled up with zeros: AES-GCM's is the shorter one (RFC 7714 §11).
    pub(crate) fn salt(&self) -> &[u8; SALT_BYTES_MAX] {
        &self.salt
    }
}

/// Two keyings are compared to see whether a key has changed, without a hint of where.
impl PartialEq for Keying {
    fn eq(&self, other: &Self) -> bool {
        let pairs = self.key.iter().zip(other.key.iter()).chain(self.salt.iter().zip(other.salt.iter()));
        self.profile == other.profile && pairs.fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl Eq for Keying {}

/// Shows what it is for and nothing of the secret.
impl core::fmt::Debug for Keying {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Keying({}, …)", self.profile.name())
    }
}

/// Both directions of a sealed leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealing {
    /// What we seal with.
    pub ours: Keying,
    /// What the far end seals with.
    pub theirs: Keying,
}

impl Sealing {
    /// From what a DTLS handshake exports (RFC 5764 §4.2): both keys, then both salts, the client's first.
    ///
    /// # Errors
    ///
    /// Returns [`KeyingError`] if there are not twice as many bytes as [`Keying::bytes`] says.
    pub fn exported(profile: Profile, material: &[u8], we_are_client: bool) -> Result<Self, KeyingError> {
        let (key, salt) = (profile.key_bytes(), profile.salt_bytes());
        let wanted = 2 * Keying::bytes(profile);
        if material.len() != wanted {
            return Err(KeyingError::Length { profile, wanted, given: material.len() });
        }
        let (keys, salts) = material.split_at(2 * key);
        let client = Keying::of(profile, &keys[..key], &salts[..salt]);
        let server = Keying::of(profile, &keys[key..], &salts[salt..]);
        Ok(if we_are_client {
            Self { ours: client, theirs: server }
        } else {
            Self { ours: server, theirs: client }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keying_does_not_show_itself() {
        let keying = Keying::new(Profile::AesCm128HmacSha1Tag80, &[0x41; 30]).unwrap();
        assert_eq!(format!("{keying:?}"), "Keying(AES_CM_128_HMAC_SHA1_80, …)");
        let both = Sealing { ours: keying.clone(), theirs: keying };
        assert!(!format!("{both:?}").contains("41"), "{both:?}");
    }

    #[test]
    fn only_the_lengths_of_the_profile_are_taken() {
        for profile in Profile::ALL {
            for length in 0..64 {
                let keying = Keying::new(profile, &vec![1; length]);
                assert_eq!(keying.is_ok(), length == Keying::bytes(profile), "{profile:?} {length}");
            }
        }
        let error = Keying::new(Profile::AeadAes128Gcm, &[1; 30]).unwrap_err();
        assert_eq!(error.to_string(), "30 bytes of keying, AEAD_AES_128_GCM wants 28");
    }

    #[test]
    fn keyings_differ_in_every_byte_and_in_profile() {
        let bytes: [u8; 30] = core::array::from_fn(|at| at as u8);
        let keying = Keying::new(Profile::AesCm128HmacSha1Tag80, &bytes).unwrap();
        assert_eq!(keying, keying.clone());
        assert_ne!(keying, Keying::new(Profile::AesCm128HmacSha1Tag32, &bytes).unwrap());
        for at in 0..bytes.len() {
            let mut other = bytes;
            other[at] ^= 1;
            assert_ne!(keying, Keying::new(Profile::AesCm128HmacSha1Tag80, &other).unwrap(), "byte {at}");
        }
    }

    #[test]
    fn an_exporter_gives_both_keys_and_then_both_salts() {
        let profile = Profile::AeadAes128Gcm;
        let material = [[1; 16].as_slice(), &[2; 16], &[3; 12], &[4; 12]].concat();
        let client = Keying::new(profile, &[[1; 16].as_slice(), &[3; 12]].concat()).unwrap();
        let server = Keying::new(profile, &[[2; 16].as_slice(), &[4; 12]].concat()).unwrap();
        let ours = Sealing::exported(profile, &material, true).unwrap();
        assert_eq!(ours, Sealing { ours: client.clone(), theirs: server.clone() });
        let ours = Sealing::exported(profile, &material, false).unwrap();
        assert_eq!(ours, Sealing { ours: server, theirs: client });
        assert!(Sealing::exported(profile, &material[1..], true).is_err());
    }
}
