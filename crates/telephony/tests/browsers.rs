//! Browsers that call and are called: what they are told, and who the socket of the browsers is told they are.

mod house;

use base::Duration;
use browser_peer::{Pairing, Role};
use bytes::Bytes;
use house::{CARRIER, House, US, address, register, request};
use media::{Command, Event, PortId};
use model::leg::Keying;
use model::{EndCause, LegCommand, LegEvent, LegId, Party, SipUser, SoundWay, Target};
use sip::{ConnectionId, Source, Transport};
use telephony::{Input, Protection};

const PAGE: &str = "203.0.113.9:40443";
const PAGE_TOO: &str = "203.0.113.10:40444";
/// A host that no page but one has.
const INVENTED: &str = "sip:1001@df7jal23ls0d.invalid;transport=ws";
const DESK: &str = "192.0.2.7:5060";
const FINGERPRINT: &str = "a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2";

#[test]
fn a_browser_that_calls_is_answered_as_one_and_paired_before_it_is_configured() {
    let mut house = House::new(Protection::default());
    let call = arrives(&mut house, &described("ETEn", "actpass", ""));
    house.feed(Input::Command(LegCommand::Answer { leg: call }));
    let answer = house.sent.last().expect("an answer").clone();
    for line in [
        "m=audio 40000 UDP/TLS/RTP/SAVPF 111",
        "a=ice-lite",
        "a=group:BUNDLE 0",
        "a=setup:passive",
        "a=mid:0",
        "a=rtcp-mux",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host",
        "a=candidate:2 1 tcp 1520435199 192.0.2.1 40000 typ host tcptype passive",
        "a=end-of-candidates",
    ] {
        assert!(answer.contains(&format!("{line}\r\n")), "{line} in {answer}");
    }
    assert!(answer.contains("a=fingerprint:sha-256 AB:AB:AB"), "{answer}");
    let (port, pairing) = paired(&house);
    assert_eq!((pairing.role, pairing.fingerprint[..2].to_vec()), (Role::Passive, vec![0x19, 0xe2]));
    assert_eq!(value(&answer, "a=ice-ufrag:"), pairing.ours.ufrag);
    assert_eq!(value(&answer, "a=ice-pwd:"), pairing.ours.password);
    assert_eq!(house.paired_at, Some(house.sound.iter().position(is_configure).expect("configured")));

    // The password is nobody's to read afterwards.
    assert!(house.ladder.iter().any(|text| text.contains("a=ice-pwd:(not kept)")));
    assert!(!house.ladder.iter().any(|text| text.contains(&pairing.ours.password)));

    house.feed(Input::Command(LegCommand::HangUp { leg: call }));
    let quality =
        media::Quality { codec: Some(media::Codec::Opus), received: 50, ..media::Quality::default() };
    house.feed(Input::Media(Event::Closed { port, quality }));
    assert_eq!(house.quality[&call].map(|quality| quality.keying), Some(Keying::Dtls));
}

#[test]
fn hold_keeps_our_name_in_ice_and_a_restart_changes_it() {
    let mut house = House::new(Protection::default());
    let call = arrives(&mut house, &described("ETEn", "actpass", ""));
    house.feed(Input::Command(LegCommand::Answer { leg: call }));
    let answer = house.sent.last().expect("an answer").clone();
    within(&mut house, &answer, "ACK", 1, "");
    let (port, first) = paired(&house);

    let held = again(&mut house, &answer, 2, &described("ETEn", "actpass", "a=sendonly\r\n"));
    assert!(held.contains("a=recvonly\r\n"), "{held}");
    assert_eq!(value(&held, "a=ice-ufrag:"), first.ours.ufrag);
    assert_eq!(paired(&house), (port, first.clone()));

    let restarted = again(&mut house, &answer, 3, &described("New0", "actpass", ""));
    let (_, second) = paired(&house);
    assert_ne!(second.ours.ufrag, first.ours.ufrag);
    assert_ne!(second.ours.password, first.ours.password);
    assert_eq!(value(&restarted, "a=ice-ufrag:"), second.ours.ufrag);

    // Who asks for our offer gets one for browsers, under the name that we have.
    let offer = again(&mut house, &answer, 4, "");
    assert!(offer.contains("a=setup:actpass\r\n") && offer.contains("a=mid:0\r\n"), "{offer}");
    assert_eq!(value(&offer, "a=ice-ufrag:"), second.ours.ufrag);
}

