//! Browsers whose ports are on other threads than the one that they come to.

use super::flood::{Guest, Scene, Way, spoken};
use super::*;
use crate::rtp::Config;
use crate::rtp::browsing::DOOR;
use srtp::{Opener, Sealer};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    waits_until(|| scene.threads.counts()[1..].iter().all(|counts| counts.crossed >= 2 * 100));
    let counts = scene.threads.counts();
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
    let (mut lost, mut before) = ([0; 3], None);
    for round in 0..120 {
        if let Some(before) = before.replace(anchors[round % 3]) {
            order(&scene, Command::Hear { listener: before, speaker: port, on: false });
        }
        order(&scene, Command::Hear { listener: anchors[round % 3], speaker: port, on: true });
        for _ in 0..5 {
            // What is between two threads just then may be lost.
            lost[round % 3] += usize::from(!talk.says_and_hears(1));
        }
    }
    let [to_door, from_door, between_others] = lost;
    // The door's thread knows at once who has left it. Of who has come to it, or to another thread, it hears a little later.
    assert!(from_door <= 4, "{from_door} in 40 moves from the door");
    assert!(to_door <= 10, "{to_door} in 40 moves to the door");
    assert!(between_others <= 10, "{between_others} in 40 moves elsewhere");
    assert!(scene.threads.moved() >= 110, "{}", scene.threads.moved());
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
        order(&scene, Command::Hear { listener, speaker: port, on: true });
        let (has_keys, began) = (AtomicBool::new(false), scene.threads.moved());
        let threads = &scene.threads;
        let mut talk = std::thread::scope(|scope| {
            let is_over = Over(&has_keys);
            scope.spawn(|| {
                // It goes to and fro all the time, also in the moment when it has them.
                for turn in 0.. {
                    let before = threads.moved();
                    let [from, to] = if turn % 2 == 0 { [listener, other] } else { [other, listener] };
                    for (listener, on) in [(from, false), (to, true)] {
                        threads.command(Command::Hear { listener, speaker: port, on }).expect("it is open");
                    }
                    while threads.moved() == before {
                        if has_keys.load(Ordering::Relaxed) {
                            return;
                        }
                        std::thread::yield_now();
                    }
                }
            });
            waits_until(|| threads.moved() > began);
            let talk = Talk::new(&scene, guest);
            drop(is_over);
            talk
        });
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

#[test]
fn what_a_browser_says_to_a_port_that_is_no_browsers_any_more_is_nobodys() {
    let (scene, brake) = braked(33_600, 1);
    let guest = scene.expects(PortId::from_u64(1), 1);
    let port = guest.port;
    let mut talk = Talk::new(&scene, guest);
    assert!(talk.says_and_hears(0));
    brake.holds_up(&scene, port);
    let before = scene.threads.counts()[DOOR].crossed;
    for _ in 0..20 {
        talk.says();
    }
    waits_until(|| scene.threads.counts()[DOOR].crossed >= before + 20);
    scene.threads.unpair(port).expect("it is open");
    let mut plain = super::tests::configure();
    if let Command::Configure { port: agreed, remote, .. } = &mut plain {
        (*agreed, *remote) = (port, ([127, 0, 0, 1], 9).into());
    }
    order(&scene, plain);
    brake.lets_go();
    // And it goes on, as it has not heard of that yet.
    for _ in 0..20 {
        talk.says();
    }
    waits_until(|| scene.threads.counts()[1].crossed >= before + 20);
    order(&scene, Command::Close { port });
    let closed =
        scene.wait_for(|event| matches!(event, Event::Closed { port: closed, .. } if *closed == port));
    let Event::Closed { quality, .. } = closed else { panic!("{closed:?}") };
    assert_eq!((quality.received, quality.dropped.foreign_source), (1, 0), "{quality:?}");
}

#[test]
fn a_thread_that_waits_for_ports_sleeps_and_so_does_what_browsers_say_to_it() {
    let (scene, brake) = braked(33_630, 2);
    let guest = scene.expects(PortId::from_u64(7), 7);
    for number in 8..11 {
        scene.threads.open(PortId::from_u64(number), 7).expect("a port beside it");
    }
    let (port, late) = (guest.port, PortId::from_u64(300));
    let mut talk = Talk::new(&scene, guest);
    scene.threads.open(late, 300).expect("a port on the third thread");
    brake.holds_up(&scene, late);
    order(&scene, Command::Hear { listener: late, speaker: port, on: true });
    let woke = scene.threads.counts()[1].wakes;
    let said = 100;
    for _ in 0..said {
        let before = scene.threads.counts()[DOOR].crossed;
        talk.says();
        waits_until(|| scene.threads.counts()[DOOR].crossed > before);
    }
    let wakes = scene.threads.counts()[1].wakes - woke;
    assert!(wakes <= 2 * said, "it woke {wakes} times over {said} packets");
    brake.lets_go();
    assert!((0..said).all(|_| talk.hears()), "all of it is there when the port is");
    has_moved(&scene, 1);
}

