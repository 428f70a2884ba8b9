//! Sealed ports: SRTP on one side or both, and nothing else changes.

use crate::world::{EVENTS, World, assert_tone, clip, ms};
use base::Duration;
use media::{
    Channel, Codec, Command, ConferenceKey, Event, Keying, PortId, Profile, RecordingKey, Sealing, Side,
};
use rtp::rtcp::{Compound, ReportBlock, RtcpPacket, Writer};
use rtp::{Digit, Ssrc, TelephoneEvent};

const SECONDS: Duration = Duration::from_secs(3);

#[test]
fn sealed_and_plain_phones_hear_each_other_in_every_codec() {
    for profile in Profile::ALL {
        for (left, right) in [
            (Codec::Pcmu, Codec::Pcmu),
            (Codec::Pcmu, Codec::Pcma),
            (Codec::Pcma, Codec::G722),
            (Codec::Opus, Codec::Opus),
            (Codec::G722, Codec::Opus),
        ] {
            for sealed in [[true, false], [false, true], [true, true]] {
                let mut world = World::new();
                let [a, b] = [world.phone(1, left, 440.0), world.phone(2, right, 660.0)];
                for (port, sealed) in [(a, sealed[0]), (b, sealed[1])] {
                    if sealed {
                        world.seal(port, sealing(profile, port.as_u64() as u8));
                    }
                }
                world.command(Command::Bridge { a, b });
                world.run(SECONDS);
                assert_tone(&world.take_heard(a)[1_600..], 660.0);
                assert_tone(&world.take_heard(b)[1_600..], 440.0);
            }
        }
    }
}

#[test]
fn what_leaves_a_sealed_port_cannot_be_read() {
    let mut world = World::new();
    let caller = sealed_phone(&mut world, 1, 0.0);
    world.command(Command::Play { port: caller, play: 1, clips: vec![clip(440.0, ms(1_000))], repeat: true });
    world.run(ms(100));
    let raw: Vec<_> = world.net.sent.iter().map(|sent| sent.datagram.clone()).collect();
    let opened = world.take_sent(caller);
    assert!(raw.len() >= 4);
    for (raw, opened) in raw.iter().zip(&opened) {
        assert_eq!(raw.len(), 172 + Profile::AesCm128HmacSha1Tag80.rtp_overhead());
        assert_eq!(raw[..12], opened.datagram[..12]);
        let alike =
            raw[12..].iter().zip(&opened.datagram[12..]).filter(|(raw, opened)| raw == opened).count();
        assert!(alike < 16, "{alike} of 160 bytes are as they were");
    }
}

#[test]
fn a_sealed_port_refuses_plain_packets_and_believes_nothing_of_them() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    world.phone_of(caller).talks = false;
    world.seal(caller, sealing(Profile::AesCm128HmacSha1Tag80, 1));
    world.command(Command::Echo { port: caller, on: true });
    for _ in 0..50 {
        let plain = world.phone_of(caller).next_packet();
        world.packet(caller, plain);
    }
    let quality = world.engine.quality(caller).unwrap();
    assert_eq!((quality.dropped.not_authentic, quality.received), (50, 0));
    assert!(!world.take_events().iter().any(|event| matches!(event, Event::FirstPacket { .. })));
    assert!(world.take_sent(caller).is_empty());

    world.phone_of(caller).talks = true;
    world.run(SECONDS);
    assert_tone(&world.take_heard(caller), 440.0);
    assert!(world.take_events().contains(&Event::FirstPacket { port: caller }));
}

#[test]
fn forged_packets_by_the_thousand_neither_end_a_call_nor_disturb_it() {
    let mut world = World::new();
    let caller = sealed_phone(&mut world, 1, 440.0);
    world.command(Command::Echo { port: caller, on: true });
    let mut twin = world.phone_of(caller).twin();
    for _ in 0..100 {
        world.run(ms(20));
        for _ in 0..50 {
            let mut forged = twin.next_packet();
            forged.extend([0x5a; 10]);
            world.packet(caller, forged);
        }
    }
    let quality = world.engine.quality(caller).unwrap();
    let refused = quality.dropped.not_authentic + quality.dropped.replayed;
    assert_eq!((quality.received, quality.lost, refused), (100, 0, 5_000));
    assert_tone(&world.take_heard(caller), 440.0);
}

#[test]
fn a_packet_that_is_sent_again_by_a_listener_is_counted_and_not_heard() {
    let mut world = World::new();
    let caller = sealed_phone(&mut world, 1, 440.0);
    world.phone_of(caller).talks = false;
    world.command(Command::Echo { port: caller, on: true });
    let packet = world.phone_of(caller).next_packet();
    let packet = world.phone_of(caller).seal(packet);
    for _ in 0..10 {
        world.packet(caller, packet.clone());
    }
    let quality = world.engine.quality(caller).unwrap();
    assert_eq!((quality.received, quality.dropped.replayed), (1, 9));
    assert_eq!(world.take_sent(caller).len(), 1);
}

#[test]
fn what_comes_from_elsewhere_is_not_even_opened() {
    let mut world = World::new();
    let caller = sealed_phone(&mut world, 1, 440.0);
    world.run(ms(100));
    let packet = world.phone_of(caller).next_packet();
    let packet = world.phone_of(caller).seal(packet);
    world.packet_from("127.0.0.66:4000".parse().unwrap(), caller, packet.clone());
    let dropped = world.engine.quality(caller).unwrap().dropped;
    assert_eq!((dropped.foreign_source, dropped.replayed), (1, 0));
    world.packet(caller, packet);
    assert_eq!(world.engine.quality(caller).unwrap().dropped, dropped, "so its number was still free");
}

