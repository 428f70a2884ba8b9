//! REGISTER: RFC 3261 §10.3, with `+sip.instance` and `reg-id` of RFC 5626 so that a browser that comes again replaces
//! itself.
//!
//! Who sends the request has been found out before ([`crate::Authenticator`]); here a user may change its own address
//! of record and no other. All contacts of a request are entered, or none. There is no proxy here and no Path.

use crate::binding::{AddressOfRecord, Binding};
use crate::facts;
use crate::locations::{BINDINGS_PER_ADDRESS_MAX, Locations};
use crate::transport::{ConnectionId, Source};
use base::{Duration, Instant, Now};
use core::borrow::Borrow;
use sip_message::{HeaderName, Host, NameAddr, Request, ResponseBuilder, StatusCode, Uri};
use std::collections::VecDeque;

/// How many events wait for their owner. Beyond it the oldest are dropped: the table itself is the truth.
const EVENTS_MAX: usize = 10_000;

/// What a client is told to wait when the table is full, in seconds.
const RETRY_AFTER_S: u32 = 60;

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
}

impl RegistrarConfig {
    /// A registrar of `domain`: registrations of a minute to an hour, an hour if nothing is said.
    pub fn new(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            expires_min: Duration::from_secs(60),
            expires_default: Duration::from_secs(3600),
            expires_max: Duration::from_secs(3600),
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
        /// Where it is.
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
    /// Its connection broke.
    Disconnected,
}

/// Enters and removes bindings.
#[derive(Clone, Debug)]
pub struct Registrar {
    config: RegistrarConfig,
    locations: Locations,
    events: VecDeque<RegistrarEvent>,
}

/// One change that a request asks for.
struct Change {
    contact: Uri,
    expires: Duration,
    q: u16,
    instance: Option<Box<str>>,
}

/// Why a request is refused, and with what header.
enum Refusal {
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
        match self.change(request, user.borrow(), source, now.mono) {
            Ok(aor) => self.success(request, &aor, now.mono),
            Err(Refusal::Status(status, reason)) => request.answer(status).reason(reason),
            Err(Refusal::TooBrief) => request
                .answer(StatusCode::INTERVAL_TOO_BRIEF)
                .header(HeaderName::MinExpires, seconds(self.config.expires_min)),
            Err(Refusal::Full) => request
                .answer(StatusCode::SERVICE_UNAVAILABLE)
                .header(HeaderName::RetryAfter, RETRY_AFTER_S),
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
        now: Instant,
    ) -> Result<AddressOfRecord, Refusal> {
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
                return Err(Refusal::Status(StatusCode::BAD_REQUEST, "Bad Request: wildcard without Expires: 0"));
            }
            self.check_order(&aor, |_| true, call_id, cseq)?;
            let all: Vec<_> = self.locations.bindings(&aor).map(|binding| binding.contact.clone()).collect();
            for contact in all {
                self.remove(&aor, &contact, Removed::Unregistered);
            }
            return Ok(aor);
        }

        let changes = self.changes(&contacts, facts::seconds(headers, HeaderName::Expires))?;
        for change in &changes {
            self.check_order(&aor, |binding| is_same(binding, change), call_id, cseq)?;
        }
        let added = changes
            .iter()
            .filter(|change| !change.expires.is_zero())
            .filter(|change| !self.locations.bindings(&aor).any(|binding| is_same(binding, change)))
            .count();
        self.locations.has_room(&aor, added).map_err(|_| Refusal::Full)?;