#[test]
fn a_browser_whose_certificate_is_not_its_own_is_hung_up() {
    let mut house = House::new(Protection::default());
    let call = arrives(&mut house, &described("ETEn", "actpass", ""));
    house.feed(Input::Command(LegCommand::Answer { leg: call }));
    let answer = house.sent.last().expect("an answer").clone();
    within(&mut house, &answer, "ACK", 1, "");
    let (port, _) = paired(&house);
    house.feed(Input::Media(Event::Unsealable { port }));
    assert!(house.sent.last().is_some_and(|sent| sent.starts_with("BYE ")));
    house.feed(Input::Media(Event::Closed { port, quality: media::Quality::default() }));
    assert_eq!(house.ended.get(&call), Some(&EndCause::Refused(488)));
}

#[test]
fn a_browser_that_stops_checking_is_waited_for_and_then_hung_up() {
    let mut house = House::new(Protection::default());
    let call = arrives(&mut house, &described("ETEn", "actpass", ""));
    house.feed(Input::Command(LegCommand::Answer { leg: call }));
    let answer = house.sent.last().expect("an answer").clone();
    within(&mut house, &answer, "ACK", 1, "");
    let (port, _) = paired(&house);
    let way = SoundWay::Out;

    house.feed(Input::Media(Event::ConsentLapsed { port }));
    house.passes(Duration::from_secs(59));
    house.feed(Input::Media(Event::ConsentRenewed { port }));
    assert_eq!(house.ways, [LegEvent::OneWay { leg: call, way }, LegEvent::WayRestored { leg: call, way }]);
    house.passes(Duration::from_secs(120));
    assert!(!house.sent.last().is_some_and(|sent| sent.starts_with("BYE ")), "it is there again");

    house.feed(Input::Media(Event::ConsentLapsed { port }));
    house.passes(Duration::from_secs(60));
    assert!(house.sent.last().is_some_and(|sent| sent.starts_with("BYE ")));
    house.feed(Input::Media(Event::Closed { port, quality: media::Quality::default() }));
    assert_eq!(house.ended.get(&call), Some(&EndCause::Lost));
    assert_eq!(house.telephony.legs(), 0);
}

#[test]
fn what_a_browser_lacks_is_answered_with_a_warning() {
    for (from, to, warning) in [
        (
            FINGERPRINT,
            "a=fingerprint:sha-1 00:01",
            "399 hotline \"the browser's audio cannot be had: no SHA-256 fingerprint\"",
        ),
        ("a=rtcp-mux", "a=x", "399 hotline \"the browser's audio cannot be had: no rtcp-mux\""),
    ] {
        let mut house = House::new(Protection::default());
        house.arrived = None;
        house.hears(CARRIER, &invite(&described("ETEn", "actpass", "").replace(from, to)));
        assert_eq!((house.arrived, house.status().as_str()), (None, "488"));
        assert_eq!(house.header("Warning"), warning);
    }
}

#[test]
fn of_phones_that_ring_at_once_the_browser_is_offered_what_it_knows_and_the_desk_phone_plain_sound() {
    let mut house = registered();
    let leg = dials(&mut house);
    let (to_page, to_desk) = invitations(&house);
    assert!(to_page.contains("m=audio 40000 UDP/TLS/RTP/SAVPF "), "{to_page}");
    assert!(to_page.contains("a=setup:actpass\r\n"), "{to_page}");
    assert!(to_desk.contains(" RTP/AVP ") && !to_desk.contains("ice"), "{to_desk}");

    let theirs = described("ETEn", "active", "").replace("111", "96");
    answers(&mut house, PAGE, &to_page, &theirs);
    let (_, pairing) = paired(&house);
    assert_eq!(pairing.role, Role::Passive);
    assert_eq!(value(&to_page, "a=ice-ufrag:"), pairing.ours.ufrag);
    assert_eq!(house.told.len(), 1, "{:?}", house.told);
    assert!(house.ended.is_empty());
    assert!(house.telephony.legs() == 1 && leg != LegId::from_u64(0));
}

