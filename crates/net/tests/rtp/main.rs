//! Media threads with real sockets: phones on the loopback interface speak to each other through two ports.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "floor 4 touches the world: sockets, threads, the clock"
)]

mod moving;
mod rig;
#[path = "../traffic_class/mod.rs"]
mod traffic_class;

use crate::rig::{HERE, PATIENCE, Phone, Rig, assert_tone};
use crossbeam_channel::{bounded, unbounded};
use media::{Clip, ClipId, Codec, Command, Event, PortId, Recorded, RecordingKey, SampleRate, tone};
use net::rtp::line::{FRAME_SAMPLES_MAX, HEARD_FRAMES_MAX};
use net::rtp::{CommandError, Config, MediaThreads, OpenError};
use std::net::{IpAddr, Ipv6Addr, UdpSocket};
use std::sync::Arc;
use std::time::Instant;

#[test]
fn two_phones_hear_each_other_and_nobody_else_through_one_thread() {
    for (here, ports) in [(HERE, 32_000..=32_099), (IpAddr::V6(Ipv6Addr::LOCALHOST), 32_100..=32_199)] {
        let rig = Rig::start(here, ports);
        let mut caller = rig.phone(1, here, Codec::Pcmu, 440.0);
        let mut agent = rig.phone(2, here, Codec::Pcma, 660.0);
        let (left, right) = (caller.port, agent.port);
        rig.command(Command::Bridge { a: left, b: right });
        let recording = RecordingKey::from_u64(1);
        rig.command(Command::Record { recording, left, right: Some(right) });
        let thief = UdpSocket::bind((here, 0)).unwrap();
        for _ in 0..50 {
            let forged = Phone { frequency: 880.0, ..caller.twin() }.next_packet();
            thief.send_to(&forged, caller.server).unwrap();
            caller.talk();
            agent.talk();
            caller.listen();
            agent.listen();
        }
        assert_tone(&caller.heard, 660.0);
        assert_tone(&agent.heard, 440.0);
        thief.set_nonblocking(true).unwrap();
        assert!(thief.recv(&mut [0; 2_000]).is_err(), "nothing is sent to who was not signalled");

        rig.command(Command::StopRecord { recording });
        let stopped = rig.wait_for(|event| matches!(event, Event::RecordingStopped { .. }));
        assert_eq!(stopped, Event::RecordingStopped { recording, frames: 100, dropped: 0 });
        let [on_left, on_right] = rig.recorded();
        assert_tone(&on_left, 440.0);
        assert_tone(&on_right, 660.0);
        rig.command(Command::Close { port: left });
        let closed = rig.wait_for(|event| matches!(event, Event::Closed { port, .. } if *port == left));
        let Event::Closed { quality, .. } = closed else { panic!("{closed:?}") };
        assert_eq!((quality.received, quality.lost, quality.dropped.foreign_source), (50, 0, 50));
        rig.command(Command::Close { port: right });
        rig.wait_for(|event| matches!(event, Event::Closed { port, .. } if *port == right));
        assert_eq!((rig.threads.open_ports(), rig.threads.free_pairs()), (0, 50));
    }
}

#[test]
fn sound_is_marked_for_routers() {
    let rig = Rig::start(HERE, 33_300..=33_399);
    let caller = rig.phone(1, HERE, Codec::Pcmu, 440.0);
    traffic_class::tell_class(&caller.socket);
    let clip = Arc::new(Clip::from_samples(ClipId(1), &tone::sine(880.0, 8_000, 0, 4_000)));
    rig.command(Command::Play { port: caller.port, play: 3, clips: vec![clip], repeat: false });
    // The first may have come before the system was asked to tell.
    let classes = [0; 3].map(|_| traffic_class::class_of_next(&caller.socket));
    assert_eq!(classes, [46 << 2; 3]);
}

#[test]
fn a_prompt_is_heard_at_an_even_pace_and_told_as_played() {
    let rig = Rig::start(HERE, 32_200..=32_299);
    let mut caller = rig.phone(1, HERE, Codec::Pcmu, 440.0);
    let clip = Arc::new(Clip::from_samples(ClipId(1), &tone::sine(880.0, 8_000, 0, 4_000)));
    rig.command(Command::Play { port: caller.port, play: 3, clips: vec![clip], repeat: false });
    for _ in 0..25 {
        caller.listen();
    }
    assert_tone(&caller.heard, 880.0);
    assert_eq!(caller.heard.len(), 4_000);
    rig.wait_for(|event| *event == Event::Played { port: caller.port, play: 3 });
}

