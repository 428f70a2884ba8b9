//! The typed views of headers: methods of [`Headers`], and the small types they return.
//!
//! A view is read when asked and owns what it returns. `Ok(None)` is an absent header, an error one that is there and
//! cannot be read. What every message must have comes without the `Option`.

mod auth;
mod content_type;
mod diversion;
mod event;
mod history_info;
mod privacy;
mod rack;
mod reason;
mod replaces;
mod retry_after;
mod session_expires;
mod subscription_state;
mod user_to_user;

pub use auth::{AuthParams, AuthValue};
pub use content_type::ContentType;
pub use diversion::Diversion;
pub use event::Event;
pub use history_info::HistoryInfo;
pub use privacy::Privacy;
pub use rack::RAck;
pub use reason::Reason;
pub use replaces::Replaces;
pub use retry_after::RetryAfter;
pub use session_expires::{Refresher, SessionExpires};
pub use subscription_state::SubscriptionState;
pub use user_to_user::UserToUser;

use std::borrow::Cow;

use crate::cseq::CSeq;
use crate::error::{HeaderError, Malformed};
use crate::headers::Headers;
use crate::method::Method;
use crate::name::HeaderName;
use crate::name_addr::{ContactList, NameAddr};
use crate::via::Via;
use crate::{limits, name_addr, params, scan, via};

/// What reading a header gives.
pub type Reading<T> = Result<T, HeaderError>;

/// Which message a request belongs to and who is talking.
impl Headers {
    /// The topmost Via.
    pub fn top_via(&self) -> Reading<Via> {
        self.vias().next().unwrap_or(Err(HeaderError::Missing(HeaderName::Via)))
    }

    /// Every Via from the top, comma-combined ones taken apart.
    pub fn vias(&self) -> impl Iterator<Item = Reading<Via>> {
        self.list(HeaderName::Via)
            .map(|value| Via::parse(value.as_bytes()).map_err(HeaderError::of(HeaderName::Via)))
    }

    /// The branch of the topmost Via without building the whole view.
    pub fn top_branch(&self) -> Option<&str> {
        let value = self.list(HeaderName::Via).next()?;
        let shape = via::Shape::read(value.as_bytes()).ok()?;
        let branch = params::find(shape.params, "branch")?.raw()?;
        std::str::from_utf8(branch).ok().filter(|branch| !branch.is_empty())
    }

    /// Host and port of the topmost Via, the host as written, without building the whole view.
    pub fn top_sent_by(&self) -> Option<(&str, Option<u16>)> {
        let value = self.list(HeaderName::Via).next()?;
        let shape = via::Shape::read(value.as_bytes()).ok()?;
        Some((std::str::from_utf8(shape.host).ok()?, shape.port))
    }

    /// From.
    pub fn from(&self) -> Reading<NameAddr> {
        HeaderError::missing(HeaderName::From, self.name_addr(HeaderName::From))
    }

    /// To.
    pub fn to(&self) -> Reading<NameAddr> {
        HeaderError::missing(HeaderName::To, self.name_addr(HeaderName::To))
    }

    /// The tag of From without building the whole view.
    pub fn from_tag(&self) -> Option<&str> {
        self.tag(HeaderName::From)
    }

    /// The tag of To without building the whole view.
    pub fn to_tag(&self) -> Option<&str> {
        self.tag(HeaderName::To)
    }

    fn tag(&self, name: HeaderName) -> Option<&str> {
        let shape = name_addr::Shape::read(self.get(name)?.as_bytes()).ok()?;
        std::str::from_utf8(params::find(shape.params, "tag")?.raw()?).ok().filter(|tag| !tag.is_empty())
    }

    /// Call-ID.
    pub fn call_id(&self) -> Reading<&str> {
        let name = HeaderName::CallId;
        let value = self.get(name).ok_or(HeaderError::Missing(name))?;
        match value.as_str() {
            Some("") => Err(HeaderError::of(name)(Malformed::Empty)),
            Some(text) => Ok(text),
            None => Err(HeaderError::of(name)(Malformed::Character)),
        }
    }

