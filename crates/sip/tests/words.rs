//! What is said besides the call itself: keys, messages, reasons, other places to call, what we can do.

mod network;
mod peer;

use base::Duration;
use bytes::Bytes;
use network::{Network, Side, Weather, sdp};
use peer::{Peer, answer, answer_with, headline, request};
use sip::{KeyPress, SessionEvent, UserAgentConfig};
use sip_message::{Method, StatusCode};

use Side::{Anna, Bert};

#[test]
fn keys_and_messages_travel_inside_a_call() {
    let mut network = Network::new(1, Weather::default());
    let call = network.call(Anna);
    network.run_ms(20);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    network.run_ms(80);
    network.log.clear();
    let press = KeyPress { digit: '#', duration: Some(Duration::from_millis(250)) };
    network.act(Anna, |agent, now| agent.send_key(call, press, now));
    network.run_ms(50);
    let content = Some(("text/plain".to_owned(), Bytes::from_static(b"on my way")));
    network.act(Anna, |agent, now| agent.send(call, Method::Message, Vec::new(), content, now));
    network.run_ms(50);
    let message = network.events.iter().find_map(|(_, _, event)| match event {
        SessionEvent::Request { tx, request } => Some((*tx, request.clone())),
        _ => None,
    });
    let (tx, message) = message.unwrap();
    assert_eq!(message.body(), "on my way");
    network.act(Bert, |agent, now| agent.respond_status(tx, &message, StatusCode::OK, now));
    network.run_ms(50);
    for heard in [
        "bert: Key(KeyPress { digit: '#', duration: Some(250ms) })",
        "Response { method: Message, status: StatusCode(200) }",
    ] {
        assert!(network.log.contains(heard), "{heard}\n{}", network.log);
    }
    let headers = [
        ("Reason".to_owned(), "Q.850;cause=16;text=\"bye\"".to_owned()),
        ("User-to-User".to_owned(), "0aff;encoding=hex".to_owned()),
    ];
    network.act(Anna, |agent, now| agent.hang_up_with(call, &headers, now));
    network.run_ms(50);
    let farewell = network.events.iter().find_map(|(side, _, event)| match event {
        SessionEvent::Farewell { reasons, user_to_user } if *side == Bert => Some((reasons, user_to_user)),
        _ => None,
    });
    let (reasons, user_to_user) = farewell.unwrap();
    assert_eq!((reasons[0].cause, reasons[0].text.as_deref()), (Some(16), Some("bye")));
    assert_eq!(user_to_user[0].bytes(), Some(vec![10, 255]));
}

#[test]
fn a_canceled_caller_says_why() {
    let mut network = Network::new(2, Weather::default());
    let call = network.call(Anna);
    network.run_ms(20);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(leg, None, now));
    network.run_ms(20);
    let why = "SIP;cause=200;text=\"Call completed elsewhere\"";
    network.act(Anna, |agent, now| agent.hang_up_because(call, why, now));
    network.run_ms(20);
    let heard = network.events.iter().any(|(side, _, event)| {
        *side == Bert
            && matches!(event, SessionEvent::Farewell { reasons, .. } if reasons[0].cause == Some(200))
    });
    assert!(heard, "{}", network.log);
}

#[test]
fn messages_outside_of_a_call_are_the_owners() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let text = request("MESSAGE", "Content-Type: text/plain\r\n")
        .replace("Length: 0\r\n\r\n", "Length: 5\r\n\r\nhello");
    assert_eq!(peer.receive(&text), ["Request MESSAGE"]);
    let (tx, message) = peer.asked.take().unwrap();
    assert_eq!(message.body(), "hello");
    peer.agent.respond_status(tx, &message, StatusCode::ACCEPTED, peer.now);
    peer.drain();
    assert_eq!(headline(peer.sent.last().unwrap()), "202 Accepted");
}

#[test]
fn a_redirection_names_the_places_the_most_wanted_first() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.call(None);
    let invite = peer.sent[0].clone();
    let refusal = answer(&invite, "302 Moved Temporarily", "x").replace(
        "Contact: <sip:bob@192.0.2.9:5080>\r\n",
        "Contact: <sip:a@h>;q=0.2, <sip:b@h>, <mailto:c@h>\r\nContact: <sip:d@h>;q=0.7\r\nContact: <tel:+49>;q=1.0\r\n\
         Reason: SIP;cause=302\r\n",
    );
    let events = peer.receive(&refusal);
    assert!(events[0].starts_with("Redirected { status: StatusCode(302)"), "{events:?}");
    let places: Vec<_> =
        ["sip:b@h", "tel:+49", "sip:d@h", "sip:a@h"].iter().map(|place| events[0].find(place)).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{events:?}");
    assert!(!events[0].contains("mailto"));
    assert!(events[1].starts_with("Farewell") && events[2].starts_with("Ended(Rejected"), "{events:?}");
    // Nobody was called.
    assert_eq!(peer.sent.len(), 2);
    assert_eq!(headline(&peer.sent[1]), "ACK");
}

#[test]
fn an_answer_may_carry_headers_and_shows_them() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("INVITE", ""));
    let headers = [("P-Asserted-Identity".to_owned(), "<sip:support@hotline.test>".to_owned())];
    let session = peer.session.unwrap();
    peer.agent.progress_with(session, StatusCode::QUEUED, None, &headers, peer.now);
    peer.agent.answer_with(session, Bytes::from_static(b"v=0"), &headers, peer.now);
    peer.drain();
    for (sent, status) in peer.sent.iter().zip(["182", "200"]) {
        assert!(headline(sent).starts_with(status));
        assert!(sent.contains("P-Asserted-Identity: <sip:support@hotline.test>\r\n"), "{sent}");
    }
}

#[test]
fn options_tell_what_we_can_do() {
    let mut peer = Peer::established();
    let options = peer.inside("OPTIONS", 2, "");
    peer.receive(&options);
    let inside = peer.sent.last().unwrap().clone();
    peer.receive(&request("OPTIONS", "").replace("z9hG4bK1", "z9hG4bKo").replace("call-1", "call-o"));
    let (_, asked) = peer.asked.take().unwrap();
    let outside = peer.agent.capabilities(&asked).build().unwrap().to_string();
    for answer in [inside, outside] {
        for header in [
            "Allow: INVITE, ACK, CANCEL, BYE, INFO, UPDATE, PRACK, NOTIFY, REGISTER, OPTIONS, MESSAGE\r\n",
            "Supported: 100rel, timer, replaces, norefersub\r\n",
            "Accept: application/sdp, application/dtmf-relay, application/dtmf, message/sipfrag\r\n",
        ] {
            assert!(answer.contains(header), "{header}{answer}");
        }
    }
}

#[test]
fn early_media_of_a_callee_that_refuses_after_all_ends_with_its_reason() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.call(None);
    let invite = peer.sent[0].clone();
    peer.receive(&answer_with(&invite, "183 Session Progress", "one", "", "v=0 announcement"));
    let busy = answer_with(&invite, "486 Busy Here", "one", "Reason: Q.850;cause=17\r\n", "");
    let events = peer.receive(&busy);
    assert!(events[0].starts_with("Farewell") && events[1].starts_with("Ended(Rejected"), "{events:?}");
}
