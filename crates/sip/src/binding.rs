//! One binding: an address of record, and where its phone can be reached just now (RFC 3261 §10).

use crate::device::Device;
use crate::transport::{Destination, Source};
use base::Instant;
use core::fmt;
use sip_message::{NameAddr, Uri};
use std::sync::Arc;

/// The public address of a user: `user@host`, the host in lower case, without port and parameters (§10.3 step 5).
///
/// A clone is a counter, not a copy of the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressOfRecord(Arc<str>);

impl AddressOfRecord {
    /// The address of `user` at `host`.
    pub fn new(user: &str, host: &str) -> Self {
        let mut text = String::with_capacity(user.len() + 1 + host.len());
        text.push_str(user);
        text.push('@');
        text.extend(host.chars().map(|letter| letter.to_ascii_lowercase()));
        Self(text.into())
    }

    /// What stands before every address in their order; an address of nobody.
    pub(crate) fn lowest() -> Self {
        Self("".into())
    }

    /// Reads `user@host`, as [`AddressOfRecord::as_str`] writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let (user, host) = text.rsplit_once('@')?;
        (!user.is_empty() && !host.is_empty()).then(|| Self::new(user, host))
    }

    /// `user@host`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the last `@`.
    pub fn user(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(user, _)| user)
    }
}

impl fmt::Display for AddressOfRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for AddressOfRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Where one phone of a user is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The Contact's URI as the phone wrote it: the Request-URI of a call to it.
    pub contact: Uri,
    /// Where the REGISTER came from. Calls go back that way, since behind a NAT the contact leads nowhere.
    pub source: Source,
    /// When it ends unless it is renewed.
    pub expires: Instant,
    /// How much it wants to be the one that rings, 0 to 1 in thousandths (`q`, §20.10).
    pub q: u16,
    /// The Call-ID of the REGISTER that made or renewed it.
    pub call_id: Box<str>,
    /// The CSeq of that REGISTER.
    pub cseq: u32,
    /// The device's own name and the number of its flow (`+sip.instance`, `reg-id`; RFC 5626).
    pub instance: Option<Box<str>>,
    /// Whether it is one of several flows to the device, told apart by `instance` whatever their contacts (RFC 5626).
    pub is_flow: bool,
    /// The proxies on the way to the phone, the one next to us first (RFC 3327).
    pub path: Box<[NameAddr]>,
    /// What the phone calls itself (`User-Agent`).
    pub user_agent: Option<Box<str>>,
}

impl Binding {
    /// The Request-URI of a call to this phone.
    pub fn contact(&self) -> &Uri {
        &self.contact
    }

    /// The Route of a call to this phone.
    pub fn routes(&self) -> &[NameAddr] {
        &self.path
    }

    /// Which phone it is.
    pub fn device(&self) -> Device {
        Device { instance: self.instance.clone(), call_id: self.call_id.clone() }
    }

    /// Whether an entry of this binding takes the other's place: the same flow, or else the same contact text.
    pub(crate) fn displaces(&self, other: &Self) -> bool {
        if self.is_flow && other.is_flow {
            self.instance == other.instance
        } else {
            self.contact == other.contact
        }
    }

    /// Where a call to this phone is sent: back the way its REGISTER came, which with a path is its first proxy.
    pub fn destination(&self) -> Destination {
        self.source.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_without_case_and_users_with() {
        assert_eq!(
            AddressOfRecord::new("Anna", "HotLine.Test"),
            AddressOfRecord::new("Anna", "hotline.test")
        );
        assert_ne!(
            AddressOfRecord::new("Anna", "hotline.test"),
            AddressOfRecord::new("anna", "hotline.test")
        );
        assert_eq!(AddressOfRecord::new("a@b", "c").user(), "a@b");
        assert_eq!(AddressOfRecord::parse("a@b@c"), Some(AddressOfRecord::new("a@b", "c")));
        assert_eq!(AddressOfRecord::parse("hotline.test"), None);
    }
}
