//! Calls that several phones answer: each branch rings, plays and agrees by itself, one of them wins.

mod peer;

use base::Duration;
use bytes::Bytes;
use peer::{Peer, answer, answer_with, headline, to_tag};
use sip::UserAgentConfig;

#[test]
fn each_branch_of_a_forked_call_plays_its_own_early_media() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.call(None);
    let invite = peer.sent[0].clone();
    let early = |tag: &str, sdp: &str| answer_with(&invite, "183 Session Progress", tag, "", sdp);
    assert_eq!(peer.receive(&early("one", "v=0 one")), ["Ringing 183 from 0 v=0 one"]);
    assert_eq!(peer.receive(&early("two", "v=0 two")), ["Ringing 183 from 1 v=0 two"]);
    assert_eq!(peer.receive(&answer(&invite, "180 Ringing", "one")), ["Ringing 180 from 0"]);
    // The answer without a description means what its own branch said before, not the last one heard.
    assert_eq!(peer.receive(&answer(&invite, "200 OK", "one")), ["Answered \"v=0 one\""]);
    assert_eq!(to_tag(peer.sent.last().unwrap()), "one");
}

#[test]
fn a_branch_that_nobody_heard_of_may_win() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.call(None);
    let invite = peer.sent[0].clone();
    peer.receive(&answer(&invite, "180 Ringing", "one"));
    assert_eq!(peer.receive(&answer_with(&invite, "200 OK", "two", "", "v=0 two")), ["Answered \"v=0 two\""]);
    // The first one answers too late: it is not left with a dead line.
    assert!(peer.receive(&answer(&invite, "200 OK", "one")).is_empty());
    let sent: Vec<_> =
        peer.sent[1..].iter().map(|sent| format!("{} {}", headline(sent), to_tag(sent))).collect();
    assert_eq!(sent, ["ACK two", "ACK one", "BYE one"]);
}

#[test]
fn reliable_responses_of_two_branches_are_acknowledged_each_in_its_order() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.call(None);
    let invite = peer.sent[0].clone();
    let reliable = |tag: &str, rseq: u32, sdp: &str| {
        let headers = format!("Require: 100rel\r\nRSeq: {rseq}\r\n");
        answer_with(&invite, "183 Session Progress", tag, &headers, sdp)
    };
    assert_eq!(peer.receive(&reliable("one", 7, "v=0 one")), ["Ringing 183 from 0 v=0 one"]);
    assert_eq!(peer.receive(&reliable("two", 90, "")), ["Ringing 183 from 1"]);
    // A copy, and one that has overtaken another, are not acknowledged.
    assert!(peer.receive(&reliable("one", 7, "v=0 one")).is_empty());
    assert!(peer.receive(&reliable("one", 9, "")).is_empty());
    assert_eq!(peer.receive(&reliable("one", 8, "")), ["Ringing 183 from 0"]);
    let acknowledged: Vec<_> = peer.sent[1..]
        .iter()
        .map(|prack| {
            let rack = prack.lines().find(|line| line.starts_with("RAck:")).unwrap();
            format!("{} {} {rack}", headline(prack), to_tag(prack))
        })
        .collect();
    assert_eq!(
        acknowledged,
        ["PRACK one RAck: 7 1 INVITE", "PRACK two RAck: 90 1 INVITE", "PRACK one RAck: 8 1 INVITE"]
    );
    // What was agreed reliably stands, whatever the 200 repeats.
    assert_eq!(
        peer.receive(&answer_with(&invite, "200 OK", "one", "", "v=0 other")),
        ["Answered \"v=0 one\""]
    );
}

#[test]
fn a_callee_without_an_answer_to_its_offer_is_hung_up_and_not_left_waiting() {
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.call_with(|invite| invite.offer = None);
    let invite = peer.sent[0].clone();
    let offer = answer_with(&invite, "200 OK", "one", "", "v=0 theirs");
    assert_eq!(peer.receive(&offer), ["Offer { sdp: Some(b\"v=0 theirs\") }"]);
    // The callee repeats its 200 meanwhile.
    assert!(peer.receive(&offer).is_empty());
    assert_eq!(peer.sent.len(), 1);
    peer.pass(Duration::from_secs(9));
    let sent: Vec<_> = peer.sent[1..].iter().map(|sent| headline(sent)).collect();
    assert_eq!(sent[..2], ["ACK", "BYE"]);
    // A copy that was still on its way is acknowledged again.
    peer.receive(&offer);
    assert_eq!(headline(peer.sent.last().unwrap()), "ACK");
}

#[test]
fn an_offer_in_a_reliable_response_is_answered_in_its_prack() {
    let mut peer = Peer::new(UserAgentConfig::default());
    let session = peer.call_with(|invite| invite.offer = None);
    let invite = peer.sent[0].clone();
    let headers = "Require: 100rel\r\nRSeq: 1\r\n";
    let early = answer_with(&invite, "183 Session Progress", "one", headers, "v=0 theirs");
    assert_eq!(peer.receive(&early), ["Ringing 183 from 0", "Offer { sdp: Some(b\"v=0 theirs\") }"]);
    peer.agent.answer_offer(session, Bytes::from_static(b"v=0 ours"), peer.now);
    peer.drain();
    let prack = peer.sent.last().unwrap();
    assert!(headline(prack) == "PRACK" && prack.ends_with("\r\n\r\nv=0 ours"), "{prack}");
    assert_eq!(peer.receive(&answer(&invite, "200 OK", "one")), ["Answered"]);
    assert!(peer.sent.last().unwrap().ends_with("\r\n\r\n"), "the ACK says nothing more");
}
