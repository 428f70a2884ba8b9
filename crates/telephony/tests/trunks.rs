//! Calls to numbers outside: which trunk is tried, what happens when it does not take the call, and what carriers are
//! told. Carriers are the tests: they read what was sent and answer, or do not.

mod house;

use base::Duration;
use house::{House, address, place};
use model::leg::Rejection;
use model::{CallLimit, EndCause, LegCommand, LegEvent, LegId, LimitKind, Party, Target, TrunkState};
use sip_message::{Message, NameAddr, Request, StatusCode};
use std::collections::BTreeMap;
use telephony::{Input, Prefix, Protection, Rewriting, Trunk};

const FIRST: &str = "198.51.100.5:5060";
const SECOND: &str = "203.0.113.5:5060";

#[test]
fn a_carrier_that_says_nothing_is_left_for_the_next_one() {
    let mut house = two_trunks();
    let leg = house.dials("9123");
    assert_eq!(house.invited(), [FIRST]);
    house.passes(Duration::from_millis(4_900));
    assert_eq!(house.invited(), [FIRST; 4], "the same INVITE, repeated");
    house.passes(Duration::from_millis(200));
    assert_eq!(house.invited().last(), Some(&SECOND));
    house.carrier_answers(SECOND, 200);
    assert_eq!(house.told, [LegEvent::Answered { leg }]);
    assert_eq!(house.state("first"), TrunkState::Shaky);
    assert_eq!((house.trunks["first"].calls_out, house.trunks["second"].calls_out), (0, 1));
    assert_eq!((house.trunks["first"].sent, house.trunks["first"].failed), (1, 1));

    // The next call begins where calls are taken.
    let sent = house.sent.len();
    house.dials("9124");
    assert_eq!(house.sent_to[sent], address(SECOND));
}

#[test]
fn a_carrier_that_answers_after_it_was_left_is_not_kept_in_a_call() {
    let mut house = two_trunks();
    house.dials("9123");
    house.passes(Duration::from_millis(5_100));
    let sent = house.sent.len();
    house.carrier_answers(FIRST, 200);
    let manners: Vec<_> =
        house.sent[sent..].iter().map(|text| &text[..text.find(' ').unwrap_or(0)]).collect();
    assert_eq!(manners, ["ACK", "BYE"]);
}

#[test]
fn each_way_of_not_taking_a_call_leads_on_and_a_persons_answer_does_not() {
    for (status, leads_on) in [
        (503, true),
        (500, true),
        (502, true),
        (504, true),
        (408, true),
        (486, false),
        (603, false),
        (404, false),
        (480, false),
        (403, false),
    ] {
        let mut house = two_trunks();
        let leg = house.dials("9123");
        house.carrier_answers(FIRST, status);
        let invited_second = house.invited().contains(&SECOND);
        assert_eq!(invited_second, leads_on, "{status}");
        house.passes(Duration::from_secs(3));
        assert_eq!(house.ended.contains_key(&leg), !leads_on, "{status}");
    }
}

#[test]
fn a_call_that_rang_is_not_tried_elsewhere() {
    let mut house = two_trunks();
    let leg = house.dials("9123");
    house.carrier_answers(FIRST, 180);
    house.passes(Duration::from_secs(20));
    house.carrier_answers(FIRST, 503);
    house.passes(Duration::from_secs(3));
    assert!(!house.invited().contains(&SECOND));
    assert_eq!(house.ended.get(&leg), Some(&EndCause::Unreachable));
}

#[test]
fn when_no_trunk_takes_the_call_it_is_over_within_seconds() {
    let mut house = two_trunks();
    let leg = house.dials("9123");
    house.passes(Duration::from_secs(13));
    assert_eq!(house.ended.get(&leg), Some(&EndCause::Unreachable));
    assert_eq!(house.telephony.trunk_calls(), 0);
}

#[test]
fn trying_is_a_word_and_the_call_stays_where_it_is() {
    let mut house = two_trunks();
    house.dials("9123");
    house.carrier_answers(FIRST, 100);
    house.passes(Duration::from_secs(25));
    assert!(!house.invited().contains(&SECOND));
}

