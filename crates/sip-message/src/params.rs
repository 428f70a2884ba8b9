//! Parameters of headers and URIs: `;name`, `;name=value`, `;name="quoted value"`. RFC 3261 §25.1 generic-param.
//!
//! They stay the bytes they came in and are looked through when asked; there are rarely more than five.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use crate::error::Malformed;
use crate::scan;

/// The parameters behind a header's value, kept as they came.
#[derive(Clone, PartialEq, Eq, Default, Hash)]
pub struct Params {
    raw: Bytes,
}

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param<'a> {
    name: &'a [u8],
    value: Option<&'a [u8]>,
}

impl<'a> Param<'a> {
    /// The name as written; compare it without case.
    pub fn name(&self) -> &'a str {
        scan::text(self.name)
    }

    /// The value's bytes, quotes included; `None` for a flag such as `lr`.
    pub fn raw(&self) -> Option<&'a [u8]> {
        self.value
    }

    /// The value without quotes, for people and for comparison; empty for a flag.
    pub fn text(&self) -> Cow<'a, str> {
        match self.value.map(scan::unquote) {
            None => Cow::Borrowed(""),
            Some(Cow::Borrowed(value)) => String::from_utf8_lossy(value),
            Some(Cow::Owned(value)) => Cow::Owned(String::from_utf8_lossy(&value).into_owned()),
        }
    }
}

impl Params {
    /// Reads `;a=b;c`, with white space wherever RFC 4475 puts it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        check(bytes)?;
        Ok(Self { raw: Bytes::copy_from_slice(scan::trim(bytes)) })
    }

    /// Keeps a slice that [`check`] has accepted.
    pub(crate) fn from_checked(raw: Bytes) -> Self {
        Self { raw }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Param<'_>> {
        iter(&self.raw)
    }

    /// The first of that name, whatever its case.
    pub fn find(&self, name: &str) -> Option<Param<'_>> {
        find(&self.raw, name)
    }

    /// Whether it is there, with a value or without.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The value as written, quotes included; `None` when absent, a flag, or not UTF-8.
    pub fn value(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.find(name)?.value?).ok()
    }

    /// The value without its quotes; `None` when absent, empty for a flag.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(self.find(name)?.text())
    }

    /// Sets a parameter: in place where it stands, else at the end. `None` makes a flag.
    ///
    /// A value that is no token is quoted. A name that is no token, or a value with a line break, is refused.
    pub fn set(&mut self, name: &str, value: Option<&str>) -> Result<(), Malformed> {
        if !scan::is_token(name.as_bytes()) {
            return Err(Malformed::Parameter);
        }
        let mut fresh = Vec::with_capacity(name.len() + value.map_or(0, str::len) + 4);
        fresh.push(b';');
        fresh.extend_from_slice(name.as_bytes());
        if let Some(value) = value {
            if value.bytes().any(scan::is_control) {
                return Err(Malformed::Character);
            }
            fresh.push(b'=');
            write_value(value.as_bytes(), &mut fresh);
        }
        let mut raw = Vec::with_capacity(self.raw.len() + fresh.len());
        let mut done = false;
        for param in self.iter() {
            if !param.name.eq_ignore_ascii_case(name.as_bytes()) {
                param.write(&mut raw);
            } else if !done {
                raw.extend_from_slice(&fresh);
                done = true;
            }
        }
        if !done {
            raw.extend_from_slice(&fresh);
        }
        self.raw = raw.into();
        Ok(())
    }

    /// Takes every parameter of that name away.
    pub fn remove(&mut self, name: &str) {
        if !self.has(name) {
            return;
        }
        let mut raw = Vec::with_capacity(self.raw.len());
        for param in self.iter().filter(|param| !param.name.eq_ignore_ascii_case(name.as_bytes())) {
            param.write(&mut raw);
        }
        self.raw = raw.into();
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The bytes, from the first `;` on, or none.
    pub fn as_bytes(&self) -> &[u8] {
        &self.raw
    }
}

impl Param<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b';');
        out.extend_from_slice(self.name);
        if let Some(value) = self.value {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
}

/// Writes a value as it is where that is a token or a host, quoted otherwise.
pub(crate) fn write_value(value: &[u8], out: &mut Vec<u8>) {
    let bare = |b: &u8| scan::is_token_byte(*b) || matches!(b, b'[' | b']' | b':');
    let quoted =
        value.len() >= 2 && value[0] == b'"' && scan::quoted(value).is_ok_and(|(_, rest)| rest.is_empty());
    if quoted || (!value.is_empty() && value.iter().all(bare)) {
        out.extend_from_slice(value);
    } else {
        scan::write_quoted(value, out);
    }
}

/// Whether the text is a well-formed row of parameters; it may be empty.
#[inline]
pub(crate) fn check(bytes: &[u8]) -> Result<(), Malformed> {
    let mut rest = scan::trim_start(bytes);
    while !rest.is_empty() {
        let (_, tail) = next(rest)?;
        rest = tail;
    }
    Ok(())
}

/// Reads one parameter from its `;` on, and returns what follows.
#[inline]
fn next(bytes: &[u8]) -> Result<(Param<'_>, &[u8]), Malformed> {
    let [b';', rest @ ..] = bytes else { return Err(Malformed::Trailing) };
    let rest = scan::trim_start(rest);
    let (name, rest) = scan::split_run(rest, scan::TOKEN);
    if name.is_empty() {
        return Err(Malformed::Parameter);
    }
    let rest = scan::trim_start(rest);
    let [b'=', rest @ ..] = rest else { return Ok((Param { name, value: None }, rest)) };
    let rest = scan::trim_start(rest);
    let (value, rest) =
        if rest.first() == Some(&b'"') { scan::quoted(rest)? } else { scan::split_run(rest, scan::VALUE) };
    Ok((Param { name, value: Some(value) }, scan::trim_start(rest)))
}

/// The parameters of a text that [`check`] has accepted; stops at the first that is malformed.
pub(crate) fn iter(bytes: &[u8]) -> impl Iterator<Item = Param<'_>> {
    let mut rest = scan::trim_start(bytes);
    std::iter::from_fn(move || {
        let (param, tail) = next(rest).ok()?;
        rest = tail;
        Some(param)
    })
}

/// The first parameter of that name.
pub(crate) fn find<'a>(bytes: &'a [u8], name: &str) -> Option<Param<'a>> {
    iter(bytes).find(|param| param.name.eq_ignore_ascii_case(name.as_bytes()))
}

/// Checks a row of parameters and finds in it one that decides something, and so may stand there once at most.
pub(crate) fn find_once<'a>(bytes: &'a [u8], name: &str) -> Result<Option<Param<'a>>, Malformed> {
    let mut rest = scan::trim_start(bytes);
    let mut found = None;
    while !rest.is_empty() {
        let (param, tail) = next(rest)?;
        if param.name.eq_ignore_ascii_case(name.as_bytes()) && found.replace(param).is_some() {
            return Err(Malformed::ParameterTwice);
        }
        rest = tail;
    }
    Ok(found)
}

/// The same for a tag or a branch, which are compared, stored and written again: no quotes, nothing but ASCII.
pub(crate) fn check_identifier(bytes: &[u8], name: &str) -> Result<(), Malformed> {
    match find_once(bytes, name)?.and_then(|param| param.value) {
        Some(value) if value.first() == Some(&b'"') || scan::any(value, |b| !b.is_ascii_graphic()) => {
            Err(Malformed::Parameter)
        }
        Some(_) | None => Ok(()),
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&scan::display(&scan::unfold(&self.raw)))
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}