#[test]
fn browsers_are_heard_while_the_thread_of_the_door_waits_for_ports() {
    let (scene, brake) = braked(33_660, 2);
    let guest = scene.expects(PortId::from_u64(7), 7);
    let mut talk = Talk::new(&scene, guest);
    let late = PortId::from_u64(300);
    scene.threads.open(late, 300).expect("a port on the third thread");
    brake.holds_up(&scene, late);
    order(&scene, Command::Hear { listener: PortId::from_u64(FILLERS), speaker: late, on: true });
    assert!((0..20).all(|_| talk.says_and_hears(0)));
    brake.lets_go();
    has_moved(&scene, 1);
}

#[test]
fn browsers_lose_their_calls_with_the_thread_of_the_door_and_phones_of_other_threads_do_not() {
    let (scene, brake) = braked(33_690, DOOR);
    let guest = scene.expects(PortId::from_u64(7), 7);
    let port = guest.port;
    let mut talk = Talk::new(&scene, guest);
    assert!(talk.says_and_hears(0));
    brake.breaks();
    // It wakes for this, if it has not for something else.
    let _ = scene.threads.command(Command::Unbridge { port: PortId::from_u64(FILLERS) });
    let next = || scene.events.recv_timeout(PATIENCE).expect("an event comes");
    let mut closed = std::collections::BTreeSet::new();
    while closed.len() < 4 {
        if let Event::Closed { port, .. } = next() {
            closed.insert(port);
        }
    }
    assert_eq!(closed, (FILLERS..FILLERS + 4).map(PortId::from_u64).collect());
    // Whoever came by it has no way any more, and is told so.
    while next() != (Event::Unsealable { port }) {}
    order(&scene, Command::Close { port });
    while !matches!(next(), Event::Closed { port: closed, .. } if closed == port) {}
    assert_eq!(scene.threads.open_ports(), 0);
    // Others begin elsewhere, and a further browser hears at once that there is nobody for it.
    let port = PortId::from_u64(8);
    let terms = super::terms(std::time::Instant::now()).expect("terms");
    let ours = browser_peer::Credentials::generate(&mut base::SecretSource::fixed(8));
    scene.threads.open(port, 8).expect("a port");
    let pairing = Pairing { ours, fingerprint: terms.fingerprint(), role: Role::Passive };
    scene.threads.pair(port, pairing).expect("it is said later");
    while next() != (Event::Unsealable { port }) {}
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

/// Says when it is over, also by a panic.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Holds up a thread, or breaks it, whenever it asks what time it is.
struct Brake(Arc<Pads>);

#[derive(Default)]
struct Pads {
    is_on: AtomicBool,
    holds: AtomicBool,
    breaks: AtomicBool,
}

impl Brake {
    /// From now on the thread of a port stands still.
    fn holds_up(&self, scene: &Scene, port: PortId) {
        self.0.is_on.store(true, Ordering::Relaxed);
        order(scene, Command::Unbridge { port });
        waits_until(|| self.0.holds.load(Ordering::Relaxed));
    }

    fn lets_go(&self) {
        self.0.is_on.store(false, Ordering::Relaxed);
    }

    fn breaks(&self) {
        self.0.breaks.store(true, Ordering::Relaxed);
    }
}

impl Drop for Brake {
    fn drop(&mut self) {
        self.lets_go();
    }
}

impl Pads {
    fn ask(&self) {
        assert!(!self.breaks.load(Ordering::Relaxed), "a mistake, made on purpose");
        while self.is_on.load(Ordering::Relaxed) {
            self.holds.store(true, Ordering::Relaxed);
            std::thread::yield_now();
        }
    }
}

/// Three threads, of which the one of the door has no room, and one has a brake.
fn braked(first: u16, thread: usize) -> (Scene, Brake) {
    let mut config = config(first);
    let brake = Brake(Arc::default());
    let (clock, pads, name) = (config.clock, Arc::clone(&brake.0), format!("media-{thread}"));
    config.clock = Arc::new(move || {
        if std::thread::current().name() == Some(name.as_str()) {
            pads.ask();
        }
        clock()
    });
    (filled(config), brake)
}

/// How many ports fill the thread of the door.
const FILLERS: u64 = 1_000;

/// Three threads, of which the one of the door has no room.
fn full_at_the_door(first: u16) -> Scene {
    filled(config(first))
}

fn filled(config: Config) -> Scene {
    let scene = Scene::with(config);
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

fn waits_until(is_so: impl Fn() -> bool) {
    let until = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < until, "it never is");
        std::thread::yield_now();
    }
}

fn has_moved(scene: &Scene, ports: u64) {
    waits_until(|| scene.threads.moved() >= ports);
    assert_eq!(scene.threads.moved(), ports);
    assert!(scene.threads.counts()[DOOR].panics == 0);
}

fn clip() -> std::sync::Arc<media::Clip> {
    std::sync::Arc::new(media::Clip::from_samples(
        media::ClipId(1),
        &media::tone::sine(440.0, 8_000, 0, 8_000),
    ))
}
