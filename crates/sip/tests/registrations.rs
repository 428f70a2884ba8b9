//! Registrations of ours: at a registrar that grants, refuses, challenges, is silent, or is somebody else.

mod peer;

use base::Duration;
use peer::{Peer, answer, headline};
use sip::registration::table::State;
use sip::{
    ConnectionId, Credentials, Destination, RegistrationConfig, RegistrationId, Transport, UserAgentConfig,
};
use sip_message::{NameAddr, Uri};

#[test]
fn a_registration_is_refreshed_long_before_it_ends() {
    let mut carrier = Carrier::new();
    let register = carrier.sent().remove(0);
    assert!(register.starts_with("REGISTER sip:carrier.test SIP/2.0\r\n"), "{register}");
    for header in [
        "To: <sip:hotline@carrier.test>\r\n",
        "Contact: <sip:hotline@192.0.2.1>\r\n",
        "Expires: 3600\r\n",
        "CSeq: 1 REGISTER\r\n",
    ] {
        assert!(register.contains(header), "{header}{register}");
    }
    let granted = "Contact: <sip:other@h>;expires=5, <sip:hotline@192.0.2.1:5060>;expires=600\r\n\
                   Service-Route: <sip:orig@carrier.test;lr>\r\n";
    assert_eq!(carrier.answer("200 OK", granted), ["registered 600 s by sip:orig@carrier.test;lr"]);
    carrier.pass(239);
    assert!(carrier.sent().is_empty());
    let again = carrier.until_sent(62);
    assert!(again.contains("CSeq: 2 REGISTER\r\n"), "{again}");
    assert!(carrier.answer("200 OK", "Expires: 600\r\n").is_empty());
    assert_eq!(carrier.state(), Some(State::Registered));
    carrier.stop();
    let removal = carrier.sent().remove(0);
    assert!(removal.contains("Expires: 0\r\n"), "{removal}");
    assert_eq!(carrier.answer("200 OK", ""), ["gone"]);
    assert_eq!(carrier.state(), None);
    carrier.pass(40);
    assert!(carrier.peer.agent.is_idle());
}

#[test]
fn failures_come_back_with_growing_patience() {
    let mut carrier = Carrier::new();
    let mut waits = Vec::new();
    for _ in 0..9 {
        assert_eq!(carrier.sent().len(), 1);
        let events = carrier.answer("500 Server Internal Error", "");
        let wait: u64 =
            events[0].strip_prefix("failed Refused(StatusCode(500)), again in ").unwrap().parse().unwrap();
        waits.push(wait);
        carrier.pass(wait + 1);
    }
    for (wait, most) in waits.iter().zip([30, 60, 120, 240, 480, 960, 1800, 1800, 1800]) {
        assert!((most / 2..=most).contains(wait), "{waits:?}");
    }
    // A success makes it forget them.
    carrier.answer("200 OK", "Expires: 60\r\n");
    carrier.until_sent(31);
    assert!(carrier.answer("503 Service Unavailable", "").is_empty(), "it lasts for a while yet");
    assert_eq!(carrier.state(), Some(State::Holding));
    assert!(carrier.events_after(37).contains(&"failed Expired, again in 0".to_owned()));
}

#[test]
fn silence_is_a_failure_and_the_registrar_may_name_the_wait() {
    let mut carrier = Carrier::new();
    let events = carrier.events_after(32);
    assert!(events[0].starts_with("failed Timeout, again in "), "{events:?}");
    carrier.pass(31);
    carrier.sent();
    assert_eq!(
        carrier.answer("503 Service Unavailable", "Retry-After: 600\r\n"),
        ["failed Refused(StatusCode(503)), again in 600"]
    );
    // Nobody is sent away for ever.
    carrier.pass(601);
    carrier.sent();
    assert_eq!(
        carrier.answer("503 Service Unavailable", "Retry-After: 999999\r\n"),
        ["failed Refused(StatusCode(503)), again in 1800"]
    );
}

