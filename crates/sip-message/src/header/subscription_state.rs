//! Subscription-State: whether a subscription lives, `terminated;reason=noresource`. RFC 6665 §8.2.3.

use std::fmt;

use crate::error::Malformed;
use crate::params::Params;
use crate::scan;

/// The state a NOTIFY reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionState {
    /// `active`, `pending`, `terminated` or another, as written.
    pub state: Box<str>,
    /// Seconds until it ends by itself.
    pub expires: Option<u32>,
    /// Why it ended.
    pub reason: Option<Box<str>>,
    /// When to subscribe again after it ended.
    pub retry_after: Option<u32>,
}

impl SubscriptionState {
    /// Reads `state;expires=…;reason=…`.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let value = scan::trim(value);
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let (state, params) = value.split_at(end);
        let state = scan::trim(state);
        if !scan::is_token(state) {
            return Err(Malformed::Character);
        }
        let params = Params::parse(params)?;
        Ok(Self {
            state: scan::text(state).into(),
            expires: params.value("expires").and_then(|text| super::seconds(text.as_bytes()).ok()),
            reason: params.value("reason").map(Into::into),
            retry_after: params.value("retry-after").and_then(|text| super::seconds(text.as_bytes()).ok()),
        })
    }

    /// Whether nothing more will come.
    pub fn is_terminated(&self) -> bool {
        self.state.eq_ignore_ascii_case("terminated")
    }
}

impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.state)?;
        if let Some(expires) = self.expires {
            write!(f, ";expires={expires}")?;
        }
        if let Some(reason) = &self.reason {
            write!(f, ";reason={reason}")?;
        }
        match self.retry_after {
            Some(seconds) => write!(f, ";retry-after={seconds}"),
            None => Ok(()),
        }
    }
}
