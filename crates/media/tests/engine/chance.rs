//! Orders, packets and time in any order: nothing panics, the picture stays sound, nothing is left behind.

use crate::world::{World, clip, ms};
use base::IdSource;
use media::{
    Codec, Command, ConferenceKey, Digit, Engine, Event, Format, Hears, PortId, RecordingKey, SampleRate,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// How many ports there are.
pub(crate) const PORTS: u8 = 5;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Open(u8),
    OpenLine(u8, bool),
    Configure(u8, bool, bool),
    SpeakAnew(u8, Codec),
    Bridge(u8, u8),
    Unbridge(u8),
    Play(u8, u16, bool),
    Announce(u8, u16),
    StopPlay(u8),
    SendDigit(u8),
    Echo(u8, bool),
    Record(u8, u8, Option<u8>),
    MaskRecord(u8, bool, bool),
    StopRecord(u8),
    Join(u8, u8, bool, bool),
    Hear(u8, u8, bool),
    Leave(u8),
    Listen(u8, bool, bool),
    Close(u8),
    Garbage(u8, Vec<u8>),
    Wait(u16),
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    // The last two have no phones: they are nobody's, or lines to programs.
    let port = || 1..=PORTS + 2;
    let phone = || 1..=PORTS;
    prop_oneof![
        1 => port().prop_map(Step::Open),
        1 => (port(), any::<bool>()).prop_map(|(port, wide)| Step::OpenLine(port, wide)),
        1 => (phone(), any::<bool>(), any::<bool>()).prop_map(|(port, send, receive)| Step::Configure(port, send, receive)),
        1 => (phone(), 0..4usize).prop_map(|(port, codec)| Step::SpeakAnew(port, Codec::ALL[codec])),
        3 => (port(), port()).prop_map(|(a, b)| Step::Bridge(a, b)),
        1 => port().prop_map(Step::Unbridge),
        2 => (port(), 0u16..400, any::<bool>()).prop_map(|(port, length, repeat)| Step::Play(port, length, repeat)),
        1 => (port(), 0u16..400).prop_map(|(port, length)| Step::Announce(port, length)),
        1 => port().prop_map(Step::StopPlay),
        1 => port().prop_map(Step::SendDigit),
        1 => (port(), any::<bool>()).prop_map(|(port, on)| Step::Echo(port, on)),
        1 => (0u8..2, port(), proptest::option::of(port())).prop_map(|(key, left, right)| Step::Record(key, left, right)),
        1 => (0u8..2, any::<bool>(), any::<bool>()).prop_map(|(key, left, right)| Step::MaskRecord(key, left, right)),
        1 => (0u8..2).prop_map(Step::StopRecord),
        1 => (port(), 0u8..2, any::<bool>(), any::<bool>()).prop_map(|(port, key, speaks, listens)| Step::Join(port, key, speaks, listens)),
        3 => (port(), port(), prop_oneof![3 => Just(true), 1 => Just(false)]).prop_map(|(listener, speaker, on)| Step::Hear(listener, speaker, on)),
        1 => port().prop_map(Step::Leave),
        1 => (port(), any::<bool>(), any::<bool>()).prop_map(|(port, speech, tones)| Step::Listen(port, speech, tones)),
        1 => port().prop_map(Step::Close),
        1 => (phone(), proptest::collection::vec(any::<u8>(), 0..80)).prop_map(|(port, bytes)| Step::Garbage(port, bytes)),
        2 => (0u16..200).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_happens_the_picture_is_sound_and_both_engines_draw_the_same(steps in proptest::collection::vec(step(), 1..60)) {
        let mut worlds = [Engine::new(IdSource::new(1)), Engine::silent(IdSource::new(1))].map(|engine| {
            let mut world = World::with(engine);
            for port in 1..=PORTS {
                world.phone(port, Codec::ALL[usize::from(port) % 4], 440.0);
            }
            world
        });
        for (number, step) in steps.iter().enumerate() {
            for world in &mut worlds {
                take(world, number as u64, step);
                check(&world.engine);
            }
        }
        // Plays with an end have come to it by now in both.
        for world in &mut worlds {
            world.run(ms(1_000));
        }
        prop_assert_eq!(worlds[0].engine.routes(), worlds[1].engine.routes());
        prop_assert_eq!(worlds[0].engine.recordings().collect::<Vec<_>>(), worlds[1].engine.recordings().collect::<Vec<_>>());
        for world in &mut worlds {
            for port in 1..=PORTS + 2 {
                take(world, 0, &Step::Close(port));
            }
            world.pass(ms(1));
            prop_assert!(world.engine.is_empty());
            prop_assert_eq!(world.engine.poll_timeout(), None);
        }
        let told = worlds.map(|world| lasting(&world.events));
        prop_assert_eq!(&told[0], &told[1]);
    }
}

/// How often each event was told that must come the same from both engines: ends of ports, plays and recordings.
fn lasting(events: &[Event]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        let line = match event {
            Event::Closed { port, .. } => format!("{port} closed"),
            Event::OpenFailed { port } => format!("{port} not opened"),
            Event::RecordingStopped { recording, .. } => format!("{recording} stopped"),
            Event::Played { .. }
            | Event::Digit { .. }
            | Event::FirstPacket { .. }
            | Event::NoMedia { .. }
            | Event::Found { .. }
            | Event::OneWay { .. }
            | Event::Measured { .. }
            | Event::Sealed { .. }
            | Event::Unsealable { .. }
            | Event::ConsentLapsed { .. }
            | Event::ConsentRenewed { .. }
            | Event::WayRestored { .. } => continue,
            Event::JoinRefused { port, conference } => format!("{port} not in {conference}"),
            Event::BridgeRefused { a, b } => format!("{a} and {b} are apart"),
            Event::HearRefused { listener, speaker } => format!("{listener} does not hear {speaker}"),
        };
        *counts.entry(line).or_insert(0) += 1;
    }
    counts
}

