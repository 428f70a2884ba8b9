//! Ports that change threads in the middle of what they say.

use crate::rig::{HERE, PATIENCE, Phone, Rig, assert_tone};
use media::{
    Codec, Command, ConferenceKey, Event, Format, Keying, PortId, Profile, Recorded, RecordingKey,
    SampleRate, Sealing, tone,
};
use net::rtp::line::FRAME_SAMPLES_MAX;
use net::rtp::{Config, MediaThreads};
use srtp::{Opener, Sealer};
use std::net::UdpSocket;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Somewhere ports are on another thread than the first ones: the third thread has one of them.
const GUESTS: u64 = 90;

#[test]
fn two_that_were_opened_apart_hear_each_other_and_nobody_else() {
    let rig = apart(33_600..=33_699);
    let mut caller = rig.phone_of(1, 1, HERE, Codec::Pcmu, 440.0);
    let mut agent = rig.phone_of(2, 2, HERE, Codec::Pcma, 660.0);
    let recording = RecordingKey::from_u64(1);
    rig.command(Command::Record { recording, left: caller.port, right: Some(agent.port) });
    rig.command(Command::Bridge { a: caller.port, b: agent.port });
    has_moved(&rig, 1);
    for _ in 0..50 {
        caller.talk();
        agent.talk();
        caller.listen();
        agent.listen();
    }
    assert_tone(&caller.heard, 660.0);
    assert_tone(&agent.heard, 440.0);
    rig.command(Command::StopRecord { recording });
    let stopped = rig.wait_for(|event| matches!(event, Event::RecordingStopped { .. }));
    assert_eq!(stopped, Event::RecordingStopped { recording, frames: 100, dropped: 0 });
    let [left, right] = rig.recorded();
    assert_tone(&left, 440.0);
    assert_tone(&right, 660.0);
}

#[test]
fn a_recorded_call_that_is_moved_while_both_talk_loses_no_packet() {
    let rig = apart(33_700..=33_799);
    let mut caller = rig.phone_of(1, 1, HERE, Codec::Pcmu, 440.0);
    let mut agent = rig.phone_of(1, 2, HERE, Codec::Pcma, 660.0);
    let listeners = listeners(&rig, 2);
    rig.command(Command::Bridge { a: caller.port, b: agent.port });
    let recording = RecordingKey::from_u64(1);
    rig.command(Command::Record { recording, left: caller.port, right: Some(agent.port) });
    for round in 0..100 {
        if round == 40 {
            // More ports are tied to who listens, so the call comes to it.
            rig.command(Command::Hear { listener: listeners, speaker: caller.port, on: true });
        }
        caller.talk();
        agent.talk();
        caller.listen();
        agent.listen();
    }
    has_moved(&rig, 2);
    assert_eq!((caller.heard.len(), agent.heard.len()), (100 * 160, 100 * 160));
    assert_tone(&caller.heard, 660.0);
    assert_tone(&agent.heard, 440.0);
    rig.command(Command::StopRecord { recording });
    let stopped = rig.wait_for(|event| matches!(event, Event::RecordingStopped { .. }));
    assert_eq!(stopped, Event::RecordingStopped { recording, frames: 200, dropped: 0 });
    rig.command(Command::Close { port: caller.port });
    let closed = rig.wait_for(|event| matches!(event, Event::Closed { .. }));
    let Event::Closed { port, quality } = closed else { panic!("{closed:?}") };
    assert_eq!((port, quality.received, quality.lost, quality.sent), (caller.port, 100, 0, 100));
}