#[test]
fn a_challenge_is_answered_with_the_stronger_hash_and_counted() {
    let mut carrier = Carrier::new();
    carrier.sent();
    assert!(carrier.answer("401 Unauthorized", CHALLENGES).is_empty());
    let answered = carrier.sent().remove(0);
    for part in ["algorithm=SHA-256", "nonce=\"n2\"", "nc=00000001", "uri=\"sip:carrier.test\"", "qop=auth,"]
    {
        assert!(answered.contains(part), "{part}: {answered}");
    }
    carrier.answer("200 OK", "Expires: 600\r\n");
    assert!(carrier.until_sent(301).contains("nc=00000002"));
    // The nonce has grown old: a new one is taken without a word to the owner.
    let stale = "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n3\", algorithm=SHA-256, qop=\"auth\", stale=true\r\n";
    assert!(carrier.answer("401 Unauthorized", stale).is_empty());
    let again = carrier.sent().remove(0);
    assert!(again.contains("nonce=\"n3\"") && again.contains("nc=00000001"), "{again}");
    carrier.answer("200 OK", "Expires: 600\r\nAuthentication-Info: nextnonce=\"n4\"\r\n");
    assert!(carrier.until_sent(301).contains("nonce=\"n4\""));
}

#[test]
fn a_wrong_password_is_not_hammered_with() {
    let mut carrier = Carrier::new();
    carrier.sent();
    carrier.answer("401 Unauthorized", CHALLENGES);
    assert_eq!(carrier.sent().len(), 1);
    assert_eq!(carrier.answer("401 Unauthorized", CHALLENGES), ["failed Credentials, again in 1800"]);
    assert!(carrier.sent().is_empty());
    carrier.pass(1801);
    assert_eq!(carrier.sent().len(), 1);
    assert_eq!(carrier.answer("403 Forbidden", ""), ["failed Refused(StatusCode(403)), again in 1800"]);
}

#[test]
fn nobody_else_gets_an_answer_to_a_challenge() {
    let mut carrier = Carrier::new();
    carrier.sent();
    let other = CHALLENGES.replace("realm=\"carrier\"", "realm=\"evil\"");
    assert_eq!(carrier.answer("401 Unauthorized", &other), ["failed Credentials, again in 1800"]);
    let mut carrier = Carrier::new();
    carrier.peer.source.remote = "203.0.113.9:5060".parse().unwrap();
    assert_eq!(carrier.answer("401 Unauthorized", CHALLENGES), ["failed Credentials, again in 1800"]);
}

#[test]
fn a_registrar_that_wants_more_time_gets_it() {
    let mut carrier = Carrier::new();
    carrier.sent();
    assert!(carrier.answer("423 Interval Too Brief", "Min-Expires: 7200\r\n").is_empty());
    assert!(carrier.sent().remove(0).contains("Expires: 7200\r\n"));
    // The same wish once more makes no sense.
    let events = carrier.answer("423 Interval Too Brief", "Min-Expires: 7200\r\n");
    assert!(events[0].starts_with("failed Refused(StatusCode(423))"), "{events:?}");
}

#[test]
fn a_broken_connection_is_noticed_and_made_anew() {
    let mut carrier = Carrier::over(Transport::Tcp);
    carrier.peer.source.connection = Some(ConnectionId(7));
    carrier.sent();
    assert_eq!(carrier.answer("200 OK", "Expires: 600\r\n"), ["registered 600 s by nobody"]);
    let remote = carrier.peer.source.remote;
    carrier.peer.agent.handle_transport_error(remote, Some(ConnectionId(7)), carrier.peer.now);
    let events = carrier.drain();
    assert!(events[0].starts_with("failed Transport, again in "), "{events:?}");
    carrier.pass(31);
    assert_eq!(carrier.sent().len(), 1);
    assert_eq!(carrier.peer.connections.last(), Some(&None));
}

