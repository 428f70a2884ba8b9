//! A request as it goes on: RFC 3261 §16.3 and §16.6, RFC 5393 for breadth, RFC 5658 for two Record-Routes.

use super::event::{ProxyTarget, Side};
use super::flow_token::{Dialog, Flow, Token, TokenKey};
use crate::dialog;
use crate::endpoint::detour::Hop;
use crate::token::SessionId;
use crate::transport::{Destination, Transport};
use sip_message::header::AuthValue;
use sip_message::{BuildError, HeaderName, Host, NameAddr, Request, ResponseBuilder, StatusCode, Uri};
use std::net::SocketAddr;

/// How far a request may go that does not say how far (§16.6 step 3).
const MAX_FORWARDS: u8 = 70;

/// How many branches a request may have at a time that does not say how many (RFC 5393 §5.3.3).
const MAX_BREADTH: u32 = 60;

/// RFC 5393 §5.3.
const BREADTH: &str = "Max-Breadth";

/// The answer to what cannot be forwarded at all, and its status.
pub(super) fn refusal(request: &Request) -> Option<(StatusCode, ResponseBuilder)> {
    let headers = request.headers();
    let required: Vec<_> = headers.proxy_require().collect();
    let status = if headers.max_forwards().ok().flatten() == Some(0) {
        StatusCode::TOO_MANY_HOPS
    } else if !required.is_empty() {
        StatusCode::BAD_EXTENSION
    } else if breadth(request) == 0 {
        StatusCode::MAX_BREADTH_EXCEEDED
    } else {
        return None;
    };
    let unsupported = (status == StatusCode::BAD_EXTENSION).then(|| required.join(", "));
    Some((status, request.answer(status).optional(HeaderName::Unsupported, unsupported)))
}

/// How many branches the request may have at a time.
pub(super) fn breadth(request: &Request) -> u32 {
    let said = request.headers().get(BREADTH).map(|value| value.text().parse());
    match said {
        Some(Ok(breadth)) => breadth,
        Some(Err(_)) | None => MAX_BREADTH,
    }
}

/// Which branch of how many a copy of the request is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) breadth: u32,
    pub(super) branches: usize,
}

impl Share {
    /// What this branch may use of the breadth.
    fn each(self) -> u32 {
        let branches = u32::try_from(self.branches).unwrap_or(u32::MAX).max(1);
        (self.breadth / branches).max(1)
    }
}

/// What is changed in whatever goes on: one hop less, and nothing that is meant for us or said by nobody we know.
pub(super) fn prepare(request: &mut Request, realm: &str, share: Share) -> Result<(), BuildError> {
    let left =
        request.headers().max_forwards().ok().flatten().map_or(MAX_FORWARDS, |left| left.saturating_sub(1));
    let headers = request.headers_mut();
    headers.set(HeaderName::MaxForwards, u32::from(left))?;
    headers.set(BREADTH, share.each())?;
    headers.remove(HeaderName::PAssertedIdentity);
    forget_credentials(request, realm)
}

/// §22.3: credentials for our realm are ours, and nothing that a callee should see.
fn forget_credentials(request: &mut Request, realm: &str) -> Result<(), BuildError> {
    let headers = request.headers_mut();
    if !headers.contains(HeaderName::ProxyAuthorization) {
        return Ok(());
    }
    let others: Vec<_> = headers
        .all(HeaderName::ProxyAuthorization)
        .filter(|value| {
            // What cannot be read might be for us.
            AuthValue::parse(value.as_bytes())
                .is_ok_and(|value| value.param("realm").is_some_and(|named| named != realm))
        })
        .map(|value| value.text().into_owned())
        .collect();
    headers.remove(HeaderName::ProxyAuthorization);
    for value in others {
        headers.append(HeaderName::ProxyAuthorization, value)?;
    }
    Ok(())
}

/// Turns the request to a target. What the caller wrote into Route is not followed: where a call of a phone goes is our
/// owner's to decide.
pub(super) fn aim(request: &mut Request, target: &ProxyTarget) -> Result<(), BuildError> {
    request.headers_mut().remove(HeaderName::Route);
    let (uri, routes) = strict_first(target.uri.for_request_line(), target.routes.clone());
    request.set_uri(uri);
    for route in &routes {
        request.headers_mut().append(HeaderName::Route, route)?;
    }
    Ok(())
}

/// §16.6 step 6: a strict router gets itself as the Request-URI, and the target behind all others.
pub(super) fn strict_first(uri: Uri, mut routes: Vec<NameAddr>) -> (Uri, Vec<NameAddr>) {
    match routes.first() {
        Some(first) if !first.uri().is_loose_router() => {
            let strict = first.uri().for_request_line();
            routes.remove(0);
            routes.push(NameAddr::new(uri));
            (strict, routes)
        }
        _ => (uri, routes),
    }
}

/// Puts the two Record-Routes of a call on top: the one that leads back to the caller, and above it the one that leads on to
/// the callee. Each side finds the one that it reaches us by first in its route set, and the other behind it.
pub(super) fn record(
    request: &mut Request,
    key: &TokenKey,
    call: SessionId,
    caller: Flow,
    callee: Flow,
) -> Option<()> {
    let is_sips = request.uri().is_sips();
    let lines: Vec<_> = {
        let headers = request.headers();
        let dialog = Dialog { call_id: headers.call_id().ok()?, caller_tag: headers.from_tag()? };
        [(Side::Caller, caller), (Side::Callee, callee)]
            .into_iter()
            .map(|(side, flow)| route(&key.write(&Token { call, side, flow }, dialog), flow, is_sips))
            .collect::<Option<_>>()?
    };
    for line in lines {
        request.headers_mut().prepend(HeaderName::RecordRoute, line).ok()?;
    }
    Some(())
}

/// Our address as the peer of this flow reaches it.
fn route(token: &str, flow: Flow, is_sips: bool) -> Option<NameAddr> {
    let local = flow.destination.local;
    let uri = Uri::sip(Some(token), Host::from(local.ip()), Some(local.port())).ok()?;
    let uri = match flow.destination.transport {
        Transport::Udp => uri,
        other => uri.with_param("transport", Some(other.uri_name())).ok()?,
    };
    let uri = if is_sips && flow.destination.transport.is_secure() {
        let text = uri.to_string();
        Uri::parse(format!("sips:{}", text.strip_prefix("sip:")?).as_bytes()).ok()?
    } else {
        uri
    };
    Some(NameAddr::new(uri.with_param("lr", None).ok()?))
}

/// Where a request within a dialog goes: to the side's flow; where that is an address and the next hop another port of the
/// same host, to that port.
pub(super) fn destination(hop: &Uri, flow: Flow) -> Destination {
    let way = flow.destination;
    if flow.hop == Hop::Flow || way.transport != Transport::Udp || hop.is_sips() {
        return way;
    }
    let is_udp = hop.transport().is_none_or(|name| Transport::from_name(&name) == Some(Transport::Udp));
    match dialog::address_of(hop) {
        Some((host, port)) if is_udp && host == way.remote.ip() => {
            Destination { remote: SocketAddr::new(host, port), ..way }
        }
        _ => way,
    }
}
