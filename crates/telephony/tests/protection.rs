//! Who is kept out, what is shed and what calls outside may cost, with messages as they come from the wire.

mod house;

use base::Duration;
use guard::{Pressure, TollLimits};
use house::{CARRIER, House, fresh, register, request};
use model::{CallLimit, EndCause, KeptOutWhat, LegCommand, LimitKind, SipUser};
use std::collections::BTreeMap;
use telephony::{Input, Protection};

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
    // Somebody else is answered, with no more than was asked: the address may be made up.
    house.hears("203.0.113.10:5060", &options("Phone"));
    assert_eq!(house.status(), "200");
    assert!(house.sent[0].len() <= options("Phone").len(), "{}", house.sent[0]);
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
    let limit = CallLimit { kind: LimitKind::PhoneAtOnce, of: "1001".to_owned(), max: 1 };
    for _ in 0..3 {
        assert_eq!(house.calls_outside("1001", "9123"), Err(EndCause::Limit(Box::new(limit.clone()))));
    }
    assert_eq!(house.limits, [(limit.to_string(), 1)], "supervisors hear of it once");
    assert_eq!(house.calls_outside("1001", "909001"), Err(EndCause::Refused(403)));
    assert!(house.calls_outside("1002", "9123").is_ok(), "another phone has limits of its own");
    assert!(house.calls_outside("1002", "9123").is_ok());
    assert!(house.calls_outside("", "909001").is_ok(), "a dialplan may");
    assert_eq!(
        house.log,
        [
            "phone 1001 may not call 9123: calls outside are limited to 1 at once",
            "phone 1001 may not call 909001: numbers that begin with 90900 are forbidden"
        ]
    );
    house.feed(Input::Command(LegCommand::HangUp { leg: first }));
    house.passes(Duration::from_secs(60));
    assert!(house.calls_outside("1001", "9123").is_ok(), "the first one is over");
    house.passes(Duration::from_secs(300));
    assert_eq!(house.limits[1..], [(limit.to_string(), 2)], "and then with all that were turned away");
    let logged = house.log.iter().filter(|line| line.contains("at once") || line.contains("at_once"));
    assert_eq!(logged.count(), 1, "the log has it once a day");
}

const SCANNER: &str = "203.0.113.9:5071";
const PHONE: &str = "192.0.2.7:5060";

#[test]
fn a_name_that_no_phone_has_is_told_once() {
    let mut house = House::new(Protection::default());
    for _ in 0..3 {
        assert_eq!(house.registers(PHONE, "2999", "secret"), "403");
    }
    let told: Vec<_> = house.log.iter().filter(|line| line.contains("2999")).collect();
    assert_eq!(told, [&format!("2999 at {PHONE}: there is no such phone here")]);
}

fn options(device: &str) -> String {
    request("OPTIONS", "sip:hotline.test", "x", "x", &format!("User-Agent: {device}\r\n"))
}

fn invite(from: &str, to: &str) -> String {
    request("INVITE", &format!("sip:{to}@hotline.test"), from, to, "Contact: <sip:x@a.test>\r\n")
}
