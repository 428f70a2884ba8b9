//! One user agent and a peer that writes its messages by hand: what is answered to what nobody should have sent, and to
//! what two user agents of ours would never do to each other.

mod peer;

use base::{Duration, Network};
use bytes::Bytes;
use peer::{Peer, answer, headline, request, tag_of, to_line, to_tag};
use sip::{Challenge, ConnectionId, Credentials, EndpointConfig, Source, Transport, UserAgentConfig};
use sip_message::StatusCode;

#[test]
fn what_cannot_be_understood_is_refused_as_the_rfc_says() {
    let table = [
        ("unknown method", request("DANCE", "")),
        ("known method, not ours", request("PUBLISH", "")),
        ("unknown scheme", request("OPTIONS", "").replacen("sip:4000@192.0.2.1", "soap.beep://192.0.2.1", 1)),
        ("unknown extension", request("INVITE", "Require: 100rel, timer\r\nProxy-Require: magic\r\n")),
        (
            "unknown body",
            request("INVITE", "Content-Type: text/plain\r\n")
                .replace("Length: 0\r\n\r\n", "Length: 5\r\n\r\nhello"),
        ),
        (
            "optional body",
            request("INVITE", "Content-Type: text/plain\r\nContent-Disposition: icon; handling=optional\r\n")
                .replace("Length: 0\r\n\r\n", "Length: 5\r\n\r\nhello"),
        ),
        (
            "packed body",
            request("INVITE", "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n")
                .replace("Length: 0\r\n\r\n", "Length: 3\r\n\r\nv=0"),
        ),
        ("cannot read answers", request("INVITE", "Accept: text/nobodyKnowsThis\r\n")),
        ("reads anything", request("INVITE", "Accept: text/html, */*;q=0.1\r\n")),
        (
            "BYE of no call",
            request("BYE", "").replace("To: <sip:4000@192.0.2.1>", "To: <sip:4000@192.0.2.1>;tag=x"),
        ),
        ("BYE without a tag", request("BYE", "")),
        (
            "INVITE of no call",
            request("INVITE", "").replace("To: <sip:4000@192.0.2.1>", "To: <sip:4000@192.0.2.1>;tag=x"),
        ),
        ("INFO of no call", request("INFO", "")),
        ("CANCEL of no INVITE", request("CANCEL", "")),
        ("ACK of no call", request("ACK", "")),
        ("two From", request("OPTIONS", "From: <sip:b@192.0.2.2>;tag=2\r\n")),
        ("another version", request("OPTIONS", "").replacen("SIP/2.0\r\n", "SIP/7.0\r\n", 1)),
        ("nonsense", "hello\r\n\r\n".to_owned()),
        (
            "stray answer",
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:a@a>;tag=1\r\n\
            To: <sip:b@b>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
                .to_owned(),
        ),
    ];
    let lines: Vec<_> = table
        .into_iter()
        .map(|(name, text)| {
            let mut peer = Peer::new(UserAgentConfig::default());
            let events = peer.receive(&text);
            let shown =
                peer.sent.iter().map(|sent| headline(sent)).chain(events).collect::<Vec<_>>().join(" · ");
            format!("{name:<22} {shown}")
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_request_that_comes_by_two_ways_is_refused_once() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let invite = request("INVITE", "");
    assert_eq!(peer.receive(&invite), ["Incoming"]);
    assert!(peer.receive(&invite.replace("branch=z9hG4bK1", "branch=z9hG4bK2")).is_empty());
    assert_eq!(headline(peer.sent.last().unwrap()), "482 Loop Detected");
}

#[test]
fn a_full_endpoint_refuses_strangers_and_goes_on_with_its_calls() {
    let endpoint = EndpointConfig { server_transactions_max: 4, ..EndpointConfig::default() };
    let mut peer = Peer::new(UserAgentConfig { endpoint, ..UserAgentConfig::default() });
    peer.receive(&request("INVITE", ""));
    let session = peer.session.unwrap();
    peer.agent.answer(session, Bytes::from_static(b"v=0"), peer.now);
    peer.drain();
    let tag = tag_of(peer.sent.last().unwrap());
    for n in 0..3 {
        let options = request("OPTIONS", "")
            .replace("z9hG4bK1", &format!("z9hG4bKo{n}"))
            .replace("call-1", &format!("o{n}"));
        assert_eq!(peer.receive(&options), ["Request OPTIONS"]);
    }
    let options = request("OPTIONS", "").replace("z9hG4bK1", "z9hG4bKo9").replace("call-1", "o9");
    assert!(peer.receive(&options).is_empty());
    let refused = peer.sent.last().unwrap();
    assert_eq!(headline(refused), "503 Too Many Requests");
    assert!(refused.contains("Retry-After: 5\r\n"), "{refused}");

    let bye = request("BYE", "").replace("z9hG4bK1", "z9hG4bKb").replace("CSeq: 1", "CSeq: 2");
    let bye = bye.replace("To: <sip:4000@192.0.2.1>", &format!("To: <sip:4000@192.0.2.1>;tag={tag}"));
    assert_eq!(peer.receive(&bye), ["Ended(PeerBye)"]);
    assert_eq!(headline(peer.sent.last().unwrap()), "200 OK");
}

#[test]
fn too_many_calls_are_refused() {
    let mut peer = Peer::new(UserAgentConfig { sessions_max: 1, ..UserAgentConfig::default() });
    peer.receive(&request("INVITE", ""));
    let second = request("INVITE", "").replace("z9hG4bK1", "z9hG4bK2").replace("call-1", "call-2");
    assert!(peer.receive(&second).is_empty());
    assert_eq!(headline(peer.sent.last().unwrap()), "503 Too Many Calls");
    assert_eq!(peer.agent.snapshot().requests_received, 1);
}

#[test]
fn a_challenged_caller_costs_nothing_and_is_not_answered_twice() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("INVITE", ""));
    let challenge = Challenge {
        status: StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        values: vec!["Digest realm=\"hotline\", nonce=\"n\"".to_owned()],
    };
    peer.agent.challenge(peer.session.unwrap(), challenge, peer.now);
    assert_eq!(peer.drain(), ["Ended(Challenged)"]);
    assert!(peer.sent[0].contains("Proxy-Authenticate: Digest realm=\"hotline\", nonce=\"n\"\r\n"));
    assert!(peer.agent.is_idle());
    assert!(peer.receive(&request("ACK", "")).is_empty());
    assert!(peer.agent.is_idle());
}

