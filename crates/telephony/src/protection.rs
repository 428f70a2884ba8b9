//! Who is kept out, what is shed, and what calls outside may cost: where [`guard`] meets SIP.
//!
//! ```text
//!  bytes ─▶ knock ─▶ parse ─▶ admit ─▶ user agent ─▶ who is it? ─▶ outcome
//!             │                 │                                      │
//!           dropped      dropped, 503                        known, or suspected
//! ```
//!
//! A message is parsed once, here; what was parsed is what is judged and what is acted upon. Whether a request belongs to
//! something that is under way is looked up in the user agent, never believed.

use crate::{Output, Telephony};
use base::{Duration, IdSource, Instant, Network, Now};
use bytes::Bytes;
use guard::{Asked, Guard, Kind, Limits, Networks, Standing, Tally, Toll, TollLimits, TollRefusal, Way};
use model::kept_out::{KeptOut, KeptOutWhat};
use model::{CallLimit, EndCause, LegId, LimitKind, SipUser};
use sip::authenticator::FAILURES_MAX;
use sip::{Incoming, Refusal, Source, Transmit, Transport, Verdict};
use sip_message::{Message, Method, NameAddr, Request, StatusCode};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// How often accounts that have not called outside for a day are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(3600);

/// What operators set of protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Addresses that are never counted and never banned. Trunks' are not, in any case.
    pub allow: Vec<Network>,
    /// Addresses that are dropped unread, unless they are allowed or a trunk's.
    pub deny: Vec<Network>,
    /// How often who may ask.
    pub limits: Limits,
    /// How long a scanner is kept out; zero: nobody is.
    pub ban: Duration,
    /// How long a message may wait before something is shed; zero: nothing ever is.
    pub lag: Duration,
    /// Numbers whose calls are never shed nor counted.
    pub emergency: Vec<String>,
    /// How much a phone may call outside …
    pub toll: TollLimits,
    /// … unless it has limits of its own.
    pub toll_of: BTreeMap<SipUser, TollLimits>,
}

impl Default for Protection {
    fn default() -> Self {
        let guard::Settings { limits, ban, lag, .. } = guard::Settings::default();
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            limits,
            ban,
            lag,
            emergency: Vec::new(),
            toll: TollLimits::default(),
            toll_of: BTreeMap::new(),
        }
    }
}

/// What telephony keeps for it.
#[derive(Debug)]
pub(crate) struct Gate {
    guard: Guard,
    toll: Toll,
    /// Legs that call outside, and who answers for what they cost.
    charged: BTreeMap<LegId, SipUser>,
    tidied_at: Instant,
}

impl Gate {
    pub(crate) fn new(settings: guard::Settings, ids: IdSource) -> Self {
        let guard = Guard::new(settings, ids);
        Self { guard, toll: Toll::default(), charged: BTreeMap::new(), tidied_at: Instant::START }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.guard.poll_timeout()
    }
}

impl crate::Settings {
    /// What the guard is told: the operator's wishes, and who is a carrier.
    ///
    /// `carriers` are the places that calls go to: what comes from there is an answer to us, or a carrier's own.
    pub(crate) fn guard(&self, carriers: impl Iterator<Item = IpAddr>) -> guard::Settings {
        let Protection { allow, deny, limits, ban, lag, .. } = &self.protection;
        let trunks = self.trunks.iter().flat_map(|trunk| trunk.accept_from.iter().copied());
        guard::Settings {
            trunks: trunks.chain(carriers.map(Network::of)).collect(),
            allow: allow.iter().copied().collect::<Networks>(),
            deny: deny.iter().copied().collect::<Networks>(),
            limits: *limits,
            ban: *ban,
            lag: *lag,
        }
    }
}

impl Telephony {
    /// A message came. It is read only if its sender is not kept out.
    pub(crate) fn message(&mut self, bytes: Bytes, source: Source, now: Now) {
        let way = way_of(source.transport);
        let Some(standing) = self.gate.guard.knock(source.remote.ip(), way, bytes.len(), now) else { return };
        let message = match Message::parse(bytes) {
            Ok(Message::Request(request)) if self.gate.guard.minds(standing) => {
                match self.admit(standing, request, source, now) {
                    Some(request) => Ok(Message::Request(request)),
                    None => return,
                }
            }
            Err(error) => {
                self.came_to(source, (Kind::Question, ""), guard::Outcome::Malformed, now);
                Err(error)
            }
            message @ Ok(_) => message,
        };
        self.ua.handle_message(Incoming { message, source }, now);
    }

