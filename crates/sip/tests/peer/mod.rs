//! One user agent and a peer that writes its messages by hand.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use base::{Duration, IdSource, Instant, Now, Timestamp};
use bytes::Bytes;
use sip::{
    ConnectionId, Credentials, Destination, Invite, RegistrationEvent, SessionEvent, SessionId, Source,
    SubscriptionEvent, SubscriptionId, Transport, UserAgent, UserAgentConfig, UserAgentOutput,
};
use sip_message::{HeaderName, Message, NameAddr, Request, StatusCode, Uri};

/// Our user agent as its peer sees it.
pub(crate) struct Peer {
    pub(crate) agent: UserAgent,
    pub(crate) now: Now,
    pub(crate) source: Source,
    pub(crate) sent: Vec<String>,
    pub(crate) went_to: Vec<String>,
    pub(crate) connections: Vec<Option<ConnectionId>>,
    pub(crate) traced: Vec<String>,
    pub(crate) session: Option<SessionId>,
    pub(crate) asked: Option<(sip::ServerTransactionId, Box<Request>)>,
    pub(crate) subscription: Option<SubscriptionId>,
    pub(crate) kept: Vec<String>,
    /// Every event since somebody cleared it.
    pub(crate) told: Vec<String>,
}

impl Peer {
    pub(crate) fn new(config: UserAgentConfig) -> Self {
        Self {
            agent: UserAgent::new(config, IdSource::new(1)),
            now: Now { mono: Instant::START, utc: Timestamp::from_millis(1_800_000_000_000) },
            source: Source {
                transport: Transport::Udp,
                local: "192.0.2.1:5060".parse().unwrap(),
                remote: "192.0.2.2:5060".parse().unwrap(),
                connection: None,
            },
            sent: Vec::new(),
            went_to: Vec::new(),
            connections: Vec::new(),
            traced: Vec::new(),
            session: None,
            asked: None,
            subscription: None,
            kept: Vec::new(),
            told: Vec::new(),
        }
    }

    /// With a call that we have answered.
    pub(crate) fn established() -> Self {
        let mut peer = Self::new(UserAgentConfig::default());
        peer.establish();
        peer
    }

    /// Makes the call, and has us answer it.
    pub(crate) fn establish(&mut self) {
        self.receive(&request("INVITE", ""));
        self.agent.answer(self.session.unwrap(), Bytes::from_static(b"v=0"), self.now);
        self.drain();
        let ack = self.inside("ACK", 1, "");
        assert_eq!(self.receive(&ack), ["Acked { sdp: None }"]);
    }

    /// A request of the peer in the call that we have answered.
    pub(crate) fn inside(&self, method: &str, number: u32, sdp: &str) -> String {
        let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let tag = tag_of(
            self.sent
                .iter()
                .find(|sent| sent.contains("INVITE\r\n") && sent.starts_with("SIP/2.0 200"))
                .unwrap(),
        );
        request(method, kind)
            .replace("To: <sip:4000@192.0.2.1>", &format!("To: <sip:4000@192.0.2.1>;tag={tag}"))
            .replace("z9hG4bK1", &format!("z9hG4bK{method}{number}"))
            .replace("CSeq: 1 ", &format!("CSeq: {number} "))
            .replace("Content-Length: 0\r\n\r\n", &format!("Content-Length: {}\r\n\r\n{sdp}", sdp.len()))
    }

