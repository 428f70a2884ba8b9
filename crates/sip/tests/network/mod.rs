//! Two user agents and a network between them, in virtual time: it delays, loses, doubles and reorders by a seed, and
//! writes down what happened.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use base::{Duration, IdSource, Instant, Now, Timestamp};
use bytes::Bytes;
use sip::{
    ConnectionId, Destination, EndedBy, Invite, Referral, SessionEvent, SessionId, Source, Transmit,
    Transport, UserAgent, UserAgentConfig, UserAgentOutput,
};
use sip_message::{HeaderName, Message, Method, NameAddr, Uri};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Anna,
    Bert,
}

use Side::{Anna, Bert};

impl Side {
    pub(crate) fn address(self) -> SocketAddr {
        match self {
            Anna => "192.0.2.1:5060".parse().unwrap(),
            Bert => "192.0.2.2:5060".parse().unwrap(),
        }
    }

    pub(crate) fn peer(self) -> Self {
        match self {
            Anna => Bert,
            Bert => Anna,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Anna => "anna",
            Bert => "bert",
        }
    }
}

/// How bad the network is, in thousandths.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    /// Beyond the 10 ms that every packet takes.
    pub(crate) delay_ms_max: u64,
}

/// What becomes of TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Streams {
    #[default]
    Work,
    /// Nobody listens.
    Refused,
    /// Something on the way drops it.
    Swallowed,
}

/// A third party on the way.
pub(crate) type Spoil = Box<dyn FnMut(&Bytes) -> Bytes>;

pub(crate) struct Network {
    pub(crate) now: Now,
    pub(crate) agents: BTreeMap<Side, UserAgent>,
    pub(crate) transport: Transport,
    pub(crate) streams: Streams,
    weather: Weather,
    rng: IdSource,
    packets: BTreeMap<(Instant, u64), (Side, Transmit)>,
    sent: u64,
    /// Streams that did not open, and when their opener hears of it.
    refused: BTreeMap<(Instant, u64), Side>,
    /// What is done to each message on its way.
    pub(crate) spoil: Option<Spoil>,
    was_spoiled: bool,
    /// The next packets of these first lines are lost, whatever the weather.
    doomed: Vec<String>,
    /// Whose messages are lost from now on.
    cut: Option<Side>,
    pub(crate) events: Vec<(Side, SessionId, SessionEvent)>,
    ended: BTreeSet<(Side, SessionId)>,
    /// When and how each leg ended.
    pub(crate) ends: Vec<(Side, SessionId, Instant, EndedBy)>,
    pub(crate) requests: Vec<(Side, sip::ServerTransactionId, Box<sip_message::Request>)>,
    pub(crate) log: String,
}

pub(crate) fn sdp(text: &str) -> Bytes {
    Bytes::from(format!("v=0 {text}"))
}

impl Network {
    pub(crate) fn new(seed: u64, weather: Weather) -> Self {
        let mut config = UserAgentConfig::default();
        config.methods.push(Method::Refer);
        Self::with(seed, weather, config)
    }

    /// Two user agents that behave so.
    pub(crate) fn with(seed: u64, weather: Weather, config: UserAgentConfig) -> Self {
        let mut rng = IdSource::new(seed);
        let agents =
            [Anna, Bert].into_iter().map(|side| (side, UserAgent::new(config.clone(), rng.fork()))).collect();
        Self {
            now: Now { mono: Instant::START, utc: Timestamp::from_millis(1_800_000_000_000) },
            agents,
            transport: Transport::Udp,
            streams: Streams::Work,
            weather,
            rng,
            packets: BTreeMap::new(),
            sent: 0,
            refused: BTreeMap::new(),
            spoil: None,
            was_spoiled: false,
            doomed: Vec::new(),
            cut: None,
            events: Vec::new(),
            ended: BTreeSet::new(),
            ends: Vec::new(),
            requests: Vec::new(),
            log: String::new(),
        }
    }

    /// A call that is up, whatever the weather. What led to it is not in the log.
    pub(crate) fn established(seed: u64, weather: Weather) -> (Self, SessionId, SessionId) {
        Self::new(seed, weather).establish()
    }

    /// The same between these two.
    pub(crate) fn establish(mut self) -> (Self, SessionId, SessionId) {
        let call = self.call(Anna);
        while !self.events.iter().any(|(side, _, _)| *side == Bert) {
            self.run_ms(20);
        }
        let leg = self.arrived(Bert);
        self.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
        self.run_ms(80);
        while !self.events.iter().any(|(_, _, event)| matches!(event, SessionEvent::Acked { .. })) {
            self.run_ms(100);
        }
        self.log.clear();
        (self, call, leg)
    }