#[test]
fn a_sealed_call_keeps_its_keys_when_it_moves() {
    let rig = apart(33_800..=33_899);
    let mut phones = [1, 2].map(|number| rig.phone_of(number, number, HERE, Codec::Pcmu, 440.0));
    let [a, b] = [0, 1].map(|number: usize| phones[number].port);
    let listeners = listeners(&rig, 3);
    let keys = |number: u8| {
        let profile = Profile::AesCm128HmacSha1Tag80;
        let key = |side: u8| {
            Keying::new(profile, &vec![number + side; Keying::bytes(profile)]).expect("its length")
        };
        Sealing { ours: key(0), theirs: key(1) }
    };
    let mut far_ends = [(&phones[0], 1u8), (&phones[1], 3)].map(|(phone, number)| {
        let sealing = keys(number);
        rig.command(configure(phone, Some(sealing.clone())));
        (Sealer::new(&sealing.theirs), Opener::new(&sealing.ours))
    });
    rig.command(Command::Bridge { a, b });
    has_moved(&rig, 1);
    let mut buffer = [0; 2_000];
    for round in 0..60 {
        if round == 30 {
            rig.command(Command::Hear { listener: listeners, speaker: b, on: true });
        }
        for from in [0, 1] {
            let to = 1 - from;
            let mut packet = phones[from].next_packet();
            let plain = packet.len();
            let sound = packet[12..].to_vec();
            packet.resize(plain + 64, 0);
            let length = far_ends[from].0.seal_rtp(&mut packet, plain).expect("sealed");
            phones[from].socket.send_to(&packet[..length], phones[from].server).unwrap();
            let (length, _) = phones[to].socket.recv_from(&mut buffer).expect("a packet comes");
            let length = far_ends[to].1.open_rtp(&mut buffer[..length]).expect("it is rightly sealed");
            assert_eq!(buffer[12..length], sound);
        }
    }
    // To meet, and to be listened to.
    has_moved(&rig, 1 + 2);
}

#[test]
fn a_conference_of_ports_of_all_threads_hears_everybody() {
    let rig = apart(33_900..=33_999);
    let tones = [440.0, 660.0, 880.0];
    let mut phones: Vec<Phone> = (1..=3u64)
        .zip(tones)
        .map(|(number, tone)| rig.phone_of(number, number, HERE, Codec::Pcmu, tone))
        .collect();
    let conference = ConferenceKey::from_u64(1);
    for phone in &phones {
        rig.command(Command::Join { port: phone.port, conference, speaks: true, listens: true });
    }
    // A machine that is busy with other things lets a mixer miss turns; in the end everybody is heard all the same.
    let until = Instant::now() + PATIENCE;
    loop {
        for phone in &mut phones {
            phone.talk();
        }
        for phone in &mut phones {
            phone.listen();
        }
        let (rounds, late) = (phones[0].heard.len() / 160, Instant::now() > until);
        if rounds % 20 != 0 || rounds < 60 {
            continue;
        }
        let heard = |phone: &Phone| tones.map(|tone| tone::share(&phone.heard[(rounds - 40) * 160..], tone));
        let all: Vec<[f64; 3]> = phones.iter().map(heard).collect();
        let hears = |(own, shares): (usize, &[f64; 3])| {
            let right = |(tone, share): (usize, &f64)| if tone == own { *share < 0.02 } else { *share > 0.3 };
            shares.iter().enumerate().all(right)
        };
        if all.iter().enumerate().all(hears) {
            break;
        }
        assert!(!late, "of {tones:?} each of them heard {all:?} in the last 0.8 s");
    }
}

#[test]
fn a_program_goes_along_with_the_call_that_it_listens_to() {
    let rig = apart(34_000..=34_099);
    let mut caller = rig.phone_of(1, 1, HERE, Codec::Pcmu, 440.0);
    let program = PortId::from_u64(9);
    let line = rig.threads.open_line(program, caller.port, SampleRate::Narrow).unwrap();
    for (listener, speaker) in [(program, caller.port), (caller.port, program)] {
        rig.command(Command::Hear { listener, speaker, on: true });
    }
    let listeners = listeners(&rig, 3);
    let (mut said, mut heard, mut at_move) = (0, Vec::new(), 0);
    for round in 0..100 {
        if round == 40 {
            at_move = heard.len();
            rig.command(Command::Hear { listener: listeners, speaker: caller.port, on: true });
        }
        while line.say(&tone::sine(880.0, 8_000, said * 160, 160)) {
            said += 1;
        }
        caller.talk();
        caller.listen();
        let mut frame = [0; FRAME_SAMPLES_MAX];
        while let Some(length) = line.hear(&mut frame) {
            heard.extend(&frame[..length]);
        }
    }
    assert_tone(&caller.heard[10 * 160..], 880.0);
    // On a busy machine there are gaps between the frames, but no other tone.
    let [own, other] = [440.0, 880.0].map(|tone| tone::share(&heard[at_move..], tone));
    assert!(heard.len() - at_move >= 40 * 160 && own > 10.0 * other, "{own} and {other}");
    has_moved(&rig, 2);
    rig.command(Command::Close { port: program });
    rig.wait_for(|event| matches!(event, Event::Closed { port, .. } if *port == program));
    assert!(line.is_closed());
}

