//! A browser's offer as Chromium makes it, and what is done with it.

use super::*;
use crate::{AnswerError, Codec, Direction, Local, Refusal, accept, answer, offer, reoffer};
use proptest::prelude::*;

const OFFER: &str = "v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS 7c2d
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1467250027 1 udp 2122260223 f3b2.local 46243 typ host generation 0
a=ice-ufrag:ETEn
a=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l
a=ice-options:trickle
a=fingerprint:sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2
a=setup:actpass
a=mid:0
a=sendrecv
a=msid:7c2d 8a1f
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:3570614608 cname:4TOk42mSjXCkVIa6
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=rtpmap:96 VP8/90000
";

#[test]
fn whether_an_offer_is_a_browsers_is_said_by_its_handshake_and_its_ice_together() {
    assert!(is_browsers(&parsed(OFFER)));
    let plain = OFFER.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP");
    for (what, offer) in [
        ("a desk phone with ICE", plain.replace("a=fingerprint", "a=x")),
        ("one with ICE that names a fingerprint beside plain sound", plain),
        ("one with a handshake and no ICE", OFFER.replace("a=ice-", "a=x-")),
        ("one whose sound is refused by itself", OFFER.replace("m=audio 9", "m=audio 0")),
    ] {
        assert!(!is_browsers(&parsed(&offer)), "{what}");
    }
}

