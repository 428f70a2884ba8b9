//! Keys: told once each, passed on, and pressed by us.

use crate::world::{EVENTS, World, clip, ms};
use media::key_tone::{KeyListener, KeyTone};
use media::{Codec, Command, Digit, Event, Keys, PortId};
use rtp::{EventDetector, TelephoneEvent};

#[test]
fn every_key_is_told_once() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    for key in "2259*0#A".chars() {
        press(&mut world, caller, key, |_| true);
    }
    assert_eq!(keys_told(&mut world, caller), "2259*0#A");
}

#[test]
fn a_key_is_told_once_whichever_of_its_packets_are_lost() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    press(&mut world, caller, '1', |packet| packet == 0);
    press(&mut world, caller, '2', |packet| packet == 7);
    press(&mut world, caller, '3', |packet| packet % 3 == 1);
    press(&mut world, caller, '4', |_| false);
    press(&mut world, caller, '4', |packet| packet > 3);
    assert_eq!(keys_told(&mut world, caller), "1234");
}

#[test]
fn keys_cross_a_bridge_under_the_other_sides_payload_type() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    let agent = world.phone(2, Codec::Pcma, 0.0);
    configure_events(&mut world, agent, Some(96));
    world.command(Command::Bridge { a: caller, b: agent });
    press(&mut world, caller, '7', |_| true);
    let sent = world.take_sent(agent);
    assert_eq!(sent.len(), 8);
    assert!(sent.iter().all(|sent| sent.header().payload_type == 96));
    assert!(
        sent.iter().all(|one| one.header().timestamp == sent[0].header().timestamp),
        "one beginning for all"
    );
    assert_eq!(keys_told(&mut world, caller), "7");
}

#[test]
fn a_far_end_without_telephone_events_hears_the_tones_and_the_key_is_told() {
    for codec in Codec::ALL {
        let mut world = World::new();
        let caller = world.phone(1, codec, 0.0);
        let agent = world.phone(2, codec, 0.0);
        configure_events(&mut world, agent, None);
        world.command(Command::Bridge { a: caller, b: agent });
        for key in ['7', '7', '#'] {
            press(&mut world, caller, key, |_| true);
            world.run(ms(100));
        }
        assert_eq!(keys_in(&world.take_heard(agent)), "77#", "{codec:?}");
        assert_eq!(keys_told(&mut world, caller), "77#", "{codec:?}");
    }
}

#[test]
fn keys_are_heard_in_the_sound_of_a_far_end_without_telephone_events() {
    for codec in Codec::ALL {
        let mut world = World::new();
        let caller = world.phone(1, codec, 0.0);
        configure_events(&mut world, caller, None);
        play_keys(&mut world, caller, "1590*#");
        assert_eq!(keys_told(&mut world, caller), "1590*#", "{codec:?}");
    }
}

#[test]
fn a_pause_without_packets_parts_two_keys_and_a_lost_packet_does_not() {
    for law in [Codec::Pcmu, Codec::Pcma] {
        let mut world = World::new();
        let caller = world.phone(1, law, 0.0);
        configure_events(&mut world, caller, None);
        // "5", then nothing for 100 ms but comfort noise, then "5": the far end sends no silence.
        play_tone(&mut world, caller, '5', 4, |_| true);
        let phone = world.phone_of(caller);
        let noise = phone.datagram(13, phone.time, &[70]);
        phone.time = phone.time.wrapping_add(800);
        world.packet(caller, noise);
        world.pass(ms(100));
        play_tone(&mut world, caller, '5', 4, |_| true);
        // The same without a word about it.
        let phone = world.phone_of(caller);
        phone.time = phone.time.wrapping_add(800);
        world.pass(ms(100));
        play_tone(&mut world, caller, '5', 4, |_| true);
        assert_eq!(keys_told(&mut world, caller), "555", "{law:?}");

        let phone = world.phone_of(caller);
        phone.time = phone.time.wrapping_add(8_000);
        world.pass(ms(1_000));
        play_tone(&mut world, caller, '7', 10, |packet| packet != 5);
        assert_eq!(keys_told(&mut world, caller), "7", "{law:?}");
    }
}

