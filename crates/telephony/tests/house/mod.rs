//! Telephony without a network: messages go in as text and come out as text, time is moved.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each of the tests uses a part of it")]

use base::{Duration, IdSource, Now, SecretSource};
use browser_peer::{Door, Pairing};
use bytes::Bytes;
use model::{EndCause, LegCommand, LegEvent, LegId, Party, SipUser, Target, TrunkView};
use sip::{Credentials, Destination, DigestSecret, Source, Transport};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use telephony::{Codec, Input, Output, PortFailure, Protection, Settings, Telephony, Trunk};

pub const CARRIER: &str = "198.51.100.5:5060";
pub const US: &str = "192.0.2.1:5060";

/// Telephony in virtual time, and what came out of it.
pub struct House {
    pub telephony: Telephony,
    pub now: Now,
    pub ids: IdSource,
    /// What was sent, as text.
    pub sent: Vec<String>,
    /// What the operator reads.
    pub log: Vec<String>,
    pub ended: BTreeMap<LegId, EndCause>,
    requests: u32,
    /// What the name service says; for others their own address.
    pub names: BTreeMap<String, Result<Vec<Destination>, String>>,
    /// How each trunk was last shown.
    pub trunks: BTreeMap<String, TrunkView>,
    /// What legs told of ringing and answers.
    pub told: Vec<LegEvent>,
    /// What legs told of who is not heard, or does not hear.
    pub ways: Vec<LegEvent>,
    /// Limits that turned calls away, and how many.
    pub limits: Vec<(String, u32)>,
    /// The last call that came.
    pub arrived: Option<LegId>,
    /// Where each message of `sent` went.
    pub sent_to: Vec<SocketAddr>,
    /// The browsers that ports were given, in order.
    pub pairings: Vec<(media::PortId, Pairing)>,
    /// How much the sound graph had been told before the last of them.
    pub paired_at: Option<usize>,
    /// What the sound graph was told.
    pub sound: Vec<media::Command>,
    /// How the sound of legs was that have ended.
    pub quality: BTreeMap<LegId, Option<model::Quality>>,
    /// The messages of legs' stories.
    pub ladder: Vec<String>,
    /// The ports that were opened, with their groups.
    pub opened: Vec<(media::PortId, u64)>,
    /// Why no port can be opened, if none can.
    pub port_failure: Option<PortFailure>,
}

impl House {
    pub fn new(protection: Protection) -> Self {
        let carrier = Trunk {
            accept_from: vec!["198.51.100.0/24".parse().expect("a block")],
            send_to: Some(CARRIER.parse().expect("a carrier's address")),
            prefixes: vec!["9".to_owned()],
            ..Trunk::new("carrier".into())
        };
        Self::with(vec![carrier], protection)
    }

    /// One with these trunks.
    pub fn with(trunks: Vec<Trunk>, protection: Protection) -> Self {
        let settings = Self::settings(trunks, protection);
        Self {
            telephony: Telephony::new(settings, IdSource::new(1), SecretSource::fixed(1)),
            now: Now::default().after(Duration::from_secs(3600)),
            ids: IdSource::new(2),
            sent: Vec::new(),
            log: Vec::new(),
            ended: BTreeMap::new(),
            requests: 0,
            names: BTreeMap::new(),
            trunks: BTreeMap::new(),
            told: Vec::new(),
            ways: Vec::new(),
            limits: Vec::new(),
            arrived: None,
            sent_to: Vec::new(),
            pairings: Vec::new(),
            paired_at: None,
            sound: Vec::new(),
            quality: BTreeMap::new(),
            ladder: Vec::new(),
            opened: Vec::new(),
            port_failure: None,
        }
    }

    pub fn settings(trunks: Vec<Trunk>, protection: Protection) -> Settings {
        let secret = |user: &str| (SipUser::new(user), DigestSecret::new(user, "hotline.test", "secret"));
        Settings {
            domain: "hotline.test".to_owned(),
            address: address(US),
            media_address: address(US).ip(),
            phones: BTreeMap::from([secret("1001"), secret("1002"), secret("1003")]),
            trunks,
            redirects: telephony::Redirects::Outside,
            calls_out: [SipUser::new("1002")].into(),
            codecs: Codec::ALL.to_vec(),
            phone_codecs: BTreeMap::new(),
            srtp: telephony::SrtpRule::Offered,
            phone_srtp: BTreeMap::new(),
            direct_media: Default::default(),
            emergency_trunks: Vec::new(),
            protection,
            register_max: Duration::from_secs(3600),
        }
    }

