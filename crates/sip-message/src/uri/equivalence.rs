//! When two URIs mean the same: RFC 3261 §19.1.4, RFC 3966 §4.

use crate::scan;
use crate::uri::{Kind, Uri};

impl Uri {
    /// Whether both mean the same by the rules of RFC 3261 §19.1.4; for other schemes, whether they are the same text.
    ///
    /// The example list of §19.1.4 treats a `transport` on one side only as a difference; so does this.
    pub fn equivalent(&self, other: &Uri) -> bool {
        if self.parts.kind != other.parts.kind {
            return false;
        }
        // Not only quicker: a URI in which a parameter stands twice would not even equal itself by the rules.
        if self.raw == other.raw {
            return true;
        }
        match self.parts.kind {
            Kind::Sip | Kind::Sips => {
                self.same_user(other)
                    && self.parts.port == other.parts.port
                    && self.host().zip(other.host()).is_some_and(|(a, b)| a.is_same(&b))
                    && self.params_agree(other)
                    && other.params_agree(self)
                    && self.headers_agree(other)
            }
            Kind::Tel => self.same_number(other) && self.params_equal(other) && other.params_equal(self),
            Kind::Other => false,
        }
    }

    fn same_user(&self, other: &Uri) -> bool {
        same(self.raw_user(), other.raw_user(), false)
            && same(self.raw_password(), other.raw_password(), false)
    }

    /// RFC 3966 §4: visual separators do not count.
    fn same_number(&self, other: &Uri) -> bool {
        let digits = |uri: &Uri| -> Vec<u8> {
            let user = uri.raw_user().unwrap_or_default();
            user.iter()
                .filter(|b| !matches!(b, b'-' | b'.' | b'(' | b')'))
                .map(u8::to_ascii_lowercase)
                .collect()
        };
        digits(self) == digits(other)
    }

    /// Every parameter of ours that must be matched has its match.
    fn params_agree(&self, other: &Uri) -> bool {
        const MATTERS: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
        self.params().all(|(name, value)| {
            match other.params().find(|(found, _)| same_text(found.as_bytes(), name.as_bytes())) {
                Some((_, found)) => same(value.map(str::as_bytes), found.map(str::as_bytes), true),
                None => !MATTERS.iter().any(|known| same_text(known.as_bytes(), name.as_bytes())),
            }
        })
    }

    /// Every parameter of ours is one of theirs.
    fn params_equal(&self, other: &Uri) -> bool {
        self.params().all(|(name, value)| {
            other.params().any(|(found, theirs)| {
                same_text(found.as_bytes(), name.as_bytes())
                    && same(value.map(str::as_bytes), theirs.map(str::as_bytes), true)
            })
        })
    }

    /// Headers are never ignored; their order does not matter.
    fn headers_agree(&self, other: &Uri) -> bool {
        let normal = |uri: &Uri| -> Vec<(String, Vec<u8>)> {
            let mut headers: Vec<_> = uri
                .headers()
                .map(|(name, value)| {
                    (name.to_ascii_lowercase(), scan::unescape(value.as_bytes()).into_owned())
                })
                .collect();
            headers.sort_unstable();
            headers
        };
        match (self.has_headers(), other.has_headers()) {
            (false, false) => true,
            (true, true) => normal(self) == normal(other),
            _ => false,
        }
    }
}

/// Compares two texts, each percent escape with what it stands for, without case where the grammar says so.
fn same(a: Option<&[u8]>, b: Option<&[u8]>, ignore_case: bool) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => normal(a, ignore_case).eq(normal(b, ignore_case)),
        _ => false,
    }
}

pub(super) fn same_text(a: &[u8], b: &[u8]) -> bool {
    same(Some(a), Some(b), true)
}

/// RFC 3261 §19.1.4: an escaped character equals the bare one unless it is reserved, for then the bare one is syntax.
fn normal(bytes: &[u8], ignore_case: bool) -> impl Iterator<Item = (u8, bool)> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (byte, escaped, length) = match scan::percent(rest) {
            Some(byte) => (byte, is_reserved(byte), 3),
            None => (*rest.first()?, false, 1),
        };
        rest = &rest[length..];
        Some((if ignore_case { byte.to_ascii_lowercase() } else { byte }, escaped))
    })
}

fn is_reserved(byte: u8) -> bool {
    matches!(byte, b';' | b'/' | b'?' | b':' | b'@' | b'&' | b'=' | b'+' | b'$' | b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_3261_are_equivalent() {
        for (a, b) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            ),
            ("tel:+1-201-555-0123", "tel:+12015550123"),
            ("sip:a;o=A;o", "sip:a;o=A;o"),
        ] {
            assert!(uri(a).equivalent(&uri(b)) && uri(b).equivalent(&uri(a)), "{a} {b}");
        }
    }

    #[test]
    fn the_examples_of_rfc_3261_differ() {
        for (a, b) in [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
            ("sip:alice@atlanta.com", "sips:alice@atlanta.com"),
            ("sip:a%3Bb@c", "sip:a;b@c"),
            ("sip:atlanta.com", "sip:alice@atlanta.com"),
        ] {
            assert!(!uri(a).equivalent(&uri(b)) && !uri(b).equivalent(&uri(a)), "{a} {b}");
        }
    }

    fn uri(text: &str) -> Uri {
        text.parse().unwrap_or_else(|problem| panic!("{text}: {problem}"))
    }
}