#[test]
fn a_caller_who_is_turned_away_is_answered_once_and_forgotten() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("INVITE", ""));
    peer.agent.turn_away(peer.session.unwrap(), StatusCode::FORBIDDEN, "", peer.now);
    assert_eq!(peer.drain(), ["Ended(LocalHangUp)"]);
    assert_eq!(headline(&peer.sent[0]), "403 Forbidden");
    peer.pass(Duration::from_secs(60));
    assert_eq!(peer.sent.len(), 1);
    assert!(peer.agent.is_idle());
}

#[test]
fn a_copy_of_a_request_gets_a_copy_of_the_answer() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let options = request("OPTIONS", "");
    peer.receive(&options);
    let (tx, asked) = peer.asked.take().unwrap();
    let answer = peer.agent.capabilities(&asked);
    peer.agent.respond(tx, answer, peer.now);
    peer.drain();
    assert!(peer.receive(&options).is_empty());
    assert_eq!(peer.sent[0], peer.sent[1]);
    assert!(peer.sent[0].contains(
        "Allow: INVITE, ACK, CANCEL, BYE, INFO, UPDATE, PRACK, NOTIFY, REGISTER, OPTIONS, MESSAGE\r\n"
    ));
    peer.pass(Duration::from_secs(33));
    assert!(peer.agent.is_idle());
}

#[test]
fn a_request_that_is_never_answered_is_forgotten() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("OPTIONS", ""));
    peer.pass(Duration::from_secs(33));
    assert!(peer.agent.is_idle());
}

#[test]
fn every_branch_of_a_forked_call_but_the_first_is_hung_up() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.call(None);
    let invite = peer.sent[0].clone();
    for (tag, expected) in [("one", vec!["Answered"]), ("two", vec![]), ("two", vec![]), ("one", vec![])] {
        assert_eq!(peer.receive(&answer(&invite, "200 OK", tag)), expected, "{tag}");
    }
    let sent: Vec<_> =
        peer.sent[1..].iter().map(|sent| format!("{} {}", headline(sent), to_tag(sent))).collect();
    assert_eq!(sent, ["ACK one", "ACK two", "BYE two", "ACK two", "ACK one"]);
}

