//! Who may offer what and when: early media that is acknowledged, changes before and after the answer, offers that are
//! asked for, and all of them at once.

mod network;

use network::{Network, Side, Weather, sdp};
use sip::{EndedBy, Reliable, SessionEvent, SessionId, UserAgentConfig};
use sip_message::StatusCode;

use Side::{Anna, Bert};

#[test]
fn early_media_is_acknowledged_and_the_answer_waits_for_it() {
    let mut network = Network::new(1, Weather::default());
    network.call(Anna);
    network.run_ms(100);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(leg, Some(sdp("early")), now));
    network.act(Bert, |agent, now| agent.answer(leg, sdp("not said again"), now));
    network.run_ms(100);
    network.act(Bert, |agent, now| agent.hang_up(leg, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_lost_ring_and_a_lost_prack_are_repeated() {
    let mut network = Network::new(2, Weather::default());
    network.lose("183");
    network.lose("PRACK");
    network.lose("200 PRACK");
    network.call(Anna);
    network.run_ms(100);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(leg, Some(sdp("early")), now));
    network.run_ms(5000);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    network.run_ms(100);
    network.act(Bert, |agent, now| agent.hang_up(leg, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn reliable_responses_wait_for_each_other() {
    let config = UserAgentConfig { reliable: Reliable::Always, ..UserAgentConfig::default() };
    let mut network = Network::with(3, Weather::default(), config);
    network.call(Anna);
    network.run_ms(100);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| {
        agent.ring(leg, None, now);
        agent.progress(leg, StatusCode::QUEUED, None, now);
        agent.ring(leg, Some(sdp("early")), now);
        agent.answer(leg, sdp("answer"), now);
    });
    network.run_ms(1000);
    network.act(Bert, |agent, now| agent.hang_up(leg, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_caller_that_never_acknowledges_a_response_is_refused() {
    let mut network = Network::new(4, Weather::default());
    network.call(Anna);
    network.run_ms(100);
    let leg = network.arrived(Bert);
    for _ in 0..100 {
        network.lose("PRACK");
    }
    network.act(Bert, |agent, now| agent.ring(leg, Some(sdp("early")), now));
    network.run_ms(40_000);
    assert!(network.log.contains("bert: Ended NoPrack"), "{}", network.log);
    assert!(network.log.contains("bert -> anna: 504 INVITE"), "{}", network.log);
    assert!(network.events.iter().any(|(side, _, event)| *side == Anna
        && matches!(
            event,
            SessionEvent::Ended(EndedBy::Rejected { status: StatusCode::SERVER_TIMEOUT, .. })
        )));
    network.finish();
}

#[test]
fn a_caller_who_hangs_up_before_the_prack_arrives_is_gone() {
    let mut network = Network::new(5, Weather::default());
    network.lose("PRACK");
    let call = network.call(Anna);
    network.run_ms(100);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(leg, Some(sdp("early")), now));
    network.run_ms(20);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn early_media_is_changed_before_the_call_is_answered() {
    let (mut network, call, leg) = ringing_with_media(6);
    network.act(Anna, |agent, now| agent.offer(call, sdp("hold"), now));
    network.run_ms(100);
    network.act(Bert, |agent, now| agent.answer_offer(leg, sdp("held"), now));
    network.run_ms(100);
    network.act(Bert, |agent, now| agent.offer(leg, sdp("queue music"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.answer_offer(call, sdp("heard"), now));
    network.run_ms(100);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn of_two_updates_at_once_one_comes_again() {
    let (mut network, call, leg) = ringing_with_media(7);
    network.act(Anna, |agent, now| agent.offer(call, sdp("one"), now));
    network.act(Bert, |agent, now| agent.offer(leg, sdp("two"), now));
    network.run_ms(2100);
    network.act(Anna, |agent, now| agent.answer_offer(call, sdp("answer to two"), now));
    network.run_ms(4000);
    network.act(Bert, |agent, now| agent.answer_offer(leg, sdp("answer to one"), now));
    network.run_ms(100);
    let answers =
        network.events.iter().filter(|(_, _, event)| matches!(event, SessionEvent::OfferAnswered { .. }));
    assert!(answers.count() >= 1, "{}", network.log);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    network.finish();
}

#[test]
fn an_offer_before_anything_is_agreed_has_to_wait_and_is_told_when() {
    let mut network = Network::new(8, Weather::default());
    let call = network.call(Anna);
    network.run_ms(100);
    let leg = network.arrived(Bert);
    network.act(Anna, |agent, now| agent.offer(call, sdp("too early"), now));
    network.act(Bert, |agent, now| agent.offer(leg, sdp("too early"), now));
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_peer_that_is_asked_for_an_offer_makes_one() {
    let (mut network, call, leg) = Network::established(9, Weather::default());
    network.act(Anna, |agent, now| agent.ask_offer(call, now));
    network.run_ms(50);
    network.act(Bert, |agent, now| agent.answer_offer(leg, sdp("bert's offer"), now));
    network.run_ms(50);
    // The answer is lost on its way: the 200 comes again, and so does the answer.
    network.lose("ACK");
    network.act(Anna, |agent, now| agent.answer_offer(call, sdp("anna's answer"), now));
    network.run_ms(1000);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn an_offer_that_was_asked_for_and_is_refused_ends_the_call() {
    let (mut network, call, leg) = Network::established(10, Weather::default());
    network.act(Anna, |agent, now| agent.ask_offer(call, now));
    network.run_ms(50);
    network.act(Bert, |agent, now| agent.answer_offer(leg, sdp("bert's offer"), now));
    network.run_ms(50);
    network.act(Anna, |agent, now| agent.refuse_offer(call, StatusCode::NOT_ACCEPTABLE_HERE, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_call_without_an_offer_takes_the_callees() {
    let mut network = Network::new(11, Weather::default());
    let call = network.call_with(Anna, |invite| invite.offer = None);
    network.run_ms(20);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("bert's offer"), now));
    network.run_ms(20);
    network.act(Anna, |agent, now| agent.answer_offer(call, sdp("anna's answer"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_call_without_an_offer_agrees_before_it_is_answered() {
    let mut network = Network::new(12, Weather::default());
    let call = network.call_with(Anna, |invite| invite.offer = None);
    network.run_ms(20);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(leg, Some(sdp("bert's offer")), now));
    network.run_ms(20);
    network.act(Anna, |agent, now| agent.answer_offer(call, sdp("anna's answer"), now));
    network.run_ms(100);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("not said"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_callee_that_hangs_up_while_its_offer_is_looked_at_is_let_go() {
    let mut network = Network::new(13, Weather::default());
    let call = network.call_with(Anna, |invite| invite.offer = None);
    network.run_ms(20);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("bert's offer"), now));
    network.run_ms(20);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    network.act(Bert, |agent, now| agent.hang_up(leg, now));
    insta::assert_snapshot!(network.finish());
}

/// A call that rings, with early media that both sides know of.
fn ringing_with_media(seed: u64) -> (Network, SessionId, SessionId) {
    let mut network = Network::new(seed, Weather::default());
    let call = network.call(Anna);
    network.run_ms(20);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(leg, Some(sdp("early")), now));
    network.run_ms(80);
    network.log.clear();
    (network, call, leg)
}
