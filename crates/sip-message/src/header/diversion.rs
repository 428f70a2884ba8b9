//! Diversion: who sent the call elsewhere before it came here, the last one first. RFC 5806.

use crate::error::Malformed;
use crate::name_addr::NameAddr;
use crate::value::ToValue;

/// One diversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diversion {
    /// Who diverted, with every parameter as it came.
    pub address: NameAddr,
}

impl Diversion {
    /// Reads `<sip:…>;reason=…;counter=…`.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        Ok(Self { address: NameAddr::parse(value)? })
    }

    /// A diversion of ours: `reason` is a word of RFC 5806 such as `unconditional`, `no-answer`, `user-busy`.
    pub fn new(address: NameAddr, reason: &str, counter: u32) -> Result<Self, Malformed> {
        let address =
            address.with_param("reason", Some(reason))?.with_param("counter", Some(&counter.to_string()))?;
        Ok(Self { address })
    }

    /// Why, as written, without quotes.
    pub fn reason(&self) -> Option<String> {
        self.address.param("reason").map(Into::into)
    }

    /// How often the call had been diverted by then; one if it is not said (RFC 5806 §4.3).
    pub fn counter(&self) -> u32 {
        self.address.param("counter").and_then(|text| text.parse().ok()).unwrap_or(1)
    }

    /// What of the address is not to be shown: `full`, `name`, `uri`, `off`.
    pub fn privacy(&self) -> Option<String> {
        self.address.param("privacy").map(Into::into)
    }
}

impl ToValue for Diversion {
    fn write_value(&self, out: &mut Vec<u8>) {
        self.address.write(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diversion_says_who_why_and_how_often() {
        let one = Diversion::parse(br#""Anna" <sip:1001@a.test>;reason="no-answer";counter=3;privacy=off"#)
            .unwrap();
        assert_eq!(one.address.uri().user().as_deref(), Some("1001"));
        assert_eq!((one.reason().as_deref(), one.counter()), (Some("no-answer"), 3));
        assert_eq!(one.privacy().as_deref(), Some("off"));
        assert_eq!(Diversion::parse(b"<sip:a@b>").unwrap().counter(), 1);
        let ours = Diversion::new(NameAddr::parse(b"<sip:a@b>").unwrap(), "user-busy", 1).unwrap();
        let mut text = Vec::new();
        ours.write_value(&mut text);
        assert_eq!(text, b"<sip:a@b>;reason=user-busy;counter=1");
    }
}
