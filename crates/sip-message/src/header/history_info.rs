//! History-Info: every address the call was meant for on its way, the first one first. RFC 7044.

use crate::error::Malformed;
use crate::header::{Privacy, Reason};
use crate::name_addr::NameAddr;
use crate::value::ToValue;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryInfo {
    /// The address, with the headers in its URI and every parameter as it came.
    pub address: NameAddr,
}

impl HistoryInfo {
    /// Reads `<sip:…?Reason=…>;index=1.1`.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        Ok(Self { address: NameAddr::parse(value)? })
    }

    /// An entry of ours at this place: `1`, `1.1`.
    pub fn new(address: NameAddr, index: &str) -> Result<Self, Malformed> {
        Ok(Self { address: address.with_param("index", Some(index))? })
    }

    /// Its place in the tree of attempts, as written.
    pub fn index(&self) -> Option<String> {
        self.address.param("index").map(Into::into)
    }

    /// Why the call went on from here: the Reason in the URI (§5).
    pub fn reason(&self) -> Option<Reason> {
        Reason::parse(self.address.uri().header("Reason")?.as_bytes()).ok()
    }

    /// The cause in the URI, by which a voicemail knows whom a call missed (RFC 4458).
    pub fn cause(&self) -> Option<u16> {
        self.address.uri().param("cause")?.parse().ok()
    }

    /// What of the entry is not to be shown: the Privacy in the URI.
    pub fn privacy(&self) -> Option<Privacy> {
        Privacy::parse(self.address.uri().header("Privacy")?.as_bytes()).ok()
    }

    /// Whether the entry came to be because the call was sent on: it has `rc`, `mp` or `np` (§10.3).
    pub fn is_retargeted(&self) -> bool {
        ["rc", "mp", "np"].iter().any(|name| self.address.params().has(name))
    }
}

impl ToValue for HistoryInfo {
    fn write_value(&self, out: &mut Vec<u8>) {
        self.address.write(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_where_and_why() {
        let text = b"<sip:anna@a.test;cause=486?Reason=SIP%3Bcause%3D486&Privacy=history>;index=1.1;rc=1";
        let one = HistoryInfo::parse(text).unwrap();
        assert_eq!(one.index().as_deref(), Some("1.1"));
        assert_eq!((one.cause(), one.reason().unwrap().cause), (Some(486), Some(486)));
        assert!(one.privacy().unwrap().has("history") && one.is_retargeted());
        let mut written = Vec::new();
        one.write_value(&mut written);
        assert_eq!(HistoryInfo::parse(&written).unwrap(), one);
        let ours = HistoryInfo::new(NameAddr::parse(b"<sip:a@b>").unwrap(), "1").unwrap();
        assert_eq!((ours.index().as_deref(), ours.cause(), ours.is_retargeted()), (Some("1"), None, false));
    }
}