#[test]
fn each_of_two_pages_that_ring_has_a_name_of_its_own_and_the_slower_one_changes_nothing() {
    let mut house = registered();
    another_page(&mut house);
    dials(&mut house);
    let (first, second) = (invitation_to(&house, PAGE), invitation_to(&house, PAGE_TOO));
    for name in ["a=ice-ufrag:", "a=ice-pwd:"] {
        assert_ne!(value(&first, name), value(&second, name));
    }
    let version = |text: &str| value(text, "o=").split(' ').nth(2).map(str::to_owned);
    assert_eq!(version(&first), version(&second));

    // Both answer by themselves, with a name and a certificate of their own; the second page was faster.
    let theirs = described("Fast", "active", "").replace("111", "96");
    answers(&mut house, PAGE_TOO, &second, &theirs);
    let pairings = house.pairings.len();
    let (_, pairing) = paired(&house);
    assert_eq!(pairing.ours.ufrag, value(&second, "a=ice-ufrag:"));
    assert_eq!(pairing.ours.password, value(&second, "a=ice-pwd:"));
    let slower = described("Slow", "active", "").replace("111", "96").replace("19:E2", "20:E2");
    answers(&mut house, PAGE, &first, &slower);
    assert_eq!(house.pairings.len(), pairings, "the page that talks stays the only one");
    assert!(messages_to(&house, PAGE, "BYE ") + messages_to(&house, PAGE, "CANCEL ") > 0, "{:?}", house.sent);
    assert_eq!(messages_to(&house, PAGE_TOO, "BYE "), 0);
    assert!(house.ended.is_empty());
}

#[test]
fn a_desk_phone_that_knows_ice_is_no_browser() {
    let mut house = House::new(Protection::default());
    let offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\na=ice-ufrag:abcd\r\n\
         a=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l\r\nm=audio 4000 RTP/AVP 0\r\n\
         a=candidate:1 1 UDP 2130706431 192.0.2.7 4000 typ host\r\n";
    let call = arrives(&mut house, offer);
    house.feed(Input::Command(LegCommand::Answer { leg: call }));
    let answer = house.sent.last().expect("an answer").clone();
    assert!(answer.contains(" RTP/AVP 0\r\n") && !answer.contains("ice"), "{answer}");
    assert!(house.pairings.is_empty());
}

#[test]
fn the_desk_phone_that_answers_first_is_no_browser() {
    let mut house = registered();
    dials(&mut house);
    let (_, to_desk) = invitations(&house);
    let plain =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    answers(&mut house, DESK, &to_desk, plain);
    assert!(house.pairings.is_empty());
    let remote = house.sound.iter().rev().find_map(|command| match command {
        Command::Configure { remote, sealing: None, .. } => Some(*remote),
        _ => None,
    });
    assert_eq!(remote, Some(address("192.0.2.7:4000")));
}

#[test]
fn a_browser_that_lets_us_begin_is_told_so() {
    let mut house = House::new(Protection::default());
    let call = arrives(&mut house, &described("ETEn", "passive", ""));
    house.feed(Input::Command(LegCommand::Answer { leg: call }));
    assert!(house.sent.last().is_some_and(|answer| answer.contains("a=setup:active\r\n")));
    assert_eq!(paired(&house).1.role, Role::Active);
}

