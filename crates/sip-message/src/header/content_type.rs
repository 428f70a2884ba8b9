//! Content-Type and the values of Accept: `application/sdp`, `multipart/mixed;boundary="…"`. RFC 3261 §20.1, §20.15.

use crate::error::Malformed;
use crate::params::Params;
use crate::scan;

/// A media type and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    kind: Box<str>,
    subtype: Box<str>,
    params: Params,
}

impl ContentType {
    /// Reads `type/subtype;params`.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let value = scan::trim(value);
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let (media, params) = value.split_at(end);
        let slash = memchr::memchr(b'/', media).ok_or(Malformed::Character)?;
        let (kind, subtype) = (scan::trim(&media[..slash]), scan::trim(&media[slash + 1..]));
        if !scan::is_token(kind) || !scan::is_token(subtype) {
            return Err(Malformed::Character);
        }
        Ok(Self {
            kind: scan::text(kind).into(),
            subtype: scan::text(subtype).into(),
            params: Params::parse(params)?,
        })
    }

    /// Whether it is this type, whatever its case: `is("application/sdp")`.
    pub fn is(&self, media: &str) -> bool {
        media.split_once('/').is_some_and(|(kind, subtype)| {
            kind.eq_ignore_ascii_case(&self.kind) && subtype.eq_ignore_ascii_case(&self.subtype)
        })
    }

    /// Whether a value of Accept lets this type through: `*/*` and `text/*` match what they say.
    pub fn accepts(&self, media: &str) -> bool {
        media.split_once('/').is_some_and(|(kind, subtype)| {
            (&*self.kind == "*" || kind.eq_ignore_ascii_case(&self.kind))
                && (&*self.subtype == "*" || subtype.eq_ignore_ascii_case(&self.subtype))
        })
    }

    /// The part before the slash, as written.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The part behind the slash, as written.
    pub fn subtype(&self) -> &str {
        &self.subtype
    }

    /// The parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }
}
