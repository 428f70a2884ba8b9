//! The lexical ground: character classes, white space, quoted strings, lists. RFC 3261 §25.1.
//!
//! Everything works on bytes, runs in linear time and allocates only where a text has to change.

use std::borrow::Cow;

use crate::error::Malformed;

/// Each byte's classes, one bit each, so that a scan costs one load per byte.
const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        let word = b.is_ascii_alphanumeric();
        if word || matches!(b, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~') {
            table[byte] |= TOKEN;
        }
        if word || matches!(b, b'-' | b'.' | b'_') {
            table[byte] |= DOMAIN;
        }
        if b > b' ' && b != 0x7f && !matches!(b, b';' | b',' | b'"' | b'<' | b'>' | b'\\') {
            table[byte] |= VALUE;
        }
        if matches!(b, b' ' | b'\t' | b'\r' | b'\n') {
            table[byte] |= SPACE;
        }
        byte += 1;
    }
    table
};

/// The characters of a `token`.
pub(crate) const TOKEN: u8 = 1;

/// The characters of a domain name or an IPv4 address: letters, digits, hyphen and dot by the grammar, the underscore
/// because operators name machines with it.
pub(crate) const DOMAIN: u8 = 2;

/// The characters of a parameter's value: tokens and hosts by the grammar, beyond it what phones send unquoted, URLs
/// and raw UTF-8 among it.
pub(crate) const VALUE: u8 = 4;

/// White space and what a fold is made of.
const SPACE: u8 = 8;

/// Splits behind the longest run of one class at the front.
#[inline]
pub(crate) fn split_run(bytes: &[u8], class: u8) -> (&[u8], &[u8]) {
    let class_of = |b: &u8| CLASSES[usize::from(*b)] & class;
    // Branches and tags are long: four bytes for each decision, then the last few one by one.
    let mut end = 0;
    while let Some([a, b, c, d]) = bytes.get(end..end + 4)
        && class_of(a) & class_of(b) & class_of(c) & class_of(d) != 0
    {
        end += 4;
    }
    let rest = &bytes[end..];
    end += rest.iter().position(|b| class_of(b) == 0).unwrap_or(rest.len());
    bytes.split_at(end)
}

/// One character of a `token`.
#[inline]
pub(crate) fn is_token_byte(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & TOKEN != 0
}

/// Eight bytes from a place on, as one number.
#[inline]
fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(eight.try_into().ok()?))
}

/// The first place of a byte that is expected within a few steps: eight at a time, without the call that `memchr` costs.
#[inline]
pub(crate) fn find_near(bytes: &[u8], wanted: u8) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);

    let mut at = 0;
    while let Some(word) = eight(bytes, at) {
        // A byte that was equal is zero now; the lowest zero byte sets the lowest high bit (higher ones may be false).
        let word = word ^ (ONES * u64::from(wanted));
        let zeros = word.wrapping_sub(ONES) & !word & HIGHS;
        if zeros != 0 {
            return Some(at + (zeros.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    bytes.get(at..)?.iter().position(|b| *b == wanted).map(|found| at + found)
}

/// Whether two short texts are equal, byte for byte, without the call that comparing slices costs.
#[inline]
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let Some(last) = left.len().checked_sub(8) else {
        return left.iter().zip(right).all(|(left, right)| left == right);
    };
    let mut at = 0;
    while at < last {
        if eight(left, at) != eight(right, at) {
            return false;
        }
        at += 8;
    }
    eight(left, last) == eight(right, last)
}

/// Whether any byte fulfils a condition. Looks at all of them without stopping, which the compiler turns into vector
/// instructions; for the short texts of headers that is faster than stopping early.
#[inline]
pub(crate) fn any(bytes: &[u8], condition: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(false, |found, b| found | condition(*b))
}

/// A whole, non-empty `token`.
#[inline]
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| is_token_byte(*b))
}

/// Linear white space; a line break inside a value can only be a fold, so it counts.
#[inline]
pub(crate) fn is_space(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & SPACE != 0
}

/// Control characters other than the tab, which is white space.
#[inline]
pub(crate) fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

#[inline]
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes))
}

#[inline]
pub(crate) fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_space(*first)
    {
        bytes = rest;
    }
    bytes
}

#[inline]
pub(crate) fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., last] = bytes
        && is_space(*last)
    {
        bytes = rest;
    }
    bytes
}

/// The text of bytes already known to be ASCII, or nothing where they are not even UTF-8.
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Splits a quoted string off the front: `"…"` with its quotes, and what follows.
#[inline]
pub(crate) fn quoted(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    debug_assert_eq!(bytes.first(), Some(&b'"'));
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return Ok(bytes.split_at(at + 1));
        }
        at += 2;
    }
    Err(Malformed::UnterminatedQuote)
}

/// Takes quotes and backslashes off a quoted string; other text is returned as it is.
pub(crate) fn unquote(bytes: &[u8]) -> Cow<'_, [u8]> {
    let inner = match bytes {
        [b'"', inner @ .., b'"'] => inner,
        _ => return Cow::Borrowed(bytes),
    };
    if !inner.contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut rest = inner.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => plain.extend(rest.next()),
            _ => plain.push(*byte),
        }
    }
    Cow::Owned(plain)
}

