//! `a=crypto`: the keys of SRTP in the description itself (SDES, RFC 4568; AES-GCM from RFC 7714 §14).
//!
//! ```text
//! a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:<key and salt in base64>[|lifetime][|MKI:length] [session parameters]
//! ```
//!
//! One key for one stream, for as long as the call lasts, with everything encrypted and authenticated: that is what is
//! done here. A line that wants anything else is refused with its [`CryptoError`], and the next one is looked at.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use core::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// Padding is written as it should be, and read as it comes.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The longest key with its salt.
const SECRET_BYTES_MAX: usize = 44;

/// The shortest life of a key that is taken, in packets: six hours of speech. No key is changed during a call.
pub const LIFETIME_MIN: u64 = 1 << 20;

/// A crypto suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// AES-256 in Galois counter mode.
    AeadAes256Gcm,
    /// AES-128 in Galois counter mode.
    AeadAes128Gcm,
    /// AES-128 in counter mode, HMAC-SHA1 cut to 80 bits.
    AesCm128HmacSha1Tag80,
    /// The same, cut to 32 bits.
    AesCm128HmacSha1Tag32,
}

impl Suite {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] =
        [Self::AeadAes256Gcm, Self::AeadAes128Gcm, Self::AesCm128HmacSha1Tag80, Self::AesCm128HmacSha1Tag32];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AesCm128HmacSha1Tag80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1Tag32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// How many bytes its key and salt have together.
    pub const fn secret_bytes(self) -> usize {
        match self {
            Self::AeadAes256Gcm => 44,
            Self::AeadAes128Gcm => 28,
            Self::AesCm128HmacSha1Tag80 | Self::AesCm128HmacSha1Tag32 => 30,
        }
    }
}

/// A key and its salt. Wiped when it goes, and never shown; only a description prints it, for the peer.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    bytes: Zeroizing<[u8; SECRET_BYTES_MAX]>,
    length: usize,
}

impl Secret {
    /// A secret for a suite, filled by `fill`: from a source of secrets.
    pub fn new(suite: Suite, fill: impl FnOnce(&mut [u8])) -> Self {
        let mut secret = Self { bytes: Zeroizing::new([0; SECRET_BYTES_MAX]), length: suite.secret_bytes() };
        fill(&mut secret.bytes[..secret.length]);
        secret
    }

    /// The key, and behind it the salt.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// One `a=crypto` line that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crypto {
    /// Its number; an answer repeats that of the line it takes.
    pub tag: u32,
    /// The suite.
    pub suite: Suite,
    /// What whoever wrote the line seals with.
    pub secret: Secret,
}

/// Why an `a=crypto` line is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum CryptoError {
    /// There is none.
    #[error("no key is there")]
    Missing,
    /// It does not read as one.
    #[error("it is not written as RFC 4568 has it")]
    Syntax,
    /// A suite that is not spoken.
    #[error("no suite in common")]
    Suite,
    /// In an answer: not one of those that were offered.
    #[error("it was not offered")]
    NotOffered,
    /// The key has another length than the suite wants, or it is no base64.
    #[error("the key does not fit the suite")]
    Key,
    /// Not `inline`.
    #[error("keys come inline or not at all")]
    Method,
    /// More keys than one.
    #[error("one key is taken, not several")]
    SeveralKeys,
    /// Packets would carry the name of their key.
    #[error("a master key identifier (MKI) is not spoken")]
    Mki,
    /// The key would have to be changed during a call.
    #[error("the key lives too short")]
    Lifetime,
    /// A session parameter that changes what is done to packets, or that is not known.
    #[error("a session parameter is not spoken")]
    SessionParameter,
}

