//! Programs that hear and speak: a port without a network, in the matrix as any other.

use crate::world::{World, assert_tone, clip, ms};
use core::f64::consts::TAU;
use media::{Clip, ClipId, Codec, Command, Event, Hears, PortId, Route, SampleRate, tone};
use std::sync::Arc;

const PROGRAM: PortId = PortId::from_u64(900);

#[test]
fn a_program_hears_a_phone_and_the_phone_hears_the_program() {
    for rate in [SampleRate::Narrow, SampleRate::Wide] {
        for codec in Codec::ALL {
            let mut world = World::new();
            let caller = world.phone(1, codec, 440.0);
            let agent = world.phone(2, Codec::Pcmu, 660.0);
            world.command(Command::Bridge { a: caller, b: agent });
            world.run(ms(500));
            world.command(Command::OpenLine { port: PROGRAM, rate });
            speaks(&mut world, 880.0, rate);
            hear(&mut world, PROGRAM, caller, true);
            hear(&mut world, caller, PROGRAM, true);
            world.run(ms(500));
            world.take_heard(caller);
            world.take_heard(agent);
            world.net.given.clear();
            world.run(ms(1_000));

            let given = world.net.given.remove(&PROGRAM).expect("the program hears something");
            assert!((49..=51).contains(&(given.len() / rate.samples_in(20))), "20 ms every 20 ms, {codec:?}");
            let narrow: Vec<_> = given.iter().step_by(rate.hz() as usize / 8_000).copied().collect();
            assert_tone(&narrow, 440.0);
            let heard = world.take_heard(caller);
            for frequency in [660.0, 880.0] {
                assert!(
                    tone::share(&heard, frequency) > 0.2,
                    "{frequency} to the caller, {codec:?} {rate:?}"
                );
            }
            let heard = world.take_heard(agent);
            assert!(tone::share(&heard, 880.0) < 0.02, "the agent does not hear the program");
            assert_tone(&heard, 440.0);
        }
    }
}

#[test]
fn a_program_is_heard_over_silence_and_not_over_music() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let silence = Arc::new(Clip::from_samples(ClipId(7), &[0; 8_000]));
    world.command(Command::Play { port: caller, play: 9, clips: vec![silence], repeat: true });
    world.run(ms(200));
    world.command(Command::OpenLine { port: PROGRAM, rate: SampleRate::Narrow });
    speaks(&mut world, 880.0, SampleRate::Narrow);
    hear(&mut world, caller, PROGRAM, true);
    let route = |hears| Route { listener: caller, hears };
    assert_eq!(world.engine.routes()[0], route(Hears::Port(PROGRAM)));
    world.run(ms(300));
    world.take_heard(caller);
    world.run(ms(500));
    assert_tone(&world.take_heard(caller), 880.0);

    world.command(Command::Play { port: caller, play: 10, clips: vec![clip(660.0, ms(400))], repeat: true });
    assert_eq!(world.engine.routes()[0], route(Hears::Play(10)));
    world.run(ms(100));
    world.take_heard(caller);
    world.run(ms(500));
    assert_tone(&world.take_heard(caller), 660.0);

    // When nobody speaks any more, the silence goes on: the stream does not end.
    world.command(Command::StopPlay { port: caller });
    let silence = Arc::new(Clip::from_samples(ClipId(7), &[0; 8_000]));
    world.command(Command::Play { port: caller, play: 11, clips: vec![silence], repeat: true });
    hear(&mut world, caller, PROGRAM, false);
    world.run(ms(100));
    world.take_sent(caller);
    world.run(ms(200));
    assert_eq!(world.take_sent(caller).len(), 10);
}

#[test]
fn programs_confer_and_are_gone_when_they_are_closed() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::G722, 440.0);
    let conference = media::ConferenceKey::from_u64(1);
    world.command(Command::OpenLine { port: PROGRAM, rate: SampleRate::Wide });
    for port in [caller, PROGRAM] {
        world.command(Command::Join { port, conference, speaks: true, listens: true });
    }
    speaks(&mut world, 880.0, SampleRate::Wide);
    world.run(ms(500));
    world.take_heard(caller);
    world.net.given.clear();
    world.run(ms(500));
    assert_tone(&world.take_heard(caller), 880.0);
    let given: Vec<_> = world.net.given[&PROGRAM].iter().step_by(2).copied().collect();
    assert_tone(&given, 440.0);

    world.take_events();
    world.command(Command::Close { port: PROGRAM });
    world.run(ms(100));
    assert!(matches!(world.take_events()[..], [Event::Closed { port: PROGRAM, .. }]));
    world.command(Command::Close { port: caller });
    world.run(ms(100));
    assert!(world.engine.is_empty(), "nothing is left of it");
}

#[test]
fn a_line_is_no_second_port_of_its_name() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    world.take_events();
    world.command(Command::OpenLine { port: caller, rate: SampleRate::Wide });
    world.run(ms(20));
    assert!(world.take_events().contains(&Event::OpenFailed { port: caller }));
    assert!(
        world.engine.quality(caller).is_some_and(|quality| quality.codec.is_some()),
        "the phone is there"
    );
}

fn hear(world: &mut World, listener: PortId, speaker: PortId, on: bool) {
    world.command(Command::Hear { listener, speaker, on });
}

/// The program says a tone, for ever.
fn speaks(world: &mut World, frequency: f64, rate: SampleRate) {
    let mut at = 0.0;
    world.net.says = Some(Box::new(move |frame: &mut [i16]| {
        for sample in frame {
            *sample = ((TAU * frequency * at / f64::from(rate.hz())).sin() * 8_000.0) as i16;
            at += 1.0;
        }
    }));
}
