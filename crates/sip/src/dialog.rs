//! A dialog: what two user agents remember of each other. RFC 3261 §12.
//!
//! It knows tags, sequence numbers, the way (route set, remote target) and builds requests that belong to it. Whether
//! it is early or confirmed is the session's state; what its requests mean is the session's business.

use crate::device::Device;
use crate::endpoint::detour::Hop;
use crate::facts;
use crate::token::SessionId;
use crate::transport::{Destination, Source, Transport};
use sip_message::{CSeq, HeaderName, Host, Method, NameAddr, Request, RequestBuilder, Response, Uri};
use std::net::{IpAddr, SocketAddr};

/// How far a request may go (§8.1.1.6).
const MAX_FORWARDS: u32 = 70;

/// The parameter of a Contact that wants everything over the flow it was sent on (RFC 5626 §4.3).
pub(crate) const OUTBOUND: &str = "ob";

/// One dialog, or, on the calling side before the first answer, the half of it that we know.
#[derive(Clone, Debug)]
pub struct Dialog {
    call_id: Box<str>,
    local: NameAddr,
    /// With a tag as soon as the peer has given one.
    remote: NameAddr,
    remote_target: Uri,
    route_set: Vec<NameAddr>,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    /// The way that is known to work: where the first request came from, or went to.
    flow: Destination,
    /// Whether to stay on it whatever the remote target says, because a NAT lies between.
    keeps_flow: bool,
    /// The page that is the peer, if it is one.
    device: Option<Box<Device>>,
}

/// Why a request in a dialog is refused before anybody looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfOrder {
    /// Its CSeq is not above the last one's (§12.2.2): answered 500.
    OldCSeq,
}

impl Dialog {
    /// Our half, before the request that may create the dialog is sent (§12.1.2).
    pub fn calling(
        id: SessionId,
        call_id: String,
        from: NameAddr,
        to: NameAddr,
        target: Uri,
        route_set: Vec<NameAddr>,
        flow: Destination,
    ) -> Self {
        // Sent elsewhere than the target says: to where a phone behind a NAT registered from.
        let keeps_flow = target.has_param(OUTBOUND)
            || address_of(&target).is_some_and(|(host, port)| SocketAddr::new(host, port) != flow.remote);
        let tag = id.to_string();
        // A tag made of letters and digits cannot be refused.
        let local = from.clone().with_tag(&tag).unwrap_or(from);
        let mut remote = to;
        remote.params_mut().remove("tag");
        Self {
            call_id: call_id.into(),
            local,
            remote,
            remote_target: target,
            route_set,
            local_cseq: 0,
            remote_cseq: None,
            flow,
            keeps_flow,
            device: None,
        }
    }

    /// The called side's dialog (§12.1.1). `None` if the request lacks what a dialog is made of.
    pub fn called(id: SessionId, request: &Request, source: Source) -> Option<Self> {
        let headers = request.headers();
        let from = facts::from(headers)?;
        let to = facts::to(headers)?;
        let remote_target = facts::contact(headers).unwrap_or_else(|| from.uri().detached());
        // Nobody between us: what the request came from is the peer itself, or its NAT.
        let is_direct = headers.list(HeaderName::Via).nth(1).is_none();
        let leads_back = address_of(&remote_target).is_some_and(|(host, _)| host == source.remote.ip());
        Some(Self {
            call_id: facts::call_id(headers)?.into(),
            local: to.clone().with_tag(&id.to_string()).unwrap_or(to),
            remote: from,
            keeps_flow: is_direct && (!leads_back || remote_target.has_param(OUTBOUND)),
            remote_target,
            route_set: facts::routes(headers, HeaderName::RecordRoute)?,
            local_cseq: 0,
            remote_cseq: Some(facts::cseq(headers)?.number),
            flow: source.into(),
            device: None,
        })
    }