#[test]
fn a_registration_goes_where_its_owner_says_and_at_once() {
    let mut carrier = Carrier::new();
    carrier.sent();
    carrier.answer("200 OK", "Expires: 600\r\n");
    let remote = "192.0.2.77:5060".parse().unwrap();
    let destination = Destination { remote, ..Destination::from(carrier.peer.source) };
    carrier.peer.agent.register_again(carrier.id, Some(destination), carrier.peer.now);
    carrier.drain();
    assert_eq!(carrier.sent().len(), 1);
    assert_eq!(carrier.peer.went_to.last().unwrap(), "192.0.2.77:5060");
}

#[test]
fn a_registration_that_is_taken_back_before_its_answer_ends_too() {
    let mut carrier = Carrier::new();
    let first = carrier.sent().remove(0);
    carrier.stop();
    let removal = carrier.sent().remove(0);
    assert!(carrier.peer.receive(&answer(&first, "200 OK", "x")).is_empty(), "it means nothing any more");
    carrier.last = removal;
    assert_eq!(carrier.answer("500 Server Internal Error", ""), ["gone"]);
}

const CHALLENGES: &str = "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n1\", qop=\"auth\"\r\n\
    WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n2\", algorithm=SHA-256, qop=\"auth,auth-int\"\r\n";

/// A registrar that is played by hand.
struct Carrier {
    peer: Peer,
    id: RegistrationId,
    last: String,
}

impl Carrier {
    fn new() -> Self {
        Self::over(Transport::Udp)
    }

    fn over(transport: Transport) -> Self {
        let mut peer = Peer::new(UserAgentConfig::default());
        peer.source.transport = transport;
        let uri = |text: &str| Uri::parse(text.as_bytes()).unwrap();
        let config = RegistrationConfig {
            credentials: Some(Credentials::new("hotline", "carrier", "secret")),
            ..RegistrationConfig::new(
                uri("sip:carrier.test"),
                Destination::from(peer.source),
                NameAddr::new(uri("sip:hotline@carrier.test")),
                uri("sip:hotline@192.0.2.1"),
            )
        };
        let id = peer.agent.register(config, peer.now).unwrap();
        peer.drain();
        Self { peer, id, last: String::new() }
    }

    /// What came since the last look, copies left out.
    fn sent(&mut self) -> Vec<String> {
        let mut sent = std::mem::take(&mut self.peer.sent);
        sent.dedup();
        if let Some(last) = sent.last() {
            assert_eq!(headline(last), "REGISTER");
            self.last.clone_from(last);
        }
        sent
    }

    fn answer(&mut self, status: &str, headers: &str) -> Vec<String> {
        self.sent();
        let response = answer(&self.last, status, "x")
            .replace("Contact: <sip:bob@192.0.2.9:5080>\r\n", "")
            .replace("Content-Length", &format!("{headers}Content-Length"));
        self.peer.receive(&response)
    }

    fn drain(&mut self) -> Vec<String> {
        self.peer.drain()
    }

    fn pass(&mut self, seconds: u64) {
        self.events_after(seconds);
    }

    /// Waits for the next message.
    fn until_sent(&mut self, seconds: u64) -> String {
        for _ in 0..seconds {
            self.pass(1);
            if let Some(sent) = self.sent().first() {
                return sent.clone();
            }
        }
        panic!("nothing was sent in {seconds} s");
    }

    fn events_after(&mut self, seconds: u64) -> Vec<String> {
        self.peer.told.clear();
        self.peer.pass(Duration::from_secs(seconds));
        self.peer.told.clone()
    }

    fn stop(&mut self) {
        self.sent();
        self.peer.agent.unregister(self.id, self.peer.now);
        assert!(self.drain().is_empty());
    }

    fn state(&self) -> Option<State> {
        self.peer.agent.registration_state(self.id)
    }
}
