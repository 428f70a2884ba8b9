//! Registrations of ours at registrars elsewhere: how a trunk that wants it hears where we are. RFC 3261 §10.2,
//! RFC 3608 for the way calls should take, RFC 5626 §4.5 for how to come back.
//!
//! They belong to a [`crate::UserAgent`]: [`crate::UserAgent::register`] begins one, which from then on refreshes itself,
//! answers challenges, and after a failure comes back with growing patience, until [`crate::UserAgent::unregister`]. How
//! it stands is told as [`crate::UserAgentOutput::Registration`]. A challenge is answered if it is of the realm of the
//! credentials and comes from the host the REGISTER was sent to, never otherwise (CVE-2021-41158).
//!
//! Reading order: [`table`].

pub mod table;

use crate::digest::{ClientDigest, Credentials};
use crate::endpoint::{Endpoint, TransportError};
use crate::facts;
use crate::token::{ClientTransactionId, RegistrationId};
use crate::transaction::Failure;
use crate::transport::{ConnectionId, Destination, Source};
use crate::user_agent::{Output, UserAgentConfig};
use base::{Deadlines, Duration, IdSource, Instant, Now};
use sip_message::{BuildError, CSeq, HeaderName, Method, NameAddr, Request, Response, StatusCode, Uri};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use table::{Do, Input, State};

/// How often a REGISTER is sent with credentials: once, and once more if the nonce had gone stale.
const ATTEMPTS_MAX: u8 = 2;

/// How long a registration lasts at the least, whatever the registrar says: else we would do nothing but register.
const GRANTED_MIN: Duration = Duration::from_secs(10);

/// The longest time a registrar may ask us to register for. What is longer is a mistake.
const EXPIRES_MAX: Duration = Duration::from_secs(86_400);

/// A registration to be kept.
#[derive(Clone, Debug)]
pub struct RegistrationConfig {
    /// The registrar: the Request-URI, a domain usually.
    pub registrar: Uri,
    /// Where the REGISTER is sent; also the only host whose challenges are answered.
    pub destination: Destination,
    /// Whom calls are for: From and To.
    pub address: NameAddr,
    /// Where we can be reached.
    pub contact: Uri,
    /// Proxies to be passed, first hop first.
    pub routes: Vec<NameAddr>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// How long it should last.
    pub expires: Duration,
    /// What a challenge is answered with.
    pub credentials: Option<Credentials>,
    /// The wait after the first failure. It doubles with each; half of it is left to chance, so that not everybody comes
    /// back at once.
    pub retry_first: Duration,
    /// The longest wait.
    pub retry_max: Duration,
}

impl RegistrationConfig {
    /// A registration for an hour, with the waits of RFC 5626: 30 s at first, 30 min at most.
    pub fn new(registrar: Uri, destination: Destination, address: NameAddr, contact: Uri) -> Self {
        Self {
            registrar,
            destination,
            address,
            contact,
            routes: Vec::new(),
            headers: Vec::new(),
            expires: Duration::from_secs(3600),
            credentials: None,
            retry_first: Duration::from_secs(30),
            retry_max: Duration::from_secs(1800),
        }
    }
}

/// How a registration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrationEvent {
    /// Calls can come.
    Registered {
        /// How long, before it is refreshed.
        expires: Duration,
        /// The Route of calls to the registrar's side (RFC 3608).
        service_route: Vec<NameAddr>,
    },
    /// Calls cannot come. It is tried again.
    Failed {
        /// Why.
        why: RegistrationFailure,
        /// When it is tried again; zero if that has happened already.
        again_in: Duration,
    },
    /// It is over, as the owner wanted. Nothing follows.
    Gone,
}

/// Why a registration failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationFailure {
    /// The registrar does not answer.
    Timeout,
    /// The registrar cannot be reached, or the connection broke.
    Transport,
    /// The registrar refused it.
    Refused(StatusCode),
    /// The registrar wants credentials that we do not have, or does not like those we have.
    Credentials,
    /// It could not be refreshed in time.
    Expired,
}

/// What the user agent lends.
pub(crate) struct Tools<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) outputs: &'a mut VecDeque<Output>,
    pub(crate) ids: &'a mut IdSource,
    pub(crate) config: &'a UserAgentConfig,
    pub(crate) now: Now,
}

/// What a registration waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wait {
    /// The next REGISTER.
    Due,
    /// The registrar forgets us.
    Expired,
}