impl Crypto {
    /// Reads what stands behind `a=crypto:`.
    ///
    /// # Errors
    ///
    /// Returns [`CryptoError`] if it cannot be used.
    pub fn parse(value: &str) -> Result<Self, CryptoError> {
        let mut words = value.split_ascii_whitespace();
        let (Some(tag), Some(suite), Some(keys)) = (words.next(), words.next(), words.next()) else {
            return Err(CryptoError::Syntax);
        };
        if tag.len() > 9 || !tag.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CryptoError::Syntax);
        }
        let tag = tag.parse().map_err(|_| CryptoError::Syntax)?;
        let suite = Suite::ALL.into_iter().find(|known| known.name() == suite).ok_or(CryptoError::Suite)?;
        if keys.contains(';') {
            return Err(CryptoError::SeveralKeys);
        }
        let (method, key) = keys.split_once(':').ok_or(CryptoError::Syntax)?;
        if !method.eq_ignore_ascii_case("inline") {
            return Err(CryptoError::Method);
        }
        let mut parts = key.split('|');
        let secret = secret(suite, parts.next().unwrap_or_default())?;
        for part in parts {
            if part.contains(':') {
                return Err(CryptoError::Mki);
            }
            if lifetime(part).ok_or(CryptoError::Syntax)? < LIFETIME_MIN {
                return Err(CryptoError::Lifetime);
            }
        }
        for parameter in words {
            // A hint how far packets overtake each other is a hint; what begins with a minus may be left out by whoever
            // does not know it (RFC 4568 §6.3.7).
            let harmless = parameter.starts_with("WSH=") || parameter.starts_with('-');
            if !harmless {
                return Err(CryptoError::SessionParameter);
            }
        }
        Ok(Self { tag, suite, secret })
    }
}

fn secret(suite: Suite, text: &str) -> Result<Secret, CryptoError> {
    // Decoding may write a few bytes more than there are in the end.
    let mut bytes = Zeroizing::new([0; SECRET_BYTES_MAX + 4]);
    let length = BASE64.decode_slice(text, bytes.as_mut()).map_err(|_| CryptoError::Key)?;
    if length != suite.secret_bytes() {
        return Err(CryptoError::Key);
    }
    Ok(Secret::new(suite, |secret| secret.copy_from_slice(&bytes[..length])))
}

/// A number of packets, plain or as a power of two. More than there are numbers for is as good as for ever.
fn lifetime(text: &str) -> Option<u64> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.strip_prefix("2^") {
        Some(power) if digits(power) => {
            Some(power.parse().ok().and_then(|power| 1u64.checked_shl(power)).unwrap_or(u64::MAX))
        }
        None if digits(text) => Some(text.parse().unwrap_or(u64::MAX)),
        Some(_) | None => None,
    }
}

impl fmt::Display for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = Zeroizing::new(BASE64.encode(self.secret.as_bytes()));
        write!(f, "{} {} inline:{}", self.tag, self.suite.name(), secret.as_str())
    }
}

/// What we say and take of SRTP.
#[derive(Clone, Copy, Debug, Default)]
pub enum Srtp<'a> {
    /// Sound goes in the clear. Who wants it sealed is refused.
    #[default]
    Off,
    /// As the peer offers it; our own offers are in the clear.
    Offered(&'a [Crypto]),
    /// The same, and our own offers have keys beside plain RTP, which a peer may take or leave (best effort).
    Preferred(&'a [Crypto]),
    /// Sealed or not at all.
    Required(&'a [Crypto]),
}

impl<'a> Srtp<'a> {
    /// Our keys, one for each suite that is spoken.
    pub(crate) const fn keys(self) -> &'a [Crypto] {
        match self {
            Self::Off => &[],
            Self::Offered(keys) | Self::Preferred(keys) | Self::Required(keys) => keys,
        }
    }

    /// The keys that stand in an offer of ours.
    pub(crate) const fn offered(self) -> &'a [Crypto] {
        match self {
            Self::Off | Self::Offered(_) => &[],
            Self::Preferred(keys) | Self::Required(keys) => keys,
        }
    }
}

/// How one stream is sealed, as both sides have agreed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The number of the lines that agreed on it.
    pub tag: u32,
    /// The suite.
    pub suite: Suite,
    /// What we seal with.
    pub ours: Secret,
    /// What the peer seals with.
    pub theirs: Secret,
    /// Whether the keys stand beside plain RTP (best effort). Who offers them so may not know the transport of sealed sound.
    pub is_beside_plain: bool,
}

