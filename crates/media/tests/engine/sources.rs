//! The source rules, one test each, seen from outside the engine.

use crate::world::{World, assert_tone, clip, ms};
use media::{Codec, Command, Event, Format, PortId};
use std::net::SocketAddr;

#[test]
fn media_from_elsewhere_is_not_heard_and_nothing_is_sent_there() {
    let mut world = World::new();
    let (caller, agent) = bridged(&mut world);
    let thief: SocketAddr = "127.0.0.66:4000".parse().unwrap();
    for _ in 0..50 {
        world.run(ms(20));
        let mut forged = world.phone_of(caller).twin();
        forged.frequency = 880.0;
        for _ in 0..5 {
            let datagram = forged.next_packet();
            world.packet_from(thief, caller, datagram);
        }
    }
    assert!(world.net.sent.iter().all(|sent| sent.destination.ip() != thief.ip()));
    assert_tone(&world.take_heard(agent), 440.0);
    let quality = world.engine.quality(caller).unwrap();
    assert_eq!((quality.dropped.foreign_source, quality.lost, quality.received), (250, 0, 50));
}

#[test]
fn a_phone_behind_a_nat_is_heard_after_the_learning_window() {
    let mut world = World::new();
    let caller = behind_nat(&mut world);
    let nat: SocketAddr = "203.0.113.9:61000".parse().unwrap();
    world.command(Command::Echo { port: caller, on: true });
    world.phone_of(caller).talks = false;
    for number in 0..10 {
        let datagram = world.phone_of(caller).next_packet();
        world.packet_from(nat, caller, datagram);
        assert_eq!(world.net.sent.len(), usize::from(number >= 5) * (number.max(5) - 4));
    }
    assert!(world.net.sent.iter().all(|sent| sent.destination == nat));
    assert_eq!(world.take_events(), [Event::FirstPacket { port: caller }]);
}

#[test]
fn music_goes_to_the_signalled_address_until_another_is_learned() {
    let mut world = World::new();
    let caller = behind_nat(&mut world);
    let nat: SocketAddr = "203.0.113.9:61000".parse().unwrap();
    world.phone_of(caller).talks = false;
    world.command(Command::Play { port: caller, play: 1, clips: vec![clip(440.0, ms(500))], repeat: true });
    world.run(ms(99));
    for _ in 0..5 {
        let datagram = world.phone_of(caller).next_packet();
        world.packet_from(nat, caller, datagram);
    }
    world.run(ms(100));
    let destinations: Vec<_> = world.take_sent(caller).iter().map(|sent| sent.destination == nat).collect();
    assert_eq!(destinations.len(), 10);
    assert_eq!(destinations.iter().position(|learned| *learned), Some(5));
    assert!(destinations[5..].iter().all(|learned| *learned));
}

#[test]
fn a_flood_of_streams_leaves_the_honest_one_untouched() {
    let mut world = World::new();
    let (caller, agent) = bridged(&mut world);
    // 10 000 packets a second, half of them with the right source address.
    for round in 0..50u32 {
        world.run(ms(20));
        for packet in 0..200u32 {
            let mut forged = world.phone_of(caller).twin();
            forged.ssrc = 0x5000_0000 + round * 200 + packet;
            forged.frequency = 880.0;
            let source = if packet % 2 == 0 { forged.address } else { "127.0.0.66:4000".parse().unwrap() };
            let datagram = forged.next_packet();
            world.packet_from(source, caller, datagram);
        }
    }
    let heard = world.take_heard(agent);
    assert_eq!(heard.len(), 8_000, "every honest packet and no other");
    assert_tone(&heard, 440.0);
}

#[test]
fn bad_packets_never_end_a_call() {
    let mut world = World::new();
    let (caller, agent) = bridged(&mut world);
    world.run(ms(100));
    world.take_events();
    world.take_heard(agent);
    for number in 0..100_000u32 {
        let mut datagram = vec![number as u8; number as usize % 40];
        datagram.extend(number.to_be_bytes());
        world.packet(caller, datagram);
    }
    assert_eq!(world.take_events(), []);
    world.run(ms(500));
    let heard = world.take_heard(agent);
    assert_tone(&heard[heard.len() - 4_000..], 440.0);
}

#[test]
fn packets_too_long_for_speech_are_dropped_and_counted() {
    let mut world = World::new();
    let (caller, agent) = bridged(&mut world);
    let mut datagram = world.phone_of(caller).next_packet();
    datagram.resize(1_400, 0);
    world.packet(caller, datagram);
    assert!(world.take_sent(agent).is_empty());
    assert_eq!(world.engine.quality(caller).unwrap().dropped.oversized, 1);
}

#[test]
fn a_new_address_in_the_signalling_moves_the_media() {
    let mut world = World::new();
    let (caller, agent) = bridged(&mut world);
    world.run(ms(100));
    let old = world.phone_of(caller).address;
    let new: SocketAddr = "127.0.0.9:5000".parse().unwrap();
    world.phone_of(caller).address = new;
    world.phone_of(caller).ssrc = 99;
    world.configure(caller, true, true);
    world.take_sent(agent);
    world.take_sent(caller);
    world.run(ms(200));
    assert_tone(&world.take_heard(agent), 440.0);
    assert!(world.take_sent(caller).iter().all(|sent| sent.destination == new));
    let datagram = world.phone_of(caller).next_packet();
    world.packet_from(old, caller, datagram);
    assert!(world.take_sent(agent).is_empty());
}

#[test]
fn duplicates_are_not_relayed() {
    let mut world = World::new();
    let (caller, agent) = bridged(&mut world);
    for _ in 0..10 {
        let datagram = world.phone_of(caller).next_packet();
        world.packet(caller, datagram.clone());
        world.packet(caller, datagram);
    }
    assert_eq!(world.take_sent(agent).len(), 10);
    assert_eq!(world.engine.quality(caller).unwrap().duplicates, 10);
}

fn bridged(world: &mut World) -> (PortId, PortId) {
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let agent = world.phone(2, Codec::Pcmu, 660.0);
    world.command(Command::Bridge { a: caller, b: agent });
    (caller, agent)
}

/// A phone that signals a private address.
fn behind_nat(world: &mut World) -> PortId {
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let remote = "192.168.1.20:4000".parse().unwrap();
    let format = Format::of(Codec::Pcmu);
    world.command(Command::Configure {
        port: caller,
        remote,
        format,
        telephone_event: None,
        send: true,
        receive: true,
        sealing: None,
        rtcp_mux: false,
    });
    caller
}
