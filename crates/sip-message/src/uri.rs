//! URIs: `sip:`, `sips:`, `tel:`, and any other scheme kept whole. RFC 3261 §19.1, RFC 3966.
//!
//! A [`Uri`] is its text plus the places of its parts, so it prints exactly as it came. Reading `user` resolves
//! percent escapes; everything else is as written. There is no resolving of names here.

mod equivalence;
mod parts;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use crate::error::Malformed;
use crate::host::Host;
use crate::scan;
use equivalence::same_text;
use parts::{Kind, Parts, offset};

/// The scheme of a URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme<'a> {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Any other, as written.
    Other(&'a str),
}

/// A URI as it came, with the places of its parts.
///
/// Equality is equality of the text. What RFC 3261 §19.1.4 calls equal is [`Uri::equivalent`], which is not
/// transitive and so cannot be `Eq`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri {
    raw: Bytes,
    parts: Parts,
}

impl Uri {
    /// Reads a URI and copies its text.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Parts::read(bytes).map(|parts| Self { raw: Bytes::copy_from_slice(bytes), parts })
    }

    /// Reads a URI that goes on sharing memory with the message it stands in.
    ///
    /// Cheaper than [`Uri::parse`], and keeps the whole message alive as long as it lives: see [`Uri::detached`].
    pub fn from_bytes(raw: Bytes) -> Result<Self, Malformed> {
        Parts::read(&raw).map(|parts| Self { raw, parts })
    }

    /// Whether the text is a URI, without keeping it.
    pub(crate) fn check(bytes: &[u8]) -> Result<(), Malformed> {
        Parts::read(bytes).map(|_| ())
    }

    /// Keeps the text even where it is no URI, so that a refusal can still show the request it stands in.
    pub(crate) fn read(raw: Bytes) -> (Self, Result<(), Malformed>) {
        match Parts::read(&raw) {
            Ok(parts) => (Self { raw, parts }, Ok(())),
            Err(problem) => (Self { raw, parts: Parts::default() }, Err(problem)),
        }
    }

    /// A `sip:` URI; the user is escaped where it must be, the host must be valid.
    pub fn sip(user: Option<&str>, host: Host<'_>, port: Option<u16>) -> Result<Self, Malformed> {
        let mut text = Vec::with_capacity(48);
        text.extend_from_slice(b"sip:");
        if let Some(user) = user {
            escape_user(user.as_bytes(), &mut text);
            text.push(b'@');
        }
        text.extend_from_slice(host.to_string().as_bytes());
        if let Some(port) = port {
            text.extend_from_slice(format!(":{port}").as_bytes());
        }
        Self::from_bytes(text.into())
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme<'_> {
        match self.parts.kind {
            Kind::Sip => Scheme::Sip,
            Kind::Sips => Scheme::Sips,
            Kind::Tel => Scheme::Tel,
            Kind::Other => Scheme::Other(scan::text(self.slice(0, self.parts.scheme_end))),
        }
    }

    /// Whether the scheme is `sip:` or `sips:`, so that there is a host.
    pub fn is_sip(&self) -> bool {
        matches!(self.parts.kind, Kind::Sip | Kind::Sips)
    }

    /// Whether the scheme is `sips:`.
    pub fn is_sips(&self) -> bool {
        self.parts.kind == Kind::Sips
    }

    /// The user with its percent escapes resolved; for `tel:` the number. Bytes that are not UTF-8 are replaced.
    pub fn user(&self) -> Option<Cow<'_, str>> {
        Some(match scan::unescape(self.raw_user()?) {
            Cow::Borrowed(user) => String::from_utf8_lossy(user),
            Cow::Owned(user) => Cow::Owned(String::from_utf8_lossy(&user).into_owned()),
        })
    }

    /// The user as written.
    pub fn raw_user(&self) -> Option<&[u8]> {
        match self.parts.kind {
            Kind::Sip | Kind::Sips | Kind::Tel if self.parts.user_end > self.parts.scheme_end => {
                Some(self.slice(self.parts.scheme_end + 1, self.parts.user_end))
            }
            _ => None,
        }
    }

    /// The password as written. It travels in the clear; RFC 3261 §19.1.1 advises against it.
    pub fn raw_password(&self) -> Option<&[u8]> {
        if self.is_sip()
            && self.parts.user_end > self.parts.scheme_end
            && self.parts.host > self.parts.user_end + 1
        {
            Some(self.slice(self.parts.user_end + 1, self.parts.host - 1))
        } else {
            None
        }
    }

    /// The host of a SIP URI.
    pub fn host(&self) -> Option<Host<'_>> {
        if !self.is_sip() {
            return None;
        }
        Host::parse(self.slice(self.parts.host, self.parts.host_end)).ok()
    }

    /// The port, where one is written.
    pub fn port(&self) -> Option<u16> {
        self.parts.port
    }

    /// What stands behind the scheme's colon, for schemes this crate does not take apart.
    pub fn opaque(&self) -> &[u8] {
        self.raw.get(usize::from(self.parts.scheme_end) + 1..).unwrap_or_default()
    }

    /// The parameters in order: name as written, value as written (`None` for a flag such as `lr`).
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.slice(self.parts.params, self.parts.params_end)
            .split(|b| *b == b';')
            .filter(|p| !p.is_empty())
            .map(|param| match memchr::memchr(b'=', param) {
                Some(at) => (scan::text(&param[..at]), Some(scan::text(&param[at + 1..]))),
                None => (scan::text(param), None),
            })
    }

    /// The value of a parameter, escapes resolved; empty for a flag, `None` when absent.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, value) = self.params().find(|(found, _)| same_text(found.as_bytes(), name.as_bytes()))?;
        Some(match scan::unescape(value.unwrap_or_default().as_bytes()) {
            Cow::Borrowed(value) => Cow::Borrowed(scan::text(value)),
            Cow::Owned(value) => Cow::Owned(String::from_utf8_lossy(&value).into_owned()),
        })
    }

    /// Whether a parameter is there, with a value or without.
    pub fn has_param(&self, name: &str) -> bool {
        self.params().any(|(found, _)| same_text(found.as_bytes(), name.as_bytes()))
    }

    /// Whether a Route with this URI asks for loose routing. RFC 3261 §16.12.1.1.
    pub fn is_loose_router(&self) -> bool {
        self.has_param("lr")
    }

    /// The `transport` parameter.
    pub fn transport(&self) -> Option<Cow<'_, str>> {
        self.param("transport")
    }

    /// The headers behind the question mark: name and value as written, escapes unresolved.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = match self.raw_headers() {
            [b'?', text @ ..] => text,
            _ => &[],
        };
        text.split(|b| *b == b'&').filter(|h| !h.is_empty()).map(|header| {
            match memchr::memchr(b'=', header) {
                Some(at) => (scan::text(&header[..at]), scan::text(&header[at + 1..])),
                None => (scan::text(header), ""),
            }
        })
    }

    /// The value of a header behind the question mark, escapes resolved.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers().find(|(found, _)| same_text(found.as_bytes(), name.as_bytes()))?;
        Some(String::from_utf8_lossy(&scan::unescape(value.as_bytes())).into_owned())
    }

    /// Whether there is a question mark with headers behind it.
    pub fn has_headers(&self) -> bool {
        self.is_sip() && usize::from(self.parts.params_end) < self.raw.len()
    }

    /// The same URI without headers and without the `method` parameter: what may stand in a request line.
    pub fn for_request_line(&self) -> Self {
        if !self.is_sip() || (!self.has_headers() && !self.has_param("method")) {
            return self.clone();
        }
        self.rebuilt(self.params().filter(|(name, _)| !name.eq_ignore_ascii_case("method")), false)
    }

    /// The same URI without a parameter.
    pub fn without_param(&self, name: &str) -> Self {
        if !self.has_param(name) {
            return self.clone();
        }
        self.rebuilt(self.params().filter(|(found, _)| !same_text(found.as_bytes(), name.as_bytes())), true)
    }

    /// The same URI without any parameter or header.
    pub fn without_params(&self) -> Self {
        if self.parts.kind == Kind::Other {
            return self.clone();
        }
        self.rebuilt(std::iter::empty(), false)
    }

    /// The same URI with a parameter added, or its value replaced; what may not stand bare is escaped.
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Result<Self, Malformed> {
        if self.parts.kind == Kind::Other {
            return Err(Malformed::Scheme);
        }
        if !scan::is_token(name.as_bytes()) {
            return Err(Malformed::Parameter);
        }
        let bare = self.without_param(name);
        let end = usize::from(bare.parts.params_end);
        let mut text = Vec::with_capacity(bare.raw.len() + name.len() + value.map_or(0, str::len) + 2);
        text.extend_from_slice(&bare.raw[..end]);
        text.push(b';');
        text.extend_from_slice(name.as_bytes());
        if let Some(value) = value {
            text.push(b'=');
            escape(value.as_bytes(), b"[]/:&+$", &mut text);
        }
        text.extend_from_slice(&bare.raw[end..]);
        Self::from_bytes(text.into())
    }

    /// The same URI with a header behind the question mark, escaped: `Refer-To: <sip:…?Replaces=…>`.
    pub fn with_header(&self, name: &str, value: &str) -> Result<Self, Malformed> {
        if !self.is_sip() || !scan::is_token(name.as_bytes()) {
            return Err(Malformed::UriHeaders);
        }
        let mut text = self.raw.to_vec();
        text.push(if self.has_headers() { b'&' } else { b'?' });
        escape(name.as_bytes(), b"", &mut text);
        text.push(b'=');
        escape(value.as_bytes(), b"[]/?:+$", &mut text);
        Self::from_bytes(text.into())
    }

    /// The same URI with another user, escaped where it must be.
    pub fn with_user(&self, user: &str) -> Result<Self, Malformed> {
        if !self.is_sip() {
            return Err(Malformed::Scheme);
        }
        let mut text = Vec::with_capacity(self.raw.len() + user.len());
        text.extend_from_slice(self.slice(0, self.parts.scheme_end + 1));
        escape_user(user.as_bytes(), &mut text);
        text.push(b'@');
        text.extend_from_slice(&self.raw[usize::from(self.parts.host)..]);
        Self::from_bytes(text.into())
    }

    /// The same URI in memory of its own, for storing longer than the message it came in.
    pub fn detached(&self) -> Self {
        Self { raw: Bytes::copy_from_slice(&self.raw), parts: self.parts }
    }

    /// The bytes as they came.
    pub fn as_bytes(&self) -> &[u8] {
        &self.raw
    }

    fn rebuilt<'a>(&self, params: impl Iterator<Item = (&'a str, Option<&'a str>)>, headers: bool) -> Self {
        let mut text = Vec::with_capacity(self.raw.len());
        text.extend_from_slice(&self.raw[..usize::from(self.parts.params)]);
        let start = text.len();
        for (name, value) in params {
            text.push(b';');
            text.extend_from_slice(name.as_bytes());
            if let Some(value) = value {
                text.push(b'=');
                text.extend_from_slice(value.as_bytes());
            }
        }
        let end = text.len();
        if headers {
            text.extend_from_slice(self.raw_headers());
        }
        let mut parts = self.parts;
        parts.params = offset(start);
        parts.params_end = offset(end);
        Self { raw: text.into(), parts }
    }

    fn raw_headers(&self) -> &[u8] {
        if self.is_sip() {
            self.raw.get(usize::from(self.parts.params_end)..).unwrap_or_default()
        } else {
            &[]
        }
    }

    fn slice(&self, from: u16, to: u16) -> &[u8] {
        self.raw.get(usize::from(from)..usize::from(to)).unwrap_or_default()
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
}

