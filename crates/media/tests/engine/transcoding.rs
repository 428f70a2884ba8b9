//! Ports that speak different codecs: decoded and encoded only where that is needed, and heard all the same.

use crate::world::{World, assert_tone, clip, ms};
use media::{Codec, Command, ConferenceKey, Event, Format, PortId, Recorded, RecordingKey, Side, tone};
use rtp::{Digit, TelephoneEvent};

#[test]
fn any_pair_of_codecs_talks_both_ways() {
    for left in Codec::ALL {
        for right in Codec::ALL {
            let mut world = World::new();
            let (caller, agent) = bridged(&mut world, Format::of(left), Format::of(right));
            world.run(ms(1_000));
            assert_tone(&settled(world.take_heard(caller)), 660.0);
            assert_tone(&settled(world.take_heard(agent)), 440.0);
            for (port, codec) in [(caller, left), (agent, right)] {
                let quality = world.engine.quality(port).unwrap();
                assert_eq!(quality.codec, Some(codec));
                assert_eq!(quality.transcoded > 0, !left.is_kin(right), "{left:?} {right:?}");
                assert_eq!(quality.decoding.packets > 0, !left.is_kin(right), "{left:?} {right:?}");
                assert_eq!(quality.decoding.concealed, 0, "{left:?} {right:?}");
            }
        }
    }
}

#[test]
fn the_same_codec_is_relayed_as_it_came() {
    for codec in [Codec::G722, Codec::Opus] {
        let mut world = World::new();
        let (_, agent) = bridged(&mut world, Format::of(codec), Format::of(codec));
        let mut twin = world.phone_of(PortId::from_u64(1)).twin();
        world.run(ms(200));
        let came: Vec<_> = world.take_sent(agent).iter().map(|sent| sent.payload().to_vec()).collect();
        let sent: Vec<_> = (0..10).map(|_| twin.next_packet().split_off(12)).collect();
        assert_eq!(came, sent, "byte by byte");
    }
}

#[test]
fn payload_types_may_differ_by_direction() {
    let mut world = World::new();
    let ours = Format { payload_type: 109, receive_type: 96, ..Format::of(Codec::Opus) };
    let (caller, agent) = bridged(&mut world, ours, Format::of(Codec::Opus));
    world.run(ms(500));
    assert!(world.take_sent(caller).iter().all(|sent| sent.header().payload_type == 109));
    assert_tone(&settled(world.take_heard(agent)), 440.0);
}

#[test]
fn packets_have_the_length_that_the_far_end_wants() {
    for (codec, wanted, length) in [
        (Codec::Pcmu, 10, 10),
        (Codec::Pcma, 30, 30),
        (Codec::G722, 50, 50),
        (Codec::Opus, 50, 40),
        (Codec::Opus, 60, 60),
    ] {
        let mut world = World::new();
        let other = if codec == Codec::Opus { Codec::G722 } else { Codec::Opus };
        let format = Format { ptime_ms: wanted, ..Format::of(codec) };
        let (caller, _) = bridged(&mut world, format, Format::of(other));
        world.run(ms(1_500));
        let sent = world.take_sent(caller);
        let units = (codec.clock_rate() / 1_000 * length) as i32;
        assert!(sent.len() as u32 >= 1_300 / length, "{codec:?}: {} packets", sent.len());
        for pair in sent.windows(2) {
            let [first, second] = [&pair[0], &pair[1]].map(|sent| sent.header());
            assert_eq!(second.timestamp.distance_from(first.timestamp), units, "{codec:?} {wanted} ms");
            assert_eq!(second.sequence, first.sequence.next());
        }
        for sent in &sent {
            assert_eq!(codec.units(sent.payload()), Some(units as u32));
        }
    }
}

#[test]
fn prompts_and_music_are_heard_in_every_codec() {
    for codec in Codec::ALL {
        let mut world = World::new();
        let caller = world.phone(1, codec, 0.0);
        let clips = vec![clip(880.0, ms(500))];
        world.command(Command::Play { port: caller, play: 7, clips, repeat: false });
        world.run(ms(700));
        assert_tone(&settled(world.take_heard(caller)), 880.0);
        assert!(world.take_events().contains(&Event::Played { port: caller, play: 7 }));
        world.run(ms(100));
        assert_eq!(world.take_sent(caller).len(), 0, "and then it is quiet");
    }
}

