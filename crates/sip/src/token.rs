//! Numbers as words on the wire: what our branches, tags and session ids are written with.
//!
//! Each is 64 random bits, so nobody can guess one, and each finds its owner without a table of texts.

use core::fmt;

/// Crockford's base 32 in lower case.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Letters of one number.
const LENGTH: usize = 13;

/// Writes a number as thirteen letters.
pub(crate) fn write(number: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0; LENGTH];
    for (at, letter) in text.iter_mut().enumerate() {
        *letter = LETTERS[(number >> (60 - 5 * at) & 31) as usize];
    }
    f.write_str(core::str::from_utf8(&text).unwrap_or_default())
}

/// Reads what [`write`] wrote, in either case: tags and branches are compared without case.
pub(crate) fn read(text: &str) -> Option<u64> {
    if text.len() != LENGTH {
        return None;
    }
    text.bytes().try_fold(0u64, |number, byte| {
        let digit = LETTERS.iter().position(|letter| *letter == byte.to_ascii_lowercase())?;
        number.checked_mul(32).map(|shifted| shifted | digit as u64)
    })
}

/// Writes bytes with the same letters, the last one filled up with zeros.
pub(crate) fn write_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity((bytes.len() * 8).div_ceil(5));
    let (mut bits, mut count) = (0u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(LETTERS[(bits >> count & 31) as usize]));
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        text.push(char::from(LETTERS[(bits << (5 - count) & 31) as usize]));
    }
    text
}

/// Reads what [`write_bytes`] wrote, and nothing longer than `max` bytes.
pub(crate) fn read_bytes(text: &str, max: usize) -> Option<Vec<u8>> {
    if text.len() > (max * 8).div_ceil(5) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut count) = (0u32, 0);
    for letter in text.bytes() {
        bits = bits << 5 | LETTERS.iter().position(|one| *one == letter.to_ascii_lowercase())? as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 255) as u8);
        }
        bits &= (1 << count) - 1;
    }
    // What is left fills the last letter up.
    (count < 5 && bits == 0).then_some(bytes)
}

/// Makes id types of such numbers.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The id with this number.
            pub const fn from_u64(number: u64) -> Self {
                Self(number)
            }

            /// The number inside.
            pub const fn as_u64(self) -> u64 {
                self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write(self.0, f)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write(self.0, f)
            }
        }
    )*};
}

ids! {
    /// One leg of a call. On the wire it is our tag of the dialog.
    SessionId;
    /// One subscription of somebody to something of ours. On the wire it is our tag of the dialog.
    SubscriptionId;
    /// One registration of ours at a registrar elsewhere.
    RegistrationId;
    /// One request that came, until it is answered and forgotten. On the wire it is our tag in the answer.
    ServerTransactionId;
}

/// One request of ours, until it is answered and forgotten. On the wire it is our branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientTransactionId {
    pub(crate) branch: u64,
    /// A CANCEL has the branch of the INVITE it cancels (§9.1).
    pub(crate) is_cancel: bool,
}

impl ClientTransactionId {
    /// The branch, behind the cookie.
    pub(crate) fn branch(&self) -> impl fmt::Display {
        ServerTransactionId(self.branch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_their_text_in_any_case() {
        for number in [0, 1, 31, u64::MAX, 0x0123_4567_89ab_cdef] {
            let text = SessionId(number).to_string();
            assert_eq!(read(&text), Some(number));
            assert_eq!(read(&text.to_uppercase()), Some(number));
        }
    }

    #[test]
    fn bytes_survive_their_text_in_any_case() {
        for length in 0..50_u8 {
            let bytes: Vec<_> = (0..length).map(|at| at.wrapping_mul(97) ^ length).collect();
            let text = write_bytes(&bytes);
            assert_eq!(read_bytes(&text, 50), Some(bytes.clone()));
            assert_eq!(read_bytes(&text.to_uppercase(), 50), Some(bytes));
        }
        assert_eq!(read_bytes("0000", 1), None);
        assert_eq!(read_bytes("01", 1), None);
        assert_eq!(read_bytes("u0", 1), None);
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in ["", "0", "00000000000000", "000000000000u", "zzzzzzzzzzzzz", "ééééééé"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