#[test]
fn a_page_that_comes_back_by_another_network_is_in_its_call_again_once_it_has_registered() {
    let mut house = House::new(Protection::default());
    registers_as(&mut house, PAGE, INVENTED);
    let leg = dials(&mut house);
    let invite = invitation_to(&house, PAGE);
    let taken = house::answer(&invite, 200, &described("ETEn", "active", ""));
    page_sends(&mut house, PAGE, &taken.replace("sip:192.0.2.8:5060", INVENTED));
    assert_eq!(messages_to(&house, PAGE, "ACK "), 1);
    house.feed(Input::Unreachable { remote: address(PAGE), connection: Some(ConnectionId(1)) });

    // From elsewhere it is nobody yet, and what we say does not reach it.
    let bye = |cseq: u32| from_the_called(&invite, "BYE", cseq);
    page_sends(&mut house, PAGE_TOO, &bye(1));
    assert_eq!(house.status(), "481");
    // Another page of the same user changes nothing; it has another name.
    registers_as(&mut house, PAGE_TOO, "sip:1001@another.invalid;transport=ws");
    page_sends(&mut house, PAGE_TOO, &bye(2));
    assert_eq!(house.status(), "481");

    registers_as(&mut house, PAGE_TOO, INVENTED);
    house.feed(Input::Command(LegCommand::HangUp { leg }));
    assert_eq!(messages_to(&house, PAGE_TOO, "BYE "), 1);
    assert_eq!(messages_to(&house, PAGE, "BYE "), 0);
}

#[test]
fn a_page_of_the_same_user_with_the_same_contact_is_not_taken_for_the_one_in_the_call() {
    let mut house = House::new(Protection::default());
    registers_as(&mut house, PAGE, INVENTED);
    let leg = dials(&mut house);
    let invite = invitation_to(&house, PAGE);
    let taken = house::answer(&invite, 200, &described("ETEn", "active", ""));
    page_sends(&mut house, PAGE, &taken.replace("sip:192.0.2.8:5060", INVENTED));

    // All pages of some libraries share one host.
    registers_by(&mut house, PAGE_TOO, "another-page", &format!("<{INVENTED}>"));
    house.feed(Input::Command(LegCommand::HangUp { leg }));
    assert_eq!((messages_to(&house, PAGE, "BYE "), messages_to(&house, PAGE_TOO, "BYE ")), (1, 0));
}

#[test]
fn a_page_that_calls_is_known_again_by_its_name_whatever_its_registration_is_called() {
    let mut house = House::new(Protection::default());
    let named = |name: &str| format!("<{INVENTED}>;+sip.instance=\"<urn:uuid:{name}>\";reg-id=1");
    registers_by(&mut house, PAGE, "before", &named("1"));
    let contact = format!("Contact: <{INVENTED}>\r\n");
    let calls = request("INVITE", "sip:1002@hotline.test", "1001", "1002", &contact);
    let calls = calls.replace("SIP/2.0/UDP", "SIP/2.0/WSS").replace("Call-ID: c", "Call-ID: out");
    page_sends(&mut house, PAGE, &with_body(&calls, &described("ETEn", "actpass", "")));
    let leg = house.arrived.expect("the call is there");
    house.feed(Input::Command(LegCommand::Answer { leg }));
    let to = value(house.sent.last().expect("an answer"), "To: ").to_owned();
    let acknowledges = calls.replace("INVITE", "ACK").replace("z9hG4bK", "z9hG4bKack");
    page_sends(&mut house, PAGE, &acknowledges.replace("<sip:1002@hotline.test>", &to));
    house.feed(Input::Unreachable { remote: address(PAGE), connection: Some(ConnectionId(1)) });
    registers_by(&mut house, PAGE_TOO, "after", &named("1"));
    house.feed(Input::Command(LegCommand::HangUp { leg }));
    assert_eq!((messages_to(&house, PAGE, "BYE "), messages_to(&house, PAGE_TOO, "BYE ")), (0, 1));
}