#[test]
fn music_gives_way_to_the_voice_and_the_stream_goes_on() {
    for (left, right) in [(Codec::Opus, Codec::Pcmu), (Codec::Pcmu, Codec::Opus), (Codec::G722, Codec::Opus)]
    {
        let mut world = World::new();
        let caller = world.phone(1, left, 440.0);
        let agent = world.phone(2, right, 660.0);
        world.command(Command::Play {
            port: caller,
            play: 1,
            clips: vec![clip(880.0, ms(500))],
            repeat: true,
        });
        world.run(ms(1_000));
        let mut sent = world.take_sent(caller);
        world.command(Command::Bridge { a: caller, b: agent });
        world.run(ms(200));
        sent.extend(world.take_sent(caller));
        world.command(Command::StopPlay { port: caller });
        world.run(ms(1_000));
        let spoken = world.net.sent.clone();
        assert_tone(&settled(world.take_heard(caller)), 660.0);
        sent.extend(spoken.into_iter().filter(|sent| {
            sent.port == caller && sent.header().payload_type == Format::of(left).payload_type
        }));
        for pair in sent.windows(2) {
            let [first, second] = [&pair[0], &pair[1]].map(|sent| sent.header());
            assert_eq!((second.ssrc, second.sequence), (first.ssrc, first.sequence.next()));
            let ahead = second.timestamp.distance_from(first.timestamp);
            assert!((1..48_000).contains(&ahead), "time goes on: {ahead}");
        }
    }
}

#[test]
fn keys_pass_between_clocks_and_are_counted_once() {
    for (left, right) in [(Codec::Opus, Codec::Pcmu), (Codec::Pcma, Codec::Opus), (Codec::G722, Codec::Pcmu)]
    {
        let mut world = World::new();
        let (caller, agent) = bridged(&mut world, Format::of(left), Format::of(right));
        world.run(ms(500));
        world.take_sent(agent);
        let began = world.phone_of(caller).time;
        let units = (left.clock_rate() / 50) as u16;
        world.phone_of(caller).talks = false;
        for (step, end) in [(1, false), (2, false), (3, false), (4, true), (4, true), (4, true)] {
            let event = TelephoneEvent { code: 5, end, volume: 10, duration: units * step };
            let datagram = world.phone_of(caller).key_packet(began, event);
            world.packet(caller, datagram);
            world.run(ms(20));
        }
        world.phone_of(caller).talks = true;
        let digit = Digit::from_char('5').unwrap();
        let told = world
            .take_events()
            .iter()
            .filter(|event| **event == Event::Digit { port: caller, digit })
            .count();
        assert_eq!(told, 1);
        let keys: Vec<_> = world
            .take_sent(agent)
            .iter()
            .filter(|sent| sent.header().payload_type == crate::world::EVENTS)
            .map(|sent| (sent.header().timestamp, TelephoneEvent::parse(sent.payload()).unwrap()))
            .collect();
        assert_eq!(keys.len(), 6, "{left:?} to {right:?}");
        assert!(keys.iter().all(|(timestamp, event)| *timestamp == keys[0].0 && event.code == 5));
        let durations: Vec<_> = keys.iter().map(|(_, event)| u32::from(event.duration)).collect();
        let units = right.clock_rate() / 50;
        assert_eq!(durations, [1, 2, 3, 4, 4, 4].map(|steps| steps * units));
        world.run(ms(700));
        assert_tone(&settled(world.take_heard(agent)), 440.0);
    }
}

#[test]
fn keys_of_ours_are_held_as_long_on_every_clock() {
    for codec in Codec::ALL {
        let mut world = World::new();
        let caller = world.phone(1, codec, 0.0);
        let digit = Digit::from_char('9').unwrap();
        world.command(Command::SendDigit { port: caller, digit, duration_ms: 100 });
        world.run(ms(400));
        let longest = world
            .take_sent(caller)
            .iter()
            .filter_map(|sent| TelephoneEvent::parse(sent.payload()))
            .map(|event| event.duration)
            .max();
        assert_eq!(longest, Some((codec.clock_rate() / 10) as u16), "{codec:?}");
    }
}

