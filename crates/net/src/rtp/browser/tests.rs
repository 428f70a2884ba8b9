//! A browser of our own making against the socket of a thread: who gets keys, and who gets nothing.

use super::*;
use base::SecretSource;
use browser_peer::Credentials;
use browser_peer::agent::CONSENT;
use browser_peer::stun::write_check;
use media::{Codec, Format};
use std::io::{Read, Write};

pub(super) const PORT: PortId = PortId::from_u64(7);

#[test]
fn a_browser_that_checks_and_shakes_hands_is_configured_with_keys_and_its_address() {
    for role in [Role::Passive, Role::Active] {
        let mut scene = Scene::new();
        let fingerprint = scene.browser.fingerprint;
        scene.pair(fingerprint, role);
        assert!(scene.browsers.agree(PORT, configure()).is_none(), "nothing is sent in the clear");
        scene.checks(true);
        let (command, theirs) = scene.shakes(role);
        let Some(Command::Configure { port, remote, sealing, rtcp_mux, .. }) = command else {
            panic!("{command:?}")
        };
        assert_eq!((port, remote, rtcp_mux), (PORT, scene.browser.address().address(), true));
        let (ours, theirs) = (sealing.expect("keys"), theirs.expect("keys"));
        assert_eq!((ours.ours, ours.theirs), (theirs.theirs, theirs.ours));
        assert_eq!(scene.browsers.poll_event(), Some(Event::Sealed { port: PORT }));
        assert_eq!(scene.browsers.poll_event(), None);

        // What is agreed on later is configured at once, and so is another address.
        assert!(matches!(
            scene.browsers.agree(PORT, configure()),
            Some(Command::Configure { sealing: Some(_), .. })
        ));
        scene.browser.moves();
        assert!(matches!(scene.checks(false), Found::Nothing));
        let moved = scene.checks(true);
        let Found::Configure(command) = moved else { panic!("{moved:?}") };
        assert!(
            matches!(*command, Command::Configure { remote, sealing: Some(_), .. } if remote == scene.browser.address().address())
        );
    }
}

#[test]
fn a_hello_before_a_check_is_dropped() {
    let mut scene = Scene::expecting(Role::Passive);
    let (command, theirs) = scene.shakes(Role::Passive);
    assert!(command.is_none() && theirs.is_none());
    assert!(scene.browsers.legs[&PORT].handshake.is_none());
    assert_eq!(scene.browsers.poll_event(), None);
}

#[test]
fn a_browser_of_which_nothing_comes_is_told_to_be_unheard_of_and_one_with_keys_is_not() {
    let mut scene = Scene::new();
    let fingerprint = scene.browser.fingerprint;
    scene.pair(fingerprint, Role::Passive);
    let before = scene.now + KEYS_PATIENCE - Duration::from_millis(1);
    assert!(scene.browsers.handle_timeout(before).is_none());
    assert_eq!(scene.browsers.poll_event(), None);
    assert!(scene.browsers.handle_timeout(scene.now + KEYS_PATIENCE).is_none());
    assert_eq!(scene.browsers.poll_event(), Some(Event::Unsealable { port: PORT }));

    let mut scene = Scene::expecting(Role::Passive);
    scene.checks(true);
    scene.shakes(Role::Passive);
    assert_eq!(scene.browsers.poll_event(), Some(Event::Sealed { port: PORT }));
    scene.browsers.handle_timeout(scene.now + KEYS_PATIENCE);
    assert_eq!(scene.browsers.poll_event(), None);
}

#[test]
fn nothing_is_left_of_a_browser_whose_port_has_ended_on_another_thread() {
    let mut scene = Scene::expecting(Role::Passive);
    scene.browsers.settle(PORT, Some(2));
    scene.browsers.settle(PORT, Some(1));
    assert_eq!((scene.browsers.home(PORT), scene.browsers.abroad), (Some(1), 1));
    scene.browsers.part_with(PORT, scene.now);
    scene.passes(GOODBYE);
    assert!(!scene.browsers.has(PORT));
    assert_eq!((scene.browsers.home(PORT), scene.browsers.abroad), (None, 0));
    // Nor is another one where it was that has its number after it.
    scene.pair(scene.browser.fingerprint, Role::Passive);
    assert_eq!(scene.browsers.home(PORT), None);
}

#[test]
fn a_browser_with_another_certificate_is_never_configured() {
    for role in [Role::Passive, Role::Active] {
        let mut scene = Scene::new();
        scene.pair([7; 32], role);
        scene.browsers.agree(PORT, configure());
        scene.checks(true);
        let (command, _) = scene.shakes(role);
        assert!(command.is_none(), "{role:?}");
        assert_eq!(scene.browsers.poll_event(), Some(Event::Unsealable { port: PORT }));
        // It does not get a second try.
        assert!(scene.shakes(role).0.is_none());
        assert_eq!(scene.browsers.poll_event(), None);
    }
}