#[test]
fn a_desk_phone_with_a_name_of_its_own_network_is_no_page() {
    let mut house = House::new(Protection::default());
    let local = "<sip:1001@localhost;transport=ws>";
    registers_by(&mut house, PAGE, "same", local);
    let leg = dials(&mut house);
    let invite = invitation_to(&house, PAGE);
    let taken = house::answer(&invite, 200, &described("ETEn", "active", ""));
    page_sends(&mut house, PAGE, &taken.replace("<sip:192.0.2.8:5060>", local));
    registers_by(&mut house, PAGE_TOO, "same", local);
    house.feed(Input::Command(LegCommand::HangUp { leg }));
    assert_eq!((messages_to(&house, PAGE, "BYE "), messages_to(&house, PAGE_TOO, "BYE ")), (1, 0));
}

/// Anna's page, by this Contact: each Contact is one page, and keeps its registration.
fn registers_as(house: &mut House, page: &str, contact: &str) {
    registers_by(house, page, &format!("page{}", contact.len()), &format!("<{contact}>"));
}

/// A page of anna's registers by this Contact, under this Call-ID.
fn registers_by(house: &mut House, page: &str, call_id: &str, contact: &str) {
    let number = house.sent.len() + 1;
    let token = house.telephony.issue_token(&SipUser::new("1001"), 7, house.now).expect("a token");
    let text = register("1001", &format!("Authorization: Bearer {token}\r\n"))
        .replace("<sip:1001@a.test>", contact)
        .replace("SIP/2.0/UDP", "SIP/2.0/WSS")
        .replace("z9hG4bK", &format!("z9hG4bKreg{number}"))
        .replace("CSeq: 1", &format!("CSeq: {number}"))
        .replace("Call-ID: c", &format!("Call-ID: {call_id}"));
    page_sends(house, page, &text);
    assert_eq!(house.status(), "200");
}

