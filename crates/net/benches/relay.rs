//! What a relayed packet costs: our media thread beside a bare loop that does nothing but pass datagrams on.
//!
//! `cargo bench -p net --bench relay [-- CALLS SECONDS]`. For each way the CPU time of the relaying thread alone is
//! measured (from `/proc/self/task`), so that a machine busy with other things disturbs it little, and the delay that it
//! adds as the receiving phone sees it, which such a machine disturbs a lot. Only figures of the same run compare.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a measurement has a clock, sockets and threads, and prints"
)]

use crossbeam_channel::bounded;
use media::{Codec, Command, Format, Keys, PortId, RecordingKey};
use net::rtp::{Config, MediaThreads};
use rtp::{Header, RtpTime, SeqNumber, Ssrc};
use rustix::event::{Timespec, epoll};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How long a way runs before it is measured.
const WARM_UP: Duration = Duration::from_millis(500);

/// How often each way is measured; the ways take turns, so that a busy moment of the machine hits all.
const ROUNDS: usize = 5;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let calls: Vec<usize> = numbers.next().map_or_else(|| vec![40, 400], |calls| vec![calls as usize]);
    let seconds = Duration::from_secs(numbers.next().unwrap_or(3));
    println!("the engine alone: {:.3} µs a packet", engine_alone());
    println!("calls way           µs/packet: least, median  ms/call-minute  lost  delay p50   p99 (ms)");
    for calls in calls {
        let ways = [Way::Wake, Way::Drain, Way::Ours, Way::OursRecorded];
        let mut rounds: [Vec<Figures>; 4] = Default::default();
        for _ in 0..ROUNDS {
            for (way, figures) in ways.into_iter().zip(&mut rounds) {
                figures.push(measure(way, calls, seconds));
            }
        }
        for (way, mut figures) in ways.into_iter().zip(rounds) {
            let lost: u64 = figures.iter().map(|one| one.lost).sum();
            figures.sort_by(|one, other| one.us_per_packet.total_cmp(&other.us_per_packet));
            let (least, median) = (&figures[0], &figures[ROUNDS / 2]);
            println!(
                "{calls:>5} {way:<13?} {:>16.2} {:>7.2} {:>15.1} {lost:>5} {:>10.2} {:>5.2}",
                least.us_per_packet,
                median.us_per_packet,
                median.us_per_packet * 6.0,
                median.delay_ms[0],
                median.delay_ms[1],
            );
        }
    }
}

/// What the engine itself takes of it: 800 bridged ports, no sockets.
fn engine_alone() -> f64 {
    struct Nowhere;
    impl media::Outbox for Nowhere {
        fn send(&mut self, _: PortId, _: media::Channel, _: SocketAddr, datagram: &[u8]) {
            std::hint::black_box(datagram);
        }
        fn record(&mut self, _: &media::Recorded) -> bool {
            true
        }
    }
    const PORTS: u64 = 800;
    const PACKETS: u16 = 1_000;
    let mut engine = media::Engine::new(base::IdSource::new(1));
    let mut now = base::Now::default();
    let address = |number: u64| SocketAddr::from(([127, 0, 0, 1], 1_000 + number as u16));
    for number in 0..PORTS {
        let port = PortId::from_u64(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (remote, format) = (address(number), Format::of(Codec::Pcmu));
        engine.handle_command(Command::Open { port }, now);
        let telephone_event = Some(Keys::of(101));
        let configure = Command::Configure {
            port,
            remote,
            format,
            telephone_event,
            send: true,
            receive: true,
            sealing: None,
            rtcp_mux: false,
        };
        engine.handle_command(configure, now);
        if number % 2 == 1 {
            let a = PortId::from_u64((number - 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            engine.handle_command(Command::Bridge { a, b: port }, now);
        }
    }
    let mut datagram = [0x55; 172];
    let began = Instant::now();
    for packet in 0..PACKETS {
        now = now.after(Duration::from_millis(20));
        for number in 0..PORTS {
            let header = header(number as u32, u64::from(packet));
            header.write(datagram.first_chunk_mut().expect("there is room"));
            let port = PortId::from_u64(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            engine.handle_packet(port, address(number), &mut datagram, now, &mut Nowhere);
        }
    }
    began.elapsed().as_secs_f64() * 1e6 / (PORTS as f64 * f64::from(PACKETS))
}

fn header(phone: u32, packet: u64) -> Header {
    Header {
        marker: false,
        payload_type: 0,
        sequence: SeqNumber(packet as u16),
        timestamp: RtpTime(packet as u32 * 160),
        ssrc: Ssrc(phone),
    }
}

/// Who relays.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// A bare loop that wakes for every packet.
    Wake,
    /// A bare loop that drains at the interval of ours.
    Drain,
    Ours,
    OursRecorded,
}

struct Figures {
    us_per_packet: f64,
    lost: u64,
    delay_ms: [f64; 2],
}

fn measure(way: Way, calls: usize, seconds: Duration) -> Figures {
    let phones: Vec<_> =
        (0..2 * calls).map(|_| UdpSocket::bind((HERE, 0)).expect("a socket for a phone")).collect();
    let addresses: Vec<_> = phones.iter().map(|phone| phone.local_addr().expect("it is bound")).collect();
    let relay = Relay::start(way, &addresses);
    let stop = AtomicBool::new(false);
    let began = Instant::now();
    let (mut cpu, mut delays, mut sent) = (Duration::ZERO, vec![], 0);
    let mut packets = 0;
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| send(&phones, relay.ports(), began, &stop));
        let receiver = scope.spawn(|| receive(&phones, began, &stop));
        std::thread::sleep(WARM_UP);
        let (cpu_before, packets_before) = (relay.cpu(), relay.packets());
        std::thread::sleep(seconds);
        cpu = relay.cpu() - cpu_before;
        packets = relay.packets() - packets_before;
        stop.store(true, Ordering::Relaxed);
        sent = sender.join().expect("the sender ends");
        delays = receiver.join().expect("the receiver ends");
    });
    let received = delays.len() as u64;
    delays.sort_unstable();
    let at =
        |share: usize| delays.get(delays.len() * share / 100).map_or(f64::NAN, |us| *us as f64 / 1_000.0);
    Figures {
        us_per_packet: cpu.as_secs_f64() * 1e6 / packets.max(1) as f64,
        lost: sent.saturating_sub(received),
        delay_ms: [at(50), at(99)],
    }
}

