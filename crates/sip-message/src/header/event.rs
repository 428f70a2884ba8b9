//! Event: what is subscribed to. RFC 6665 §8.2.1.

use std::fmt;

use crate::error::Malformed;
use crate::params::Params;
use crate::scan;

/// An event package and what tells two subscriptions to it apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The package with its templates, as written: `refer`, `presence.winfo`. Compared with case.
    pub package: Box<str>,
    /// The `id` parameter.
    pub id: Option<Box<str>>,
}

impl Event {
    /// Reads `package;id=…`.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let value = scan::trim(value);
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let (package, params) = value.split_at(end);
        let package = scan::trim(package);
        if !scan::is_token(package) {
            return Err(Malformed::Character);
        }
        let params = Params::parse(params)?;
        Ok(Self { package: scan::text(package).into(), id: params.value("id").map(Into::into) })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.package)?;
        match &self.id {
            Some(id) => write!(f, ";id={id}"),
            None => Ok(()),
        }
    }
}
