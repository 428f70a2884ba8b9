//! Bodies made of parts: RFC 2046 §5.1, RFC 5621.
//!
//! A carrier may put the session description beside an ISUP message or a location; what is wanted is found here,
//! however deep it stands. Parts are slices of the body.

use bytes::Bytes;

use crate::header::ContentType;
use crate::headers::Headers;
use crate::limits;
use crate::name::HeaderName;
use crate::scan;

/// One part that is not itself made of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its type; text/plain where it does not say (RFC 2046 §5.1).
    pub content_type: ContentType,
    /// Its Content-Disposition, as written.
    pub disposition: Option<Box<str>>,
    /// Its bytes.
    pub body: Bytes,
}

/// Why a body could not be taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// The Content-Type has no boundary, or one that is empty or longer than 70 characters.
    #[error("the boundary is missing or not valid")]
    Boundary,
    /// The last boundary never comes.
    #[error("the last part does not end")]
    Unfinished,
    /// A part's header cannot be read.
    #[error("the head of a part is malformed")]
    Head,
    /// More parts than [`limits::MULTIPART_PARTS`].
    #[error("there are too many parts")]
    TooMany,
    /// Deeper than [`limits::MULTIPART_DEPTH`].
    #[error("the parts stand too deep in one another")]
    TooDeep,
}

/// The parts of a body: one for a plain body, none for an empty one, all the leaves of a multipart one.
pub(crate) fn parts(headers: &Headers, body: &Bytes) -> Result<Vec<Part>, MultipartError> {
    let mut found = Vec::new();
    let Some(content_type) = headers.content_type().map_err(|_| MultipartError::Head)? else {
        return Ok(found);
    };
    let disposition = headers.get(HeaderName::ContentDisposition).map(|value| value.text().into());
    collect(Part { content_type, disposition, body: body.clone() }, limits::MULTIPART_DEPTH, &mut found)?;
    Ok(found)
}

fn collect(part: Part, depth: usize, found: &mut Vec<Part>) -> Result<(), MultipartError> {
    if part.body.is_empty() {
        return Ok(());
    }
    if !part.content_type.kind().eq_ignore_ascii_case("multipart") {
        if found.len() == limits::MULTIPART_PARTS {
            return Err(MultipartError::TooMany);
        }
        found.push(part);
        return Ok(());
    }
    let depth = depth.checked_sub(1).ok_or(MultipartError::TooDeep)?;
    let boundary = part.content_type.params().text("boundary").ok_or(MultipartError::Boundary)?;
    if boundary.is_empty() || boundary.len() > 70 {
        return Err(MultipartError::Boundary);
    }
    let delimiter = format!("--{boundary}");
    let mut rest = skip_to_delimiter(&part.body, delimiter.as_bytes()).ok_or(MultipartError::Unfinished)?.1;
    // Parts that are empty are not kept, so the walk itself has a limit too.
    for _ in 0..=limits::MULTIPART_PARTS {
        if rest.starts_with(b"--") {
            return Ok(());
        }
        // White space may stand behind a delimiter, then its line ends.
        let line_end = memchr::memchr(b'\n', rest).ok_or(MultipartError::Unfinished)?;
        let (content, tail) =
            skip_to_delimiter(&rest[line_end..], delimiter.as_bytes()).ok_or(MultipartError::Unfinished)?;
        collect(read_part(&part.body, content.get(1..).unwrap_or_default())?, depth, found)?;
        rest = tail;
    }
    Err(MultipartError::TooMany)
}

/// What stands before the next delimiter that begins a line, without that line break, and what stands behind it.
fn skip_to_delimiter<'a>(bytes: &'a [u8], delimiter: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    if let Some(rest) = behind_delimiter(bytes, delimiter) {
        return Some((&[], rest));
    }
    let mut at = 0;
    loop {
        at += memchr::memchr(b'\n', bytes.get(at..)?)? + 1;
        if let Some(rest) = behind_delimiter(bytes.get(at..)?, delimiter) {
            let before = &bytes[..at - 1];
            return Some((before.strip_suffix(b"\r").unwrap_or(before), rest));
        }
    }
}

/// What follows a delimiter at the front: the two hyphens of the last one, or white space and the line's end. Anything
/// else makes it the delimiter of somebody else that begins with ours.
fn behind_delimiter<'a>(bytes: &'a [u8], delimiter: &[u8]) -> Option<&'a [u8]> {
    let rest = bytes.strip_prefix(delimiter)?;
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    (rest.starts_with(b"--") || scan::trim(line).is_empty()).then_some(rest)
}