#[test]
fn a_late_copy_of_the_200_is_acknowledged_after_the_transaction_is_gone() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.call(None);
    let invite = peer.sent[0].clone();
    peer.receive(&answer(&invite, "200 OK", "one"));
    peer.pass(Duration::from_secs(40));
    assert_eq!(peer.agent.transactions(), 0);
    peer.receive(&answer(&invite, "200 OK", "one"));
    assert_eq!(peer.sent.len(), 3);
    assert_eq!(peer.sent[1], peer.sent[2]);
}

#[test]
fn a_challenge_of_our_realm_is_answered_and_of_another_is_not() {
    let challenged = |realm: &str| {
        let mut peer = Peer::new(UserAgentConfig::default());
        peer.call(Some(Credentials::new("hotline", "carrier", "secret")));
        let invite = peer.sent[0].clone();
        let challenge = answer(&invite, "407 Proxy Authentication Required", "x").replace(
            "Content-Length",
            &format!(
                "Proxy-Authenticate: Digest realm=\"{realm}\", nonce=\"abc\", qop=\"auth\"\r\nContent-Length"
            ),
        );
        let events = peer.receive(&challenge);
        let sent: Vec<_> = peer.sent.iter().map(|sent| headline(sent)).collect();
        (events, sent, peer)
    };
    let (events, sent, _) = challenged("elsewhere");
    assert_eq!(sent, ["INVITE", "ACK"]);
    assert_eq!(
        events,
        ["Ended(Rejected { status: StatusCode(407), reason: \"Proxy Authentication Required\" })"]
    );

    let (events, sent, mut peer) = challenged("carrier");
    assert!(events.is_empty());
    assert_eq!(sent, ["INVITE", "ACK", "INVITE"]);
    let again = peer.sent[2].clone();
    assert!(again.contains("CSeq: 2 INVITE\r\n"), "{again}");
    assert!(
        again.contains("Proxy-Authorization: Digest username=\"hotline\", realm=\"carrier\", nonce=\"abc\""),
        "{again}"
    );
    assert!(!to_line(&again).contains("tag="), "{again}");
    // A second challenge means that the password is wrong: there is no third attempt.
    let refused = answer(&again, "407 Proxy Authentication Required", "y").replace(
        "Content-Length",
        "Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"def\", qop=\"auth\"\r\nContent-Length",
    );
    assert_eq!(peer.receive(&refused).len(), 1);
    assert_eq!(headline(peer.sent.last().unwrap()), "ACK");
}

#[test]
fn the_bye_of_a_call_that_was_challenged_carries_credentials_too() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let session = peer.call(Some(Credentials::new("hotline", "carrier", "secret")));
    let invite = peer.sent[0].clone();
    peer.receive(&answer(&invite, "401 Unauthorized", "x").replace(
        "Content-Length",
        "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"abc\", qop=\"auth\"\r\nContent-Length",
    ));
    let again = peer.sent[2].clone();
    assert_eq!(peer.receive(&answer(&again, "200 OK", "x")), ["Answered"]);
    peer.agent.hang_up(session, peer.now);
    peer.drain();
    let bye = peer.sent.last().unwrap();
    assert!(
        bye.starts_with("BYE ") && bye.contains("\r\nAuthorization: ") && bye.contains("nc=00000002"),
        "{bye}"
    );
}

#[test]
fn requests_in_a_call_go_through_the_proxies_that_asked_for_it() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let session = peer.call(None);
    let invite = peer.sent[0].clone();
    let routes =
        "Record-Route: <sip:192.0.2.30;lr>\r\nRecord-Route: <sip:192.0.2.20:5070;lr>\r\nContent-Length";
    peer.receive(&answer(&invite, "200 OK", "one").replace("Content-Length", routes));
    peer.agent.hang_up(session, peer.now);
    peer.drain();
    for message in &peer.sent[1..] {
        let routes: Vec<_> = message.lines().filter(|line| line.starts_with("Route:")).collect();
        assert_eq!(routes, ["Route: <sip:192.0.2.20:5070;lr>", "Route: <sip:192.0.2.30;lr>"], "{message}");
        assert!(message.contains(" sip:bob@192.0.2.9:5080 SIP/2.0\r\n"), "{message}");
    }
    assert_eq!(peer.went_to, ["192.0.2.2:5060", "192.0.2.20:5070", "192.0.2.20:5070"]);
}

