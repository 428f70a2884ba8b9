//! Phones call each other through the center, which forwards their requests and stays out of their talk. RFC 3261 §16.

mod office;

use base::Duration;
use office::{Line, Office, Weather, sdp};
use sip::{KeyPress, NotProxied, ProxyEnd, ProxySide};
use sip_message::StatusCode;

#[test]
fn a_phone_calls_another_and_both_hang_up_through_the_center() {
    let mut office = two(Line::Udp, Line::Udp);
    let anna = office.call("anna");
    office.run_ms(100);
    let bert = office.arrived("bert");
    office.act("bert", |agent, now| agent.ring(bert, None, now));
    office.run_ms(100);
    office.act("bert", |agent, now| agent.answer(bert, sdp("answer"), now));
    office.run_ms(100);
    assert_eq!(office.center.proxied(), 1);
    // Hold, and back, from each side.
    office.act("anna", |agent, now| agent.offer(anna, sdp("hold"), now));
    office.run_ms(100);
    office.act("bert", |agent, now| agent.answer_offer(bert, sdp("held"), now));
    office.run_ms(100);
    office.act("bert", |agent, now| agent.offer(bert, sdp("back"), now));
    office.run_ms(100);
    office.act("anna", |agent, now| agent.refuse_offer(anna, StatusCode::NOT_ACCEPTABLE_HERE, now));
    office.run_ms(100);
    office.act("bert", |agent, now| agent.hang_up(bert, now));
    assert!(office.run_out(Duration::from_secs(60)));
    insta::assert_snapshot!(office.log);
}

#[test]
fn a_caller_hangs_up_whatever_lines_the_two_have() {
    let lines = [Line::Udp, Line::Nat, Line::Tcp];
    for (from, to) in lines.iter().flat_map(|from| lines.map(|to| (*from, to))) {
        let mut office = two(from, to);
        let (anna, bert) = talk(&mut office);
        office.act("bert", |agent, now| agent.send_key(bert, KeyPress { digit: '5', duration: None }, now));
        office.run_ms(100);
        let heard = office.log.contains("anna: Key(");
        assert!(heard, "{from:?} {to:?}\n{}", office.log);
        office.act("anna", |agent, now| agent.hang_up(anna, now));
        assert!(office.run_out(Duration::from_secs(60)), "{from:?} {to:?}\n{}", office.log);
        assert_eq!(office.ends(), [ProxyEnd::HungUp { by: ProxySide::Caller }], "{}", office.log);
    }
}

#[test]
fn the_first_of_several_phones_wins_and_the_others_stop_ringing() {
    let mut office =
        office(&[("anna", Line::Udp), ("bert", Line::Udp), ("carl", Line::Tcp), ("dora", Line::Nat)]);
    office.plan = vec![("bert", 1000), ("carl", 1000), ("dora", 1000)];
    let anna = office.call("anna");
    office.run_ms(100);
    for name in ["bert", "carl"] {
        let session = office.arrived(name);
        office.act(name, |agent, now| agent.ring(session, None, now));
    }
    office.run_ms(100);
    let carl = office.arrived("carl");
    office.act("carl", |agent, now| agent.answer(carl, sdp("carl"), now));
    office.run_ms(2_000);
    let cancel = office.last_at("bert", "CANCEL");
    assert!(cancel.contains("Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n"), "{cancel}");
    office.act("anna", |agent, now| agent.hang_up(anna, now));
    assert!(office.run_out(Duration::from_secs(60)));
    insta::assert_snapshot!(office.log);
}

