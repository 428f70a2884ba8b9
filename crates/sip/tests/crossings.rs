//! Requests that cross on the wire, seen from one side with a peer that writes by hand: what each side must not get stuck
//! with.

mod peer;

use base::Duration;
use bytes::Bytes;
use peer::{Peer, answer, answer_with, headline, request};
use sip::UserAgentConfig;

#[test]
fn a_cancel_that_comes_twice_is_answered_twice_and_ends_the_call_once() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("INVITE", ""));
    peer.agent.ring(peer.session.unwrap(), None, peer.now);
    peer.drain();
    let cancel = request("CANCEL", "");
    assert_eq!(peer.receive(&cancel), ["Ended(PeerCancel)"]);
    assert!(peer.receive(&cancel).is_empty());
    let sent: Vec<_> = peer.sent.iter().map(|sent| headline(sent)).collect();
    assert_eq!(sent, ["180 Ringing", "200 OK", "487 Request Terminated", "200 OK"]);
    // The 487 is repeated until its ACK comes, and not beyond.
    peer.pass(Duration::from_secs(2));
    assert_eq!(headline(peer.sent.last().unwrap()), "487 Request Terminated");
    let count = peer.sent.len();
    let ack = request("ACK", "").replace("To: <sip:4000@192.0.2.1>", "To: <sip:4000@192.0.2.1>;tag=x");
    assert!(peer.receive(&ack).is_empty());
    peer.pass(Duration::from_secs(40));
    assert_eq!(peer.sent.len(), count);
    assert!(peer.agent.is_idle());
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("INVITE", ""));
    peer.agent.answer(peer.session.unwrap(), Bytes::from_static(b"v=0"), peer.now);
    peer.drain();
    assert!(peer.receive(&request("CANCEL", "")).is_empty());
    assert_eq!(headline(peer.sent.last().unwrap()), "200 OK");
    let ack = peer.inside("ACK", 1, "");
    assert_eq!(peer.receive(&ack), ["Acked { sdp: None }"]);
}

#[test]
fn an_update_before_our_answer_has_to_come_again() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let invite = request("INVITE", "Content-Type: application/sdp\r\n")
        .replace("Length: 0\r\n\r\n", "Length: 3\r\n\r\nv=0");
    peer.receive(&invite);
    peer.agent.ring(peer.session.unwrap(), None, peer.now);
    peer.drain();
    let tag = peer::tag_of(peer.sent.last().unwrap());
    let update = request("UPDATE", "Content-Type: application/sdp\r\n")
        .replace("To: <sip:4000@192.0.2.1>", &format!("To: <sip:4000@192.0.2.1>;tag={tag}"))
        .replace("z9hG4bK1", "z9hG4bKu")
        .replace("CSeq: 1 ", "CSeq: 2 ")
        .replace("Length: 0\r\n\r\n", "Length: 3\r\n\r\nv=0");
    assert!(peer.receive(&update).is_empty());
    let refusal = peer.sent.last().unwrap();
    assert!(headline(refusal).starts_with("500") && refusal.contains("Retry-After: "), "{refusal}");
    // One without an offer only says that the peer has moved.
    let refresh = update.replace("z9hG4bKu", "z9hG4bKv").replace("CSeq: 2 ", "CSeq: 3 ");
    let refresh = refresh
        .replace("Content-Type: application/sdp\r\n", "")
        .replace("Length: 3\r\n\r\nv=0", "Length: 0\r\n\r\n");
    assert!(peer.receive(&refresh).is_empty());
    assert_eq!(headline(peer.sent.last().unwrap()), "200 OK");
}

#[test]
fn an_offer_that_came_too_soon_for_the_peer_is_made_again_when_it_says() {
    let mut peer = Peer::established();
    let session = peer.session.unwrap();
    peer.agent.offer(session, Bytes::from_static(b"v=0 hold"), peer.now);
    peer.drain();
    let offer = peer.sent.last().unwrap().clone();
    let refusal = answer_with(&offer, "500 Server Internal Error", "1", "Retry-After: 3\r\n", "");
    assert!(peer.receive(&refusal).is_empty());
    peer.pass(Duration::from_millis(2900));
    assert_eq!(headline(peer.sent.last().unwrap()), "ACK");
    peer.pass(Duration::from_millis(200));
    let again = peer.sent.last().unwrap().clone();
    assert!(headline(&again) == "INVITE" && again.ends_with("v=0 hold"), "{again}");
    let accepted = answer_with(&again, "200 OK", "1", "", "v=0 held");
    assert_eq!(peer.receive(&accepted), ["OfferAnswered { sdp: Some(b\"v=0 held\") }"]);
    // A server that is simply broken is not asked again.
    peer.agent.offer(session, Bytes::from_static(b"v=0 back"), peer.now);
    peer.drain();
    let offer = peer.sent.last().unwrap().clone();
    let refusal = answer(&offer, "500 Server Internal Error", "1");
    assert_eq!(peer.receive(&refusal), ["OfferFailed { status: StatusCode(500) }"]);
}

