//! An office in virtual time: phones, a center that forwards their calls to each other, and a network between them that
//! delays, loses, doubles and reorders by a seed. Phones talk to the center and to nobody else: whatever goes elsewhere fails
//! the test.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use base::{Duration, IdSource, Instant, Now, Timestamp};
use bytes::Bytes;
use sip::{
    ConnectionId, Destination, Invite, ProxyEnd, ProxyEvent, ProxyOptions, ProxyTarget, SessionEvent,
    SessionId, Source, Transmit, Transport, UserAgent, UserAgentConfig, UserAgentOutput,
};
use sip_message::{HeaderName, Message, Method, NameAddr, Request, Uri};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// How a phone is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// By UDP, at the address it says.
    Udp,
    /// By UDP, from behind a NAT.
    Nat,
    /// By a connection that it opened.
    Tcp,
}

/// How bad the network is, in thousandths.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    /// Beyond the 10 ms that every packet takes.
    pub(crate) delay_ms_max: u64,
}

pub(crate) struct Phone {
    pub(crate) agent: UserAgent,
    line: Line,
    /// As the center sees it.
    public: SocketAddr,
    /// As it sees itself.
    private: SocketAddr,
    connection: Option<ConnectionId>,
}

/// A third party on the way.
pub(crate) type Spoil = Box<dyn FnMut(&Bytes) -> Bytes>;

pub(crate) const CENTER: &str = "192.0.2.1:5060";

/// Who sends or gets a packet: a phone by its name, or the center.
type Place = &'static str;

pub(crate) struct Office {
    pub(crate) now: Now,
    pub(crate) center: UserAgent,
    pub(crate) phones: BTreeMap<Place, Phone>,
    /// Whom the center forwards every request to, with their q.
    pub(crate) plan: Vec<(Place, u16)>,
    pub(crate) options: ProxyOptions,
    weather: Weather,
    rng: IdSource,
    packets: BTreeMap<(Instant, u64), (Place, Place, Transmit)>,
    sent: u64,
    doomed: Vec<(Place, String)>,
    /// What is done to each message on its way; whatever leads nowhere then is lost and no mistake.
    pub(crate) spoil: Option<Spoil>,
    /// Calls that came while there was no plan.
    pub(crate) waiting: Vec<SessionId>,
    /// The last message of each kind that a phone got, in full.
    pub(crate) got: Vec<(Place, Bytes)>,
    pub(crate) events: Vec<(Place, SessionId, SessionEvent)>,
    pub(crate) told: Vec<(SessionId, ProxyEvent)>,
    pub(crate) log: String,
}

pub(crate) fn sdp(text: &str) -> Bytes {
    Bytes::from(format!("v=0 {text}"))
}

impl Office {
    pub(crate) fn new(seed: u64, weather: Weather, phones: &[(Place, Line)]) -> Self {
        Self::with(seed, weather, phones, |_| {})
    }

    pub(crate) fn with(
        seed: u64,
        weather: Weather,
        phones: &[(Place, Line)],
        change: impl FnOnce(&mut UserAgentConfig),
    ) -> Self {
        let mut rng = IdSource::new(seed);
        let mut config = UserAgentConfig::default();
        config.proxy.realm = "office.test".to_owned();
        change(&mut config);
        let center = UserAgent::new(config, rng.fork());
        let phones = phones
            .iter()
            .zip(2_u16..)
            .map(|((name, line), number)| {
                let mut config = UserAgentConfig { name: (*name).to_owned(), ..UserAgentConfig::default() };
                config.methods.push(Method::Refer);
                let address = |text: String| text.parse::<SocketAddr>().unwrap();
                let own = address(format!("198.51.100.{number}:5060"));
                let (public, private) = match line {
                    Line::Udp => (own, own),
                    Line::Nat | Line::Tcp => (
                        address(format!("203.0.113.1:{}", 40_000 + number)),
                        address(format!("10.0.0.{number}:5060")),
                    ),
                };
                let connection = (*line == Line::Tcp).then(|| ConnectionId(u64::from(number)));
                let agent = UserAgent::new(config, rng.fork());
                (*name, Phone { agent, line: *line, public, private, connection })
            })
            .collect();
        Self {
            now: Now { mono: Instant::START, utc: Timestamp::from_millis(1_800_000_000_000) },
            center,
            phones,
            plan: Vec::new(),
            options: ProxyOptions::default(),
            weather,
            rng,
            packets: BTreeMap::new(),
            sent: 0,
            doomed: Vec::new(),
            spoil: None,
            waiting: Vec::new(),
            got: Vec::new(),
            events: Vec::new(),
            told: Vec::new(),
            log: String::new(),
        }
    }

