//! The headers of one message: an index over its bytes, read when asked. RFC 3261 §7.3.
//!
//! Every line keeps the bytes it came in, folding and spelling included. Lines that we add live in a second buffer.
//! The typed views, one method per header, are in [`crate::header`].

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use crate::builder::BuildError;
use crate::name::{HeaderName, NameKey};
use crate::scan::{self, Commas};
use crate::value::ToValue;

/// An index entry for a name that is not in the table.
const UNKNOWN: u8 = u8::MAX;

/// The headers of one message.
#[derive(Clone, Default)]
pub struct Headers {
    /// The whole message as it came or was built, body included.
    pub(crate) source: Bytes,
    /// Lines written since.
    written: Vec<u8>,
    lines: Vec<Line>,
    changed: bool,
}

/// One header line: places in one of the two buffers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) start: u32,
    pub(crate) value: u32,
    pub(crate) end: u32,
    pub(crate) value_len: u16,
    pub(crate) name_len: u16,
    pub(crate) name: u8,
    written: bool,
}

impl Line {
    /// The line at `start` of a buffer that ends at `end`; `value` is its value without white space at the ends.
    ///
    /// The caller has held the sizes to [`crate::limits`], so the places fit.
    pub(crate) fn new(
        name: Option<HeaderName>,
        name_len: usize,
        start: usize,
        value: Range<usize>,
        end: usize,
    ) -> Self {
        Self {
            start: place(start),
            value: place(value.start),
            end: place(end),
            value_len: length(value.len()),
            name_len: length(name_len),
            name: name.map_or(UNKNOWN, |name| name as u8),
            written: false,
        }
    }

    /// The line's value in the buffer it was found in.
    pub(crate) fn value_in<'a>(&self, buffer: &'a [u8]) -> &'a [u8] {
        let start = self.value as usize;
        buffer.get(start..start + usize::from(self.value_len)).unwrap_or_default()
    }

    /// The same line in a buffer that has `offset` bytes more before it.
    pub(crate) fn moved(&self, offset: usize) -> Self {
        let offset = place(offset);
        Self {
            start: self.start.saturating_add(offset),
            value: self.value.saturating_add(offset),
            end: self.end.saturating_add(offset),
            ..*self
        }
    }
}

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn length(bytes: usize) -> u16 {
    u16::try_from(bytes).unwrap_or(u16::MAX)
}

/// One header line as it stands in the message.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    known: Option<HeaderName>,
    name: &'a [u8],
    value: Value<'a>,
    raw: &'a [u8],
}

impl<'a> Field<'a> {
    /// The header, if this crate knows it.
    pub fn known(&self) -> Option<HeaderName> {
        self.known
    }

    /// The name as written.
    pub fn name(&self) -> &'a str {
        scan::text(self.name)
    }

    /// The name to ask for it by.
    pub fn key(&self) -> NameKey<'a> {
        self.known.map_or(NameKey::Other(self.name()), NameKey::Known)
    }

    /// The value.
    pub fn value(&self) -> Value<'a> {
        self.value
    }

    /// The whole line without its end, folding included.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }
}

/// A header's value: its bytes, without white space at the ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    /// The bytes as they came; a folded value has line breaks in it.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The value as text: unfolded, bytes that are not UTF-8 and control characters replaced.
    pub fn text(&self) -> Cow<'a, str> {
        match scan::unfold(self.0) {
            Cow::Borrowed(bytes) => scan::display(bytes),
            Cow::Owned(bytes) => Cow::Owned(scan::display(&bytes).into_owned()),
        }
    }

    /// The value as it is, if it is UTF-8.
    pub fn as_str(&self) -> Option<&'a str> {
        std::str::from_utf8(self.0).ok()
    }

    /// The comma-separated values, trimmed; commas in quotes and angle brackets do not separate.
    pub fn list(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        Commas::new(self.0).map(Value)
    }
}

impl Headers {
    pub(crate) fn new(source: Bytes, lines: Vec<Line>) -> Self {
        Self { source, written: Vec::new(), lines, changed: false }
    }