#[test]
fn a_forged_alert_ends_no_handshake() {
    for role in [Role::Passive, Role::Active] {
        let mut scene = Scene::expecting(role);
        scene.checks(true);
        // "Handshake failure" and "close notify", in the clear, before each record of the browser's.
        for alert in [[2, 40], [1, 0]] {
            scene.forged.push([&[21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2], &alert[..]].concat());
        }
        let (command, theirs) = scene.shakes(role);
        assert!(command.is_some() && theirs.is_some(), "{role:?}");
        assert_eq!(scene.browsers.poll_event(), Some(Event::Sealed { port: PORT }));
    }
}

#[test]
fn a_handshake_that_somebody_breaks_off_is_begun_again() {
    for role in [Role::Passive, Role::Active] {
        let mut scene = Scene::expecting(role);
        scene.checks(true);
        scene.is_broken_off(role);
        assert!(scene.browsers.legs[&PORT].handshake.is_none());
        assert_eq!(scene.browsers.poll_event(), None, "nobody is told that it came to nothing");

        // Not at once, so that a flood of forged records costs little.
        assert!(scene.shakes(role).0.is_none());
        assert!(scene.browsers.legs[&PORT].handshake.is_none());
        scene.now += ATTEMPT_PAUSE;
        assert!(scene.browsers.handle_timeout(scene.now).is_none());
        let (command, theirs) = scene.shakes(role);
        assert!(command.is_some() && theirs.is_some(), "{role:?}");
    }
}

#[test]
fn a_browser_that_checks_no_more_is_told_of_and_so_is_its_return() {
    let mut scene = Scene::expecting(Role::Passive);
    scene.checks(true);
    scene.shakes(Role::Passive);
    assert_eq!(scene.browsers.poll_event(), Some(Event::Sealed { port: PORT }));
    scene.passes(CONSENT + CONSENT_LOOK);
    assert_eq!(scene.browsers.poll_event(), Some(Event::ConsentLapsed { port: PORT }));
    scene.passes(CONSENT);
    assert_eq!((scene.browsers.remote(PORT), scene.browsers.poll_event()), (None, None), "told once");

    let back = scene.checks(true);
    assert!(matches!(back, Found::Configure(_)), "{back:?}");
    assert_eq!(scene.browsers.poll_event(), Some(Event::ConsentRenewed { port: PORT }));
    assert_eq!(scene.browsers.poll_event(), None);
}

#[test]
fn a_connection_that_passes_no_check_is_closed_and_one_that_does_stays_as_long_as_its_call() {
    let mut scene = Scene::new();
    let fingerprint = scene.browser.fingerprint;
    scene.pair(fingerprint, Role::Passive);
    let door = scene.browsers.listener().local_addr().expect("its address");
    let [mut browser, stranger] = [(); 2].map(|()| TcpStream::connect(door).expect("a connection"));
    let numbers = scene.browsers.accept(scene.now);
    assert_eq!(numbers.len(), 2);
    let user = format!("{}:them", scene.ours.ufrag);
    for (mut who, password) in [(&browser, scene.ours.password.as_str()), (&stranger, "a wrong one")] {
        let check = write_check(&user, password, true, [9; 12]);
        who.write_all(&[&[0, check.len() as u8][..], &check].concat()).expect("written");
    }
    let mut buffer = [0; FRAME_BYTES_MAX];
    for number in numbers {
        assert!(scene.browsers.fill(number));
        while let Some((place, length)) = scene.browsers.frame(number, &mut buffer) {
            scene.browsers.handle(place, &buffer[..length], scene.now);
        }
    }
    let place = Place::Tcp(browser.local_addr().expect("its address"));
    assert_eq!((scene.browsers.sender(place), scene.browsers.remote(PORT)), (Some(PORT), Some(place)));
    assert_eq!(scene.browsers.streams.sizes(), (2, 1));
    scene.passes(STRANGER_PATIENCE);
    assert_eq!(scene.browsers.streams.sizes(), (1, 0));
    // Its check was answered, behind a length.
    let mut head = [0; 2];
    browser.read_exact(&mut head).expect("an answer");
    assert_eq!(head[0], 0);

    // Its call is over, and it does not close its connection: nothing is left of it all the same.
    scene.browsers.unpair(PORT);
    scene.passes(CONSENT_LOOK);
    assert_eq!((scene.browsers.sender(place), scene.browsers.streams.sizes()), (None, (0, 0)));
}

#[test]
fn sound_from_an_address_that_has_not_checked_is_nobodys() {
    let mut scene = Scene::new();
    let fingerprint = scene.browser.fingerprint;
    scene.pair(fingerprint, Role::Passive);
    let (source, sound, report) = (scene.browser.address(), [0x80, 0, 0, 1], [0x80, 200, 0, 1]);
    let now = Instant::START;
    assert!(matches!(scene.browsers.handle(source, &sound, now), Found::Nothing));
    scene.checks(false);
    assert!(matches!(scene.browsers.handle(source, &sound, now), Found::Media(PORT)));
    assert!(matches!(scene.browsers.handle(source, &report, now), Found::Report(PORT)));
    scene.browsers.unpair(PORT);
    assert!(matches!(scene.browsers.handle(source, &sound, now), Found::Nothing));
    assert_eq!(scene.browsers.peers.sizes(), (0, 0, 0));
}

