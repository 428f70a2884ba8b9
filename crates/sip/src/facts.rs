//! What transactions and dialogs read from a message again and again.
//!
//! A parsed message has these headers, readable. The answer is still an `Option`, because a message may have been
//! changed since.

use sip_message::{CSeq, HeaderName, Headers, NameAddr, Request, Uri, Via};

/// The option tag of RFC 3262.
pub(crate) const RELIABLE: &str = "100rel";

/// The bodies we understand.
pub(crate) const ACCEPT: &str = "application/sdp, application/dtmf-relay, application/dtmf, message/sipfrag";

/// The option tag of RFC 4028.
pub(crate) const TIMER: &str = "timer";

pub(crate) fn top_via(headers: &Headers) -> Option<Via> {
    Via::parse(headers.get(HeaderName::Via)?.list().next()?.as_bytes()).ok()
}

pub(crate) fn cseq(headers: &Headers) -> Option<CSeq> {
    CSeq::parse(headers.get(HeaderName::CSeq)?.as_bytes()).ok()
}

pub(crate) fn call_id(headers: &Headers) -> Option<&str> {
    headers.get(HeaderName::CallId)?.as_str()
}

pub(crate) fn from(headers: &Headers) -> Option<NameAddr> {
    NameAddr::parse(headers.get(HeaderName::From)?.as_bytes()).ok()
}

pub(crate) fn to(headers: &Headers) -> Option<NameAddr> {
    NameAddr::parse(headers.get(HeaderName::To)?.as_bytes()).ok()
}

/// The first Contact's URI, in memory of its own.
pub(crate) fn contact(headers: &Headers) -> Option<Uri> {
    let value = headers.get(HeaderName::Contact)?.list().next()?;
    Some(NameAddr::parse(value.as_bytes()).ok()?.uri().detached())
}

/// The addresses of Route or Record-Route, in order. `None` if one of them cannot be read.
pub(crate) fn routes(headers: &Headers, name: HeaderName) -> Option<Vec<NameAddr>> {
    headers.list(name).map(|value| NameAddr::parse(value.as_bytes()).ok()).collect()
}

/// Whether the request belongs to a dialog, by its To tag.
pub(crate) fn has_to_tag(request: &Request) -> bool {
    request.headers().to_tag().is_some()
}

/// The seconds of a header that holds a number.
pub(crate) fn seconds(headers: &Headers, name: HeaderName) -> Option<u32> {
    let text = headers.get(name)?.text();
    let digits = text.split(|letter: char| !letter.is_ascii_digit()).next()?;
    match digits.parse::<u64>() {
        Ok(seconds) => Some(u32::try_from(seconds).unwrap_or(u32::MAX)),
        // Too many digits for 64 bits is as long as can be said.
        Err(_) if !digits.is_empty() => Some(u32::MAX),
        Err(_) => None,
    }
}
