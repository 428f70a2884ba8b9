//! A browser of our own making against the socket of a thread: who gets keys, and who gets nothing.

use super::*;
use base::SecretSource;
use browser_peer::Credentials;
use browser_peer::stun::write_check;
use media::{Codec, Format};
use std::time::Duration as Patience;

const PORT: PortId = PortId::from_u64(7);

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
        assert_eq!((port, remote, rtcp_mux), (PORT, scene.browser.address(), true));
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
        assert!(matches!(scene.checks(false), Arrival::Nothing));
        let moved = scene.checks(true);
        let Arrival::Configure(command) = moved else { panic!("{moved:?}") };
        assert!(
            matches!(*command, Command::Configure { remote, sealing: Some(_), .. } if remote == scene.browser.address())
        );
    }
}

#[test]
fn a_hello_before_a_check_is_dropped() {
    let mut scene = Scene::new();
    let fingerprint = scene.browser.fingerprint;
    scene.pair(fingerprint, Role::Passive);
    scene.browsers.agree(PORT, configure());
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

    let mut scene = Scene::new();
    let fingerprint = scene.browser.fingerprint;
    scene.pair(fingerprint, Role::Passive);
    scene.browsers.agree(PORT, configure());
    scene.checks(true);
    scene.shakes(Role::Passive);
    assert_eq!(scene.browsers.poll_event(), Some(Event::Sealed { port: PORT }));
    scene.browsers.handle_timeout(scene.now + KEYS_PATIENCE);
    assert_eq!(scene.browsers.poll_event(), None);
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
fn sound_from_an_address_that_has_not_checked_is_nobodys() {
    let mut scene = Scene::new();
    let fingerprint = scene.browser.fingerprint;
    scene.pair(fingerprint, Role::Passive);
    let (source, sound, report) = (scene.browser.address(), [0x80, 0, 0, 1], [0x80, 200, 0, 1]);
    let now = Instant::START;
    assert!(matches!(scene.browsers.handle(source, &sound, now), Arrival::Nothing));
    scene.checks(false);
    assert!(matches!(scene.browsers.handle(source, &sound, now), Arrival::Media(PORT)));
    assert!(matches!(scene.browsers.handle(source, &report, now), Arrival::Report(PORT)));
    scene.browsers.unpair(PORT);
    assert!(matches!(scene.browsers.handle(source, &sound, now), Arrival::Nothing));
    assert_eq!(scene.browsers.peers.sizes(), (0, 0, 0));
}

/// One thread's socket, and a browser.
struct Scene {
    browsers: Browsers,
    browser: Browser,
    ours: Credentials,
    now: Instant,
}

struct Browser {
    socket: UdpSocket,
    terms: Terms,
    fingerprint: Fingerprint,
}

impl Browser {
    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("its address")
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
        let browsers = Browsers::new(socket(), terms()).expect("a socket");
        let terms = terms();
        let fingerprint = terms.fingerprint();
        let browser = Browser { socket: socket(), terms, fingerprint };
        let ours = Credentials::generate(&mut SecretSource::fixed(1));
        Self { browsers, browser, ours, now: Instant::START }
    }

    fn pair(&mut self, fingerprint: Fingerprint, role: Role) {
        let pairing = Pairing { ours: self.ours.clone(), fingerprint, role };
        assert!(self.browsers.pair(PORT, pairing, self.now).is_none());
    }

    fn checks(&mut self, nominates: bool) -> Arrival {
        let user = format!("{}:them", self.ours.ufrag);
        let check = write_check(&user, &self.ours.password, nominates, [1; 12]);
        self.browsers.handle(self.browser.address(), &check, self.now)
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
            for record in said.drain(..) {
                if let Arrival::Configure(found) =
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

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(Patience::from_millis(200))).expect("patience");
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
