//! Typed ids of two kinds: unguessable numbers for what happens, names for what operators configure.

use core::fmt;

/// The letters of Crockford's base 32.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A text that is not the id it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id of this kind")
    }
}

impl core::error::Error for NotAnId {}

/// Writes a number id as `PREFIX-` and thirteen letters.
pub fn write_number(prefix: &str, number: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0; 13];
    for (at, letter) in text.iter_mut().enumerate() {
        *letter = LETTERS[(number >> (60 - 5 * at) & 31) as usize];
    }
    write!(f, "{prefix}-{}", core::str::from_utf8(&text).unwrap_or_default())
}

/// Reads what [`write_number`] wrote; lower case is as good.
pub fn read_number(prefix: &str, text: &str) -> Result<u64, NotAnId> {
    let letters = text
        .get(..prefix.len())
        .filter(|head| head.eq_ignore_ascii_case(prefix))
        .and_then(|_| text[prefix.len()..].strip_prefix('-'))
        .filter(|letters| letters.len() == 13)
        .ok_or(NotAnId)?;
    letters.bytes().try_fold(0u64, |number, byte| {
        let digit = LETTERS.iter().position(|letter| *letter == byte.to_ascii_uppercase()).ok_or(NotAnId)?;
        // The first of thirteen letters holds only the four uppermost bits.
        number.checked_mul(32).map(|shifted| shifted | digit as u64).ok_or(NotAnId)
    })
}

/// Makes id types that are unguessable 64-bit numbers, printed as `IX-` and thirteen letters.
#[macro_export]
macro_rules! number_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub struct $name(u64);

        impl $name {
            /// The next id of the source.
            pub fn generate(ids: &mut $crate::IdSource) -> Self {
                Self(ids.next_u64())
            }

            /// The id with this number, as stored in a journal.
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
                $crate::id::write_number($prefix, self.0, f)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(self, f)
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::id::NotAnId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::id::read_number($prefix, text).map(Self)
            }
        }
    )*};
}

/// Makes id types that are names given by operators. A clone is a counter, not a copy of the text.
#[macro_export]
macro_rules! name_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The id with this name.
            pub fn new(name: &str) -> Self {
                Self(name.into())
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro makes public types")]
mod tests {
    use crate::IdSource;

    /// A module of its own, as the ids of a crate have.
    pub mod ids {
        number_ids! {
            /// For the tests here.
            TestId = "TS";
        }
    }
    use ids::TestId;

    #[test]
    fn number_ids_come_from_their_source() {
        let (mut once, mut again) = (IdSource::new(3), IdSource::new(3));
        assert_eq!(TestId::generate(&mut once), TestId::from_u64(again.next_u64()));
        assert_ne!(TestId::generate(&mut once).as_u64(), 0);
    }

    #[test]
    fn number_ids_survive_their_text() {
        for number in [0, 1, 31, u64::MAX, 0x0123_4567_89ab_cdef] {
            let id = TestId::from_u64(number);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(id.to_string().to_lowercase().parse(), Ok(id));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "TS",
            "TS-",
            "XX-0000000000000",
            "TS-000000000000",
            "TS-000000000000U",
            "TS-ZZZZZZZZZZZZZ",
            "é-",
        ] {
            assert!(text.parse::<TestId>().is_err(), "{text}");
        }
    }
}
