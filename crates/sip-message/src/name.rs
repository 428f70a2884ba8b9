//! Header names: RFC 3261 §7.3.3 and §20, and the extensions a contact center meets.
//!
//! Names are case-insensitive; compact forms mean the same as the long ones. A name that is not in the table is still
//! a header, found by its text.

use std::fmt;

use crate::scan;

/// A header this crate knows by name.
macro_rules! names {
    ($($variant:ident $text:literal $compact:literal $often:ident;)*) => {
        /// A header known by name. Unknown ones are found by their text, see [`NameKey`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        const ALL: &[(HeaderName, &str, u8, bool)] = &[$((HeaderName::$variant, $text, $compact, names!(@$often)),)*];
    };
    (@once) => { true };
    (@many) => { false };
}

// `once`: a second one makes the message ambiguous and is refused. Headers that only inform, such as User-Agent, are
// `many`: a doubled one does no harm.
names! {
    Accept "Accept" 0 many;
    AcceptContact "Accept-Contact" b'a' many;
    AcceptEncoding "Accept-Encoding" 0 many;
    AcceptLanguage "Accept-Language" 0 many;
    AlertInfo "Alert-Info" 0 many;
    Allow "Allow" 0 many;
    AllowEvents "Allow-Events" b'u' many;
    AuthenticationInfo "Authentication-Info" 0 many;
    Authorization "Authorization" 0 many;
    CallId "Call-ID" b'i' once;
    CallInfo "Call-Info" 0 many;
    Contact "Contact" b'm' many;
    ContentDisposition "Content-Disposition" 0 once;
    ContentEncoding "Content-Encoding" b'e' many;
    ContentLanguage "Content-Language" 0 many;
    ContentLength "Content-Length" b'l' once;
    ContentType "Content-Type" b'c' once;
    CSeq "CSeq" 0 once;
    Date "Date" 0 many;
    Diversion "Diversion" 0 many;
    ErrorInfo "Error-Info" 0 many;
    Event "Event" b'o' once;
    Expires "Expires" 0 once;
    FlowTimer "Flow-Timer" 0 once;
    From "From" b'f' once;
    HistoryInfo "History-Info" 0 many;
    Identity "Identity" b'y' many;
    InReplyTo "In-Reply-To" 0 many;
    Join "Join" 0 once;
    MaxForwards "Max-Forwards" 0 once;
    MimeVersion "MIME-Version" 0 many;
    MinExpires "Min-Expires" 0 once;
    MinSe "Min-SE" 0 once;
    Organization "Organization" 0 many;
    PAssertedIdentity "P-Asserted-Identity" 0 many;
    PPreferredIdentity "P-Preferred-Identity" 0 many;
    Path "Path" 0 many;
    Priority "Priority" 0 many;
    Privacy "Privacy" 0 many;
    ProxyAuthenticate "Proxy-Authenticate" 0 many;
    ProxyAuthorization "Proxy-Authorization" 0 many;
    ProxyRequire "Proxy-Require" 0 many;
    RAck "RAck" 0 once;
    Reason "Reason" 0 many;
    RecordRoute "Record-Route" 0 many;
    ReferSub "Refer-Sub" 0 once;
    ReferTo "Refer-To" b'r' once;
    ReferredBy "Referred-By" b'b' once;
    RejectContact "Reject-Contact" b'j' many;
    RemotePartyId "Remote-Party-ID" 0 many;
    Replaces "Replaces" 0 once;
    ReplyTo "Reply-To" 0 many;
    RequestDisposition "Request-Disposition" b'd' many;
    Require "Require" 0 many;
    RetryAfter "Retry-After" 0 once;
    Route "Route" 0 many;
    RSeq "RSeq" 0 once;
    Server "Server" 0 many;
    ServiceRoute "Service-Route" 0 many;
    SessionExpires "Session-Expires" b'x' once;
    SipEtag "SIP-ETag" 0 once;
    SipIfMatch "SIP-If-Match" 0 once;
    Subject "Subject" b's' many;
    SubscriptionState "Subscription-State" 0 once;
    Supported "Supported" b'k' many;
    TargetDialog "Target-Dialog" 0 once;
    Timestamp "Timestamp" 0 many;
    To "To" b't' once;
    Unsupported "Unsupported" 0 many;
    UserAgent "User-Agent" 0 many;
    UserToUser "User-to-User" 0 many;
    Via "Via" b'v' many;
    Warning "Warning" 0 many;
    WwwAuthenticate "WWW-Authenticate" 0 many;
}

