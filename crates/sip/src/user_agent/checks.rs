//! What every request must pass before its meaning is looked at: RFC 3261 §8.2, in the order given there.

use super::UserAgentConfig;
use crate::facts;
use sip_message::{HeaderName, Method, Request, ResponseBuilder, Scheme, StatusCode};

/// Extensions a peer may require of us.
const KNOWN_EXTENSIONS: [&str; 4] = [facts::RELIABLE, facts::TIMER, "replaces", "norefersub"];

/// Extensions a phone may require of the registrar behind us (RFC 3327, RFC 5626).
const REGISTRAR_EXTENSIONS: [&str; 2] = ["path", "outbound"];

/// The refusal of a request, if it does not pass.
pub(super) fn refusal(request: &Request, config: &UserAgentConfig) -> Option<ResponseBuilder> {
    method(request, config)
        .or_else(|| target(request))
        .or_else(|| extensions(request))
        .or_else(|| content(request))
        .or_else(|| acceptance(request))
        .or_else(|| interval(request, config))
}

/// §8.2.1.
fn method(request: &Request, config: &UserAgentConfig) -> Option<ResponseBuilder> {
    let inside = facts::has_to_tag(request);
    let status = match request.method() {
        Method::Invite | Method::Ack | Method::Cancel | Method::Bye => return None,
        Method::Info | Method::Update | Method::Prack | Method::Options if inside => return None,
        Method::Notify | Method::Subscribe if inside => return None,
        Method::Subscribe if !config.subscriptions.packages.is_empty() => return None,
        method if config.methods.contains(method) => return None,
        // These mean something in a dialog only, and there is none.
        Method::Info | Method::Update | Method::Prack => {
            return Some(request.answer(StatusCode::CALL_DOES_NOT_EXIST));
        }
        Method::Other(_) => StatusCode::NOT_IMPLEMENTED,
        _ => StatusCode::METHOD_NOT_ALLOWED,
    };
    Some(request.answer(status).header(HeaderName::Allow, &*config.allow()))
}

/// §8.2.2.1.
fn target(request: &Request) -> Option<ResponseBuilder> {
    match request.uri().scheme() {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => None,
        Scheme::Other(_) => Some(request.answer(StatusCode::UNSUPPORTED_URI_SCHEME)),
    }
}

/// §8.2.2.3. Nobody stands behind us, so what is required of proxies is required of us.
fn extensions(request: &Request) -> Option<ResponseBuilder> {
    let headers = request.headers();
    let of_method: &[&str] = if *request.method() == Method::Register { &REGISTRAR_EXTENSIONS } else { &[] };
    let unknown: Vec<_> = headers
        .list(HeaderName::Require)
        .chain(headers.list(HeaderName::ProxyRequire))
        .map(|value| value.text())
        .filter(|tag| !KNOWN_EXTENSIONS.iter().chain(of_method).any(|known| known.eq_ignore_ascii_case(tag)))
        .collect();
    if unknown.is_empty() {
        return None;
    }
    Some(request.answer(StatusCode::BAD_EXTENSION).header(HeaderName::Unsupported, unknown.join(", ")))
}

/// §8.2.3, for the requests whose body we would have to understand.
fn content(request: &Request) -> Option<ResponseBuilder> {
    if !matches!(request.method(), Method::Invite | Method::Update | Method::Prack)
        || request.body().is_empty()
    {
        return None;
    }
    let headers = request.headers();
    let refused = || {
        request
            .answer(StatusCode::UNSUPPORTED_MEDIA_TYPE)
            .header(HeaderName::Accept, "application/sdp")
            .header(HeaderName::AcceptEncoding, "identity")
    };
    let is_plain =
        headers.list(HeaderName::ContentEncoding).all(|value| value.text().eq_ignore_ascii_case("identity"));
    if !is_plain {
        return Some(refused());
    }
    let disposition =
        headers.get(HeaderName::ContentDisposition).map(|value| value.text().to_ascii_lowercase());
    let may_be_ignored = disposition.is_some_and(|text| text.replace(' ', "").contains(";handling=optional"));
    if may_be_ignored || crate::session::sdp_of(headers, request.body()).is_some() {
        return None;
    }
    Some(refused())
}

/// §21.4.7: a caller that cannot read a session description cannot be answered. No Accept means that it can.
fn acceptance(request: &Request) -> Option<ResponseBuilder> {
    let headers = request.headers();
    if *request.method() != Method::Invite || !headers.contains(HeaderName::Accept) {
        return None;
    }
    let reads_sdp = headers.list(HeaderName::Accept).any(|value| {
        let text = value.text();
        let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(kind.as_str(), "application/sdp" | "application/*" | "*/*")
    });
    (!reads_sdp).then(|| request.answer(StatusCode::NOT_ACCEPTABLE))
}

/// RFC 4028 §9: an interval so short that refreshing is all there would be. Who cannot lengthen it is not asked to.
fn interval(request: &Request, config: &UserAgentConfig) -> Option<ResponseBuilder> {
    let headers = request.headers();
    if !matches!(request.method(), Method::Invite | Method::Update) || !headers.supports(facts::TIMER) {
        return None;
    }
    let min = config.session_timer.unwrap_or_default().min_s();
    let asked = headers.session_expires().ok().flatten()?;
    let refused = || request.answer(StatusCode::SESSION_INTERVAL_TOO_SMALL).header(HeaderName::MinSe, min);
    (asked.seconds < min).then(refused)
}