#[test]
fn a_port_that_goes_back_and_forth_loses_nothing_while_packets_flood() {
    let rig = apart(34_100..=34_199);
    let mut caller = rig.phone_of(1, 1, HERE, Codec::Pcmu, 440.0);
    let anchors = [listeners_of(&rig, 2, GUESTS), listeners_of(&rig, 3, GUESTS + 10)];
    rig.command(Command::Echo { port: caller.port, on: true });
    let rounds: u16 = 300;
    let (port, server) = (caller.port, caller.server);
    let move_to = |thread: usize| {
        let away = anchors[1 - thread];
        rig.command(Command::Hear { listener: away, speaker: port, on: false });
        rig.command(Command::Hear { listener: anchors[thread], speaker: port, on: true });
    };
    let thief = UdpSocket::bind((HERE, 0)).unwrap();
    let forged = Phone { ssrc: 77, frequency: 880.0, ..caller.twin() }.next_packet();
    // No more than the system keeps for a socket, however long its thread does not come to it.
    let flood = || (0..20).for_each(|_| assert!(thief.send_to(&forged, server).is_ok()));
    let mut packets = caller.twin();
    for round in 0..rounds {
        flood();
        move_to(usize::from(round % 2));
        // Some are on the way while it moves, and none waits for the answer to another.
        for _ in 0..3 {
            packets.talk();
        }
        if round % 5 == 4 {
            for _ in 0..15 {
                caller.listen();
            }
        }
    }
    assert_eq!(caller.heard.len(), usize::from(rounds) * 3 * 160, "every packet came back");
    assert_tone(&caller.heard, 440.0);
    has_moved(&rig, u64::from(rounds));
    rig.command(Command::Close { port: caller.port });
    let closed = rig.wait_for(|event| matches!(event, Event::Closed { .. }));
    let Event::Closed { quality, .. } = closed else { panic!("{closed:?}") };
    assert_eq!((quality.received, quality.lost), (u64::from(rounds) * 3, 0));
    assert_eq!(quality.dropped.foreign_source, u64::from(rounds) * 20);
}

