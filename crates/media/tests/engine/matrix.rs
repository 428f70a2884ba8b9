//! Listen, whisper, barge in, take over: who hears whom, measured by tones; and what it costs those who are listened to.

use crate::world::{Sent, World, clip, ms};
use media::{Codec, Command, ConferenceKey, Event, Hears, PortId, tone};

/// The voices of caller, agent and supervisor.
const VOICES: [f64; 3] = [440.0, 660.0, 880.0];

#[test]
fn a_supervisor_listens_whispers_barges_in_and_takes_over() {
    use Codec::{G722, Opus, Pcma, Pcmu};
    for codecs in [[Pcmu, Pcma, Pcmu], [Opus, Opus, Pcmu], [Pcmu, Opus, G722], [G722, G722, Opus]] {
        let (mut world, [caller, agent, supervisor]) = watched(codecs);
        assert_eq!(heard(&mut world), ["agent", "caller", "-"], "{codecs:?}");

        hear(&mut world, supervisor, caller, true);
        hear(&mut world, supervisor, agent, true);
        assert_eq!(heard(&mut world), ["agent", "caller", "caller agent"], "listens, {codecs:?}");

        hear(&mut world, agent, supervisor, true);
        assert_eq!(heard(&mut world), ["agent", "caller supervisor", "caller agent"], "whispers, {codecs:?}");

        hear(&mut world, caller, supervisor, true);
        assert_eq!(
            heard(&mut world),
            ["agent supervisor", "caller supervisor", "caller agent"],
            "barges in, {codecs:?}"
        );

        for (listener, speaker) in
            [(caller, supervisor), (agent, supervisor), (supervisor, caller), (supervisor, agent)]
        {
            hear(&mut world, listener, speaker, false);
        }
        assert_eq!(heard(&mut world), ["agent", "caller", "-"], "is gone, {codecs:?}");

        world.command(Command::Bridge { a: caller, b: supervisor });
        assert_eq!(heard(&mut world), ["supervisor", "-", "caller"], "takes over, {codecs:?}");
    }
}

#[test]
fn the_picture_shows_every_voice() {
    let (mut world, [caller, agent, supervisor]) = watched([Codec::Pcmu; 3]);
    for (listener, speaker) in
        [(supervisor, caller), (supervisor, agent), (agent, supervisor), (agent, caller)]
    {
        hear(&mut world, listener, speaker, true);
    }
    let lines = |world: &World| -> Vec<_> {
        world.engine.routes().iter().map(|route| (route.listener, route.hears)).collect()
    };
    let all = [
        (caller, Hears::Port(agent)),
        (agent, Hears::Port(caller)),
        (agent, Hears::Port(supervisor)),
        (supervisor, Hears::Port(caller)),
        (supervisor, Hears::Port(agent)),
    ];
    assert_eq!(lines(&world), all, "who is heard twice over is heard once");
    world.command(Command::Play {
        port: supervisor,
        play: 1,
        clips: vec![clip(880.0, ms(100))],
        repeat: true,
    });
    assert_eq!(lines(&world)[3..], [(supervisor, Hears::Play(1))]);
    world.command(Command::Close { port: caller });
    assert_eq!(lines(&world), [(agent, Hears::Port(supervisor)), (supervisor, Hears::Play(1))]);
}

#[test]
fn to_be_listened_to_costs_not_one_packet() {
    let (mut world, [caller, agent, supervisor]) = watched([Codec::Pcmu, Codec::Pcma, Codec::Opus]);
    world.run(ms(500));
    world.net.sent.clear();
    for round in 0..10 {
        for speaker in [caller, agent] {
            hear(&mut world, supervisor, speaker, round % 2 == 0);
        }
        world.run(ms(200));
    }
    for port in [caller, agent] {
        let sent = world.take_sent(port);
        assert_eq!(sent.len(), 100);
        assert_unbroken(&sent);
        assert!(sent.iter().all(|sent| !sent.header().marker), "it was relayed all the time");
    }
}

