//! Who is kept out, what is shed and what calls outside may cost, with messages as they come from the wire.

use base::{Duration, IdSource, Now, SecretSource};
use bytes::Bytes;
use guard::{Pressure, TollLimits};
use model::{EndCause, KeptOutWhat, LegCommand, LegEvent, LegId, Party, SipUser, Target};
use sip::{Credentials, DigestSecret, Source, Transport};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use telephony::{Input, Output, Protection, Settings, Telephony, Trunk};

#[test]
fn a_scanner_is_answered_nothing_and_its_phone_next_door_everything() {
    let mut house = House::new(Protection::default());
    house.hears(SCANNER, &options("friendly-scanner"));
    assert!(house.sent.is_empty());
    assert_eq!(
        house.log,
        [
            "203.0.113.9 calls itself friendly-scanner, a scanner; nothing from there over UDP is looked at for 10 min"
        ]
    );
    house.hears(SCANNER, &options("Phone"));
    assert!(house.sent.is_empty());
    // Its answer is larger than the question, and waits for the repetition.
    house.hears("203.0.113.10:5060", &options("Phone"));
    assert!(house.sent.is_empty());
    house.hears("203.0.113.10:5060", &options("Phone"));
    assert_eq!(house.status(), "200");
    let [kept_out] = &house.telephony.kept_out(house.now)[..] else { panic!("one is kept out") };
    assert_eq!((kept_out.address.to_string().as_str(), &kept_out.what), ("203.0.113.9", &KeptOutWhat::Udp));
    assert!(house.telephony.let_in(kept_out.address, house.now));
    house.drain();
    assert_eq!(house.log.last().map(String::as_str), Some("203.0.113.9 is heard again"));
    assert!(house.telephony.kept_out(house.now).is_empty());
}

#[test]
fn ten_wrong_passwords_lock_out_the_guesser_whom_the_operator_may_let_in() {
    let mut house = House::new(Protection::default());
    for _ in 0..11 {
        assert_eq!(house.registers(SCANNER, "1001", "guess"), "403");
    }
    assert_eq!(house.registers(SCANNER, "1001", "secret"), "403");
    assert_eq!(house.registers(PHONE, "1001", "secret"), "200");
    let [kept_out] = &house.telephony.kept_out(house.now)[..] else { panic!("one is kept out") };
    assert_eq!(kept_out.what, KeptOutWhat::User("1001".to_owned()));
    assert_eq!(kept_out.until.since(kept_out.since).as_secs(), 900);
    assert!(house.telephony.let_in(kept_out.address, house.now));
    assert_eq!(house.registers(SCANNER, "1001", "secret"), "200");
}

#[test]
fn whoever_asks_for_user_after_user_is_kept_out_wholly() {
    let mut house = House::new(Protection::default());
    for user in 2000..2008 {
        assert_eq!(house.registers(SCANNER, &user.to_string(), "secret"), "403");
    }
    let sent = house.sent.len();
    house.hears(SCANNER, &register("1001", ""));
    assert_eq!(house.sent.len(), sent);
    assert_eq!(house.telephony.kept_out(house.now)[0].what, KeptOutWhat::Everything);
}

#[test]
fn a_stranger_gets_no_more_bytes_than_it_sent() {
    let mut house = House::new(Protection::default());
    let mut came = 0;
    for n in 0..50 {
        // Each is a request of its own, from an address that may be made up.
        house.now = house.now.after(Duration::from_millis(200));
        let text = fresh(&register("1001", ""), n);
        came += text.len();
        house.hears(SCANNER, &text);
        let went: usize = house.sent.iter().map(|sent| sent.len()).sum();
        assert!(went <= came, "{went} bytes for {came}");
    }
    assert!(house.sent.len() > 20, "{}", house.sent.len());
    assert!(house.sent.iter().all(|sent| sent.starts_with("SIP/2.0 401 ")));
}