    /// The request, if it may go on.
    fn admit(&mut self, standing: Standing, request: Request, source: Source, now: Now) -> Option<Request> {
        let kind = kind_of(&request);
        let verdict = {
            let identity = identity_of(&request);
            let device = request.headers().user_agent().unwrap_or_default();
            let dialed = request.uri().user().unwrap_or_default();
            let asked = Asked {
                standing,
                from: source.remote.ip(),
                way: way_of(source.transport),
                kind,
                belongs: self.ua.has_part_in(&request, source),
                identity: &identity,
                device: &device,
                emergency: kind == Kind::Call
                    && self.settings.protection.emergency.iter().any(|number| *number == dialed),
            };
            self.gate.guard.admit(&asked, now)
        };
        match verdict {
            guard::Verdict::Pass => Some(request),
            guard::Verdict::Drop => None,
            guard::Verdict::Refuse { retry_after } => {
                let seconds = u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX);
                self.ua.turn_away_unseen(request, source, StatusCode::SERVICE_UNAVAILABLE, seconds, now);
                None
            }
        }
    }

    /// What came on a stream cannot be cut into messages.
    pub(crate) fn broken(&mut self, error: &sip_message::ParseError, source: Source, now: Now) {
        self.came_to(source, (Kind::Question, ""), guard::Outcome::Malformed, now);
        self.ua.handle_broken(error, source, now);
    }

    /// Who sends a request; the guard learns of it.
    pub(crate) fn authenticate(&mut self, request: &Request, source: &Source, now: Now) -> Verdict<SipUser> {
        let verdict = self.identify(request, source, now);
        let outcome = match &verdict {
            Verdict::Accept { .. } => guard::Outcome::Authenticated,
            Verdict::Challenge(_) => return verdict,
            Verdict::Refuse {
                why: Refusal::WrongPassword { known, .. } | Refusal::WrongToken { known, .. },
                ..
            } => {
                if *known {
                    guard::Outcome::WrongPassword
                } else {
                    guard::Outcome::UnknownUser
                }
            }
            Verdict::Refuse { why: Refusal::LockedOut { .. }, .. } => guard::Outcome::Refused,
        };
        let identity = identity_of(request);
        self.came_to(*source, (kind_of(request), &identity), outcome, now);
        verdict
    }

    fn came_to(&mut self, source: Source, whose: (Kind, &str), outcome: guard::Outcome, now: Now) {
        self.gate.guard.outcome(source.remote.ip(), way_of(source.transport), whose, outcome, now);
    }

    /// Whether nobody vouches for where a datagram came from: its address may be made up.
    pub(crate) fn is_made_up(&self, source: Source) -> bool {
        way_of(source.transport) == Way::Datagram && self.gate.guard.is_stranger(source.remote.ip())
    }

    /// A phone that an earlier process knew is no stranger.
    pub(crate) fn acquaint(&mut self, address: IpAddr, now: Now) {
        self.gate.guard.acquaint(address, now);
    }

    /// Sends, unless it would be more than a stranger who may be made up has sent.
    pub(crate) fn send(&mut self, transmit: Transmit, now: Now) {
        let (to, way) = (transmit.remote.ip(), way_of(transmit.transport));
        if way == Way::Datagram && !self.gate.guard.may_answer(to, transmit.bytes.len()) {
            return;
        }
        if is_refusal(&transmit.bytes) {
            self.gate.guard.outcome(to, way, (Kind::Question, ""), guard::Outcome::Refused, now);
        }
        self.outputs.push_back(Output::Send(transmit));
    }

    /// Takes in how the driver's work goes. To be told before the messages that it is about.
    pub(crate) fn press(&mut self, pressure: guard::Pressure, now: Now) {
        self.gate.guard.press(pressure, now);
    }

    pub(crate) fn guard_again(&mut self) {
        let places = self.resolved.values().flatten().map(|place| place.remote.ip());
        self.gate.guard.configure(self.settings.guard(places));
    }

    /// Says what the guard has to tell, after its deadlines.
    pub(crate) fn follow_guard(&mut self, now: Now) {
        self.gate.guard.handle_timeout(now);
        if now.mono.since(self.gate.tidied_at) >= TIDY_EVERY {
            self.gate.tidied_at = now.mono;
            self.gate.toll.tidy(now);
        }
        while let Some(output) = self.gate.guard.poll_output() {
            let said = match output {
                guard::Output::Banned { ban, unsaid } => {
                    let more =
                        if unsaid > 0 { format!("; so are {unsaid} more addresses") } else { String::new() };
                    let udp = if ban.proven { "" } else { " over UDP" };
                    let minutes = ban.until.since(ban.since).as_secs() / 60;
                    Output::Alarm(format!(
                        "{} {}; nothing from there{udp} is looked at for {minutes} min{more}",
                        ban.place, ban.why
                    ))
                }
                guard::Output::Lifted { ban } => Output::News(format!("{} is heard again", ban.place)),
                guard::Output::Overloaded(pressure) => Output::Alarm(format!(
                    "there is more to do than can be done: a message waited {} ms, {} wait; strangers and new calls \
                     are asked to come later",
                    pressure.oldest.as_millis(),
                    pressure.waiting
                )),
                guard::Output::Relieved => Output::News(
                    "everybody is served again, nothing is turned away for want of time".to_owned(),
                ),
            };
            self.outputs.push_back(said);
        }
    }

    /// Whether a leg may call a number outside; why not, otherwise. If it may, its caller is charged until the leg ends.
    pub(crate) fn may_call_outside(
        &mut self,
        leg: LegId,
        number: &str,
        charged: Option<&SipUser>,
        now: Now,
    ) -> Result<(), EndCause> {
        let Some(user) = charged else { return Ok(()) };
        let protection = &self.settings.protection;
        let limits = protection.toll_of.get(user).unwrap_or(&protection.toll);
        match self.gate.toll.begin(user.as_str(), number, limits, now) {
            Ok(()) => {
                self.gate.charged.insert(leg, user.clone());
                Ok(())
            }
            Err(refused) => {
                let limit = limit_of(user, &refused.why);
                if refused.alarm {
                    let what = format!("phone {user} may not call {number}: {}", refused.why);
                    self.alarm(what);
                }
                if let Some(limit) = &limit {
                    self.limit_reached(limit.clone(), now);
                }
                let forbidden = EndCause::Refused(StatusCode::FORBIDDEN.code());
                Err(limit.map_or(forbidden, |limit| EndCause::Limit(Box::new(limit))))
            }
        }
    }

    /// A leg is over: it costs nothing any more.
    pub(crate) fn costs_no_more(&mut self, leg: LegId) {
        if let Some(user) = self.gate.charged.remove(&leg) {
            self.gate.toll.end(user.as_str());
        }
    }

    /// Everybody who is kept out: bans, then lock-outs.
    pub fn kept_out(&self, now: Now) -> Vec<KeptOut> {
        let bans = self.gate.guard.bans().map(|ban| KeptOut {
            address: ban.place,
            what: if ban.proven { KeptOutWhat::Everything } else { KeptOutWhat::Udp },
            why: ban.why.to_string(),
            since: ban.since,
            until: ban.until,
        });
        let locked = self.authenticator.locked_out(now).into_iter().map(|lock_out| KeptOut {
            address: lock_out.address,
            what: KeptOutWhat::User(lock_out.user),
            why: format!("tried {FAILURES_MAX} wrong passwords"),
            since: lock_out.since,
            until: lock_out.until,
        });
        bans.chain(locked).collect()
    }

    /// Lets an address in again, whatever it was kept out for. Returns whether it was kept out. Drain the outputs.
    pub fn let_in(&mut self, address: IpAddr, now: Now) -> bool {
        let banned = self.gate.guard.lift(address);
        let locked = self.authenticator.forgive(address);
        self.follow_guard(now);
        banned || locked
    }

    /// What protection has done so far, and who it remembers.
    pub fn guarded(&self) -> (Tally, guard::Snapshot) {
        (self.gate.guard.tally(), self.gate.guard.snapshot())
    }
}