    /// CSeq.
    pub fn cseq(&self) -> Reading<CSeq> {
        HeaderError::missing(HeaderName::CSeq, self.read(HeaderName::CSeq, CSeq::parse))
    }
}

/// Where messages go.
impl Headers {
    /// Every Contact, or the star.
    pub fn contacts(&self) -> Reading<ContactList> {
        let mut values = self.all(HeaderName::Contact);
        if values.any(|value| value.as_bytes() == b"*") {
            // A star beside anything else says two things at once. RFC 3261 §10.2.2.
            return match self.all(HeaderName::Contact).count() {
                1 => Ok(ContactList::Star),
                _ => Err(HeaderError::of(HeaderName::Contact)(Malformed::Trailing)),
            };
        }
        self.name_addrs(HeaderName::Contact).map(ContactList::Addresses)
    }

    /// The first Contact: where the peer of a dialog is to be reached.
    pub fn contact(&self) -> Reading<Option<NameAddr>> {
        self.name_addr(HeaderName::Contact)
    }

    /// Every Route in order.
    pub fn routes(&self) -> Reading<Vec<NameAddr>> {
        self.name_addrs(HeaderName::Route)
    }

    /// Every Record-Route in order.
    pub fn record_routes(&self) -> Reading<Vec<NameAddr>> {
        self.name_addrs(HeaderName::RecordRoute)
    }

    /// Every Path in order. RFC 3327.
    pub fn paths(&self) -> Reading<Vec<NameAddr>> {
        self.name_addrs(HeaderName::Path)
    }

    /// Every Service-Route in order. RFC 3608.
    pub fn service_routes(&self) -> Reading<Vec<NameAddr>> {
        self.name_addrs(HeaderName::ServiceRoute)
    }

    /// Every P-Preferred-Identity in order. RFC 3325 §9.2.
    pub fn preferred_identities(&self) -> Reading<Vec<NameAddr>> {
        self.name_addrs(HeaderName::PPreferredIdentity)
    }

    /// Privacy, over all its lines. RFC 3323.
    pub fn privacy(&self) -> Reading<Option<Privacy>> {
        let mut values = self.read_list(HeaderName::Privacy, Privacy::parse)?.into_iter();
        let Some(mut all) = values.next() else { return Ok(None) };
        all.values.extend(values.flat_map(|one| one.values));
        Ok(Some(all))
    }

    /// Every Diversion, the last one first. RFC 5806.
    pub fn diversions(&self) -> Reading<Vec<Diversion>> {
        self.read_list(HeaderName::Diversion, Diversion::parse)
    }

    /// Every History-Info, the first one first. RFC 7044.
    pub fn history(&self) -> Reading<Vec<HistoryInfo>> {
        self.read_list(HeaderName::HistoryInfo, HistoryInfo::parse)
    }

    /// Every P-Asserted-Identity in order. RFC 3325; only to be believed from a trusted peer.
    pub fn asserted_identities(&self) -> Reading<Vec<NameAddr>> {
        self.name_addrs(HeaderName::PAssertedIdentity)
    }

    /// Refer-To. RFC 3515.
    pub fn refer_to(&self) -> Reading<Option<NameAddr>> {
        self.name_addr(HeaderName::ReferTo)
    }

    /// Referred-By. RFC 3892.
    pub fn referred_by(&self) -> Reading<Option<NameAddr>> {
        self.name_addr(HeaderName::ReferredBy)
    }

    /// The first value of a header of this shape, comma-combined ones taken apart.
    ///
    /// From, To, Refer-To and their kin hold one address; a comma in them belongs to nothing and is refused.
    pub fn name_addr(&self, name: HeaderName) -> Reading<Option<NameAddr>> {
        let value = if name.is_single() { self.get(name) } else { self.list(name).next() };
        value.map(|value| NameAddr::parse(value.as_bytes()).map_err(HeaderError::of(name))).transpose()
    }

    /// Every value of a header of this shape, in order.
    pub fn name_addrs(&self, name: HeaderName) -> Reading<Vec<NameAddr>> {
        self.read_list(name, NameAddr::parse)
    }

