//! Sealed sound (SRTP, keys in the description): what is answered, what is offered, and what is refused.

mod house;

use base::Duration;
use house::{CARRIER, House, register, request};
use media::{Command, Event, Sealing};
use model::leg::Keying;
use model::{EndCause, LegCommand, LegId, Party, SipUser, Target};
use telephony::{Input, Protection, SrtpRule};

const ANNA: &str = "192.0.2.7:5060";
const KEY: &str = "inline:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC";

#[test]
fn a_caller_who_wants_to_be_sealed_is_and_a_re_invite_keeps_the_keys() {
    let mut house = under(SrtpRule::Offered);
    let call = arrives(&mut house, &sealed_offer(1, ""));
    house.feed(Input::Command(LegCommand::Answer { leg: call }));
    let answer = house.sent.last().expect("an answer").clone();
    assert_eq!(media_line(&answer), "RTP/SAVP");
    assert_eq!(keys(&answer).len(), 1);
    assert!(keys(&answer)[0].starts_with("3 AES_CM_128_HMAC_SHA1_80 inline:"), "{answer}");
    let first = sealing(&house).expect("sealed");

    ack(&mut house, &answer);
    for (version, direction) in [(2, "a=sendonly"), (3, "a=sendrecv")] {
        again(&mut house, &answer, &sealed_offer(version, direction));
        let anew = house.sent.last().expect("an answer").clone();
        assert_eq!((media_line(&anew), keys(&anew)), ("RTP/SAVP".to_owned(), keys(&answer)), "{direction}");
        assert_eq!(sealing(&house).as_ref(), Some(&first), "{direction}");
    }
    // Who asks for our offer is offered what there is.
    again(&mut house, &answer, "");
    let offer = house.sent.last().expect("an offer").clone();
    assert_eq!(media_line(&offer), "RTP/SAVP");
    let secret = keys(&answer)[0].split("inline:").nth(1).expect("a key").to_owned();
    assert_eq!(keys(&offer), [format!("2 AES_CM_128_HMAC_SHA1_80 inline:{secret}")]);

    ends(&mut house, call);
    assert_eq!(house.quality[&call].map(|quality| quality.keying), Some(Keying::Sdes));
}

#[test]
fn keys_beside_plain_sound_stay_beside_it_when_we_are_asked_for_our_offer() {
    let beside = sealed_offer(1, "").replace("RTP/SAVP", "RTP/AVP");
    for rule in [SrtpRule::Offered, SrtpRule::Preferred, SrtpRule::Required] {
        let mut house = under(rule);
        let call = arrives(&mut house, &beside);
        house.feed(Input::Command(LegCommand::Answer { leg: call }));
        let answer = house.sent.last().expect("an answer").clone();
        assert_eq!((media_line(&answer).as_str(), keys(&answer).len()), ("RTP/AVP", 1), "{rule:?}");
        ack(&mut house, &answer);

        // Who knows no other transport would refuse it, and the call would be lost.
        again(&mut house, &answer, "");
        let offer = house.sent.last().expect("an offer").clone();
        assert_eq!((media_line(&offer).as_str(), keys(&offer).len()), ("RTP/AVP", 1), "{rule:?}");

        // An answer without a key is sound in the clear, which not every rule allows.
        let number = header(&offer, "CSeq").split(' ').next().and_then(|number| number.parse().ok());
        within(&mut house, &answer, "ACK", number.expect("a number"), &plain_offer());
        let is_over = house.sent.last().is_some_and(|sent| sent.starts_with("BYE "));
        assert_eq!(is_over, rule == SrtpRule::Required);
        if !is_over {
            assert_eq!(sealing(&house), None, "{rule:?}");
        }
    }
}

#[test]
fn a_key_that_was_put_away_is_never_used_again() {
    let mut house = under(SrtpRule::Offered);
    let call = arrives(&mut house, &sealed_offer(1, ""));
    house.feed(Input::Command(LegCommand::Answer { leg: call }));
    let answer = house.sent.last().expect("an answer").clone();
    ack(&mut house, &answer);
    let mut seen = keys(&answer);
    // In the clear for a while, and sealed again; and then another phone has taken the call over at the far end.
    again(&mut house, &answer, &plain_offer());
    assert_eq!(sealing(&house), None);
    let other = KEY.replace("QkJC", "Q0ND");
    for offer in [sealed_offer(3, ""), sealed_offer(4, "").replace(KEY, &other)] {
        again(&mut house, &answer, &offer);
        let anew = keys(house.sent.last().expect("an answer"));
        assert!(anew.len() == 1 && !seen.contains(&anew[0]), "{anew:?} was used before: {seen:?}");
        seen.extend(anew);
    }
    ends(&mut house, call);
}