#[test]
fn calls_are_shared_by_weight_among_equals() {
    let trunk = |name: &str, send_to: &str, weight| Trunk { weight, ..outward(name, send_to) };
    let mut house =
        House::with(vec![trunk("first", FIRST, 3), trunk("second", SECOND, 1)], Protection::default());
    for _ in 0..400 {
        let leg = house.dials("9123");
        house.feed(Input::Command(LegCommand::HangUp { leg }));
    }
    let mut shares = BTreeMap::new();
    for to in house.invited() {
        *shares.entry(to).or_insert(0) += 1;
    }
    assert!((260..=340).contains(&shares[FIRST]), "{shares:?}");
}

#[test]
fn a_trunk_at_its_limit_gives_way_and_a_call_in_is_turned_away() {
    let limited = Trunk {
        calls_max: Some(1),
        accept_from: vec!["198.51.100.0/24".parse().expect("a block")],
        ..outward("first", FIRST)
    };
    let mut house =
        House::with(vec![limited, Trunk { priority: 2, ..outward("second", SECOND) }], Protection::default());
    let first = house.dials("9123");
    let second = house.dials("9123");
    assert_eq!(house.invited(), [FIRST, SECOND]);
    let came = house::request(
        "INVITE",
        "sip:4000@hotline.test",
        "0301",
        "4000",
        "Contact: <sip:x@198.51.100.5>\r\n",
    );
    house.hears(FIRST, &came.replace("@hotline.test>;tag", "@carrier.test>;tag"));
    assert_eq!(house.status(), "503");
    for leg in [first, second] {
        house.feed(Input::Command(LegCommand::HangUp { leg }));
    }
    house.passes(Duration::from_secs(40));
    assert_eq!(house.telephony.trunk_calls(), 0);
    house.dials("9123");
    assert_eq!(house.invited().last(), Some(&FIRST), "there is room again");
}

#[test]
fn a_call_for_which_every_trunk_is_full_names_the_limit_and_the_operator_hears_it_once_in_a_while() {
    let full = Trunk {
        calls_max: Some(1),
        accept_from: vec!["198.51.100.0/24".parse().expect("a block")],
        ..outward("first", FIRST)
    };
    let mut house = House::with(vec![full], Protection::default());
    house.dials("9123");
    house.carrier_answers(FIRST, 200);
    let limit = CallLimit { kind: LimitKind::TrunkCalls, of: "first".to_owned(), max: 1 };
    let refused = Some(EndCause::Limit(Box::new(limit.clone())));
    for _ in 0..3 {
        let leg = house.dials("9124");
        house.passes(Duration::from_secs(3));
        assert_eq!(house.ended.get(&leg), refused.as_ref());
    }
    let first = ("calls_max of trunk first (1)".to_owned(), 1);
    assert_eq!(house.limits, std::slice::from_ref(&first));

    // A call that comes is told the same, and when to come again.
    let came = house::request(
        "INVITE",
        "sip:4000@hotline.test",
        "0301",
        "4000",
        "Contact: <sip:x@198.51.100.5>\r\n",
    );
    house.hears(FIRST, &came.replace("@hotline.test>;tag", "@carrier.test>;tag"));
    let answer = house.sent.last().expect("an answer");
    assert!(answer.starts_with("SIP/2.0 503 Too Many Calls\r\n"), "{answer}");
    assert_eq!(house.header("Retry-After"), "5");
    assert_eq!(house.header("Warning"), "399 hotline \"calls_max of trunk first (1) is reached\"");
    assert_eq!(house.log, ["calls_max of trunk first (1) is reached: a call was turned away"]);

    house.passes(Duration::from_secs(300));
    let told = [first, ("calls_max of trunk first (1)".to_owned(), 3)];
    assert_eq!(house.limits, told, "those between are counted, though no further call came");
    assert_eq!(
        house.log[1..],
        ["calls_max of trunk first (1) is reached: 3 calls were turned away since this was last said"]
    );

    // Once somebody has taken notice, what was turned away before is in the log alone.
    house.dials("9124");
    house.dials("9124");
    house.feed(Input::Command(LegCommand::LimitNoticed { limit }));
    assert_eq!(house.log.len(), 3, "{:?}", house.log);
    house.passes(Duration::from_secs(600));
    assert_eq!(house.limits, told);
    house.dials("9124");
    assert_eq!(house.limits.len(), 3, "a limit of which nobody heard for long is told of at once");
}