    /// Loses the next message of this sender whose first line begins so.
    pub(crate) fn lose(&mut self, from: Place, beginning: &str) {
        self.doomed.push((from, beginning.to_owned()));
    }

    /// A phone calls a number of the house.
    pub(crate) fn call(&mut self, from: Place) -> SessionId {
        self.call_with(from, |_| {})
    }

    /// The same, after a change.
    pub(crate) fn call_with(&mut self, from: Place, change: impl FnOnce(&mut Invite)) -> SessionId {
        let mut invite = self.invite(from);
        change(&mut invite);
        self.act(from, |agent, now| agent.invite(invite, now)).expect("it can be written")
    }

    fn invite(&self, from: Place) -> Invite {
        let uri = |text: &str| Uri::parse(text.as_bytes()).unwrap();
        Invite {
            target: uri("sip:100@office.test"),
            destination: self.to_center(from),
            from: NameAddr::new(uri(&format!("sip:{from}@office.test"))),
            to: NameAddr::new(uri("sip:100@office.test")),
            contact: self.contact(from),
            routes: Vec::new(),
            headers: Vec::new(),
            offer: Some(sdp("offer")),
            credentials: None,
        }
    }

    pub(crate) fn to_center(&self, from: Place) -> Destination {
        let phone = &self.phones[from];
        Destination {
            transport: phone.transport(),
            local: phone.private,
            remote: CENTER.parse().unwrap(),
            connection: phone.connection,
        }
    }

    /// Where a phone says that it is.
    pub(crate) fn contact(&self, name: Place) -> Uri {
        let phone = &self.phones[name];
        let transport = if phone.line == Line::Tcp { ";transport=tcp" } else { "" };
        Uri::parse(format!("sip:{name}@{}{transport}", phone.private).as_bytes()).unwrap()
    }

    /// A phone as the center has it registered; or the center itself.
    pub(crate) fn target(&self, name: Place, q: u16) -> ProxyTarget {
        if name == "center" {
            let uri = Uri::parse(format!("sip:100@{CENTER}").as_bytes()).unwrap();
            let destination = self.source_at_center("center").into();
            return ProxyTarget { uri, routes: Vec::new(), destination, q };
        }
        let phone = &self.phones[name];
        ProxyTarget {
            uri: self.contact(name),
            routes: Vec::new(),
            destination: Destination {
                transport: phone.transport(),
                local: CENTER.parse().unwrap(),
                remote: phone.public,
                connection: phone.connection,
            },
            q,
        }
    }

    /// Lets a phone do something, and takes what it says.
    pub(crate) fn act<T>(&mut self, name: Place, act: impl FnOnce(&mut UserAgent, Now) -> T) -> T {
        let phone = self.phones.get_mut(name).expect("there is such a phone");
        let result = act(&mut phone.agent, self.now);
        self.drain(name);
        result
    }

    /// Lets the center do something, and takes what it says.
    pub(crate) fn center<T>(&mut self, act: impl FnOnce(&mut UserAgent, Now) -> T) -> T {
        let result = act(&mut self.center, self.now);
        self.drain_center();
        result
    }

    /// Hands the center something that nobody wrote by the rules.
    pub(crate) fn forge(&mut self, from: Place, text: &str) {
        let source = self.source_at_center(from);
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        self.center(|center, now| center.handle_bytes(bytes, source, now));
    }

    /// A phone's NAT gives it another address.
    pub(crate) fn move_phone(&mut self, name: Place, public: &str) {
        self.phones.get_mut(name).expect("there is such a phone").public = public.parse().unwrap();
    }

    /// How the calls that were forwarded have ended.
    pub(crate) fn ends(&self) -> Vec<ProxyEnd> {
        let ends = self.told.iter().filter_map(|(_, event)| match event {
            ProxyEvent::Ended(end) => Some(*end),
            _ => None,
        });
        ends.collect()
    }

    pub(crate) fn run_ms(&mut self, millis: u64) {
        self.run_until(self.now.mono + Duration::from_millis(millis));
    }

    /// Runs until nothing is left to be done, or the limit is reached. Returns whether all are idle.
    pub(crate) fn run_out(&mut self, limit: Duration) -> bool {
        self.run_until(self.now.mono + limit);
        self.packets.is_empty()
            && self.center.is_idle()
            && self.phones.values().all(|phone| phone.agent.is_idle())
    }

