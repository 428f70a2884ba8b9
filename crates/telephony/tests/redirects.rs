//! Calls that go elsewhere: a phone that answers 302, a caller who is passed on to the outside, and what is handed over.

mod house;

use base::Duration;
use house::{CARRIER, House, address, register, request};
use model::{EndCause, LegCommand, LegId, Party, SipUser, Target};
use telephony::{Input, Protection};

const ANNA: &str = "192.0.2.7:5060";
const BERT: &str = "192.0.2.8:5060";

#[test]
fn a_phone_sends_its_calls_to_a_colleague() {
    let mut house = with_phones();
    let leg = calls(&mut house, "1001", true);
    redirects(&mut house, ANNA, "sip:1002@hotline.test");
    assert_eq!(house.sent_to.last(), Some(&address(BERT)));
    assert!(house.sent.last().is_some_and(|sent| sent.starts_with("INVITE ")));
    assert!(!house.ended.contains_key(&leg));
}

#[test]
fn two_phones_that_send_their_calls_to_each_other_come_to_an_end() {
    let mut house = with_phones();
    let leg = calls(&mut house, "1001", true);
    redirects(&mut house, ANNA, "sip:1002@hotline.test");
    redirects(&mut house, BERT, "sip:1001@hotline.test");
    house.passes(Duration::from_secs(3));
    assert_eq!(house.ended.get(&leg), Some(&EndCause::Refused(302)));
}

#[test]
fn a_call_of_a_queue_stays_with_the_agent_who_is_asked() {
    let mut house = with_phones();
    let leg = calls(&mut house, "1001", false);
    redirects(&mut house, ANNA, "sip:1002@hotline.test");
    house.passes(Duration::from_secs(3));
    assert_eq!(house.ended.get(&leg), Some(&EndCause::Refused(302)));
}

#[test]
fn a_phone_sends_calls_outside_only_if_it_may_call_there_itself() {
    // 1002 may, 1001 may not.
    for (user, place, may) in [("1002", BERT, true), ("1001", ANNA, false)] {
        let mut house = with_phones();
        let leg = calls(&mut house, user, true);
        redirects(&mut house, place, "sip:9123@hotline.test");
        let went = house.sent_to.last() == Some(&address(CARRIER));
        assert_eq!(went, may, "{user}");
        if may {
            let invite = house.sent.last().expect("an INVITE");
            assert!(invite.contains("Diversion: <sip:1002@hotline.test>;reason=unconditional"), "{invite}");
            assert!(invite.contains(
                "History-Info: <sip:1002@hotline.test>;index=1, <sip:9123@hotline.test>;index=1.1;mp=1"
            ));
            assert!(!house.ended.contains_key(&leg));
        }
    }
}

#[test]
fn a_phone_that_may_not_call_outside_does_not_borrow_the_right_of_the_one_that_sent_it_the_call() {
    let mut house = with_phones();
    let leg = calls(&mut house, "1002", true);
    redirects(&mut house, BERT, "sip:1001@hotline.test");
    redirects(&mut house, ANNA, "sip:9123@hotline.test");
    assert!(!house.sent_to.contains(&address(CARRIER)), "1002 may call outside, 1001 may not");
    house.passes(Duration::from_secs(3));
    assert_eq!(house.ended.get(&leg), Some(&EndCause::Refused(302)));
}

#[test]
fn a_colleague_without_a_phone_is_passed_over_for_the_next_place() {
    let mut house = with_phones();
    let leg = calls(&mut house, "1001", true);
    let nobody = SipUser::new("1003");
    assert!(!house.telephony.is_registered(&nobody));
    redirects(&mut house, ANNA, "sip:1003@hotline.test>;q=1, <sip:1002@hotline.test");
    assert_eq!(house.sent_to.last(), Some(&address(BERT)));
    assert!(!house.ended.contains_key(&leg));
}

#[test]
fn nobody_is_sent_to_foreign_servers() {
    let mut house = with_phones();
    let leg = calls(&mut house, "1002", true);
    redirects(&mut house, BERT, "sip:9123@evil.example");
    house.passes(Duration::from_secs(3));
    assert_eq!(house.ended.get(&leg), Some(&EndCause::Refused(302)));
}

