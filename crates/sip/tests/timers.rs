//! Sessions that have to be kept alive, and what becomes of those that nobody keeps.

mod network;
mod peer;

use base::Duration;
use bytes::Bytes;
use network::{Network, Side, Weather};
use peer::{Peer, answer, answer_with, headline, request};
use sip::{EndedBy, SessionEvent, SessionId, SessionTimer, UserAgentConfig};

use Side::{Anna, Bert};

#[test]
fn a_long_call_is_refreshed_and_lives() {
    let (mut network, call, _) = with_short_timers(1, Weather::default());
    network.run_ms(5_000_000);
    assert_eq!(network.ended(Anna) + network.ended(Bert), 0, "{}", network.log);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_call_is_kept_through_a_bad_network() {
    for seed in 0..20 {
        let weather = Weather { lost: 150, doubled: 200, delay_ms_max: 300 };
        let (mut network, call, _) = with_short_timers(seed, weather);
        network.run_ms(5_000_000);
        assert_eq!(network.ended(Anna) + network.ended(Bert), 0, "seed {seed}\n{}", network.log);
        network.act(Anna, |agent, now| agent.hang_up(call, now));
        network.finish();
    }
}

#[test]
fn a_call_whose_peer_is_gone_ends_by_itself() {
    let (mut network, _, leg) = with_short_timers(3, Weather::default());
    // Anna's line is cut: she refreshes no more, and nothing of hers arrives.
    network.cut(Anna);
    network.run_ms(2_000_000);
    let ended = network.events.iter().find_map(|(side, session, event)| match event {
        SessionEvent::Ended(by) if (*side, *session) == (Bert, leg) => Some(by.clone()),
        _ => None,
    });
    assert_eq!(ended, Some(EndedBy::Expired), "{}", network.log);
    assert!(network.run_out(Duration::from_secs(300)));
}

#[test]
fn a_peer_without_update_is_refreshed_by_reinvite() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.call(None);
    let invite = peer.sent[0].clone();
    assert!(invite.contains("Session-Expires: 1800\r\n") && invite.contains("Supported: 100rel, timer"));
    let headers = "Allow: INVITE, ACK, BYE\r\nRequire: timer\r\nSession-Expires: 600;refresher=uac\r\n";
    peer.receive(&answer_with(&invite, "200 OK", "one", headers, "v=0 theirs"));
    peer.pass(Duration::from_secs(299));
    assert_eq!(peer.sent.len(), 2);
    peer.pass(Duration::from_secs(2));
    let refresh = peer.sent[2].clone();
    assert_eq!(headline(&refresh), "INVITE");
    assert!(
        refresh.contains("Session-Expires: 600;refresher=uac\r\n") && refresh.ends_with("v=0"),
        "{refresh}"
    );
    let headers = "Session-Expires: 600;refresher=uac\r\n";
    let events = peer.receive(&answer_with(&refresh, "200 OK", "one", headers, "v=0 theirs"));
    assert_eq!(events, ["Refreshed { sdp: Some(b\"v=0 theirs\") }"]);
    assert_eq!(headline(peer.sent.last().unwrap()), "ACK");
}

#[test]
fn a_refused_refresh_is_tried_again_until_the_time_is_over() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.call(None);
    let invite = peer.sent[0].clone();
    let headers = "Allow: INVITE, ACK, BYE, UPDATE\r\nSession-Expires: 120;refresher=uac\r\n";
    peer.receive(&answer_with(&invite, "200 OK", "one", headers, "v=0 theirs"));
    peer.pass(Duration::from_secs(61));
    let first = peer.sent.last().unwrap().clone();
    assert_eq!(headline(&first), "UPDATE");
    assert!(peer.receive(&answer(&first, "500 Server Internal Error", "one")).is_empty());
    peer.pass(Duration::from_secs(5));
    let second = peer.sent.last().unwrap().clone();
    assert!(headline(&second) == "UPDATE" && second != first);
    assert!(peer.receive(&answer(&second, "405 Method Not Allowed", "one")).is_empty());
    peer.pass(Duration::from_secs(5));
    let third = peer.sent.last().unwrap().clone();
    assert_eq!(headline(&third), "INVITE");
    assert!(peer.receive(&answer(&third, "488 Not Acceptable Here", "one")).is_empty());
    let before = peer.sent.len();
    for _ in 0..20 {
        peer.pass(Duration::from_secs(5));
        let last = peer.sent.last().unwrap().clone();
        if headline(&last) == "INVITE" {
            peer.receive(&answer(&last, "488 Not Acceptable Here", "one"));
        }
    }
    assert!(peer.sent[before..].iter().any(|sent| headline(sent) == "BYE"));
}

