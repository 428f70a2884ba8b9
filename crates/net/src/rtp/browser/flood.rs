//! A flood at the socket of the browsers: whoever talks is heard as if there were none.

use super::tests::{PORT, configure};
use super::*;
use crate::rtp::{Config, MediaThreads};
use ::rtp::{Header, RtpTime, SeqNumber, Ssrc};
use base::SecretSource;
use browser_peer::Credentials;
use browser_peer::stun::write_check;
use srtp::{Opener, Sealer};
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::sync::mpsc;

/// How many packets of speech the browser sends.
const SPOKEN: u16 = 100;

/// How many datagrams of strangers come for each of them: 10 000 a second at the pace of speech.
const FLOOD: usize = 200;

/// Longer than anything takes on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(2);

#[test]
fn a_browser_is_heard_through_a_flood_of_checks_hellos_and_sound_from_strangers() {
    let scene = Scene::new(33_400);
    let guest = scene.expects(PORT, 1);
    let browser = Way::Udp(scene.socket());
    let stranger = scene.socket();
    let keys = guest.connects(&scene, &browser);
    let hello = [&[22, 0xfe, 0xfd][..], &[0; 60]].concat();
    let wrong = check(&guest.ours.ufrag, "a wrong one");
    let junk = [check("nobody", "a password of nobody's"), wrong, hello, spoken(7)];
    let heard = speak(&browser, &keys, || {
        for datagram in junk.iter().cycle().take(FLOOD) {
            stranger.send(datagram).expect("sent");
        }
    });
    assert!(heard * 100 >= usize::from(SPOKEN) * 99, "{heard} of {SPOKEN} came back");
    assert!(is_left_alone(&stranger), "nothing is sent to strangers");
}

#[test]
fn a_browser_that_comes_over_tcp_is_heard_and_so_it_is_through_a_flood_of_connections() {
    let scene = Scene::new(33_410);
    let stream = TcpStream::connect(scene.door.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("patience");
    let browser = Way::Tcp(stream);
    let keys = scene.expects(PORT, 1).connects(&scene, &browser);
    let mut strangers = VecDeque::new();
    let heard = speak(&browser, &keys, || {
        for _ in 0..4 {
            strangers.push_back(TcpStream::connect(scene.door.address));
        }
        if strangers.len() > 200 {
            strangers.drain(..4);
        }
    });
    assert_eq!(heard, usize::from(SPOKEN), "nothing is lost on a connection");
}

/// Media threads that browsers come to.
pub(super) struct Scene {
    pub(super) threads: MediaThreads,
    pub(super) events: mpsc::Receiver<Event>,
    pub(super) door: Door,
}

/// A browser that is expected, and gets an echo.
pub(super) struct Guest {
    pub(super) port: PortId,
    terms: Terms,
    ours: Credentials,
}

/// How a browser comes.
pub(super) enum Way {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Way {
    pub(super) fn send(&self, packet: &[u8]) {
        match self {
            Self::Udp(socket) => {
                socket.send(packet).expect("sent");
            }
            Self::Tcp(stream) => {
                let length = u16::try_from(packet.len()).expect("a packet").to_be_bytes();
                (&*stream).write_all(&[&length[..], packet].concat()).expect("sent");
            }
        }
    }

    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Udp(socket) => socket.recv(buffer),
            Self::Tcp(stream) => {
                let mut head = [0; 2];
                (&*stream).read_exact(&mut head)?;
                let length = usize::from(u16::from_be_bytes(head));
                (&*stream).read_exact(&mut buffer[..length])?;
                Ok(length)
            }
        }
    }
}

impl Scene {
    /// One thread.
    fn new(first: u16) -> Self {
        let mut config = Config::new(IpAddr::V4(Ipv4Addr::LOCALHOST), [1; 32]);
        (config.threads, config.ports) = (1, first..=first + 9);
        Self::with(config)
    }

    pub(super) fn with(config: Config) -> Self {
        let (tell, events) = mpsc::channel();
        let tell = move |event| tell.send(event).unwrap_or_default();
        let threads = MediaThreads::start(config, tell, |_| true).expect("threads");
        let door = threads.door();
        Self { threads, events, door }
    }