/// One registration.
#[derive(Debug)]
struct Registration {
    config: RegistrationConfig,
    state: State,
    call_id: String,
    tag: String,
    cseq: u32,
    /// The request that is out.
    tx: Option<ClientTransactionId>,
    digest: Option<(HeaderName, ClientDigest)>,
    /// How often the request that is out was sent with credentials.
    attempts: u8,
    /// The connection its answers came by.
    connection: Option<ConnectionId>,
    /// How many attempts have failed one after the other.
    failures: u8,
    /// How long the registrar wants us to stay away.
    stay_away: Duration,
    why: RegistrationFailure,
    /// What was granted.
    granted: Duration,
    service_route: Vec<NameAddr>,
}

/// All registrations.
#[derive(Debug, Default)]
pub(crate) struct Registrations {
    all: BTreeMap<RegistrationId, Registration>,
    /// Requests that another one has overtaken: their answers mean nothing any more.
    stale: BTreeSet<ClientTransactionId>,
    deadlines: Deadlines<(RegistrationId, Wait)>,
}

impl Registrations {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn state(&self, id: RegistrationId) -> Option<State> {
        self.all.get(&id).map(|one| one.state)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Begins one. Refused if something in it cannot stand in a message.
    pub(crate) fn begin(
        &mut self,
        config: RegistrationConfig,
        tools: &mut Tools<'_>,
    ) -> Result<RegistrationId, BuildError> {
        let id = RegistrationId::from_u64(tools.ids.next_u64());
        let mut one = Registration {
            config,
            state: State::Trying,
            call_id: tools.ids.token(26),
            tag: tools.ids.token(13),
            cseq: 0,
            tx: None,
            digest: None,
            attempts: 0,
            connection: None,
            failures: 0,
            stay_away: Duration::ZERO,
            why: RegistrationFailure::Timeout,
            granted: Duration::ZERO,
            service_route: Vec::new(),
        };
        one.send(false, tools)?;
        self.all.insert(id, one);
        Ok(id)
    }

    /// Takes one back.
    pub(crate) fn stop(&mut self, id: RegistrationId, tools: &mut Tools<'_>) {
        self.run(id, Input::Stop, tools);
    }

    /// Sends the next REGISTER now, to there: a name has changed its address, or somebody wants to know.
    pub(crate) fn hurry(
        &mut self,
        id: RegistrationId,
        destination: Option<Destination>,
        tools: &mut Tools<'_>,
    ) {
        let Some(one) = self.all.get_mut(&id) else { return };
        if let Some(destination) = destination {
            one.config.destination = destination;
            one.connection = None;
        }
        self.deadlines.stop(&(id, Wait::Due));
        self.run(id, Input::Due, tools);
    }

    /// Time has passed.
    pub(crate) fn handle_timeout(&mut self, tools: &mut Tools<'_>) {
        while let Some((id, wait)) = self.deadlines.expire(tools.now.mono) {
            match wait {
                Wait::Due => self.run(id, Input::Due, tools),
                Wait::Expired => {
                    if let Some(one) = self.all.get_mut(&id) {
                        one.why = RegistrationFailure::Expired;
                    }
                    self.run(id, Input::Expired, tools);
                }
            }
        }
    }

    /// A connection is gone, and with it the way by which we are called.
    pub(crate) fn handle_lost(&mut self, failed: TransportError, tools: &mut Tools<'_>) {
        let Some(connection) = failed.connection else { return };
        let concerned =
            self.all.iter_mut().filter(|(_, one)| one.connection == Some(connection)).map(|(id, one)| {
                one.connection = None;
                one.why = RegistrationFailure::Transport;
                *id
            });
        for id in concerned.collect::<Vec<_>>() {
            self.run(id, Input::Lost, tools);
        }
    }