const EMPTY: u8 = u8::MAX;

/// Where a name stands in the table: by its length, first, middle and last letter without their case. The factors are such
/// that no two of our names meet; a new name may, and is found at the second look.
#[inline]
const fn slot(name: &[u8]) -> usize {
    let len = name.len();
    let first = (name[0] | 0x20) as usize;
    let middle = (name[len / 2] | 0x20) as usize;
    let last = (name[len - 1] | 0x20) as usize;
    (len.wrapping_mul(253) ^ first.wrapping_mul(137) ^ middle.wrapping_mul(223) ^ last.wrapping_mul(59))
        & 0xff
}

/// Long names by hash, collisions in the next free place.
const TABLE: [u8; 256] = {
    let mut table = [EMPTY; 256];
    let mut index = 0;
    while index < ALL.len() {
        let mut at = slot(ALL[index].1.as_bytes());
        while table[at] != EMPTY {
            at = (at + 1) & 0xff;
        }
        table[at] = index as u8;
        index += 1;
    }
    table
};

/// Compact names by their letter.
const COMPACT: [u8; 256] = {
    let mut table = [EMPTY; 256];
    let mut index = 0;
    while index < ALL.len() {
        let letter = ALL[index].2;
        if letter != 0 {
            table[letter as usize] = index as u8;
            table[letter.to_ascii_uppercase() as usize] = index as u8;
        }
        index += 1;
    }
    table
};

/// The set of names that may stand once.
pub(crate) const SINGLE: u128 = {
    let mut set = 0;
    let mut index = 0;
    while index < ALL.len() {
        if ALL[index].3 {
            set |= ALL[index].0.bit();
        }
        index += 1;
    }
    set
};

impl HeaderName {
    /// Finds a known header by its long or compact name, whatever its case.
    #[inline]
    pub fn find(name: &[u8]) -> Option<Self> {
        let index = match name {
            [] => return None,
            [letter] => COMPACT[*letter as usize],
            _ => {
                let mut at = slot(name);
                loop {
                    let index = TABLE[at];
                    if index == EMPTY {
                        break index;
                    }
                    // Nearly everybody writes the usual case, and comparing that is cheaper.
                    let known = ALL[index as usize].1.as_bytes();
                    if scan::same(known, name) || known.eq_ignore_ascii_case(name) {
                        break index;
                    }
                    at = (at + 1) & 0xff;
                }
            }
        };
        ALL.get(index as usize).map(|entry| entry.0)
    }

    /// The long name, as it is usually written.
    pub const fn as_str(self) -> &'static str {
        ALL[self as usize].1
    }

    /// Whether a second one makes the message ambiguous.
    pub const fn is_single(self) -> bool {
        ALL[self as usize].3
    }

    /// The bit of this name in a set of names.
    pub(crate) const fn bit(self) -> u128 {
        1 << (self as u8)
    }

    #[inline]
    pub(crate) fn from_index(index: u8) -> Option<Self> {
        ALL.get(index as usize).map(|entry| entry.0)
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a header is asked for: by [`HeaderName`], or by text for those this crate does not know.
#[derive(Debug, Clone, Copy)]
pub enum NameKey<'a> {
    /// A known one, in any of its spellings.
    Known(HeaderName),
    /// Any other, compared without case.
    Other(&'a str),
}

impl NameKey<'_> {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(name) => name.as_str(),
            Self::Other(name) => name,
        }
    }
}

impl From<HeaderName> for NameKey<'_> {
    fn from(name: HeaderName) -> Self {
        Self::Known(name)
    }
}

impl<'a> From<&'a str> for NameKey<'a> {
    fn from(name: &'a str) -> Self {
        HeaderName::find(name.as_bytes()).map_or(Self::Other(name), Self::Known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case_and_by_its_compact_form() {
        for (name, text, compact, _) in ALL {
            assert_eq!(HeaderName::find(text.as_bytes()), Some(*name));
            assert_eq!(HeaderName::find(text.to_lowercase().as_bytes()), Some(*name));
            assert_eq!(HeaderName::find(text.to_uppercase().as_bytes()), Some(*name));
            if *compact != 0 {
                assert_eq!(HeaderName::find(&[*compact]), Some(*name));
            }
        }
        assert_eq!(HeaderName::find(b"X-Unknown"), None);
        assert_eq!(HeaderName::find(b"z"), None);
        assert_eq!(HeaderName::find(b""), None);
    }
}