#[test]
fn a_phone_is_told_which_limit_its_call_met() {
    let mut house = House::with(vec![outward("first", FIRST)], Protection::default());
    let answered = |house: &mut House, limit: CallLimit| {
        let invite = |more: &str| {
            house::request(
                "INVITE",
                "sip:9123@hotline.test",
                "1001",
                "9123",
                &format!("Contact: <sip:a@a.test>\r\n{more}"),
            )
        };
        house.proves("192.0.2.7:5060", "INVITE", "sip:9123@hotline.test", "1001", "secret", invite);
        let leg = house.arrived.take().expect("it arrived");
        house.feed(Input::Command(LegCommand::Reject { leg, why: Rejection::Limit(Box::new(limit)) }));
        let line = house.sent.last().and_then(|sent| sent.lines().next()).unwrap_or_default().to_owned();
        (line, house.header("Retry-After"), house.header("Warning"))
    };
    let of_trunk = CallLimit { kind: LimitKind::TrunkRate, of: "fi\"rst".to_owned(), max: 2 };
    let told =
        ["SIP/2.0 480 Too Many Calls", "", "399 hotline \"calls_per_second of trunk first (2) is reached\""];
    assert_eq!(
        answered(&mut house, of_trunk),
        told.map(str::to_owned).into(),
        "it is to call for help if need be"
    );
    let ports = CallLimit { kind: LimitKind::MediaPorts, of: String::new(), max: 0 };
    let told = ["SIP/2.0 480 Too Many Calls", "", "399 hotline \"the number of media ports is reached\""];
    assert_eq!(answered(&mut house, ports), told.map(str::to_owned).into());
    let of_phone = CallLimit { kind: LimitKind::PhonePerDay, of: "1001".to_owned(), max: 9 };
    let told =
        ["SIP/2.0 403 Too Many Calls", "", "399 hotline \"calls_out per_day of phone 1001 (9) is reached\""];
    assert_eq!(answered(&mut house, of_phone), told.map(str::to_owned).into());
}

#[test]
fn calls_beyond_those_in_a_second_go_elsewhere_and_come_back_a_second_later() {
    let paced = Trunk { calls_per_second: Some(2), ..outward("first", FIRST) };
    let mut house =
        House::with(vec![paced, Trunk { priority: 2, ..outward("second", SECOND) }], Protection::default());
    for _ in 0..3 {
        house.dials("9123");
    }
    assert_eq!(house.invited(), [FIRST, FIRST, SECOND]);
    house.passes(Duration::from_millis(400));
    let sent = house.sent.len();
    house.dials("9123");
    assert_eq!(house.sent_to[sent], address(SECOND));
    house.passes(Duration::from_secs(1));
    let sent = house.sent.len();
    house.dials("9123");
    assert_eq!(house.sent_to[sent], address(FIRST));
}

#[test]
fn an_emergency_call_knows_no_limit_and_no_rule() {
    let rules = Rewriting(vec![Prefix { from: "1".to_owned(), to: "+491".to_owned() }]);
    let mut full = Trunk { calls_max: Some(1), show: Some("+4930120".to_owned()), ..outward("first", FIRST) };
    full.numbering.dialed_out = rules;
    let mut house = House::with(vec![full], Protection::default());
    house.dials("9123");
    let sent = house.sent.len();
    let leg = LegId::generate(&mut house.ids);
    house.feed(Input::Command(LegCommand::Dial {
        leg,
        target: Target::Emergency("112".to_owned()),
        caller: Party::number(""),
        beside: None,
        ring: Duration::from_secs(60),
        charged: None,
        follows: true,
    }));
    let invite = parse(&house.sent[sent]);
    assert_eq!(invite.uri().to_string(), "sip:112@198.51.100.5:5060");
    assert_eq!(text(&invite, "Priority"), "emergency");
    assert!(text(&invite, "From").contains("+4930120"), "those who help must be able to call back");
}

#[test]
fn numbers_callers_and_headers_are_written_as_the_carrier_wants_them() {
    let rule = |from: &str, to: &str| Prefix { from: from.to_owned(), to: to.to_owned() };
    let mut trunk = outward("first", FIRST);
    trunk.numbering.dialed_out = Rewriting(vec![rule("900", "+"), rule("90", "+49"), rule("9", "")]);
    trunk.numbering.caller_out = Rewriting(vec![rule("", "+493012")]);
    trunk.headers = vec![("X-Customer".to_owned(), "4711".to_owned())];
    let mut house = House::with(vec![trunk], Protection::default());
    house.dials("9030123");
    let invite = parse(house.sent.last().expect("an INVITE"));
    assert_eq!(invite.uri().to_string(), "sip:+4930123@198.51.100.5:5060");
    assert!(text(&invite, "From").contains("<sip:+4930121001@hotline.test>"), "{}", text(&invite, "From"));
    assert_eq!(text(&invite, "X-Customer"), "4711");
}