    /// A response. Returns whether it was to one of ours.
    pub(crate) fn handle_response(
        &mut self,
        tx: ClientTransactionId,
        response: &Response,
        source: Source,
        tools: &mut Tools<'_>,
    ) -> bool {
        if self.stale.contains(&tx) {
            if response.status().is_final() {
                self.stale.remove(&tx);
            }
            return true;
        }
        let Some((id, one)) = self.all.iter_mut().find(|(_, one)| one.tx == Some(tx)) else { return false };
        let (id, status) = (*id, response.status());
        if status.is_provisional() {
            return true;
        }
        one.tx = None;
        one.connection = source.connection;
        let headers = response.headers();
        one.stay_away = facts::seconds(headers, HeaderName::RetryAfter)
            .map_or(Duration::ZERO, |seconds| Duration::from_secs(seconds.into()));
        let removes = one.state == State::Leaving;
        if one.takes_challenge(response, source) || one.takes_interval(response) {
            // What was written once can be written again.
            if one.send(removes, tools).is_ok() {
                return true;
            }
        }
        let input = match status.code() {
            200..300 => {
                one.accept(response);
                Input::Accepted
            }
            401 | 407 => {
                one.why = RegistrationFailure::Credentials;
                Input::Denied
            }
            403 | 404 | 410 | 604 | 606 => {
                one.why = RegistrationFailure::Refused(status);
                Input::Denied
            }
            _ => {
                one.why = RegistrationFailure::Refused(status);
                Input::Refused
            }
        };
        self.run(id, input, tools);
        true
    }

    /// Silence. Returns whether it was one of ours.
    pub(crate) fn handle_failure(
        &mut self,
        tx: ClientTransactionId,
        why: Failure,
        tools: &mut Tools<'_>,
    ) -> bool {
        if self.stale.remove(&tx) {
            return true;
        }
        let Some((id, one)) = self.all.iter_mut().find(|(_, one)| one.tx == Some(tx)) else { return false };
        let id = *id;
        one.tx = None;
        one.connection = None;
        one.stay_away = Duration::ZERO;
        one.why = match why {
            Failure::Timeout => RegistrationFailure::Timeout,
            Failure::Transport => RegistrationFailure::Transport,
        };
        self.run(id, Input::Refused, tools);
        true
    }

    fn run(&mut self, id: RegistrationId, input: Input, tools: &mut Tools<'_>) {
        let Some(one) = self.all.get_mut(&id) else { return };
        let (next, does) = table::step(one.state, input);
        one.state = next;
        for step in does {
            match step {
                Do::Send | Do::SendRemoval => {
                    self.stale.extend(one.tx.take());
                    one.attempts = 0;
                    let removes = *step == Do::SendRemoval;
                    debug_assert!(one.send(removes, tools).is_ok(), "it could be written when it began");
                }
                Do::ArmRefresh => {
                    one.failures = 0;
                    // Between 0.4 and 0.5 of the time, so that not all trunks refresh in the same second.
                    let part = one.granted * (400 + tools.ids.below(101) as u32) / 1000;
                    self.deadlines.set((id, Wait::Due), tools.now.mono + part);
                    self.deadlines.set((id, Wait::Expired), tools.now.mono + one.granted);
                }
                Do::ArmRetry | Do::ArmLongest => {
                    let wait = if *step == Do::ArmLongest {
                        one.config.retry_max
                    } else {
                        one.back_off(tools.ids).max(one.stay_away.min(one.config.retry_max))
                    };
                    one.failures = one.failures.saturating_add(1);
                    self.deadlines.set((id, Wait::Due), tools.now.mono + wait);
                }
                Do::StopWaiting => {
                    self.deadlines.stop(&(id, Wait::Due));
                    self.deadlines.stop(&(id, Wait::Expired));
                }
                Do::TellRegistered => {
                    let service_route = one.service_route.clone();
                    tell(id, RegistrationEvent::Registered { expires: one.granted, service_route }, tools);
                }
                Do::TellFailed => {
                    let due = self.deadlines.due(&(id, Wait::Due));
                    let again_in = due.map_or(Duration::ZERO, |at| at.since(tools.now.mono));
                    tell(id, RegistrationEvent::Failed { why: one.why, again_in }, tools);
                }
                Do::TellGone => tell(id, RegistrationEvent::Gone, tools),
            }
        }
        if one.state == State::Over {
            self.all.remove(&id);
        }
    }
}

impl Registration {
    fn send(&mut self, removes: bool, tools: &mut Tools<'_>) -> Result<(), BuildError> {
        self.cseq += 1;
        let expires = if removes { Duration::ZERO } else { self.config.expires };
        let seconds = u32::try_from(expires.as_secs()).unwrap_or(u32::MAX);
        let address = self.config.address.clone();
        // A tag made of letters and digits cannot be refused.
        let from = address.clone().with_tag(&self.tag).unwrap_or(address.clone());
        let mut request = Request::builder(Method::Register, self.config.registrar.clone())
            .headers(HeaderName::Route, &self.config.routes)
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, &from)
            .header(HeaderName::To, &address)
            .header(HeaderName::CallId, &*self.call_id)
            .header(HeaderName::CSeq, CSeq { number: self.cseq, method: Method::Register })
            .header(HeaderName::Contact, &self.config.contact)
            .header(HeaderName::Expires, seconds)
            .header(HeaderName::Supported, "path")
            .header(HeaderName::UserAgent, &*tools.config.name);
        if let Some((header, digest)) = &mut self.digest {
            let uri = self.config.registrar.for_request_line().to_string();
            let value = digest.authorize(Method::Register.as_str(), &uri, tools.ids);
            request = request.header(*header, &*value);
        }
        for (name, value) in &self.config.headers {
            request = request.header(name.as_str(), value.as_str());
        }
        let destination = Destination {
            connection: self.connection.or(self.config.destination.connection),
            ..self.config.destination
        };
        self.tx = Some(tools.endpoint.request(request.build()?, destination, tools.now));
        Ok(())
    }