/// Whoever relays, and where phones send to.
enum Relay {
    Bare { ports: Vec<SocketAddr>, thread: Arc<Bare> },
    Ours { ports: Vec<SocketAddr>, threads: Box<MediaThreads>, recorder: Option<std::thread::JoinHandle<()>> },
}

impl Relay {
    fn start(way: Way, phones: &[SocketAddr]) -> Self {
        match way {
            Way::Wake => Self::bare(Duration::ZERO, phones),
            Way::Drain => Self::bare(net::rtp::pace::DRAIN, phones),
            Way::Ours | Way::OursRecorded => Self::ours(way, phones),
        }
    }

    fn bare(rest: Duration, phones: &[SocketAddr]) -> Self {
        let sockets: Vec<_> = phones.iter().map(|_| UdpSocket::bind((HERE, 0)).expect("a socket")).collect();
        let ports = sockets.iter().map(|socket| socket.local_addr().expect("it is bound")).collect();
        let bare = Arc::new(Bare::default());
        let (shared, phones) = (Arc::clone(&bare), phones.to_vec());
        std::thread::Builder::new()
            .name("bare-0".into())
            .spawn(move || shared.run(rest, &sockets, &phones))
            .expect("a thread");
        Self::Bare { ports, thread: bare }
    }

    fn ours(way: Way, phones: &[SocketAddr]) -> Self {
        let (ring, frames) = bounded(65_536);
        let mut config = Config::new(HERE, [3; 32]);
        (config.threads, config.ports) = (1, 20_000..=27_999);
        let record = move |recorded: &media::Recorded| ring.try_send(recorded.clone()).is_ok();
        let threads = MediaThreads::start(config, |_| {}, record).expect("media threads");
        let threads = Box::new(threads);
        let mut ports = vec![];
        for (number, remote) in phones.iter().enumerate() {
            let port = PortId::from_u64(number as u64);
            ports.push(threads.open(port, 1).expect("a port"));
            let format = Format::of(Codec::Pcmu);
            let telephone_event = Some(Keys::of(101));
            let configure = Command::Configure {
                port,
                remote: *remote,
                format,
                telephone_event,
                send: true,
                receive: true,
                sealing: None,
                rtcp_mux: false,
            };
            threads.command(configure).expect("the port is there");
            if number % 2 == 1 {
                let a = PortId::from_u64(number as u64 - 1);
                threads.command(Command::Bridge { a, b: port }).expect("both are there");
                if way == Way::OursRecorded {
                    let recording = RecordingKey::from_u64(number as u64);
                    let record = Command::Record { recording, left: a, right: Some(port) };
                    threads.command(record).expect("both are there");
                }
            }
        }
        // A recorder that looks ten times a second, as the real one does; its CPU time is not counted here.
        let recorder = (way == Way::OursRecorded).then(|| {
            std::thread::spawn(move || {
                loop {
                    match frames.try_recv() {
                        Ok(_) => {}
                        Err(crossbeam_channel::TryRecvError::Empty) => {
                            std::thread::sleep(Duration::from_millis(100))
                        }
                        Err(crossbeam_channel::TryRecvError::Disconnected) => return,
                    }
                }
            })
        });
        Self::Ours { ports, threads, recorder }
    }

    fn ports(&self) -> &[SocketAddr] {
        match self {
            Self::Bare { ports, .. } | Self::Ours { ports, .. } => ports,
        }
    }

    fn packets(&self) -> u64 {
        match self {
            Self::Bare { thread, .. } => thread.packets.load(Ordering::Relaxed),
            Self::Ours { threads, .. } => threads.counts().iter().map(|counts| counts.received).sum(),
        }
    }