    /// The session that has come in last at a phone.
    pub(crate) fn arrived(&self, name: Place) -> SessionId {
        let arrived = self
            .events
            .iter()
            .rev()
            .find(|(at, _, event)| *at == name && matches!(event, SessionEvent::Incoming(_)));
        arrived.map(|(_, session, _)| *session).expect("a call has come in")
    }

    /// The last message a phone got whose first line begins so.
    pub(crate) fn last_at(&self, name: Place, beginning: &str) -> String {
        let found =
            self.got.iter().rev().find(|(at, bytes)| *at == name && bytes.starts_with(beginning.as_bytes()));
        found.map(|(_, bytes)| String::from_utf8(bytes.to_vec()).unwrap()).expect("it got one")
    }

    fn run_until(&mut self, limit: Instant) {
        loop {
            let packet = self.packets.keys().next().map(|(at, _)| *at);
            let phones = self.phones.values().filter_map(|phone| phone.agent.poll_timeout()).min();
            let next = [packet, phones, self.center.poll_timeout()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= limit) else {
                self.now = self.now.after(limit.since(self.now.mono));
                return;
            };
            self.now = self.now.after(next.since(self.now.mono));
            if packet == Some(next) {
                let (_, (from, to, transmit)) = self.packets.pop_first().expect("it was seen");
                self.deliver(from, to, transmit);
            }
            let due: Vec<_> = self
                .phones
                .iter()
                .filter(|(_, phone)| phone.agent.poll_timeout().is_some_and(|at| at <= next))
                .map(|(name, _)| *name)
                .collect();
            for name in due {
                self.act(name, |agent, now| agent.handle_timeout(now));
            }
            if self.center.poll_timeout().is_some_and(|at| at <= next) {
                self.center(|center, now| center.handle_timeout(now));
            }
        }
    }

    pub(crate) fn source_at_center(&self, from: Place) -> Source {
        if from == "center" {
            let own = CENTER.parse().unwrap();
            return Source { transport: Transport::Udp, local: own, remote: own, connection: None };
        }
        let phone = &self.phones[from];
        Source {
            transport: phone.transport(),
            local: CENTER.parse().unwrap(),
            remote: phone.public,
            connection: phone.connection,
        }
    }

    fn deliver(&mut self, from: Place, to: Place, transmit: Transmit) {
        let bytes = match &mut self.spoil {
            Some(spoil) => spoil(&transmit.bytes),
            None => transmit.bytes,
        };
        if to == "center" {
            let source = self.source_at_center(from);
            return self.center(|center, now| center.handle_bytes(bytes, source, now));
        }
        let phone = &self.phones[to];
        let source = Source {
            transport: phone.transport(),
            local: phone.private,
            remote: CENTER.parse().unwrap(),
            connection: phone.connection,
        };
        self.got.push((to, bytes.clone()));
        self.act(to, |agent, now| agent.handle_bytes(bytes, source, now));
    }

    fn drain(&mut self, name: Place) {
        while let Some(output) = self.phones.get_mut(name).and_then(|phone| phone.agent.poll_output()) {
            match output {
                UserAgentOutput::Transmit(transmit) => {
                    if transmit.remote.to_string() == CENTER {
                        self.send(name, "center", transmit);
                    } else {
                        assert!(self.spoil.is_some(), "{name} goes past the center\n{}", self.log);
                    }
                }
                UserAgentOutput::Session { session, event } => {
                    self.write(&format!("{name}: {}", brief(&event)));
                    self.events.push((name, session, event));
                }
                UserAgentOutput::Request { tx, request, .. } => {
                    self.act(name, |agent, now| {
                        agent.respond_status(tx, &request, sip_message::StatusCode::OK, now);
                    });
                }
                UserAgentOutput::Response { response, .. } => {
                    self.write(&format!("{name}: {}", response.status()));
                }
                UserAgentOutput::Failed { why, .. } => self.write(&format!("{name}: {why:?}")),
                _ => {}
            }
        }
    }

