//! REGISTER: RFC 3261 §10.3, with Path (RFC 3327), and with `+sip.instance` and `reg-id` (RFC 5626), so that a device
//! that comes again replaces itself and may be reached over several flows.
//!
//! Who sends the request has been found out before ([`crate::Authenticator`]); here a user may change its own address
//! of record and no other. All contacts of a request are entered, or none. GRUUs (RFC 5627) are not given out.

use crate::binding::{AddressOfRecord, Binding};
use crate::device::Device;
use crate::facts;
use crate::locations::Locations;
use crate::transport::{ConnectionId, Source};
use crate::wish::Wish;
use base::{Duration, Instant, Now};
use core::borrow::Borrow;
use sip_message::{HeaderName, Host, NameAddr, Request, ResponseBuilder, StatusCode, Uri};
use std::collections::VecDeque;

/// How many events wait for their owner. Beyond it the oldest are dropped: the table itself is the truth.
const EVENTS_MAX: usize = 10_000;

/// What a client is told to wait when the table is full, in seconds.
const RETRY_AFTER_S: u32 = 60;

/// How many proxies may stand in a Path. A longer one is refused with 400.
const PATH_MAX: usize = 8;

/// The longest User-Agent that is kept.
const USER_AGENT_CHARS_MAX: usize = 64;

/// How a registrar behaves.
#[derive(Clone, Debug)]
pub struct RegistrarConfig {
    /// The domain whose users register here. Phones may also name the address they reach us by.
    pub domain: String,
    /// The shortest registration. Shorter wishes are answered 423.
    pub expires_min: Duration,
    /// How long a registration lasts that does not say.
    pub expires_default: Duration,
    /// The longest. Longer wishes are shortened.
    pub expires_max: Duration,
    /// How often a phone with a flow of RFC 5626 has to show that it lives, if we want to say it (`Flow-Timer`).
    pub flow_timer: Option<Duration>,
}

impl RegistrarConfig {
    /// A registrar of `domain`: registrations of a minute to an hour, an hour if nothing is said.
    pub fn new(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            expires_min: Duration::from_secs(60),
            expires_default: Duration::from_secs(3600),
            expires_max: Duration::from_secs(3600),
            flow_timer: Some(Duration::from_secs(120)),
        }
    }
}

/// Something changed in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrarEvent {
    /// A phone can be reached that could not before.
    BindingAdded {
        /// Whose.
        aor: AddressOfRecord,
        /// Its contact.
        contact: Uri,
        /// Which phone it is.
        device: Device,
        /// Where it is.
        source: Source,
    },
    /// A phone that could be reached is somewhere else now, by the same contact.
    BindingMoved {
        /// Whose.
        aor: AddressOfRecord,
        /// Its contact.
        contact: Uri,
        /// Which phone it is.
        device: Device,
        /// Where it is now.
        source: Source,
    },
    /// A phone can be reached no more.
    BindingRemoved {
        /// Whose.
        aor: AddressOfRecord,
        /// Its contact.
        contact: Uri,
        /// Why.
        why: Removed,
    },
}

/// Why a phone can be reached no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It said so.
    Unregistered,
    /// It registered again under another contact.
    Replaced,
    /// It did not register again in time.
    Expired,
    /// Its connection broke, or its flow turned out to lead nowhere.
    Disconnected,
}

/// Enters and removes bindings.
#[derive(Clone, Debug)]
pub struct Registrar {
    config: RegistrarConfig,
    locations: Locations,
    events: VecDeque<RegistrarEvent>,
}

/// Why a request is refused, and with what header.
pub(crate) enum Refusal {
    Status(StatusCode, &'static str),
    TooBrief,
    Full,
}

impl Registrar {
    /// A registrar without bindings.
    pub fn new(config: RegistrarConfig) -> Self {
        Self { config, locations: Locations::new(), events: VecDeque::new() }
    }

    /// Handles a REGISTER of `user`, whose credentials are good, and returns its answer.
    pub fn register<U: Borrow<str> + ?Sized>(
        &mut self,
        request: &Request,
        user: &U,
        source: Source,
        now: Now,
    ) -> ResponseBuilder {
        self.register_within(request, user, source, self.config.expires_max, now)
    }