/// Writes text as a quoted string, escaping what must be escaped.
pub(crate) fn write_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// Turns each fold (a line break with the white space around it) into one space. RFC 3261 §7.3.1.
pub(crate) fn unfold(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\r', b'\n', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr2(b'\r', b'\n', rest) {
        plain.extend_from_slice(trim_end(&rest[..at]));
        rest = trim_start(&rest[at..]);
        if !rest.is_empty() {
            plain.push(b' ');
        }
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

/// Writes a received text into a message of ours: unfolded, and without the control characters that a quoted string
/// may smuggle in (RFC 4475 §3.1.1.2). Without them nothing that came in can keep an answer from going out.
pub(crate) fn write_clean(bytes: &[u8], out: &mut Vec<u8>) {
    let bytes = unfold(bytes);
    if !any(&bytes, is_control) {
        out.extend_from_slice(&bytes);
        return;
    }
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => match rest.next() {
                Some(escaped) if is_control(*escaped) => {}
                Some(escaped) => out.extend([b'\\', *escaped]),
                None => out.push(b'\\'),
            },
            byte if is_control(*byte) => {}
            byte => out.push(*byte),
        }
    }
}

/// Text for people: UTF-8 where it is, a replacement character for every other byte and every control character.
pub(crate) fn display(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if text.chars().any(char::is_control) {
        Cow::Owned(
            text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect(),
        )
    } else {
        text
    }
}

/// The values of a comma-separated header, trimmed. Commas inside quotes and angle brackets do not separate.
///
/// An empty value between two commas is yielded: whether it matters is for the reader to say.
#[derive(Debug, Clone)]
pub(crate) struct Commas<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Commas<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: Some(bytes) }
    }
}

impl<'a> Iterator for Commas<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let bytes = self.rest?;
        // Most values have no comma at all, and finding that out is one quick look.
        let mut at = match memchr::memchr(b',', bytes) {
            Some(_) => 0,
            None => bytes.len(),
        };
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr3(b',', b'"', b'<', rest)) {
            at += found;
            match bytes[at] {
                b',' => {
                    self.rest = Some(&bytes[at + 1..]);
                    return Some(trim(&bytes[..at]));
                }
                b'"' => match quoted(&bytes[at..]) {
                    Ok((string, _)) => at += string.len(),
                    // The value's own parser will name the mistake.
                    Err(_) => break,
                },
                _ => match memchr::memchr(b'>', &bytes[at..]) {
                    Some(end) => at += end + 1,
                    None => break,
                },
            }
        }
        self.rest = None;
        Some(trim(bytes))
    }
}

/// A decimal number that must fit, without sign or white space.
pub(crate) fn number<T: TryFrom<u64>>(digits: &[u8]) -> Result<T, Malformed> {
    let value = saturating_number(digits)?;
    if value == u64::MAX {
        return Err(Malformed::NumberTooLarge);
    }
    T::try_from(value).map_err(|_| Malformed::NumberTooLarge)
}

/// A decimal number; one too large for 64 bits becomes the largest.
pub(crate) fn saturating_number(digits: &[u8]) -> Result<u64, Malformed> {
    if digits.is_empty() {
        return Err(Malformed::NotANumber);
    }
    let mut value: u64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(Malformed::NotANumber);
        }
        value = value.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    }
    Ok(value)
}

/// The values of the two hexadecimal digits of `%HH` at the front, if they are there.
pub(crate) fn percent(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [b'%', high, low, ..] => {
            let high = char::from(*high).to_digit(16)?;
            let low = char::from(*low).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        }
        _ => None,
    }
}

/// Resolves `%HH`; a percent sign that starts no escape stays as it is.
pub(crate) fn unescape(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        match percent(rest) {
            Some(byte) => {
                plain.push(byte);
                rest = &rest[3..];
            }
            None => {
                plain.push(*first);
                rest = tail;
            }
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_where_it_stands_first() {
        for length in 0..40 {
            for place in 0..length {
                let mut text = vec![b'a'; length];
                text[place] = b':';
                assert_eq!(find_near(&text, b':'), Some(place));
                // What differs in the highest or the lowest bit alone is another byte.
                text[place] = b':' | 0x80;
                assert_eq!(find_near(&text, b':'), None);
                text[place] = b':' ^ 1;
                assert_eq!(find_near(&text, b':'), None);
            }
            assert_eq!(find_near(&vec![b':'; length], b':'), (length > 0).then_some(0));
        }
        assert_eq!(find_near(b"ab\x3b:c:::::", b':'), Some(3));
    }

    #[test]
    fn texts_are_the_same_in_every_byte_or_not() {
        for length in 0..40 {
            let text: Vec<u8> = (0..length).collect();
            assert!(same(&text, &text.clone()));
            assert!(!same(&text, &text[..text.len().saturating_sub(1)]) || length == 0);
            for place in 0..text.len() {
                let mut other = text.clone();
                other[place] ^= 0x20;
                assert!(!same(&text, &other), "{length} {place}");
            }
        }
    }
}