#[test]
fn a_far_end_that_sends_faster_than_sound_is_not_listened_to_any_faster() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    configure_events(&mut world, caller, None);
    // Ten seconds of keys within a second: a second and a half of them are listened to.
    let mut sound = vec![];
    for key in "1234567890".repeat(10).chars() {
        let mut tone = vec![0; 480];
        KeyTone::new(digit(key)).unwrap().fill(&mut tone);
        sound.extend(tone);
        sound.extend(vec![0; 320]);
    }
    for frame in sound.chunks_exact(160) {
        let datagram = world.phone_of(caller).packet_of(frame);
        world.packet(caller, datagram);
        world.pass(ms(1));
    }
    let told = keys_told(&mut world, caller).len();
    assert!((12..=16).contains(&told), "{told} keys");
}

#[test]
fn a_key_that_is_down_while_a_mix_begins_or_ends_is_one_key() {
    for begins in [true, false] {
        let mut world = World::new();
        let [caller, agent, supervisor] =
            [(1, 440.0), (2, 660.0), (3, 880.0)].map(|(n, hz)| world.phone(n, Codec::Pcmu, hz));
        world.command(Command::Bridge { a: caller, b: agent });
        // Somebody listens to the caller, so that there is an ear already.
        world.command(Command::Hear { listener: supervisor, speaker: caller, on: true });
        world.command(Command::Hear { listener: agent, speaker: supervisor, on: !begins });
        world.run(ms(500));
        world.phone_of(caller).talks = false;
        world.take_sent(agent);
        press_while(&mut world, caller, '7', |world, packet| {
            if packet == 2 {
                world.command(Command::Hear { listener: agent, speaker: supervisor, on: begins });
            }
        });
        let sent = world.take_sent(agent);
        let key = |sent: &&crate::world::Sent| sent.header().payload_type == EVENTS;
        let began: Vec<_> = sent.iter().filter(key).map(|sent| sent.header().timestamp).collect();
        assert_eq!(began.len(), 8, "{begins}");
        assert!(began.iter().all(|time| *time == began[0]), "one beginning for all, {begins}: {began:?}");
        let mut detector = EventDetector::new(8_000);
        let counted = sent.iter().filter(key).filter_map(|sent| {
            let event = TelephoneEvent::parse(sent.payload()).expect("an event");
            detector.handle(sent.header().timestamp, event).and_then(|told| told.counted())
        });
        assert_eq!(counted.count(), 1, "{begins}");
    }
}

#[test]
fn where_telephone_events_were_agreed_tones_are_no_keys() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    play_keys(&mut world, caller, "15");
    assert_eq!(keys_told(&mut world, caller), "");
}

#[test]
fn keys_of_ours_are_tones_where_no_telephone_events_were_agreed() {
    for codec in Codec::ALL {
        let mut world = World::new();
        let caller = world.phone(1, codec, 0.0);
        configure_events(&mut world, caller, None);
        for key in "1190#".chars() {
            world.command(Command::SendDigit { port: caller, digit: digit(key), duration_ms: 80 });
        }
        world.run(ms(2_000));
        assert!(world.sent_types(caller).iter().all(|kind| *kind != EVENTS));
        assert_eq!(keys_in(&world.take_heard(caller)), "1190#", "{codec:?}");
        if codec.law().is_some() {
            assert!(
                world.engine.poll_timeout().is_some_and(|at| at > world.now.mono + ms(20)),
                "ticks have ended"
            );
        }
    }
}

#[test]
fn keys_that_we_press_arrive_once_each_and_in_order() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    for key in "1190#".chars() {
        world.command(Command::SendDigit { port: caller, digit: digit(key), duration_ms: 100 });
    }
    world.run(ms(2_000));
    let mut detector = EventDetector::new(8_000);
    let mut arrived = String::new();
    let sent = world.take_sent(caller);
    for sent in &sent {
        assert_eq!(sent.header().payload_type, EVENTS);
        let event = TelephoneEvent::parse(sent.payload()).unwrap();
        let told = detector.handle(sent.header().timestamp, event).and_then(|told| told.counted());
        arrived.extend(told.map(|digit| digit.as_char()));
    }
    assert_eq!(arrived, "1190#");
    let markers = sent.iter().filter(|sent| sent.header().marker).count();
    assert_eq!(markers, 5, "the marker stands at the beginning of each key");
    assert!(world.engine.poll_timeout().is_some_and(|at| at > world.now.mono + ms(20)), "ticks have ended");
}