/// What holds at every moment.
fn check(engine: &Engine) {
    let mut routes: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for route in engine.routes() {
        routes.entry(route.listener).or_default().push(route.hears);
    }
    assert_eq!(routes.len(), engine.ports().len());
    for (listener, voices) in &routes {
        for (number, hears) in voices.iter().enumerate() {
            assert!(!voices[..number].contains(hears), "a voice is heard once");
            match hears {
                Hears::Port(speaker) => {
                    assert_ne!(listener, speaker);
                    assert!(routes.contains_key(speaker), "who is heard is there");
                }
                Hears::Nothing | Hears::Play(_) => assert_eq!(voices.len(), 1),
                Hears::Itself | Hears::Conference(_) => assert_eq!(number, 0),
            }
        }
    }
    let members: usize = engine.conferences().map(|(_, members)| members).sum();
    assert!(members <= routes.len() && engine.conferences().all(|(_, members)| members > 0));
    for (_, left, right) in engine.recordings() {
        assert!(left.is_some() || right.is_some());
        assert!([left, right].into_iter().flatten().all(|port| routes.contains_key(&port)));
    }
}

pub(crate) fn take(world: &mut World, number: u64, step: &Step) {
    let id = |port: u8| PortId::from_u64(port.into());
    let recording = |key: u8| RecordingKey::from_u64(key.into());
    let command = match step.clone() {
        Step::Open(port) => Command::Open { port: id(port) },
        Step::Configure(port, send, receive) => return world.configure(id(port), send, receive),
        Step::SpeakAnew(port, codec) => return world.speak_anew(id(port), Format::of(codec)),
        Step::OpenLine(port, wide) => {
            let rate = if wide { SampleRate::Wide } else { SampleRate::Narrow };
            Command::OpenLine { port: id(port), rate }
        }
        Step::Bridge(a, b) => Command::Bridge { a: id(a), b: id(b) },
        Step::Unbridge(port) => Command::Unbridge { port: id(port) },
        Step::Play(port, length, repeat) => {
            let clips = vec![clip(880.0, ms(length.into()))];
            Command::Play { port: id(port), play: number, clips, repeat: repeat && length > 0 }
        }
        Step::Announce(port, length) => {
            let clips = vec![clip(660.0, ms(length.into()))];
            Command::Announce { port: id(port), play: number, clips }
        }
        Step::StopPlay(port) => Command::StopPlay { port: id(port) },
        Step::SendDigit(port) => {
            let Some(digit) = Digit::from_code(port) else { return };
            Command::SendDigit { port: id(port), digit, duration_ms: 100 }
        }
        Step::Echo(port, on) => Command::Echo { port: id(port), on },
        Step::Record(key, left, right) => {
            Command::Record { recording: recording(key), left: id(left), right: right.map(id) }
        }
        Step::MaskRecord(key, left, right) => Command::MaskRecord { recording: recording(key), left, right },
        Step::StopRecord(key) => Command::StopRecord { recording: recording(key) },
        Step::Join(port, key, speaks, listens) => {
            let conference = ConferenceKey::from_u64(key.into());
            Command::Join { port: id(port), conference, speaks, listens }
        }
        Step::Hear(listener, speaker, on) => {
            Command::Hear { listener: id(listener), speaker: id(speaker), on }
        }
        Step::Listen(port, speech, tones) => {
            let wanted = media::Listening { speech, clipping: speech != tones, tones };
            Command::Listen { port: id(port), wanted }
        }
        Step::Leave(port) => Command::Leave { port: id(port) },
        Step::Close(port) => Command::Close { port: id(port) },
        Step::Garbage(port, bytes) => {
            let source = world.phone_of(id(port)).address;
            world.report_from(source, id(port), bytes.clone());
            return world.packet(id(port), bytes);
        }
        Step::Wait(millis) => return world.run(ms(millis.into())),
    };
    world.command(command);
}
