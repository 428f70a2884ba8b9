//! `"Display" <uri>;params`, the shape of From, To, Contact, Route and their kin. RFC 3261 §20.10, §25.1.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use crate::error::Malformed;
use crate::params::{self, Params};
use crate::scan;
use crate::uri::Uri;

/// A name, a URI and the header's parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// As written, quotes included; empty when there is none.
    display: Bytes,
    uri: Uri,
    params: Params,
}

/// What Contact holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactList {
    /// `*`: every binding, in a REGISTER that removes them all.
    Star,
    /// The addresses in order, none when there is no Contact.
    Addresses(Vec<NameAddr>),
}

/// The three parts of the text, found without copying.
pub(crate) struct Shape<'a> {
    pub(crate) display: &'a [u8],
    pub(crate) uri: &'a [u8],
    pub(crate) params: &'a [u8],
}

impl<'a> Shape<'a> {
    /// Takes one value apart and checks the display name; not yet the URI and the parameters.
    pub(crate) fn read(value: &'a [u8]) -> Result<Self, Malformed> {
        let value = scan::trim(value);
        let (display, rest) = match value.first() {
            None => return Err(Malformed::Empty),
            Some(b'"') => scan::quoted(value)?,
            Some(b'<') => (&value[..0], value),
            Some(_) => match memchr::memchr3(b'<', b'"', b';', value) {
                Some(at) if value[at] == b'<' => value.split_at(at),
                _ => return Self::read_bare(value),
            },
        };
        let display = scan::trim(display);
        if display.first() != Some(&b'"') {
            check_unquoted(display)?;
        }
        let [b'<', inner @ ..] = scan::trim_start(rest) else { return Err(Malformed::Character) };
        let end = memchr::memchr(b'>', inner).ok_or(Malformed::UnterminatedAngle)?;
        Ok(Self { display, uri: scan::trim(&inner[..end]), params: scan::trim(&inner[end + 1..]) })
    }

    /// A URI without angle brackets: what follows the first semicolon belongs to the header, and what needs the
    /// brackets (comma, question mark) may not stand there. RFC 3261 §20.10.
    fn read_bare(value: &'a [u8]) -> Result<Self, Malformed> {
        let end = memchr::memchr(b';', value).unwrap_or(value.len());
        let (uri, params) = value.split_at(end);
        let uri = scan::trim(uri);
        if memchr::memchr(b'?', uri).is_some() {
            return Err(Malformed::UriHeaders);
        }
        if memchr::memchr(b',', uri).is_some() {
            return Err(Malformed::Character);
        }
        Ok(Self { display: b"", uri, params })
    }
}

/// Tokens by the grammar. Beyond it whatever cannot be mistaken for something else, names in GBK or UTF-8 above all.
fn check_unquoted(display: &[u8]) -> Result<(), Malformed> {
    let bad =
        |b: &u8| matches!(b, b',' | b';' | b'"' | b'>') || (scan::is_control(*b) && !scan::is_space(*b));
    if display.iter().any(bad) { Err(Malformed::Character) } else { Ok(()) }
}