impl Sealed {
    /// Our line, as it stands in our description.
    pub(crate) fn line(&self) -> Crypto {
        Crypto { tag: self.tag, suite: self.suite, secret: self.ours.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    #[test]
    fn the_lines_of_rfc_4568_and_of_phones_are_read() {
        for (line, tag, suite) in [
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"), 1, Suite::AesCm128HmacSha1Tag80),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20"), 1, Suite::AesCm128HmacSha1Tag80),
            (format!("2 AES_CM_128_HMAC_SHA1_32 INLINE:{KEY}|2^31"), 2, Suite::AesCm128HmacSha1Tag32),
            (
                format!("999999999 AES_CM_128_HMAC_SHA1_32 inline:{KEY}|281474976710656"),
                999_999_999,
                Suite::AesCm128HmacSha1Tag32,
            ),
            (
                format!("3 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^48 WSH=128 -EXTRA=1"),
                3,
                Suite::AesCm128HmacSha1Tag80,
            ),
            (format!("4 AEAD_AES_128_GCM inline:{}A==", &KEY[..37]), 4, Suite::AeadAes128Gcm),
            (format!("4 AEAD_AES_128_GCM inline:{}A", &KEY[..37]), 4, Suite::AeadAes128Gcm),
            (format!("5 AEAD_AES_256_GCM inline:{KEY}{}A=", &KEY[..18]), 5, Suite::AeadAes256Gcm),
        ] {
            let crypto = Crypto::parse(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!((crypto.tag, crypto.suite), (tag, suite), "{line}");
        }
        let key = Crypto::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")).unwrap().secret;
        assert_eq!(key.as_bytes(), b"YS___semctl () {\t220;}\n}\nunles");
    }

    #[test]
    fn what_is_not_done_is_refused_with_a_reason() {
        let good = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}");
        let short = &KEY[..36];
        let mut table = String::new();
        for line in [
            String::new(),
            "1 AES_CM_128_HMAC_SHA1_80".to_owned(),
            format!("x AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
            format!("1234567890 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 {KEY}"),
            format!("1 F8_128_HMAC_SHA1_80 inline:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 uri:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{short}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}{KEY}"),
            "1 AES_CM_128_HMAC_SHA1_80 inline:".to_owned(),
            "1 AES_CM_128_HMAC_SHA1_80 inline:????????????????????????????????????????".to_owned(),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4;inline:{KEY}|2^20|2:4"),
            format!("{good}|2^20|1:4"),
            format!("{good}|1:4"),
            format!("{good}|2^19"),
            format!("{good}|1000"),
            format!("{good}|2^"),
            format!("{good}|soon"),
            format!("{good} KDR=1"),
            format!("{good} UNENCRYPTED_SRTP"),
            format!("{good} UNENCRYPTED_SRTCP"),
            format!("{good} UNAUTHENTICATED_SRTP"),
            format!("{good} FEC_ORDER=FEC_SRTP"),
            format!("{good} WSH=64 UNHEARD_OF"),
        ] {
            let error = Crypto::parse(&line).expect_err(&line);
            let shown = line.replace(KEY, "KEY").replace(short, "SHORT");
            table += &format!("{shown:<70} {error}\n");
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let crypto = Crypto::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")).unwrap();
        let shown = format!("{crypto:?}");
        assert!(shown.contains("Secret(…)") && !shown.contains(KEY), "{shown}");
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(tag in 0u32..1_000_000_000, suite in prop::sample::select(Suite::ALL.to_vec()), bytes in any::<[u8; SECRET_BYTES_MAX]>()) {
            let secret = Secret::new(suite, |secret| secret.copy_from_slice(&bytes[..suite.secret_bytes()]));
            let crypto = Crypto { tag, suite, secret };
            prop_assert_eq!(Crypto::parse(&crypto.to_string()), Ok(crypto));
        }

        #[test]
        fn no_line_makes_it_panic(line in "[0-9]{0,10} (AES_CM_128_HMAC_SHA1_80|AEAD_AES_256_GCM|[A-Z]{3}) (inline:)?[A-Za-z0-9+/=|^:;]{0,80}( [-A-Z=0-9]{0,8}){0,3}") {
            let _ = Crypto::parse(&line);
        }
    }
}