    /// The same for one who may register for no longer than `longest` at a time.
    pub fn register_within<U: Borrow<str> + ?Sized>(
        &mut self,
        request: &Request,
        user: &U,
        source: Source,
        longest: Duration,
        now: Now,
    ) -> ResponseBuilder {
        let longest = longest.min(self.config.expires_max);
        match self.change(request, user.borrow(), source, longest, now.mono) {
            Ok((aor, has_flow)) => self.success(request, &aor, has_flow, now.mono),
            Err(Refusal::Status(status, reason)) => request.answer(status).reason(reason),
            Err(Refusal::TooBrief) => request
                .answer(StatusCode::INTERVAL_TOO_BRIEF)
                .header(HeaderName::MinExpires, seconds(self.config.expires_min)),
            Err(Refusal::Full) => {
                let busy = request.answer(StatusCode::SERVICE_UNAVAILABLE).reason("Too Many Phones");
                busy.header(HeaderName::RetryAfter, RETRY_AFTER_S)
            }
        }
    }

    /// The table.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// The table, to restore it after a restart.
    pub fn locations_mut(&mut self) -> &mut Locations {
        &mut self.locations
    }

    /// The domain and the limits are these from now on.
    pub fn configure(&mut self, config: RegistrarConfig) {
        self.config = config;
    }

    /// A connection is gone, and with it the phones that were reached over it.
    pub fn connection_closed(&mut self, connection: ConnectionId) {
        for (aor, binding) in self.locations.connection_closed(connection) {
            self.tell_removed(aor, binding, Removed::Disconnected);
        }
    }

    /// A call over this flow could not be delivered: a datagram was refused, or the proxy at its end answered 430. A
    /// binding that is one of several flows is removed; a plain one stays, since it may be a phone that is just starting.
    pub fn flow_failed(&mut self, aor: &AddressOfRecord, contact: &Uri, source: Source) {
        let is_it =
            |binding: &Binding| binding.is_flow && binding.contact == *contact && binding.source == source;
        if let Some(binding) = self.locations.remove_where(aor, is_it) {
            self.tell_removed(aor.clone(), binding, Removed::Disconnected);
        }
    }

    /// What has changed, in order.
    pub fn poll_output(&mut self) -> Option<RegistrarEvent> {
        self.events.pop_front()
    }