/// Header lines, an empty line, the content. `whole` is the body that `content` is a slice of.
fn read_part(whole: &Bytes, content: &[u8]) -> Result<Part, MultipartError> {
    let mut content_type = None;
    let mut disposition = None;
    let mut rest = content;
    loop {
        let end = memchr::memchr(b'\n', rest);
        let line = scan::trim_end(&rest[..end.unwrap_or(rest.len())]);
        rest = end.map_or(&[][..], |end| &rest[end + 1..]);
        if line.is_empty() {
            break;
        }
        // A fold continues a header we may not care about; those we do are short.
        if scan::is_space(line[0]) {
            continue;
        }
        let colon = memchr::memchr(b':', line).ok_or(MultipartError::Head)?;
        let value = scan::trim(&line[colon + 1..]);
        match HeaderName::find(scan::trim_end(&line[..colon])) {
            Some(HeaderName::ContentType) => {
                content_type = Some(ContentType::parse(value).map_err(|_| MultipartError::Head)?);
            }
            Some(HeaderName::ContentDisposition) => disposition = Some(scan::display(value).into()),
            _ => {}
        }
        if end.is_none() {
            break;
        }
    }
    let content_type = match content_type {
        Some(content_type) => content_type,
        None => ContentType::parse(b"text/plain").map_err(|_| MultipartError::Head)?,
    };
    let body = if rest.is_empty() { Bytes::new() } else { whole.slice_ref(rest) };
    Ok(Part { content_type, disposition, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, limits};

    #[test]
    fn the_session_description_is_found_beside_other_parts() {
        let body = "preamble\r\n--b 1\r\nContent-Type: application/isup;version=x\r\n\r\n\x01\x02\r\n--b 1 \r\n\
                    content-type : application/sdp\r\nContent-Disposition: session\r\n\r\nv=0\r\ns=-\r\n\r\n--b 1--\r\nepilogue";
        let found = parts_of("multipart/mixed; boundary=\"b 1\"", body).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[0].content_type.is("application/isup"));
        assert_eq!(&found[0].body[..], b"\x01\x02");
        assert_eq!(found[1].disposition.as_deref(), Some("session"));
        assert_eq!(&found[1].body[..], b"v=0\r\ns=-\r\n");
    }

    #[test]
    fn parts_inside_parts_are_found_to_the_limit_and_no_deeper() {
        let nested = |depth: usize| {
            let mut body = "Content-Type: text/plain\r\n\r\nx".to_owned();
            for level in (1..depth).rev() {
                body = format!(
                    "Content-Type: multipart/mixed;boundary=b{level}\r\n\r\n--b{level}\r\n{body}\r\n--b{level}--"
                );
            }
            parts_of("multipart/mixed;boundary=b", &format!("--b\r\n{body}\r\n--b--"))
        };
        assert_eq!(nested(limits::MULTIPART_DEPTH).unwrap().len(), 1);
        assert_eq!(nested(limits::MULTIPART_DEPTH + 1), Err(MultipartError::TooDeep));
    }

    #[test]
    fn bodies_that_do_not_come_apart_are_refused() {
        let part = "--b\r\n\r\nx\r\n";
        let many =
            |count: usize| parts_of("multipart/mixed;boundary=b", &format!("{}--b--", part.repeat(count)));
        assert_eq!(many(limits::MULTIPART_PARTS).unwrap().len(), limits::MULTIPART_PARTS);
        assert_eq!(many(limits::MULTIPART_PARTS + 1), Err(MultipartError::TooMany));
        assert_eq!(parts_of("multipart/mixed", "--b--"), Err(MultipartError::Boundary));
        assert_eq!(parts_of("multipart/mixed;boundary=b", part), Err(MultipartError::Unfinished));
        assert_eq!(
            parts_of("multipart/mixed;boundary=b", "--b\r\nno colon\r\n\r\nx\r\n--b--"),
            Err(MultipartError::Head)
        );
    }

    #[test]
    fn a_plain_body_is_its_own_part() {
        let found = parts_of("application/sdp", "v=0\r\n").unwrap();
        assert_eq!(&found[0].body[..], b"v=0\r\n");
        assert_eq!(parts_of("application/sdp", "").unwrap(), []);
    }

    fn parts_of(content_type: &str, body: &str) -> Result<Vec<Part>, MultipartError> {
        let text = format!(
            "MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:x@y>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: c\r\n\
             CSeq: 1 MESSAGE\r\nContent-Type: {content_type}\r\n\r\n{body}"
        );
        Message::parse(Bytes::from(text)).unwrap().parts()
    }
}