/// The limit that a refusal names. Rules about numbers are none.
fn limit_of(user: &SipUser, why: &TollRefusal) -> Option<CallLimit> {
    let (kind, max) = match why {
        TollRefusal::AtOnce(max) => (LimitKind::PhoneAtOnce, *max),
        TollRefusal::PerHour(max) => (LimitKind::PhonePerHour, *max),
        TollRefusal::PerDay(max) => (LimitKind::PhonePerDay, *max),
        TollRefusal::Forbidden(_) | TollRefusal::NotAllowed => return None,
    };
    Some(CallLimit { kind, of: user.to_string(), max })
}

const fn way_of(transport: Transport) -> Way {
    match transport {
        Transport::Udp => Way::Datagram,
        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => Way::Stream,
    }
}

fn kind_of(request: &Request) -> Kind {
    match request.method() {
        Method::Invite => Kind::Call,
        Method::Register => Kind::Registration,
        _ => Kind::Question,
    }
}

/// The user that a request claims to be.
fn identity_of(request: &Request) -> String {
    let headers = request.headers();
    let named = if *request.method() == Method::Register { headers.to() } else { headers.from() };
    let user = |name: NameAddr| name.uri().user().map(|user| user.into_owned());
    named.ok().and_then(user).unwrap_or_default()
}

/// Whether these bytes are an answer that says no for good: not a challenge, not "later", not "busy".
fn is_refusal(bytes: &[u8]) -> bool {
    let Some(status) = bytes.strip_prefix(b"SIP/2.0 ").and_then(|rest| rest.get(..3)) else { return false };
    status[0] == b'4'
        && !matches!(status, b"401" | b"407" | b"408" | b"423" | b"480" | b"486" | b"487" | b"491")
}