/// A request of whoever took this call, in its dialog.
fn from_the_called(invite: &str, method: &str, number: u32) -> String {
    let [them, us, call] = ["To: ", "From: ", "Call-ID: "].map(|name| value(invite, name));
    format!(
        "{method} sip:{US} SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bKback{number}\r\nMax-Forwards: 70\r\n\
         From: {them};tag=peer\r\nTo: {us}\r\nCall-ID: {call}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Anna with a page and a desk phone.
fn registered() -> House {
    let mut house = House::new(Protection::default());
    let contact = |place: &str, more: &str| {
        register("1001", more).replace("<sip:1001@a.test>", &format!("<sip:1001@{place}>"))
    };
    let desk = |more: &str| contact(DESK, more);
    assert_eq!(house.proves(DESK, "REGISTER", "sip:hotline.test", "1001", "secret", desk), "200");
    let token = house.telephony.issue_token(&SipUser::new("1001"), 7, house.now).expect("a token");
    let text = contact(PAGE, &format!("Authorization: Bearer {}\r\n", token));
    from_page(&mut house, &text.replace("SIP/2.0/UDP", "SIP/2.0/WSS").replace("Call-ID: c", "Call-ID: page"));
    assert_eq!(house.status(), "200");
    house
}

/// Another page of anna's, on another machine.
fn another_page(house: &mut House) {
    let token = house.telephony.issue_token(&SipUser::new("1001"), 8, house.now).expect("a token");
    let text = register("1001", &format!("Authorization: Bearer {token}\r\n"))
        .replace("<sip:1001@a.test>", &format!("<sip:1001@{PAGE_TOO}>"))
        .replace("SIP/2.0/UDP", "SIP/2.0/WSS")
        .replace("Call-ID: c", "Call-ID: too");
    page_sends(house, PAGE_TOO, &text);
    assert_eq!(house.status(), "200");
}

fn from_page(house: &mut House, text: &str) {
    page_sends(house, PAGE, text);
}

fn page_sends(house: &mut House, page: &str, text: &str) {
    let connection = if page == PAGE { 1 } else { 2 };
    let source = Source {
        transport: Transport::Wss,
        local: address(US),
        remote: address(page),
        connection: Some(ConnectionId(connection)),
    };
    house.feed(Input::Message { bytes: Bytes::copy_from_slice(text.as_bytes()), source });
}

fn dials(house: &mut House) -> LegId {
    let leg = LegId::generate(&mut house.ids);
    house.feed(Input::Command(LegCommand::Dial {
        leg,
        target: Target::User(SipUser::new("1001")),
        caller: Party::number("0301"),
        beside: None,
        ring: Duration::from_secs(30),
        charged: None,
        follows: false,
    }));
    leg
}

/// The INVITE to the page, and that to the desk phone.
fn invitations(house: &House) -> (String, String) {
    (invitation_to(house, PAGE), invitation_to(house, DESK))
}

/// The last INVITE to a place.
fn invitation_to(house: &House, place: &str) -> String {
    let to = address(place);
    let sent = house.sent.iter().zip(&house.sent_to).rev();
    let found =
        sent.filter(|(text, at)| **at == to && text.starts_with("INVITE ")).map(|(text, _)| text).next();
    found.unwrap_or_else(|| panic!("no INVITE to {place}")).clone()
}

/// How many messages that begin like this went to a place.
fn messages_to(house: &House, place: &str, beginning: &str) -> usize {
    let to = address(place);
    let sent = house.sent.iter().zip(&house.sent_to);
    sent.filter(|(text, at)| **at == to && text.starts_with(beginning)).count()
}

fn answers(house: &mut House, from: &str, invite: &str, sdp: &str) {
    let answer = house::answer(invite, 200, sdp);
    if from == DESK { house.hears(from, &answer) } else { page_sends(house, from, &answer) }
}

/// What a browser says of its sound.
fn described(ufrag: &str, setup: &str, more: &str) -> String {
    format!(
        "v=0\r\no=- 46 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\n\
         a=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l\r\n{FINGERPRINT}\r\na=setup:{setup}\r\na=mid:0\r\na=rtcp-mux\r\n\
         a=rtpmap:111 opus/48000/2\r\n{more}"
    )
}

fn with_body(text: &str, body: &str) -> String {
    let length = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n", body.len());
    let text = if body.is_empty() { text.to_owned() } else { text.replace("Content-Length: 0\r\n", &length) };
    text + body
}

fn invite(offer: &str) -> String {
    let text =
        request("INVITE", "sip:4000@hotline.test", "0301", "4000", "Contact: <sip:x@198.51.100.5>\r\n");
    with_body(&text.replace("@hotline.test>;tag", "@carrier.test>;tag"), offer)
}

fn arrives(house: &mut House, offer: &str) -> LegId {
    house.hears(CARRIER, &invite(offer));
    house.arrived.expect("the call is there")
}

/// A request of the caller in the dialog of our answer.
fn within(house: &mut House, answer: &str, method: &str, number: u32, offer: &str) {
    let text = request(method, "sip:4000@192.0.2.1", "0301", "4000", "Contact: <sip:x@198.51.100.5>\r\n");
    let lines = text.split("\r\n").map(|line| match line.split(": ").next() {
        Some(name @ ("From" | "To" | "Call-ID")) => {
            format!("{name}: {}", value(answer, &format!("{name}: ")))
        }
        Some("CSeq") => format!("CSeq: {number} {method}"),
        Some("Via") => format!("Via: SIP/2.0/UDP a.test;rport;branch=z9hG4bKin{method}{number}"),
        _ => line.to_owned(),
    });
    let text = lines.collect::<Vec<_>>().join("\r\n");
    house.hears(CARRIER, &with_body(&text, offer));
}

/// A re-INVITE; what it was answered with.
fn again(house: &mut House, answer: &str, number: u32, offer: &str) -> String {
    within(house, answer, "INVITE", number, offer);
    let answered = house.sent.last().expect("an answer").clone();
    assert!(answered.starts_with("SIP/2.0 200"), "{answered}");
    if !offer.is_empty() {
        within(house, answer, "ACK", number, "");
    }
    answered
}

/// Who was paired last.
fn paired(house: &House) -> (PortId, Pairing) {
    house.pairings.last().cloned().expect("a browser")
}

fn is_configure(command: &Command) -> bool {
    matches!(command, Command::Configure { .. })
}

/// What stands behind this in a message.
fn value(text: &str, name: &str) -> String {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_else(|| panic!("{name} in {text}"))
        .to_owned()
}
