//! What a proxy must not do for everybody: carry requests that are not of its calls, go round in circles, or go on for ever.

mod office;

use base::Duration;
use office::{CENTER, Line, Office, Weather, sdp};
use sip::{ProxyEnd, ProxySide, ReferId, Transfer};
use sip_message::{NameAddr, StatusCode, Uri};

#[test]
fn a_request_goes_on_only_with_the_routes_of_its_own_call_and_from_where_that_call_is() {
    let mut office = office(&[("anna", Line::Udp), ("bert", Line::Nat), ("eve", Line::Udp)]);
    let call = Call::new(&mut office);
    // As anna's own phone would send it.
    assert_eq!(answer(&mut office, "anna", &call.info("1")), "goes on");
    let routes = call.routes.clone();
    let swapped = format!("Route: {}, {}\r\n", routes[1], routes[0]);
    let once = format!("Route: {}\r\n", routes[0]);
    let other = routes[1].replacen("<sip:", "<sip:0", 1);
    let changed = format!("Route: {}, {other}\r\n", routes[0]);
    let elsewhere = routes[0].replace(CENTER, "192.0.2.1:5070");
    let elsewhere = format!("Route: {elsewhere}, {}\r\n", routes[1]);
    let good = call.route.clone();
    for (what, message) in [
        ("no route of ours", call.info("2").replace(&good, "")),
        ("one of two", call.info("3").replace(&good, &once)),
        ("the wrong way round", call.info("4").replace(&good, &swapped)),
        ("a changed one", call.info("5").replace(&good, &changed)),
        ("one of another address", call.info("6").replace(&good, &elsewhere)),
        ("those of another call", call.info("7").replace(&call.call_id, "other")),
        ("those of another caller", call.info("8").replace(&call.anna_tag, "other")),
    ] {
        assert_eq!(answer(&mut office, "anna", &message), "481", "{what}");
    }
    assert_eq!(answer(&mut office, "eve", &call.info("9")), "481", "from another address");
}

#[test]
fn a_request_of_a_call_goes_to_the_other_side_whatever_target_it_names() {
    let mut office = office(&[("anna", Line::Udp), ("bert", Line::Nat), ("eve", Line::Udp)]);
    let call = Call::new(&mut office);
    let eve = office.contact("eve").to_string();
    let message = call.info("1").replacen(&call.target, &eve, 1);
    assert_eq!(answer(&mut office, "anna", &message), "goes on");
    // It went to bert, who answers for himself.
    assert!(office.last_at("bert", "INFO").starts_with(&format!("INFO {eve} ")));
}

#[test]
fn a_strict_router_before_us_is_understood() {
    let mut office = office(&[("anna", Line::Udp), ("bert", Line::Udp)]);
    let call = Call::new(&mut office);
    // The route is in the Request-URI, and the target behind all routes (RFC 3261 §16.4).
    let first = call.routes[0].trim_start_matches('<').trim_end_matches('>');
    let strict = format!("Route: {}\r\nRoute: <{}>\r\n", call.routes[1], call.target);
    let message = call.info("1").replace(&call.route, &strict);
    let message = message.replacen(&format!("INFO {} ", call.target), &format!("INFO {first} "), 1);
    assert_eq!(answer(&mut office, "anna", &message), "goes on");
    let arrived = office.last_at("bert", "INFO");
    assert!(arrived.starts_with(&format!("INFO {} ", call.target)), "{arrived}");
    assert!(!arrived.contains("Route:"), "{arrived}");
}