    /// What a 2xx grants: for our contact, else for all.
    fn accept(&mut self, response: &Response) {
        let headers = response.headers();
        let ours = headers
            .list(HeaderName::Contact)
            .filter_map(|value| NameAddr::parse(value.as_bytes()).ok())
            .find(|contact| is_same_place(contact.uri(), &self.config.contact))
            .and_then(|contact| contact.expires());
        let seconds = ours.or_else(|| facts::seconds(headers, HeaderName::Expires));
        let granted = seconds.map_or(self.config.expires, |seconds| Duration::from_secs(seconds.into()));
        self.granted = granted.clamp(GRANTED_MIN, EXPIRES_MAX);
        self.service_route = headers.service_routes().unwrap_or_default();
        if let (Some((_, digest)), Ok(Some(info))) = (&mut self.digest, headers.authentication_info())
            && let Some(nonce) = info.get("nextnonce")
        {
            digest.renew(nonce);
        }
    }

    /// Whether the response is a challenge that we may and can answer.
    fn takes_challenge(&mut self, response: &Response, source: Source) -> bool {
        let (challenge, header) = match response.status() {
            StatusCode::UNAUTHORIZED => (HeaderName::WwwAuthenticate, HeaderName::Authorization),
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization)
            }
            _ => return false,
        };
        if source.remote.ip() != self.config.destination.remote.ip() {
            return false;
        }
        let Some(credentials) = &self.config.credentials else { return false };
        let values: Vec<_> =
            response.headers().all(challenge).map(|value| value.text().into_owned()).collect();
        let Some(digest) = credentials.answer(values.iter().map(String::as_str)) else { return false };
        // The nonce of an earlier answer may have grown old without a word; a fresh one is tried once.
        let was_fresh = self.attempts > 0;
        if self.attempts >= ATTEMPTS_MAX || (was_fresh && !digest.is_stale()) {
            self.digest = None;
            return false;
        }
        self.attempts += 1;
        self.digest = Some((header, digest));
        true
    }

    /// Whether the registrar only wants us to stay longer (§10.2.8).
    fn takes_interval(&mut self, response: &Response) -> bool {
        if response.status() != StatusCode::INTERVAL_TOO_BRIEF {
            return false;
        }
        let min = facts::seconds(response.headers(), HeaderName::MinExpires);
        let min = Duration::from_secs(min.unwrap_or(0).into());
        // What does not ask for more would go on for ever.
        if min <= self.config.expires || min > EXPIRES_MAX {
            return false;
        }
        self.config.expires = min;
        true
    }

    /// RFC 5626 §4.5: doubling up to the longest, the upper half of it by chance.
    fn back_off(&self, ids: &mut IdSource) -> Duration {
        let most =
            self.config.retry_first.saturating_mul(1 << self.failures.min(16)).min(self.config.retry_max);
        most * (500 + ids.below(501) as u32) / 1000
    }
}

/// Whether a contact in an answer is the one we sent. Registrars add and drop ports and parameters.
fn is_same_place(theirs: &Uri, ours: &Uri) -> bool {
    let place = |uri: &Uri| (uri.user().map(|user| user.into_owned()), uri.port().unwrap_or(5060));
    let same_host = theirs.host().zip(ours.host()).is_some_and(|(theirs, ours)| theirs.is_same(&ours));
    theirs.equivalent(ours) || (same_host && place(theirs) == place(ours))
}

fn tell(id: RegistrationId, event: RegistrationEvent, tools: &mut Tools<'_>) {
    tools.outputs.push_back(Output::Registration { registration: id, event });
}