#[test]
fn two_phones_answer_at_once_and_the_caller_keeps_one() {
    let mut office = office(&[("anna", Line::Udp), ("bert", Line::Udp), ("carl", Line::Udp)]);
    office.plan = vec![("bert", 1000), ("carl", 1000)];
    let anna = office.call("anna");
    office.run_ms(100);
    for name in ["bert", "carl"] {
        let session = office.arrived(name);
        office.act(name, |agent, now| agent.answer(session, sdp(name), now));
    }
    office.run_ms(1_000);
    // Both 200s have passed; the caller has ended the one that came second, and the call goes on.
    assert_eq!(office.center.proxied(), 1);
    assert!(office.ends().is_empty());
    office.act("anna", |agent, now| agent.hang_up(anna, now));
    assert!(office.run_out(Duration::from_secs(60)));
    assert_eq!(office.ends(), [ProxyEnd::HungUp { by: ProxySide::Caller }]);
    insta::assert_snapshot!(office.log);
}

#[test]
fn phones_of_lower_preference_ring_when_the_others_do_not_answer() {
    let mut office =
        office(&[("anna", Line::Udp), ("bert", Line::Udp), ("carl", Line::Udp), ("dora", Line::Udp)]);
    office.plan = vec![("dora", 100), ("bert", 1000), ("carl", 500)];
    office.options.ring = Duration::from_secs(20);
    office.call("anna");
    office.run_ms(100);
    let bert = office.arrived("bert");
    office.act("bert", |agent, now| agent.reject(bert, StatusCode::BUSY_HERE, "", now));
    office.run_ms(100);
    let carl = office.arrived("carl");
    office.act("carl", |agent, now| agent.ring(carl, None, now));
    office.run_ms(21_000);
    let dora = office.arrived("dora");
    office.act("dora", |agent, now| agent.ring(dora, None, now));
    office.run_ms(21_000);
    assert!(office.run_out(Duration::from_secs(60)));
    // Of three that did not answer one was busy; the caller is not told that it gave up.
    assert_eq!(office.ends(), [ProxyEnd::Refused { status: StatusCode::BUSY_HERE, target: Some(1) }]);
    insta::assert_snapshot!(office.log);
}

#[test]
fn a_caller_who_hangs_up_while_it_rings_stops_every_phone() {
    let mut office = office(&[("anna", Line::Udp), ("bert", Line::Udp), ("carl", Line::Udp)]);
    office.plan = vec![("bert", 1000), ("carl", 1000), ("carl", 500)];
    let anna = office.call("anna");
    office.run_ms(100);
    let bert = office.arrived("bert");
    office.act("bert", |agent, now| agent.ring(bert, None, now));
    office.run_ms(200);
    office.act("anna", |agent, now| agent.hang_up_because(anna, "Q.850;cause=16", now));
    office.run_ms(100);
    assert!(office.last_at("bert", "CANCEL").contains("Reason: Q.850;cause=16\r\n"));
    assert!(office.run_out(Duration::from_secs(60)));
    assert_eq!(office.ends(), [ProxyEnd::Canceled]);
    insta::assert_snapshot!(office.log);
}

#[test]
fn an_answer_that_crosses_the_cancel_passes() {
    let mut office = two(Line::Udp, Line::Udp);
    let anna = office.call("anna");
    office.run_ms(100);
    let bert = office.arrived("bert");
    office.act("bert", |agent, now| agent.ring(bert, None, now));
    office.run_ms(100);
    office.act("anna", |agent, now| agent.hang_up(anna, now));
    office.act("bert", |agent, now| agent.answer(bert, sdp("answer"), now));
    assert!(office.run_out(Duration::from_secs(60)));
    assert_eq!(office.ends(), [ProxyEnd::HungUp { by: ProxySide::Caller }]);
    insta::assert_snapshot!(office.log);
}

#[test]
fn one_who_declines_for_all_ends_the_call() {
    let mut office = office(&[("anna", Line::Udp), ("bert", Line::Udp), ("carl", Line::Udp)]);
    office.plan = vec![("bert", 1000), ("carl", 1000), ("carl", 100)];
    office.call("anna");
    office.run_ms(300);
    let bert = office.arrived("bert");
    office.act("bert", |agent, now| agent.reject(bert, StatusCode::DECLINE, "", now));
    assert!(office.run_out(Duration::from_secs(60)));
    assert_eq!(office.ends(), [ProxyEnd::Refused { status: StatusCode::DECLINE, target: Some(0) }]);
    insta::assert_snapshot!(office.log);
}