#[test]
fn an_honest_stream_survives_a_flood_of_forged_ones() {
    let rig = Rig::start(HERE, 32_500..=32_599);
    let mut caller = rig.phone(1, HERE, Codec::Pcmu, 440.0);
    rig.command(Command::Echo { port: caller.port, on: true });
    caller.talk();
    caller.listen();
    let thief = UdpSocket::bind((HERE, 0)).unwrap();
    // 200 forged packets for each honest one are 10 000 a second at the pace of speech.
    for round in 0..50u32 {
        for packet in 0..100u32 {
            let mut forged = Phone { frequency: 880.0, ssrc: 1_000 + 100 * round + packet, ..caller.twin() };
            let forged = forged.next_packet();
            thief.send_to(&forged, caller.server).unwrap();
            caller.socket.send_to(&forged, caller.server).unwrap();
        }
        caller.talk();
        caller.listen();
    }
    assert_eq!(caller.heard.len(), 51 * 160, "every honest packet came back");
    assert_tone(&caller.heard, 440.0);
    rig.command(Command::Close { port: caller.port });
    let closed = rig.wait_for(|event| matches!(event, Event::Closed { .. }));
    let Event::Closed { quality, .. } = closed else { panic!("{closed:?}") };
    assert_eq!((quality.received, quality.lost, quality.sent), (51, 0, 51), "{quality:?}");
}

#[test]
fn a_panic_over_one_call_touches_no_other() {
    let broken = RecordingKey::from_u64(13);
    let (tell, events) = unbounded();
    let mut config = Config::new(HERE, [1; 32]);
    (config.threads, config.ports) = (1, 32_600..=32_699);
    let tell = move |event| tell.send(event).unwrap_or_default();
    let record = move |recorded: &Recorded| match recorded {
        Recorded::Sound(frame) if frame.recording == broken => panic!("a mistake, made on purpose"),
        _ => true,
    };
    let threads = MediaThreads::start(config, tell, record).unwrap();
    let rig = Rig { threads, events, frames: bounded(0).1 };
    let mut sound = rig.phone(1, HERE, Codec::Pcmu, 440.0);
    let mut unlucky = rig.phone(2, HERE, Codec::Pcmu, 660.0);
    rig.command(Command::Echo { port: sound.port, on: true });
    rig.command(Command::Record { recording: broken, left: unlucky.port, right: None });
    unlucky.talk();
    rig.wait_for(|event| matches!(event, Event::Closed { port, .. } if *port == unlucky.port));
    for _ in 0..20 {
        sound.talk();
        sound.listen();
    }
    assert_tone(&sound.heard, 440.0);
    assert_eq!(rig.threads.counts()[0].panics, 1);
    assert_eq!((rig.threads.free_pairs(), rig.threads.open_ports()), (49, 1), "it is forgotten unasked");
}

#[test]
fn a_range_without_free_pairs_is_said_and_closing_helps() {
    let rig = Rig::start(HERE, 32_300..=32_303);
    let ports = [1, 2].map(PortId::from_u64);
    for port in ports {
        rig.threads.open(port, 7).unwrap();
    }
    let third = PortId::from_u64(3);
    let error = rig.threads.open(third, 7).unwrap_err();
    assert_eq!(error.to_string(), "all 2 pairs of RTP ports from 32300 to 32303 are in use");
    assert!(matches!(rig.threads.open(ports[0], 7), Err(OpenError::Open(_))));
    rig.command(Command::Close { port: ports[0] });
    rig.wait_for(|event| matches!(event, Event::Closed { .. }));
    rig.threads.open(third, 7).unwrap();
}

#[test]
fn commands_for_ports_that_are_not_there_are_refused() {
    let rig = Rig::start(HERE, 32_400..=32_499);
    let [open, closed] = [1, 2].map(PortId::from_u64);
    rig.threads.open(open, 1).unwrap();
    let not_open = Err(CommandError::NotOpen(closed));
    assert_eq!(rig.threads.command(Command::Echo { port: closed, on: true }), not_open);
    assert_eq!(rig.threads.command(Command::Bridge { a: open, b: closed }), not_open);
    rig.command(Command::Close { port: open });
    assert_eq!(rig.threads.command(Command::Close { port: open }), Err(CommandError::NotOpen(open)));
}

