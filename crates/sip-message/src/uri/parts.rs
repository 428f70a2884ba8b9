//! Where the parts of a URI stand in its text: RFC 3261 §25.1, RFC 3966 §3.
//!
//! Reading finds places and copies nothing. Whoever keeps the text keeps these beside it.

use crate::error::Malformed;
use crate::host::{Host, HostPort};
use crate::{limits, scan};

/// Offsets into the text. What a scheme does not have is an empty place at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Parts {
    pub(super) kind: Kind,
    pub(super) scheme_end: u16,
    /// The end of the user part; equal to `scheme_end` (the colon) when there is none.
    pub(super) user_end: u16,
    pub(super) host: u16,
    pub(super) host_end: u16,
    pub(super) params: u16,
    pub(super) params_end: u16,
    pub(super) port: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) enum Kind {
    Sip,
    Sips,
    Tel,
    #[default]
    Other,
}

/// A header is at most 8 kB and a URI stands in a header or the start line, so its places fit.
pub(super) fn offset(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

impl Parts {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > limits::HEADER_BYTES {
            return Err(Malformed::TooLong);
        }
        if scan::any(bytes, |b| b <= b' ' || matches!(b, 0x7f | b'<' | b'>' | b'"')) {
            return Err(Malformed::Character);
        }
        if bytes.starts_with(b"sip:") {
            return Self::read_sip(bytes, 3, Kind::Sip);
        }
        let colon = memchr::memchr(b':', bytes).ok_or(Malformed::Scheme)?;
        let scheme = &bytes[..colon];
        if !scheme.first().is_some_and(u8::is_ascii_alphabetic)
            || !scheme.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        {
            return Err(Malformed::Scheme);
        }
        if scheme.eq_ignore_ascii_case(b"sip") {
            Self::read_sip(bytes, colon, Kind::Sip)
        } else if scheme.eq_ignore_ascii_case(b"sips") {
            Self::read_sip(bytes, colon, Kind::Sips)
        } else if scheme.eq_ignore_ascii_case(b"tel") {
            Self::read_tel(bytes, colon)
        } else if bytes.len() == colon + 1 {
            Err(Malformed::Empty)
        } else {
            let (colon, end) = (offset(colon), offset(bytes.len()));
            Ok(Self {
                scheme_end: colon,
                user_end: colon,
                host: end,
                host_end: end,
                params: end,
                params_end: end,
                ..Self::default()
            })
        }
    }

    fn read_sip(bytes: &[u8], colon: usize, kind: Kind) -> Result<Self, Malformed> {
        let mut user_end = colon;
        let mut host = colon + 1;
        if let Some(at) = memchr::memchr(b'@', &bytes[host..]) {
            let end = host + at;
            user_end =
                bytes[host..end].iter().position(|b| *b == b':').map_or(end, |password| host + password);
            if user_end == host {
                return Err(Malformed::Empty);
            }
            host = end + 1;
        }
        let HostPort { host: text, port, rest } = Host::split(&bytes[host..], false)?;
        let params = bytes.len() - rest.len();
        let params_end = match rest.first() {
            None => bytes.len(),
            Some(b';' | b'?') => rest.iter().position(|b| *b == b'?').map_or(bytes.len(), |at| params + at),
            // A colon here is an IPv6 address without brackets (RFC 5118 §4.2), or a second port.
            Some(b':') => return Err(Malformed::Port),
            Some(_) => return Err(Malformed::Host),
        };
        // A second @ would let two readers see two different hosts. Parameters and headers are ASCII by the grammar;
        // nobody writes names of people there.
        if scan::any(rest, |b| b == b'@' || b >= 0x80) {
            return Err(Malformed::Character);
        }
        check_parts(rest)?;
        Ok(Self {
            kind,
            scheme_end: offset(colon),
            user_end: offset(user_end),
            host: offset(host),
            host_end: offset(host + text.len()),
            params: offset(params),
            params_end: offset(params_end),
            port,
        })
    }

    fn read_tel(bytes: &[u8], colon: usize) -> Result<Self, Malformed> {
        let rest = &bytes[colon + 1..];
        let number = memchr::memchr(b';', rest).unwrap_or(rest.len());
        if number == 0 {
            return Err(Malformed::Empty);
        }
        if !rest.is_ascii() {
            return Err(Malformed::Character);
        }
        check_parts(rest)?;
        let end = offset(colon + 1 + number);
        Ok(Self {
            kind: Kind::Tel,
            scheme_end: offset(colon),
            user_end: end,
            host: end,
            host_end: end,
            params: end,
            params_end: offset(bytes.len()),
            port: None,
        })
    }
}

/// Holds parameters and headers to their number. Short texts cannot have too many and are not counted.
fn check_parts(text: &[u8]) -> Result<(), Malformed> {
    let separators = |text: &[u8]| text.iter().filter(|b| matches!(b, b';' | b'&')).count();
    if text.len() > limits::URI_PARTS && separators(text) > limits::URI_PARTS {
        return Err(Malformed::TooLong);
    }
    Ok(())
}
