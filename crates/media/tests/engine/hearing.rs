//! Who hears what.

use crate::world::{World, assert_tone, clip, ms};
use media::{Codec, Command, ConferenceKey, Event, Hears, tone};

#[test]
fn a_caller_hears_the_prompt_and_then_it_is_over() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcma, 0.0);
    world.command(Command::Play {
        port: caller,
        play: 7,
        clips: vec![clip(440.0, ms(150)), clip(440.0, ms(150))],
        repeat: false,
    });
    assert_eq!(world.engine.routes()[0].hears, Hears::Play(7));
    world.run(ms(299));
    assert_eq!(world.take_events(), []);
    world.run(ms(1_000));
    assert_eq!(world.take_events(), [Event::Played { port: caller, play: 7 }]);
    let heard = world.take_heard(caller);
    assert_eq!(heard.len(), 2_400);
    assert_tone(&heard[..1_200], 440.0);
    assert_tone(&heard[1_200..], 440.0);
    assert_eq!(world.engine.routes()[0].hears, Hears::Nothing);
}

#[test]
fn hold_music_loops_without_a_gap() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    // 440 Hz fits 50 times 22 periods into a second and a bit; the clip ends in the middle of a packet.
    let music = clip(440.0, core::time::Duration::from_micros(125_000));
    world.command(Command::Play { port: caller, play: 1, clips: vec![music], repeat: true });
    world.run(ms(2_999));
    let heard = world.take_heard(caller);
    assert_eq!(heard.len(), 24_000);
    // 125 ms hold 55 periods of 440 Hz, so a loop without gap is one endless tone.
    assert_tone(&heard, 440.0);
    assert_eq!(world.take_events(), []);
}

#[test]
fn an_announcement_is_heard_over_music_which_goes_on_where_it_was() {
    for codec in Codec::ALL {
        let mut world = World::new();
        let caller = world.phone(1, codec, 0.0);
        let music = clip(440.0, ms(250));
        world.command(Command::Play { port: caller, play: 1, clips: vec![music], repeat: true });
        world.run(ms(390));
        world.command(Command::Announce { port: caller, play: 2, clips: vec![clip(880.0, ms(410))] });
        assert_eq!(world.engine.routes()[0].hears, Hears::Play(2));
        world.run(ms(1_600));
        assert_eq!(world.take_events(), [Event::Played { port: caller, play: 2 }], "{codec:?}");
        assert_eq!(world.engine.routes()[0].hears, Hears::Play(1));
        let sent = world.net.sent.clone();
        let media: Vec<_> = sent.iter().filter(|sent| sent.channel == media::Channel::Rtp).collect();
        assert_eq!(media.len(), 100, "{codec:?}: not a packet is missing");
        let heard = world.take_heard(caller);
        let announced = heard.chunks_exact(800).filter(|piece| tone::share(piece, 880.0) > 0.8).count();
        let music = heard.chunks_exact(800).filter(|piece| tone::share(piece, 440.0) > 0.8).count();
        assert!(
            (3..=4).contains(&announced) && music >= 14,
            "{codec:?}: {announced} and {music} tenths of a second"
        );
    }
}

#[test]
fn a_bridge_carries_each_voice_to_the_other_side_only() {
    for (left, right) in [(Codec::Pcmu, Codec::Pcmu), (Codec::Pcmu, Codec::Pcma), (Codec::Pcma, Codec::Pcmu)]
    {
        let mut world = World::new();
        let caller = world.phone(1, left, 440.0);
        let agent = world.phone(2, right, 660.0);
        world.command(Command::Bridge { a: caller, b: agent });
        world.run(ms(1_000));
        assert_tone(&world.take_heard(caller), 660.0);
        assert_tone(&world.take_heard(agent), 440.0);
        let hears: Vec<_> = world.engine.routes().iter().map(|route| route.hears).collect();
        assert_eq!(hears, [Hears::Port(agent), Hears::Port(caller)]);
    }
}

#[test]
fn without_a_bridge_nobody_hears_anybody() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let agent = world.phone(2, Codec::Pcmu, 660.0);
    world.run(ms(200));
    world.command(Command::Bridge { a: caller, b: agent });
    world.command(Command::Unbridge { port: agent });
    world.run(ms(200));
    assert_eq!((world.take_heard(caller).len(), world.take_heard(agent).len()), (0, 0));
}

