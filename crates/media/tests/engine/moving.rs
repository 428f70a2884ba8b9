//! Ports that move from engine to engine while they talk: nobody hears it.

use crate::chance::{PORTS, Step, step, take};
use crate::world::{Sent, World, assert_tone, clip, ms};
use base::{Duration, IdSource};
use media::{
    Channel, Codec, Command, ConferenceKey, Engine, Event, Format, Hears, Keying, PortId, Profile, Recorded,
    RecordingKey, Route, Sealing,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Act {
    Take(Step),
    Move(u8, usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => step().prop_map(Act::Take),
        1 => (1..=PORTS + 2, 0..ENGINES).prop_map(|(port, to)| Act::Move(port, to)),
    ]
}

/// How many engines there are to move between.
const ENGINES: usize = 3;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn whatever_moves_whenever_the_same_is_sent_told_recorded_and_drawn(
        acts in proptest::collection::vec(act(), 1..60),
        is_silent in prop_oneof![3 => Just(false), 1 => Just(true)],
    ) {
        let make = if is_silent { Engine::silent } else { Engine::new };
        let [mut still, mut moving] = [1, ENGINES].map(|engines| {
            let mut world = fleet(engines, make);
            for port in 1..=PORTS {
                world.phone(port, Codec::ALL[usize::from(port) % 4], 440.0);
            }
            world
        });
        for (number, act) in acts.iter().enumerate() {
            match act {
                Act::Take(step) => [&mut still, &mut moving].into_iter().for_each(|world| take(world, number as u64, step)),
                Act::Move(port, to) => moving.send_to(PortId::from_u64((*port).into()), *to),
            }
            // A number is not given anew before the good-bye of who had it is said, wherever that was.
            [&mut still, &mut moving].into_iter().for_each(|world| world.pass(Duration::ZERO));
            prop_assert_eq!(routes(&still), routes(&moving));
        }
        for world in [&mut still, &mut moving] {
            world.run(ms(1_000));
            for port in 1..=PORTS + 2 {
                take(world, 0, &Step::Close(port));
            }
            world.run(ms(100));
        }
        compare(&still, &moving);
        for world in [&mut still, &mut moving] {
            let ports: Vec<_> = world.engines().flat_map(Engine::ports).filter(|port| is_anchor(*port)).collect();
            for port in ports {
                world.command(Command::Close { port });
            }
            world.pass(ms(1));
            prop_assert!(world.engines().all(Engine::is_empty));
        }
    }
}

#[test]
fn a_sealed_transcoded_recorded_bridge_that_moves_sounds_as_one_that_stays() {
    let [still, moving] = [false, true].map(|moves| {
        let mut world = fleet(ENGINES, Engine::new);
        let caller = world.phone(1, Codec::G722, 440.0);
        let agent = world.phone_with(2, Format { ptime_ms: 40, ..Format::of(Codec::Opus) }, 660.0);
        for port in [caller, agent] {
            world.seal(port, sealing());
        }
        world.command(Command::Bridge { a: caller, b: agent });
        let recording = RecordingKey::from_u64(1);
        world.command(Command::Record { recording, left: caller, right: Some(agent) });
        for to in [1, 2, 1, 0, 2, 0, 1] {
            world.run(ms(380));
            if moves {
                world.send_to(agent, to);
            }
        }
        world.run(ms(300));
        world.command(Command::StopRecord { recording });
        world.run(ms(20));
        world
    });
    compare(&still, &moving);
    let mut moving = moving;
    for (port, heard) in [(1, 660.0), (2, 440.0)] {
        let sound = moving.take_heard(PortId::from_u64(port));
        assert_tone(&sound[1_600..], heard);
    }
    assert!(
        moving.net.recorded.len() > 200 && matches!(moving.net.recorded.last(), Some(Recorded::End { .. }))
    );
}