#[test]
fn a_rule_that_changes_leaves_calls_as_they_were_agreed() {
    for (before, offer, after) in [
        (SrtpRule::Preferred, sealed_offer(1, ""), SrtpRule::Off),
        (SrtpRule::Preferred, plain_offer(), SrtpRule::Required),
    ] {
        let mut house = under(before);
        let call = arrives(&mut house, &offer);
        house.feed(Input::Command(LegCommand::Answer { leg: call }));
        let answer = house.sent.last().expect("an answer").clone();
        ack(&mut house, &answer);
        house.feed(Input::Config(Box::new(settings(after))));
        again(&mut house, &answer, &offer);
        let anew = house.sent.last().expect("an answer").clone();
        assert!(anew.starts_with("SIP/2.0 200"), "{before:?} to {after:?}: {anew}");
        assert_eq!(media_line(&anew), media_line(&answer));
        ends(&mut house, call);
    }
}

#[test]
fn a_plain_call_stays_plain_and_says_so() {
    let mut house = under(SrtpRule::Offered);
    let call = arrives(&mut house, &plain_offer());
    house.feed(Input::Command(LegCommand::Answer { leg: call }));
    let answer = house.sent.last().expect("an answer").clone();
    assert_eq!((media_line(&answer).as_str(), keys(&answer).len()), ("RTP/AVP", 0));
    assert_eq!(sealing(&house), None);
    ends(&mut house, call);
    assert_eq!(house.quality[&call].map(|quality| quality.keying), Some(Keying::None));
}

#[test]
fn each_rule_refuses_what_it_must_with_a_warning() {
    for (rule, offer, warning) in [
        (
            SrtpRule::Off,
            sealed_offer(1, ""),
            "302 hotline \"no audio is offered over a transport spoken here\"",
        ),
        (SrtpRule::Required, plain_offer(), "302 hotline \"audio has to be sealed (SRTP)\""),
        (
            SrtpRule::Offered,
            sealed_offer(1, "").replace(KEY, &format!("{KEY}|2^20|1:4")),
            "399 hotline \"no key of the offer can be used: a master key identifier (MKI) is not spoken\"",
        ),
    ] {
        let mut house = under(rule);
        house.hears(CARRIER, &invite(&offer));
        assert_eq!((house.status().as_str(), house.header("Warning").as_str()), ("488", warning), "{rule:?}");
        assert_eq!(house.arrived, None);
    }
}

#[test]
fn what_is_offered_to_a_phone_is_what_the_rule_says() {
    for (rule, protocol, count) in [
        (SrtpRule::Off, "RTP/AVP", 0),
        (SrtpRule::Offered, "RTP/AVP", 0),
        (SrtpRule::Preferred, "RTP/AVP", 2),
        (SrtpRule::Required, "RTP/SAVP", 2),
    ] {
        let mut house = under(rule);
        dials(&mut house);
        let invite = house.sent.last().expect("an INVITE").clone();
        assert_eq!((media_line(&invite).as_str(), keys(&invite).len()), (protocol, count), "{rule:?}");
    }
}

#[test]
fn a_phone_has_a_rule_of_its_own_and_so_has_a_trunk() {
    let mut settings = settings(SrtpRule::Off);
    settings.phone_srtp.insert(SipUser::new("1001"), SrtpRule::Required);
    settings.trunks[0].srtp = Some(SrtpRule::Offered);
    let mut house = House::new(Protection::default());
    house.feed(Input::Config(Box::new(settings)));
    registers(&mut house);
    dials(&mut house);
    assert_eq!(media_line(house.sent.last().expect("an INVITE")), "RTP/SAVP");
    arrives(&mut house, &sealed_offer(1, ""));
}

#[test]
fn a_phone_that_takes_a_key_away_is_hung_up_on() {
    for (answer, works) in [
        (format!("m=audio 4000 RTP/SAVP 0\r\na=crypto:2 AES_CM_128_HMAC_SHA1_80 {KEY}\r\n"), true),
        ("m=audio 4000 RTP/AVP 0\r\n".to_owned(), false),
        ("m=audio 4000 RTP/SAVP 0\r\n".to_owned(), false),
        (format!("m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}\r\n"), false),
    ] {
        let mut house = under(SrtpRule::Required);
        let leg = dials(&mut house);
        let invite = house.sent.last().expect("an INVITE").clone();
        let sdp =
            format!("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n{answer}");
        house.hears(ANNA, &house::answer(&invite, 200, &sdp));
        house.passes(Duration::from_secs(10));
        assert_eq!(sealing(&house).is_some(), works, "{answer}");
        assert_eq!(
            house.ended.contains_key(&leg) || house.sent.iter().any(|sent| sent.starts_with("BYE ")),
            !works,
            "{answer}"
        );
    }
}