fn escape_user(user: &[u8], out: &mut Vec<u8>) {
    escape(user, b"&=+$,;?/", out);
}

/// Writes text, everything that is neither unreserved nor allowed here as `%HH`.
fn escape(text: &[u8], allowed: &[u8], out: &mut Vec<u8>) {
    const HEX: [u8; 16] = *b"0123456789ABCDEF";
    for byte in text {
        if is_unreserved(*byte) || allowed.contains(byte) {
            out.push(*byte);
        } else {
            out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

impl FromStr for Uri {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.raw))
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uri({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    #[test]
    fn a_uri_comes_apart_into_its_parts() {
        let uri = uri("sips:al%69ce;day=tue:se%20cret@[2001:db8::1]:5071;transport=TCP;lr?Subject=a%20b&X=");
        assert_eq!(uri.scheme(), Scheme::Sips);
        assert_eq!(uri.user().unwrap(), "alice;day=tue");
        assert_eq!(uri.raw_password(), Some(&b"se%20cret"[..]));
        assert_eq!(uri.host(), Some(Host::V6("2001:db8::1".parse().unwrap())));
        assert_eq!(uri.port(), Some(5071));
        assert_eq!(uri.params().collect::<Vec<_>>(), [("transport", Some("TCP")), ("lr", None)]);
        assert!(uri.is_loose_router());
        assert_eq!(uri.headers().collect::<Vec<_>>(), [("Subject", "a%20b"), ("X", "")]);
        assert_eq!(uri.header("subject").unwrap(), "a b");
    }

    #[test]
    fn other_schemes_are_kept_whole() {
        let phone = uri("tel:+1-201-555-0123;phone-context=example.com");
        assert_eq!((phone.scheme(), phone.user().unwrap().as_ref()), (Scheme::Tel, "+1-201-555-0123"));
        assert_eq!(phone.param("phone-context").unwrap(), "example.com");
        let beep = uri("soap.beep://192.0.2.103:3002");
        assert_eq!(beep.scheme(), Scheme::Other("soap.beep"));
        assert_eq!((beep.host(), beep.opaque()), (None, &b"//192.0.2.103:3002"[..]));
        assert!(!beep.has_headers() && beep.raw_user().is_none());
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for text in [
            "",
            ":",
            "sip:",
            "sip",
            "1sip:a@b",
            "sip:@b",
            "sip:a@",
            "sip:a@b@c",
            "sip:a@b c",
            "sip:a@b:",
            "sip:a@b:x",
            "sip:a@b:65536",
            "sip:a@b:99999999999999999999",
            "sip:2001:db8::10",
            "sip:a@[::1",
            "sip:a@[1.2.3]",
            "sip:a@b/c",
            "sip:a@b;x=\u{e9}",
            "sip:a@b\0",
            "<sip:a@b>",
            "sip:a@b>",
            "tel:",
            "http:",
            "sip:a@b?x=@",
        ] {
            assert!(text.parse::<Uri>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn parameters_end_at_their_limit() {
        let many = |count: usize| format!("sip:a@b{}", ";x".repeat(count)).parse::<Uri>();
        assert!(many(limits::URI_PARTS).is_ok());
        assert_eq!(many(limits::URI_PARTS + 1), Err(Malformed::TooLong));
        assert!(format!("tel:1{}", ";x".repeat(limits::URI_PARTS + 1)).parse::<Uri>().is_err());
    }

    #[test]
    fn a_changed_uri_keeps_the_rest() {
        let first = uri("sip:a:p@b:5070;x;transport=udp?H=v");
        assert_eq!(
            first.with_param("transport", Some("tcp")).unwrap(),
            uri("sip:a:p@b:5070;x;transport=tcp?H=v")
        );
        assert_eq!(first.without_param("X"), uri("sip:a:p@b:5070;transport=udp?H=v"));
        assert_eq!(first.without_params(), uri("sip:a:p@b:5070"));
        assert_eq!(first.with_user("n@w é").unwrap(), uri("sip:n%40w%20%C3%A9@b:5070;x;transport=udp?H=v"));
        assert_eq!(first.with_header("To", "<sip:x>").unwrap().header("to").unwrap(), "<sip:x>");
        assert_eq!(uri("tel:1;x=2;y").with_param("x", Some("a b")).unwrap(), uri("tel:1;y;x=a%20b"));
        assert_eq!(uri("urn:a;x=2").with_param("x", None), Err(Malformed::Scheme));
        assert_eq!(first.for_request_line(), uri("sip:a:p@b:5070;x;transport=udp"));
        assert_eq!(uri("sip:b;method=INFO;lr").for_request_line(), uri("sip:b;lr"));
        assert_eq!(first.detached(), first);
        let host = Host::V6("::1".parse().unwrap());
        assert_eq!(Uri::sip(Some("*50#"), host, Some(5060)).unwrap(), uri("sip:*50%23@[::1]:5060"));
        assert!(Uri::sip(None, Host::Domain("a b"), None).is_err());
    }

    fn uri(text: &str) -> Uri {
        text.parse().unwrap_or_else(|problem| panic!("{text}: {problem}"))
    }
}
