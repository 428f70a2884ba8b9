//! Busy lamps and messages between phones: who may watch whom, what is told, and who may write to whom.

mod house;

use base::Duration;
use house::{House, address, register, request};
use model::{LegCommand, LegId, Party, SipUser, Target};
use telephony::{Input, Protection};

const WATCHER: &str = "192.0.2.7:5060";
const WATCHED: &str = "192.0.2.8:5060";

#[test]
fn a_lamp_follows_the_calls_of_the_phone_it_watches() {
    let mut house = with_phones();
    assert_eq!(watches(&mut house, "1002", "secret"), "200");
    assert_eq!(house.lamp(), "free");
    let leg = LegId::generate(&mut house.ids);
    house.feed(Input::Command(LegCommand::Dial {
        leg,
        target: Target::User(SipUser::new("1002")),
        caller: Party::number("0301"),
        beside: None,
        ring: Duration::from_secs(30),
        charged: None,
        follows: true,
    }));
    assert_eq!(house.lamp(), "recipient trying");
    house.answers_the_invite(180);
    assert_eq!(house.lamp(), "recipient early");
    house.answers_the_invite(200);
    assert_eq!(house.lamp(), "recipient confirmed");
    house.feed(Input::Command(LegCommand::HangUp { leg }));
    assert_eq!(house.lamp(), "free");
    let told = house.sent.iter().filter(|sent| sent.starts_with("NOTIFY ")).count();
    house.passes(Duration::from_secs(1));
    assert!(
        !house.notifies().any(|notify| notify.contains("0301")),
        "whom it talks with is nobody's business"
    );
    assert!(told >= 5);
}

#[test]
fn only_phones_of_ours_watch_and_only_phones_of_ours_are_watched() {
    let mut house = with_phones();
    assert_eq!(watches(&mut house, "1002", "guess"), "403");
    assert_eq!(watches(&mut house, "1999", "secret"), "404");
    assert!(house.notifies().next().is_none());
}

#[test]
fn a_phone_learns_that_no_messages_wait_for_it_and_nothing_of_others() {
    let mut house = with_phones();
    assert_eq!(asks(&mut house, "message-summary", "1002", "secret"), "403");
    assert!(house.notifies().next().is_none());
    assert_eq!(asks(&mut house, "message-summary", "1001", "secret"), "200");
    let told = house.notifies().last().expect("a NOTIFY");
    assert!(told.contains("Event: message-summary") && told.contains("Messages-Waiting: no"), "{told}");
}

#[test]
fn a_message_goes_to_the_phones_of_whom_it_is_for_and_says_who_wrote_it() {
    let mut house = with_phones();
    let write = |more: &str| {
        let text = request(
            "MESSAGE",
            "sip:1002@hotline.test",
            "1001",
            "1002",
            &format!("Content-Type: text/plain\r\n{more}"),
        );
        text.replace("Content-Length: 0\r\n\r\n", "Content-Length: 5\r\n\r\nLunch")
    };
    let uri = "sip:1002@hotline.test";
    house.hears(WATCHER, &house::fresh(&write(""), 900));
    assert_eq!(house.status(), "407", "nobody writes without a name");
    house.sends(WATCHER, "MESSAGE", uri, "1001", write);
    let (message, to) = house
        .sent
        .iter()
        .zip(&house.sent_to)
        .find(|(sent, _)| sent.starts_with("MESSAGE "))
        .map(|(sent, to)| (sent.clone(), *to))
        .expect("it is forwarded");
    assert_eq!(to, address(WATCHED));
    assert!(
        message.ends_with("Lunch") && message.contains("P-Asserted-Identity: <sip:1001@hotline.test>"),
        "{message}"
    );
    assert!(!message.contains("Proxy-Authorization"), "{message}");
}

#[test]
fn nobody_writes_under_the_name_of_another() {
    let mut house = with_phones();
    let write = |more: &str| request("MESSAGE", "sip:1002@hotline.test", "1002", "1002", more);
    let status = house.proves(WATCHER, "MESSAGE", "sip:1002@hotline.test", "1001", "secret", write);
    assert_eq!(status, "403");
}

fn with_phones() -> House {
    let mut house = House::new(Protection::default());
    for (place, user) in [(WATCHER, "1001"), (WATCHED, "1002")] {
        let contact = format!("<sip:{user}@{place}>");
        let write = |more: &str| register(user, more).replace(&format!("<sip:{user}@a.test>"), &contact);
        assert_eq!(house.proves(place, "REGISTER", "sip:hotline.test", user, "secret", write), "200");
    }
    house
}

fn watches(house: &mut House, user: &str, password: &str) -> String {
    asks(house, "dialog", user, password)
}

fn asks(house: &mut House, package: &str, user: &str, password: &str) -> String {
    let uri = format!("sip:{user}@hotline.test");
    let wants = format!("Event: {package}\r\nExpires: 600\r\nContact: <sip:1001@{WATCHER}>\r\n");
    house.proves(WATCHER, "SUBSCRIBE", &uri.clone(), "1001", password, move |more| {
        request("SUBSCRIBE", &uri, "1001", user, &format!("{wants}{more}"))
    })
}

impl House {
    fn notifies(&self) -> impl Iterator<Item = &String> {
        self.sent.iter().filter(|sent| sent.starts_with("NOTIFY "))
    }

    /// What the last NOTIFY says, once it is answered.
    fn lamp(&mut self) -> String {
        let notify = self.notifies().last().cloned().expect("a NOTIFY");
        let answer = house::answer(&notify, 200, "");
        self.hears(WATCHER, &answer);
        let notify = self.notifies().last().cloned().expect("a NOTIFY");
        let between = |begin: &str, end: &str| {
            notify.split(begin).nth(1).and_then(|rest| rest.split(end).next()).map(str::to_owned)
        };
        match (between("direction=\"", "\""), between("<state>", "<")) {
            (Some(direction), Some(state)) => format!("{direction} {state}"),
            _ => "free".to_owned(),
        }
    }

    /// The watched phone answers the INVITE that was sent to it.
    fn answers_the_invite(&mut self, status: u16) {
        let invite =
            self.sent.iter().rev().find(|sent| sent.starts_with("INVITE ")).cloned().expect("an INVITE");
        let body = invite.split("\r\n\r\n").nth(1).unwrap_or_default();
        let offer = sdp::Session::parse(body.as_bytes()).expect("an offer");
        let local = sdp::Local::new("192.0.2.8:30000".parse().expect("an address"), 1);
        let sdp = sdp::answer(&offer, &local).expect("an answer").sdp.to_string();
        let answer = house::answer(&invite, status, if status == 200 { &sdp } else { "" });
        self.hears(WATCHED, &answer);
    }

    /// Sends a request with the right password. What it comes to is seen at what was sent.
    fn sends(&mut self, from: &str, method: &str, uri: &str, user: &str, write: impl Fn(&str) -> String) {
        self.hears(from, &house::fresh(&write(""), 901));
        let challenge = self.header("Proxy-Authenticate");
        let credentials = sip::Credentials::new(user, "hotline.test", "secret");
        let mut digest = credentials.answer([challenge.as_str()]).expect("a challenge");
        let proof = digest.authorize(method, uri, &mut self.ids);
        self.hears(from, &house::fresh(&write(&format!("Proxy-Authorization: {proof}\r\n")), 902));
    }
}
