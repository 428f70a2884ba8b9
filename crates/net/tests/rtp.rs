//! Media threads with real sockets: phones on the loopback interface speak to each other through two ports.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "floor 4 touches the world: sockets, threads, the clock"
)]

mod traffic_class;

use crossbeam_channel::{Receiver, bounded, unbounded};
use media::{
    Clip, ClipId, Codec, Command, ConferenceKey, Event, Format, Law, PortId, Recorded, RecordingKey,
    SampleRate, Side, tone,
};
use net::rtp::line::{FRAME_SAMPLES_MAX, HEARD_FRAMES_MAX};
use net::rtp::{CommandError, Config, MediaThreads, OpenError};
use rtp::{Header, Packet, RtpTime, SeqNumber, Ssrc};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How long anything may take on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(20);

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

#[test]
fn groups_fill_one_thread_before_the_next() {
    let mut config = Config::new(HERE, [7; 32]);
    (config.threads, config.ports_per_thread_first, config.ports) = (2, 4, 32_700..=32_767);
    let threads = MediaThreads::start(config, |_| {}, |_| true).unwrap();
    let half = 2;
    let port = |number| PortId::from_u64(number);
    for call in 0..half + 1 {
        for leg in 0..2 {
            threads.open(port(2 * call + leg), call).unwrap();
        }
        threads.command(Command::Bridge { a: port(2 * call), b: port(2 * call + 1) }).unwrap();
    }
    // The last call lives on the second thread, so it cannot be bridged with the first one.
    let [first, last] = [port(0), port(2 * half)];
    let apart = threads.command(Command::Bridge { a: first, b: last });
    assert_eq!(apart, Err(CommandError::Apart(first, last)));
    let conference = ConferenceKey::from_u64(1);
    let join = |port| threads.command(Command::Join { port, conference, speaks: true, listens: true });
    assert_eq!(join(first), Ok(()));
    assert_eq!(join(last), Err(CommandError::Elsewhere(last, conference)));
    threads.command(Command::Close { port: first }).unwrap();
    assert_eq!(join(last), Ok(()), "a conference ends with its last port");
    threads.stop();
}

/// Media threads, and what they tell.
struct Rig {
    threads: MediaThreads,
    events: Receiver<Event>,
    frames: Receiver<Recorded>,
}

impl Rig {
    fn start(bind: IpAddr, ports: std::ops::RangeInclusive<u16>) -> Self {
        let (tell, events) = unbounded();
        let (ring, frames) = bounded(1_000);
        let mut config = Config::new(bind, [1; 32]);
        (config.threads, config.ports) = (1, ports);
        let tell = move |event| tell.send(event).unwrap_or_default();
        let record = move |recorded: &Recorded| ring.try_send(recorded.clone()).is_ok();
        let threads = MediaThreads::start(config, tell, record).unwrap();
        Self { threads, events, frames }
    }

    fn phone(&self, number: u64, here: IpAddr, codec: Codec, frequency: f64) -> Phone {
        let port = PortId::from_u64(number);
        let server = self.threads.open(port, 1).unwrap();
        assert_eq!(server.port() % 2, 0);
        let socket = UdpSocket::bind((here, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let (remote, format) = (socket.local_addr().unwrap(), Format::of(codec));
        self.command(Command::Configure {
            port,
            remote,
            format,
            telephone_event: None,
            send: true,
            receive: true,
            sealing: None,
            rtcp_mux: false,
        });
        Phone { port, server, socket, codec, frequency, ssrc: number as u32, packets: 0, heard: vec![] }
    }

    fn command(&self, command: Command) {
        self.threads.command(command).unwrap();
    }

    fn wait_for(&self, is_it: impl Fn(&Event) -> bool) -> Event {
        let until = Instant::now() + PATIENCE;
        loop {
            let event = self.events.recv_deadline(until).expect("the event comes");
            if is_it(&event) {
                return event;
            }
        }
    }

    /// What the recorder got, left and right, in order.
    fn recorded(&self) -> [Vec<i16>; 2] {
        let mut sides = [vec![], vec![]];
        for recorded in self.frames.try_iter() {
            if let Recorded::Sound(frame) = recorded {
                let side = &mut sides[usize::from(frame.side == Side::Right)];
                side.extend(frame.payload().iter().map(|byte| frame.law.decode(*byte)));
            }
        }
        sides
    }
}

/// A far end.
struct Phone {
    port: PortId,
    server: SocketAddr,
    socket: UdpSocket,
    codec: Codec,
    frequency: f64,
    ssrc: u32,
    packets: u16,
    heard: Vec<i16>,
}

impl Phone {
    /// The same stream in other hands.
    fn twin(&self) -> Self {
        let socket = self.socket.try_clone().unwrap();
        Self { socket, heard: vec![], ..*self }
    }

    /// The phones here speak G.711.
    fn law(&self) -> Law {
        self.codec.law().unwrap()
    }

    fn talk(&mut self) {
        let packet = self.next_packet();
        self.socket.send_to(&packet, self.server).unwrap();
    }

    fn listen(&mut self) {
        let mut buffer = [0; 2_000];
        let (length, source) = self.socket.recv_from(&mut buffer).expect("a packet comes");
        assert_eq!(source, self.server);
        let packet = Packet::parse(&buffer[..length]).unwrap();
        assert_eq!(packet.header.payload_type, Format::of(self.codec).payload_type);
        let law = self.law();
        self.heard.extend(buffer[packet.payload].iter().map(|byte| law.decode(*byte)));
    }

    fn next_packet(&mut self) -> Vec<u8> {
        let header = Header {
            marker: false,
            payload_type: Format::of(self.codec).payload_type,
            sequence: SeqNumber(self.packets),
            timestamp: RtpTime(u32::from(self.packets) * 160),
            ssrc: Ssrc(self.ssrc),
        };
        let mut datagram = vec![0; 172];
        header.write(datagram.first_chunk_mut().unwrap());
        let sound = tone::sine(self.frequency, 8_000, u64::from(self.packets) * 160, 160);
        self.law().encode_slice(&sound, &mut datagram[12..]);
        self.packets += 1;
        datagram
    }
}

fn assert_tone(samples: &[i16], frequency: f64) {
    assert!(samples.len() >= 1_600, "only {} samples", samples.len());
    for other in [440.0, 660.0, 880.0] {
        let share = tone::share(samples, other);
        assert!(
            if other == frequency { share > 0.9 } else { share < 0.01 },
            "{frequency} Hz: {share} at {other} Hz"
        );
    }
}