#[test]
fn a_browsers_offer_is_answered_by_the_lite_side() {
    let answered = answer(&parsed(OFFER), &local()).expect("an answer");
    insta::assert_snapshot!(answered.sdp.to_string().replace('\r', ""), @r"
    v=0
    o=- 7 1 IN IP4 192.0.2.1
    s=-
    c=IN IP4 192.0.2.1
    t=0 0
    a=ice-lite
    a=group:BUNDLE 0
    m=audio 40000 UDP/TLS/RTP/SAVPF 111 110
    a=rtpmap:111 opus/48000/2
    a=fmtp:111 maxplaybackrate=16000;maxaveragebitrate=32000;useinbandfec=1
    a=rtpmap:110 telephone-event/48000
    a=fmtp:110 0-15
    a=ptime:20
    a=sendrecv
    a=rtcp-mux
    a=mid:0
    a=msid:hotline audio
    a=ice-ufrag:ours00000000
    a=ice-pwd:0123456789abcdefghjkmnpqrstvwxyz
    a=fingerprint:sha-256 AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB
    a=setup:passive
    a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host
    a=candidate:2 1 tcp 1520435199 192.0.2.1 40000 typ host tcptype passive
    a=end-of-candidates
    m=video 0 UDP/TLS/RTP/SAVPF 96
    a=mid:1
    ");
    let chosen = answered.chosen;
    let theirs = chosen.browser.expect("a browser");
    assert_eq!((theirs.ufrag.as_str(), theirs.password.as_str()), ("ETEn", "OtSK0WpNtpUjkY4+86js7Z/l"));
    assert_eq!((theirs.fingerprint[0], theirs.fingerprint[31], theirs.we_begin), (0x19, 0xa2, false));
    assert_eq!((chosen.codec, chosen.direction, chosen.hold), (Codec::Opus, Direction::SendRecv, false));
    assert!(!format!("{theirs:?}").contains("OtSK"), "{theirs:?}");
}

#[test]
fn an_offer_to_a_browser_is_understood_by_its_answer() {
    let ours = offer(&local());
    insta::assert_snapshot!(ours.to_string().replace('\r', ""), @r"
    v=0
    o=- 7 1 IN IP4 192.0.2.1
    s=-
    c=IN IP4 192.0.2.1
    t=0 0
    a=ice-lite
    a=group:BUNDLE 0
    m=audio 40000 UDP/TLS/RTP/SAVPF 0 8 9 96 101 102
    a=rtpmap:0 PCMU/8000
    a=rtpmap:8 PCMA/8000
    a=rtpmap:9 G722/8000
    a=rtpmap:96 opus/48000/2
    a=fmtp:96 maxplaybackrate=16000;maxaveragebitrate=32000;useinbandfec=1
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-15
    a=rtpmap:102 telephone-event/48000
    a=fmtp:102 0-15
    a=ptime:20
    a=sendrecv
    a=rtcp-mux
    a=mid:0
    a=msid:hotline audio
    a=ice-ufrag:ours00000000
    a=ice-pwd:0123456789abcdefghjkmnpqrstvwxyz
    a=fingerprint:sha-256 AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB
    a=setup:actpass
    a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host
    a=candidate:2 1 tcp 1520435199 192.0.2.1 40000 typ host tcptype passive
    a=end-of-candidates
    ");
    let answer = OFFER
        .split("m=video")
        .next()
        .expect("audio")
        .replace("BUNDLE 0 1", "BUNDLE 0")
        .replace("actpass", "active")
        .replace("111 63 9 0 8 13 110 126", "96 102");
    let answer = answer.replace("rtpmap:111", "rtpmap:96").replace("rtpmap:110", "rtpmap:102");
    let agreed = accept(&ours, &parsed(&answer)).expect("agreed");
    assert_eq!(
        (agreed.codec, agreed.browser.as_ref().map(|theirs| theirs.we_begin)),
        (Codec::Opus, Some(false))
    );
    let agreed = accept(&ours, &parsed(&answer.replace("active", "passive"))).expect("agreed");
    assert!(agreed.browser.expect("a browser").we_begin);

    let undecided = answer.replace("setup:active", "setup:actpass");
    assert_eq!(accept(&ours, &parsed(&undecided)), Err(AnswerError::Browser(BrowserError::Setup)));
    let plain = "v=0\no=- 1 1 IN IP4 192.0.2.2\nc=IN IP4 192.0.2.2\nm=audio 5000 RTP/AVP 0\n";
    assert_eq!(accept(&ours, &parsed(plain)), Err(AnswerError::Transport));
}

#[test]
fn a_later_offer_keeps_the_names_of_streams() {
    let answered = answer(&parsed(OFFER), &local()).expect("an answer");
    let held = Local { direction: Direction::SendOnly, ..local() };
    let again = reoffer(&held, &answered.sdp, answered.chosen.media).to_string();
    for line in
        ["a=group:BUNDLE 0\r\n", "a=ice-lite\r\n", "a=mid:0\r\n", "a=setup:actpass\r\n", "a=mid:1\r\n"]
    {
        assert!(again.contains(line), "{line} in {again}");
    }
}

#[test]
fn what_a_browser_lacks_is_said() {
    for (from, to, why) in [
        ("a=ice-ufrag:ETEn", "a=x", BrowserError::Ice),
        ("a=ice-ufrag:ETEn", "a=ice-ufrag:ETE", BrowserError::Ice),
        ("a=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l", "a=ice-pwd:short", BrowserError::Ice),
        ("a=ice-pwd:OtSK0", "a=ice-pwd:O SK0", BrowserError::Ice),
        ("a=rtcp-mux", "a=x", BrowserError::RtcpMux),
        ("a=fingerprint:sha-256 ", "a=fingerprint:sha-1 ", BrowserError::Fingerprint),
        ("a=fingerprint:sha-256 ", "a=fingerprint:md5 ", BrowserError::Fingerprint),
        (":88:A2", ":88", BrowserError::Fingerprint),
        (":88:A2", ":88:A2:00", BrowserError::Fingerprint),
        (":88:A2", ":88:+2", BrowserError::Fingerprint),
        ("a=setup:actpass", "a=setup:holdconn", BrowserError::Setup),
        ("t=0 0", "t=0 0\na=ice-lite", BrowserError::Lite),
    ] {
        assert!(OFFER.contains(from), "{from}");
        let refused = answer(&parsed(&OFFER.replace(from, to)), &local()).map(|answer| answer.chosen);
        assert_eq!(refused, Err(Refusal::Browser(why)), "{from} → {to}");
        assert_eq!(Refusal::Browser(why).warning_code(), 399);
    }
    let nobody = Local { browser: None, ..local() };
    assert_eq!(answer(&parsed(OFFER), &nobody), Err(Refusal::Transport));
}

#[test]
fn browsers_of_the_first_days_and_other_names_of_the_transport_are_taken() {
    for protocol in ["RTP/SAVPF", "TCP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"] {
        let answered =
            answer(&parsed(&OFFER.replace("UDP/TLS/RTP/SAVPF", protocol)), &local()).expect("an answer");
        assert!(answered.chosen.browser.is_some());
        assert_eq!(answered.sdp.media[0].protocol, protocol);
    }
}

#[test]
fn what_stands_for_all_streams_stands_for_each() {
    let lines = ["a=ice-ufrag:ETEn\n", "a=ice-pwd:OtSK0WpNtpUjkY4+86js7Z/l\n", "a=setup:actpass\n"];
    let mut moved = OFFER.to_owned();
    for line in lines {
        moved = moved.replace(line, "");
    }
    let moved = moved.replace("t=0 0\n", &format!("t=0 0\n{}", lines.concat()));
    let theirs = answer(&parsed(&moved), &local()).expect("an answer").chosen.browser.expect("a browser");
    assert_eq!(theirs.ufrag, "ETEn");
}

#[test]
fn a_browser_holds_by_its_direction_and_not_by_its_address() {
    for (direction, ours, hold) in [
        ("sendrecv", Direction::SendRecv, false),
        ("recvonly", Direction::SendOnly, false),
        ("sendonly", Direction::RecvOnly, true),
        ("inactive", Direction::Inactive, true),
    ] {
        let offer = OFFER.replace("a=sendrecv", &format!("a={direction}"));
        let chosen = answer(&parsed(&offer), &local()).expect("an answer").chosen;
        assert_eq!((chosen.direction, chosen.hold), (ours, hold));
    }
}

#[test]
fn plain_sound_from_a_peer_that_may_be_a_browser_is_plain() {
    let plain = "v=0\no=- 1 1 IN IP4 192.0.2.2\nc=IN IP4 192.0.2.2\nm=audio 5000 RTP/AVP 0\n";
    let answered = answer(&parsed(plain), &local()).expect("an answer");
    assert!(answered.chosen.browser.is_none() && answered.sdp.attributes.is_empty());
    assert!(!answered.sdp.to_string().contains("ice"));
}

proptest! {
    #[test]
    fn a_fingerprint_that_is_written_is_read(bytes: [u8; 32]) {
        prop_assert_eq!(fingerprint(&format!("SHA-256 {}", Colons(&bytes))), Some(bytes));
    }

    #[test]
    fn no_lines_make_it_panic(lines in prop::collection::vec("(ice-ufrag|ice-pwd|fingerprint|setup|mid|rtcp-mux|group|candidate)(:[ -~]{0,40})?", 0..12)) {
        let lines: String = lines.iter().map(|line| format!("a={line}\n")).collect();
        let text = format!("v=0\no=- 1 1 IN IP4 192.0.2.2\n{lines}m=audio 9 UDP/TLS/RTP/SAVPF 0\n{lines}");
        let _ = answer(&parsed(&text), &local());
        let _ = accept(&offer(&local()), &parsed(&text));
    }
}

fn parsed(text: &str) -> Session {
    Session::parse(text.as_bytes()).expect("a description")
}

fn local() -> Local<'static> {
    let address = "192.0.2.1:40000".parse().expect("an address");
    let browser = OurBrowserSide {
        ufrag: "ours00000000",
        password: "0123456789abcdefghjkmnpqrstvwxyz",
        fingerprint: [0xab; 32],
        address,
        mid: None,
    };
    Local {
        codecs: &Codec::ALL,
        browser: Some(browser),
        ..Local::new("192.0.2.1:9000".parse().expect("an address"), 7)
    }
}