#[test]
fn a_bye_that_crosses_our_offer_ends_the_call_and_the_answer_is_acknowledged() {
    let mut peer = Peer::established();
    peer.agent.offer(peer.session.unwrap(), Bytes::from_static(b"v=0 hold"), peer.now);
    peer.drain();
    let offer = peer.sent.last().unwrap().clone();
    let bye = peer.inside("BYE", 2, "");
    assert_eq!(peer.receive(&bye), ["Ended(PeerBye)"]);
    let late = answer_with(&offer, "200 OK", "1", "", "v=0 held");
    assert!(peer.receive(&late).is_empty());
    assert_eq!(headline(peer.sent.last().unwrap()), "ACK");
    peer.pass(Duration::from_secs(64));
    assert!(peer.agent.is_idle());
}

#[test]
fn a_bye_before_the_answer_ends_a_call_with_unheard_early_media() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let invite = request("INVITE", "Supported: 100rel\r\nContent-Type: application/sdp\r\n")
        .replace("Length: 0\r\n\r\n", "Length: 3\r\n\r\nv=0");
    peer.receive(&invite);
    peer.agent.ring(peer.session.unwrap(), Some(Bytes::from_static(b"v=0 early")), peer.now);
    peer.agent.answer(peer.session.unwrap(), Bytes::from_static(b"v=0 early"), peer.now);
    peer.drain();
    // The answer waits for the PRACK, and the caller hangs up instead.
    assert_eq!(peer.sent.len(), 1);
    let tag = peer::tag_of(peer.sent.last().unwrap());
    let bye = request("BYE", "")
        .replace("To: <sip:4000@192.0.2.1>", &format!("To: <sip:4000@192.0.2.1>;tag={tag}"))
        .replace("z9hG4bK1", "z9hG4bKb")
        .replace("CSeq: 1 ", "CSeq: 2 ");
    assert_eq!(peer.receive(&bye), ["Ended(PeerBye)"]);
    let sent: Vec<_> = peer.sent[1..].iter().map(|sent| headline(sent)).collect();
    assert_eq!(sent, ["200 OK", "487 Request Terminated"]);
    peer.pass(Duration::from_secs(70));
    assert!(peer.agent.is_idle());
}

#[test]
fn a_prack_of_something_else_is_refused() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let invite = request("INVITE", "Require: 100rel\r\n");
    peer.receive(&invite);
    peer.agent.ring(peer.session.unwrap(), None, peer.now);
    peer.drain();
    let ring = peer.sent.last().unwrap().clone();
    let rseq: u32 = ring.lines().find_map(|line| line.strip_prefix("RSeq: ")).unwrap().parse().unwrap();
    let tag = peer::tag_of(&ring);
    let mut number = 1;
    for (rack, expected) in [
        (format!("{} 1 INVITE", rseq + 1), "481"),
        (format!("{rseq} 2 INVITE"), "481"),
        (format!("{rseq} 1 UPDATE"), "481"),
        ("nonsense".to_owned(), "481"),
        (format!("{rseq} 1 INVITE"), "200"),
    ] {
        number += 1;
        let prack = request("PRACK", &format!("RAck: {rack}\r\n"))
            .replace("To: <sip:4000@192.0.2.1>", &format!("To: <sip:4000@192.0.2.1>;tag={tag}"))
            .replace("z9hG4bK1", &format!("z9hG4bKp{number}"))
            .replace("CSeq: 1 ", &format!("CSeq: {number} "));
        assert!(peer.receive(&prack).is_empty());
        assert!(headline(peer.sent.last().unwrap()).starts_with(expected), "{rack}");
    }
    let count = peer.sent.len();
    peer.pass(Duration::from_secs(20));
    assert_eq!(peer.sent.len(), count, "an acknowledged response is not repeated");
}
