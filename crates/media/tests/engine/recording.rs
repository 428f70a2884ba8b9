//! Recordings: left and right, at the right time, never in the way.

use crate::world::{World, assert_tone, clip, ms};
use media::{Codec, Command, Event, PortId, Recorded, RecordingKey, Side};

const RECORDING: RecordingKey = RecordingKey::from_u64(5);

#[test]
fn the_caller_is_on_the_left_and_the_agent_on_the_right() {
    let mut world = World::new();
    let (caller, agent) = recorded_call(&mut world);
    world.run(ms(1_000));
    world.command(Command::StopRecord { recording: RECORDING });
    world.pass(ms(1));
    let (left, right, samples) = stereo(&mut world);
    assert_eq!(samples, Some(8_000));
    assert_tone(&left, 440.0);
    assert_tone(&right, 660.0);
    assert_eq!((left.len(), right.len()), (8_000, 8_000));
    assert_tone(&world.take_heard(agent), 440.0);
    assert_tone(&world.take_heard(caller), 660.0);
    assert!(world.take_events().contains(&Event::RecordingStopped {
        recording: RECORDING,
        frames: 100,
        dropped: 0
    }));
    assert_eq!(world.engine.recordings().count(), 0);
}

#[test]
fn who_speaks_later_lies_later() {
    let mut world = World::new();
    let (_, agent) = recorded_call(&mut world);
    world.phone_of(agent).talks = false;
    world.run(ms(1_000));
    world.phone_of(agent).talks = true;
    world.run(ms(500));
    let (left, right, _) = stereo(&mut world);
    assert_eq!((left.len(), right.len()), (12_000, 12_000));
    assert!(right[..8_000].iter().all(|sample| *sample == 0));
    assert_tone(&right[8_000..], 660.0);
}

#[test]
fn music_for_the_caller_is_not_the_callers_voice() {
    let mut world = World::new();
    let caller = world.phone(1, Codec::Pcma, 440.0);
    world.command(Command::Record { recording: RECORDING, left: caller, right: None });
    world.command(Command::Play { port: caller, play: 1, clips: vec![clip(880.0, ms(500))], repeat: true });
    world.run(ms(500));
    let (left, right, _) = stereo(&mut world);
    assert_tone(&left, 440.0);
    assert!(right.is_empty());
}

#[test]
fn another_agent_takes_the_right_side_and_the_clock_goes_on() {
    let mut world = World::new();
    let (caller, agent) = recorded_call(&mut world);
    world.run(ms(400));
    let other = world.phone(3, Codec::Pcmu, 880.0);
    world.command(Command::Close { port: agent });
    world.phone_of(agent).talks = false;
    world.command(Command::Bridge { a: caller, b: other });
    world.command(Command::Record { recording: RECORDING, left: caller, right: Some(other) });
    world.run(ms(400));
    let (left, right, _) = stereo(&mut world);
    assert_tone(&left, 440.0);
    assert_tone(&right[..3_200], 660.0);
    assert_tone(&right[3_200..], 880.0);
    assert_eq!(left.len(), 6_400);
}

#[test]
fn a_paused_recording_is_silent_and_its_clock_goes_on() {
    let mut world = World::new();
    let (caller, agent) = recorded_call(&mut world);
    world.run(ms(400));
    world.command(Command::MaskRecord { recording: RECORDING, left: true, right: true });
    world.run(ms(400));
    // Another agent takes over meanwhile: it is the sides that are kept out, not the ports.
    let other = world.phone(3, Codec::Pcmu, 880.0);
    world.phone_of(agent).talks = false;
    world.command(Command::Bridge { a: caller, b: other });
    world.command(Command::Record { recording: RECORDING, left: caller, right: Some(other) });
    world.run(ms(400));
    world.command(Command::MaskRecord { recording: RECORDING, left: false, right: false });
    world.run(ms(800));
    assert_tone(&world.take_heard(other), 440.0);
    world.command(Command::StopRecord { recording: RECORDING });
    world.pass(ms(1));
    let (left, right, samples) = stereo(&mut world);
    assert_eq!(samples, Some(16_000));
    // It ends 300 ms later than asked, for the sake of what is still on its way.
    for (side, before, after) in [(&left, 440.0, 440.0), (&right, 660.0, 880.0)] {
        assert_tone(&side[..3_200], before);
        assert!(side[3_200..12_000].iter().all(|sample| *sample == 0), "nothing of the pause is kept");
        assert_tone(&side[12_000..], after);
        assert_eq!(side.len(), 16_000);
    }
}