#[test]
fn a_conference_that_moves_sounds_as_one_that_stays() {
    let [still, moving] = [false, true].map(|moves| {
        let mut world = fleet(ENGINES, Engine::new);
        let conference = ConferenceKey::from_u64(1);
        let ports = [(1, Codec::Pcmu, 440.0), (2, Codec::G722, 660.0), (3, Codec::Opus, 880.0)];
        let ports = ports.map(|(number, codec, frequency)| world.phone(number, codec, frequency));
        for port in ports {
            world.command(Command::Join { port, conference, speaks: true, listens: true });
        }
        world.seal(ports[0], sealing());
        let recording = RecordingKey::from_u64(1);
        world.command(Command::Record { recording, left: ports[0], right: Some(ports[2]) });
        let clips = vec![clip(440.0, ms(400))];
        for (turn, to) in [1, 2, 0, 2].into_iter().enumerate() {
            world.run(ms(211));
            if moves {
                world.send_to(ports[turn % 3], to);
            }
            world.command(Command::Play {
                port: ports[1],
                play: to as u64,
                clips: clips.clone(),
                repeat: false,
            });
            let digit = media::Digit::from_char('5').unwrap();
            world.command(Command::SendDigit { port: ports[0], digit, duration_ms: 100 });
        }
        world.run(ms(600));
        world
    });
    compare(&still, &moving);
    assert!(moving.events.iter().any(|event| matches!(event, Event::Played { .. })));
}

#[test]
fn what_is_played_goes_on_when_it_was_due_whatever_the_turns_are_where_it_comes() {
    // The other engine's turns lie anywhere: a port of its own plays there since some other moment.
    for offset in [0, 1, 700, 4_000, 11_000, 19_500] {
        let mut world = World::new();
        world.others.push(Engine::new(IdSource::new(2)));
        let there = world.phone(1, Codec::Pcmu, 0.0);
        world.send_to(there, 1);
        world.command(play(there, 880.0));
        world.run(ms(100));
        world.pass(Duration::from_micros(offset));
        let here = world.phone(2, Codec::Pcmu, 0.0);
        world.command(play(here, 440.0));
        world.run(ms(211));
        world.send_to(here, 1);
        world.run(ms(300));
        world.send_to(here, 0);
        world.run(ms(300));
        let sent = world.take_sent(here);
        for pair in sent.windows(2) {
            let apart = pair[1].at.since(pair[0].at).as_micros().abs_diff(20_000);
            assert!(apart <= 1_000, "{offset} µs: {apart} µs off");
            assert_follows(&pair[0], &pair[1]);
        }
        assert_eq!(sent.iter().filter(|sent| sent.header().marker).count(), 1);
        // At the edges of the time measured a packet more or less.
        assert!(sent.len().abs_diff(811 / 20) <= 1, "{} packets", sent.len());
    }
}

#[test]
fn a_mix_that_comes_between_the_turns_of_other_mixes_misses_none_and_has_none_twice() {
    for offset in [1, 3_000, 9_900, 10_100, 17_000, 19_999] {
        let mut world = World::new();
        world.others.push(Engine::new(IdSource::new(2)));
        let join = |world: &mut World, port, key| {
            let conference = ConferenceKey::from_u64(key);
            world.command(Command::Join { port, conference, speaks: true, listens: true });
        };
        let there = world.phone(1, Codec::Pcmu, 0.0);
        world.send_to(there, 1);
        join(&mut world, there, 1);
        world.run(ms(100));
        world.pass(Duration::from_micros(offset));
        let here = [(2, 440.0), (3, 660.0)].map(|(number, tone)| world.phone(number, Codec::Pcmu, tone));
        for port in here {
            join(&mut world, port, 2);
        }
        world.run(ms(1_000));
        world.take_sent(here[0]);
        world.send_to(here[0], 1);
        world.run(ms(1_000));
        let sent = world.net.sent.iter().filter(|sent| sent.port == here[0] && sent.channel == Channel::Rtp);
        let sent: Vec<_> = sent.cloned().collect();
        for pair in sent.windows(2) {
            let apart = pair[1].at.since(pair[0].at).as_millis();
            assert!((10..=40).contains(&apart), "{offset} µs: {apart} ms");
            assert_follows(&pair[0], &pair[1]);
        }
        assert!(sent.len().abs_diff(50) <= 1, "{} packets", sent.len());
        let sound = world.take_heard(here[0]);
        let loud =
            sound.chunks_exact(80).filter(|piece| piece.iter().any(|sample| sample.abs() > 1_000)).count();
        assert_eq!(loud, sound.len() / 80, "{offset} µs: no gap");
    }
}