#[test]
fn what_a_caller_hands_over_reaches_whoever_takes_the_call() {
    let mut house = with_phones();
    let more = "Contact: <sip:x@198.51.100.5>\r\nUser-to-User: 56a390f3d2b7310023a2;encoding=hex\r\n";
    let text = request("INVITE", "sip:4000@hotline.test", "0301", "4000", more);
    let text = text.replace("@hotline.test>;tag", "@carrier.test>;tag");
    house.hears(CARRIER, &text);
    let caller = house.arrived.expect("the call is there");
    let leg = LegId::generate(&mut house.ids);
    dials(&mut house, leg, Target::User(SipUser::new("1001")), Some(caller), false);
    let invite = house.sent.last().expect("an INVITE");
    assert!(invite.contains("User-to-User: 56a390f3d2b7310023a2;encoding=hex"), "{invite}");

    // Passed on to the outside, the call says for whom it was meant.
    let leg = LegId::generate(&mut house.ids);
    dials(&mut house, leg, Target::Number("9123".to_owned()), Some(caller), true);
    let invite = house.sent.last().expect("an INVITE");
    assert!(invite.contains("Diversion: <sip:4000@hotline.test>"), "{invite}");
    assert!(invite.contains("User-to-User: 56a390f3d2b7310023a2;encoding=hex"), "{invite}");
}

#[test]
fn nobody_takes_a_call_by_naming_it() {
    let mut house = with_phones();
    calls(&mut house, "1001", true);
    let invite = house.sent.last().cloned().expect("an INVITE");
    house.hears(ANNA, &house::answer(&invite, 180, ""));
    let line = |name: &str| {
        let line = invite.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.expect("a header").to_owned()
    };
    let tag = line("From").split("tag=").nth(1).expect("a tag").to_owned();
    let more =
        format!("Contact: <sip:x@a.test>\r\nReplaces: {};to-tag={tag};from-tag=peer\r\n", line("Call-ID"));
    house.hears("203.0.113.9:5060", &request("INVITE", "sip:1001@hotline.test", "x", "1001", &more));
    assert_eq!(house.status(), "403");
}

fn with_phones() -> House {
    let mut house = House::new(Protection::default());
    for (place, user) in [(ANNA, "1001"), (BERT, "1002")] {
        let contact = format!("<sip:{user}@{place}>");
        let write = |more: &str| register(user, more).replace(&format!("<sip:{user}@a.test>"), &contact);
        assert_eq!(house.proves(place, "REGISTER", "sip:hotline.test", user, "secret", write), "200");
    }
    house
}

fn calls(house: &mut House, user: &str, follows: bool) -> LegId {
    let leg = LegId::generate(&mut house.ids);
    dials(house, leg, Target::User(SipUser::new(user)), None, follows);
    leg
}

fn dials(house: &mut House, leg: LegId, target: Target, beside: Option<LegId>, follows: bool) {
    let ring = Duration::from_secs(30);
    let caller = Party::number("0301");
    let dial = LegCommand::Dial { leg, target, caller, beside, ring, charged: None, follows };
    house.feed(Input::Command(dial));
}

/// The phone there answers its last INVITE with 302.
fn redirects(house: &mut House, place: &str, to: &str) {
    let sent = house.sent.iter().zip(&house.sent_to).rev();
    let mut invites = sent.filter(|(text, to)| text.starts_with("INVITE ") && **to == address(place));
    let invite = invites.next().map(|(text, _)| text.clone()).expect("an INVITE to that phone");
    let answer = house::answer(&invite, 302, "");
    let contact = format!("Contact: <{to}>\r\nContent-Length:");
    house.hears(place, &answer.replacen("Content-Length:", &contact, 1));
    // The ACK of the refusal is no news.
    while house.sent.last().is_some_and(|sent| sent.starts_with("ACK ")) {
        house.sent.pop();
        house.sent_to.pop();
    }
}
