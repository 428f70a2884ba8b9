//! Retry-After: when to come back, `120 (in a meeting);duration=3600`. RFC 3261 §20.33.

use std::fmt;

use crate::error::Malformed;

/// Seconds to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter {
    /// How long to stay away.
    pub seconds: u32,
}

impl RetryAfter {
    /// Reads the seconds; comment and parameters only inform and are passed over.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let end = value.iter().position(|b| matches!(b, b'(' | b';')).unwrap_or(value.len());
        Ok(Self { seconds: super::seconds(&value[..end])? })
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)
    }
}