#[test]
fn orders_that_gather_wake_their_thread_once() {
    let rig = Rig::start(HERE, 32_500..=32_599);
    // The thread has begun, and rests.
    let first = PortId::from_u64(30);
    rig.threads.open(first, 1).unwrap();
    rig.command(Command::Close { port: first });
    rig.wait_for(|event| matches!(event, Event::Closed { .. }));
    let before = rig.threads.counts()[0].wakes;
    rig.threads.gather();
    for number in 0..20 {
        let port = PortId::from_u64(number);
        rig.threads.open(port, number).unwrap();
        rig.command(Command::Close { port });
    }
    rig.threads.release();
    for _ in 0..20 {
        rig.wait_for(|event| matches!(event, Event::Closed { .. }));
    }
    // Two may be of the port before them, whose rounds are counted after they told; forty orders would be many more.
    let wakes = rig.threads.counts()[0].wakes - before;
    assert!(wakes <= 4, "{wakes}");
    // A single order wakes it again.
    let port = PortId::from_u64(20);
    rig.threads.open(port, 1).unwrap();
    rig.command(Command::Close { port });
    rig.wait_for(|event| matches!(event, Event::Closed { .. }));
}

#[test]
fn a_program_hears_a_phone_and_is_heard_and_ends_with_its_line() {
    let rig = Rig::start(HERE, 33_400..=33_499);
    let mut caller = rig.phone(1, HERE, Codec::Pcmu, 440.0);
    let program = PortId::from_u64(9);
    let line = rig.threads.open_line(program, caller.port, SampleRate::Narrow).unwrap();
    assert!(matches!(
        rig.threads.open_line(program, caller.port, SampleRate::Narrow),
        Err(OpenError::Open(open)) if open == program
    ));
    for (listener, speaker) in [(program, caller.port), (caller.port, program)] {
        rig.command(Command::Hear { listener, speaker, on: true });
    }
    let (mut said, mut heard) = (0, Vec::new());
    for _ in 0..60 {
        while line.say(&tone::sine(880.0, 8_000, said * 160, 160)) {
            said += 1;
        }
        caller.talk();
        // It is sent a packet every 20 ms, as long as it hears a mix.
        caller.listen();
        let mut frame = [0; FRAME_SAMPLES_MAX];
        while let Some(length) = line.hear(&mut frame) {
            heard.extend(&frame[..length]);
        }
    }
    assert_tone(&caller.heard[10 * 160..], 880.0);
    assert_tone(&heard[heard.len() - 20 * 160..], 440.0);
    assert!(!line.is_closed());
    rig.command(Command::Close { port: program });
    rig.wait_for(|event| matches!(event, Event::Closed { port, .. } if *port == program));
    assert!(line.is_closed(), "its program sees that it is over");
    assert_eq!((rig.threads.open_ports(), rig.threads.free_pairs()), (1, 49), "no number was taken for it");
}

#[test]
fn a_program_that_does_not_listen_loses_sound_and_holds_nobody_up() {
    let rig = Rig::start(HERE, 33_500..=33_599);
    let mut caller = rig.phone(1, HERE, Codec::Pcmu, 440.0);
    let mut agent = rig.phone(2, HERE, Codec::Pcmu, 660.0);
    let program = PortId::from_u64(9);
    rig.command(Command::Bridge { a: caller.port, b: agent.port });
    let line = rig.threads.open_line(program, caller.port, SampleRate::Wide).unwrap();
    rig.command(Command::Hear { listener: program, speaker: caller.port, on: true });
    let until = Instant::now() + PATIENCE;
    let mut packets = 0;
    while line.lost() < 5 && Instant::now() < until {
        for _ in 0..10 {
            caller.talk();
            agent.listen();
            packets += 1;
        }
    }
    assert!(line.lost() >= 5, "a second of sound waits, and what is older is lost");
    assert_eq!(agent.heard.len(), packets * 160, "every packet of the call was relayed");
    let mut frame = [0; FRAME_SAMPLES_MAX];
    let waiting = std::iter::from_fn(|| line.hear(&mut frame)).count();
    assert!((HEARD_FRAMES_MAX..HEARD_FRAMES_MAX + 5).contains(&waiting), "{waiting}");
}
