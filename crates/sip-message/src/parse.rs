//! From bytes to a message: start line, header lines, body, and what must hold before anybody else may look.
//! RFC 3261 §7, §8.2, §18.3.
//!
//! Reading goes on behind the first mistake, so that a request can be answered with as much of itself as there is.
//! One pass over the head finds the lines; the mandatory headers are then checked in place, without copying.

use bytes::Bytes;

use crate::cseq::CSeq;
use crate::error::{HeaderError, Malformed, ParseError, ParseErrorKind};
use crate::headers::{Headers, Line};
use crate::limits;
use crate::message::Message;
use crate::method::Method;
use crate::name::{self, HeaderName};
use crate::request::Request;
use crate::response::Response;
use crate::scan::{self, Commas};
use crate::status::StatusCode;
use crate::uri::Uri;
use crate::{name_addr, params, via};

/// What the first line is.
enum Start {
    Request { method: Method, uri: Bytes, version: Result<(), ParseErrorKind> },
    Response { status: StatusCode, reason: Bytes },
}

/// The first mistake wins, because later ones may follow from it.
struct Mistake(Option<ParseErrorKind>);

impl Mistake {
    fn note(&mut self, result: Result<(), ParseErrorKind>) {
        if let (None, Err(kind)) = (self.0, result) {
            self.0 = Some(kind);
        }
    }
}

pub(crate) fn message(bytes: Bytes) -> Result<Message, ParseError> {
    let mut mistake = Mistake(None);
    let bytes = if bytes.len() > limits::MESSAGE_BYTES {
        mistake.note(Err(ParseErrorKind::TooLarge));
        bytes.slice(..limits::MESSAGE_BYTES)
    } else {
        bytes
    };
    // Line ends before a message are keep-alives that came along. RFC 3261 §7.5.
    let bytes = match bytes.iter().position(|b| !matches!(b, b'\r' | b'\n')) {
        Some(0) => bytes,
        Some(start) => bytes.slice(start..),
        None => return Err(ParseError::new(ParseErrorKind::StartLine(Malformed::Empty))),
    };
    let line_end = memchr::memchr(b'\n', &bytes).unwrap_or(bytes.len());
    let line = match &bytes[..line_end] {
        [line @ .., b'\r'] => line,
        line => line,
    };
    let start = start_line(&bytes, line).map_err(ParseError::new)?;
    let (lines, head_end, seen) = header_lines(&bytes, (line_end + 1).min(bytes.len()), &mut mistake);

    match start {
        Start::Request { method, uri, version } => {
            // A version we do not speak makes every other mistake our guess.
            if version.is_err() {
                mistake.0 = version.err();
            }
            let (uri, readable) = Uri::read(uri);
            mistake.note(readable.map_err(ParseErrorKind::RequestUri));
            if uri.has_headers() {
                mistake.note(Err(ParseErrorKind::RequestUri(Malformed::UriHeaders)));
            }
            let mut headers = Headers::new(bytes, lines);
            mistake.note(mandatory(&headers, seen, Some(&method)));
            let body = cut(&mut headers, head_end, &mut mistake);
            let request = Request { method, uri, headers, body, changed: false };
            match mistake.0 {
                None => Ok(Message::Request(request)),
                Some(kind) => Err(ParseError { kind, request: Some(Box::new(request)) }),
            }
        }
        Start::Response { status, reason } => {
            let mut headers = Headers::new(bytes, lines);
            mistake.note(mandatory(&headers, seen, None));
            let body = cut(&mut headers, head_end, &mut mistake);
            match mistake.0 {
                None => Ok(Message::Response(Response { status, reason, headers, body, changed: false })),
                Some(kind) => Err(ParseError::new(kind)),
            }
        }
    }
}

/// The first line, by its exact grammar: single spaces, nothing behind the version. RFC 4475 §3.1.2.7 to §3.1.2.10
/// leaves a choice between refusing and guessing; a guess would be read differently by the next element.
fn start_line(bytes: &Bytes, line: &[u8]) -> Result<Start, ParseErrorKind> {
    const CHARACTER: ParseErrorKind = ParseErrorKind::StartLine(Malformed::Character);

    let first = memchr::memchr(b' ', line).ok_or(CHARACTER)?;
    let head = &line[..first];
    if head.len() >= 4 && head[..4].eq_ignore_ascii_case(b"SIP/") {
        if !head.eq_ignore_ascii_case(b"SIP/2.0") {
            return Err(ParseErrorKind::Version);
        }
        let rest = &line[first + 1..];
        let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        let status = StatusCode::parse(&rest[..end]).map_err(ParseErrorKind::StartLine)?;
        // RFC 4475 §3.1.1.13: the phrase may be empty; some leave even its space out.
        let reason = bytes.slice_ref(rest.get(end + 1..).unwrap_or_default());
        return Ok(Start::Response { status, reason });
    }
    let method = Method::parse(head).map_err(ParseErrorKind::StartLine)?;
    let last = memchr::memrchr(b' ', line).ok_or(CHARACTER)?;
    let version = if last > first { &line[last + 1..] } else { &[] };
    let uri = bytes.slice_ref(line.get(first + 1..last).unwrap_or_default());
    let version = match version {
        version if version.eq_ignore_ascii_case(b"SIP/2.0") => Ok(()),
        [name @ .., b'/', _, b'.', _] if name.eq_ignore_ascii_case(b"SIP") => Err(ParseErrorKind::Version),
        _ if memchr::memmem::find(line, b" SIP/").is_some() => Err(CHARACTER),
        // HTTP on a SIP port, or noise: not worth an answer.
        _ => return Err(CHARACTER),
    };
    Ok(Start::Request { method, uri, version })
}