#[test]
fn a_target_behind_its_own_proxies_gets_their_routes_and_a_strict_one_itself() {
    let mut office = office(&[("anna", Line::Udp), ("bert", Line::Udp)]);
    office.plan.clear();
    for (path, expected) in [
        ("<sip:edge.test;lr>", "INVITE sip:bert@198.51.100.3:5060 | <sip:edge.test;lr>, <sip:inner.test;lr>"),
        ("<sip:edge.test>", "INVITE sip:edge.test | <sip:inner.test;lr>, <sip:bert@198.51.100.3:5060>"),
    ] {
        office.call("anna");
        office.run_ms(100);
        let session = *office.waiting.last().unwrap();
        let mut target = office.target("bert", 1000);
        target.routes = [path, "<sip:inner.test;lr>"]
            .iter()
            .map(|route| NameAddr::parse(route.as_bytes()).unwrap())
            .collect();
        let options = office.options.clone();
        office.center(|center, now| center.proxy(session, vec![target], options, now)).unwrap();
        office.run_ms(20);
        let invite = office.last_at("bert", "INVITE");
        let routes: Vec<_> = invite.lines().filter_map(|line| line.strip_prefix("Route: ")).collect();
        let line = invite.lines().next().unwrap().trim_end_matches(" SIP/2.0");
        assert_eq!(format!("{line} | {}", routes.join(", ")), expected);
    }
}

#[test]
fn a_request_that_comes_back_on_another_way_is_forwarded_and_one_in_a_circle_is_not() {
    let mut office = office(&[("anna", Line::Udp), ("bert", Line::Udp)]);
    office.plan = vec![("center", 1000)];
    office.call("anna");
    assert!(office.run_out(Duration::from_secs(60)));
    let lines: Vec<_> =
        office.log.lines().filter(|line| line.contains("center")).map(|line| &line[8..]).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    anna -> center: INVITE [v=0 offer]
    center -> center: INVITE [v=0 offer]
    center -> center: INVITE [v=0 offer]
    center -> center: 482 INVITE
    center -> center: ACK
    center: Ended(Refused { status: StatusCode(482), target: Some(0) })
    center -> center: 482 INVITE
    center -> center: ACK
    center: Ended(Refused { status: StatusCode(482), target: Some(0) })
    center -> anna: 482 INVITE
    anna -> center: ACK
    ");
}

#[test]
fn hops_breadth_and_what_is_required_of_proxies_have_their_limits() {
    let mut office = office(&[("anna", Line::Udp), ("bert", Line::Udp)]);
    office.plan = vec![("bert", 1000), ("bert", 1000), ("bert", 1000)];
    for (header, expected) in [
        ("Max-Forwards: 0", "483 Too Many Hops"),
        ("Max-Forwards: 1", "goes on with 0 and 20, 3 times"),
        ("Max-Forwards: 70\r\nMax-Breadth: 0", "440 Max-Breadth Exceeded"),
        ("Max-Forwards: 70\r\nMax-Breadth: 2", "goes on with 69 and 1, 2 times"),
        ("X-Nothing: 1", "goes on with 70 and 20, 3 times"),
        ("Proxy-Require: magic", "420 Bad Extension"),
    ] {
        let before = office.got.len();
        let call_id = format!("call-{before}");
        office.forge("anna", &invite(&call_id, header));
        office.run_ms(15);
        let got: Vec<_> = office.got[before..]
            .iter()
            .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
            .filter(|text| !text.starts_with("SIP/2.0 1") && !text.starts_with("ACK"))
            .collect();
        let first = got.first().unwrap();
        let said = match first.strip_prefix("SIP/2.0 ") {
            Some(text) => text.lines().next().unwrap().to_owned(),
            None => {
                let value = |name: &str| {
                    first.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
                };
                let (hops, breadth) = (value("Max-Forwards: "), value("Max-Breadth: "));
                format!("goes on with {hops} and {breadth}, {} times", got.len())
            }
        };
        assert_eq!(said, expected, "{header}");
    }
}

#[test]
fn a_dialog_keeps_its_way_on_both_sides_of_a_change_of_transports() {
    let mut office = office(&[("anna", Line::Tcp), ("bert", Line::Udp)]);
    let call = Call::new(&mut office);
    let own = format!("@{CENTER}");
    let (near, far) = (&call.routes[0], &call.routes[1]);
    // RFC 5658: each side finds the transport that it speaks.
    assert!(near.contains(&format!("{own};transport=tcp;lr>")), "{near}");
    assert!(far.contains(&format!("{own};lr>")), "{far}");
    let invite = office.last_at("bert", "INVITE");
    let routes: Vec<_> = invite.lines().filter_map(|line| line.strip_prefix("Record-Route: ")).collect();
    assert_eq!(routes, [far, near]);
}