#[test]
fn a_call_that_its_owner_withdraws_rings_nobody_any_more() {
    let mut office = office(&[("anna", Line::Udp), ("bert", Line::Tcp), ("carl", Line::Udp)]);
    office.plan = vec![("bert", 1000), ("carl", 500)];
    office.call("anna");
    office.run_ms(100);
    let bert = office.arrived("bert");
    office.act("bert", |agent, now| agent.ring(bert, None, now));
    office.run_ms(100);
    let (session, _) = office.told[0].clone();
    office.center(|center, now| center.withdraw(session, now));
    assert!(office.run_out(Duration::from_secs(60)));
    assert!(office.log.contains("bert: Ended(PeerCancel)") && !office.log.contains("carl"), "{}", office.log);
    assert_eq!(office.ends(), [ProxyEnd::Refused { status: StatusCode::REQUEST_TIMEOUT, target: Some(0) }]);
}

#[test]
fn a_call_that_is_answered_cannot_be_withdrawn() {
    let mut office = two(Line::Udp, Line::Udp);
    let (anna, _) = talk(&mut office);
    let (session, _) = office.told[0].clone();
    office.center(|center, now| center.withdraw(session, now));
    office.run_ms(1_000);
    assert!(office.ends().is_empty());
    office.act("anna", |agent, now| agent.hang_up(anna, now));
    assert!(office.run_out(Duration::from_secs(60)));
    assert_eq!(office.ends(), [ProxyEnd::HungUp { by: ProxySide::Caller }]);
}

#[test]
fn a_phone_that_never_answers_is_given_up_by_timer_c() {
    let mut office = two(Line::Udp, Line::Udp);
    office.options.ring = Duration::from_secs(3600);
    office.call("anna");
    office.run_ms(100);
    let bert = office.arrived("bert");
    office.act("bert", |agent, now| agent.ring(bert, None, now));
    // It rings anew every minute, and so shows that it is alive.
    office.run_ms(400_000);
    assert!(office.ends().is_empty());
    office.phones.get_mut("bert").unwrap().agent =
        sip::UserAgent::new(sip::UserAgentConfig::default(), base::IdSource::new(7));
    office.run_ms(182_000);
    office.run_ms(60_000);
    assert_eq!(
        office.ends(),
        [ProxyEnd::Refused { status: StatusCode::REQUEST_TIMEOUT, target: Some(0) }],
        "{}",
        office.log
    );
    assert!(office.run_out(Duration::from_secs(60)));
}

#[test]
fn a_phone_whose_connection_breaks_is_no_answer_and_the_caller_hears_so() {
    let mut office = two(Line::Udp, Line::Tcp);
    office.call("anna");
    office.run_ms(15);
    let (remote, connection) = (office.target("bert", 0).destination.remote, Some(sip::ConnectionId(3)));
    office.center(|center, now| center.handle_transport_error(remote, connection, now));
    let status = StatusCode::SERVER_INTERNAL_ERROR;
    assert_eq!(office.ends(), [ProxyEnd::Refused { status, target: Some(0) }], "{}", office.log);
}

#[test]
fn a_lost_acknowledgment_is_made_good_by_the_next_copy_of_the_200() {
    let mut office = two(Line::Udp, Line::Nat);
    office.lose("center", "ACK");
    office.lose("anna", "ACK");
    let (_, bert) = talk(&mut office);
    office.run_ms(4_000);
    assert!(office.log.contains("bert: Acked"), "{}", office.log);
    office.act("bert", |agent, now| agent.hang_up(bert, now));
    assert!(office.run_out(Duration::from_secs(60)));
    insta::assert_snapshot!(office.log);
}