/// Finds the header lines; returns them, the place behind the empty line, and which known names were seen.
fn header_lines(bytes: &[u8], start: usize, mistake: &mut Mistake) -> (Vec<Line>, usize, u128) {
    let mut lines = Vec::with_capacity(24);
    let mut seen: u128 = 0;
    let mut at = start;
    loop {
        match bytes.get(at..) {
            None | Some([]) => {
                mistake.note(Err(ParseErrorKind::HeadUnfinished));
                return (lines, bytes.len(), seen);
            }
            Some([b'\n', ..]) => return (lines, at + 1, seen),
            Some([b'\r', b'\n', ..]) => return (lines, at + 2, seen),
            Some(_) => {}
        }
        let end = match line_end(bytes, at) {
            Ok(end) => end,
            Err(kind) => {
                mistake.note(Err(kind));
                // Find the line's end all the same, to go on behind it.
                at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |found| at + found + 1);
                continue;
            }
        };
        if lines.len() == limits::HEADERS {
            mistake.note(Err(ParseErrorKind::TooManyHeaders));
            return (lines, bytes.len(), seen);
        }
        match header_line(bytes, at, end.text) {
            Ok((line, known)) => {
                if let Some(name) = known {
                    let bit = name.bit();
                    if seen & bit & name::SINGLE != 0 {
                        mistake.note(Err(ParseErrorKind::Duplicate(name)));
                    }
                    seen |= bit;
                }
                lines.push(line);
            }
            Err(kind) => mistake.note(Err(kind)),
        }
        at = end.next;
    }
}

/// Where a header line ends, folds included, and where the next begins.
struct LineEnd {
    text: usize,
    next: usize,
}

#[inline]
fn line_end(bytes: &[u8], start: usize) -> Result<LineEnd, ParseErrorKind> {
    let mut at = start;
    loop {
        let Some(found) = memchr::memchr2(b'\n', b'\r', &bytes[at..]) else {
            return Ok(LineEnd { text: bytes.len(), next: bytes.len() });
        };
        let text = at + found;
        let next = match bytes[text..] {
            [b'\n', ..] => text + 1,
            [b'\r', b'\n', ..] => text + 2,
            // A carriage return on its own ends a line for some and not for others.
            _ => return Err(ParseErrorKind::HeaderLine),
        };
        if !matches!(bytes.get(next), Some(b' ' | b'\t')) {
            return Ok(LineEnd { text, next });
        }
        at = next;
    }
}

#[inline]
fn header_line(bytes: &[u8], start: usize, end: usize) -> Result<(Line, Option<HeaderName>), ParseErrorKind> {
    if end - start > limits::HEADER_BYTES {
        return Err(ParseErrorKind::HeaderTooLong);
    }
    let line = &bytes[start..end];
    let colon = scan::find_near(line, b':').ok_or(ParseErrorKind::HeaderLine)?;
    let name = scan::trim_end(&line[..colon]);
    let known = HeaderName::find(name);
    if known.is_none() && !scan::is_token(name) {
        return Err(ParseErrorKind::HeaderLine);
    }
    let value = scan::trim_start(&line[colon + 1..]);
    let value_start = end - value.len();
    let value_end = value_start + scan::trim_end(value).len();
    Ok((Line::new(known, name.len(), start, value_start..value_end, end), known))
}

/// What no message may lack, in the order in which it is missed.
const MANDATORY: [HeaderName; 5] =
    [HeaderName::Via, HeaderName::To, HeaderName::From, HeaderName::CallId, HeaderName::CSeq];

/// The same as a set.
const MANDATORY_SET: u128 = {
    let mut set = 0;
    let mut index = 0;
    while index < MANDATORY.len() {
        set |= MANDATORY[index].bit();
        index += 1;
    }
    set
};

