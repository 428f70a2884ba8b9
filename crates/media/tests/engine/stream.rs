//! One stream leaves a port, whatever it is made of.

use crate::world::{Sent, World, clip, ms};
use base::Duration;
use media::{Codec, Command};

#[test]
fn from_bridge_to_music_to_another_bridge_the_stream_goes_on() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    let first = world.phone(2, Codec::Pcmu, 440.0);
    let second = world.phone(3, Codec::Pcma, 660.0);
    world.command(Command::Bridge { a: caller, b: first });
    world.run(ms(200));
    world.command(Command::Play { port: caller, play: 1, clips: vec![clip(880.0, ms(100))], repeat: true });
    world.run(ms(207));
    world.command(Command::Unbridge { port: caller });
    world.command(Command::StopPlay { port: caller });
    world.run(ms(100));
    world.command(Command::Bridge { a: caller, b: second });
    world.run(ms(200));
    world.command(Command::Play { port: caller, play: 2, clips: vec![clip(880.0, ms(60))], repeat: false });
    world.run(ms(300));
    let sent = world.take_sent(caller);
    assert_continuous(&sent);
    let markers = sent.iter().filter(|sent| sent.header().marker).count();
    assert_eq!(markers, 5, "one for each change of source");
}

#[test]
fn stopping_and_starting_a_play_does_not_break_the_stream() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcma, 0.0);
    for play in 0..10 {
        world.command(Command::Play { port: caller, play, clips: vec![clip(440.0, ms(500))], repeat: false });
        world.run(ms(30 + play * 17));
        world.command(Command::StopPlay { port: caller });
        world.run(ms(play * 7));
    }
    let sent = world.take_sent(caller);
    assert!(sent.len() > 40);
    assert_continuous(&sent);
    assert_eq!(world.take_events(), [], "a play that was stopped is not told as played");
}

#[test]
fn loss_in_front_of_a_relay_is_visible_behind_it() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let agent = world.phone(2, Codec::Pcmu, 0.0);
    world.command(Command::Bridge { a: caller, b: agent });
    for number in 0..20 {
        let datagram = world.phone_of(caller).next_packet();
        if number % 5 != 3 {
            world.packet(caller, datagram);
        }
    }
    let numbers: Vec<_> = world.take_sent(agent).iter().map(|sent| sent.header().sequence).collect();
    let gaps = numbers.windows(2).filter(|pair| pair[1].distance_from(pair[0]) == 2).count();
    assert_eq!((numbers.len(), gaps), (16, 4));
}

#[test]
fn a_driver_that_was_late_catches_up_and_one_that_slept_leaves_a_gap() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    world.command(Command::Play { port: caller, play: 1, clips: vec![clip(440.0, ms(500))], repeat: true });
    world.pass(ms(80));
    assert_eq!(world.take_sent(caller).len(), 5);
    world.pass(Duration::from_secs(10));
    let after_sleep = world.take_sent(caller);
    assert!(after_sleep.len() <= 5);
    world.run(ms(100));
    let mut sent = after_sleep;
    sent.extend(world.take_sent(caller));
    let gap = sent
        .windows(2)
        .map(|pair| pair[1].header().timestamp.distance_from(pair[0].header().timestamp))
        .max();
    assert!(gap.is_some_and(|gap| gap > 70_000), "the ten seconds are in the timestamps: {gap:?}");
}

#[test]
fn music_is_sent_at_an_even_pace() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcmu, 0.0);
    world.command(Command::Play { port: caller, play: 1, clips: vec![clip(440.0, ms(500))], repeat: true });
    world.run(ms(59_999));
    let sent = world.take_sent(caller);
    assert_eq!(sent.len(), 3_000);
    for pair in sent.windows(2) {
        assert_eq!(pair[1].at.since(pair[0].at), ms(20));
    }
}

/// Sequence numbers go on by one, and timestamps with time and without overlap.
fn assert_continuous(sent: &[Sent]) {
    for pair in sent.windows(2) {
        let (before, after) = (pair[0].header(), pair[1].header());
        assert_eq!(after.ssrc, before.ssrc);
        assert_eq!(after.sequence, before.sequence.next());
        let samples = after.timestamp.distance_from(before.timestamp);
        assert!(samples >= pair[0].payload().len() as i32, "{samples} samples: packets overlap");
        let passed = media::clip::samples_of_duration(pair[1].at.since(pair[0].at)) as i32;
        assert!((samples - passed).abs() <= 160, "{samples} samples while {passed} passed");
    }
}