#[test]
fn keys_are_not_kept_in_stories_and_bare_ones_are_told_once() {
    let mut house = under(SrtpRule::Offered);
    for _ in 0..2 {
        let call = arrives(&mut house, &sealed_offer(1, ""));
        house.feed(Input::Command(LegCommand::Answer { leg: call }));
    }
    let story = house.ladder.concat();
    assert!(story.contains("a=crypto:3 AES_CM_128_HMAC_SHA1_80 (not kept)"), "{story}");
    assert!(!story.contains("inline"), "{story}");
    let told = house.log.iter().filter(|line| line.contains("keys of SRTP are sent over udp")).count();
    assert_eq!(told, 1, "{:?}", house.log);
}

fn settings(rule: SrtpRule) -> telephony::Settings {
    let carrier = telephony::Trunk {
        accept_from: vec!["198.51.100.0/24".parse().expect("a block")],
        ..telephony::Trunk::new("carrier".into())
    };
    telephony::Settings { srtp: rule, ..House::settings(vec![carrier], Protection::default()) }
}

fn under(rule: SrtpRule) -> House {
    let mut house = House::new(Protection::default());
    house.feed(Input::Config(Box::new(settings(rule))));
    registers(&mut house);
    house
}

fn registers(house: &mut House) {
    let contact = format!("<sip:1001@{ANNA}>");
    let write = |more: &str| register("1001", more).replace("<sip:1001@a.test>", &contact);
    assert_eq!(house.proves(ANNA, "REGISTER", "sip:hotline.test", "1001", "secret", write), "200");
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

fn description(version: u32, lines: &str) -> String {
    format!("v=0\r\no=- 1 {version} IN IP4 198.51.100.5\r\ns=-\r\nc=IN IP4 198.51.100.5\r\nt=0 0\r\n{lines}")
}

fn plain_offer() -> String {
    description(1, "m=audio 4000 RTP/AVP 0 8\r\n")
}

fn sealed_offer(version: u32, direction: &str) -> String {
    let more = if direction.is_empty() { String::new() } else { format!("{direction}\r\n") };
    description(
        version,
        &format!("m=audio 4000 RTP/SAVP 0 8\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 {KEY}\r\n{more}"),
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

/// A call comes with this offer, and is there.
fn arrives(house: &mut House, offer: &str) -> LegId {
    house.arrived = None;
    let number = u32::try_from(house.sent.len()).expect("a few");
    house.hears(CARRIER, &house::fresh(&invite(offer), 1_000 + number));
    house.arrived.expect("the call is there")
}

/// A header of a message of ours.
fn header(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.expect("a header").to_owned()
}

/// A request of the caller in the dialog of our answer.
fn within(house: &mut House, answer: &str, method: &str, number: u32, offer: &str) {
    let text = request(method, "sip:4000@192.0.2.1", "0301", "4000", "Contact: <sip:x@198.51.100.5>\r\n");
    let (from, to, call) = (header(answer, "From"), header(answer, "To"), header(answer, "Call-ID"));
    let lines = text.split("\r\n").map(|line| match line.split(": ").next() {
        Some("From") => format!("From: {from}"),
        Some("To") => format!("To: {to}"),
        Some("Call-ID") => format!("Call-ID: {call}"),
        Some("CSeq") => format!("CSeq: {number} {method}"),
        Some("Via") => format!("Via: SIP/2.0/UDP a.test;rport;branch=z9hG4bKin{method}{number}"),
        _ => line.to_owned(),
    });
    let text = lines.collect::<Vec<_>>().join("\r\n");
    house.hears(CARRIER, &with_body(&text, offer));
}

fn ack(house: &mut House, answer: &str) {
    within(house, answer, "ACK", 1, "");
}

/// A re-INVITE, and the ACK of its answer.
fn again(house: &mut House, answer: &str, offer: &str) {
    let number = 2 + u32::try_from(house.sent.len()).expect("a few");
    within(house, answer, "INVITE", number, offer);
    let answered = house.sent.last().expect("an answer").clone();
    assert!(answered.starts_with("SIP/2.0 200"), "{answered}");
    if !offer.is_empty() {
        within(house, answer, "ACK", number, "");
    }
}

/// The center hangs up, and the port closes.
fn ends(house: &mut House, leg: LegId) {
    house.feed(Input::Command(LegCommand::HangUp { leg }));
    let port = house.sound.iter().rev().find_map(|command| match command {
        Command::Close { port } => Some(*port),
        _ => None,
    });
    let quality =
        media::Quality { codec: Some(media::Codec::Pcmu), received: 50, ..media::Quality::default() };
    house.feed(Input::Media(Event::Closed { port: port.expect("a port is closed"), quality }));
    assert_eq!(house.ended.get(&leg), Some(&EndCause::Released));
}

/// What the sound graph was told last of keys.
fn sealing(house: &House) -> Option<Sealing> {
    house.sound.iter().rev().find_map(|command| match command {
        Command::Configure { sealing, .. } => Some(sealing.clone()),
        _ => None,
    })?
}

fn media_line(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("m=audio ")).expect("a media line");
    line.split(' ').nth(1).expect("a transport").to_owned()
}

fn keys(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix("a=crypto:")).map(str::to_owned).collect()
}