#[test]
fn a_phone_whose_nat_moves_is_found_again_when_it_has_spoken() {
    let mut office = office(&[("anna", Line::Udp), ("bert", Line::Nat)]);
    let (anna, bert) = talk(&mut office);
    office.move_phone("bert", "203.0.113.1:50000");
    office.act("bert", |agent, now| agent.offer(bert, sdp("hold"), now));
    office.run_ms(100);
    office.act("anna", |agent, now| agent.answer_offer(anna, sdp("held"), now));
    office.run_ms(100);
    office.act("anna", |agent, now| agent.hang_up(anna, now));
    assert!(office.run_out(Duration::from_secs(60)), "{}", office.log);
    assert!(office.log.contains("bert: Ended(PeerBye)"), "{}", office.log);
    assert_eq!(office.ends(), [ProxyEnd::HungUp { by: ProxySide::Caller }]);
}

#[test]
fn early_media_is_acknowledged_and_changed_through_the_center() {
    let mut office = Office::with(1, Weather::default(), &[("anna", Line::Nat), ("bert", Line::Tcp)], |_| {});
    office.plan = vec![("bert", 1000)];
    let anna = office.call_with("anna", |invite| {
        invite.headers.push(("Require".to_owned(), "100rel".to_owned()));
    });
    office.run_ms(100);
    let bert = office.arrived("bert");
    office.act("bert", |agent, now| agent.ring(bert, Some(sdp("early")), now));
    office.run_ms(100);
    office.act("anna", |agent, now| agent.offer(anna, sdp("change"), now));
    office.run_ms(100);
    office.act("bert", |agent, now| agent.answer_offer(bert, sdp("changed"), now));
    office.run_ms(100);
    office.act("bert", |agent, now| agent.answer(bert, sdp("answer"), now));
    office.run_ms(100);
    office.act("bert", |agent, now| agent.hang_up(bert, now));
    assert!(office.run_out(Duration::from_secs(60)), "{}", office.log);
    let lines: Vec<_> =
        office.log.lines().filter(|line| line.contains("->")).map(|line| &line[8..]).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    anna -> center: INVITE [v=0 offer]
    center -> bert: INVITE [v=0 offer]
    bert -> center: 183 INVITE [v=0 early]
    center -> anna: 183 INVITE [v=0 early]
    anna -> center: PRACK
    center -> bert: PRACK
    bert -> center: 200 PRACK
    center -> anna: 200 PRACK
    anna -> center: UPDATE [v=0 change]
    center -> bert: UPDATE [v=0 change]
    bert -> center: 200 UPDATE [v=0 changed]
    center -> anna: 200 UPDATE [v=0 changed]
    bert -> center: 200 INVITE
    center -> anna: 200 INVITE
    anna -> center: ACK
    center -> bert: ACK
    bert -> center: BYE
    center -> anna: BYE
    anna -> center: 200 BYE
    center -> bert: 200 BYE
    ");
}

#[test]
fn a_transfer_is_asked_for_and_told_through_the_center() {
    let mut office = office(&[("anna", Line::Tcp), ("bert", Line::Nat), ("carl", Line::Udp)]);
    let (anna, bert) = talk(&mut office);
    let transfer = Transfer {
        target: NameAddr::new(Uri::parse(b"sip:carl@office.test").unwrap()),
        replaces: None,
        referred_by: None,
        wants_news: true,
        headers: Vec::new(),
    };
    office.act("bert", |agent, now| agent.refer(bert, transfer, now)).expect("it can be asked");
    office.run_ms(100);
    office.act("anna", |agent, now| agent.accept_refer(anna, ReferId(1), now));
    office.run_ms(100);
    office.act("anna", |agent, now| agent.report_refer(anna, ReferId(1), StatusCode::OK, now));
    office.run_ms(100);
    assert!(office.log.contains("bert: Transfer"), "{}", office.log);
    // An attended one: the other phone is called with Replaces, which names a call that is not ours.
    let replaces = office.phones["bert"].agent.replaces(bert).expect("it is a call");
    office.plan = vec![("anna", 1000)];
    let carl = office.call_with("carl", |invite| {
        invite.headers.push(("Replaces".to_owned(), replaces.to_string()));
    });
    office.run_ms(100);
    let taken = office.arrived("anna");
    office.act("anna", |agent, now| agent.answer(taken, sdp("answer"), now));
    office.run_ms(100);
    office.act("anna", |agent, now| agent.hang_up(anna, now));
    office.act("carl", |agent, now| agent.hang_up(carl, now));
    assert!(office.run_out(Duration::from_secs(400)), "{}", office.log);
    assert_eq!(office.ends().len(), 2, "{}", office.log);
}

