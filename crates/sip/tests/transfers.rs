//! Transfers: who asks for them, who hears how they go, and calls that take the place of others.

mod network;
mod peer;

use network::{Network, Side, Weather, sdp};
use peer::{Peer, headline};
use sip::{News, ReferId, SessionEvent, SessionId, Transfer, UserAgentConfig};
use sip_message::{Method, NameAddr, StatusCode, Uri, header::Replaces};

use Side::{Anna, Bert};

#[test]
fn a_blind_transfer_is_told_step_by_step() {
    let (mut network, call, leg) = Network::established(1, Weather::default());
    refer(&mut network, call, transfer());
    network.run_ms(50);
    let id = referred(&network);
    network.act(Bert, |agent, now| agent.accept_refer(leg, id, now));
    network.run_ms(50);
    for status in [StatusCode::RINGING, StatusCode::OK] {
        network.act(Bert, |agent, now| agent.report_refer(leg, id, status, now));
        network.run_ms(50);
    }
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn whoever_transfers_may_hang_up_at_once_and_is_told_all_the_same() {
    let (mut network, call, leg) = Network::established(2, Weather::default());
    refer(&mut network, call, transfer());
    network.run_ms(50);
    let id = referred(&network);
    network.act(Bert, |agent, now| agent.accept_refer(leg, id, now));
    network.run_ms(15);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    network.run_ms(50);
    network.act(Bert, |agent, now| agent.report_refer(leg, id, StatusCode::BUSY_HERE, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn news_do_not_overtake_each_other() {
    let (mut network, call, leg) = Network::established(3, Weather::default());
    refer(&mut network, call, transfer());
    network.run_ms(50);
    let id = referred(&network);
    network.lose("NOTIFY");
    network.act(Bert, |agent, now| {
        agent.accept_refer(leg, id, now);
        agent.report_refer(leg, id, StatusCode::RINGING, now);
        agent.report_refer(leg, id, StatusCode::OK, now);
        // Too late: the transfer is over.
        agent.report_refer(leg, id, StatusCode::BUSY_HERE, now);
    });
    network.run_ms(2000);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_transfer_is_declined() {
    let (mut network, call, leg) = Network::established(4, Weather::default());
    refer(&mut network, call, transfer());
    network.run_ms(50);
    let id = referred(&network);
    network.act(Bert, |agent, now| {
        let why = [("Warning", "399 hotline \"not today\"".to_owned())];
        agent.decline_refer(leg, id, StatusCode::DECLINE, &why, now);
    });
    network.run_ms(50);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_transfer_that_nobody_wants_to_hear_of_makes_no_noise() {
    let (mut network, call, leg) = Network::established(5, Weather::default());
    refer(&mut network, call, Transfer { wants_news: false, ..transfer() });
    network.run_ms(50);
    let id = referred(&network);
    network.act(Bert, |agent, now| {
        agent.accept_refer(leg, id, now);
        agent.report_refer(leg, id, StatusCode::OK, now);
    });
    network.run_ms(50);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_transfer_that_nobody_decides_ends_with_the_call() {
    let (mut network, call, leg) = Network::established(6, Weather::default());
    refer(&mut network, call, transfer());
    network.run_ms(50);
    network.act(Bert, |agent, now| agent.hang_up(leg, now));
    assert!(network.log.contains("bert -> anna: 487 REFER"), "{}", network.log);
    network.finish();
}

#[test]
fn a_transfer_that_leads_nowhere_is_given_up_by_both() {
    let (mut network, call, leg) = Network::established(7, Weather::default());
    refer(&mut network, call, transfer());
    network.run_ms(50);
    let id = referred(&network);
    network.act(Bert, |agent, now| agent.accept_refer(leg, id, now));
    network.run_ms(301_000);
    assert_eq!(news(&network).last(), Some(&News::Lost), "{}", network.log);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    network.finish();
}

#[test]
fn an_attended_transfer_names_the_other_call() {
    let (mut network, call, _) = Network::established(8, Weather::default());
    let consult = network.call(Anna);
    network.run_ms(20);
    let other = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.answer(other, sdp("answer"), now));
    network.run_ms(50);
    let replaces = network.agents[&Anna].replaces(consult);
    assert!(replaces.is_some());
    refer(&mut network, call, Transfer { replaces, ..transfer() });
    network.run_ms(50);
    let referral = network.events.iter().rev().find_map(|(_, _, event)| match event {
        SessionEvent::Refer(referral) => Some(referral.clone()),
        _ => None,
    });
    let referral = referral.unwrap();
    assert_eq!(referral.replaced, Some(other));
    assert_eq!(referral.target.to_string(), "sip:carol@192.0.2.3");
    assert!(referral.replaces.is_some());
    assert_eq!(referral.referred_by.unwrap().uri().to_string(), "sip:anna@192.0.2.1");
}

#[test]
fn a_call_may_take_the_place_of_another() {
    let (mut network, call, leg) = Network::established(9, Weather::default());
    let replaces = network.agents[&Anna].replaces(call).unwrap();
    let table = [
        (replaces.to_string(), "Incoming, replaces one"),
        (format!("{replaces};early-only"), "486"),
        (Replaces { to_tag: "0000000000000".into(), ..replaces.clone() }.to_string(), "481"),
        (Replaces { call_id: "other".into(), ..replaces.clone() }.to_string(), "481"),
        (Replaces { from_tag: "other".into(), ..replaces }.to_string(), "481"),
        ("nonsense".to_owned(), "400"),
    ];
    for (header, expected) in table {
        let seen = network.events.len();
        network.call_with(Anna, |invite| invite.headers.push(("Replaces".to_owned(), header.clone())));
        network.run_ms(50);
        let heard: Vec<_> = network.events[seen..]
            .iter()
            .filter_map(|(side, session, event)| match event {
                SessionEvent::Incoming(arrival) if arrival.replaces == Some(leg) && *side == Bert => {
                    Some(("Incoming, replaces one".to_owned(), Some(*session)))
                }
                SessionEvent::Ended(sip::EndedBy::Rejected { status, .. }) => {
                    Some((status.to_string(), None))
                }
                _ => None,
            })
            .collect();
        assert_eq!(heard[0].0, expected, "{header}");
        if let Some(session) = heard[0].1 {
            network.act(Bert, |agent, now| agent.reject(session, StatusCode::BUSY_HERE, "", now));
            network.run_ms(50);
        }
    }
    network.act(Bert, |agent, now| agent.hang_up(leg, now));
    network.finish();
}

#[test]
fn a_ringing_call_may_be_taken_over_at_its_calling_end_only() {
    let mut network = Network::new(10, Weather::default());
    let call = network.call(Anna);
    network.run_ms(20);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(leg, None, now));
    network.run_ms(20);
    let call_id = network.agents[&Anna].call_id(call).unwrap().to_owned();
    let dialog = |to: SessionId, from: SessionId| Replaces {
        call_id: call_id.as_str().into(),
        to_tag: to.to_string().into(),
        from_tag: from.to_string().into(),
        early_only: true,
    };
    let (at_anna, at_bert) = (dialog(call, leg).to_string(), dialog(leg, call).to_string());
    network.call_with(Bert, |invite| invite.headers.push(("Replaces".to_owned(), at_anna)));
    network.run_ms(50);
    let taken = network.events.iter().any(|(side, _, event)| {
        *side == Anna && matches!(event, SessionEvent::Incoming(arrival) if arrival.replaces == Some(call))
    });
    assert!(taken, "{}", network.log);
    network.call_with(Anna, |invite| invite.headers.push(("Replaces".to_owned(), at_bert)));
    network.run_ms(50);
    assert!(network.log.contains("bert -> anna: 481 INVITE"), "{}", network.log);
}

#[test]
fn transfers_get_through_a_bad_network() {
    for seed in 0..60 {
        let weather = Weather { lost: 150, doubled: 300, delay_ms_max: 700 };
        let (mut network, call, leg) = Network::established(seed, weather);
        refer(&mut network, call, transfer());
        while !network.events.iter().any(|(_, _, event)| matches!(event, SessionEvent::Refer(_))) {
            network.run_ms(100);
        }
        let id = referred(&network);
        network.act(Bert, |agent, now| agent.accept_refer(leg, id, now));
        network.run_ms(300);
        network.act(Bert, |agent, now| agent.report_refer(leg, id, StatusCode::RINGING, now));
        network.run_ms(300);
        network.act(Bert, |agent, now| agent.report_refer(leg, id, StatusCode::OK, now));
        network.run_ms(40_000);
        let news = news(&network);
        assert_eq!(news.first(), Some(&News::Accepted), "seed {seed}\n{}", network.log);
        assert_eq!(news.last(), Some(&News::Done(StatusCode::OK)), "seed {seed}\n{}", network.log);
        network.act(Anna, |agent, now| agent.hang_up(call, now));
        network.finish();
    }
}

#[test]
fn transfers_that_make_no_sense_are_refused() {
    let mut config = UserAgentConfig::default();
    config.methods.push(Method::Refer);
    let mut peer = Peer::new(config);
    peer.establish();
    for (number, headers, expected) in [
        (2, "", "400 Bad Request"),
        (3, "Refer-To: <sip:\r\n", "400 Bad Request"),
        (4, "Refer-To: <sip:carol@192.0.2.3;method=BYE>\r\n", "403 Forbidden"),
        (5, "Refer-To: <sip:carol@192.0.2.3?Replaces=nonsense>\r\n", "400 Bad Request"),
    ] {
        let refer =
            peer.inside("REFER", number, "").replace("Content-Length", &format!("{headers}Content-Length"));
        assert!(peer.receive(&refer).is_empty(), "{headers}");
        let refusal = peer.sent.last().unwrap();
        assert_eq!(headline(refusal), expected, "{headers}");
        assert!(refusal.contains("Warning: 399 hotline \""), "it says why: {refusal}");
    }
    let many: Vec<_> = (6..12)
        .map(|number| {
            let refer = peer
                .inside("REFER", number, "")
                .replace("Content-Length", "Refer-To: <sip:carol@192.0.2.3>\r\nContent-Length");
            peer.receive(&refer).len()
        })
        .collect();
    assert_eq!(many, [1, 1, 1, 1, 0, 0]);
    assert!(headline(peer.sent.last().unwrap()).starts_with("503"));
}

#[test]
fn a_peer_may_stop_and_prolong_the_news_of_its_transfer() {
    let mut config = UserAgentConfig::default();
    config.methods.push(Method::Refer);
    let mut peer = Peer::new(config);
    peer.establish();
    let refer =
        peer.inside("REFER", 2, "").replace("Content-Length", "r: <sip:carol@192.0.2.3>\r\nContent-Length");
    peer.receive(&refer);
    peer.agent.accept_refer(peer.session.unwrap(), ReferId(2), peer.now);
    peer.drain();
    let first = peer.sent.last().unwrap().clone();
    assert!(
        first.contains("Event: refer\r\n") && first.contains("Subscription-State: active;expires=300\r\n")
    );
    assert!(first.ends_with("\r\n\r\nSIP/2.0 100 Trying\r\n"), "{first}");
    peer.receive(&peer::answer(&first, "200 OK", "1"));
    let subscribe = |peer: &Peer, number, expires| {
        let headers = format!("Event: refer\r\nExpires: {expires}\r\nContent-Length");
        peer.inside("SUBSCRIBE", number, "").replace("Content-Length", &headers)
    };
    peer.receive(&subscribe(&peer, 3, 60));
    let again = peer.sent.last().unwrap().clone();
    assert!(headline(&again) == "NOTIFY" && again.contains("100 Trying"), "{again}");
    peer.receive(&peer::answer(&again, "200 OK", "1"));
    peer.receive(&subscribe(&peer, 4, 0));
    let last = peer.sent.last().unwrap();
    assert!(last.contains("Subscription-State: terminated;reason=timeout\r\n"), "{last}");
    peer.receive(&subscribe(&peer, 5, 60));
    assert!(headline(peer.sent.last().unwrap()).starts_with("481"));
}

fn transfer() -> Transfer {
    let address = |text: &str| NameAddr::new(Uri::parse(text.as_bytes()).unwrap());
    Transfer {
        target: address("sip:carol@192.0.2.3"),
        replaces: None,
        referred_by: Some(address("sip:anna@192.0.2.1")),
        wants_news: true,
        headers: Vec::new(),
    }
}

fn refer(network: &mut Network, call: SessionId, transfer: Transfer) {
    assert!(network.act(Anna, |agent, now| agent.refer(call, transfer, now)).is_some());
}

/// The transfer that came last.
fn referred(network: &Network) -> ReferId {
    network
        .events
        .iter()
        .rev()
        .find_map(|(_, _, event)| match event {
            SessionEvent::Refer(referral) => Some(referral.id),
            _ => None,
        })
        .expect("a transfer was asked for")
}

fn news(network: &Network) -> Vec<News> {
    network
        .events
        .iter()
        .filter_map(|(_, _, event)| match event {
            SessionEvent::Transfer { news, .. } => Some(*news),
            _ => None,
        })
        .collect()
}