#[test]
fn while_we_press_a_key_the_bridge_is_silent_and_goes_on_behind_it() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    let agent = world.phone(2, Codec::Pcmu, 660.0);
    world.command(Command::Bridge { a: caller, b: agent });
    world.run(ms(100));
    world.command(Command::SendDigit { port: caller, digit: digit('5'), duration_ms: 100 });
    world.run(ms(400));
    let sent = world.take_sent(caller);
    let line: String =
        sent.iter().map(|sent| if sent.header().payload_type == EVENTS { 'k' } else { '.' }).collect();
    assert!(line.contains(".kkkkkkk."), "{line}");
    for pair in sent.windows(2) {
        assert_eq!(pair[1].header().sequence, pair[0].header().sequence.next());
    }
}

#[test]
fn a_prompt_keeps_its_time_while_a_key_is_pressed() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    world.command(Command::Play { port: caller, play: 1, clips: vec![clip(440.0, ms(400))], repeat: false });
    world.command(Command::SendDigit { port: caller, digit: digit('5'), duration_ms: 100 });
    world.run(ms(390));
    assert_eq!(world.take_events(), []);
    world.run(ms(20));
    assert_eq!(world.take_events(), [Event::Played { port: caller, play: 1 }]);
}

/// The phone of `port` presses a key for 100 ms: five packets and the last one three times; `arrives` says which come.
fn press(world: &mut World, port: PortId, key: char, arrives: impl Fn(u16) -> bool) {
    let phone = world.phone_of(port);
    let began = phone.time;
    phone.time = phone.time.wrapping_add(1_600);
    for packet in 0..8u16 {
        let duration = (packet.min(5) + 1) * 160;
        let event = TelephoneEvent { code: digit(key).code(), end: packet >= 5, volume: 10, duration };
        let datagram = world.phone_of(port).key_packet(began, event);
        if arrives(packet) {
            world.packet(port, datagram);
        }
        world.pass(ms(20));
    }
}

/// The same, with something else before each packet; the other phones go on talking.
fn press_while(world: &mut World, port: PortId, key: char, before: impl Fn(&mut World, u16)) {
    let phone = world.phone_of(port);
    let began = phone.time;
    phone.time = phone.time.wrapping_add(1_600);
    for packet in 0..8u16 {
        before(world, packet);
        let duration = (packet.min(5) + 1) * 160;
        let event = TelephoneEvent { code: digit(key).code(), end: packet >= 5, volume: 10, duration };
        let datagram = world.phone_of(port).key_packet(began, event);
        world.packet(port, datagram);
        world.run(ms(20));
    }
}

/// The phone of `port` sends the tone of a key in so many packets, of which those come that `arrives` says.
fn play_tone(world: &mut World, port: PortId, key: char, packets: usize, arrives: impl Fn(usize) -> bool) {
    let mut tone = vec![0; packets * 160];
    KeyTone::new(digit(key)).unwrap().fill(&mut tone);
    for (packet, frame) in tone.chunks_exact(160).enumerate() {
        let datagram = world.phone_of(port).packet_of(frame);
        if arrives(packet) {
            world.packet(port, datagram);
        }
        world.pass(ms(20));
    }
}

/// The phone of `port` sends the tones of keys, 60 ms each.
fn play_keys(world: &mut World, port: PortId, keys: &str) {
    let mut sound = vec![0; 1_600];
    for key in keys.chars() {
        let mut tone = vec![0; 480];
        KeyTone::new(digit(key)).unwrap().fill(&mut tone);
        sound.extend(tone);
        sound.extend(vec![0; 480]);
    }
    sound.extend(vec![0; 2_560]);
    for frame in sound.chunks_exact(160) {
        let datagram = world.phone_of(port).packet_of(frame);
        world.packet(port, datagram);
        world.pass(ms(20));
    }
}

/// The keys whose tones are in the sound.
fn keys_in(sound: &[i16]) -> String {
    let mut keys = String::new();
    KeyListener::new().push(sound, |digit| keys.push(digit.as_char()));
    keys
}

fn keys_told(world: &mut World, from: PortId) -> String {
    let told = world.take_events().into_iter().filter_map(|event| match event {
        Event::Digit { port, digit } if port == from => Some(digit.as_char()),
        _ => None,
    });
    told.collect()
}

fn configure_events(world: &mut World, port: PortId, telephone_event: Option<u8>) {
    let phone = world.phone_of(port);
    let (remote, format) = (phone.address, phone.format);
    world.command(Command::Configure {
        port,
        remote,
        format,
        telephone_event: telephone_event.map(Keys::of),
        send: true,
        receive: true,
        sealing: None,
        rtcp_mux: false,
    });
}

fn digit(key: char) -> Digit {
    Digit::from_char(key).unwrap()
}