#[test]
fn a_bye_that_nobody_answers_ends_the_call_for_the_center_too() {
    let mut office = two(Line::Udp, Line::Udp);
    let (anna, _) = talk(&mut office);
    office.phones.get_mut("bert").unwrap().agent =
        sip::UserAgent::new(sip::UserAgentConfig::default(), base::IdSource::new(7));
    for _ in 0..20 {
        office.lose("center", "BYE");
    }
    office.act("anna", |agent, now| agent.hang_up(anna, now));
    office.run_ms(40_000);
    assert_eq!(office.ends(), [ProxyEnd::HungUp { by: ProxySide::Caller }]);
    assert!(office.run_out(Duration::from_secs(60)));
    // RFC 4320: the center says nothing in the place of a phone that says nothing.
    assert!(!office.log.contains("center -> anna: 408"), "{}", office.log);
}

#[test]
fn a_call_that_nobody_speaks_of_any_more_is_let_go() {
    let mut office = two(Line::Udp, Line::Udp);
    office.options.headers = vec![("X-House".to_owned(), "office".to_owned())];
    talk(&mut office);
    for phone in office.phones.values_mut() {
        phone.agent = sip::UserAgent::new(sip::UserAgentConfig::default(), base::IdSource::new(7));
    }
    office.run_ms(1_700_000);
    assert!(office.ends().is_empty());
    // The two had agreed on half an hour (RFC 4028).
    office.run_ms(200_000);
    assert_eq!(office.ends(), [ProxyEnd::Expired]);
    assert!(office.run_out(Duration::from_secs(1)));
}

#[test]
fn what_a_phone_says_of_others_and_to_us_does_not_go_on() {
    let mut office = two(Line::Udp, Line::Udp);
    office.options.headers = vec![("P-Asserted-Identity".to_owned(), "<sip:anna@office.test>".to_owned())];
    office.call_with("anna", |invite| {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        invite.headers = vec![
            header("P-Asserted-Identity", "<sip:boss@office.test>"),
            header("Proxy-Authorization", "Digest realm=\"office.test\", response=\"1\""),
            header("Proxy-Authorization", "Digest realm=\"other.test\", response=\"2\""),
            header("Authorization", "Digest realm=\"bert\", response=\"3\""),
        ];
        invite.routes = vec![sip_message::NameAddr::parse(b"<sip:evil.test;lr>").unwrap()];
    });
    office.run_ms(100);
    let invite = office.last_at("bert", "INVITE");
    for gone in ["boss", "realm=\"office.test\"", "evil.test"] {
        assert!(!invite.contains(gone), "{gone} in\n{invite}");
    }
    for kept in ["<sip:anna@office.test>\r\n", "other.test", "realm=\"bert\"", "Max-Forwards: 69\r\n"] {
        assert!(invite.contains(kept), "{kept} not in\n{invite}");
    }
}

#[test]
fn what_cannot_be_forwarded_is_still_its_owners_to_answer() {
    let phones = [("anna", Line::Udp), ("bert", Line::Udp)];
    let mut office = Office::with(1, Weather::default(), &phones, |config| config.proxy.calls_max = 1);
    for _ in 0..2 {
        office.call("anna");
    }
    office.run_ms(100);
    let [first, second] = office.waiting[..] else { unreachable!("two calls came") };
    let bert = vec![office.target("bert", 1000)];
    let mut forward = |session, targets| {
        let options = office.options.clone();
        office.center(|center, now| center.proxy(session, targets, options, now))
    };
    assert_eq!(forward(first, Vec::new()), Err(NotProxied::NoTargets));
    assert_eq!(forward(first, bert.clone()), Ok(()));
    assert_eq!(forward(first, bert.clone()), Err(NotProxied::Gone));
    assert_eq!(forward(second, bert), Err(NotProxied::Full(1)));
    office.center(|center, now| center.reject(second, StatusCode::BUSY_HERE, "", now));
    office.run_ms(100);
    assert!(office.log.contains("anna: Ended(Rejected { status: StatusCode(486), reason: \"Busy Here\" })"));
    let bert = office.arrived("bert");
    office.act("bert", |agent, now| agent.reject(bert, StatusCode::NOT_FOUND, "", now));
    assert!(office.run_out(Duration::from_secs(60)));
    assert_eq!(office.ends(), [ProxyEnd::Refused { status: StatusCode::NOT_FOUND, target: Some(0) }]);
}