#[test]
fn to_be_whispered_to_costs_at_most_one_packet() {
    use Codec::{G722, Opus, Pcmu};
    for (codecs, listens) in [
        ([Pcmu; 3], true),
        ([Pcmu; 3], false),
        ([G722; 3], true),
        ([Opus; 3], true),
        ([Pcmu, Opus, Pcmu], true),
    ] {
        let (mut world, [caller, agent, supervisor]) = watched(codecs);
        world.phone_of(supervisor).talks = false;
        for speaker in [caller, agent] {
            hear(&mut world, supervisor, speaker, listens);
        }
        world.run(ms(500));
        world.take_sent(agent);
        for whispers in [true, false, true, false] {
            hear(&mut world, agent, supervisor, whispers);
            world.run(ms(1_000));
        }
        let sent = world.net.sent.clone();
        let sound = world.take_heard(agent);
        let sent: Vec<_> = sent.into_iter().filter(|sent| sent.port == agent).collect();
        // Four changes; a tick more or less is the edge of the time measured.
        assert!(sent.len().abs_diff(200) <= 5, "{codecs:?}: {} packets", sent.len());
        for pair in sent.windows(2) {
            assert_eq!(pair[1].header().sequence, pair[0].header().sequence.next(), "{codecs:?}");
        }
        let sound = &sound[400..];
        let mut silent = 0;
        for window in sound.chunks_exact(80) {
            silent += usize::from(window.iter().all(|sample| sample.abs() < 1_000));
        }
        assert_eq!(silent, 0, "{codecs:?}: {silent} times 10 ms without the caller");
        // At a change the tone takes up anew; everywhere else it is pure.
        let impure = sound.chunks_exact(400).filter(|window| tone::share(window, 440.0) < 0.9).count();
        assert!(impure <= 8, "{codecs:?}: {impure} times 50 ms of {}", sound.len() / 400);
    }
}

#[test]
fn the_end_of_a_whisper_takes_nothing_from_who_listens_and_from_the_recording() {
    for codec in [Codec::Pcmu, Codec::G722, Codec::Opus] {
        let (mut world, [caller, agent, supervisor]) = watched([codec; 3]);
        world.phone_of(supervisor).talks = false;
        let recording = media::RecordingKey::from_u64(1);
        world.command(Command::Record { recording, left: caller, right: Some(agent) });
        for speaker in [caller, agent] {
            hear(&mut world, supervisor, speaker, true);
        }
        world.run(ms(1_000));
        let concealed = |world: &World| world.engine.quality(caller).unwrap().decoding.concealed;
        let before = concealed(&world);
        world.take_heard(supervisor);
        for _ in 0..4 {
            hear(&mut world, agent, supervisor, true);
            world.run(ms(500));
            hear(&mut world, agent, supervisor, false);
            world.run(ms(500));
        }
        assert_eq!(concealed(&world), before, "{codec:?}: nothing had to be made up for the others");
        let sound = &world.take_heard(supervisor)[800..];
        let torn = sound
            .chunks_exact(400)
            .filter(|window| tone::share(window, 440.0) + tone::share(window, 660.0) < 0.85);
        assert_eq!(torn.count(), 0, "{codec:?}: the supervisor heard both without a tear");
    }
}

#[test]
fn who_hears_a_mix_gets_keys_and_prompts_as_before() {
    let (mut world, [_, agent, supervisor]) = watched([Codec::Pcmu; 3]);
    hear(&mut world, agent, supervisor, true);
    world.run(ms(500));
    world.command(Command::Play { port: agent, play: 7, clips: vec![clip(1_000.0, ms(500))], repeat: false });
    world.run(ms(300));
    world.take_heard(agent);
    world.run(ms(180));
    assert!(tone::share(&world.take_heard(agent), 1_000.0) > 0.9, "a prompt goes before the mix");
    world.run(ms(500));
    assert!(world.take_events().contains(&Event::Played { port: agent, play: 7 }));
    assert_eq!(heard(&mut world)[1], "caller supervisor");
    let digit = rtp::Digit::from_char('5').unwrap();
    world.command(Command::SendDigit { port: agent, digit, duration_ms: 100 });
    world.run(ms(300));
    let sent = world.take_sent(agent);
    assert_eq!(sent.iter().filter(|sent| sent.header().payload_type == crate::world::EVENTS).count(), 7);
}

#[test]
fn in_a_conference_rights_change_without_a_gap() {
    let mut world = World::new();
    let ports = [(1, Codec::Pcmu), (2, Codec::Opus), (3, Codec::G722)]
        .map(|(number, codec)| world.phone(number, codec, VOICES[usize::from(number) - 1]));
    for port in ports {
        join(&mut world, port, true, true);
    }
    assert_eq!(heard(&mut world), ["agent supervisor", "caller supervisor", "caller agent"]);
    world.net.sent.clear();
    join(&mut world, ports[0], false, true);
    assert_eq!(heard_after(&mut world, 400), ["agent supervisor", "supervisor", "agent"], "one is muted");
    join(&mut world, ports[1], true, false);
    assert_eq!(heard_after(&mut world, 400), ["agent supervisor", "-", "agent"], "one is deaf");
    for port in ports {
        join(&mut world, port, true, true);
    }
    world.command(Command::Leave { port: ports[2] });
    assert_eq!(heard(&mut world), ["agent", "caller", "-"], "one was removed");
}