#[test]
fn one_side_is_kept_out_and_the_other_is_heard() {
    let mut world = World::new();
    for codec in [Codec::Pcmu, Codec::Opus] {
        let caller = world.phone(1, codec, 440.0);
        let agent = world.phone(2, Codec::Pcma, 660.0);
        world.command(Command::Bridge { a: caller, b: agent });
        world.command(Command::Record { recording: RECORDING, left: caller, right: Some(agent) });
        world.run(ms(300));
        world.command(Command::MaskRecord { recording: RECORDING, left: true, right: false });
        // Said again, it is no news: the side does not come back for a moment.
        world.command(Command::MaskRecord { recording: RECORDING, left: true, right: false });
        world.run(ms(700));
        world.command(Command::StopRecord { recording: RECORDING });
        world.pass(ms(1));
        let (left, right, _) = stereo(&mut world);
        // A frame that began before the order is kept whole.
        assert!(left.iter().skip(2_560).all(|sample| *sample == 0), "{codec:?}");
        assert_tone(&right, 660.0);
        world.command(Command::Close { port: caller });
        world.command(Command::Close { port: agent });
        world.pass(ms(1));
    }
}

#[test]
fn a_full_ring_costs_frames_and_nothing_else() {
    let mut world = World::new();
    let (_, agent) = recorded_call(&mut world);
    world.run(ms(200));
    world.net.is_ring_full = true;
    world.run(ms(200));
    world.command(Command::StopRecord { recording: RECORDING });
    world.run(ms(200));
    assert_eq!(world.take_heard(agent).len(), 4_800, "the call does not notice");
    let is_stop = |event: &Event| matches!(event, Event::RecordingStopped { .. });
    assert!(!world.events.iter().any(is_stop), "the end is kept until it can be told");
    world.net.is_ring_full = false;
    world.run(ms(40));
    let stopped = world.take_events().into_iter().find(is_stop);
    assert_eq!(stopped, Some(Event::RecordingStopped { recording: RECORDING, frames: 20, dropped: 20 }));
    let (left, _, samples) = stereo(&mut world);
    assert_eq!((left.len(), samples), (1_600, Some(3_200)));
}

#[test]
fn a_recording_ends_when_both_its_ports_are_closed() {
    let mut world = World::new();
    let (caller, agent) = recorded_call(&mut world);
    world.run(ms(100));
    world.command(Command::Close { port: caller });
    assert_eq!(world.engine.recordings().count(), 1);
    world.command(Command::Close { port: agent });
    world.pass(ms(1));
    assert_eq!(world.engine.recordings().count(), 0);
    assert!(world.engine.is_empty());
    assert_eq!(stereo(&mut world).2, Some(800));
}

#[test]
fn a_recording_of_ports_that_have_hung_up_ends_at_once() {
    let mut world = World::new();
    let (left, right) = (PortId::from_u64(1), Some(PortId::from_u64(2)));
    world.command(Command::Record { recording: RECORDING, left, right });
    let stopped = Event::RecordingStopped { recording: RECORDING, frames: 0, dropped: 0 };
    assert_eq!(world.take_events(), [stopped]);
    assert!(world.engine.is_empty());
}

/// A bridge of 440 and 660 Hz, recorded.
fn recorded_call(world: &mut World) -> (PortId, PortId) {
    let caller = world.phone(1, Codec::Pcmu, 440.0);
    let agent = world.phone(2, Codec::Pcma, 660.0);
    world.command(Command::Bridge { a: caller, b: agent });
    world.command(Command::Record { recording: RECORDING, left: caller, right: Some(agent) });
    (caller, agent)
}

/// What the recorder would write: both sides laid out in time, and the length if the recording has ended.
fn stereo(world: &mut World) -> (Vec<i16>, Vec<i16>, Option<u64>) {
    let (mut left, mut right, mut length) = (vec![], vec![], None);
    for recorded in world.net.recorded.drain(..) {
        match recorded {
            Recorded::End { recording, samples } => {
                assert_eq!(recording, RECORDING);
                length = Some(samples);
            }
            Recorded::Sound(frame) => {
                assert_eq!(length, None, "nothing follows the end");
                let side = if frame.side == Side::Left { &mut left } else { &mut right };
                let begin = frame.at as usize;
                let end = begin + frame.payload().len();
                side.resize(end.max(side.len()), 0i16);
                frame.law.decode_slice(frame.payload(), &mut side[begin..end]);
            }
        }
    }
    (left, right, length)
}