#[test]
fn a_strict_router_gets_itself_as_request_uri() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let session = peer.call(None);
    let invite = peer.sent[0].clone();
    let routes = "Record-Route: <sip:192.0.2.20:5070>\r\nContent-Length";
    peer.receive(&answer(&invite, "200 OK", "one").replace("Content-Length", routes));
    peer.agent.hang_up(session, peer.now);
    peer.drain();
    let bye = peer.sent.last().unwrap();
    assert!(bye.starts_with("BYE sip:192.0.2.20:5070 SIP/2.0\r\n"), "{bye}");
    assert!(bye.contains("\r\nRoute: <sip:bob@192.0.2.9:5080>\r\n"), "{bye}");
}

#[test]
fn a_caller_behind_a_nat_is_answered_where_it_came_from() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.source.remote = "203.0.113.9:40001".parse().unwrap();
    peer.receive(
        &request("INVITE", "").replace(";branch", ";rport;branch").replace("a@192.0.2.2>", "a@10.0.0.7>"),
    );
    let session = peer.session.unwrap();
    peer.agent.answer(session, Bytes::from_static(b"v=0"), peer.now);
    peer.agent.hang_up(session, peer.now);
    peer.drain();
    let tag = tag_of(peer.sent.last().unwrap());
    let ack = request("ACK", "").replace("z9hG4bK1", "z9hG4bKa");
    peer.receive(&ack.replace("To: <sip:4000@192.0.2.1>", &format!("To: <sip:4000@192.0.2.1>;tag={tag}")));
    assert_eq!(headline(peer.sent.last().unwrap()), "BYE");
    assert_eq!(peer.went_to, ["203.0.113.9:40001", "203.0.113.9:40001"]);
}

#[test]
fn answers_go_back_on_the_connection_they_came_by() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.source = Source { transport: Transport::Tcp, connection: Some(ConnectionId(7)), ..peer.source };
    peer.receive(&request("OPTIONS", "").replace("/UDP", "/TCP"));
    let (tx, asked) = peer.asked.take().unwrap();
    peer.agent.respond_status(tx, &asked, StatusCode::OK, peer.now);
    peer.drain();
    assert_eq!(peer.connections, [Some(ConnectionId(7))]);
    // On a stream nothing is repeated, so nothing is kept.
    assert!(peer.agent.is_idle());
}

#[test]
fn a_request_out_of_order_is_refused() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("INVITE", "").replace("CSeq: 1 ", "CSeq: 5 "));
    let session = peer.session.unwrap();
    peer.agent.answer(session, Bytes::from_static(b"v=0"), peer.now);
    peer.drain();
    let tag = tag_of(peer.sent.last().unwrap());
    let info = request("INFO", "").replace("z9hG4bK1", "z9hG4bKi").replace("CSeq: 1 ", "CSeq: 4 ");
    let info = info.replace("To: <sip:4000@192.0.2.1>", &format!("To: <sip:4000@192.0.2.1>;tag={tag}"));
    assert!(peer.receive(&info).is_empty());
    assert_eq!(headline(peer.sent.last().unwrap()), "500 Server Internal Error");
}

#[test]
fn somebody_who_guesses_only_half_of_the_dialog_is_refused() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("INVITE", ""));
    peer.agent.answer(peer.session.unwrap(), Bytes::from_static(b"v=0"), peer.now);
    peer.drain();
    let tag = tag_of(peer.sent.last().unwrap());
    let bye = request("BYE", "").replace("CSeq: 1 ", "CSeq: 2 ");
    let bye = bye.replace("To: <sip:4000@192.0.2.1>", &format!("To: <sip:4000@192.0.2.1>;tag={tag}"));
    for (n, (from, to)) in
        [("call-1", "call-2"), (";tag=1", ";tag=2"), (tag.as_str(), "0000000000000")].into_iter().enumerate()
    {
        assert!(peer.receive(&bye.replace(from, to).replace("z9hG4bK1", &format!("z9hG4bKg{n}"))).is_empty());
        assert_eq!(headline(peer.sent.last().unwrap()), "481 Call/Transaction Does Not Exist");
    }
}