#[test]
fn a_conference_sends_one_unbroken_stream_whatever_changes_in_it() {
    let mut world = World::new();
    let ports = [(1, Codec::Pcmu), (2, Codec::Opus), (3, Codec::G722)]
        .map(|(number, codec)| world.phone(number, codec, VOICES[usize::from(number) - 1]));
    let [one, two, three] = ports;
    join(&mut world, one, true, true);
    join(&mut world, two, true, true);
    world.run(ms(200));
    world.net.sent.clear();
    for round in 0..20 {
        join(&mut world, one, round % 3 != 0, true);
        join(&mut world, two, true, round % 2 == 0);
        match round % 4 {
            0 => join(&mut world, three, true, true),
            2 => world.command(Command::Leave { port: three }),
            _ => hear(&mut world, one, three, round % 8 == 1),
        }
        world.run(ms(100));
    }
    for port in [one, two] {
        let sent = world.take_sent(port);
        assert_eq!(sent.len(), 100);
        assert_unbroken(&sent);
        assert!(sent.iter().all(|sent| !sent.header().marker));
    }
}

#[test]
fn who_speaks_wideband_is_heard_so_by_those_who_can() {
    let mut world = World::new();
    // 5 kHz do not fit into a narrowband codec.
    let frequencies = [440.0, 5_000.0, 0.0, 0.0];
    let ports = [(1, Codec::Pcmu), (2, Codec::G722), (3, Codec::Opus), (4, Codec::Pcma)]
        .map(|(number, codec)| world.phone(number, codec, frequencies[usize::from(number) - 1]));
    for port in ports {
        join(&mut world, port, true, true);
    }
    world.run(ms(500));
    world.net.sent.clear();
    world.run(ms(1_000));
    let wide = world.take_wide(ports[2]);
    let (low, high) = (wide_share(&wide, 440.0), wide_share(&wide, 5_000.0));
    assert!(low > 0.3 && high > 0.3, "both are heard at 16 kHz: {low} {high}");
    let narrow = world.take_heard(ports[3]);
    assert!(tone::share(&narrow, 440.0) > 0.9 && tone::share(&narrow, 3_000.0) < 0.01, "nothing is folded");
}

#[test]
fn a_wideband_prompt_is_heard_so_by_those_who_can() {
    let mut world = World::new();
    let [wide, narrow] =
        [(1, Codec::G722), (2, Codec::Pcmu)].map(|(number, codec)| world.phone(number, codec, 0.0));
    // 440 and 2 500 Hz at 8 kHz are 880 and 5 000 at 16.
    let samples: Vec<_> = tone::sine(440.0, 5_000, 0, 32_000)
        .iter()
        .zip(tone::sine(2_500.0, 5_000, 0, 32_000))
        .map(|(a, b)| a + b)
        .collect();
    let low = tone::sine(880.0, 5_000, 0, 16_000);
    let clip = std::sync::Arc::new(media::Clip::from_samples(media::ClipId(1), &low).with_wide(&samples));
    for port in [wide, narrow] {
        world.command(Command::Play { port, play: 1, clips: vec![clip.clone()], repeat: false });
    }
    world.run(ms(1_000));
    let heard = world.take_wide(wide);
    assert!(wide_share(&heard, 880.0) > 0.4 && wide_share(&heard, 5_000.0) > 0.4);
    assert!(tone::share(&world.take_heard(narrow), 880.0) > 0.9);
}

#[test]
fn a_supervisor_speaks_to_one_member_of_a_conference_alone() {
    let mut world = World::new();
    let ports @ [one, two, three] =
        [1, 2, 3].map(|number| world.phone(number, Codec::Pcmu, VOICES[usize::from(number) - 1]));
    join(&mut world, one, true, true);
    join(&mut world, two, true, true);
    join(&mut world, three, false, true);
    hear(&mut world, two, three, true);
    hear(&mut world, two, one, true);
    assert_eq!(heard(&mut world), ["agent", "caller supervisor", "caller agent"]);
    // Nobody is twice as loud for being heard on two ways.
    let loudest = world.take_heard(ports[1]).iter().map(|sample| sample.unsigned_abs()).max();
    assert!(loudest < Some(17_000), "{loudest:?}");
}