#[test]
fn a_recording_has_both_sides_whatever_they_speak() {
    for (left, right) in [
        (Codec::G722, Codec::G722),
        (Codec::Opus, Codec::Opus),
        (Codec::Opus, Codec::Pcmu),
        (Codec::Pcma, Codec::G722),
    ] {
        let mut world = World::new();
        let (caller, agent) = bridged(&mut world, Format::of(left), Format::of(right));
        let recording = RecordingKey::from_u64(1);
        world.command(Command::Record { recording, left: caller, right: Some(agent) });
        world.run(ms(1_000));
        world.command(Command::StopRecord { recording });
        world.run(ms(20));
        for (side, frequency) in [(Side::Left, 440.0), (Side::Right, 660.0)] {
            let mut sound = vec![0; 8_000];
            for recorded in &world.net.recorded {
                if let Recorded::Sound(frame) = recorded
                    && frame.side == side
                {
                    let at = frame.at as usize;
                    sound.resize(sound.len().max(at + 160), 0);
                    frame.law.decode_slice(frame.payload(), &mut sound[at..at + 160]);
                }
            }
            assert_tone(&sound[2_000..7_500], frequency);
        }
    }
}

#[test]
fn a_conference_of_different_codecs_hears_the_others() {
    let mut world = World::new();
    let ports = [(1, Codec::Opus, 440.0), (2, Codec::G722, 660.0), (3, Codec::Pcmu, 880.0)]
        .map(|(number, codec, frequency)| world.phone(number, codec, frequency));
    let conference = ConferenceKey::from_u64(1);
    for port in ports {
        world.command(Command::Join { port, conference, speaks: true, listens: true });
    }
    world.run(ms(1_500));
    let shares = ports.map(|port| {
        let heard = settled(world.take_heard(port));
        [440.0, 660.0, 880.0].map(|frequency| tone::share(&heard, frequency) > 0.3)
    });
    assert_eq!(shares, [[false, true, true], [true, false, true], [true, true, false]]);
    for port in ports {
        world.command(Command::Leave { port });
    }
    world.take_events();
    world.net.sent.clear();
    world.run(ms(100));
    assert!(world.net.sent.is_empty());
}

#[test]
fn five_packets_lost_in_a_hundred_are_concealed() {
    for codec in Codec::ALL {
        let other = if codec.law().is_some() { Codec::G722 } else { Codec::Pcmu };
        let mut world = World::new();
        let (caller, agent) = bridged(&mut world, Format::of(codec), Format::of(other));
        world.phone_of(caller).talks = false;
        for number in 0..200 {
            let datagram = world.phone_of(caller).next_packet();
            if number % 20 != 13 {
                world.packet(caller, datagram);
            }
            world.run(ms(20));
        }
        let heard = settled(world.take_heard(agent));
        assert!(heard.len() > 29_000, "{codec:?}: nothing is missing in {} samples", heard.len());
        assert!(tone::share(&heard[..1_600], 440.0) > 0.8, "{codec:?}");
        let quality = world.engine.quality(caller).unwrap();
        assert!((10..=20).contains(&quality.decoding.concealed), "{codec:?}: {:?}", quality.decoding);
        assert_eq!(quality.decoding.late, 0);
    }
}

#[test]
fn jitter_is_smoothed_and_the_hold_is_told() {
    let mut world = World::new();
    let (caller, agent) = bridged(&mut world, Format::of(Codec::Pcmu), Format::of(Codec::Opus));
    world.phone_of(caller).talks = false;
    let mut held = vec![];
    for number in 0..500u64 {
        held.push((world.now.mono + ms(number % 7 * 8), world.phone_of(caller).next_packet()));
        world.run(ms(10));
        for step in 0..2 {
            let due: Vec<_> = held.extract_if(.., |(at, _)| *at <= world.now.mono).collect();
            for (_, datagram) in due {
                world.packet(caller, datagram);
            }
            if step == 0 {
                world.run(ms(10));
            }
        }
    }
    let heard = world.take_heard(agent);
    let quality = world.engine.quality(caller).unwrap();
    assert!(quality.decoding.held_ms >= 40 && quality.decoding.held_ms < 140, "{:?}", quality.decoding);
    assert!(quality.decoding.concealed < 20, "{:?}", quality.decoding);
    assert!(
        tone::share(&heard[40_000..72_000], 440.0) > 0.7,
        "{}",
        tone::share(&heard[40_000..72_000], 440.0)
    );
}

