//! What the owner of a user agent can learn of a request before it is handed in.

mod peer;

use peer::{Peer, headline, request};
use sip::{Source, UserAgentConfig};
use sip_message::{Message, Request, StatusCode};

#[test]
fn what_is_under_way_is_told_from_what_is_new() {
    let peer = Peer::established();
    let here = peer.source;
    let elsewhere = Source { remote: "192.0.2.99:5060".parse().unwrap(), ..here };
    let reinvite = peer.inside("INVITE", 2, "");
    for (what, text, source, expected) in [
        ("the INVITE again", request("INVITE", ""), here, true),
        ("its CANCEL", request("CANCEL", ""), here, true),
        ("its ACK", request("ACK", ""), here, true),
        ("a new INVITE", request("INVITE", "").replace("z9hG4bK1", "z9hG4bKn"), here, false),
        ("an INVITE of RFC 2543", request("INVITE", "").replace("z9hG4bK1", "1"), here, false),
        ("a re-INVITE", reinvite.clone(), here, true),
        ("a re-INVITE from elsewhere", reinvite.clone(), elsewhere, false),
        ("a re-INVITE of another call", reinvite.replace("call-1", "call-2"), here, false),
        ("a BYE", peer.inside("BYE", 2, ""), here, true),
        ("a CANCEL of nothing", request("CANCEL", "").replace("z9hG4bK1", "z9hG4bKn"), here, false),
        ("an ACK of nothing", request("ACK", "").replace("z9hG4bK1", "z9hG4bKn"), here, false),
        ("a made-up dialog", request("BYE", "").replace("1>\r\nCall-ID", "1>;tag=x\r\nCall-ID"), here, false),
    ] {
        assert_eq!(peer.agent.has_part_in(&read(&text), source), expected, "{what}");
    }
}

#[test]
fn the_request_of_an_old_client_is_known_again() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let invite = request("INVITE", "").replace(";branch=z9hG4bK1", "");
    peer.receive(&invite);
    assert!(peer.agent.has_part_in(&read(&invite), peer.source));
    assert!(!peer.agent.has_part_in(&read(&invite.replace("call-1", "call-2")), peer.source));
}

#[test]
fn whoever_is_turned_away_unseen_is_told_when_to_come_again_and_forgotten() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let turn_away = |peer: &mut Peer, text: &str| {
        let (source, now) = (peer.source, peer.now);
        peer.agent.turn_away_unseen(read(text), source, StatusCode::SERVICE_UNAVAILABLE, 7, now);
        peer.drain();
    };
    turn_away(&mut peer, &request("INVITE", ""));
    turn_away(&mut peer, &request("ACK", ""));
    assert_eq!(peer.sent.len(), 1);
    assert_eq!(headline(&peer.sent[0]), "503 Too Much To Do");
    assert!(peer.sent[0].contains("Retry-After: 7\r\n"), "{}", peer.sent[0]);
    assert!(peer.agent.is_idle());
}

fn read(text: &str) -> Request {
    match Message::parse(bytes::Bytes::copy_from_slice(text.as_bytes())) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?} of {text}"),
    }
}