    /// The index, for a pass over everything that a typed view would make slow.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Every line in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Field<'_>> {
        self.lines.iter().map(|line| self.field(line))
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The value of the first line of that name: `headers.get(HeaderName::Subject)`, `headers.get("X-Account")`.
    pub fn get<'k>(&self, name: impl Into<NameKey<'k>>) -> Option<Value<'_>> {
        let name = name.into();
        self.lines.iter().find(|line| self.is_named(line, name)).map(|line| Value(self.value(line)))
    }

    /// The values of every line of that name, in order.
    pub fn all<'k>(&self, name: impl Into<NameKey<'k>>) -> impl Iterator<Item = Value<'_>> {
        let name = name.into();
        self.lines.iter().filter(move |line| self.is_named(line, name)).map(|line| Value(self.value(line)))
    }

    /// The values of every line of that name, each line taken apart at its commas.
    pub fn list<'k>(&self, name: impl Into<NameKey<'k>>) -> impl Iterator<Item = Value<'_>> {
        self.all(name).flat_map(|value| value.list())
    }

    /// Whether there is one of that name.
    pub fn contains<'k>(&self, name: impl Into<NameKey<'k>>) -> bool {
        let name = name.into();
        self.lines.iter().any(|line| self.is_named(line, name))
    }

    /// Adds a line at the end.
    pub fn append<'k>(
        &mut self,
        name: impl Into<NameKey<'k>>,
        value: impl ToValue,
    ) -> Result<(), BuildError> {
        let line = self.write_line(name.into(), &value)?;
        self.lines.push(line);
        Ok(())
    }

    /// Adds a line before the first of that name, or at the top: for Via, Record-Route, Path.
    pub fn prepend<'k>(
        &mut self,
        name: impl Into<NameKey<'k>>,
        value: impl ToValue,
    ) -> Result<(), BuildError> {
        let name = name.into();
        let line = self.write_line(name, &value)?;
        let at = self.lines.iter().position(|line| self.is_named(line, name)).unwrap_or(0);
        self.lines.insert(at, line);
        Ok(())
    }

    /// Puts one line in the place of all lines of that name, or at the end.
    pub fn set<'k>(&mut self, name: impl Into<NameKey<'k>>, value: impl ToValue) -> Result<(), BuildError> {
        let name = name.into();
        let line = self.write_line(name, &value)?;
        let at = self.lines.iter().position(|line| self.is_named(line, name));
        self.remove(name);
        self.lines.insert(at.unwrap_or(self.lines.len()), line);
        Ok(())
    }

    /// Takes all lines of that name away and says how many there were.
    pub fn remove<'k>(&mut self, name: impl Into<NameKey<'k>>) -> usize {
        let name = name.into();
        let before = self.lines.len();
        let mut lines = std::mem::take(&mut self.lines);
        lines.retain(|line| !self.is_named(line, name));
        self.lines = lines;
        self.changed |= self.lines.len() != before;
        before - self.lines.len()
    }

    /// Takes the first value of that name away, be it a line of its own or the first of a comma-combined one.
    ///
    /// Returns whether there was one.
    pub fn remove_first<'k>(&mut self, name: impl Into<NameKey<'k>>) -> Result<bool, BuildError> {
        self.change_first(name.into(), None::<&str>)
    }

    /// Puts another value in the place of the first of that name, leaving the others as they are.
    ///
    /// Returns whether there was one; where there was none, nothing is added.
    pub fn replace_first<'k>(
        &mut self,
        name: impl Into<NameKey<'k>>,
        value: impl ToValue,
    ) -> Result<bool, BuildError> {
        self.change_first(name.into(), Some(value))
    }

    fn change_first(&mut self, name: NameKey<'_>, value: Option<impl ToValue>) -> Result<bool, BuildError> {
        let Some(at) = self.lines.iter().position(|line| self.is_named(line, name)) else { return Ok(false) };
        let old = self.value(&self.lines[at]);
        let rest = Commas::new(old).next().map_or(&[][..], |first| {
            let end = (first.as_ptr() as usize + first.len()).saturating_sub(old.as_ptr() as usize);
            match scan::trim_start(&old[end.min(old.len())..]) {
                [b',', rest @ ..] => scan::trim(rest),
                _ => &[],
            }
        });
        let rest = Bytes::copy_from_slice(&scan::unfold(rest));
        let first = value.map(|value| self.write_line(name, &value)).transpose()?;
        let rest = if rest.is_empty() { None } else { Some(self.write_line(name, &Verbatim(&rest))?) };
        self.lines.splice(at..=at, first.into_iter().chain(rest));
        self.changed = true;
        Ok(true)
    }

    /// A part of these headers, sharing their memory where it stands in what came.
    pub(crate) fn share(&self, part: &[u8]) -> Bytes {
        let source = self.source.as_ptr() as usize;
        if (source..source + self.source.len()).contains(&(part.as_ptr() as usize)) {
            self.source.slice_ref(part)
        } else {
            Bytes::copy_from_slice(part)
        }
    }

    /// Whether anything was added or taken away since parsing or building.
    pub(crate) fn is_changed(&self) -> bool {
        self.changed
    }

    pub(crate) fn field(&self, line: &Line) -> Field<'_> {
        let buffer = self.buffer(line);
        let (start, end) = (line.start as usize, line.end as usize);
        Field {
            known: HeaderName::from_index(line.name),
            name: buffer.get(start..start + usize::from(line.name_len)).unwrap_or_default(),
            value: Value(self.value(line)),
            raw: buffer.get(start..end).unwrap_or_default(),
        }
    }

    fn buffer(&self, line: &Line) -> &[u8] {
        if line.written { &self.written } else { &self.source }
    }

    pub(crate) fn value(&self, line: &Line) -> &[u8] {
        line.value_in(self.buffer(line))
    }

    fn is_named(&self, line: &Line, name: NameKey<'_>) -> bool {
        match name {
            NameKey::Known(name) => line.name == name as u8,
            NameKey::Other(name) => {
                line.name == UNKNOWN
                    && usize::from(line.name_len) == name.len()
                    && self.field(line).name.eq_ignore_ascii_case(name.as_bytes())
            }
        }
    }

    fn write_line(&mut self, name: NameKey<'_>, value: &impl ToValue) -> Result<Line, BuildError> {
        let written = self.written.len();
        match write_line(&mut self.written, name, value) {
            Ok(line) => {
                self.changed = true;
                Ok(Line { written: true, ..line })
            }
            Err(error) => {
                self.written.truncate(written);
                Err(error)
            }
        }
    }
}