#[test]
fn of_many_phones_eight_ring_those_with_the_highest_q() {
    let mut office = two(Line::Udp, Line::Udp);
    office.plan = vec![("bert", 100); 3];
    office.plan.extend(vec![("bert", 1000); 6]);
    office.call("anna");
    office.run_ms(20);
    let first = office.log.matches("center -> bert: INVITE").count();
    assert_eq!(first, 6);
    office.run_ms(250);
    assert!(office.run_out(Duration::from_secs(400)));
    let all = office.log.matches("center -> bert: INVITE").count();
    assert_eq!(all, 6 + 2);
}

#[test]
fn a_message_is_forwarded_and_its_end_is_told() {
    let mut office = two(Line::Nat, Line::Tcp);
    send_message(&mut office);
    assert!(office.run_out(Duration::from_secs(60)));
    assert_eq!(office.ends(), [ProxyEnd::Completed { status: StatusCode::OK }]);
    insta::assert_snapshot!(office.log, @r"
     0  anna -> center: MESSAGE [hi]
    10  center -> bert: MESSAGE [hi]
    20  bert -> center: 200 MESSAGE
    30  center: Ended(Completed { status: StatusCode(200) })
    30  center -> anna: 200 MESSAGE
    40  anna: 200
    ");
}

#[test]
fn a_message_to_a_phone_that_says_nothing_gets_a_100_and_no_408() {
    let mut office = two(Line::Udp, Line::Udp);
    for _ in 0..20 {
        office.lose("center", "MESSAGE");
    }
    send_message(&mut office);
    assert!(office.run_out(Duration::from_secs(60)));
    assert_eq!(office.ends(), [ProxyEnd::Completed { status: StatusCode::REQUEST_TIMEOUT }]);
    let answers: Vec<_> = office.log.lines().filter(|line| line.contains("center -> anna")).collect();
    insta::assert_snapshot!(answers.join("\n"), @r"
     3510  center -> anna: 100 MESSAGE
     7510  center -> anna: 100 MESSAGE
    11510  center -> anna: 100 MESSAGE
    15510  center -> anna: 100 MESSAGE
    19510  center -> anna: 100 MESSAGE
    23510  center -> anna: 100 MESSAGE
    27510  center -> anna: 100 MESSAGE
    31510  center -> anna: 100 MESSAGE
    ");
}

fn two(anna: Line, bert: Line) -> Office {
    let mut office = office(&[("anna", anna), ("bert", bert)]);
    office.plan = vec![("bert", 1000)];
    office
}

fn office(phones: &[(&'static str, Line)]) -> Office {
    Office::new(1, Weather::default(), phones)
}

/// A call between anna and bert that is answered.
fn talk(office: &mut Office) -> (sip::SessionId, sip::SessionId) {
    let anna = office.call("anna");
    office.run_ms(100);
    let bert = office.arrived("bert");
    office.act("bert", |agent, now| agent.answer(bert, sdp("answer"), now));
    office.run_ms(100);
    (anna, bert)
}

fn send_message(office: &mut Office) {
    let destination = office.to_center("anna");
    let message = office::parse(
        "MESSAGE sip:100@office.test SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKx\r\nFrom: <sip:anna@office.test>;tag=1\r\n\
         To: <sip:100@office.test>\r\nCall-ID: m\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi",
    );
    let mut message = message;
    message.headers_mut().remove(sip_message::HeaderName::Via);
    office.act("anna", |agent, now| agent.request(message, destination, now));
}