    /// Runs until nothing is left, and returns what happened.
    pub(crate) fn finish(mut self) -> String {
        let idle = self.run_out(Duration::from_secs(600));
        for (side, agent) in &self.agents {
            assert!(idle, "{side:?} holds {:?}\n{}", agent.snapshot(), self.log);
        }
        self.log
    }

    /// Loses the next message whose first line begins so.
    pub(crate) fn lose(&mut self, beginning: &str) {
        self.doomed.push(beginning.to_owned());
    }

    /// Loses everything that one side sends from now on.
    pub(crate) fn cut(&mut self, side: Side) {
        self.cut = Some(side);
    }

    pub(crate) fn call(&mut self, from: Side) -> SessionId {
        let invite = invite(from, self.transport);
        self.act(from, |agent, now| agent.invite(invite, now)).expect("it can be written")
    }

    /// The same, after a change.
    pub(crate) fn call_with(&mut self, from: Side, change: impl FnOnce(&mut Invite)) -> SessionId {
        let mut invite = invite(from, self.transport);
        change(&mut invite);
        self.act(from, |agent, now| agent.invite(invite, now)).expect("it can be written")
    }

    /// Lets one side do something, and takes what it says.
    pub(crate) fn act<T>(&mut self, side: Side, act: impl FnOnce(&mut UserAgent, Now) -> T) -> T {
        let agent = self.agents.get_mut(&side).expect("there are two");
        let result = act(agent, self.now);
        self.drain(side);
        result
    }

    /// Runs for this long.
    pub(crate) fn run_ms(&mut self, millis: u64) {
        self.run_until(self.now.mono + Duration::from_millis(millis));
    }

    /// Runs until neither packets nor deadlines are left, or the limit is reached. Returns whether both are idle.
    pub(crate) fn run_out(&mut self, limit: Duration) -> bool {
        self.run_until(self.now.mono + limit);
        self.packets.is_empty() && self.agents.values().all(UserAgent::is_idle)
    }

    /// The session that has just come in at a side.
    pub(crate) fn arrived(&self, side: Side) -> SessionId {
        self.events
            .iter()
            .rev()
            .find(|(at, _, event)| *at == side && matches!(event, SessionEvent::Incoming(_)))
            .map(|(_, session, _)| *session)
            .expect("a call has come in")
    }

    fn step(&mut self, limit: Instant) -> bool {
        let packet = self.packets.keys().next().map(|(at, _)| *at);
        let refusal = self.refused.keys().next().map(|(at, _)| *at);
        let timeout = self.agents.values().filter_map(UserAgent::poll_timeout).min();
        let next = [packet, refusal, timeout].into_iter().flatten().min();
        let Some(next) = next.filter(|next| *next <= limit) else {
            let left = limit.since(self.now.mono);
            self.now = self.now.after(left);
            return false;
        };
        self.now = self.now.after(next.since(self.now.mono));
        if packet == Some(next) {
            let ((_, _), (from, transmit)) = self.packets.pop_first().expect("it was seen");
            self.deliver(from, transmit);
        }
        if refusal == Some(next) {
            let ((_, number), side) = self.refused.pop_first().expect("it was seen");
            let (remote, connection) = (side.peer().address(), Some(ConnectionId(number)));
            self.act(side, |agent, now| agent.handle_transport_error(remote, connection, now));
        }
        for side in [Anna, Bert] {
            if self.agents[&side].poll_timeout().is_some_and(|at| at <= next) {
                self.act(side, |agent, now| agent.handle_timeout(now));
            }
        }
        true
    }

    fn run_until(&mut self, limit: Instant) {
        while self.step(limit) {}
    }

    fn deliver(&mut self, from: Side, transmit: Transmit) {
        let to = from.peer();
        let source = Source {
            transport: transmit.transport,
            local: to.address(),
            remote: from.address(),
            // There is one between the two, once there is one.
            connection: (transmit.transport != Transport::Udp).then_some(ConnectionId(0)),
        };
        let bytes = match &mut self.spoil {
            Some(spoil) => spoil(&transmit.bytes),
            None => transmit.bytes,
        };
        self.act(to, |agent, now| agent.handle_bytes(bytes, source, now));
    }

