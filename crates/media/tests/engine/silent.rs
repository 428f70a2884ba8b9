//! An engine without packets behaves the same, as far as telephony can tell.

use crate::world::{World, clip, ms};
use base::IdSource;
use media::{Codec, Command, Engine, Event, Hears, RecordingKey};

#[test]
fn a_play_ends_when_its_time_is_over() {
    let mut world = silent();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    world.command(Command::Play {
        port: caller,
        play: 7,
        clips: vec![clip(440.0, ms(150)), clip(440.0, ms(150))],
        repeat: false,
    });
    assert_eq!(world.engine.poll_timeout(), Some(world.now.mono + ms(300)));
    assert_eq!(world.engine.routes()[0].hears, Hears::Play(7));
    world.run(ms(300));
    assert_eq!(world.take_events(), [Event::Played { port: caller, play: 7 }]);
    assert_eq!(world.engine.poll_timeout(), None);
    assert!(world.net.sent.is_empty());
}

#[test]
fn a_play_that_repeats_or_is_stopped_does_not_end_by_itself() {
    let mut world = silent();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    world.command(Command::Play { port: caller, play: 1, clips: vec![clip(440.0, ms(100))], repeat: false });
    world.command(Command::StopPlay { port: caller });
    world.command(Command::Play { port: caller, play: 2, clips: vec![clip(440.0, ms(100))], repeat: false });
    world.command(Command::Play { port: caller, play: 3, clips: vec![clip(440.0, ms(100))], repeat: true });
    assert_eq!(world.engine.poll_timeout(), None);
    world.run(ms(1_000));
    assert_eq!(world.take_events(), []);
    assert_eq!(world.engine.routes()[0].hears, Hears::Play(3));
}

#[test]
fn both_engines_draw_the_same_picture_and_leave_nothing_behind() {
    let pictures = [World::new(), silent()].map(|mut world| {
        let [a, b, c] = [1, 2, 3].map(|number| world.phone(number, Codec::Pcmu, 0.0));
        let recording = RecordingKey::from_u64(1);
        let commands = [
            Command::Bridge { a, b },
            Command::Record { recording, left: a, right: Some(b) },
            Command::Play { port: a, play: 1, clips: vec![clip(440.0, ms(100))], repeat: true },
            Command::Echo { port: c, on: true },
            Command::StopPlay { port: a },
            Command::Join {
                port: c,
                conference: media::ConferenceKey::from_u64(1),
                speaks: true,
                listens: true,
            },
            Command::Bridge { a: b, b: c },
            Command::StopRecord { recording },
            Command::Close { port: c },
            Command::Close { port: a },
            Command::Close { port: b },
        ];
        let mut picture = vec![];
        for command in commands {
            world.command(command);
            picture.push((world.engine.routes(), world.engine.recordings().collect::<Vec<_>>()));
        }
        world.pass(ms(1));
        assert!(world.engine.is_empty());
        let told: Vec<_> = world.take_events().iter().map(core::mem::discriminant).collect();
        assert_eq!(told.len(), 4, "three ports and a recording");
        picture
    });
    assert_eq!(pictures[0], pictures[1]);
}

#[test]
fn a_hundred_thousand_calls_pass_without_a_trace() {
    let mut engine = Engine::silent(IdSource::new(1));
    let mut world = World::with(Engine::silent(IdSource::new(2)));
    let prompt = clip(440.0, ms(3_000));
    for number in 0..100_000u64 {
        let port = media::PortId::from_u64(number);
        engine.handle_command(Command::Open { port }, world.now);
        engine.handle_command(
            Command::Play { port, play: number, clips: vec![prompt.clone()], repeat: false },
            world.now,
        );
        world.now = world.now.after(ms(10));
        engine.handle_timeout(world.now, &mut world.net);
        while let Some(event) = engine.poll_event() {
            if let Event::Played { port, .. } = event {
                engine.handle_command(Command::Close { port }, world.now);
            }
        }
        assert!(engine.ports().len() <= 301);
    }
    world.now = world.now.after(ms(3_000));
    engine.handle_timeout(world.now, &mut world.net);
    while let Some(event) = engine.poll_event() {
        if let Event::Played { port, .. } = event {
            engine.handle_command(Command::Close { port }, world.now);
        }
    }
    assert!(engine.is_empty());
}

fn silent() -> World {
    World::with(Engine::silent(IdSource::new(1)))
}