#[test]
fn a_tie_to_a_port_that_stays_is_cut_without_a_word() {
    let mut world = World::new();
    world.others.push(Engine::new(IdSource::new(2)));
    let [a, b, c, d] = [1, 2, 3, 4].map(|number| world.phone(number, Codec::Pcmu, 440.0));
    let conference = ConferenceKey::from_u64(1);
    world.command(Command::Bridge { a, b });
    for port in [c, d] {
        world.command(Command::Join { port, conference, speaks: true, listens: true });
    }
    world.command(Command::Hear { listener: d, speaker: a, on: true });
    world.command(Command::Hear { listener: a, speaker: d, on: true });
    let [first, second] = [1, 2].map(RecordingKey::from_u64);
    world.command(Command::Record { recording: first, left: a, right: Some(b) });
    world.command(Command::Record { recording: second, left: c, right: None });
    world.run(ms(100));
    world.take_events();
    let now = world.now;
    let parcel = world.engine.release(&[a, c, PortId::from_u64(9), a], now);
    assert_eq!(
        parcel.ports().collect::<Vec<_>>().len(),
        2,
        "who is not here is left out, and nobody goes twice"
    );
    assert_eq!(
        format!("{parcel:?}"),
        "Parcel { ports: [PT-0000000000001, PT-0000000000003], recordings: [RC-0000000000002], conferences: [] }"
    );
    world.others[0].adopt(parcel, now);
    world.run(ms(100));
    let lines = |engine: &Engine| {
        engine.routes().iter().map(|route| (route.listener, route.hears)).collect::<Vec<_>>()
    };
    assert_eq!(lines(&world.engine), [(b, Hears::Nothing), (d, Hears::Conference(conference))]);
    assert_eq!(lines(&world.others[0]), [(a, Hears::Nothing), (c, Hears::Nothing)]);
    assert_eq!(world.engine.recordings().collect::<Vec<_>>(), [(first, None, Some(b))]);
    assert_eq!(world.others[0].recordings().collect::<Vec<_>>(), [(second, Some(c), None)]);
    assert_eq!(world.take_events(), []);
}

#[test]
fn what_there_is_no_room_for_ends_and_is_told() {
    for make in [Engine::new, Engine::silent] {
        let mut world = World::with(make(IdSource::new(1)));
        let [a, b, c] = [1, 2, 3].map(|number| world.phone(number, Codec::Pcmu, 0.0));
        let recording = RecordingKey::from_u64(1);
        world.command(Command::Bridge { a, b });
        world.command(Command::Record { recording, left: b, right: Some(c) });
        let mut full = make(IdSource::new(2));
        let now = world.now;
        full.handle_command(Command::Open { port: b }, now);
        full.handle_command(Command::Record { recording, left: b, right: None }, now);
        for number in 10..10 + media::engine::PORTS_MAX as u64 - 2 {
            full.handle_command(Command::Open { port: PortId::from_u64(number) }, now);
        }
        let parcel = world.engine.release(&[a, b, c], now);
        full.adopt(parcel, now);
        full.handle_timeout(now, &mut world.net);
        let mut told = vec![];
        while let Some(event) = full.poll_event() {
            told.push(match event {
                Event::OpenFailed { port } => format!("{port} failed"),
                Event::Closed { port, .. } => format!("{port} closed"),
                other => format!("{other:?}"),
            });
        }
        assert_eq!(told, ["PT-0000000000002 failed", "PT-0000000000003 closed"]);
        assert_eq!(full.ports().len(), media::engine::PORTS_MAX);
        assert_eq!(
            full.routes()[0],
            Route { listener: a, hears: Hears::Nothing },
            "its partner is not there"
        );
        assert_eq!(full.recordings().collect::<Vec<_>>(), [(recording, Some(b), None)], "as it was");
        assert!(world.engine.is_empty() && world.engine.poll_timeout().is_none());
    }
}