#[test]
fn a_new_bridge_ends_the_old_one_of_both() {
    let mut world = World::new();
    let [a, b, c, d] = [1, 2, 3, 4].map(|number| world.phone(number, Codec::Pcmu, 0.0));
    world.command(Command::Bridge { a, b });
    world.command(Command::Bridge { a: c, b: d });
    world.command(Command::Bridge { a: b, b: c });
    let hears: Vec<_> = world.engine.routes().iter().map(|route| route.hears).collect();
    assert_eq!(hears, [Hears::Nothing, Hears::Port(c), Hears::Port(b), Hears::Nothing]);
}

#[test]
fn a_prompt_goes_before_the_bridge_and_the_bridge_goes_on_behind_it() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let agent = world.phone(2, Codec::Pcmu, 660.0);
    world.command(Command::Bridge { a: caller, b: agent });
    world.run(ms(200));
    world.take_heard(agent);
    world.command(Command::Play { port: agent, play: 1, clips: vec![clip(880.0, ms(400))], repeat: false });
    world.run(ms(390));
    assert_tone(&world.take_heard(agent), 880.0);
    world.run(ms(40));
    world.take_heard(agent);
    world.run(ms(400));
    assert_tone(&world.take_heard(agent), 440.0);
    assert_tone(&world.take_heard(caller), 660.0);
}

#[test]
fn an_echo_is_heard_by_who_speaks() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcma, 440.0);
    world.command(Command::Echo { port: caller, on: true });
    assert_eq!(world.engine.routes()[0].hears, Hears::Itself);
    world.run(ms(500));
    assert_tone(&world.take_heard(caller), 440.0);
    world.command(Command::Echo { port: caller, on: false });
    world.run(ms(500));
    assert!(world.take_heard(caller).is_empty());
}

#[test]
fn a_port_on_hold_neither_sends_nor_hears() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let agent = world.phone(2, Codec::Pcmu, 660.0);
    world.command(Command::Bridge { a: caller, b: agent });
    world.configure(caller, false, false);
    world.run(ms(500));
    assert_eq!((world.take_heard(caller).len(), world.take_heard(agent).len()), (0, 0));
    assert!(world.engine.routes().iter().all(|route| route.hears == Hears::Nothing));
    world.configure(caller, true, true);
    world.run(ms(500));
    assert_tone(&world.take_heard(caller), 660.0);
    assert_tone(&world.take_heard(agent), 440.0);
}

#[test]
fn in_a_conference_everybody_hears_the_others_and_not_themselves() {
    let mut world = World::new();
    let frequencies = [440.0, 660.0, 880.0];
    let ports = [(1, Codec::Pcmu), (2, Codec::Pcma), (3, Codec::Pcmu)]
        .map(|(number, codec)| world.phone(number, codec, frequencies[usize::from(number) - 1]));
    let conference = ConferenceKey::from_u64(9);
    for port in ports {
        world.command(Command::Join { port, conference, speaks: true, listens: true });
    }
    assert!(world.engine.routes().iter().all(|route| route.hears == Hears::Conference(conference)));
    world.run(ms(100));
    for port in ports {
        world.take_heard(port);
    }
    world.run(ms(1_000));
    for (own, port) in ports.into_iter().enumerate() {
        let heard = world.take_heard(port);
        for (other, frequency) in frequencies.into_iter().enumerate() {
            let share = tone::share(&heard, frequency);
            assert!(
                if other == own { share < 0.01 } else { share > 0.4 },
                "{port} hears {share} at {frequency} Hz"
            );
        }
    }
    for port in ports {
        world.command(Command::Leave { port });
    }
    assert_eq!(world.engine.conferences().count(), 0);
}

#[test]
fn a_silent_listener_of_a_conference_is_not_heard() {
    let mut world = World::new();
    let conference = ConferenceKey::from_u64(9);
    let agent = world.phone(1, Codec::Pcmu, 440.0);
    let supervisor = world.phone(2, Codec::Pcmu, 660.0);
    world.command(Command::Join { port: agent, conference, speaks: true, listens: true });
    world.command(Command::Join { port: supervisor, conference, speaks: false, listens: true });
    world.run(ms(100));
    for port in [agent, supervisor] {
        world.take_heard(port);
    }
    world.run(ms(500));
    assert!(world.take_heard(agent).iter().all(|sample| sample.abs() < 10));
    assert_tone(&world.take_heard(supervisor), 440.0);
}

