//! Phones in browsers: registered by a token, called and calling without a password, for as long as the log-in lasts.

mod house;

use base::Duration;
use bytes::Bytes;
use house::{House, US, address, fresh, register, request};
use model::SipUser;
use sip::{ConnectionId, Source, Transport};
use telephony::{Input, Protection, TOKEN_REGISTRATION_MAX};

const LOGIN: u64 = 7;
const PAGE: ConnectionId = ConnectionId(1);
const OTHER: ConnectionId = ConnectionId(2);

#[test]
fn a_page_registers_by_token_calls_without_a_password_and_registers_again() {
    let mut page = Page::new();
    assert_eq!(page.registers(PAGE, "1001", LOGIN), "200");
    assert!(page.house.header("Contact").ends_with(&format!("expires={}", TOKEN_REGISTRATION_MAX.as_secs())));
    assert!(page.is_registered());
    // The call is taken: it is answered with what happens to calls, and not with a question.
    assert_eq!(page.invites(PAGE, "1001"), "");
    page.house.passes(TOKEN_REGISTRATION_MAX - Duration::from_secs(10));
    assert_eq!(page.registers(PAGE, "1001", LOGIN), "200");
    page.house.passes(Duration::from_secs(60));
    assert!(page.is_registered());
    page.house.passes(TOKEN_REGISTRATION_MAX);
    assert!(!page.is_registered());
    assert_eq!(page.invites(PAGE, "1001"), "407", "what has expired opens nothing");
}

#[test]
fn whoever_calls_over_another_connection_or_as_somebody_else_is_challenged() {
    let mut page = Page::new();
    assert_eq!(page.registers(PAGE, "1001", LOGIN), "200");
    assert_eq!(page.invites(OTHER, "1001"), "407");
    assert_eq!(page.invites(PAGE, "1002"), "407");
    page.house.feed(Input::Unreachable { remote: address("203.0.113.9:443"), connection: Some(PAGE) });
    assert!(!page.is_registered());
    assert_eq!(page.invites(PAGE, "1001"), "407");
}

#[test]
fn a_log_in_that_ends_takes_its_phones_and_its_tokens_with_it() {
    let mut page = Page::new();
    let unused = page.token("1001", LOGIN);
    assert_eq!(page.registers(PAGE, "1001", LOGIN), "200");
    assert_eq!(page.registers(OTHER, "1002", LOGIN + 1), "200");
    page.house.feed(Input::LoginOver { login: LOGIN });
    assert!(!page.is_registered());
    assert_eq!(page.invites(PAGE, "1001"), "407");
    assert_eq!(page.shows(PAGE, "1001", &unused), "401");
    assert_eq!(page.house.header("WWW-Authenticate").split(' ').next(), Some("Bearer"));
    assert_eq!(page.invites(OTHER, "1002"), "", "another log-in goes on");
}

#[test]
fn a_token_of_another_user_and_an_invented_one_are_refused_and_told() {
    let mut page = Page::new();
    let foreign = page.token("1002", LOGIN);
    assert_eq!(page.shows(PAGE, "1001", &foreign), "403");
    assert_eq!(page.shows(PAGE, "1001", "1.2.3.4"), "403");
    assert!(!page.is_registered());
    assert_eq!(page.house.log, ["phone 1001 at 203.0.113.9:443: the token of its page is not ours"]);
    assert!(page.house.telephony.issue_token(&SipUser::new("3003"), LOGIN, page.house.now).is_none());
}

#[test]
fn a_phone_that_registers_by_password_over_the_same_connection_needs_it_for_its_calls_too() {
    let mut page = Page::new();
    assert_eq!(page.registers(PAGE, "1001", LOGIN), "200");
    let challenge = {
        page.says(PAGE, &register("1001", ""));
        page.house.header("WWW-Authenticate")
    };
    let mut digest = sip::Credentials::new("1001", "hotline.test", "secret")
        .answer([challenge.as_str()])
        .expect("a challenge for a password");
    let credentials = digest.authorize("REGISTER", "sip:hotline.test", &mut page.house.ids);
    page.says(PAGE, &register("1001", &format!("Authorization: {credentials}\r\n")));
    assert_eq!(page.house.status(), "200");
    assert_eq!(page.invites(PAGE, "1001"), "407");
}

/// A browser's page with a phone in it.
struct Page {
    house: House,
    requests: u32,
}

impl Page {
    fn new() -> Self {
        Self { house: House::new(Protection::default()), requests: 0 }
    }

    fn token(&self, user: &str, login: u64) -> String {
        let token = self.house.telephony.issue_token(&SipUser::new(user), login, self.house.now);
        token.expect("there is such a phone")
    }

    fn registers(&mut self, over: ConnectionId, user: &str, login: u64) -> String {
        let token = self.token(user, login);
        self.shows(over, user, &token)
    }

    fn shows(&mut self, over: ConnectionId, user: &str, token: &str) -> String {
        self.says(over, &register(user, &format!("Authorization: Bearer {token}\r\n")));
        self.house.status()
    }

    /// Calls a number; the status of the refusal or challenge, if there is one.
    fn invites(&mut self, over: ConnectionId, user: &str) -> String {
        let contact = format!("Contact: <sip:{user}@a.test>\r\n");
        let before = self.house.sent.len();
        self.says(over, &request("INVITE", "sip:4000@hotline.test", user, "4000", &contact));
        if self.house.sent.len() == before { String::new() } else { self.house.status() }
    }

    fn says(&mut self, over: ConnectionId, text: &str) {
        self.requests += 1;
        let text = fresh(text, self.requests).replace("SIP/2.0/UDP", "SIP/2.0/WSS");
        let source = Source {
            transport: Transport::Wss,
            local: address(US),
            remote: address("203.0.113.9:443"),
            connection: Some(over),
        };
        self.house.feed(Input::Message { bytes: Bytes::from(text), source });
    }

    fn is_registered(&self) -> bool {
        self.house.telephony.is_registered(&SipUser::new("1001"))
    }
}