    /// The peer answered our INVITE with a tag: the dialog is there, early or confirmed (§12.1.2, §13.2.2.4).
    pub fn answered(&mut self, response: &Response) {
        let headers = response.headers();
        if let Some(to) = facts::to(headers).filter(|to| to.tag().is_some()) {
            self.remote = to;
        }
        if let Some(target) = facts::contact(headers) {
            self.remote_target = target;
        }
        if let Some(mut routes) = facts::routes(headers, HeaderName::RecordRoute) {
            routes.reverse();
            self.route_set = routes;
        }
    }

    /// Our INVITE is sent anew: whoever answered the one before is not in the dialog.
    pub fn forget_remote_tag(&mut self) {
        self.remote.params_mut().remove("tag");
    }

    /// A target refresh in either direction has named a new remote target (§12.2.1.2, §12.2.2).
    pub fn refresh_target(&mut self, headers: &sip_message::Headers) {
        if let Some(target) = facts::contact(headers) {
            self.remote_target = target;
        }
    }

    /// Whether a request with this Call-ID and From tag is the peer's in this dialog.
    pub fn is_peer(&self, call_id: &str, from_tag: Option<&str>) -> bool {
        *self.call_id == *call_id && same_tag(self.remote.tag(), from_tag)
    }

    /// Whether the peer has this tag.
    pub fn is_remote(&self, tag: &str) -> bool {
        self.remote.tag().is_some_and(|own| own.eq_ignore_ascii_case(tag))
    }

    /// The peer's tag.
    pub fn remote_tag(&self) -> Option<&str> {
        self.remote.tag()
    }

    /// The Call-ID.
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Our number of the last request we built.
    pub fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    /// Takes note of a request's number (§12.2.2).
    pub fn check_order(&mut self, number: u32) -> Result<(), OutOfOrder> {
        if self.remote_cseq.is_some_and(|last| number <= last) {
            return Err(OutOfOrder::OldCSeq);
        }
        self.remote_cseq = Some(number);
        Ok(())
    }

    /// Begins the next request of ours (§12.2.1.1).
    pub fn request(&mut self, method: Method) -> RequestBuilder {
        self.local_cseq += 1;
        let number = self.local_cseq;
        self.numbered(method, number)
    }

    /// Begins the ACK of a 2xx to our INVITE of this number (§13.2.2.4).
    pub fn ack(&self, invite: u32) -> RequestBuilder {
        self.numbered(Method::Ack, invite)
    }

    fn numbered(&self, method: Method, number: u32) -> RequestBuilder {
        let (uri, routes) = self.way();
        Request::builder(method.clone(), uri)
            .headers(HeaderName::Route, routes)
            .header(HeaderName::MaxForwards, MAX_FORWARDS)
            .header(HeaderName::From, &self.local)
            .header(HeaderName::To, &self.remote)
            .header(HeaderName::CallId, &*self.call_id)
            .header(HeaderName::CSeq, CSeq { number, method })
    }

    /// The Request-URI of the next request, as text.
    pub fn request_uri(&self) -> String {
        self.way().0.to_string()
    }

    /// The Request-URI and the Route values (§12.2.1.1): loose routers get the target, a strict one gets itself.
    fn way(&self) -> (Uri, Vec<NameAddr>) {
        match self.route_set.split_first() {
            Some((first, rest)) if !first.uri().is_loose_router() => {
                let mut routes = rest.to_vec();
                routes.push(NameAddr::new(self.remote_target.clone()));
                (first.uri().for_request_line(), routes)
            }
            _ => (self.remote_target.for_request_line(), self.route_set.clone()),
        }
    }

    /// Where the next request goes.
    ///
    /// The first route, or the remote target, if it names an address; the flow otherwise, since names are not resolved
    /// here, and also where the flow is a connection or crosses a NAT.
    pub fn destination(&self) -> Destination {
        let hop = self.route_set.first().map_or(&self.remote_target, |route| route.uri());
        let through_proxy = !self.route_set.is_empty();
        let Some((host, port)) = address_of(hop) else { return self.flow };
        let transport = transport_of(hop).unwrap_or(Transport::Udp);
        let remote = SocketAddr::new(host, port);
        if self.flow.connection.is_some() || self.flow.transport != Transport::Udp {
            // The same host by the same transport is the same connection, whatever port it listens on.
            let elsewhere = through_proxy && host != self.flow.remote.ip();
            return if elsewhere { Destination { remote, connection: None, ..self.flow } } else { self.flow };
        }
        if (self.keeps_flow && !through_proxy) || host.is_unspecified() || transport != Transport::Udp {
            return self.flow;
        }
        Destination { remote, ..self.flow }
    }