#[test]
fn under_pressure_new_calls_are_asked_to_come_later_and_a_registered_phone_is_refreshed() {
    let protection = Protection { emergency: vec!["112".to_owned()], ..Protection::default() };
    let mut house = House::new(protection);
    assert_eq!(house.registers(PHONE, "1001", "secret"), "200");
    while house.telephony.guarded().1.severity < 2500 {
        house.now = house.now.after(Duration::from_millis(20));
        let oldest = Duration::from_secs(1);
        house.feed(Input::Pressure(Pressure { oldest, waiting: 9 }));
    }
    assert_eq!(
        house.log,
        [
            "there is more to do than can be done: a message waited 1000 ms, 9 wait; strangers and new calls are asked to come later"
        ]
    );
    for _ in 0..2 {
        house.hears(SCANNER, &options("Phone"));
    }
    assert_eq!(house.status(), "503");
    house.hears(PHONE, &invite("1001", "1002"));
    assert_eq!(house.status(), "503");
    let retry = house.header("Retry-After").parse::<u32>().expect("seconds");
    assert!((5..=20).contains(&retry), "{retry}");
    // Half of what carriers bring is shed: a hundred calls, of which some come through.
    let mut answers = BTreeMap::new();
    for n in 0..100 {
        house.hears(CARRIER, &fresh(&invite("+49", "4000"), n));
        house.passes(Duration::from_millis(300));
        *answers.entry(house.status()).or_insert(0) += 1;
    }
    let (shed, taken) = (answers["503"], answers["100"]);
    assert!(shed + taken == 100 && (30..70).contains(&shed), "{answers:?}");
    house.hears(PHONE, &fresh(&invite("1001", "112"), 999));
    assert_eq!(house.status(), "407", "an emergency is heard");
    assert_eq!(house.registers(PHONE, "1001", "secret"), "200", "a refresh");
}

#[test]
fn a_copy_of_a_call_that_was_let_in_is_not_turned_away() {
    let mut house = House::new(Protection::default());
    let call = invite("+49", "4000");
    house.hears(CARRIER, &call);
    house.passes(Duration::from_millis(300));
    assert_eq!(house.status(), "100");
    for _ in 0..200 {
        house.now = house.now.after(Duration::from_millis(20));
        house.feed(Input::Pressure(Pressure { oldest: Duration::from_secs(9), waiting: 9 }));
    }
    house.sent.clear();
    house.hears(CARRIER, &call);
    assert_eq!(house.status(), "100");
    house.hears(CARRIER, &fresh(&call, 1));
    assert_eq!(house.status(), "503");
}

#[test]
fn a_phone_calls_outside_as_often_as_it_may_and_the_operator_hears_once_that_it_wants_more() {
    let toll = TollLimits { at_once: 1, forbidden: vec!["90900".to_owned()], ..TollLimits::default() };
    let toll_of =
        BTreeMap::from([(SipUser::new("1002"), TollLimits { at_once: 2, ..TollLimits::default() })]);
    let mut house = House::new(Protection { toll, toll_of, ..Protection::default() });
    let first = house.calls_outside("1001", "9123").expect("it may");
    for _ in 0..3 {
        assert_eq!(house.calls_outside("1001", "9123"), Err(EndCause::Refused(403)));
    }
    assert_eq!(house.calls_outside("1001", "909001"), Err(EndCause::Refused(403)));
    assert!(house.calls_outside("1002", "9123").is_ok(), "another phone has limits of its own");
    assert!(house.calls_outside("1002", "9123").is_ok());
    assert!(house.calls_outside("", "909001").is_ok(), "a dialplan may");
    assert_eq!(
        house.log,
        [
            "phone 1001 may not call 9123: 1 calls outside at once are all it may have",
            "phone 1001 may not call 909001: numbers that begin with 90900 are forbidden"
        ]
    );
    house.feed(Input::Command(LegCommand::HangUp { leg: first }));
    house.passes(Duration::from_secs(60));
    assert!(house.calls_outside("1001", "9123").is_ok(), "the first one is over");
}

const SCANNER: &str = "203.0.113.9:5071";
const PHONE: &str = "192.0.2.7:5060";
const CARRIER: &str = "198.51.100.5:5060";
const US: &str = "192.0.2.1:5060";

struct House {
    telephony: Telephony,
    now: Now,
    ids: IdSource,
    /// What was sent, as text.
    sent: Vec<String>,
    /// What the operator reads.
    log: Vec<String>,
    ended: BTreeMap<LegId, EndCause>,
    requests: u32,
}

impl House {
    fn new(protection: Protection) -> Self {
        let secret = |user: &str| (SipUser::new(user), DigestSecret::new(user, "hotline.test", "secret"));
        let settings = Settings {
            domain: "hotline.test".to_owned(),
            address: address(US),
            media_address: address(US).ip(),
            phones: BTreeMap::from([secret("1001"), secret("1002")]),
            trunks: vec![Trunk {
                id: "carrier".into(),
                accept_from: vec!["198.51.100.0/24".parse().expect("a block")],
                send_to: Some(address(CARRIER)),
                prefixes: vec!["9".to_owned()],
                account: None,
            }],
            protection,
            register_max: Duration::from_secs(3600),
        };
        Self {
            telephony: Telephony::new(settings, IdSource::new(1), SecretSource::fixed(1)),
            now: Now::default().after(Duration::from_secs(3600)),
            ids: IdSource::new(2),
            sent: Vec::new(),
            log: Vec::new(),
            ended: BTreeMap::new(),
            requests: 0,
        }
    }