impl NameAddr {
    /// Reads one value.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let shape = Shape::read(value)?;
        params::check(shape.params)?;
        // One copy for all three parts, so that the value does not keep its message alive.
        let all = Bytes::copy_from_slice(value);
        Ok(Self {
            display: all.slice_ref_of(value, shape.display),
            uri: Uri::from_bytes(all.slice_ref_of(value, shape.uri))?,
            params: Params::from_checked(all.slice_ref_of(value, shape.params)),
        })
    }

    /// A value without name and parameters.
    pub fn new(uri: Uri) -> Self {
        Self { display: Bytes::new(), uri, params: Params::default() }
    }

    /// The same with another display name; an empty one takes it away. A control character is refused.
    pub fn with_display(mut self, name: &str) -> Result<Self, Malformed> {
        if name.chars().any(char::is_control) {
            return Err(Malformed::Character);
        }
        let mut text = Vec::with_capacity(name.len() + 2);
        if !name.is_empty() {
            scan::write_quoted(name.as_bytes(), &mut text);
        }
        self.display = text.into();
        Ok(self)
    }

    /// The same with a parameter set; `None` makes a flag.
    pub fn with_param(mut self, name: &str, value: Option<&str>) -> Result<Self, Malformed> {
        self.params.set(name, value)?;
        Ok(self)
    }

    /// The same with a tag.
    pub fn with_tag(self, tag: &str) -> Result<Self, Malformed> {
        self.with_param("tag", Some(tag))
    }

    /// The name for people, without quotes. Control characters and bytes that are not UTF-8 are replaced.
    pub fn display(&self) -> Option<Cow<'_, str>> {
        if self.display.is_empty() {
            return None;
        }
        let name = scan::unquote(&self.display);
        let shown = scan::display(&scan::unfold(&name)).into_owned();
        if shown.is_empty() { None } else { Some(Cow::Owned(shown)) }
    }

    /// The name as written, quotes included; empty when there is none.
    pub fn raw_display(&self) -> &[u8] {
        &self.display
    }

    /// The URI.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The header's parameters, not those of the URI.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The header's parameters, to change them.
    pub fn params_mut(&mut self) -> &mut Params {
        &mut self.params
    }

    /// The value of a parameter without quotes; empty for a flag, `None` when absent.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.params.text(name)
    }

    /// The tag of a From or To; an empty one is none.
    pub fn tag(&self) -> Option<&str> {
        self.params.value("tag").filter(|tag| !tag.is_empty())
    }

    /// The `expires` parameter of a Contact; one too large is the largest.
    pub fn expires(&self) -> Option<u32> {
        let value = scan::saturating_number(self.params.find("expires")?.raw()?).ok()?;
        Some(u32::try_from(value).unwrap_or(u32::MAX))
    }

    /// The `q` parameter of a Contact in thousandths, 0 to 1000.
    pub fn q(&self) -> Option<u16> {
        quality(self.params.find("q")?.raw()?)
    }

    /// Writes the value: angle brackets always, so that nobody can mistake whose parameters they are; unfolded and
    /// without control characters, so that it can be written into any message.
    pub fn write(&self, out: &mut Vec<u8>) {
        if !self.display.is_empty() {
            scan::write_clean(&self.display, out);
            out.push(b' ');
        }
        out.push(b'<');
        out.extend_from_slice(self.uri.as_bytes());
        out.push(b'>');
        scan::write_clean(self.params.as_bytes(), out);
    }
}

/// `qvalue` of RFC 3261 §25.1: `0`, `1`, and up to three decimals.
fn quality(text: &[u8]) -> Option<u16> {
    let (whole, decimals) = match text {
        [whole, b'.', decimals @ ..] if decimals.len() <= 3 => (*whole, decimals),
        [whole] => (*whole, &[][..]),
        [b'.', ..] | [] | [_, _, ..] => return None,
    };
    let mut value = match whole {
        b'0' => 0,
        b'1' => 1000,
        _ => return None,
    };
    let mut weight = 100;
    for digit in decimals {
        if !digit.is_ascii_digit() {
            return None;
        }
        value += u16::from(digit - b'0') * weight;
        weight /= 10;
    }
    (value <= 1000).then_some(value)
}

/// Finds in a copy what was found in the original.
pub(crate) trait SliceRefOf {
    /// The part of `self` that corresponds to `part` of `original`, of which `self` is a copy.
    fn slice_ref_of(&self, original: &[u8], part: &[u8]) -> Bytes;
}

impl SliceRefOf for Bytes {
    fn slice_ref_of(&self, original: &[u8], part: &[u8]) -> Bytes {
        if part.is_empty() {
            return Bytes::new();
        }
        let start = (part.as_ptr() as usize).saturating_sub(original.as_ptr() as usize);
        match start.checked_add(part.len()) {
            Some(end) if end <= self.len() => self.slice(start..end),
            _ => Bytes::copy_from_slice(part),
        }
    }
}

impl FromStr for NameAddr {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text);
        f.write_str(&scan::display(&text))
    }
}

impl fmt::Debug for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NameAddr({self})")
    }
}