    /// Every value of a header, up to [`limits::VALUES`] of them.
    fn read_list<T>(
        &self,
        name: HeaderName,
        parse: impl Fn(&[u8]) -> Result<T, Malformed>,
    ) -> Reading<Vec<T>> {
        let mut values = Vec::new();
        for value in self.list(name) {
            if values.len() == limits::VALUES {
                return Err(HeaderError::of(name)(Malformed::TooLong));
            }
            values.push(parse(value.as_bytes()).map_err(HeaderError::of(name))?);
        }
        Ok(values)
    }
}

/// Numbers.
impl Headers {
    /// Max-Forwards.
    pub fn max_forwards(&self) -> Reading<Option<u8>> {
        self.read(HeaderName::MaxForwards, scan::number)
    }

    /// Expires in seconds; one too large is the largest (RFC 4475 §3.1.2.4 calls it out of range, not harmful).
    pub fn expires(&self) -> Reading<Option<u32>> {
        self.seconds(HeaderName::Expires)
    }

    /// Min-Expires in seconds.
    pub fn min_expires(&self) -> Reading<Option<u32>> {
        self.seconds(HeaderName::MinExpires)
    }

    /// Min-SE in seconds. RFC 4028.
    pub fn min_se(&self) -> Reading<Option<u32>> {
        self.read(HeaderName::MinSe, |value| seconds(value.split(|b| *b == b';').next().unwrap_or_default()))
    }

    /// Content-Length.
    pub fn content_length(&self) -> Reading<Option<u32>> {
        self.read(HeaderName::ContentLength, scan::number)
    }

    /// RSeq. RFC 3262.
    pub fn rseq(&self) -> Reading<Option<u32>> {
        self.read(HeaderName::RSeq, scan::number)
    }

    fn seconds(&self, name: HeaderName) -> Reading<Option<u32>> {
        self.read(name, seconds)
    }

    fn read<T>(&self, name: HeaderName, parse: impl Fn(&[u8]) -> Result<T, Malformed>) -> Reading<Option<T>> {
        self.get(name).map(|value| parse(value.as_bytes()).map_err(HeaderError::of(name))).transpose()
    }
}