    fn drain_center(&mut self) {
        while let Some(output) = self.center.poll_output() {
            match output {
                UserAgentOutput::Transmit(transmit) => {
                    let to = self.phones.iter().find(|(_, phone)| match transmit.connection {
                        Some(connection) => phone.connection == Some(connection),
                        None => phone.public == transmit.remote,
                    });
                    let to = to.map(|(name, _)| *name);
                    let to = to.or_else(|| (transmit.remote.to_string() == CENTER).then_some("center"));
                    match to {
                        Some(to) => self.send("center", to, transmit),
                        None => assert!(self.spoil.is_some(), "for nobody: {transmit:?}\n{}", self.log),
                    }
                }
                UserAgentOutput::Session { session, event: SessionEvent::Incoming(_) } => {
                    let targets = self.targets();
                    if targets.is_empty() {
                        self.waiting.push(session);
                        continue;
                    }
                    let options = self.options.clone();
                    let now = self.now;
                    self.center.proxy(session, targets, options, now).expect("it can be forwarded");
                }
                UserAgentOutput::Request { tx, request, source } => {
                    let targets = self.targets();
                    let options = self.options.clone();
                    let now = self.now;
                    self.center
                        .proxy_request(tx, request, source, targets, options, now)
                        .expect("it can be forwarded");
                }
                UserAgentOutput::Proxy { session, event } => {
                    let line = match &event {
                        ProxyEvent::Answered { target, response } => {
                            format!("Answered by {target} with {}", response.status())
                        }
                        other => format!("{other:?}"),
                    };
                    self.write(&format!("center: {line}"));
                    self.told.push((session, event));
                }
                UserAgentOutput::Session { session, event } => {
                    assert!(self.waiting.contains(&session), "the center takes part: {event:?}");
                }
                _ => {}
            }
        }
    }

    fn targets(&self) -> Vec<ProxyTarget> {
        self.plan.iter().map(|(name, q)| self.target(name, *q)).collect()
    }

    fn send(&mut self, from: Place, to: Place, transmit: Transmit) {
        let line = summary(&transmit.bytes);
        let doomed =
            self.doomed.iter().position(|(who, beginning)| *who == from && line.starts_with(beginning));
        if let Some(doomed) = doomed {
            self.doomed.remove(doomed);
        }
        let is_udp = transmit.transport == Transport::Udp;
        let lost = doomed.is_some() || (is_udp && self.rng.below(1000) < self.weather.lost);
        let arrow = if lost { "-x" } else { "->" };
        self.write(&format!("{from} {arrow} {to}: {line}"));
        if lost {
            return;
        }
        let copies = if is_udp && self.rng.below(1000) < self.weather.doubled { 2 } else { 1 };
        for _ in 0..copies {
            let spread = if is_udp { self.weather.delay_ms_max * 1000 } else { 0 };
            let delay = 10_000 + self.rng.below(spread + 1);
            self.sent += 1;
            let at = self.now.mono + Duration::from_micros(delay);
            self.packets.insert((at, self.sent), (from, to, transmit.clone()));
        }
    }

    fn write(&mut self, line: &str) {
        let millis = self.now.mono.as_micros() / 1000;
        self.log.push_str(&format!("{millis:>6}  {line}\n"));
    }
}

impl Phone {
    fn transport(&self) -> Transport {
        if self.line == Line::Tcp { Transport::Tcp } else { Transport::Udp }
    }
}

fn brief(event: &SessionEvent) -> String {
    match event {
        SessionEvent::Incoming(arrival) => format!("Incoming {:?}", arrival.offer),
        SessionEvent::Ringing { status, .. } => format!("Ringing {status}"),
        SessionEvent::Answered { sdp, .. } => format!("Answered {sdp:?}"),
        SessionEvent::Refer(referral) => format!("Refer to {}", referral.target),
        SessionEvent::Farewell { .. } => "Farewell".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Method, or status and CSeq method; and the body.
fn summary(bytes: &Bytes) -> String {
    let message = match Message::parse(bytes.clone()) {
        Ok(message) => message,
        Err(error) => return format!("unreadable: {error}"),
    };
    let body = String::from_utf8_lossy(message.body()).into_owned();
    let body = if body.is_empty() { body } else { format!(" [{body}]") };
    match &message {
        Message::Request(request) => format!("{}{body}", request.method()),
        Message::Response(response) => {
            let cseq = response.headers().get(HeaderName::CSeq).map(|value| value.text().into_owned());
            let cseq = cseq.unwrap_or_default();
            format!("{} {}{body}", response.status(), cseq.split(' ').nth(1).unwrap_or_default())
        }
    }
}

/// A request as text.
pub(crate) fn parse(text: &str) -> Request {
    match Message::parse(Bytes::copy_from_slice(text.as_bytes())) {
        Ok(Message::Request(request)) => request,
        other => unreachable!("it is a request: {other:?}"),
    }
}
