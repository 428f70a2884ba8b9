//! Whole calls between two user agents, message by message, in virtual time.

mod network;

use base::Duration;
use network::{Network, Side, Weather, sdp};
use sip_message::{Method, StatusCode};

use Side::{Anna, Bert};

#[test]
fn a_call_rings_is_answered_and_hung_up_by_the_caller() {
    let mut network = Network::new(1, Weather::default());
    let call = network.call(Anna);
    network.run_ms(100);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(leg, None, now));
    network.run_ms(900);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    network.run_ms(1000);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_call_with_early_media_is_hung_up_by_the_callee() {
    let mut network = Network::new(2, Weather::default());
    network.call(Anna);
    network.run_ms(100);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(leg, Some(sdp("early")), now));
    network.run_ms(100);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    network.run_ms(100);
    network.act(Bert, |agent, now| agent.hang_up(leg, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_slow_callee_is_covered_by_100_trying() {
    let mut network = Network::new(3, Weather::default());
    network.call(Anna);
    network.run_ms(300);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.reject(leg, StatusCode::BUSY_HERE, "", now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_caller_who_hangs_up_while_it_rings_cancels() {
    let mut network = Network::new(4, Weather::default());
    let call = network.call(Anna);
    network.run_ms(50);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(leg, None, now));
    network.run_ms(50);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut network = Network::new(5, Weather::default());
    let call = network.call(Anna);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_call_given_up_before_anything_came_rings_nobody_who_comes_back_later() {
    let mut network = Network::new(5, Weather { lost: 1_000, ..Weather::default() });
    let call = network.call(Anna);
    network.run_ms(5_000);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_200_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut network = Network::new(6, Weather::default());
    let call = network.call(Anna);
    network.run_ms(50);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(leg, None, now));
    network.run_ms(50);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_lost_ack_is_repeated_for_each_copy_of_the_200() {
    let mut network = Network::new(7, Weather::default());
    network.lose("ACK");
    network.lose("ACK");
    let call = network.call(Anna);
    network.run_ms(50);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    network.run_ms(3000);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_callee_who_never_sees_the_ack_hangs_up() {
    let mut network = Network::new(8, Weather::default());
    network.call(Anna);
    network.run_ms(50);
    let leg = network.arrived(Bert);
    for _ in 0..20 {
        network.lose("ACK");
    }
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_bye_of_the_callee_waits_for_the_ack() {
    let mut network = Network::new(9, Weather::default());
    network.lose("ACK");
    network.call(Anna);
    network.run_ms(50);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    network.act(Bert, |agent, now| agent.hang_up(leg, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_bye_that_overtakes_the_ack_ends_the_call() {
    let mut network = Network::new(10, Weather::default());
    network.lose("ACK");
    let call = network.call(Anna);
    network.run_ms(50);
    let leg = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.answer(leg, sdp("answer"), now));
    network.run_ms(30);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn both_hang_up_at_once() {
    let (mut network, call, leg) = Network::established(11, Weather::default());
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    network.act(Bert, |agent, now| agent.hang_up(leg, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn an_offer_is_answered_and_another_refused() {
    let (mut network, call, leg) = Network::established(12, Weather::default());
    network.act(Bert, |agent, now| agent.offer(leg, sdp("hold"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.answer_offer(call, sdp("held"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.offer(call, sdp("video"), now));
    network.run_ms(100);
    network.act(Bert, |agent, now| agent.refuse_offer(leg, StatusCode::NOT_ACCEPTABLE_HERE, now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn of_two_offers_at_once_the_first_to_come_again_wins() {
    let (mut network, call, leg) = Network::established(13, Weather::default());
    network.act(Anna, |agent, now| agent.offer(call, sdp("one"), now));
    network.act(Bert, |agent, now| agent.offer(leg, sdp("two"), now));
    network.run_ms(2050);
    network.act(Anna, |agent, now| agent.answer_offer(call, sdp("answer to two"), now));
    network.run_ms(4000);
    network.act(Bert, |agent, now| agent.answer_offer(leg, sdp("answer to one"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.hang_up(call, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_call_that_ends_takes_the_open_offer_along() {
    let (mut network, call, leg) = Network::established(14, Weather::default());
    network.act(Anna, |agent, now| agent.offer(call, sdp("hold"), now));
    network.run_ms(50);
    network.act(Bert, |agent, now| agent.hang_up(leg, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn info_and_requests_in_the_call_are_told() {
    let (mut network, call, leg) = Network::established(15, Weather::default());
    network.act(Anna, |agent, now| agent.send_info(call, "application/dtmf-relay", sdp("5"), now));
    network.run_ms(50);
    let refer = vec![("Refer-To".to_owned(), "<sip:carol@192.0.2.3>".to_owned())];
    network.act(Anna, |agent, now| agent.send(call, Method::Refer, refer, None, now));
    network.run_ms(50);
    network.act(Bert, |agent, now| agent.hang_up(leg, now));
    insta::assert_snapshot!(network.finish());
}

#[test]
fn an_invite_that_nobody_answers_is_given_up() {
    let mut network = Network::new(16, Weather { lost: 1000, ..Weather::default() });
    network.call(Anna);
    insta::assert_snapshot!(network.finish());
}

#[test]
fn a_peer_that_knows_nothing_of_the_call_ends_it() {
    let (mut network, call, _) = Network::established(17, Weather::default());
    let fresh = Network::new(18, Weather::default());
    network.agents.insert(Bert, fresh.agents.into_values().next_back().unwrap());
    network.act(Anna, |agent, now| agent.offer(call, sdp("hold"), now));
    network.run_ms(100);
    assert_eq!(network.ended(Anna), 1);
    assert!(network.run_out(Duration::from_secs(120)));
}

#[test]
fn a_closed_way_ends_the_call_attempt() {
    let mut network = Network::new(19, Weather::default());
    network.lose("INVITE");
    network.call(Anna);
    network.act(Anna, |agent, now| agent.handle_transport_error(Bert.address(), None, now));
    insta::assert_snapshot!(network.finish());
}