#[test]
fn an_interval_that_is_too_small_is_refused_with_the_smallest() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let short = request("INVITE", "Supported: timer\r\nSession-Expires: 30\r\n");
    assert!(peer.receive(&short).is_empty());
    let refusal = peer.sent.last().unwrap();
    assert!(headline(refusal).starts_with("422") && refusal.contains("Min-SE: 90\r\n"), "{refusal}");
    // Who could not lengthen it is not asked to.
    let mut peer = Peer::new(UserAgentConfig::default());
    assert_eq!(peer.receive(&request("INVITE", "Session-Expires: 30\r\n")), ["Incoming"]);
}

#[test]
fn a_call_that_was_too_short_for_somebody_is_made_again_with_more() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.call(None);
    let invite = peer.sent[0].clone();
    let headers = "Min-SE: 3600\r\n";
    assert!(
        peer.receive(&answer_with(&invite, "422 Session Interval Too Small", "x", headers, "")).is_empty()
    );
    let again = peer.sent.last().unwrap().clone();
    assert_eq!(headline(&again), "INVITE");
    assert!(again.contains("Session-Expires: 3600\r\n") && again.contains("Min-SE: 3600\r\n"), "{again}");
    assert!(again.contains("CSeq: 2 INVITE\r\n"));
    // Somebody who is never content is not asked a third time.
    let events = peer.receive(&answer_with(&again, "422 Session Interval Too Small", "x", headers, ""));
    assert_eq!(events.len(), 1);
    assert!(events[0].starts_with("Ended(Rejected"), "{events:?}");
}

#[test]
fn who_refreshes_is_agreed_as_the_rfc_says() {
    // What the caller says, what is answered.
    for (asks, answered) in [
        ("", None),
        ("Supported: timer\r\n", Some("1800;refresher=uac")),
        ("Supported: timer\r\nSession-Expires: 600\r\n", Some("600;refresher=uac")),
        ("Supported: timer\r\nSession-Expires: 7200\r\n", Some("1800;refresher=uac")),
        ("Supported: timer\r\nSession-Expires: 7200\r\nMin-SE: 3600\r\n", Some("3600;refresher=uac")),
        ("Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n", Some("600;refresher=uas")),
        ("Session-Expires: 600\r\n", Some("600;refresher=uas")),
        ("Session-Expires: 600;refresher=uac\r\n", Some("600;refresher=uas")),
    ] {
        let mut peer = Peer::new(UserAgentConfig::default());
        peer.receive(&request("INVITE", asks));
        peer.agent.answer(peer.session.unwrap(), Bytes::from_static(b"v=0"), peer.now);
        peer.drain();
        let response = peer.sent.last().unwrap();
        let said = response.lines().find_map(|line| line.strip_prefix("Session-Expires: "));
        assert_eq!(said, answered, "{asks}");
        let requires = response.contains("Require: timer\r\n");
        assert_eq!(requires, answered.is_some_and(|answered| answered.ends_with("uac")), "{asks}");
    }
}

#[test]
fn sessions_without_a_timer_of_ours_follow_the_peer() {
    let config = UserAgentConfig { session_timer: None, ..UserAgentConfig::default() };
    let mut peer = Peer::new(config);
    peer.call(None);
    let invite = peer.sent[0].clone();
    assert!(!invite.contains("Session-Expires"));
    peer.receive(&answer_with(&invite, "200 OK", "one", "Session-Expires: 90;refresher=uas\r\n", "v=0"));
    peer.pass(Duration::from_secs(59));
    assert_eq!(peer.sent.len(), 2);
    peer.pass(Duration::from_secs(2));
    assert_eq!(headline(&peer.sent[2]), "BYE");
}

/// A call that is up, with the shortest timers.
fn with_short_timers(seed: u64, weather: Weather) -> (Network, SessionId, SessionId) {
    let timer = SessionTimer { interval: Duration::from_secs(600), ..SessionTimer::default() };
    let config = UserAgentConfig { session_timer: Some(timer), ..UserAgentConfig::default() };
    let network = Network::with(seed, weather, config);
    let (mut network, call, leg) = network.establish();
    network.run_ms(20_000);
    network.log.clear();
    (network, call, leg)
}
