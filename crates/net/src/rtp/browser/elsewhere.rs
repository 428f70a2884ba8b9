//! Browsers whose ports are on other threads than the one that they come to.

use super::flood::{Guest, Scene, Way, spoken};
use super::*;
use crate::rtp::Config;
use crate::rtp::browsing::DOOR;
use srtp::{Opener, Sealer};
use std::net::Ipv4Addr;

/// Longer than anything takes on a machine that is busy with other things.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

#[test]
fn all_browsers_come_by_one_door_wherever_their_ports_are() {
    let scene = full_at_the_door(33_420);
    let mut talks = Vec::new();
    for number in 1..=4 {
        let guest = scene.expects(PortId::from_u64(number), number);
        talks.push(Talk::new(&scene, guest));
    }
    for _ in 0..50 {
        for talk in &mut talks {
            assert!(talk.says_and_hears(0));
        }
    }
    let counts = scene.threads.counts();
    assert!(counts[1].crossed >= 2 * 100 && counts[2].crossed >= 2 * 100, "{counts:?}");
    assert_eq!(counts.iter().map(|counts| counts.cross_full).sum::<u64>(), 0);
    for mut talk in talks {
        scene.threads.command(Command::Close { port: talk.port }).expect("it is open");
        assert!(talk.hears_good_bye());
        scene.wait_for(|event| matches!(event, Event::Closed { port, .. } if *port == talk.port));
    }
}

#[test]
fn two_browsers_whose_ports_are_on_different_threads_are_bridged() {
    let scene = full_at_the_door(33_450);
    let guests = [1u64, 2].map(|number| scene.expects(PortId::from_u64(number), number));
    let [a, b] = [guests[0].port, guests[1].port];
    let mut talks = guests.map(|guest| Talk::new(&scene, guest));
    scene.threads.command(Command::Bridge { a, b }).expect("they meet");
    has_moved(&scene, 1);
    for _ in 0..50 {
        for talk in &mut talks {
            talk.says();
        }
        assert!(talks.iter_mut().all(Talk::hears));
    }
}

#[test]
fn a_browser_talks_on_while_its_port_goes_from_thread_to_thread() {
    let scene = full_at_the_door(33_480);
    let anchors: Vec<PortId> = (1..=2).map(|thread| anchor(&scene, 100 * thread)).collect();
    let guest = scene.expects(PortId::from_u64(7), 7);
    let port = guest.port;
    let mut talk = Talk::new(&scene, guest);
    // The door's own thread is one of those that it comes to.
    let anchors = [PortId::from_u64(FILLERS), anchors[0], anchors[1]];
    let (mut lost, mut before) = (0, None);
    for round in 0..120 {
        if let Some(before) = before.replace(anchors[round % 3]) {
            order(&scene, Command::Hear { listener: before, speaker: port, on: false });
        }
        order(&scene, Command::Hear { listener: anchors[round % 3], speaker: port, on: true });
        for _ in 0..5 {
            // What is between two threads just then may be lost.
            lost += usize::from(!talk.says_and_hears(1));
        }
    }
    assert!(lost <= 60, "{lost} of 600 packets in 120 moves");
    let adopted: u64 = scene.threads.counts().iter().map(|counts| counts.adopted).sum();
    assert!(adopted >= 110, "{adopted}");
    assert!(talk.says_and_hears(0), "and it is well at last");
}

#[test]
fn keys_find_a_port_that_moved_while_they_were_agreed_on() {
    let scene = full_at_the_door(33_510);
    let listener = anchor(&scene, 100);
    let other = anchor(&scene, 200);
    for number in 1..=6 {
        let guest = scene.expects(PortId::from_u64(number), number);
        let port = guest.port;
        let away = if number % 2 == 0 { listener } else { other };
        order(&scene, Command::Hear { listener: away, speaker: port, on: true });
        let mut talk = Talk::new(&scene, guest);
        // And it moves at once when it has them.
        let back = if number % 2 == 0 { other } else { listener };
        order(&scene, Command::Hear { listener: away, speaker: port, on: false });
        order(&scene, Command::Hear { listener: back, speaker: port, on: true });
        talk.says_and_hears(1);
        assert!((0..10).all(|_| talk.says_and_hears(0)));
        order(&scene, Command::Close { port });
        assert!(talk.hears_good_bye());
    }
}

#[test]
fn a_browser_and_those_tied_to_it_come_to_the_door_while_it_has_room() {
    let mut config = config(33_540);
    config.ports_per_thread_first = 4;
    let scene = Scene::with(config);
    for number in 0..4 {
        scene.threads.open(PortId::from_u64(100 + number), 100).expect("a port");
    }
    let caller = PortId::from_u64(1);
    scene.threads.open(caller, 1).expect("a port on the second thread");
    for number in 0..2 {
        order(&scene, Command::Close { port: PortId::from_u64(100 + number) });
    }
    let guest = scene.expects(PortId::from_u64(2), 1);
    has_moved(&scene, 2);
    let mut talk = Talk::new(&scene, guest);
    assert!((0..10).all(|_| talk.says_and_hears(0)));
    assert_eq!(scene.threads.counts().iter().map(|counts| counts.crossed).sum::<u64>(), 0);
}