    pub fn feed(&mut self, input: Input) {
        self.telephony.handle(input, self.now);
        self.drain();
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.telephony.poll_output() {
            match output {
                Output::Send(transmit) => {
                    self.sent_to.push(transmit.remote);
                    self.sent.push(String::from_utf8_lossy(&transmit.bytes).into_owned());
                }
                Output::OpenPort { port, group } => {
                    self.opened.push((port, group));
                    let input = match self.port_failure {
                        Some(why) => Input::PortFailed { port, why },
                        None => Input::PortOpened { port, address: address(US), door: Some(door()) },
                    };
                    self.telephony.handle(input, self.now);
                }
                Output::News(what) | Output::Alarm(what) | Output::Trouble(what) => self.log.push(what),
                Output::Resolve { address } => {
                    let found = self.names.get(&address.to_string()).cloned().unwrap_or_else(|| {
                        let ip = address.ip().ok_or_else(|| "there is no such name".to_owned())?;
                        Ok(vec![place(SocketAddr::new(ip, address.port.unwrap_or(5060)))])
                    });
                    let good_for = Duration::from_secs(300);
                    self.telephony.handle(Input::Resolved { address, found, good_for }, self.now);
                }
                Output::Trunk(view) => {
                    self.trunks.insert(view.id.to_string(), *view);
                }
                Output::TrunkGone(trunk) => {
                    self.trunks.remove(trunk.as_str());
                }
                Output::Leg(event @ (LegEvent::Ringing { .. } | LegEvent::Answered { .. })) => {
                    self.told.push(event);
                }
                Output::Leg(event @ (LegEvent::OneWay { .. } | LegEvent::WayRestored { .. })) => {
                    self.ways.push(event);
                }
                Output::Leg(LegEvent::LimitReached { limit, calls }) => {
                    self.limits.push((limit.to_string(), calls));
                }
                Output::Leg(LegEvent::Arrived { leg, .. }) => self.arrived = Some(leg),
                Output::Leg(LegEvent::Ended { leg, cause, quality }) => {
                    self.ended.insert(leg, cause);
                    self.quality.insert(leg, quality);
                }
                Output::Media(command) => self.sound.push(command),
                Output::Pair { port, pairing } => {
                    self.paired_at = Some(self.sound.len());
                    self.pairings.push((port, pairing));
                }
                Output::Ladder(message) => self.ladder.push(message.text),
                Output::Leg(_)
                | Output::RecordingBegins { .. }
                | Output::RecordingMark { .. }
                | Output::Unpair { .. }
                | Output::Registration { .. }
                | Output::Bindings { .. } => {}
            }
        }
    }

    pub fn hears(&mut self, from: &str, text: &str) {
        let source =
            Source { transport: Transport::Udp, local: address(US), remote: address(from), connection: None };
        self.feed(Input::Message { bytes: Bytes::copy_from_slice(text.as_bytes()), source });
    }