#[test]
fn a_prompt_goes_on_when_its_listener_enters_a_conference_and_leaves_it() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    world.command(Command::Play { port: caller, play: 1, clips: vec![clip(440.0, ms(600))], repeat: false });
    world.run(ms(199));
    let conference = ConferenceKey::from_u64(9);
    world.command(Command::Join { port: caller, conference, speaks: true, listens: true });
    world.run(ms(200));
    world.command(Command::Leave { port: caller });
    world.run(ms(250));
    assert_eq!(world.take_events(), [Event::Played { port: caller, play: 1 }]);
    let heard = world.take_heard(caller);
    assert_eq!(heard.len(), 4_800);
    assert_tone(&heard, 440.0);
}

#[test]
fn a_hundred_listeners_do_not_all_have_their_turn_at_once() {
    let mut world = World::new();
    let music = clip(440.0, ms(500));
    for number in 1..=120 {
        let port = world.phone(number, Codec::Pcmu, 0.0);
        world.command(Command::Play { port, play: 1, clips: vec![music.clone()], repeat: true });
        world.pass(core::time::Duration::from_micros(300));
    }
    world.net.sent.clear();
    world.run(ms(20));
    assert_eq!(world.net.sent.len(), 120);
    let mut at_once = std::collections::BTreeMap::new();
    for sent in &world.net.sent {
        *at_once.entry(sent.at).or_insert(0) += 1;
    }
    assert!(at_once.values().all(|count| *count <= media::metronome::PORTS_PER_PHASE), "{at_once:?}");
}

#[test]
fn a_far_end_gets_packets_of_the_length_it_asked_for() {
    for (ptime_ms, samples) in [(10, 80), (20, 160), (30, 240), (60, 480)] {
        let mut world = World::new();
        let caller = world.phone(1, Codec::Pcmu, 0.0);
        let remote = world.phone_of(caller).address;
        let format = media::Format { ptime_ms, ..media::Format::of(Codec::Pcmu) };
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
        world.command(Command::Play {
            port: caller,
            play: 1,
            clips: vec![clip(440.0, ms(100))],
            repeat: true,
        });
        world.run(ms(1_199));
        let sent = world.take_sent(caller);
        assert!(sent.iter().all(|sent| sent.payload().len() == samples));
        let total: usize = sent.iter().map(|sent| sent.payload().len()).sum();
        assert!((9_200..=9_600).contains(&total), "{total} samples in 1.2 s of {ptime_ms} ms packets");
        for pair in sent.windows(2) {
            assert_eq!(pair[1].header().timestamp.distance_from(pair[0].header().timestamp), samples as i32);
        }
    }
}

#[test]
fn nothing_is_left_of_ports_that_were_closed() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let agent = world.phone(2, Codec::Pcmu, 660.0);
    let third = world.phone(3, Codec::Pcmu, 880.0);
    world.command(Command::Bridge { a: caller, b: agent });
    world.command(Command::Join {
        port: third,
        conference: ConferenceKey::from_u64(1),
        speaks: true,
        listens: true,
    });
    world.command(Command::Play { port: caller, play: 1, clips: vec![clip(440.0, ms(100))], repeat: true });
    world.command(Command::Record {
        recording: media::RecordingKey::from_u64(5),
        left: caller,
        right: Some(agent),
    });
    world.run(ms(100));
    for port in [caller, agent, third] {
        world.command(Command::Close { port });
    }
    assert_eq!(world.engine.ports().count(), 0);
    world.pass(ms(1));
    assert!(world.engine.is_empty());
    assert_eq!(world.engine.poll_timeout(), None);
    let closed = world.events.iter().filter(|event| matches!(event, Event::Closed { .. })).count();
    assert_eq!(closed, 3);
}

#[test]
fn a_number_can_be_opened_once_only() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    world.command(Command::Open { port: caller });
    assert_eq!(world.take_events(), [Event::OpenFailed { port: caller }]);
    assert_eq!(world.engine.ports().len(), 1);
}