#[test]
fn a_port_that_is_no_browsers_any_more_is_heard_at_its_own_socket() {
    let scene = full_at_the_door(33_570);
    let guest = scene.expects(PortId::from_u64(1), 1);
    let port = guest.port;
    let mut talk = Talk::new(&scene, guest);
    assert!(talk.says_and_hears(0));
    scene.threads.unpair(port).expect("it is open");
    let phone = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    phone.set_read_timeout(Some(PATIENCE)).expect("patience");
    let mut plain = super::tests::configure();
    if let Command::Configure { port: agreed, remote, .. } = &mut plain {
        (*agreed, *remote) = (port, phone.local_addr().expect("bound"));
    }
    order(&scene, plain);
    order(&scene, Command::Play { port, play: 1, clips: vec![clip()], repeat: true });
    let mut buffer = [0; 2_048];
    assert_eq!(phone.recv(&mut buffer).expect("it is sent to"), 172, "in the clear, as agreed");
}

/// What a browser says, and what comes back to it.
struct Talk {
    port: PortId,
    way: Way,
    sealer: Sealer,
    opener: Opener,
    said: u16,
}

impl Talk {
    fn new(scene: &Scene, guest: Guest) -> Self {
        let way = Way::Udp(scene.socket());
        let keys = guest.connects(scene, &way);
        let (sealer, opener) = (Sealer::new(&keys.ours), Opener::new(&keys.theirs));
        Self { port: guest.port, way, sealer, opener, said: 0 }
    }

    fn says(&mut self) {
        let mut packet = spoken(self.said);
        self.said += 1;
        let length = packet.len();
        packet.resize(length + 64, 0);
        let length = self.sealer.seal_rtp(&mut packet, length).expect("sealed");
        self.way.send(&packet[..length]);
    }

    /// Whether a packet of sound comes.
    fn hears(&mut self) -> bool {
        let mut buffer = [0; 2_048];
        while let Ok(length) = self.way.receive(&mut buffer) {
            if self.opener.open_rtp(&mut buffer[..length]).is_ok() {
                return true;
            }
        }
        false
    }

    /// Whether it hears itself, up to so many lost ones later.
    fn says_and_hears(&mut self, lost: usize) -> bool {
        let Way::Udp(socket) = &self.way else { return false };
        let patience = if lost == 0 { PATIENCE } else { std::time::Duration::from_millis(200) };
        socket.set_read_timeout(Some(patience)).expect("patience");
        self.says();
        self.hears()
    }

    fn hears_good_bye(&mut self) -> bool {
        let mut buffer = [0; 2_048];
        while let Ok(length) = self.way.receive(&mut buffer) {
            if Kind::of(&buffer[..length]) == Some(Kind::Report)
                && self.opener.open_rtcp(&mut buffer[..length]).is_ok()
            {
                return true;
            }
        }
        false
    }
}

/// How many ports fill the thread of the door.
const FILLERS: u64 = 1_000;

/// Three threads, of which the one of the door has no room.
fn full_at_the_door(first: u16) -> Scene {
    let scene = Scene::with(config(first));
    for number in 0..4 {
        scene.threads.open(PortId::from_u64(FILLERS + number), FILLERS).expect("a port");
    }
    scene
}

fn config(first: u16) -> Config {
    let mut config = Config::new(IpAddr::V4(Ipv4Addr::LOCALHOST), [1; 32]);
    (config.threads, config.ports_per_thread_first, config.ports) = (3, 1, first..=first + 29);
    config
}

/// One who listens, tied to so many others that whoever it is to hear comes to it.
fn anchor(scene: &Scene, first: u64) -> PortId {
    for number in first..first + 4 {
        scene.threads.open(PortId::from_u64(number), first).expect("a port");
    }
    PortId::from_u64(first)
}

fn order(scene: &Scene, command: Command) {
    scene.threads.command(command).expect("it can be obeyed");
}

fn has_moved(scene: &Scene, ports: u64) {
    let until = std::time::Instant::now() + PATIENCE;
    let moved = || scene.threads.counts().iter().map(|counts| counts.adopted).sum::<u64>();
    while moved() < ports && std::time::Instant::now() < until {
        std::thread::yield_now();
    }
    assert_eq!(moved(), ports);
    assert!(scene.threads.counts()[DOOR].panics == 0);
}

fn clip() -> std::sync::Arc<media::Clip> {
    std::sync::Arc::new(media::Clip::from_samples(
        media::ClipId(1),
        &media::tone::sine(440.0, 8_000, 0, 8_000),
    ))
}