    pub fn passes(&mut self, time: Duration) {
        let end = self.now.mono + time;
        while let Some(due) = self.telephony.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.after(due.since(self.now.mono));
            self.feed(Input::Timeout);
        }
        self.now = self.now.after(end.since(self.now.mono));
    }

    /// The status of the last answer.
    pub fn status(&self) -> String {
        self.sent.last().and_then(|sent| sent.split(' ').nth(1)).unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> String {
        let last = self.sent.last().map(String::as_str).unwrap_or_default();
        let line = last.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_default().to_owned()
    }

    /// Registers with a password, as a phone does: repeats what is not answered. Returns the last status.
    pub fn registers(&mut self, from: &str, user: &str, password: &str) -> String {
        self.proves(from, "REGISTER", "sip:hotline.test", user, password, |more| register(user, more))
    }

    /// Sends a request, and again with what a challenge wants. Returns the last status.
    pub fn proves(
        &mut self,
        from: &str,
        method: &str,
        uri: &str,
        user: &str,
        password: &str,
        write: impl Fn(&str) -> String,
    ) -> String {
        let answered = |house: &mut Self, text: &str| {
            house.requests += 1;
            let text = fresh(text, house.requests);
            let before = house.answers();
            while house.answers() == before {
                house.hears(from, &text);
                house.now = house.now.after(Duration::from_millis(500));
            }
        };
        answered(self, &write(""));
        let challenges: Vec<_> = self
            .last_answer()
            .lines()
            .filter_map(|line| {
                line.strip_prefix("WWW-Authenticate: ").or_else(|| line.strip_prefix("Proxy-Authenticate: "))
            })
            .map(str::to_owned)
            .collect();
        let Some(mut digest) =
            Credentials::new(user, "hotline.test", password).answer(challenges.iter().map(String::as_str))
        else {
            return self.status();
        };
        let credentials = digest.authorize(method, uri, &mut self.ids);
        let header = if method == "REGISTER" { "Authorization" } else { "Proxy-Authorization" };
        answered(self, &write(&format!("{header}: {credentials}\r\n")));
        self.last_answer().split(' ').nth(1).unwrap_or_default().to_owned()
    }

    fn answers(&self) -> usize {
        self.sent.iter().filter(|sent| sent.starts_with("SIP/2.0 ")).count()
    }

    fn last_answer(&self) -> String {
        self.sent.iter().rev().find(|sent| sent.starts_with("SIP/2.0 ")).cloned().expect("an answer")
    }

    /// A phone's call to a number outside: the leg if it goes out, or why not.
    pub fn calls_outside(&mut self, user: &str, number: &str) -> Result<LegId, EndCause> {
        let leg = LegId::generate(&mut self.ids);
        let charged = Some(user).filter(|user| !user.is_empty()).map(SipUser::new);
        let caller = Party::number("1001");
        let sent = self.sent.len();
        self.feed(Input::Command(LegCommand::Dial {
            leg,
            target: Target::Number(number.to_owned()),
            caller,
            beside: None,
            ring: Duration::from_secs(30),
            charged: charged.clone(),
            follows: false,
        }));
        if self.sent.get(sent).is_some_and(|sent| sent.starts_with("INVITE ")) {
            return Ok(leg);
        }
        self.passes(Duration::from_secs(3));
        Err(self.ended.remove(&leg).expect("it is over"))
    }
}

/// Where somebody is who is reached over UDP.
pub fn place(remote: SocketAddr) -> Destination {
    Destination { transport: Transport::Udp, local: address(US), remote, connection: None }
}

pub fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub fn request(method: &str, uri: &str, from: &str, to: &str, more: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP a.test;rport;branch=z9hG4bK\r\nMax-Forwards: 70\r\n\
         From: <sip:{from}@hotline.test>;tag=1\r\nTo: <sip:{to}@hotline.test>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n\
         {more}Content-Length: 0\r\n\r\n"
    )
}

/// The same as a request of its own.
pub fn fresh(text: &str, n: u32) -> String {
    text.replace("z9hG4bK", &format!("z9hG4bK{n}x")).replace("Call-ID: c", &format!("Call-ID: c{n}"))
}

pub fn register(user: &str, more: &str) -> String {
    let contact = format!("Contact: <sip:{user}@a.test>\r\nExpires: 3600\r\nUser-Agent: Phone\r\n{more}");
    request("REGISTER", "sip:hotline.test", user, user, &contact)
}

/// An answer to a request of ours, as text.
pub fn answer(text: &str, status: u16, sdp: &str) -> String {
    let message = sip_message::Message::parse(Bytes::copy_from_slice(text.as_bytes()));
    let Ok(sip_message::Message::Request(request)) = message else { panic!("{text} is no request") };
    let mut answer = request.answer(sip_message::StatusCode::new(status).expect("a status")).to_tag("peer");
    if !sdp.is_empty() {
        answer =
            answer.header("Contact", "<sip:192.0.2.8:5060>").body("application/sdp", sdp.as_bytes().to_vec());
    }
    String::from_utf8(answer.build().expect("an answer").to_bytes().to_vec()).expect("text")
}

/// Where browsers come to.
pub fn door() -> Door {
    Door { address: address("192.0.2.1:40000"), fingerprint: [0xab; 32] }
}