    /// Whether the peer is reached at its address, or only back the way it came.
    pub(crate) fn hop(&self) -> Hop {
        if self.keeps_flow && self.route_set.is_empty() { Hop::Flow } else { Hop::Address }
    }

    /// Whether requests of the peer may come from this address: that of the flow, or one that the dialog names.
    pub fn knows(&self, address: IpAddr) -> bool {
        let named = |uri: &Uri| address_of(uri).is_some_and(|(host, _)| host == address);
        self.flow.remote.ip() == address
            || named(&self.remote_target)
            || self.route_set.iter().any(|route| named(route.uri()))
    }

    /// A request of the peer came this way. If the peer is reached over a connection, it is this one from now on; if
    /// it is behind a NAT, the NAT's port may have changed.
    pub fn moved(&mut self, source: Source) {
        let is_same_host = source.remote.ip() == self.flow.remote.ip();
        if is_same_host
            && source.transport == self.flow.transport
            && (source.connection.is_some() || self.keeps_flow)
        {
            self.flow = source.into();
        }
    }

    /// The peer is this phone. It matters for pages alone, see [`Dialog::follow`].
    pub fn belongs_to(&mut self, device: Device) {
        self.device = self.is_with_page().then(|| Box::new(device));
    }

    /// The peer has proved outside of the dialog that it is here now: the same phone by the same Contact.
    ///
    /// Pages alone are followed: the host that they invent (RFC 7118 §5) says nothing of where they are. Phones at addresses
    /// and names are told of by them, and two of one user behind two routers often have the same.
    pub fn follow(&mut self, contact: &Uri, device: &Device, source: Source) {
        if source.connection.is_some()
            && self.is_with_page()
            && self.device.as_ref().is_some_and(|own| own.is_same(device))
            && self.remote_target.equivalent(contact)
        {
            self.flow = source.into();
        }
    }

    /// Whether the peer has a host that it invented: names of this kind lead nowhere, for ever (RFC 2606 §2).
    fn is_with_page(&self) -> bool {
        match self.remote_target.host() {
            Some(Host::Domain(name)) => {
                name.rsplit_once('.').is_some_and(|(_, last)| last.eq_ignore_ascii_case("invalid"))
            }
            _ => false,
        }
    }

    /// The address that worked at first.
    pub fn flow(&self) -> Destination {
        self.flow
    }
}

/// Tags are compared without case; a missing one equals a missing one (RFC 2543 peers have none).
fn same_tag(left: Option<&str>, right: Option<&str>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left.eq_ignore_ascii_case(right),
        (None, None) => true,
        _ => false,
    }
}

/// The address and port that a URI names without a look-up.
pub(crate) fn address_of(uri: &Uri) -> Option<(IpAddr, u16)> {
    let host = match uri.param("maddr") {
        Some(maddr) => maddr.parse().ok()?,
        None => uri.host()?.address()?,
    };
    let default = if uri.is_sips() { 5061 } else { 5060 };
    Some((host, uri.port().unwrap_or(default)))
}

fn transport_of(uri: &Uri) -> Option<Transport> {
    if uri.is_sips() {
        return Some(Transport::Tls);
    }
    Transport::from_name(&uri.transport()?)
}

/// The Contact of a user agent that listens at `local`.
pub(crate) fn contact_at(user: Option<&str>, transport: Transport, local: SocketAddr) -> Option<Uri> {
    let uri = Uri::sip(user, Host::from(local.ip()), Some(local.port())).ok()?;
    match transport {
        Transport::Udp => Some(uri),
        other => uri.with_param("transport", Some(other.uri_name())).ok(),
    }
}