#[test]
fn a_far_end_that_falls_silent_is_not_spoken_for() {
    let mut world = World::new();
    let (caller, agent) = bridged(&mut world, Format::of(Codec::Opus), Format::of(Codec::Pcmu));
    world.run(ms(500));
    world.phone_of(caller).talks = false;
    world.run(ms(400));
    world.take_sent(agent);
    world.run(ms(1_000));
    assert_eq!(world.take_sent(agent).len(), 0);
    let phone = world.phone_of(caller);
    // Its clock went on.
    phone.time = phone.time.wrapping_add(48 * 1_400);
    phone.talks = true;
    world.run(ms(1_000));
    let sent = world.take_sent(agent);
    assert!(sent.len() > 40 && sent[0].header().marker, "it is heard again, with a marker");
}

#[test]
fn comfort_noise_is_made_where_it_is_asked_for() {
    let mut world = World::new();
    let (caller, agent) = bridged(&mut world, Format::of(Codec::Pcmu), Format::of(Codec::G722));
    world.run(ms(500));
    let phone = world.phone_of(caller);
    phone.talks = false;
    let time = phone.time;
    let datagram = phone.datagram(13, time, &[45]);
    world.packet(caller, datagram);
    world.run(ms(200));
    world.take_heard(agent);
    world.run(ms(1_000));
    let heard = world.take_heard(agent);
    assert!(heard.len() >= 7_800, "it goes on");
    let level =
        (heard.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / heard.len() as f64).sqrt();
    assert!((60.0..220.0).contains(&level), "−45 dBov are 184: {level}");
}

#[test]
fn a_change_of_codec_in_mid_call_is_followed() {
    for (before, after, other) in [
        (Codec::Pcmu, Codec::Opus, Codec::Pcmu),
        (Codec::Opus, Codec::Pcma, Codec::Opus),
        (Codec::G722, Codec::Opus, Codec::G722),
        (Codec::Opus, Codec::G722, Codec::Pcmu),
    ] {
        let mut world = World::new();
        let (caller, agent) = bridged(&mut world, Format::of(before), Format::of(other));
        world.run(ms(600));
        world.take_sent(caller);
        world.take_sent(agent);
        world.speak_anew(caller, Format::of(after));
        world.run(ms(1_000));
        let sent: Vec<_> = world.net.sent.iter().filter(|sent| sent.port == caller).cloned().collect();
        assert!(sent.iter().all(|sent| sent.header().payload_type == Format::of(after).payload_type));
        assert_tone(&settled(world.take_heard(caller)), 660.0);
        assert_tone(&settled(world.take_heard(agent)), 440.0);
    }
}

#[test]
fn what_is_not_needed_any_more_takes_no_turns() {
    let mut world = World::new();
    let (caller, agent) = bridged(&mut world, Format::of(Codec::Pcmu), Format::of(Codec::Opus));
    let third = world.phone(3, Codec::Pcma, 880.0);
    world.run(ms(100));
    assert!(next_turn(&world) <= ms(20));
    world.command(Command::Bridge { a: caller, b: third });
    world.phone_of(caller).talks = false;
    world.run(ms(100));
    assert!(next_turn(&world) > ms(20), "two laws are relayed");
    world.command(Command::Bridge { a: agent, b: third });
    world.run(ms(100));
    assert!(next_turn(&world) <= ms(20));
    world.command(Command::Unbridge { port: agent });
    world.run(ms(100));
    assert!(next_turn(&world) > ms(20));
    for port in [caller, agent, third] {
        world.command(Command::Close { port });
    }
    world.pass(ms(20));
    assert!(world.engine.is_empty());
}

/// How long it is until the engine wants to be called.
fn next_turn(world: &World) -> core::time::Duration {
    world.engine.poll_timeout().expect("ports are looked at").since(world.now.mono)
}

fn bridged(world: &mut World, left: Format, right: Format) -> (PortId, PortId) {
    let caller = world.phone_with(1, left, 440.0);
    let agent = world.phone_with(2, right, 660.0);
    world.command(Command::Bridge { a: caller, b: agent });
    (caller, agent)
}

/// Without the first tenths of a second, in which codecs and buffers find their feet.
fn settled(heard: Vec<i16>) -> Vec<i16> {
    heard.get(2_400..).unwrap_or_default().to_vec()
}