#[test]
fn a_key_that_stays_goes_on_through_a_hold_and_another_begins_anew() {
    let mut world = World::new();
    let [a, b] = [sealed_phone(&mut world, 1, 440.0), sealed_phone(&mut world, 2, 660.0)];
    world.command(Command::Bridge { a, b });
    // Their numbers wrap after some 130 packets.
    world.run(Duration::from_secs(5));
    assert_tone(&world.take_heard(b), 440.0);
    world.take_heard(a);
    world.configure(a, false, false);
    world.run(SECONDS);
    assert!(world.take_heard(a).is_empty(), "held");
    world.seal(a, sealing(Profile::AesCm128HmacSha1Tag80, 1));
    world.take_heard(b);
    world.run(SECONDS);
    assert_tone(&world.take_heard(a), 660.0);
    assert_tone(&world.take_heard(b), 440.0);

    world.seal(a, sealing(Profile::AeadAes128Gcm, 9));
    world.run(SECONDS);
    assert_tone(&world.take_heard(a), 660.0);
    assert_tone(&world.take_heard(b), 440.0);
    let dropped = [a, b].map(|port| world.engine.quality(port).unwrap().dropped);
    assert!(dropped.iter().all(|dropped| dropped.not_authentic == 0), "{dropped:?}");
}

#[test]
fn a_sealed_leg_can_become_a_plain_one_if_that_is_agreed() {
    let mut world = World::new();
    let caller = sealed_phone(&mut world, 1, 440.0);
    world.command(Command::Echo { port: caller, on: true });
    world.run(SECONDS);
    assert_tone(&world.take_heard(caller), 440.0);
    world.unseal(caller);
    world.run(SECONDS);
    assert_tone(&world.take_heard(caller), 440.0);
}

#[test]
fn keys_recordings_and_conferences_work_on_sealed_legs() {
    let mut world = World::new();
    let [a, b] = [sealed_phone(&mut world, 1, 440.0), sealed_phone(&mut world, 2, 660.0)];
    world.command(Command::Bridge { a, b });
    let recording = RecordingKey::from_u64(1);
    world.command(Command::Record { recording, left: a, right: Some(b) });
    world.run(SECONDS);
    for side in [Side::Left, Side::Right] {
        let frames = world.net.recorded.iter().filter(|recorded| match recorded {
            media::Recorded::Sound(frame) => frame.side == side,
            media::Recorded::End { .. } => false,
        });
        assert!(frames.count() >= 149);
    }

    world.take_sent(b);
    let began = world.phone_of(a).time;
    for duration in [160, 320, 480] {
        let event = TelephoneEvent { code: 5, end: duration == 480, volume: 10, duration };
        let packet = world.phone_of(a).key_packet(began, event);
        let packet = world.phone_of(a).seal(packet);
        world.packet(a, packet);
    }
    let five = Digit::from_char('5').unwrap();
    assert!(world.take_events().contains(&Event::Digit { port: a, digit: five }));
    let passed = world.take_sent(b).iter().filter(|sent| sent.header().payload_type == EVENTS).count();
    assert_eq!(passed, 3, "and they went on to the other phone");

    let conference = ConferenceKey::from_u64(1);
    for port in [a, b] {
        world.command(Command::Join { port, conference, speaks: true, listens: true });
    }
    world.run(ms(200));
    world.take_heard(a);
    world.take_heard(b);
    world.run(SECONDS);
    assert_tone(&world.take_heard(a), 660.0);
    assert_tone(&world.take_heard(b), 440.0);
}

#[test]
fn reports_of_a_sealed_port_are_sealed_and_go_by_the_socket_that_was_agreed() {
    for rtcp_mux in [false, true] {
        let mut world = World::new();
        let caller = sealed_phone(&mut world, 1, 440.0);
        world.phone_of(caller).rtcp_mux = rtcp_mux;
        world.configure(caller, true, true);
        world.command(Command::Echo { port: caller, on: true });
        world.run(Duration::from_secs(10));
        let report =
            world.net.sent.iter().rfind(|sent| rtp::packet::is_rtcp(&sent.datagram)).unwrap().clone();
        let (channel, port) = if rtcp_mux { (Channel::Rtp, 4_000) } else { (Channel::Rtcp, 4_001) };
        assert_eq!((report.channel, report.destination.port()), (channel, port));
        let opened = world.phone_of(caller).open_report(report.datagram);
        let Some(RtcpPacket::Sender { ssrc, .. }) = Compound::new(&opened).next() else { panic!("a report") };

        let mut buffer = [0; 128];
        let mut writer = Writer::new(&mut buffer);
        writer.report(Ssrc(1), None, &[ReportBlock { ssrc, lost: 12, ..ReportBlock::default() }]);
        let plain = writer.finish().to_vec();
        let source = world.phone_of(caller).address;
        world.engine.handle_rtcp(caller, source, &mut plain.clone(), world.now);
        assert_eq!(
            world.engine.quality(caller).unwrap().far_lost,
            None,
            "what is not sealed is not believed"
        );
        let sealed = world.phone_of(caller).seal_report(plain);
        world.packet(caller, sealed);
        assert_eq!(world.engine.quality(caller).unwrap().far_lost, Some(12), "it may come by either socket");
    }
}

fn sealed_phone(world: &mut World, number: u8, frequency: f64) -> PortId {
    let port = world.phone(number, Codec::Pcmu, frequency);
    world.seal(port, sealing(Profile::AesCm128HmacSha1Tag80, number));
    port
}

fn sealing(profile: Profile, seed: u8) -> Sealing {
    let keying = |byte| Keying::new(profile, &vec![byte; Keying::bytes(profile)]).unwrap();
    Sealing { ours: keying(seed), theirs: keying(seed ^ 0x80) }
}