#[test]
fn a_bye_from_somewhere_else_is_refused_unless_the_carrier_lives_there() {
    for (bits, expected) in [(32, "481 Call/Transaction Does Not Exist"), (24, "200 OK")] {
        let block: Network = format!("192.0.2.0/{bits}").parse().unwrap();
        let mut peer =
            Peer::new(UserAgentConfig { neighborhoods: vec![block], ..UserAgentConfig::default() });
        peer.receive(&request("INVITE", ""));
        peer.agent.answer(peer.session.unwrap(), Bytes::from_static(b"v=0"), peer.now);
        peer.drain();
        let tag = tag_of(peer.sent.last().unwrap());
        let bye = request("BYE", "").replace("CSeq: 1 ", "CSeq: 2 ").replace("z9hG4bK1", "z9hG4bK2");
        peer.source.remote = "192.0.2.99:5060".parse().unwrap();
        peer.receive(
            &bye.replace("To: <sip:4000@192.0.2.1>", &format!("To: <sip:4000@192.0.2.1>;tag={tag}")),
        );
        assert_eq!(headline(peer.sent.last().unwrap()), expected);
    }
}

#[test]
fn a_phone_that_comes_back_on_another_connection_is_reached_there() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.source = Source { transport: Transport::Tcp, connection: Some(ConnectionId(7)), ..peer.source };
    peer.receive(&request("INVITE", "").replace("/UDP", "/TCP"));
    let session = peer.session.unwrap();
    peer.agent.answer(session, Bytes::from_static(b"v=0"), peer.now);
    peer.drain();
    let tag = tag_of(peer.sent.last().unwrap());
    peer.source.connection = Some(ConnectionId(8));
    let ack = request("ACK", "").replace("/UDP", "/TCP").replace("z9hG4bK1", "z9hG4bKa");
    peer.receive(&ack.replace("To: <sip:4000@192.0.2.1>", &format!("To: <sip:4000@192.0.2.1>;tag={tag}")));
    assert_eq!(peer.agent.session_named("call-1", &tag, "1"), Some(session));
    peer.agent.hang_up(session, peer.now);
    peer.drain();
    assert_eq!(peer.connections, [Some(ConnectionId(7)), Some(ConnectionId(8))]);
}

#[test]
fn an_invite_without_an_offer_gets_ours_and_its_answer_comes_in_the_ack() {
    let mut peer = Peer::new(UserAgentConfig::default());
    assert_eq!(peer.receive(&request("INVITE", "")), ["Incoming"]);
    peer.agent.answer(peer.session.unwrap(), Bytes::from_static(b"v=0 ours"), peer.now);
    peer.drain();
    assert!(peer.sent[0].ends_with("\r\n\r\nv=0 ours"));
    let ack = peer.inside("ACK", 1, "v=0 theirs");
    assert_eq!(peer.receive(&ack), ["Acked { sdp: Some(b\"v=0 theirs\") }"]);
    assert!(peer.receive(&ack).is_empty());
}

#[test]
fn an_update_offers_and_refreshes() {
    let mut peer = Peer::established();
    let refresh = peer.inside("UPDATE", 2, "");
    assert!(peer.receive(&refresh).is_empty());
    assert_eq!(headline(peer.sent.last().unwrap()), "200 OK");
    let offer = peer.inside("UPDATE", 3, "v=0 hold");
    assert_eq!(peer.receive(&offer), ["Offer { sdp: Some(b\"v=0 hold\") }"]);
    let second = peer.inside("UPDATE", 4, "v=0 again");
    assert!(peer.receive(&second).is_empty());
    let too_soon = peer.sent.last().unwrap();
    assert!(headline(too_soon).starts_with("500") && too_soon.contains("Retry-After: "), "{too_soon}");
    peer.agent.answer_offer(peer.session.unwrap(), Bytes::from_static(b"v=0 held"), peer.now);
    peer.drain();
    let answer = peer.sent.last().unwrap();
    assert!(answer.contains("CSeq: 3 UPDATE\r\n") && answer.ends_with("v=0 held"), "{answer}");
}

#[test]
fn a_reinvite_without_an_offer_asks_for_ours() {
    let mut peer = Peer::established();
    let ask = peer.inside("INVITE", 2, "");
    assert_eq!(peer.receive(&ask), ["Offer { sdp: None }"]);
    peer.agent.answer_offer(peer.session.unwrap(), Bytes::from_static(b"v=0 ours"), peer.now);
    peer.drain();
    let ack = peer.inside("ACK", 2, "v=0 theirs");
    assert_eq!(peer.receive(&ack), ["OfferAnswered { sdp: Some(b\"v=0 theirs\") }"]);
}