    /// When to call [`Registrar::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.locations.next_expiry()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some((aor, binding)) = self.locations.expire(now.mono) {
            self.tell_removed(aor, binding, Removed::Expired);
        }
    }

    fn change(
        &mut self,
        request: &Request,
        user: &str,
        source: Source,
        longest: Duration,
        now: Instant,
    ) -> Result<(AddressOfRecord, bool), Refusal> {
        let headers = request.headers();
        let to = facts::to(headers).ok_or(BAD_TO)?;
        let aor = self.address_of(to.uri(), user, source)?;
        while let Some((aor, binding)) = self.locations.expire(now) {
            self.tell_removed(aor, binding, Removed::Expired);
        }
        let call_id = facts::call_id(headers).ok_or(BAD_CONTACT)?;
        let cseq = facts::cseq(headers).ok_or(BAD_CONTACT)?.number;

        let contacts: Vec<_> = headers.list(HeaderName::Contact).collect();
        if contacts.iter().any(|contact| contact.as_bytes() == b"*") {
            let removes = facts::seconds(headers, HeaderName::Expires) == Some(0);
            if contacts.len() > 1 || !removes {
                return Err(Refusal::Status(
                    StatusCode::BAD_REQUEST,
                    "Bad Request: wildcard without Expires: 0",
                ));
            }
            self.check_order(&aor, |_| true, call_id, cseq)?;
            while self.remove(&aor, |_| true, Removed::Unregistered) {}
            return Ok((aor, false));
        }

        let path = facts::routes(headers, HeaderName::Path).filter(|path| path.len() <= PATH_MAX);
        let path: Box<[NameAddr]> = path.ok_or(BAD_PATH)?.into();
        let may_flow = headers.has_token(HeaderName::Supported, "outbound")
            || headers.has_token(HeaderName::Require, "outbound");
        let expires = facts::seconds(headers, HeaderName::Expires);
        let wishes = Wish::all(&contacts, expires, longest, may_flow, &self.config)?;
        let has_flow = wishes.iter().any(|wish| wish.is_flow);
        if has_flow {
            // RFC 5626 §6: nobody between us, or a first proxy that keeps the flow for us.
            let is_direct = headers.list(HeaderName::Via).nth(1).is_none();
            if !is_direct && !path.first().is_some_and(|first| first.uri().has_param("ob")) {
                let status = StatusCode::FIRST_HOP_LACKS_OUTBOUND;
                return Err(Refusal::Status(status, "First Hop Lacks Outbound Support"));
            }
        }
        for wish in &wishes {
            self.check_order(&aor, |binding| wish.concerns(binding), call_id, cseq)?;
        }
        let added = wishes
            .iter()
            .filter(|wish| !wish.expires.is_zero())
            .filter(|wish| !self.locations.bindings(&aor).any(|binding| wish.concerns(binding)))
            .count();
        self.locations.has_room(&aor, added).map_err(|_| Refusal::Full)?;

        let user_agent = headers.get(HeaderName::UserAgent).map(|value| {
            value.text().chars().take(USER_AGENT_CHARS_MAX).collect::<String>().into_boxed_str()
        });
        for wish in wishes {
            if wish.expires.is_zero() {
                self.remove(&aor, |binding| wish.concerns(binding), Removed::Unregistered);
                continue;
            }
            // The same contact in other words is the same binding under its new words; the same device elsewhere is
            // another.
            let (mut is_new, mut has_moved) = (true, false);
            while let Some(old) = self.locations.remove_where(&aor, |binding| wish.concerns(binding)) {
                if old.contact.equivalent(&wish.contact) {
                    is_new = false;
                    has_moved |= old.source != source;
                } else {
                    self.tell_removed(aor.clone(), old, Removed::Replaced);
                }
            }
            let contact = wish.contact.clone();
            let binding = Binding {
                contact: wish.contact,
                source,
                expires: now + wish.expires,
                q: wish.q,
                call_id: call_id.into(),
                cseq,
                instance: wish.instance,
                is_flow: wish.is_flow,
                path: path.clone(),
                user_agent: user_agent.clone(),
            };
            let device = binding.device();
            self.locations.put(&aor, binding);
            let aor = aor.clone();
            if is_new {
                self.tell(RegistrarEvent::BindingAdded { aor, contact, device, source });
            } else if has_moved {
                self.tell(RegistrarEvent::BindingMoved { aor, contact, device, source });
            }
        }
        Ok((aor, has_flow))
    }

    /// Steps 4 and 5: the address in To, if it is this user's.
    fn address_of(&self, uri: &Uri, user: &str, source: Source) -> Result<AddressOfRecord, Refusal> {
        let (Some(host), Some(named)) = (uri.host(), uri.user()) else { return Err(BAD_TO) };
        let is_ours =
            host.is_same(&Host::Domain(&self.config.domain)) || host.address() == Some(source.local.ip());
        if !is_ours {
            return Err(Refusal::Status(StatusCode::NOT_FOUND, "Not Found"));
        }
        if named != user {
            return Err(Refusal::Status(StatusCode::FORBIDDEN, "Forbidden"));
        }
        Ok(AddressOfRecord::new(user, &self.config.domain))
    }

    /// A request that was overtaken by a later one of the same phone changes nothing.
    fn check_order(
        &self,
        aor: &AddressOfRecord,
        concerns: impl Fn(&Binding) -> bool,
        call_id: &str,
        cseq: u32,
    ) -> Result<(), Refusal> {
        let overtaken = self
            .locations
            .bindings(aor)
            .any(|binding| concerns(binding) && *binding.call_id == *call_id && cseq <= binding.cseq);
        if overtaken {
            return Err(Refusal::Status(StatusCode::SERVER_INTERNAL_ERROR, "Out of Order"));
        }
        Ok(())
    }

    /// Step 8: all bindings, with what is left of their time.
    fn success(
        &self,
        request: &Request,
        aor: &AddressOfRecord,
        has_flow: bool,
        now: Instant,
    ) -> ResponseBuilder {
        let contacts = self.locations.bindings(aor).map(|binding| {
            let left = seconds(binding.expires.since(now));
            let mut value = [b"<", binding.contact.as_bytes(), b">"].concat();
            value.extend_from_slice(format!(";expires={left}").as_bytes());
            if binding.q < 1000 {
                value.extend_from_slice(format!(";q=0.{:03}", binding.q).as_bytes());
            }
            value
        });
        let headers = request.headers();
        // RFC 3327 §5.3: the phone is shown the way its calls will take, if it can make use of it.
        let shows_path = headers.has_token(HeaderName::Supported, "path");
        let path = headers.all(HeaderName::Path).filter(|_| shows_path);
        let response = request
            .answer(StatusCode::OK)
            .headers(HeaderName::Contact, contacts)
            .headers(HeaderName::Path, path)
            .header(HeaderName::Supported, "path, outbound");
        if !has_flow {
            return response;
        }
        let timer = self.config.flow_timer.map(seconds);
        response.header(HeaderName::Require, "outbound").optional(HeaderName::FlowTimer, timer)
    }

    /// Removes the first binding that fits. Returns whether there was one.
    fn remove(&mut self, aor: &AddressOfRecord, fits: impl FnMut(&Binding) -> bool, why: Removed) -> bool {
        let removed = self.locations.remove_where(aor, fits);
        let is_there = removed.is_some();
        if let Some(binding) = removed {
            self.tell_removed(aor.clone(), binding, why);
        }
        is_there
    }

    fn tell_removed(&mut self, aor: AddressOfRecord, binding: Binding, why: Removed) {
        self.tell(RegistrarEvent::BindingRemoved { aor, contact: binding.contact, why });
    }

    fn tell(&mut self, event: RegistrarEvent) {
        if self.events.len() >= EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

const BAD_TO: Refusal = Refusal::Status(StatusCode::BAD_REQUEST, "Bad Request: To is no address of record");
const BAD_PATH: Refusal = Refusal::Status(StatusCode::BAD_REQUEST, "Bad Request: malformed Path");
pub(crate) const BAD_CONTACT: Refusal =
    Refusal::Status(StatusCode::BAD_REQUEST, "Bad Request: malformed Contact");

/// Whole seconds, rounded up, so that a phone never believes it has less than a second where it has some.
fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locations::BINDINGS_PER_ADDRESS_MAX;
    use crate::transport::Transport;
    use base::Timestamp;
    use bytes::Bytes;
    use sip_message::Message;

    #[test]
    fn a_registration_is_renewed_queried_and_removed() {
        let mut desk = Desk::new();
        assert_eq!(desk.register("Contact: <sip:a@192.0.2.7>\r\n"), "200 <sip:a@192.0.2.7>;expires=3600");
        desk.pass(600);
        assert_eq!(desk.register(""), "200 <sip:a@192.0.2.7>;expires=3000");
        assert_eq!(
            desk.register("Contact: <sip:a@192.0.2.7>;expires=120\r\nExpires: 600\r\n"),
            "200 <sip:a@192.0.2.7>;expires=120"
        );
        assert_eq!(desk.register("Contact: <sip:a@192.0.2.7>\r\nExpires: 0\r\n"), "200");
        assert_eq!(desk.events(), ["added sip:a@192.0.2.7", "removed sip:a@192.0.2.7 Unregistered"]);
    }

    #[test]
    fn a_phone_that_does_not_renew_is_gone() {
        let mut desk = Desk::new();
        desk.register("Contact: <sip:a@192.0.2.7>\r\nExpires: 60\r\n");
        desk.pass(59);
        assert_eq!(desk.registrar.locations().len(), 1);
        desk.pass(1);
        assert_eq!(desk.registrar.locations().len(), 0);
        assert_eq!(desk.events(), ["added sip:a@192.0.2.7", "removed sip:a@192.0.2.7 Expired"]);
        assert_eq!(desk.registrar.poll_timeout(), None);
    }

    #[test]
    fn several_phones_stand_in_the_order_of_their_wishes() {
        let mut desk = Desk::new();
        assert_eq!(
            desk.register(
                "Contact: <sip:a@192.0.2.7>;q=0.5, <sip:b@192.0.2.8>;q=0.05\r\nContact: <sip:c@192.0.2.9>\r\n"
            ),
            "200 <sip:c@192.0.2.9>;expires=3600 <sip:a@192.0.2.7>;expires=3600;q=0.500 \
             <sip:b@192.0.2.8>;expires=3600;q=0.050"
        );
        assert_eq!(desk.register("Contact: *\r\nExpires: 0\r\n"), "200");
        assert_eq!(desk.events().len(), 6);
    }

    #[test]
    fn wishes_have_limits() {
        let mut desk = Desk::new();
        assert_eq!(desk.register("Contact: <sip:a@192.0.2.7>;expires=59\r\n"), "423 Min-Expires: 60");
        assert_eq!(
            desk.register("Contact: <sip:a@192.0.2.7>;expires=99999999999\r\n"),
            "200 <sip:a@192.0.2.7>;expires=3600"
        );
        let many: Vec<_> = (0..BINDINGS_PER_ADDRESS_MAX).map(|n| format!("<sip:p{n}@192.0.2.8>")).collect();
        assert_eq!(desk.register(&format!("Contact: {}\r\n", many.join(", "))), "503 Retry-After: 60");
        assert_eq!(desk.registrar.locations().len(), 1);
    }

    #[test]
    fn bad_wishes_change_nothing() {
        let mut desk = Desk::new();
        desk.register("Contact: <sip:a@192.0.2.7>\r\n");
        desk.events();
        for contacts in [
            "Contact: *\r\n",
            "Contact: *, <sip:a@192.0.2.7>\r\nExpires: 0\r\n",
            "Contact: <tel:+123>\r\n",
            "Contact: <sip:b@192.0.2.8>, <sip:\r\n",
        ] {
            assert!(desk.register(contacts).starts_with("400"), "{contacts}");
        }
        // The second wish is too brief, so the first is not granted either.
        assert!(
            desk.register("Contact: <sip:b@192.0.2.8>, <sip:c@192.0.2.9>;expires=5\r\n").starts_with("423")
        );
        assert_eq!(desk.registrar.locations().len(), 1);
        assert!(desk.events().is_empty());
    }

    #[test]
    fn nobody_registers_for_somebody_else() {
        let mut desk = Desk::new();
        for (to, expected) in [
            ("sip:anna@hotline.test", "200"),
            ("sip:anna@HOTLINE.TEST;transport=tcp", "200"),
            ("sip:%61nna@hotline.test", "200"),
            ("sip:anna@192.0.2.1:5060", "200"),
            ("sip:bert@hotline.test", "403"),
            ("sip:anna@elsewhere.test", "404"),
            ("sip:hotline.test", "400"),
            ("tel:+4912345", "400"),
        ] {
            desk.to = to.to_owned();
            assert_eq!(desk.register(""), expected, "{to}");
        }
    }

    #[test]
    fn an_overtaken_request_changes_nothing() {
        let mut desk = Desk::new();
        desk.register("Contact: <sip:a@192.0.2.7>\r\n");
        desk.register("Contact: <sip:a@192.0.2.7>\r\n");
        desk.cseq = 0;
        assert_eq!(desk.register("Contact: <sip:a@192.0.2.7>\r\nExpires: 0\r\n"), "500");
        assert_eq!(desk.registrar.locations().len(), 1);
        // A phone that started anew has another Call-ID.
        desk.cseq = 0;
        desk.call_id = "other".to_owned();
        assert_eq!(desk.register("Contact: <sip:a@192.0.2.7>\r\nExpires: 0\r\n"), "200");
    }

    #[test]
    fn the_same_contact_in_other_words_is_the_same_binding() {
        let mut desk = Desk::new();
        desk.register("Contact: <sip:a@phone.test;ob>\r\n");
        assert_eq!(
            desk.register("Contact: <sip:%61@PHONE.test>\r\n"),
            "200 <sip:%61@PHONE.test>;expires=3600"
        );
        assert_eq!(desk.events(), ["added sip:a@phone.test;ob"]);
    }

    #[test]
    fn a_phone_that_comes_from_elsewhere_by_the_same_contact_has_moved() {
        let mut desk = Desk::new();
        desk.register("Contact: <sip:a@x.invalid;transport=ws>\r\n");
        desk.register("Contact: <sip:a@x.invalid;transport=ws>\r\n");
        desk.source.remote = "192.0.2.8:5060".parse().unwrap();
        desk.register("Contact: <sip:a@x.invalid;transport=ws>\r\n");
        let contact = "sip:a@x.invalid;transport=ws";
        let expected = [format!("added {contact}"), format!("moved {contact} to 192.0.2.8:5060")];
        assert_eq!(desk.events(), expected);
    }

    #[test]
    fn a_browser_that_comes_again_replaces_itself() {
        let mut desk = Desk::new();
        let contact = |name: &str| {
            format!(
                "Contact: <sip:{name}@x.invalid;transport=ws>;+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\n"
            )
        };
        desk.register(&contact("one"));
        assert_eq!(desk.register(&contact("two")), "200 <sip:two@x.invalid;transport=ws>;expires=3600");
        assert_eq!(
            desk.events(),
            [
                "added sip:one@x.invalid;transport=ws",
                "removed sip:one@x.invalid;transport=ws Replaced",
                "added sip:two@x.invalid;transport=ws"
            ]
        );
    }

    #[test]
    fn a_phone_is_reached_where_it_registered_from() {
        let mut desk = Desk::new();
        desk.source.remote = "203.0.113.9:40001".parse().unwrap();
        desk.register("Contact: <sip:a@10.0.0.7>\r\n");
        let aor = AddressOfRecord::new("anna", "hotline.test");
        let binding = desk.registrar.locations().bindings(&aor).next().unwrap();
        assert_eq!(binding.destination().remote, desk.source.remote);
        assert_eq!(binding.contact().to_string(), "sip:a@10.0.0.7");
    }

    #[test]
    fn a_broken_connection_takes_its_phones_along() {
        let mut desk = Desk::new();
        desk.source = Source { transport: Transport::Wss, connection: Some(ConnectionId(3)), ..desk.source };
        desk.register("Contact: <sip:a@x.invalid;transport=ws>\r\n");
        desk.registrar.connection_closed(ConnectionId(3));
        assert_eq!(desk.events()[1], "removed sip:a@x.invalid;transport=ws Disconnected");
    }

    #[test]
    fn a_phone_behind_proxies_is_called_along_its_path() {
        let mut desk = Desk::new();
        let path = "Path: <sip:edge.test;lr>, <sip:inner.test;lr>\r\n";
        let answer = desk.register(&format!("Supported: path\r\n{path}Contact: <sip:a@10.0.0.7>\r\n"));
        assert_eq!(answer, "200 <sip:a@10.0.0.7>;expires=3600 Path: <sip:edge.test;lr>, <sip:inner.test;lr>");
        let binding = desk.only();
        let routes: Vec<_> = binding.routes().iter().map(|route| route.uri().to_string()).collect();
        assert_eq!(routes, ["sip:edge.test;lr", "sip:inner.test;lr"]);
        // Who cannot make use of it is not shown it, and a renewal without one leads there directly.
        assert_eq!(desk.register("Contact: <sip:a@10.0.0.7>\r\n"), "200 <sip:a@10.0.0.7>;expires=3600");
        assert!(desk.only().routes().is_empty());
        assert!(desk.register("Path: <sip:\r\nContact: <sip:a@10.0.0.7>\r\n").starts_with("400"));
        let long = "Path: <sip:p;lr>\r\n".repeat(PATH_MAX + 1);
        assert!(desk.register(&format!("{long}Contact: <sip:a@10.0.0.7>\r\n")).starts_with("400"));
    }

    #[test]
    fn a_device_is_reached_over_each_of_its_flows() {
        let mut desk = Desk::new();
        let flow = |number: u32| {
            format!(
                "Supported: path, outbound\r\n\
                 Contact: <sip:a@10.0.0.7;ob>;+sip.instance=\"<urn:uuid:1>\";reg-id={number}\r\n"
            )
        };
        desk.source = Source { transport: Transport::Tcp, connection: Some(ConnectionId(1)), ..desk.source };
        let answer = desk.register(&flow(1));
        assert_eq!(answer, "200 <sip:a@10.0.0.7;ob>;expires=3600 Require: outbound Flow-Timer: 120");
        desk.source.connection = Some(ConnectionId(2));
        desk.register(&flow(2));
        assert_eq!(desk.registrar.locations().len(), 2);
        // The second flow comes anew over another connection: it replaces itself and not the first.
        desk.source.connection = Some(ConnectionId(3));
        desk.register(&flow(2));
        desk.registrar.connection_closed(ConnectionId(2));
        assert_eq!(desk.registrar.locations().len(), 2);
        desk.registrar.connection_closed(ConnectionId(1));
        assert_eq!(desk.only().source.connection, Some(ConnectionId(3)));
        let (source, contact) = (desk.source, desk.only().contact.clone());
        desk.registrar.flow_failed(&AddressOfRecord::new("anna", "hotline.test"), &contact, source);
        assert_eq!(desk.registrar.locations().len(), 0);
        let ends = desk.events().iter().filter(|event| event.ends_with("Disconnected")).count();
        assert_eq!(ends, 2);
    }

    #[test]
    fn flows_need_a_first_hop_that_keeps_them() {
        let mut desk = Desk::new();
        let contact = "Contact: <sip:a@10.0.0.7>;+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\n";
        let through = "Supported: outbound, path\r\nVia: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK2\r\n";
        assert!(desk.register(&format!("{through}{contact}")).starts_with("439"));
        let path = "Path: <sip:edge.test;lr;ob>\r\n";
        assert!(desk.register(&format!("{through}{path}{contact}")).contains("Require: outbound"));
        let two = format!("Supported: outbound\r\n{contact}{}", contact.replace("reg-id=1", "reg-id=2"));
        assert!(desk.register(&two).starts_with("400"));
        // A plain phone that fails once is not thrown out.
        let mut desk = Desk::new();
        desk.register("Contact: <sip:a@192.0.2.7>\r\n");
        let (source, contact) = (desk.source, desk.only().contact.clone());
        desk.registrar.flow_failed(&AddressOfRecord::new("anna", "hotline.test"), &contact, source);
        assert_eq!(desk.registrar.locations().len(), 1);
    }

    struct Desk {
        registrar: Registrar,
        now: Now,
        source: Source,
        to: String,
        call_id: String,
        cseq: u32,
    }

    impl Desk {
        fn new() -> Self {
            Self {
                registrar: Registrar::new(RegistrarConfig::new("hotline.test")),
                now: Now { mono: Instant::START, utc: Timestamp::default() },
                source: Source {
                    transport: Transport::Udp,
                    local: "192.0.2.1:5060".parse().unwrap(),
                    remote: "192.0.2.7:5060".parse().unwrap(),
                    connection: None,
                },
                to: "sip:anna@hotline.test".to_owned(),
                call_id: "call".to_owned(),
                cseq: 0,
            }
        }

        fn pass(&mut self, seconds: u64) {
            self.now = self.now.after(Duration::from_secs(seconds));
            self.registrar.handle_timeout(self.now);
        }

        /// Status, then the contacts, or the header that says what would have been accepted.
        fn register(&mut self, headers: &str) -> String {
            self.cseq += 1;
            let Self { to, call_id, cseq, .. } = self;
            let text = format!(
                "REGISTER sip:hotline.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n\
                 From: <sip:anna@hotline.test>;tag=1\r\nTo: <{to}>\r\nCall-ID: {call_id}\r\n\
                 CSeq: {cseq} REGISTER\r\n{headers}Content-Length: 0\r\n\r\n"
            );
            let Ok(Message::Request(request)) = Message::parse(Bytes::from(text)) else {
                return "400 at the parser".to_owned();
            };
            let response = self.registrar.register(&request, "anna", self.source, self.now).build().unwrap();
            let mut line = response.status().to_string();
            for contact in response.headers().all(HeaderName::Contact) {
                line.push(' ');
                line.push_str(&contact.text());
            }
            let told = [
                HeaderName::MinExpires,
                HeaderName::RetryAfter,
                HeaderName::Path,
                HeaderName::Require,
                HeaderName::FlowTimer,
            ];
            for name in told {
                if let Some(value) = response.headers().get(name) {
                    line.push_str(&format!(" {name}: {}", value.text()));
                }
            }
            line
        }

        /// The only binding there is.
        fn only(&self) -> &Binding {
            let mut bindings =
                self.registrar.locations().bindings(&AddressOfRecord::new("anna", "hotline.test"));
            let only = bindings.next().unwrap();
            assert!(bindings.next().is_none());
            only
        }

        fn events(&mut self) -> Vec<String> {
            core::iter::from_fn(|| self.registrar.poll_output())
                .map(|event| match event {
                    RegistrarEvent::BindingAdded { contact, .. } => format!("added {contact}"),
                    RegistrarEvent::BindingMoved { contact, source, .. } => {
                        format!("moved {contact} to {}", source.remote)
                    }
                    RegistrarEvent::BindingRemoved { contact, why, .. } => {
                        format!("removed {contact} {why:?}")
                    }
                })
                .collect()
        }
    }
}