/// A value copied out of a message: it may hold what a quoted pair may hold, but no line break.
pub(crate) struct Verbatim<'a>(pub(crate) &'a [u8]);

impl ToValue for Verbatim<'_> {
    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&scan::unfold(self.0));
    }

    fn is_verbatim(&self) -> bool {
        true
    }
}

/// Writes `Name: value` and the line end, and says where. What would break the line is refused.
pub(crate) fn write_line(
    out: &mut Vec<u8>,
    name: NameKey<'_>,
    value: &impl ToValue,
) -> Result<Line, BuildError> {
    let text = name.as_str();
    if !scan::is_token(text.as_bytes()) {
        return Err(BuildError::Name);
    }
    let start = out.len();
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b": ");
    let value_at = out.len();
    value.write_value(out);
    let breaks = |b: &u8| matches!(b, b'\r' | b'\n');
    let harmful = |b: &u8| scan::is_control(*b);
    let written = &out[value_at..];
    if if value.is_verbatim() { written.iter().any(breaks) } else { written.iter().any(harmful) } {
        let known = match name {
            NameKey::Known(name) => Some(name),
            NameKey::Other(_) => None,
        };
        return Err(BuildError::ControlCharacter(known));
    }
    let end = out.len();
    if end - start > crate::limits::HEADER_BYTES {
        return Err(BuildError::TooLong);
    }
    out.extend_from_slice(b"\r\n");
    let known = match name {
        NameKey::Known(name) => Some(name),
        NameKey::Other(_) => None,
    };
    Ok(Line::new(known, text.len(), start, value_at..end, end))
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|field| (field.name(), field.value().text()))).finish()
    }
}
