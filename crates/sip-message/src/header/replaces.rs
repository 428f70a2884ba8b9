//! Replaces: the dialog an INVITE takes the place of. RFC 3891 §6.1.

use std::fmt;

use crate::error::Malformed;
use crate::params::{self, Params};
use crate::scan;

/// A dialog as its peer names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// The Call-ID.
    pub call_id: Box<str>,
    /// The tag that is ours when the header reaches us.
    pub to_tag: Box<str>,
    /// The tag of the other side.
    pub from_tag: Box<str>,
    /// Only a dialog that is not yet answered may be replaced.
    pub early_only: bool,
}

impl Replaces {
    /// Reads `call-id;to-tag=…;from-tag=…`. Either tag missing or doubled is refused.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let value = scan::trim(value);
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let (call_id, rest) = value.split_at(end);
        let call_id = scan::trim(call_id);
        if call_id.is_empty() {
            return Err(Malformed::Empty);
        }
        if !call_id.iter().all(u8::is_ascii_graphic) {
            return Err(Malformed::Character);
        }
        let list = Params::parse(rest)?;
        params::check_identifier(rest, "to-tag")?;
        params::check_identifier(rest, "from-tag")?;
        let tag = |name| list.value(name).filter(|tag| !tag.is_empty()).ok_or(Malformed::Parameter);
        Ok(Self {
            call_id: scan::text(call_id).into(),
            to_tag: tag("to-tag")?.into(),
            from_tag: tag("from-tag")?.into(),
            early_only: list.has("early-only"),
        })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)?;
        if self.early_only { f.write_str(";early-only") } else { Ok(()) }
    }
}