    fn cpu(&self) -> Duration {
        cpu_of_threads(match self {
            Self::Bare { .. } => "bare-0",
            Self::Ours { .. } => "media-0",
        })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        match self {
            Self::Bare { thread, .. } => {
                thread.stop.store(true, Ordering::Relaxed);
                // The loop looks up at least every tenth of a second.
                while !thread.ended.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
            Self::Ours { recorder, .. } => drop(recorder.take()),
        }
    }
}

/// The least that relays: what comes to a socket goes out of its neighbor.
#[derive(Default)]
struct Bare {
    packets: std::sync::atomic::AtomicU64,
    stop: AtomicBool,
    ended: AtomicBool,
}

impl Bare {
    fn run(&self, rest: Duration, sockets: &[UdpSocket], phones: &[SocketAddr]) {
        let epoll = watch(sockets);
        let mut events = Vec::with_capacity(256);
        let mut buffer = [0; 2_048];
        while !self.stop.load(Ordering::Relaxed) {
            let mut longest = Some(Timespec { tv_sec: 0, tv_nsec: 100_000_000 });
            if !rest.is_zero() {
                std::thread::sleep(rest);
                longest = Some(Timespec { tv_sec: 0, tv_nsec: 0 });
            }
            loop {
                let ready = ready(&epoll, &mut events, longest.as_ref());
                for place in &ready {
                    let Ok((length, _)) = sockets[*place].recv_from(&mut buffer) else { continue };
                    let other = place ^ 1;
                    let _ = sockets[other].send_to(&buffer[..length], phones[other]);
                }
                self.packets.fetch_add(ready.len() as u64, Ordering::Relaxed);
                if rest.is_zero() || ready.is_empty() {
                    break;
                }
            }
        }
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// All phones speak: 50 packets a second each, spread evenly, a stamp in every one. Returns how many were sent.
fn send(phones: &[UdpSocket], ports: &[SocketAddr], began: Instant, stop: &AtomicBool) -> u64 {
    let interval = Duration::from_millis(20) / phones.len() as u32;
    let mut sent = 0u64;
    let mut datagram = [0x55; 172];
    while !stop.load(Ordering::Relaxed) {
        while began.elapsed() > interval.mul_f64(sent as f64) {
            let phone = (sent % phones.len() as u64) as usize;
            let number = sent / phones.len() as u64;
            let header = header(phone as u32, number);
            header.write(datagram.first_chunk_mut().expect("there is room"));
            datagram[12..20].copy_from_slice(&(began.elapsed().as_micros() as u64).to_be_bytes());
            let _ = phones[phone].send_to(&datagram, ports[phone]);
            sent += 1;
        }
        std::thread::sleep(Duration::from_micros(300));
    }
    sent
}

/// All phones listen. Returns how long each packet was on its way, in microseconds.
fn receive(phones: &[UdpSocket], began: Instant, stop: &AtomicBool) -> Vec<u64> {
    let epoll = watch(phones);
    let mut events = Vec::with_capacity(256);
    let mut buffer = [0; 2_048];
    let mut delays = vec![];
    // On a machine that is busy with other things a relay may lag; only what does not come at all is lost.
    let longest = Timespec { tv_sec: 1, tv_nsec: 0 };
    loop {
        let ready = ready(&epoll, &mut events, Some(&longest));
        if ready.is_empty() && stop.load(Ordering::Relaxed) {
            return delays;
        }
        for place in ready {
            let Ok((length, _)) = phones[place].recv_from(&mut buffer) else { continue };
            let stamp = buffer[..length].get(12..20).and_then(|stamp| stamp.first_chunk().copied());
            let now = began.elapsed().as_micros() as u64;
            let delay = stamp.map_or(0, |stamp| now.saturating_sub(u64::from_be_bytes(stamp)));
            if length == 172 {
                delays.push(delay);
            }
        }
    }
}

fn watch(sockets: &[UdpSocket]) -> OwnedFd {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("an epoll");
    for (place, socket) in sockets.iter().enumerate() {
        socket.set_nonblocking(true).expect("sockets can");
        let data = epoll::EventData::new_u64(place as u64);
        epoll::add(&epoll, socket, data, epoll::EventFlags::IN).expect("a socket can be watched");
    }
    epoll
}

fn ready(epoll: &OwnedFd, events: &mut Vec<epoll::Event>, longest: Option<&Timespec>) -> Vec<usize> {
    events.clear();
    let _ = epoll::wait(epoll, rustix::buffer::spare_capacity(events), longest);
    events
        .iter()
        .map(|event| {
            let data = event.data;
            data.u64() as usize
        })
        .collect()
}

/// The CPU time of all threads of this name in this process.
fn cpu_of_threads(name: &str) -> Duration {
    let mut nanos = 0;
    for task in std::fs::read_dir("/proc/self/task").expect("procfs").flatten() {
        let read = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
        if read("comm").trim() == name {
            nanos +=
                read("schedstat").split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Duration::from_nanos(nanos)
}