#[test]
fn a_recording_whose_sides_find_no_room_ends() {
    for make in [Engine::new, Engine::silent] {
        let mut world = World::with(make(IdSource::new(1)));
        let a = world.phone(1, Codec::Pcmu, 0.0);
        world.command(Command::Record { recording: RecordingKey::from_u64(1), left: a, right: None });
        let now = world.now;
        let mut other = make(IdSource::new(2));
        other.handle_command(Command::Open { port: a }, now);
        other.adopt(world.engine.release(&[a], now), now);
        other.handle_timeout(now, &mut world.net);
        assert_eq!(other.poll_event(), Some(Event::OpenFailed { port: a }));
        assert!(matches!(other.poll_event(), Some(Event::RecordingStopped { .. })));
        assert_eq!(other.recordings().count(), 0);
    }
}

#[test]
fn a_conference_takes_up_its_namesake_as_far_as_there_is_room() {
    let mut engines = [1, 2].map(|seed| Engine::new(IdSource::new(seed)));
    let world = World::new();
    let conference = ConferenceKey::from_u64(1);
    let ports: Vec<_> = (1..=300).map(PortId::from_u64).collect();
    for port in &ports {
        let engine = &mut engines[usize::from(port.as_u64() > 200)];
        engine.handle_command(Command::Open { port: *port }, world.now);
        engine.handle_command(
            Command::Join { port: *port, conference, speaks: true, listens: true },
            world.now,
        );
    }
    let [from, to] = &mut engines;
    let parcel = from.release(&ports, world.now);
    assert!(from.is_empty());
    to.adopt(parcel, world.now);
    assert_eq!(to.conferences().collect::<Vec<_>>(), [(conference, media::conference::CONFERENCE_PORTS_MAX)]);
    let refused =
        core::iter::from_fn(|| to.poll_event()).filter(|event| matches!(event, Event::JoinRefused { .. }));
    assert_eq!(refused.count(), 300 - media::conference::CONFERENCE_PORTS_MAX);
    to.adopt(Engine::new(IdSource::new(3)).release(&[], world.now), world.now);
    assert_eq!(to.ports().len(), 300);
}

#[test]
fn reports_go_on_under_the_same_name_from_wherever_the_port_is() {
    let mut world = World::new();
    world.others.push(Engine::new(IdSource::new(2)));
    let a = world.phone(1, Codec::Pcmu, 440.0);
    world.command(Command::Echo { port: a, on: true });
    for turn in 0..60 {
        // More often than an engine looks at its ports.
        world.send_to(a, turn % 2);
        world.run(ms(700));
    }
    let reports: Vec<_> = world.net.sent.iter().filter(|sent| sent.channel == Channel::Rtcp).collect();
    assert!((4..=17).contains(&reports.len()), "{} reports in 42 s", reports.len());
    let name = |sent: &&Sent| sent.datagram[sent.datagram.len() - 20..].to_vec();
    assert!(reports.iter().all(|sent| name(sent) == name(&reports[0])));
}

/// Engines whose turns all lie on the same beat, as those of one engine do: in each of them somebody plays, and somebody is
/// in a conference of their own.
fn fleet(engines: usize, make: fn(IdSource) -> Engine) -> World {
    let mut world = World::with(make(IdSource::new(1)));
    world.net.says = Some(Box::new(|frame| frame.fill(1_000)));
    for home in 0..engines {
        if home > 0 {
            world.others.push(make(IdSource::new(1 + home as u64)));
        }
        let now = world.now;
        let engine = world.engine_at(home);
        let [player, member] = [ANCHORS, ANCHORS + 1].map(|port| PortId::from_u64(port + 2 * home as u64));
        for port in [player, member] {
            engine.handle_command(Command::Open { port }, now);
        }
        engine.handle_command(play(player, 440.0), now);
        let conference = ConferenceKey::from_u64(member.as_u64());
        engine.handle_command(Command::Join { port: member, conference, speaks: true, listens: true }, now);
    }
    world.home_anchors();
    world
}