    fn feed(&mut self, input: Input) {
        self.telephony.handle(input, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.telephony.poll_output() {
            match output {
                Output::Send(transmit) => {
                    self.sent.push(String::from_utf8_lossy(&transmit.bytes).into_owned());
                }
                Output::OpenPort { port, .. } => {
                    self.telephony.handle(Input::PortOpened { port, address: address(US) }, self.now);
                }
                Output::News(what) | Output::Trouble(what) => self.log.push(what),
                Output::Leg(LegEvent::Ended { leg, cause, .. }) => {
                    self.ended.insert(leg, cause);
                }
                Output::Leg(_)
                | Output::Media(_)
                | Output::RecordingBegins { .. }
                | Output::Ladder(_)
                | Output::Registration { .. }
                | Output::Bindings { .. } => {}
            }
        }
    }

    fn hears(&mut self, from: &str, text: &str) {
        let source =
            Source { transport: Transport::Udp, local: address(US), remote: address(from), connection: None };
        self.feed(Input::Message { bytes: Bytes::copy_from_slice(text.as_bytes()), source });
    }

    fn passes(&mut self, time: Duration) {
        let end = self.now.mono + time;
        while let Some(due) = self.telephony.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.after(due.since(self.now.mono));
            self.feed(Input::Timeout);
        }
        self.now = self.now.after(end.since(self.now.mono));
    }

    /// The status of the last answer.
    fn status(&self) -> String {
        self.sent.last().and_then(|sent| sent.split(' ').nth(1)).unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> String {
        let last = self.sent.last().map(String::as_str).unwrap_or_default();
        let line = last.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_default().to_owned()
    }

    /// Registers with a password, as a phone does: repeats what is not answered. Returns the last status.
    fn registers(&mut self, from: &str, user: &str, password: &str) -> String {
        let answered = |house: &mut Self, text: &str| {
            house.requests += 1;
            let text = fresh(text, house.requests);
            let before = house.sent.len();
            while house.sent.len() == before {
                house.hears(from, &text);
                house.now = house.now.after(Duration::from_millis(500));
            }
        };
        answered(self, &register(user, ""));
        let challenges: Vec<_> = self
            .sent
            .last()
            .expect("an answer")
            .lines()
            .filter_map(|line| line.strip_prefix("WWW-Authenticate: "))
            .map(str::to_owned)
            .collect();
        let Some(mut digest) =
            Credentials::new(user, "hotline.test", password).answer(challenges.iter().map(String::as_str))
        else {
            return self.status();
        };
        let credentials = digest.authorize("REGISTER", "sip:hotline.test", &mut self.ids);
        answered(self, &register(user, &format!("Authorization: {credentials}\r\n")));
        self.status()
    }

    /// A phone's call to a number outside: the leg if it goes out, or why not.
    fn calls_outside(&mut self, user: &str, number: &str) -> Result<LegId, EndCause> {
        let leg = LegId::generate(&mut self.ids);
        let user = Some(user).filter(|user| !user.is_empty()).map(SipUser::new);
        let caller = Party { user, ..Party::number("1001") };
        let sent = self.sent.len();
        self.feed(Input::Command(LegCommand::Dial {
            leg,
            target: Target::Number(number.to_owned()),
            caller,
            beside: None,
            ring: Duration::from_secs(30),
        }));
        if self.sent.get(sent).is_some_and(|sent| sent.starts_with("INVITE ")) {
            return Ok(leg);
        }
        self.passes(Duration::from_secs(3));
        Err(self.ended.remove(&leg).expect("it is over"))
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn request(method: &str, uri: &str, from: &str, to: &str, more: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP a.test;rport;branch=z9hG4bK\r\nMax-Forwards: 70\r\n\
         From: <sip:{from}@hotline.test>;tag=1\r\nTo: <sip:{to}@hotline.test>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n\
         {more}Content-Length: 0\r\n\r\n"
    )
}

/// The same as a request of its own.
fn fresh(text: &str, n: u32) -> String {
    text.replace("z9hG4bK", &format!("z9hG4bK{n}x")).replace("Call-ID: c", &format!("Call-ID: c{n}"))
}

fn options(device: &str) -> String {
    request("OPTIONS", "sip:hotline.test", "x", "x", &format!("User-Agent: {device}\r\n"))
}

fn register(user: &str, more: &str) -> String {
    let contact = format!("Contact: <sip:{user}@a.test>\r\nExpires: 3600\r\nUser-Agent: Phone\r\n{more}");
    request("REGISTER", "sip:hotline.test", user, user, &contact)
}

fn invite(from: &str, to: &str) -> String {
    request("INVITE", &format!("sip:{to}@hotline.test"), from, to, "Contact: <sip:x@a.test>\r\n")
}
