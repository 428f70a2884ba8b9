//! Requests that are too large for a datagram, between two user agents that speak UDP. RFC 3261 §18.1.1.

mod network;

use base::Duration;
use bytes::Bytes;
use network::{Network, Side, Streams, Weather};
use sip::SessionId;

use Side::{Anna, Bert};

#[test]
fn a_large_invite_goes_over_a_stream_and_so_do_its_cancel_and_its_ack() {
    let mut network = Network::new(1, Weather::default());
    let anna = call(&mut network);
    network.run_ms(100);
    let bert = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.ring(bert, None, now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.hang_up(anna, now));
    assert!(network.run_out(Duration::from_secs(60)));
    insta::assert_snapshot!(brief(&network), @r"
      0  anna -> bert: by stream INVITE [v=0 long]
    100  bert -> anna: by stream 180 INVITE
    200  anna -> bert: by stream CANCEL
    210  bert -> anna: by stream 200 CANCEL
    210  bert -> anna: by stream 487 INVITE
    220  anna -> bert: by stream ACK
    ");
}

#[test]
fn a_large_invite_that_no_stream_takes_goes_as_a_datagram_at_once() {
    let mut network = Network::new(1, Weather::default());
    network.streams = Streams::Refused;
    let anna = call(&mut network);
    network.run_ms(100);
    answer_and_hang_up(&mut network, anna);
    // The next caller does not try again.
    let anna = call(&mut network);
    network.run_ms(100);
    answer_and_hang_up(&mut network, anna);
    insta::assert_snapshot!(brief(&network), @r"
        0  anna -x bert: by stream INVITE [v=0 long]
       20  anna -> bert: INVITE [v=0 long]
      100  bert -> anna: 200 INVITE [v=0 answer]
      110  anna -> bert: ACK
      200  anna -> bert: BYE
      210  bert -> anna: 200 BYE
    60200  anna -> bert: INVITE [v=0 long]
    60300  bert -> anna: 200 INVITE [v=0 answer]
    60310  anna -> bert: ACK
    60400  anna -> bert: BYE
    60410  bert -> anna: 200 BYE
    ");
}

#[test]
fn a_filter_that_drops_streams_costs_the_first_caller_two_seconds_and_no_more() {
    let mut network = Network::new(1, Weather::default());
    network.streams = Streams::Swallowed;
    let anna = call(&mut network);
    network.run_ms(2_100);
    answer_and_hang_up(&mut network, anna);
    insta::assert_snapshot!(brief(&network), @r"
       0  anna -x bert: by stream INVITE [v=0 long]
    2000  anna -> bert: INVITE [v=0 long]
    2100  bert -> anna: 200 INVITE [v=0 answer]
    2110  anna -> bert: ACK
    2200  anna -> bert: BYE
    2210  bert -> anna: 200 BYE
    ");
}

#[test]
fn a_large_offer_in_a_call_goes_over_a_stream_and_the_call_stays_where_it_is() {
    let mut network = Network::new(1, Weather::default());
    let anna = network.call(Anna);
    network.run_ms(100);
    let bert = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.answer(bert, network::sdp("answer"), now));
    network.run_ms(100);
    network.act(Bert, |agent, now| agent.offer(bert, large(), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.answer_offer(anna, network::sdp("changed"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.hang_up(anna, now));
    assert!(network.run_out(Duration::from_secs(60)));
    insta::assert_snapshot!(brief(&network), @r"
      0  anna -> bert: INVITE [v=0 offer]
    100  bert -> anna: 200 INVITE [v=0 answer]
    110  anna -> bert: ACK
    200  bert -> anna: by stream INVITE [v=0 long]
    300  anna -> bert: by stream 200 INVITE [v=0 changed]
    310  bert -> anna: ACK
    400  anna -> bert: BYE
    410  bert -> anna: 200 BYE
    ");
}

#[test]
fn the_acknowledgment_with_a_large_answer_takes_the_stream_of_its_invite() {
    let mut network = Network::new(1, Weather::default());
    let anna = network.call_with(Anna, |invite| {
        invite.offer = None;
        invite.headers.push(("X-Long".to_owned(), "x".repeat(1500)));
    });
    network.run_ms(100);
    let bert = network.arrived(Bert);
    network.lose("ACK");
    network.act(Bert, |agent, now| agent.answer(bert, network::sdp("offer"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.answer_offer(anna, large(), now));
    network.run_ms(2_000);
    network.act(Bert, |agent, now| agent.hang_up(bert, now));
    assert!(network.run_out(Duration::from_secs(60)));
    insta::assert_snapshot!(brief(&network), @r"
       0  anna -> bert: by stream INVITE
     100  bert -> anna: by stream 200 INVITE [v=0 offer]
     200  anna -x bert: by stream ACK [v=0 long]
     600  bert -> anna: by stream 200 INVITE [v=0 offer]
     610  anna -> bert: by stream ACK [v=0 long]
    2200  bert -> anna: by stream BYE
    2210  anna -> bert: by stream 200 BYE
    ");
}

fn large() -> Bytes {
    network::sdp(&"x".repeat(1500))
}

fn call(network: &mut Network) -> SessionId {
    network.call_with(Anna, |invite| invite.offer = Some(large()))
}

fn answer_and_hang_up(network: &mut Network, anna: SessionId) {
    let bert = network.arrived(Bert);
    network.act(Bert, |agent, now| agent.answer(bert, network::sdp("answer"), now));
    network.run_ms(100);
    network.act(Anna, |agent, now| agent.hang_up(anna, now));
    assert!(network.run_out(Duration::from_secs(60)));
}

/// What went over the wire, without the long parts.
fn brief(network: &Network) -> String {
    network
        .log
        .replace(&"x".repeat(1500), "long")
        .lines()
        .filter(|line| line.contains('>') || line.contains("-x"))
        .map(|line| format!("{line}\n"))
        .collect()
}