/// One thread's socket, and a browser.
struct Scene {
    browsers: Browsers,
    browser: Browser,
    ours: Credentials,
    now: Instant,
    /// How many checks the browser has made.
    checks: u8,
    /// What somebody says in the browser's place before each of its records.
    forged: Vec<Vec<u8>>,
}

struct Browser {
    socket: UdpSocket,
    terms: Terms,
    fingerprint: Fingerprint,
}

impl Browser {
    fn address(&self) -> Place {
        Place::Udp(self.socket.local_addr().expect("its address"))
    }

    /// Another network.
    fn moves(&mut self) {
        self.socket = socket();
    }
}

impl Scene {
    fn new() -> Self {
        let began = std::time::Instant::now();
        let terms = || super::terms(began).expect("terms");
        let browsers = Browsers::new((socket(), listener()), terms()).expect("a socket");
        let terms = terms();
        let fingerprint = terms.fingerprint();
        let browser = Browser { socket: socket(), terms, fingerprint };
        let ours = Credentials::generate(&mut SecretSource::fixed(1));
        Self { browsers, browser, ours, now: Instant::START, checks: 0, forged: Vec::new() }
    }

    /// The browser is expected, and everything is agreed on with it.
    fn expecting(role: Role) -> Self {
        let mut scene = Self::new();
        scene.pair(scene.browser.fingerprint, role);
        scene.browsers.agree(PORT, configure());
        scene
    }

    fn pair(&mut self, fingerprint: Fingerprint, role: Role) {
        let pairing = Pairing { ours: self.ours.clone(), fingerprint, role };
        assert!(self.browsers.pair(PORT, pairing, None, self.now).is_none());
    }

    fn checks(&mut self, nominates: bool) -> Found {
        let user = format!("{}:them", self.ours.ufrag);
        self.checks += 1;
        let check = write_check(&user, &self.ours.password, nominates, [self.checks; 12]);
        self.browsers.handle(self.browser.address(), &check, self.now)
    }

    /// Time passes, and is looked at whenever that is due.
    fn passes(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.browsers.poll_timeout().filter(|due| *due <= end) {
            self.now = due;
            while self.browsers.handle_timeout(due).is_some() {}
        }
        self.now = end;
    }

    /// Somebody says what cannot be gone on from, in the browser's place.
    fn is_broken_off(&mut self, ours: Role) {
        let from = self.browser.address();
        if ours == Role::Passive {
            let hello = self.hello_that_breaks_off();
            assert!(matches!(self.browsers.handle(from, &hello, self.now), Found::Nothing));
            return;
        }
        let nonsense = [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 4][..], &[9; 4]].concat();
        assert!(matches!(self.browsers.handle(from, &nonsense, self.now), Found::Nothing));
    }

    /// A hello of an edition that there is not: it stands behind the heads of the record and of the message.
    fn hello_that_breaks_off(&self) -> Vec<u8> {
        let mut stranger = Handshake::new(&self.browser.terms, Role::Active, [7; 32], self.now);
        let mut hello = Vec::new();
        let _ = stranger.handle_timeout(self.now, |record| hello.extend_from_slice(record));
        hello[13 + 12] ^= 0xff;
        hello
    }

    /// The browser plays its part until both are done or nobody says anything more.
    fn shakes(&mut self, ours: Role) -> (Option<Command>, Option<Sealing>) {
        let us = self.browsers.door().fingerprint;
        let theirs = if ours == Role::Passive { Role::Active } else { Role::Passive };
        let mut handshake = Handshake::new(&self.browser.terms, theirs, us, self.now);
        let (mut command, mut sealing) = (None, None);
        let mut said = Vec::new();
        if theirs == Role::Active {
            let _ = handshake.handle_timeout(self.now, |record| said.push(record.to_vec()));
        }
        let mut buffer = [0; 2_048];
        loop {
            let forged = &self.forged;
            let said_by_all = said.drain(..).flat_map(|record| forged.iter().cloned().chain([record]));
            for record in said_by_all.collect::<Vec<_>>() {
                if let Found::Configure(found) =
                    self.browsers.handle(self.browser.address(), &record, self.now)
                {
                    command = Some(*found);
                }
            }
            let Ok(length) = self.browser.socket.recv(&mut buffer) else { break };
            if Kind::of(&buffer[..length]) != Some(Kind::Dtls) {
                continue;
            }
            match handshake.handle(&buffer[..length], self.now, |record| said.push(record.to_vec())) {
                Ok(Step::On) => {}
                Ok(Step::Done(keys)) => sealing = Some(keys),
                Err(_) => break,
            }
        }
        (command, sealing)
    }
}

/// What was sent over loopback is there at once, so that nobody has to wait for it.
fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_nonblocking(true).expect("a socket that does not wait");
    socket
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a listener")
}

pub(super) fn configure() -> Command {
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
