//! Browsers: one socket for all of them, told apart by the checks of ICE. Those whose network lets no UDP
//! out come to the same number over TCP ([`streams`]).
//!
//! ```text
//!             ┌ Stun ──▶ Peers ────── the answer ──▶ out
//!  datagram ──┼ Dtls ──▶ Handshake ── records ─────▶ out      only from an address that has passed a check
//!             │            └ keys, with what was configured ─▶ Engine
//!             └ Media ─────────────────────────────▶ Engine   likewise, and what is not rightly sealed is dropped there
//! ```
//!
//! A port that is expected to be a browser's is configured in two steps: what was agreed in SDP waits here until the
//! handshake is done, and goes on to the engine with the keys and with the address that the browser has chosen. Nothing is
//! ever sent to a browser in the clear, and keys go nowhere but to the engine of its port's thread.
//!
//! One thread has all of this, and the ports of browsers are on any ([`crate::rtp::browsing`]).

pub(super) mod handshake;
pub(super) mod identity;
pub(super) mod streams;

use handshake::{Handshake, Step, Terms};
use identity::Identity;
use streams::{STRANGER_PATIENCE, Streams};

use base::{Deadlines, Duration, Instant};
use browser_peer::frames::FRAME_BYTES_MAX;
use browser_peer::{Door, Fingerprint, Kind, News, Pairing, Peers, Place, Role};
use media::{Command, Event, PortId};
use nix::sys::socket::{setsockopt, sockopt};
use srtp::Sealing;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};

/// How often is looked who has been silent for too long.
const CONSENT_LOOK: Duration = Duration::from_secs(1);

/// How long a browser may take until it can be heard: checks and handshake together. Whoever it is to talk with hears
/// nothing meanwhile.
const KEYS_PATIENCE: Duration = Duration::from_secs(20);

/// How long after an attempt at a handshake that was broken off the next one may begin. Who forges records can break off many,
/// and each costs us the work of a new key.
const ATTEMPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a browser whose port has ended on another thread is still sent to: a good-bye comes from there within
/// milliseconds.
const GOODBYE: Duration = Duration::from_millis(200);

/// How much the system keeps of what browsers send while their thread is busy: at 100 packets a second and browser, 20 ms
/// of 500 of them are 1 000 packets, which the system counts as some 800 bytes each. What comes beyond is lost, as on a
/// network that is too narrow.
const SOCKET_BYTES: usize = 4 << 20;

/// What a datagram from a browser comes to.
#[derive(Debug)]
pub(super) enum Found {
    /// Sound for the engine, sealed still.
    Media(PortId),
    /// A report for the engine, sealed still.
    Report(PortId),
    /// The engine may have this configuration.
    Configure(Box<Command>),
    /// Nothing for anybody.
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Handshake(PortId),
    /// Another attempt may begin.
    Again(PortId),
    /// A port has ended on another thread, and its good-bye has come over by now.
    Gone(PortId),
    /// Nothing that a browser could be heard by has come of it.
    Keys(PortId),
    Consent,
    /// A connection has had time to pass a check.
    Stranger(SocketAddr),
}

/// A port with a browser.
struct Leg {
    fingerprint: Fingerprint,
    role: Role,
    /// The thread that has its port, if that is another one.
    home: Option<usize>,
    handshake: Option<Handshake>,
    /// Whether it is sent nothing, because it has not checked for too long.
    has_lapsed: bool,
    /// Whether a handshake came to nothing. There is another one only with another certificate.
    has_failed: bool,
    sealing: Option<Sealing>,
    /// What was agreed, without keys and address.
    agreed: Option<Command>,
}

impl Leg {
    const fn new(fingerprint: Fingerprint, role: Role) -> Self {
        let (home, handshake, sealing, agreed) = (None, None, None, None);
        Self { fingerprint, role, home, handshake, has_lapsed: false, has_failed: false, sealing, agreed }
    }
}

pub(super) struct Browsers {
    socket: UdpSocket,
    streams: Streams,
    address: SocketAddr,
    terms: Terms,
    peers: Peers<PortId>,
    legs: BTreeMap<PortId, Leg>,
    /// How many of them have their port on another thread.
    abroad: usize,
    deadlines: Deadlines<Timer>,
    /// What the control side is to hear.
    events: VecDeque<Event>,
}

