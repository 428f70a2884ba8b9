//! Challenges and credentials: `Digest realm="…", nonce="…"`. RFC 3261 §22.4, RFC 7616, RFC 8760.
//!
//! One shape serves both directions. What the values mean is known to the crate `sip`.

use std::fmt;

use crate::error::Malformed;
use crate::scan::{self, Commas};
use crate::value::ToValue;

/// A scheme and its parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthValue {
    /// As written: `Digest`, `Bearer`.
    scheme: Box<str>,
    params: AuthParams,
}

/// Comma-separated parameters with unquoted values.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AuthParams {
    entries: Vec<Entry>,
}

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    name: Box<str>,
    value: Box<str>,
    /// Whether the value stands in quotes; a strict peer insists on the form its grammar gives.
    quoted: bool,
}

impl AuthValue {
    /// Reads a scheme and its parameters.
    ///
    /// A parameter that stands there twice is refused: two readers could believe two different users.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let value = scan::trim(value);
        let end = value.iter().position(|b| scan::is_space(*b)).unwrap_or(value.len());
        let (scheme, rest) = value.split_at(end);
        if scheme.is_empty() {
            return Err(Malformed::Empty);
        }
        if !scan::is_token(scheme) {
            return Err(Malformed::Scheme);
        }
        Ok(Self { scheme: scan::text(scheme).into(), params: AuthParams::parse(rest)? })
    }

    /// One of our own, to be filled with [`AuthValue::token`] and [`AuthValue::quoted`].
    pub fn new(scheme: &str) -> Self {
        Self { scheme: scheme.into(), params: AuthParams::default() }
    }

    /// Adds a parameter that is written bare: `stale`, `algorithm`, `qop` in credentials, `nc`.
    pub fn token(mut self, name: &str, value: &str) -> Self {
        self.params.entries.push(Entry { name: name.into(), value: value.into(), quoted: false });
        self
    }

    /// Adds a parameter that is written in quotes: `realm`, `nonce`, `username`, `uri`, `response`.
    pub fn quoted(mut self, name: &str, value: &str) -> Self {
        self.params.entries.push(Entry { name: name.into(), value: value.into(), quoted: true });
        self
    }

    /// The scheme as written.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether the scheme is Digest, whatever its case.
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }

    /// The value of a parameter, quotes and backslashes taken off.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// All parameters in order.
    pub fn params(&self) -> &AuthParams {
        &self.params
    }
}

impl AuthParams {
    /// Reads `name=value, name="value"`. Empty entries between commas are passed over.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let mut entries: Vec<Entry> = Vec::with_capacity(10);
        for entry in Commas::new(value).filter(|entry| !entry.is_empty()) {
            let entry = Entry::parse(entry)?;
            // A header is 8 kB at most, so the square of this stays small.
            if entries.iter().any(|other| other.name.eq_ignore_ascii_case(&entry.name)) {
                return Err(Malformed::ParameterTwice);
            }
            if entries.len() == Self::LIMIT {
                return Err(Malformed::TooLong);
            }
            entries.push(entry);
        }
        Ok(Self { entries })
    }

    /// The most parameters one value may have; Digest knows thirteen.
    pub const LIMIT: usize = 64;

    /// The value of a parameter, quotes and backslashes taken off.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)).map(|entry| &*entry.value)
    }

    /// All of them in order: name and plain value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|entry| (&*entry.name, &*entry.value))
    }
}

impl Entry {
    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let end = bytes.iter().position(|b| !scan::is_token_byte(*b)).unwrap_or(bytes.len());
        let (name, rest) = bytes.split_at(end);
        let [b'=', rest @ ..] = scan::trim_start(rest) else { return Err(Malformed::Parameter) };
        if name.is_empty() {
            return Err(Malformed::Parameter);
        }
        let raw = scan::trim_start(rest);
        let quoted = raw.first() == Some(&b'"');
        if quoted {
            let (_, rest) = scan::quoted(raw)?;
            if !scan::trim(rest).is_empty() {
                return Err(Malformed::Trailing);
            }
        } else if raw.iter().any(|b| scan::is_space(*b) || scan::is_control(*b) || *b == b'"') {
            return Err(Malformed::Character);
        }
        let value = scan::unquote(raw);
        // Names of users and realms go into hashes byte by byte, so nothing may be replaced here.
        let value = std::str::from_utf8(&value).map_err(|_| Malformed::Character)?;
        if value.bytes().any(scan::is_control) {
            return Err(Malformed::Character);
        }
        Ok(Self { name: scan::text(name).into(), value: value.into(), quoted })
    }
}

impl ToValue for AuthParams {
    fn write_value(&self, out: &mut Vec<u8>) {
        for (index, entry) in self.entries.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(entry.name.as_bytes());
            out.push(b'=');
            if entry.quoted || !scan::is_token(entry.value.as_bytes()) {
                scan::write_quoted(entry.value.as_bytes(), out);
            } else {
                out.extend_from_slice(entry.value.as_bytes());
            }
        }
    }
}

impl ToValue for AuthValue {
    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.scheme.as_bytes());
        if !self.params.entries.is_empty() {
            out.push(b' ');
            self.params.write_value(out);
        }
    }
}

impl fmt::Display for AuthValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write_value(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// Credentials are secrets of a kind: the response can be guessed from offline. Debug shows names only.
impl fmt::Debug for AuthValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthValue({} {:?})", self.scheme, self.params)
    }
}

impl fmt::Debug for AuthParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| &entry.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_values_lose_quotes_and_backslashes_and_get_them_back() {
        let text = br#"Digest username="an\"na", realm="a, b" ,qop=auth,nc=00000001, uri="sip:x;y=<z>""#;
        let value = AuthValue::parse(text).unwrap();
        assert!(value.is_digest());
        assert_eq!(value.param("USERNAME"), Some("an\"na"));
        assert_eq!(value.param("realm"), Some("a, b"));
        assert_eq!(value.param("uri"), Some("sip:x;y=<z>"));
        assert_eq!(
            value.to_string(),
            r#"Digest username="an\"na", realm="a, b", qop=auth, nc=00000001, uri="sip:x;y=<z>""#
        );
    }

    #[test]
    fn a_parameter_that_stands_twice_is_refused() {
        let twice = AuthValue::parse(br#"Digest username="anna", username="admin""#);
        assert_eq!(twice, Err(Malformed::ParameterTwice));
    }

    #[test]
    fn an_unknown_scheme_is_kept() {
        let value = AuthValue::parse(b"NoOneKnowsThisScheme opaque-data=here").unwrap();
        assert_eq!(value.scheme(), "NoOneKnowsThisScheme");
        assert_eq!(value.param("opaque-data"), Some("here"));
    }
}