#[test]
fn a_reinvite_that_is_canceled_leaves_the_call_as_it_was() {
    let mut peer = Peer::established();
    let offer = peer.inside("INVITE", 2, "v=0 hold");
    peer.receive(&offer);
    let cancel = peer.inside("CANCEL", 2, "").replace("z9hG4bKCANCEL2", "z9hG4bKINVITE2");
    assert_eq!(peer.receive(&cancel), ["OfferWithdrawn"]);
    let sent: Vec<_> = peer.sent.iter().rev().take(2).map(|sent| headline(sent)).collect();
    assert_eq!(sent, ["487 Request Terminated", "200 OK"]);
    peer.agent.answer_offer(peer.session.unwrap(), Bytes::from_static(b"v=0"), peer.now);
    assert!(peer.drain().is_empty());
    assert_eq!(
        peer.agent.snapshot().sessions,
        [(peer.session.unwrap(), sip::session::table::State::Established)]
    );
}

#[test]
fn a_reinvite_before_the_ack_has_to_wait() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("INVITE", ""));
    peer.agent.answer(peer.session.unwrap(), Bytes::from_static(b"v=0"), peer.now);
    peer.drain();
    let offer = peer.inside("INVITE", 2, "v=0 hold");
    assert!(peer.receive(&offer).is_empty());
    assert_eq!(headline(peer.sent.last().unwrap()), "491 Request Pending");
}

#[test]
fn options_in_a_call_tell_that_it_lives() {
    let mut peer = Peer::established();
    let options = peer.inside("OPTIONS", 2, "");
    assert!(peer.receive(&options).is_empty());
    assert_eq!(headline(peer.sent.last().unwrap()), "200 OK");
    for (number, method, expected) in
        [(3, "REFER", "405 Method Not Allowed"), (4, "PRACK", "481 Call/Transaction Does Not Exist")]
    {
        let other = peer.inside(method, number, "");
        assert!(peer.receive(&other).is_empty());
        assert_eq!(headline(peer.sent.last().unwrap()), expected);
    }
}

#[test]
fn a_ringing_call_reminds_its_proxies_every_minute() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("INVITE", ""));
    peer.agent.ring(peer.session.unwrap(), None, peer.now);
    peer.pass(Duration::from_secs(130));
    let sent: Vec<_> = peer.sent.iter().map(|sent| headline(sent)).collect();
    assert_eq!(sent, ["180 Ringing"; 3]);
    assert_eq!(peer.sent[0], peer.sent[2]);
}

#[test]
fn an_offer_that_a_peer_only_says_100_to_ends_the_call() {
    let mut peer = Peer::established();
    peer.agent.offer(peer.session.unwrap(), Bytes::from_static(b"v=0 hold"), peer.now);
    peer.drain();
    let offer = peer.sent.last().unwrap().clone();
    peer.receive(&answer(&offer, "100 Trying", "1"));
    let before = peer.sent.len();
    peer.pass(Duration::from_secs(61));
    assert_eq!(headline(&peer.sent[before]), "BYE");
    peer.pass(Duration::from_secs(64));
    assert!(peer.agent.is_idle());
}

#[test]
fn what_an_owner_puts_in_cannot_become_a_header_of_its_own() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("INVITE", ""));
    peer.agent.reject(peer.session.unwrap(), StatusCode::BUSY_HERE, "Busy\r\nX-Evil: 1", peer.now);
    peer.drain();
    assert_eq!(headline(&peer.sent[0]), "486 Busy Here");
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("INVITE", ""));
    let headers = [("X-Good", "1\r\nX-Evil: 1".to_owned())];
    peer.agent.reject_with(peer.session.unwrap(), StatusCode::BUSY_HERE, "", &headers, peer.now);
    peer.drain();
    assert_eq!(headline(&peer.sent[0]), "500 Server Internal Error");
    let mut peer = Peer::established();
    peer.agent.hang_up_because(peer.session.unwrap(), "Q.850\r\nX-Evil: 1", peer.now);
    peer.drain();
    let bye = peer.sent.last().unwrap();
    assert!(headline(bye) == "BYE" && !bye.contains("X-Evil") && !bye.contains("Reason"), "{bye}");
}

#[test]
fn traces_tell_every_message_of_a_call_in_order() {
    let mut peer = Peer::new(UserAgentConfig { traces: true, ..UserAgentConfig::default() });
    peer.receive(&request("INVITE", ""));
    peer.agent.reject(peer.session.unwrap(), StatusCode::BUSY_HERE, "Closed", peer.now);
    peer.drain();
    assert_eq!(peer.traced, ["received INVITE", "sent 486 Closed"]);
}