/// A delta-seconds value; one too large is the largest. RFC 3261 §20.19.
fn seconds(value: &[u8]) -> Result<u32, Malformed> {
    let number = scan::saturating_number(scan::trim(value))?;
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

/// What is understood and allowed.
impl Headers {
    /// The tokens of a list header: `headers.tokens(HeaderName::Require)`. Empty and non-ASCII ones are left out.
    pub fn tokens(&self, name: HeaderName) -> impl Iterator<Item = &str> {
        self.list(name).filter_map(|value| value.as_str()).filter(|text| !text.is_empty())
    }

    /// Whether a list header has a token, whatever its case.
    pub fn has_token(&self, name: HeaderName, token: &str) -> bool {
        self.tokens(name).any(|found| found.eq_ignore_ascii_case(token))
    }

    /// The option tags the sender insists on.
    pub fn require(&self) -> impl Iterator<Item = &str> {
        self.tokens(HeaderName::Require)
    }

    /// The option tags the sender insists on from proxies.
    pub fn proxy_require(&self) -> impl Iterator<Item = &str> {
        self.tokens(HeaderName::ProxyRequire)
    }

    /// The option tags the sender understands.
    pub fn supported(&self) -> impl Iterator<Item = &str> {
        self.tokens(HeaderName::Supported)
    }

    /// Whether the sender understands an option, by Supported or Require.
    pub fn supports(&self, option: &str) -> bool {
        self.has_token(HeaderName::Supported, option) || self.has_token(HeaderName::Require, option)
    }

    /// The methods the sender takes.
    pub fn allow(&self) -> impl Iterator<Item = Method> {
        self.tokens(HeaderName::Allow).filter_map(|token| Method::parse(token.as_bytes()).ok())
    }
}

/// Bodies, people and reasons.
impl Headers {
    /// Content-Type.
    pub fn content_type(&self) -> Reading<Option<ContentType>> {
        self.read(HeaderName::ContentType, ContentType::parse)
    }

    /// The media types the sender takes; none when there is no Accept, which means the usual for the method.
    pub fn accept(&self) -> Reading<Vec<ContentType>> {
        // An empty Accept takes nothing at all (RFC 3261 §20.1); it is not a list of one.
        if self.all(HeaderName::Accept).all(|value| value.as_bytes().is_empty()) {
            return Ok(Vec::new());
        }
        self.read_list(HeaderName::Accept, ContentType::parse)
    }

    /// User-Agent, or Server in a response.
    pub fn user_agent(&self) -> Option<Cow<'_, str>> {
        self.get(HeaderName::UserAgent).or_else(|| self.get(HeaderName::Server)).map(|value| value.text())
    }

    /// Subject.
    pub fn subject(&self) -> Option<Cow<'_, str>> {
        self.get(HeaderName::Subject).map(|value| value.text())
    }

    /// Every User-to-User in order. RFC 7433.
    pub fn user_to_user(&self) -> Reading<Vec<UserToUser>> {
        self.read_list(HeaderName::UserToUser, UserToUser::parse)
    }

    /// The event packages the sender takes subscriptions to. RFC 6665.
    pub fn allow_events(&self) -> impl Iterator<Item = &str> {
        self.tokens(HeaderName::AllowEvents)
    }

    /// Every Reason in order. RFC 3326.
    pub fn reasons(&self) -> Reading<Vec<Reason>> {
        self.read_list(HeaderName::Reason, Reason::parse)
    }

    /// Retry-After.
    pub fn retry_after(&self) -> Reading<Option<RetryAfter>> {
        self.read(HeaderName::RetryAfter, RetryAfter::parse)
    }

    /// Session-Expires. RFC 4028.
    pub fn session_expires(&self) -> Reading<Option<SessionExpires>> {
        self.read(HeaderName::SessionExpires, SessionExpires::parse)
    }

    /// RAck. RFC 3262.
    pub fn rack(&self) -> Reading<Option<RAck>> {
        self.read(HeaderName::RAck, RAck::parse)
    }

    /// Replaces. RFC 3891.
    pub fn replaces(&self) -> Reading<Option<Replaces>> {
        self.read(HeaderName::Replaces, Replaces::parse)
    }

    /// Event. RFC 6665.
    pub fn event(&self) -> Reading<Option<Event>> {
        self.read(HeaderName::Event, Event::parse)
    }

    /// Subscription-State. RFC 6665.
    pub fn subscription_state(&self) -> Reading<Option<SubscriptionState>> {
        self.read(HeaderName::SubscriptionState, SubscriptionState::parse)
    }
}

/// Who proves to be whom.
impl Headers {
    /// Every Authorization in order.
    pub fn authorization(&self) -> Reading<Vec<AuthValue>> {
        self.auth(HeaderName::Authorization)
    }

    /// Every Proxy-Authorization in order.
    pub fn proxy_authorization(&self) -> Reading<Vec<AuthValue>> {
        self.auth(HeaderName::ProxyAuthorization)
    }

    /// Every WWW-Authenticate in order of the sender's preference.
    pub fn www_authenticate(&self) -> Reading<Vec<AuthValue>> {
        self.auth(HeaderName::WwwAuthenticate)
    }

    /// Every Proxy-Authenticate in order of the sender's preference.
    pub fn proxy_authenticate(&self) -> Reading<Vec<AuthValue>> {
        self.auth(HeaderName::ProxyAuthenticate)
    }

    /// Authentication-Info. RFC 7615.
    pub fn authentication_info(&self) -> Reading<Option<AuthParams>> {
        self.read(HeaderName::AuthenticationInfo, AuthParams::parse)
    }

    /// RFC 3261 §7.3.1: these are never comma-combined; each line is one value.
    fn auth(&self, name: HeaderName) -> Reading<Vec<AuthValue>> {
        self.all(name)
            .map(|value| AuthValue::parse(value.as_bytes()).map_err(HeaderError::of(name)))
            .collect()
    }
}