        let user_agent = headers.get(HeaderName::UserAgent).map(|value| {
            value.text().chars().take(USER_AGENT_CHARS_MAX).collect::<String>().into_boxed_str()
        });
        for change in changes {
            let old = self.locations.bindings(&aor).find(|binding| is_same(binding, &change));
            let old = old.map(|binding| binding.contact.clone());
            if change.expires.is_zero() {
                if let Some(old) = old {
                    self.remove(&aor, &old, Removed::Unregistered);
                }
                continue;
            }
            if let Some(old) = old.as_ref().filter(|old| !old.equivalent(&change.contact)) {
                self.remove(&aor, old, Removed::Replaced);
            }
            let is_new = old.is_none_or(|old| !old.equivalent(&change.contact));
            let contact = change.contact.clone();
            // An equivalent contact in other words is the same binding under its new words.
            let respelled = self.locations.bindings(&aor).find(|one| one.contact.equivalent(&contact));
            if let Some(words) = respelled.map(|one| one.contact.clone()).filter(|words| *words != contact) {
                self.locations.remove(&aor, &words);
            }
            let binding = Binding {
                contact: change.contact,
                source,
                expires: now + change.expires,
                q: change.q,
                call_id: call_id.into(),
                cseq,
                instance: change.instance,
                user_agent: user_agent.clone(),
            };
            self.locations.put(&aor, binding);
            if is_new {
                self.tell(RegistrarEvent::BindingAdded { aor: aor.clone(), contact, source });
            }
        }
        Ok(aor)
    }

    /// Steps 4 and 5: the address in To, if it is this user's.
    fn address_of(&self, uri: &Uri, user: &str, source: Source) -> Result<AddressOfRecord, Refusal> {
        let (Some(host), Some(named)) = (uri.host(), uri.user()) else { return Err(BAD_TO) };
        let is_ours = host.is_same(&Host::Domain(&self.config.domain)) || host.address() == Some(source.local.ip());
        if !is_ours {
            return Err(Refusal::Status(StatusCode::NOT_FOUND, "Not Found"));
        }
        if named != user {
            return Err(Refusal::Status(StatusCode::FORBIDDEN, "Forbidden"));
        }
        Ok(AddressOfRecord::new(user, &self.config.domain))
    }

    /// Step 7: what the Contacts ask for.
    fn changes(
        &self,
        contacts: &[sip_message::Value<'_>],
        expires: Option<u32>,
    ) -> Result<Vec<Change>, Refusal> {
        if contacts.len() > BINDINGS_PER_ADDRESS_MAX {
            return Err(Refusal::Full);
        }
        contacts.iter().map(|contact| self.change_of(contact.as_bytes(), expires)).collect()
    }

    fn change_of(&self, contact: &[u8], expires: Option<u32>) -> Result<Change, Refusal> {
        let contact = NameAddr::parse(contact).map_err(|_| BAD_CONTACT)?;
        if !contact.uri().is_sip() {
            return Err(BAD_CONTACT);
        }
        let wanted = contact.expires().or(expires).map(|seconds| Duration::from_secs(seconds.into()));
        let wanted = wanted.unwrap_or(self.config.expires_default);
        if !wanted.is_zero() && wanted < self.config.expires_min {
            return Err(Refusal::TooBrief);
        }
        let instance = contact.param("+sip.instance").map(|instance| {
            let flow = contact.param("reg-id").unwrap_or_default();
            format!("{instance};{flow}").into_boxed_str()
        });
        Ok(Change {
            expires: wanted.min(self.config.expires_max),
            q: contact.q().unwrap_or(1000),
            instance,
            contact: contact.uri().detached(),
        })
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
    fn success(&self, request: &Request, aor: &AddressOfRecord, now: Instant) -> ResponseBuilder {
        let contacts = self.locations.bindings(aor).map(|binding| {
            let left = seconds(binding.expires.since(now));
            let mut value = format!("<{}>;expires={left}", binding.contact);
            if binding.q < 1000 {
                value.push_str(&format!(";q=0.{:03}", binding.q));
            }
            value
        });
        request.answer(StatusCode::OK).headers(HeaderName::Contact, contacts)
    }

    fn remove(&mut self, aor: &AddressOfRecord, contact: &Uri, why: Removed) {
        if let Some(binding) = self.locations.remove(aor, contact) {
            self.tell_removed(aor.clone(), binding, why);
        }
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
const BAD_CONTACT: Refusal = Refusal::Status(StatusCode::BAD_REQUEST, "Bad Request: malformed Contact");

/// Whether a change is about this binding: the same contact (§19.1.4), or the same device on the same flow.
fn is_same(binding: &Binding, change: &Change) -> bool {
    (change.instance.is_some() && change.instance == binding.instance) || binding.contact.equivalent(&change.contact)
}

/// Whole seconds, rounded up, so that a phone never believes it has less than a second where it has some.
fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}