#[test]
fn whoever_hangs_up_right_after_a_move_is_told_so_once_and_gives_back_its_number() {
    let rig = apart(34_200..=34_299);
    let free = rig.threads.free_pairs();
    let until = Instant::now() + PATIENCE;
    for call in 0..100u64 {
        let [caller, agent] = [2 * call, 2 * call + 1].map(PortId::from_u64);
        rig.threads.open(caller, 2 * call).unwrap();
        rig.threads.open(agent, 2 * call + 1).unwrap();
        rig.command(Command::Bridge { a: caller, b: agent });
        rig.command(Command::Close { port: agent });
        rig.command(Command::Close { port: caller });
        let mut closed = [0; 2];
        while closed != [1, 1] {
            match rig.events.recv_deadline(until).expect("both end") {
                Event::Closed { port, .. } => closed[usize::from(port == agent)] += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((rig.threads.open_ports(), rig.threads.free_pairs()), (0, free));
    }
    assert!(rig.events.is_empty());
}

#[test]
fn a_thread_that_fails_tells_that_its_calls_are_over_and_the_others_go_on() {
    let failing = Arc::new(AtomicBool::new(false));
    let mut config = config(34_300..=34_399);
    let clock = config.clock;
    let fails = Arc::clone(&failing);
    config.clock = Arc::new(move || {
        let is_second = std::thread::current().name() == Some("media-1");
        assert!(!(is_second && fails.load(Ordering::Relaxed)), "a mistake, made on purpose");
        clock()
    });
    let rig = Rig::with(config);
    let mut sound = rig.phone_of(1, 1, HERE, Codec::Pcmu, 440.0);
    let lost = rig.phone_of(2, 2, HERE, Codec::Pcmu, 660.0);
    let recording = |number: u64| RecordingKey::from_u64(number);
    rig.command(Command::Record { recording: recording(1), left: lost.port, right: None });
    let late = rig.phone_of(4, 4, HERE, Codec::Pcmu, 660.0);
    rig.command(Command::Record { recording: recording(2), left: late.port, right: None });
    let line = PortId::from_u64(3);
    let end = rig.threads.open_line(line, lost.port, SampleRate::Wide).unwrap();
    rig.command(Command::Echo { port: sound.port, on: true });
    // The one that is on its way to it ends as well.
    failing.store(true, Ordering::Relaxed);
    rig.command(Command::Hear { listener: lost.port, speaker: late.port, on: true });
    for port in [lost.port, line, late.port] {
        rig.wait_for(|event| matches!(event, Event::Closed { port: closed, .. } if *closed == port));
    }
    assert!(end.is_closed());
    // Whoever keeps the recordings can close them.
    for number in [1, 2] {
        let ended = rig.frames.recv_timeout(PATIENCE).expect("it ends");
        assert_eq!(ended, Recorded::End { recording: recording(number), samples: 0 });
    }
    assert_eq!((rig.threads.free_pairs(), rig.threads.open_ports()), (49, 1));
    for _ in 0..20 {
        sound.talk();
        sound.listen();
    }
    assert_tone(&sound.heard, 440.0);
    // It is full, but the others have room and are well; nobody comes to the one that failed.
    for number in 10..20 {
        rig.threads.open(PortId::from_u64(number), number).unwrap();
        rig.command(Command::Bridge { a: sound.port, b: PortId::from_u64(number) });
    }
    rig.command(Command::Echo { port: sound.port, on: true });
    // What was ordered before is done when a port has ended.
    rig.command(Command::Close { port: PortId::from_u64(19) });
    rig.wait_for(|event| matches!(event, Event::Closed { .. }));
    sound.talk();
    sound.listen();
}

#[test]
fn a_port_that_is_closed_over_a_packet_while_it_is_to_move_is_told_so_and_gives_back_its_number() {
    let [has_come, is_ordered] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let (tell, events) = crossbeam_channel::unbounded();
    let tell = move |event| tell.send(event).unwrap_or_default();
    let (come, ordered) = (Arc::clone(&has_come), Arc::clone(&is_ordered));
    let record = move |recorded: &Recorded| {
        if matches!(recorded, Recorded::End { .. }) {
            return true;
        }
        come.store(true, Ordering::Relaxed);
        let until = Instant::now() + PATIENCE;
        while !ordered.load(Ordering::Relaxed) && Instant::now() < until {
            std::thread::yield_now();
        }
        panic!("a mistake, made on purpose");
    };
    let threads = MediaThreads::start(config(34_400..=34_499), tell, record).unwrap();
    let rig = Rig { threads, events, frames: crossbeam_channel::bounded(0).1 };
    let mut caller = rig.phone_of(1, 1, HERE, Codec::Pcmu, 440.0);
    let listeners = listeners(&rig, 2);
    rig.command(Command::Record { recording: RecordingKey::from_u64(1), left: caller.port, right: None });
    caller.talk();
    while !has_come.load(Ordering::Relaxed) {
        std::thread::yield_now();
    }
    // Its thread is in the middle of the packet, and obeys this when it has closed the port.
    rig.command(Command::Hear { listener: listeners, speaker: caller.port, on: true });
    is_ordered.store(true, Ordering::Relaxed);
    rig.wait_for(|event| matches!(event, Event::Closed { port, .. } if *port == caller.port));
    assert_eq!((rig.threads.free_pairs(), rig.threads.open_ports()), (46, 4));
    assert_eq!(rig.threads.moved(), 0);
}

/// Waits until so many ports in all have changed threads, and what was ordered for them then is done.
fn has_moved(rig: &Rig, ports: u64) {
    let until = Instant::now() + PATIENCE;
    while rig.threads.moved() < ports && Instant::now() < until {
        std::thread::yield_now();
    }
    assert_eq!(rig.threads.moved(), ports);
}

/// Three threads, and each group on the next of them.
fn apart(ports: RangeInclusive<u16>) -> Rig {
    Rig::with(config(ports))
}

fn config(ports: RangeInclusive<u16>) -> Config {
    let mut config = Config::new(HERE, [1; 32]);
    (config.threads, config.ports_per_thread_first, config.ports) = (3, 1, ports);
    config
}

/// One who listens, tied to so many others that whoever it is to hear comes to it.
fn listeners(rig: &Rig, group: u64) -> PortId {
    listeners_of(rig, group, GUESTS)
}

fn listeners_of(rig: &Rig, group: u64, first: u64) -> PortId {
    for number in first..first + 4 {
        rig.threads.open(PortId::from_u64(number), group).unwrap();
    }
    PortId::from_u64(first)
}

fn configure(phone: &Phone, sealing: Option<Sealing>) -> Command {
    Command::Configure {
        port: phone.port,
        remote: phone.socket.local_addr().unwrap(),
        format: Format::of(Codec::Pcmu),
        telephone_event: None,
        send: true,
        receive: true,
        sealing,
        rtcp_mux: false,
    }
}