#[test]
fn a_full_conference_refuses_the_next_and_leaves_it_where_it_was() {
    let mut world = World::with(media::Engine::silent(base::IdSource::new(1)));
    let conference = ConferenceKey::from_u64(1);
    let port = |number: usize| PortId::from_u64(number as u64 + 1);
    for number in 0..=media::conference::CONFERENCE_PORTS_MAX {
        world.command(Command::Open { port: port(number) });
        world.command(Command::Join { port: port(number), conference, speaks: true, listens: true });
    }
    let last = port(media::conference::CONFERENCE_PORTS_MAX);
    assert_eq!(world.take_events(), [Event::JoinRefused { port: last, conference }]);
    assert_eq!(world.engine.conferences().collect::<Vec<_>>(), [(conference, 256)]);
}

#[test]
fn too_many_ears_on_one_port_are_refused() {
    let mut world = World::with(media::Engine::silent(base::IdSource::new(1)));
    let port = PortId::from_u64;
    for number in 0..20 {
        world.command(Command::Open { port: port(number) });
    }
    for number in 1..10 {
        hear(&mut world, port(number), port(0), true);
        hear(&mut world, port(10), port(number), true);
    }
    hear(&mut world, port(3), port(0), false);
    hear(&mut world, port(9), port(0), true);
    let refused =
        |listener: u64, speaker: u64| Event::HearRefused { listener: port(listener), speaker: port(speaker) };
    assert_eq!(world.take_events(), [refused(9, 0), refused(10, 9)], "until there is room");
}

/// A caller and an agent in a bridge, and a supervisor beside.
fn watched(codecs: [Codec; 3]) -> (World, [PortId; 3]) {
    let mut world = World::new();
    let ports = [1, 2, 3].map(|number| {
        let at = usize::from(number) - 1;
        world.phone(number, codecs[at], VOICES[at])
    });
    world.command(Command::Bridge { a: ports[0], b: ports[1] });
    (world, ports)
}

fn hear(world: &mut World, listener: PortId, speaker: PortId, on: bool) {
    world.command(Command::Hear { listener, speaker, on });
}

fn join(world: &mut World, port: PortId, speaks: bool, listens: bool) {
    world.command(Command::Join { port, conference: ConferenceKey::from_u64(9), speaks, listens });
}

/// Whom the first three ports hear, by their tones, once everything has settled.
fn heard(world: &mut World) -> [String; 3] {
    heard_after(world, 1_200)
}

fn heard_after(world: &mut World, settled_ms: u64) -> [String; 3] {
    world.run(ms(settled_ms));
    for number in 1..=3 {
        world.take_heard(PortId::from_u64(number));
    }
    world.run(ms(500));
    [1, 2, 3].map(|number| {
        let sound = world.take_heard(PortId::from_u64(number));
        let energy: f64 = sound.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        let names = ["caller", "agent", "supervisor"];
        let voices = names.into_iter().zip(VOICES).filter(|(name, voice)| {
            // As loud as it was said, within 2 dB, or not at all.
            let share = tone::share(&sound, *voice);
            let level = (share * energy / sound.len().max(1) as f64).sqrt();
            let said = 8_000.0 / 2f64.sqrt();
            assert!(level < 60.0 || (level / said - 1.0).abs() < 0.25, "{name} at {level}");
            level >= 60.0
        });
        let voices: Vec<_> = voices.map(|(name, _)| name).collect();
        if voices.is_empty() { "-".to_owned() } else { voices.join(" ") }
    })
}

/// The share of a tone in sound at 16 kHz: at half the rate, the tone is half as high.
fn wide_share(sound: &[i16], frequency: f64) -> f64 {
    tone::share(sound, frequency / 2.0)
}

fn assert_unbroken(sent: &[Sent]) {
    for pair in sent.windows(2) {
        let [first, second] = [&pair[0], &pair[1]].map(|sent| sent.header());
        assert_eq!((second.ssrc, second.sequence), (first.ssrc, first.sequence.next()));
        let units = second.timestamp.distance_from(first.timestamp);
        assert!(units == 160 || units == 960, "{units}");
    }
}