    fn drain(&mut self, side: Side) {
        while let Some(output) = self.agents.get_mut(&side).and_then(UserAgent::poll_output) {
            match output {
                UserAgentOutput::Transmit(transmit) => self.send(side, transmit),
                UserAgentOutput::Session { session, event } => self.note(side, session, event),
                UserAgentOutput::Request { tx, request, .. } => self.requests.push((side, tx, request)),
                UserAgentOutput::Response { .. }
                | UserAgentOutput::Failed { .. }
                | UserAgentOutput::Subscription { .. }
                | UserAgentOutput::Registration { .. }
                | UserAgentOutput::Proxy { .. }
                | UserAgentOutput::Trace(_) => {}
            }
        }
    }

    fn send(&mut self, side: Side, transmit: Transmit) {
        // A spoiled Contact or Via may name anybody.
        assert!(
            transmit.remote == side.peer().address() || self.spoil.is_some() || self.was_spoiled,
            "a message for nobody"
        );
        self.was_spoiled |= self.spoil.is_some();
        let line = summary(&transmit.bytes);
        let doomed = self.doomed.iter().position(|beginning| line.starts_with(beginning));
        if let Some(doomed) = doomed {
            self.doomed.remove(doomed);
        }
        let has_way = transmit.transport == Transport::Udp || self.streams == Streams::Work;
        if !has_way && self.streams == Streams::Refused {
            self.sent += 1;
            self.refused.insert((self.now.mono + Duration::from_millis(20), self.sent), side);
        }
        let lost = doomed.is_some()
            || !has_way
            || self.cut == Some(side)
            || transmit.remote != side.peer().address()
            || (transmit.transport == Transport::Udp && self.rng.below(1000) < self.weather.lost);
        let arrow = if lost { "-x " } else { "-> " };
        let stream = if transmit.transport == self.transport { "" } else { "by stream " };
        self.write(&format!("{} {arrow}{}: {stream}{line}", side.name(), side.peer().name()));
        if lost {
            return;
        }
        let copies = if self.rng.below(1000) < self.weather.doubled { 2 } else { 1 };
        for _ in 0..copies {
            let delay = 10_000 + self.rng.below(self.weather.delay_ms_max * 1000 + 1);
            self.sent += 1;
            let at = self.now.mono + Duration::from_micros(delay);
            self.packets.insert((at, self.sent), (side, transmit.clone()));
        }
    }

    fn note(&mut self, side: Side, session: SessionId, event: SessionEvent) {
        assert!(!self.ended.contains(&(side, session)), "{side:?} hears {event:?} after the end");
        let line = match &event {
            SessionEvent::Incoming(arrival) => format!("Incoming {:?}", arrival.offer),
            SessionEvent::Ended(by) => {
                self.ended.insert((side, session));
                self.ends.push((side, session, self.now.mono, by.clone()));
                format!("Ended {by:?}")
            }
            SessionEvent::Ringing { status, sdp, fork: 0, .. } => {
                format!("Ringing {{ status: {status:?}, sdp: {sdp:?} }}")
            }
            SessionEvent::Refer(referral) => {
                let Referral { target, replaced, wants_news, .. } = &**referral;
                format!("Refer to {target}, replaces one of ours: {}, news: {wants_news}", replaced.is_some())
            }
            SessionEvent::Answered { sdp, .. } => format!("Answered {{ sdp: {sdp:?} }}"),
            other => format!("{other:?}"),
        };
        self.write(&format!("{}: {line}", side.name()));
        self.events.push((side, session, event));
    }

    /// How many sessions have ended at a side.
    pub(crate) fn ended(&self, side: Side) -> usize {
        self.ended.iter().filter(|(at, _)| *at == side).count()
    }

    fn write(&mut self, line: &str) {
        let millis = self.now.mono.as_micros() / 1000;
        self.log.push_str(&format!("{millis:>6}  {line}\n"));
    }
}

pub(crate) fn invite(from: Side, transport: Transport) -> Invite {
    let uri = |side: Side| Uri::parse(format!("sip:{}@{}", side.name(), side.address()).as_bytes()).unwrap();
    Invite {
        target: uri(from.peer()),
        destination: Destination {
            transport,
            local: from.address(),
            remote: from.peer().address(),
            connection: None,
        },
        from: NameAddr::new(uri(from)),
        to: NameAddr::new(uri(from.peer())),
        contact: uri(from),
        routes: Vec::new(),
        headers: Vec::new(),
        offer: Some(sdp("offer")),
        credentials: None,
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