#[test]
fn who_hides_the_own_number_is_not_shown() {
    let mut house = House::with(vec![outward("first", FIRST)], Protection::default());
    house.dials_as("9123", Party::number(""));
    let invite = parse(house.sent.last().expect("an INVITE"));
    let from = NameAddr::parse(text(&invite, "From").as_bytes()).expect("an address");
    assert_eq!(from.uri().to_string(), "sip:anonymous@anonymous.invalid");
    assert_eq!(text(&invite, "Privacy"), "id");
}

#[test]
fn a_carrier_is_asked_whether_it_is_there_and_its_silence_is_told_once() {
    let probed = Trunk { probe: Some(Duration::from_secs(30)), ..outward("first", FIRST) };
    let mut house = House::with(vec![probed], Protection::default());
    house.feed(Input::Timeout);
    house.passes(Duration::from_millis(1));
    assert_eq!(house.asked(), 1, "at once, so that the first call knows");
    house.carrier_answers(FIRST, 200);
    assert_eq!(house.state("first"), TrunkState::Up);
    assert!(house.trunks["first"].answers_in_ms.is_some());

    // It falls silent.
    house.passes(Duration::from_secs(34));
    assert_eq!(house.state("first"), TrunkState::Shaky);
    house.passes(Duration::from_secs(7));
    assert_eq!(house.state("first"), TrunkState::Down);
    house.passes(Duration::from_secs(60));
    let down: Vec<_> = house.log.iter().filter(|line| line.contains("is down")).collect();
    assert_eq!(down, ["trunk first is down: it does not answer OPTIONS"]);

    // It comes back, and every answer shows that it is there.
    let asked = house.asked();
    house.passes(Duration::from_secs(11));
    assert!(house.asked() > asked, "what is down is asked every few seconds");
    house.carrier_answers(FIRST, 404);
    assert_eq!(house.state("first"), TrunkState::Up);
    assert_eq!(house.log.last().map(String::as_str), Some("trunk first answers again"));
}

#[test]
fn a_carrier_with_two_places_is_tried_at_the_second_when_the_first_is_dead() {
    let mut house = House::with(Vec::new(), Protection::default());
    let places = vec![place(address(FIRST)), place(address(SECOND))];
    house.names.insert("sip.carrier.example".to_owned(), Ok(places));
    house.reconfigure(vec![outward("carrier", "sip.carrier.example")]);
    house.dials("9123");
    house.passes(Duration::from_millis(5_100));
    let invited = house.invited();
    assert_eq!((invited.first(), invited.last()), (Some(&FIRST), Some(&SECOND)));
    house.carrier_answers(SECOND, 200);
    assert_eq!(house.state("carrier"), TrunkState::Up, "the carrier is there");
    let sent = house.sent.len();
    house.dials("9124");
    assert_eq!(house.sent_to[sent], address(SECOND), "the dead place goes to the end");
}

#[test]
fn a_name_that_leads_nowhere_is_told_and_heals() {
    let mut house = House::with(Vec::new(), Protection::default());
    house.names.insert("sip.carrier.example".to_owned(), Err("the name service did not answer".to_owned()));
    house.reconfigure(vec![outward("carrier", "sip.carrier.example")]);
    assert_eq!(house.log, ["sip.carrier.example: the name service did not answer; no call can go there"]);
    let leg = house.dials("9123");
    house.passes(Duration::from_secs(3));
    assert_eq!(house.ended.get(&leg), Some(&EndCause::Unreachable));
    house.names.insert("sip.carrier.example".to_owned(), Ok(vec![place(address(FIRST))]));
    house.passes(Duration::from_secs(301));
    house.dials("9123");
    assert_eq!(house.invited(), [FIRST]);
}

#[test]
fn a_carrier_that_moved_is_not_blamed_for_the_silence_of_the_old_place() {
    let probed = |send_to| Trunk { probe: Some(Duration::from_secs(30)), ..outward("first", send_to) };
    let mut house = House::with(vec![probed(FIRST)], Protection::default());
    house.feed(Input::Timeout);
    house.passes(Duration::from_secs(1));
    house.reconfigure(vec![probed(SECOND)]);
    house.passes(Duration::from_millis(1));
    assert_eq!(house.sent_to.last(), Some(&address(SECOND)), "it is asked at once where it is now");
    house.carrier_answers(SECOND, 200);
    house.passes(Duration::from_secs(10));
    assert_eq!(house.state("first"), TrunkState::Up);
}

