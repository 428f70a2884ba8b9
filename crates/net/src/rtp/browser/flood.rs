//! A flood at the socket of the browsers: whoever talks is heard as if there were none.

use super::*;
use crate::rtp::{Config, MediaThreads};
use ::rtp::{Header, RtpTime, SeqNumber, Ssrc};
use base::SecretSource;
use browser_peer::Credentials;
use browser_peer::stun::write_check;
use media::{Codec, Format};
use srtp::{Opener, Sealer};
use std::net::Ipv4Addr;
use std::sync::mpsc;

const PORT: PortId = PortId::from_u64(1);

/// How many packets of speech the browser sends.
const SPOKEN: u16 = 100;

/// How many datagrams of strangers come for each of them: 10 000 a second at the pace of speech.
const FLOOD: usize = 200;

#[test]
fn a_browser_is_heard_through_a_flood_of_checks_hellos_and_sound_from_strangers() {
    let (tell, events) = mpsc::channel();
    let mut config = Config::new(IpAddr::V4(Ipv4Addr::LOCALHOST), [1; 32]);
    (config.threads, config.ports) = (1, 33_400..=33_409);
    let threads = MediaThreads::start(config, move |event| tell.send(event).unwrap_or_default(), |_| true);
    let threads = threads.expect("threads");
    threads.open(PORT, 1).expect("a port");
    let door = threads.door(PORT).expect("a door");
    let terms = super::terms(std::time::Instant::now()).expect("terms");
    let ours = Credentials::generate(&mut SecretSource::fixed(1));
    let pairing = Pairing { ours: ours.clone(), fingerprint: terms.fingerprint(), role: Role::Passive };
    threads.pair(PORT, pairing).expect("a browser is expected");
    threads.command(configure()).expect("configured");
    threads.command(Command::Echo { port: PORT, on: true }).expect("an echo");

    let browser = socket(door.address);
    browser.send(&check(&ours.ufrag, &ours.password)).expect("a check");
    let keys = shake_hands(&browser, &terms, door.fingerprint);
    let sealed = events.iter().find(|event| matches!(event, Event::Sealed { .. }));
    assert_eq!(sealed, Some(Event::Sealed { port: PORT }));

    let stranger = socket(door.address);
    let hello = [&[22, 0xfe, 0xfd][..], &[0; 60]].concat();
    let junk =
        [check("nobody", "a password of nobody's"), check(&ours.ufrag, "a wrong one"), hello, spoken(7)];
    let (mut sealer, mut opener) = (Sealer::new(&keys.ours), Opener::new(&keys.theirs));
    let (mut heard, mut buffer) = (0, [0; 2_048]);
    for number in 0..SPOKEN {
        for datagram in junk.iter().cycle().take(FLOOD) {
            stranger.send(datagram).expect("sent");
        }
        let mut packet = spoken(number);
        let length = packet.len();
        packet.resize(length + 64, 0);
        let length = sealer.seal_rtp(&mut packet, length).expect("sealed");
        browser.send(&packet[..length]).expect("sent");
        // One that was lost shows by nothing coming for longer than anything takes.
        while let Ok(length) = browser.recv(&mut buffer) {
            if opener.open_rtp(&mut buffer[..length]).is_ok() {
                heard += 1;
                break;
            }
        }
    }
    assert!(heard * 100 >= usize::from(SPOKEN) * 99, "{heard} of {SPOKEN} came back");
    assert!(stranger_is_left_alone(&stranger), "nothing is sent to strangers");
}

/// A browser's side of the handshake, until it has keys.
fn shake_hands(browser: &UdpSocket, terms: &Terms, theirs: Fingerprint) -> Sealing {
    let mut handshake = Handshake::new(terms, Role::Active, theirs, Instant::START);
    let send = |record: &[u8]| {
        browser.send(record).expect("sent");
    };
    handshake.handle_timeout(Instant::START, send).expect("a hello");
    let mut buffer = [0; 2_048];
    let mut keys = None;
    while keys.is_none() {
        let length = browser.recv(&mut buffer).expect("a record");
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
fn spoken(number: u16) -> Vec<u8> {
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

fn stranger_is_left_alone(stranger: &UdpSocket) -> bool {
    stranger.set_nonblocking(true).expect("it does not wait");
    stranger.recv(&mut [0; 64]).is_err()
}

fn socket(door: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind((door.ip(), 0)).expect("a socket");
    socket.connect(door).expect("a way to the door");
    socket.set_read_timeout(Some(Duration::from_secs(2))).expect("patience");
    socket
}

fn configure() -> Command {
    Command::Configure {
        port: PORT,
        remote: "0.0.0.0:9".parse().expect("an address"),
        format: Format::of(Codec::Pcmu),
        telephone_event: None,
        send: true,
        receive: true,
        sealing: None,
        rtcp_mux: true,
    }
}