    /// A browser is expected at a new port.
    pub(super) fn expects(&self, port: PortId, group: u64) -> Guest {
        self.threads.open(port, group).expect("a port");
        let terms = super::terms(std::time::Instant::now()).expect("terms");
        let ours = Credentials::generate(&mut SecretSource::fixed(port.as_u64()));
        let pairing = Pairing { ours: ours.clone(), fingerprint: terms.fingerprint(), role: Role::Passive };
        self.threads.pair(port, pairing).expect("a browser is expected");
        let mut agreed = configure();
        if let Command::Configure { port: agreed, .. } = &mut agreed {
            *agreed = port;
        }
        self.threads.command(agreed).expect("configured");
        self.threads.command(Command::Echo { port, on: true }).expect("an echo");
        Guest { port, terms, ours }
    }

    pub(super) fn socket(&self) -> UdpSocket {
        let socket = UdpSocket::bind((self.door.address.ip(), 0)).expect("a socket");
        socket.connect(self.door.address).expect("a way to the door");
        socket.set_read_timeout(Some(PATIENCE)).expect("patience");
        socket
    }

    /// Waits for an event of a port.
    pub(super) fn wait_for(&self, is_it: impl Fn(&Event) -> bool) -> Event {
        loop {
            match self.events.recv_timeout(PATIENCE).expect("the event comes") {
                Event::Unsealable { .. } => panic!("no keys can be agreed on"),
                event if is_it(&event) => return event,
                _ => {}
            }
        }
    }
}

impl Guest {
    /// The browser checks and agrees on keys.
    pub(super) fn connects(&self, scene: &Scene, browser: &Way) -> Sealing {
        browser.send(&check(&self.ours.ufrag, &self.ours.password));
        let keys = shake_hands(browser, &self.terms, scene.door.fingerprint);
        scene.wait_for(|event| *event == Event::Sealed { port: self.port });
        keys
    }
}

/// The browser speaks, with something before each of its packets. How many of them came back.
fn speak(browser: &Way, keys: &Sealing, mut before_each: impl FnMut()) -> usize {
    let (mut sealer, mut opener) = (Sealer::new(&keys.ours), Opener::new(&keys.theirs));
    let (mut heard, mut buffer) = (0, [0; 2_048]);
    for number in 0..SPOKEN {
        before_each();
        let mut packet = spoken(number);
        let length = packet.len();
        packet.resize(length + 64, 0);
        let length = sealer.seal_rtp(&mut packet, length).expect("sealed");
        browser.send(&packet[..length]);
        // One that was lost shows by nothing coming for longer than anything takes.
        while let Ok(length) = browser.receive(&mut buffer) {
            if opener.open_rtp(&mut buffer[..length]).is_ok() {
                heard += 1;
                break;
            }
        }
    }
    heard
}

/// A browser's side of the handshake, until it has keys.
fn shake_hands(browser: &Way, terms: &Terms, theirs: Fingerprint) -> Sealing {
    let mut handshake = Handshake::new(terms, Role::Active, theirs, Instant::START);
    let send = |record: &[u8]| {
        browser.send(record);
    };
    handshake.handle_timeout(Instant::START, send).expect("a hello");
    let mut buffer = [0; 2_048];
    let mut keys = None;
    while keys.is_none() {
        let length = browser.receive(&mut buffer).expect("a record");
        if Kind::of(&buffer[..length]) == Some(Kind::Dtls)
            && let Step::Done(sealing) =
                handshake.handle(&buffer[..length], Instant::START, send).expect("goes on")
        {
            keys = Some(sealing);
        }
    }
    keys.expect("keys")
}

fn check(ufrag: &str, password: &str) -> Vec<u8> {
    write_check(&format!("{ufrag}:them"), password, true, [1; 12])
}

/// A packet of silence.
pub(super) fn spoken(number: u16) -> Vec<u8> {
    let header = Header {
        payload_type: 0,
        marker: false,
        sequence: SeqNumber(number),
        timestamp: RtpTime(u32::from(number) * 160),
        ssrc: Ssrc(7),
    };
    let mut packet = vec![0xff; 172];
    header.write(packet.first_chunk_mut().expect("room for the head"));
    packet
}

fn is_left_alone(stranger: &UdpSocket) -> bool {
    stranger.set_nonblocking(true).expect("it does not wait");
    stranger.recv(&mut [0; 64]).is_err()
}