/// From here on ports only keep the beat.
const ANCHORS: u64 = 1_000;

fn is_anchor(port: PortId) -> bool {
    port.as_u64() >= ANCHORS
}

fn play(port: PortId, frequency: f64) -> Command {
    Command::Play { port, play: 1, clips: vec![clip(frequency, ms(500))], repeat: true }
}

fn sealing() -> Sealing {
    let [ours, theirs] = [1, 2].map(|byte| {
        Keying::new(Profile::AesCm128HmacSha1Tag80, &[byte; 30]).expect("the key has its length")
    });
    Sealing { ours, theirs }
}

fn assert_follows(first: &Sent, second: &Sent) {
    assert_eq!(second.header().sequence, first.header().sequence.next());
    assert_eq!(second.header().timestamp.distance_from(first.header().timestamp), 160);
    assert_eq!(second.header().ssrc, first.header().ssrc);
}

fn routes(world: &World) -> Vec<Route> {
    let mut routes: Vec<_> =
        world.engines().flat_map(Engine::routes).filter(|route| !is_anchor(route.listener)).collect();
    routes.sort_by_key(|route| route.listener);
    routes
}

/// Asserts that the same happened in two worlds, at each port and in each recording.
fn compare(still: &World, moving: &World) {
    let sent = |world: &World| {
        let mut ports = BTreeMap::<_, Vec<_>>::new();
        for sent in world.net.sent.iter().filter(|sent| !is_anchor(sent.port)) {
            ports.entry((sent.port, sent.channel)).or_default().push((
                sent.at,
                sent.destination,
                sent.datagram.clone(),
            ));
        }
        ports
    };
    let recorded = |world: &World| {
        let mut sides = BTreeMap::<_, Vec<_>>::new();
        for recorded in &world.net.recorded {
            let key = match recorded {
                Recorded::Sound(frame) => (frame.recording, Some(frame.side)),
                Recorded::End { recording, .. } => (*recording, None),
            };
            sides.entry(key).or_default().push(recorded.clone());
        }
        sides
    };
    let told = |world: &World| {
        let mut subjects = BTreeMap::<_, Vec<_>>::new();
        for event in &world.events {
            let subject = match event {
                Event::RecordingStopped { recording, .. } => recording.to_string(),
                Event::Digit { port, .. }
                | Event::Played { port, .. }
                | Event::FirstPacket { port }
                | Event::NoMedia { port, .. }
                | Event::OneWay { port, .. }
                | Event::WayRestored { port, .. }
                | Event::Closed { port, .. }
                | Event::Found { port, .. }
                | Event::JoinRefused { port, .. }
                | Event::OpenFailed { port }
                | Event::HearRefused { listener: port, .. } => port.to_string(),
                Event::Measured { .. }
                | Event::Sealed { .. }
                | Event::Unsealable { .. }
                | Event::ConsentLapsed { .. }
                | Event::ConsentRenewed { .. }
                | Event::BridgeRefused { .. } => unreachable!("{event:?} is told by drivers, or kept apart"),
            };
            subjects.entry(subject).or_default().push(*event);
        }
        subjects
    };
    let (before, after) = (sent(still), sent(moving));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (port, sent) in &before {
        let first = sent.iter().zip(&after[port]).position(|(one, other)| one != other);
        assert_eq!(first.map(|at| (&sent[at], &after[port][at])), None, "of {port:?}, number {first:?}");
        assert_eq!(sent.len(), after[port].len(), "{port:?}");
    }
    assert_eq!(recorded(still), recorded(moving));
    assert_eq!(told(still), told(moving));
    assert_eq!(still.net.given, moving.net.given);
}
