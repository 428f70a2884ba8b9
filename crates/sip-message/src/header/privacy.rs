//! Privacy: what of the sender is not to be shown, `id;critical`. RFC 3323 §4.2, RFC 3325 §9.3.

use std::fmt;

use crate::error::Malformed;
use crate::scan;

/// The most values one Privacy header may have; the RFCs know seven.
const VALUES_MAX: usize = 16;

/// What is wished.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Privacy {
    /// The words, as written: `none`, `id`, `header`, `session`, `user`, `history`, `critical` or others.
    pub values: Vec<Box<str>>,
}

impl Privacy {
    /// Reads `a;b;c`. Some write commas; those are taken as well.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let mut values = Vec::new();
        for word in value.split(|b| matches!(b, b';' | b',')).map(scan::trim) {
            if !scan::is_token(word) {
                return Err(if word.is_empty() { Malformed::Empty } else { Malformed::Character });
            }
            if values.len() == VALUES_MAX {
                return Err(Malformed::TooLong);
            }
            values.push(scan::text(word).into());
        }
        Ok(Self { values })
    }

    /// The wish that one thing be hidden: `Privacy::of("id")`.
    pub fn of(word: &str) -> Self {
        Self { values: vec![word.into()] }
    }

    /// Whether a word is among them, whatever its case.
    pub fn has(&self, word: &str) -> bool {
        self.values.iter().any(|value| value.eq_ignore_ascii_case(word))
    }

    /// Whether the asserted identity may not be shown to the called party.
    pub fn hides_identity(&self) -> bool {
        !self.has("none") && (self.has("id") || self.has("user"))
    }
}

impl fmt::Display for Privacy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.values.join(";"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case() {
        let privacy = Privacy::parse(b"Id ; critical").unwrap();
        assert!(privacy.has("id") && privacy.has("CRITICAL") && !privacy.has("user"));
        assert!(privacy.hides_identity());
        assert_eq!(privacy.to_string(), "Id;critical");
        assert!(!Privacy::parse(b"none").unwrap().hides_identity());
        assert_eq!(Privacy::parse(b"id;"), Err(Malformed::Empty));
    }
}
