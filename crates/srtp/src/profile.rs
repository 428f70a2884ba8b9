//! What may be agreed on: the ciphers and the lengths that go with them.

/// A crypto suite of SDES (RFC 4568 §6.2, RFC 7714 §14.2), which is a protection profile of DTLS-SRTP (RFC 5764 §4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// AES in counter mode, HMAC-SHA1 cut to 80 bits: the one that everybody has.
    AesCm128HmacSha1Tag80,
    /// The same, cut to 32 bits for media; reports keep 80.
    AesCm128HmacSha1Tag32,
    /// AES-128 in Galois counter mode.
    AeadAes128Gcm,
    /// AES-256 in Galois counter mode.
    AeadAes256Gcm,
}

impl Profile {
    /// All of them, the best first: what we offer, and in which order.
    pub const ALL: [Self; 4] =
        [Self::AeadAes256Gcm, Self::AeadAes128Gcm, Self::AesCm128HmacSha1Tag80, Self::AesCm128HmacSha1Tag32];

    /// The name in `a=crypto`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1Tag80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1Tag32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// The profile of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// The number in DTLS's `use_srtp`.
    pub const fn dtls_number(self) -> u16 {
        match self {
            Self::AesCm128HmacSha1Tag80 => 0x0001,
            Self::AesCm128HmacSha1Tag32 => 0x0002,
            Self::AeadAes128Gcm => 0x0007,
            Self::AeadAes256Gcm => 0x0008,
        }
    }

    /// The profile of that number.
    pub fn from_dtls_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.dtls_number() == number)
    }

    /// The bytes of a master key, and of the session keys that encrypt.
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::AesCm128HmacSha1Tag80 | Self::AesCm128HmacSha1Tag32 | Self::AeadAes128Gcm => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    /// The bytes of a master salt, and of the session salts.
    pub const fn salt_bytes(self) -> usize {
        match self {
            Self::AesCm128HmacSha1Tag80 | Self::AesCm128HmacSha1Tag32 => 14,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
        }
    }

    /// The bytes by which a media packet grows.
    pub const fn rtp_overhead(self) -> usize {
        match self {
            Self::AesCm128HmacSha1Tag80 => 10,
            Self::AesCm128HmacSha1Tag32 => 4,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }

    /// The bytes by which a report grows: the tag and the index.
    pub const fn rtcp_overhead(self) -> usize {
        match self {
            Self::AesCm128HmacSha1Tag80 | Self::AesCm128HmacSha1Tag32 => 14,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SEAL_ROOM;

    #[test]
    fn names_and_numbers_lead_back() {
        for profile in Profile::ALL {
            assert_eq!(Profile::from_name(profile.name()), Some(profile));
            assert_eq!(Profile::from_dtls_number(profile.dtls_number()), Some(profile));
            assert!(profile.rtp_overhead() <= SEAL_ROOM && profile.rtcp_overhead() <= SEAL_ROOM);
        }
        assert_eq!(Profile::from_name("F8_128_HMAC_SHA1_80"), None);
        assert_eq!(Profile::from_dtls_number(0x0005), None, "no profile that only pretends");
    }
}
