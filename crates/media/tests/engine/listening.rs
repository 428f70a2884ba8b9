//! What is in the sound of a far end, told only to who asked.

use crate::world::{World, ms};
use media::progress_tone::ProgressTone;
use media::voice_activity::Activity;
use media::{Codec, Command, Event, Finding, Listening, PortId, tone};

#[test]
fn speech_clipping_and_tones_are_found_in_every_codec_if_asked_for() {
    for codec in Codec::ALL {
        let mut world = World::new();
        let caller = world.phone(1, codec, 0.0);
        listen(&mut world, caller, Listening { speech: true, clipping: false, tones: true });
        let quiet = |ms: usize| vec![0; ms * 8];
        let ring = tone::sine(425.0, 5_000, 0, 8_000);
        say(&mut world, caller, &[quiet(400), ring.clone(), quiet(1_600), ring, quiet(1_600)].concat());
        let found = found(&mut world);
        let rings = found.iter().filter(|finding| **finding == Finding::Tone(ProgressTone::Ringing)).count();
        let spoken: Vec<_> = found
            .iter()
            .filter_map(|finding| match finding {
                Finding::Speech(Activity::Ended { length }) => Some(length.as_millis()),
                _ => None,
            })
            .collect();
        assert_eq!((rings, spoken.len()), (2, 2), "{codec:?}: {found:?}");
        assert!(spoken.iter().all(|ms| ms.abs_diff(1_000) < 60), "{codec:?}: {spoken:?}");
    }
}

#[test]
fn nothing_is_told_that_nobody_asked_for() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    world.run(ms(500));
    listen(&mut world, caller, Listening { speech: true, clipping: true, tones: true });
    listen(&mut world, caller, Listening::NOTHING);
    world.run(ms(2_000));
    assert_eq!(found(&mut world), []);
}

#[test]
fn to_listen_to_a_relayed_call_costs_it_nothing() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Opus, 440.0);
    let agent = world.phone(2, Codec::Opus, 660.0);
    world.command(Command::Bridge { a: caller, b: agent });
    world.run(ms(500));
    world.net.sent.clear();
    listen(&mut world, caller, Listening { speech: true, clipping: false, tones: false });
    world.run(ms(500));
    let sent = world.take_sent(agent);
    assert_eq!(sent.len(), 25);
    assert!(sent.iter().all(|sent| !sent.header().marker));
    assert!(matches!(found(&mut world)[..], [Finding::Speech(Activity::Began { .. })]));
}

fn listen(world: &mut World, port: PortId, wanted: Listening) {
    world.command(Command::Listen { port, wanted });
}

fn say(world: &mut World, port: PortId, sound: &[i16]) {
    for frame in sound.chunks_exact(160) {
        let datagram = world.phone_of(port).packet_of(frame);
        world.packet(port, datagram);
        world.pass(ms(20));
    }
}

fn found(world: &mut World) -> Vec<Finding> {
    let events = world.take_events().into_iter();
    events
        .filter_map(|event| match event {
            Event::Found { finding, .. } => Some(finding),
            _ => None,
        })
        .collect()
}