    pub(crate) fn receive(&mut self, text: &str) -> Vec<String> {
        self.agent.handle_bytes(Bytes::copy_from_slice(text.as_bytes()), self.source, self.now);
        self.drain()
    }

    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now.mono + duration;
        while let Some(at) = self.agent.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.after(at.since(self.now.mono));
            self.agent.handle_timeout(self.now);
            self.drain();
        }
        self.now = self.now.after(end.since(self.now.mono));
    }

    pub(crate) fn call(&mut self, credentials: Option<Credentials>) -> SessionId {
        self.call_with(|invite| invite.credentials = credentials)
    }

    pub(crate) fn call_with(&mut self, change: impl FnOnce(&mut Invite)) -> SessionId {
        let uri = |text: &str| Uri::parse(text.as_bytes()).unwrap();
        let mut invite = Invite {
            target: uri("sip:bob@192.0.2.2"),
            destination: Destination::from(self.source),
            from: NameAddr::new(uri("sip:4000@192.0.2.1")),
            to: NameAddr::new(uri("sip:bob@192.0.2.2")),
            contact: uri("sip:4000@192.0.2.1"),
            routes: Vec::new(),
            headers: Vec::new(),
            offer: Some(Bytes::from_static(b"v=0")),
            credentials: None,
        };
        change(&mut invite);
        let session = self.agent.invite(invite, self.now).unwrap();
        self.drain();
        session
    }

    /// Takes what was said; returns the events.
    pub(crate) fn drain(&mut self) -> Vec<String> {
        let mut events = Vec::new();
        while let Some(output) = self.agent.poll_output() {
            match output {
                UserAgentOutput::Transmit(transmit) => {
                    self.sent.push(String::from_utf8(transmit.bytes.to_vec()).unwrap());
                    self.went_to.push(transmit.remote.to_string());
                    self.connections.push(transmit.connection);
                }
                UserAgentOutput::Session { session, event } => {
                    self.session = Some(session);
                    events.push(match event {
                        SessionEvent::Incoming(_) => "Incoming".to_owned(),
                        SessionEvent::Answered { sdp, .. } => match sdp {
                            Some(sdp) => format!("Answered {:?}", String::from_utf8_lossy(&sdp)),
                            None => "Answered".to_owned(),
                        },
                        SessionEvent::Ringing { status, sdp, fork, .. } => {
                            let sdp = sdp.map(|sdp| String::from_utf8_lossy(&sdp).into_owned());
                            format!("Ringing {status} from {fork} {}", sdp.unwrap_or_default())
                                .trim_end()
                                .to_owned()
                        }
                        other => format!("{other:?}"),
                    });
                }
                UserAgentOutput::Request { tx, request, .. } => {
                    events.push(format!("Request {}", request.method()));
                    self.asked = Some((tx, request));
                }
                UserAgentOutput::Subscription { subscription, event } => {
                    self.subscription = Some(subscription);
                    events.push(match event {
                        SubscriptionEvent::Asked(asked) => {
                            let once = if asked.once { " once" } else { "" };
                            format!("asked {}{once}", asked.package)
                        }
                        SubscriptionEvent::Ended(why) => format!("ended {why:?}"),
                    });
                }
                UserAgentOutput::Registration { event, .. } => events.push(match event {
                    RegistrationEvent::Registered { expires, service_route } => {
                        let route = service_route.first().map(|route| route.uri().to_string());
                        let route = route.unwrap_or_else(|| "nobody".to_owned());
                        format!("registered {} s by {route}", expires.as_secs())
                    }
                    RegistrationEvent::Failed { why, again_in } => {
                        format!("failed {why:?}, again in {}", again_in.as_secs())
                    }
                    RegistrationEvent::Gone => "gone".to_owned(),
                }),
                UserAgentOutput::Trace(trace) => {
                    let way = if trace.sent { "sent" } else { "received" };
                    self.traced.push(format!("{way} {}", headline(&String::from_utf8_lossy(&trace.bytes))));
                }
                other => events.push(format!("{other:?}")),
            }
        }
        self.told.extend(events.iter().cloned());
        events
    }
}

pub(crate) fn request(method: &str, headers: &str) -> String {
    format!(
        "{method} sip:4000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
         From: <sip:a@192.0.2.2>;tag=1\r\nTo: <sip:4000@192.0.2.1>\r\nCall-ID: call-1\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:a@192.0.2.2>\r\n{headers}Content-Length: 0\r\n\r\n"
    )
}

/// The answer of a phone called bob to a request of ours.
pub(crate) fn answer(request: &str, status: &str, tag: &str) -> String {
    let Ok(Message::Request(request)) = Message::parse(Bytes::copy_from_slice(request.as_bytes())) else {
        unreachable!("we sent a request")
    };
    let (code, _) = status.split_once(' ').unwrap();
    let response = request
        .answer(StatusCode::new(code.parse().unwrap()).unwrap())
        .to_tag(tag)
        .header(HeaderName::Contact, "<sip:bob@192.0.2.9:5080>")
        .build()
        .unwrap();
    String::from_utf8(response.to_bytes().to_vec()).unwrap()
}

/// Method, or status and reason.
pub(crate) fn headline(message: &str) -> String {
    let line = message.lines().next().unwrap();
    line.strip_prefix("SIP/2.0 ").map_or_else(|| line.split(' ').next().unwrap().to_owned(), str::to_owned)
}

pub(crate) fn to_line(message: &str) -> &str {
    message.lines().find(|line| line.starts_with("To:")).unwrap()
}

pub(crate) fn to_tag(message: &str) -> &str {
    to_line(message).rsplit_once("tag=").unwrap().1
}

pub(crate) fn tag_of(response: &str) -> String {
    to_tag(response).to_owned()
}

/// The same with further headers and a description.
pub(crate) fn answer_with(request: &str, status: &str, tag: &str, headers: &str, sdp: &str) -> String {
    let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let length = format!("{headers}{kind}Content-Length: {}\r\n\r\n{sdp}", sdp.len());
    answer(request, status, tag).replace("Content-Length: 0\r\n\r\n", &length)
}