/// A call between anna and bert as its messages show it.
struct Call {
    call_id: String,
    anna_tag: String,
    bert_tag: String,
    /// Bert's Contact.
    target: String,
    /// Anna's route set.
    routes: Vec<String>,
    /// The same as header lines.
    route: String,
}

impl Call {
    fn new(office: &mut Office) -> Self {
        talk(office);
        let answer = office.last_at("anna", "SIP/2.0 200");
        let lines = |name: &str| -> Vec<String> {
            answer.lines().filter_map(|line| line.strip_prefix(name)).map(str::to_owned).collect()
        };
        let tag = |name: &str| lines(name)[0].rsplit_once("tag=").unwrap().1.to_owned();
        let mut routes = lines("Record-Route: ");
        routes.reverse();
        let target = lines("Contact: ")[0].trim_start_matches('<').trim_end_matches('>').to_owned();
        Self {
            call_id: lines("Call-ID: ").remove(0),
            anna_tag: tag("From: "),
            bert_tag: tag("To: "),
            target,
            route: routes.iter().map(|route| format!("Route: {route}\r\n")).collect(),
            routes,
        }
    }

    /// An INFO of anna's.
    fn info(&self, branch: &str) -> String {
        let Self { call_id, anna_tag, bert_tag, target, route, .. } = self;
        format!(
            "INFO {target} SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.2:5060;branch=z9hG4bKf{branch}\r\n{route}\
             From: <sip:anna@office.test>;tag={anna_tag}\r\nTo: <sip:100@office.test>;tag={bert_tag}\r\n\
             Call-ID: {call_id}\r\nCSeq: {branch}0 INFO\r\nContent-Length: 0\r\n\r\n"
        )
    }
}

/// What becomes of a forged request: whether it goes on, or what it is answered.
fn answer(office: &mut Office, from: &'static str, text: &str) -> String {
    let before = office.got.len();
    let is_known = office.center.has_part_in(&office::parse(text), office.source_at_center(from));
    office.forge(from, text);
    office.run_ms(15);
    let (_, bytes) = office.got[before..].first().expect("something comes of it");
    let text = String::from_utf8_lossy(bytes);
    let answer = text.strip_prefix("SIP/2.0 ").map(|answer| answer[..3].to_owned());
    // What is under way is told from what is new before it is taken in.
    assert_eq!(is_known, answer.is_none());
    answer.unwrap_or_else(|| "goes on".to_owned())
}

fn office(phones: &[(&'static str, Line)]) -> Office {
    let mut office = Office::new(1, Weather::default(), phones);
    office.plan = vec![("bert", 1000)];
    office
}

fn talk(office: &mut Office) -> (sip::SessionId, sip::SessionId) {
    let anna = office.call("anna");
    office.run_ms(100);
    let bert = office.arrived("bert");
    office.act("bert", |agent, now| agent.answer(bert, sdp("answer"), now));
    office.run_ms(100);
    (anna, bert)
}

fn invite(call_id: &str, header: &str) -> String {
    format!(
        "INVITE sip:100@office.test SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.2:5060;branch=z9hG4bK{call_id}\r\n{header}\r\n\
         From: <sip:anna@office.test>;tag=1\r\nTo: <sip:100@office.test>\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:anna@198.51.100.2:5060>\r\nContent-Length: 0\r\n\r\n"
    )
}