impl Browsers {
    /// Nobody yet.
    pub(super) fn new((socket, listener): (UdpSocket, TcpListener), terms: Terms) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let streams = Streams::new(listener)?;
        let (peers, legs) = (Peers::new(), BTreeMap::new());
        let (deadlines, events) = (Deadlines::new(), VecDeque::new());
        Ok(Self { socket, streams, address, terms, peers, legs, abroad: 0, deadlines, events })
    }

    pub(super) const fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// What tells of new connections.
    pub(super) const fn listener(&self) -> &TcpListener {
        self.streams.listener()
    }

    /// Takes the connections that have come; their numbers.
    pub(super) fn accept(&mut self, now: Instant) -> Vec<usize> {
        let (new, gone) = self.streams.accept();
        for remote in gone {
            self.deadlines.stop(&Timer::Stranger(remote));
            self.peers.forget_place(Place::Tcp(remote));
        }
        for (_, remote) in new.iter().filter_map(|number| self.streams.socket(*number)) {
            self.deadlines.set(Timer::Stranger(remote), now + STRANGER_PATIENCE);
        }
        new
    }

    /// A connection of a browser.
    pub(super) fn stream(&self, number: usize) -> Option<&TcpStream> {
        self.streams.socket(number).map(|(stream, _)| stream)
    }

    /// Reads what has come over a connection. `false` if it is over once its frames are taken.
    pub(super) fn fill(&mut self, number: usize) -> bool {
        self.streams.fill(number)
    }

    /// The next packet that has come over a connection: where from, and its length in the buffer. Who does not keep to the
    /// frames is cut off.
    pub(super) fn frame(
        &mut self,
        number: usize,
        buffer: &mut [u8; FRAME_BYTES_MAX],
    ) -> Option<(Place, usize)> {
        let (_, remote) = self.streams.socket(number)?;
        match self.streams.frame(number, buffer) {
            Ok(length) => length.map(|length| (Place::Tcp(remote), length)),
            Err(error) => {
                tracing::debug!(%remote, ?error, "a connection at the browsers' port is cut off");
                self.close(number);
                None
            }
        }
    }

    /// Closes a connection.
    pub(super) fn close(&mut self, number: usize) {
        if let Some(remote) = self.streams.close(number) {
            self.deadlines.stop(&Timer::Stranger(remote));
            self.peers.forget_place(Place::Tcp(remote));
        }
    }

    pub(super) const fn door(&self) -> Door {
        Door { address: self.address, fingerprint: self.terms.fingerprint() }
    }

    /// A browser is expected at a port, which is on thread `home` if that is another one, or what is expected of it has
    /// changed.
    pub(super) fn pair(
        &mut self,
        port: PortId,
        pairing: Pairing,
        home: Option<usize>,
        now: Instant,
    ) -> Option<Command> {
        let Pairing { ours, fingerprint, role } = pairing;
        self.legs.entry(port).or_insert_with(|| Leg::new(fingerprint, role));
        self.settle(port, home);
        let is_expected = self.peers.expect(port, ours);
        let leg = self.legs.get_mut(&port)?;
        if !is_expected {
            tracing::error!(%port, "no room for another browser");
            self.events.push_back(Event::Unsealable { port });
            // It is there all the same, so that nothing is said to it in the clear.
            *leg = Leg { has_failed: true, home, ..Leg::new(fingerprint, role) };
            return None;
        }
        if self.deadlines.due(&Timer::Consent).is_none() {
            self.deadlines.set(Timer::Consent, now + CONSENT_LOOK);
        }
        leg.role = role;
        if leg.fingerprint != fingerprint {
            // Another certificate is another browser: keys are agreed on anew. The engine goes on with the old ones until then.
            leg.fingerprint = fingerprint;
            leg.handshake = None;
            leg.sealing = None;
            leg.has_failed = false;
        }
        if leg.sealing.is_none() {
            self.deadlines.set(Timer::Keys(port), now + KEYS_PATIENCE);
        }
        // It may have chosen its address before its answer was here.
        self.begin(port, now)
    }

    /// No browser is expected at a port any more.
    pub(super) fn unpair(&mut self, port: PortId) {
        if let Some(leg) = self.legs.remove(&port) {
            self.abroad -= usize::from(leg.home.is_some());
            self.peers.forget(port);
            self.deadlines.stop(&Timer::Handshake(port));
            self.deadlines.stop(&Timer::Again(port));
            self.deadlines.stop(&Timer::Keys(port));
            self.deadlines.stop(&Timer::Gone(port));
        }
    }

    /// A port ends on another thread: no browser is expected any more once its good-bye has gone out.
    pub(super) fn part_with(&mut self, port: PortId, now: Instant) {
        if self.has(port) {
            self.deadlines.set(Timer::Gone(port), now + GOODBYE);
        }
    }

    /// The port of a browser is on thread `home`, or on the own one.
    pub(super) fn settle(&mut self, port: PortId, home: Option<usize>) {
        if let Some(leg) = self.legs.get_mut(&port) {
            let before = core::mem::replace(&mut leg.home, home);
            self.abroad = self.abroad + usize::from(home.is_some()) - usize::from(before.is_some());
        }
    }

    /// The thread that a browser's port is on, if that is another one.
    pub(super) fn home(&self, port: PortId) -> Option<usize> {
        // So it is nearly always.
        if self.abroad == 0 {
            return None;
        }
        self.legs.get(&port)?.home
    }

    /// The ports whose browsers are expected.
    pub(super) fn ports(&self) -> impl Iterator<Item = PortId> + '_ {
        self.legs.keys().copied()
    }

    /// Whether a port is a browser's.
    pub(super) fn has(&self, port: PortId) -> bool {
        self.legs.contains_key(&port)
    }

    /// Where a browser may be sent to, whatever the engine believes.
    pub(super) fn remote(&self, port: PortId) -> Option<Place> {
        self.peers.remote(port)
    }

    /// What was agreed in SDP. It comes back when it can take effect, perhaps at once.
    pub(super) fn agree(&mut self, port: PortId, agreed: Command) -> Option<Command> {
        self.legs.get_mut(&port)?.agreed = Some(agreed);
        self.configured(port)
    }

    /// Whose an address is, if it has passed a check.
    pub(super) fn sender(&self, source: Place) -> Option<PortId> {
        self.peers.sender(source)
    }

    /// Takes a datagram that came.
    pub(super) fn handle(&mut self, source: Place, datagram: &[u8], now: Instant) -> Found {
        let found = match Kind::of(datagram) {
            Some(Kind::Stun) => {
                self.check(source, datagram, now).map(|command| Found::Configure(Box::new(command)))
            }
            Some(Kind::Dtls) => {
                self.record(source, datagram, now).map(|command| Found::Configure(Box::new(command)))
            }
            Some(Kind::Media) => self.peers.sender(source).map(Found::Media),
            Some(Kind::Report) => self.peers.sender(source).map(Found::Report),
            None => None,
        };
        found.unwrap_or(Found::Nothing)
    }

    /// What the control side is to hear.
    pub(super) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Browsers::handle_timeout`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Time has passed: the next thing that has to be done about it, until there is none.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Command> {
        while let Some(timer) = self.deadlines.expire(now) {
            match timer {
                Timer::Consent => {
                    while let Some(News::Lapsed { key } | News::Paired { key, .. }) =
                        self.peers.handle_timeout(now)
                    {
                        tracing::debug!(port = %key, "the browser has not checked for long, nothing more is sent to it");
                        if let Some(leg) = self.legs.get_mut(&key) {
                            leg.has_lapsed = true;
                            self.events.push_back(Event::ConsentLapsed { port: key });
                        }
                    }
                    self.close_ownerless();
                    if !self.legs.is_empty() || !self.streams.is_empty() {
                        self.deadlines.set(Timer::Consent, now + CONSENT_LOOK);
                    }
                }
                Timer::Gone(port) => self.unpair(port),
                Timer::Stranger(remote) => {
                    if let Some(number) = self.streams.is_stranger(remote) {
                        self.close(number);
                    }
                }
                Timer::Keys(port) => {
                    let leg = self.legs.get_mut(&port).filter(|leg| leg.sealing.is_none() && !leg.has_failed);
                    if let Some(leg) = leg {
                        tracing::warn!(%port, "no check and no handshake came from the browser: its network lets none through");
                        leg.handshake = None;
                        leg.has_failed = true;
                        self.events.push_back(Event::Unsealable { port });
                    }
                }
                Timer::Again(port) => {
                    if let Some(command) = self.begin(port, now) {
                        return Some(command);
                    }
                }
                Timer::Handshake(port) => {
                    if let Some(command) = self.shake(port, None, now) {
                        return Some(command);
                    }
                }
            }
        }
        None
    }

    /// Closes the connections of browsers that are not expected any more, or that have come by other ways since.
    fn close_ownerless(&mut self) {
        let proven = self.streams.proven();
        let ownerless = proven.filter(|(_, remote)| self.peers.sender(Place::Tcp(*remote)).is_none());
        for number in ownerless.map(|(number, _)| number).collect::<Vec<_>>() {
            self.close(number);
        }
    }

    fn check(&mut self, source: Place, datagram: &[u8], now: Instant) -> Option<Command> {
        let checked = self.peers.check(source, datagram, now)?;
        self.send(source, &checked.answer);
        if let Place::Tcp(remote) = source
            && self.peers.sender(source).is_some()
            && let Some(number) = self.streams.is_stranger(remote)
        {
            self.streams.prove(number);
            self.deadlines.stop(&Timer::Stranger(remote));
        }
        let News::Paired { key: port, remote } = checked.news? else { return None };
        tracing::debug!(%port, %remote, "the browser has chosen its address");
        if let Some(leg) = self.legs.get_mut(&port).filter(|leg| leg.has_lapsed) {
            leg.has_lapsed = false;
            self.events.push_back(Event::ConsentRenewed { port });
        }
        self.begin(port, now).or_else(|| self.configured(port))
    }

    /// Begins the handshake, if it is ours to begin and everything is there that it takes.
    fn begin(&mut self, port: PortId, now: Instant) -> Option<Command> {
        let leg = self.legs.get_mut(&port)?;
        let (Role::Active, None, false) = (leg.role, &leg.handshake, leg.has_failed) else { return None };
        self.peers.remote(port)?;
        if self.deadlines.due(&Timer::Again(port)).is_some() || leg.sealing.is_some() {
            return None;
        }
        leg.handshake = Some(Handshake::new(&self.terms, Role::Active, leg.fingerprint, now));
        self.shake(port, None, now)
    }

    /// A record of a handshake. From an address that has not passed a check it is nobody's.
    fn record(&mut self, source: Place, record: &[u8], now: Instant) -> Option<Command> {
        let port = self.peers.sender(source)?;
        let leg = self.legs.get_mut(&port)?;
        if leg.has_failed {
            return None;
        }
        if leg.handshake.is_none() {
            if leg.role == Role::Active || self.deadlines.due(&Timer::Again(port)).is_some() {
                return None;
            }
            leg.handshake = Some(Handshake::new(&self.terms, Role::Passive, leg.fingerprint, now));
        }
        self.shake(port, Some((source, record)), now)
    }

    /// Goes on with a handshake, by a record or by the time. What we say goes where the record came from, or to the
    /// address that was chosen.
    fn shake(&mut self, port: PortId, heard: Option<(Place, &[u8])>, now: Instant) -> Option<Command> {
        let to = heard.map(|(source, _)| source).or_else(|| self.peers.remote(port));
        let leg = self.legs.get_mut(&port)?;
        let handshake = leg.handshake.as_mut()?;
        let mut said = Vec::new();
        let say = |record: &[u8]| said.push(record.to_vec());
        let step = match heard {
            Some((_, record)) => handshake.handle(record, now, say),
            None => handshake.handle_timeout(now, say),
        };
        match handshake.poll_timeout().filter(|_| step.is_ok()) {
            Some(at) => self.deadlines.set(Timer::Handshake(port), at),
            None => {
                self.deadlines.stop(&Timer::Handshake(port));
            }
        }
        for record in to.iter().flat_map(|_| &said) {
            if let Some(to) = to {
                self.send(to, record);
            }
        }
        let leg = self.legs.get_mut(&port)?;
        match step {
            Ok(Step::On) => None,
            Ok(Step::Done(sealing)) => {
                tracing::debug!(%port, profile = sealing.ours.profile().name(), "keys are agreed on with the browser");
                leg.sealing = Some(sealing);
                self.deadlines.stop(&Timer::Keys(port));
                self.events.push_back(Event::Sealed { port });
                self.configured(port)
            }
            // The keys outlive it: the call ends when its dialog does.
            Err(_) if leg.sealing.is_some() => {
                leg.handshake = None;
                leg.has_failed = true;
                None
            }
            // The browser says its hello again if it was not its doing, and if it is ours to begin, so do we.
            Err(error) if !error.is_final() => {
                tracing::debug!(%port, %error, "a handshake is broken off");
                leg.handshake = None;
                self.deadlines.set(Timer::Again(port), now + ATTEMPT_PAUSE);
                None
            }
            Err(error) => {
                tracing::warn!(%port, %error, "no keys can be agreed on with the browser");
                leg.handshake = None;
                leg.has_failed = true;
                self.events.push_back(Event::Unsealable { port });
                None
            }
        }
    }

    /// What the engine is to be told, once there are an agreement, keys and an address.
    pub(super) fn configured(&self, port: PortId) -> Option<Command> {
        let leg = self.legs.get(&port)?;
        let (keys, address) = (leg.sealing.as_ref()?, self.peers.remote(port)?);
        let mut command = leg.agreed.clone()?;
        let Command::Configure { remote, sealing, rtcp_mux, .. } = &mut command else { return None };
        *remote = address.address();
        *sealing = Some(keys.clone());
        *rtcp_mux = true;
        Some(command)
    }

    /// Sends something to a browser. `false` if it is lost: a full socket loses it, as the network would; a check comes again,
    /// and so does a flight.
    pub(super) fn send(&mut self, to: Place, datagram: &[u8]) -> bool {
        match to {
            Place::Udp(to) => {
                self.socket.send_to(datagram, super::sockets::reachable(to, self.address)).is_ok()
            }
            Place::Tcp(to) => self.streams.send(to, datagram),
        }
    }
}

/// How often another number is tried when the one that the system gave over UDP is taken over TCP.
const NUMBERS_TRIED: usize = 16;

/// The socket and a listener of the same number: `number`, or any free one if it is 0.
///
/// # Errors
///
/// Fails if the number cannot be had.
pub(super) fn bind(ip: IpAddr, number: u16) -> io::Result<(UdpSocket, TcpListener)> {
    let tries = if number == 0 { NUMBERS_TRIED } else { 1 };
    let mut bound = bind_both(ip, number);
    for _ in 1..tries {
        if bound.is_ok() {
            break;
        }
        bound = bind_both(ip, number);
    }
    bound
}

fn bind_both(ip: IpAddr, number: u16) -> io::Result<(UdpSocket, TcpListener)> {
    let socket = UdpSocket::bind((ip, number))?;
    widen(&socket);
    let listener = TcpListener::bind((ip, socket.local_addr()?.port()))?;
    Ok((socket, listener))
}

/// Gives a socket room for [`SOCKET_BYTES`], or as much as the system allows.
fn widen(socket: &UdpSocket) {
    // Beyond the usual limit only with the right to administer the network.
    let widened = setsockopt(socket, sockopt::RcvBufForce, &SOCKET_BYTES);
    if widened.is_err()
        && let Err(error) = setsockopt(socket, sockopt::RcvBuf, &SOCKET_BYTES)
    {
        tracing::warn!(%error, "the room of the browsers' socket cannot be set");
    }
}

/// A new certificate, and what handshakes under it share; `began` is the zero of our clock.
///
/// # Errors
///
/// Fails if the machine gives no randomness.
pub(super) fn terms(began: std::time::Instant) -> io::Result<Terms> {
    let identity = Identity::generate().map_err(io::Error::other)?;
    Terms::new(identity, began).map_err(io::Error::other)
}

#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod flood;
#[cfg(test)]
mod tests;