#[test]
fn a_name_that_heals_brings_its_trunk_back_though_nobody_asks_it() {
    let mut house = House::with(Vec::new(), Protection::default());
    house.names.insert("sip.carrier.example".to_owned(), Err("the name service did not answer".to_owned()));
    house.reconfigure(vec![outward("carrier", "sip.carrier.example")]);
    house.passes(Duration::from_secs(601));
    assert_ne!(house.state("carrier"), TrunkState::Unknown);
    house.names.insert("sip.carrier.example".to_owned(), Ok(vec![place(address(FIRST))]));
    house.passes(Duration::from_secs(300));
    assert_eq!(house.state("carrier"), TrunkState::Unknown);
    assert_eq!(house.trunks["carrier"].why, None);
}

fn outward(name: &str, send_to: &str) -> Trunk {
    Trunk {
        send_to: Some(send_to.parse().expect("a carrier's address")),
        prefixes: vec!["9".to_owned()],
        ..Trunk::new(name.into())
    }
}

fn two_trunks() -> House {
    let second = Trunk { priority: 2, ..outward("second", SECOND) };
    House::with(vec![second, outward("first", FIRST)], Protection::default())
}

fn parse(text: &str) -> Request {
    match Message::parse(bytes::Bytes::copy_from_slice(text.as_bytes())) {
        Ok(Message::Request(request)) => request,
        other => panic!("{text} is no request: {other:?}"),
    }
}

fn text(request: &Request, name: &str) -> String {
    let value = request.headers().all(name).next().expect("the header");
    value.text().into_owned()
}

impl House {
    fn dials(&mut self, number: &str) -> LegId {
        self.dials_as(number, Party::number("1001"))
    }

    fn dials_as(&mut self, number: &str, caller: Party) -> LegId {
        let leg = LegId::generate(&mut self.ids);
        self.feed(Input::Command(LegCommand::Dial {
            leg,
            target: Target::Number(number.to_owned()),
            caller,
            beside: None,
            ring: Duration::from_secs(60),
            charged: None,
            follows: true,
        }));
        leg
    }

    fn reconfigure(&mut self, trunks: Vec<Trunk>) {
        let settings = House::settings(trunks, Protection::default());
        self.feed(Input::Config(Box::new(settings)));
    }

    /// Where each INVITE went.
    fn invited(&self) -> Vec<&'static str> {
        let invites = self.sent.iter().zip(&self.sent_to).filter(|(text, _)| text.starts_with("INVITE "));
        invites.map(|(_, to)| if *to == address(FIRST) { FIRST } else { SECOND }).collect()
    }

    /// How many different OPTIONS were sent.
    fn asked(&self) -> usize {
        let options = self.sent.iter().filter(|text| text.starts_with("OPTIONS "));
        options.collect::<std::collections::BTreeSet<_>>().len()
    }

    /// Answers the last request that went to this carrier and that it may still answer.
    fn carrier_answers(&mut self, carrier: &str, status: u16) {
        let mut requests = self.sent.iter().zip(&self.sent_to).rev().filter(|(text, to)| {
            **to == address(carrier) && (text.starts_with("INVITE ") || text.starts_with("OPTIONS "))
        });
        let request = parse(requests.next().expect("a request to that carrier").0);
        let status = StatusCode::new(status).expect("a status");
        let mut answer = request.answer(status);
        if status.code() > 100 {
            answer = answer.to_tag("carrier");
        }
        if status.is_success() && *request.method() == sip_message::Method::Invite {
            let offer = sdp::Session::parse(request.body()).expect("an offer");
            let local = sdp::Local::new("198.51.100.9:30000".parse().expect("an address"), 1);
            let body = sdp::answer(&offer, &local).expect("an answer").sdp.to_string();
            answer =
                answer.header("Contact", "<sip:198.51.100.5>").body("application/sdp", body.into_bytes());
        }
        let bytes = answer.build().expect("an answer").to_bytes();
        self.hears(carrier, std::str::from_utf8(&bytes).expect("text"));
    }

    fn state(&self, trunk: &str) -> TrunkState {
        self.trunks[trunk].state
    }
}
