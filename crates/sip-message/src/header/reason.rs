//! Reason: why a call ended, `Q.850;cause=16;text="Terminated"`. RFC 3326.

use std::fmt;

use crate::error::Malformed;
use crate::params::Params;
use crate::scan;

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// `SIP`, `Q.850` or another, as written.
    pub protocol: Box<str>,
    /// The cause in the protocol's numbers.
    pub cause: Option<u16>,
    /// The cause in words.
    pub text: Option<Box<str>>,
}

impl Reason {
    /// Reads `protocol;cause=…;text="…"`.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let value = scan::trim(value);
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let (protocol, params) = value.split_at(end);
        let protocol = scan::trim(protocol);
        if !scan::is_token(protocol) {
            return Err(Malformed::Character);
        }
        let params = Params::parse(params)?;
        let text = params.text("text").map(|text| scan::display(text.as_bytes()).into());
        let cause = params.value("cause").and_then(|cause| cause.parse().ok());
        Ok(Self { protocol: scan::text(protocol).into(), cause, text })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.protocol)?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        if let Some(text) = &self.text {
            write!(f, ";text=\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))?;
        }
        Ok(())
    }
}