/// What no message may lack (RFC 3261 §8.1.1), and what must be readable where it stands. In a request CSeq has the
/// request's method.
fn mandatory(headers: &Headers, seen: u128, method: Option<&Method>) -> Result<(), ParseErrorKind> {
    if seen & MANDATORY_SET != MANDATORY_SET {
        let missing = MANDATORY.into_iter().find(|name| seen & name.bit() == 0);
        return Err(HeaderError::Missing(missing.unwrap_or(HeaderName::Via)).into());
    }
    let mut vias = 0;
    for line in headers.lines() {
        let Some(name) = HeaderName::from_index(line.name) else { continue };
        let value = headers.value(line);
        match name {
            HeaderName::Via => {
                for value in Commas::new(value) {
                    vias += 1;
                    if vias > limits::VIAS {
                        return Err(ParseErrorKind::TooManyVias);
                    }
                    via::Shape::read(value)
                        .and_then(|shape| params::check_identifier(shape.params, "branch"))
                        .map_err(HeaderError::of(name))?;
                }
            }
            HeaderName::From | HeaderName::To => {
                address(value)
                    .and_then(|params| params::check_identifier(params, "tag"))
                    .map_err(HeaderError::of(name))?;
            }
            HeaderName::Contact if value != b"*" => {
                for value in Commas::new(value) {
                    address(value)
                        .and_then(|params| params::find_once(params, "expires"))
                        .map_err(HeaderError::of(name))?;
                }
            }
            HeaderName::CallId => call_id(value).map_err(HeaderError::of(name))?,
            HeaderName::CSeq => {
                let (_, found) = CSeq::split(value).map_err(HeaderError::of(name))?;
                match method {
                    Some(method) if method.as_str().as_bytes() == found => {}
                    Some(_) => return Err(ParseErrorKind::CSeqMethod),
                    None if scan::is_token(found) => {}
                    None => return Err(HeaderError::of(name)(Malformed::Character).into()),
                }
            }
            HeaderName::MaxForwards => {
                scan::number::<u8>(value).map(|_| ()).map_err(HeaderError::of(name))?
            }
            _ => {}
        }
    }
    Ok(())
}

/// Checks one address up to its parameters, and returns those.
#[inline]
fn address(value: &[u8]) -> Result<&[u8], Malformed> {
    let shape = name_addr::Shape::read(value)?;
    Uri::check(shape.uri)?;
    Ok(shape.params)
}

/// RFC 3261 §25.1 callid: one word, perhaps with an @; in ASCII, so that it can be a key and stand in a log.
fn call_id(value: &[u8]) -> Result<(), Malformed> {
    if value.is_empty() {
        Err(Malformed::Empty)
    } else if scan::any(value, |b| !b.is_ascii_graphic()) {
        Err(Malformed::Character)
    } else {
        Ok(())
    }
}

/// Finds the body, by Content-Length or as all that is left, cuts the message to its size and returns the body.
fn cut(headers: &mut Headers, head_end: usize, mistake: &mut Mistake) -> Bytes {
    let left = headers.source.len() - head_end;
    let length = match headers.get(HeaderName::ContentLength) {
        None => left,
        Some(value) => match scan::number::<u32>(value.as_bytes()) {
            Ok(length) if length as usize <= left => length as usize,
            Ok(_) => {
                mistake.note(Err(ParseErrorKind::BodyTooShort));
                left
            }
            Err(problem) => {
                mistake.note(Err(HeaderError::of(HeaderName::ContentLength)(problem).into()));
                left
            }
        },
    };
    headers.source.truncate(head_end + length);
    headers.source.slice(head_end..)
}

/// What the head of a stream message says about its length. The first line is not looked at.
///
/// Two lengths, equal or not, and a length that is no number leave the end of the message unknown.
pub(crate) fn content_length(head: &[u8]) -> Result<Option<usize>, ParseErrorKind> {
    let mut mistake = Mistake(None);
    let start = memchr::memchr(b'\n', head).map_or(head.len(), |at| at + 1);
    let (lines, _, _) = header_lines(head, start, &mut mistake);
    let mut length = None;
    for line in lines.iter().filter(|line| line.name == HeaderName::ContentLength as u8) {
        let number =
            scan::number::<u32>(line.value_in(head)).map_err(HeaderError::of(HeaderName::ContentLength))?;
        if length.replace(number as usize).is_some() {
            return Err(ParseErrorKind::Duplicate(HeaderName::ContentLength));
        }
    }
    match (length, mistake.0) {
        (None, Some(kind)) => Err(kind),
        (length, _) => Ok(length),
    }
}

/// The request of a head whose message cannot be taken, to answer it; `None` where it is none.
pub(crate) fn head_of_request(head: Bytes) -> Option<Box<Request>> {
    match message(head) {
        Ok(Message::Request(request)) => Some(Box::new(request)),
        Ok(Message::Response(_)) => None,
        Err(error) => error.request,
    }
}
