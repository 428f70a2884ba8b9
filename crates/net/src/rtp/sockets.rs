//! The sockets of one thread, its epoll, and the ways out: packets to sockets, sound to the recorder's ring.
//!
//! One `recvfrom` for each socket that is ready and one `sendto` for each packet: at 50 packets a second a socket holds one
//! packet when it is drained, and answers leave from the socket of another port, so there is nothing that `recvmmsg` and
//! `sendmmsg`, which work on one socket each, could gather. Epoll is level-triggered: what is left is told again.

use crate::rtp::browsing::Browsing;
use crate::rtp::crossing::Bell;
use crate::rtp::line::ThreadEnd;
use crate::rtp::moving::{Belongings, Expected};
use crate::rtp::range::Bound;
use crate::rtp::{Counts, Record};
use base::{Duration, Instant};
use browser_peer::Place;
use media::{Channel, Outbox, PortId, Recorded};
use rustix::event::{Timespec, epoll};
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// How many ready sockets are told at once.
const READY_MAX: usize = 256;

/// What epoll says when the eventfd is ready; no socket has this number.
const WAKE: u64 = u64::MAX;

/// What epoll says when the socket of the browsers is ready.
const BROWSERS: u64 = u64::MAX - 1;

/// What it says when a browser has opened a connection.
const LISTENER: u64 = u64::MAX - 2;

/// What it says when such a connection is ready, with its number.
const STREAM: u64 = 1 << 62;

/// A socket that is ready.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ready {
    /// One of a port.
    Port { place: usize, channel: Channel },
    /// That of all browsers.
    Browsers,
    /// That which browsers open connections to.
    Listener,
    /// One of these connections.
    Stream(usize),
}

/// The sockets that were ready when epoll was last asked.
pub(super) struct ReadyList {
    events: Vec<epoll::Event>,
    sockets: Vec<Ready>,
}

impl ReadyList {
    pub(super) fn new() -> Self {
        Self { events: Vec::with_capacity(READY_MAX), sockets: Vec::with_capacity(READY_MAX) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Ready> + '_ {
        self.sockets.iter().copied()
    }
}

struct Pair {
    port: PortId,
    bound: Bound,
}

pub(super) struct Sockets {
    epoll: OwnedFd,
    bell: Arc<Bell>,
    pairs: slab::Slab<Pair>,
    places: BTreeMap<PortId, usize>,
    pub(super) browsing: Browsing,
    /// The lines of programs.
    pub(super) lines: BTreeMap<PortId, ThreadEnd>,
    record: Arc<Record>,
    pub(super) counts: Counts,
}

impl Sockets {
    pub(super) fn new(record: Arc<Record>, bell: Arc<Bell>, browsing: Browsing) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, bell.fd(), epoll::EventData::new_u64(WAKE), epoll::EventFlags::IN)?;
        if let Browsing::Here(reception) = &browsing {
            let (socket, listener) = (reception.browsers.socket(), reception.browsers.listener());
            epoll::add(&epoll, socket, epoll::EventData::new_u64(BROWSERS), epoll::EventFlags::IN)?;
            epoll::add(&epoll, listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
        }
        Ok(Self {
            epoll,
            bell,
            pairs: slab::Slab::new(),
            places: BTreeMap::new(),
            browsing,
            lines: BTreeMap::new(),
            record,
            counts: Counts::default(),
        })
    }

    pub(super) fn add(&mut self, port: PortId, bound: Bound) -> io::Result<()> {
        let place = self.pairs.insert(Pair { port, bound });
        self.places.insert(port, place);
        let watched = self.watch(place);
        if watched.is_err() {
            self.remove(port);
        }
        watched
    }

    fn watch(&self, place: usize) -> io::Result<()> {
        let Some(Pair { bound, .. }) = self.pairs.get(place) else { return Ok(()) };
        for (channel, socket) in [(0, &bound.rtp), (1, &bound.rtcp)] {
            let data = epoll::EventData::new_u64((place as u64) << 1 | channel);
            epoll::add(&self.epoll, socket, data, epoll::EventFlags::IN)?;
        }
        Ok(())
    }

    /// Closes the sockets of a port, which takes them off epoll too. Returns the number of the media socket.
    pub(super) fn remove(&mut self, port: PortId) -> Option<u16> {
        self.browsing.forget(port);
        self.lines.remove(&port);
        let place = self.places.remove(&port)?;
        Some(self.pairs.try_remove(place)?.bound.address.port())
    }

    /// Parts with what is a port's. Its sockets stay open, and what comes to them waits.
    pub(super) fn part_with(&mut self, port: PortId) -> Belongings {
        let pair = self.places.remove(&port).and_then(|place| self.pairs.try_remove(place));
        let bound = pair.map(|pair| pair.bound);
        for socket in bound.iter().flat_map(|bound| [&bound.rtp, &bound.rtcp]) {
            // It fails only if the socket was never watched.
            let _ = epoll::delete(&self.epoll, socket);
        }
        let is_browser = self.browsing.part_with(port);
        Belongings { port, bound, line: self.lines.remove(&port), is_browser }
    }

    /// Takes in what is a port's, from another thread. Fails if its sockets cannot be watched; they are here all the same.
    pub(super) fn take_in(&mut self, belongings: Belongings) -> io::Result<()> {
        let Belongings { port, bound, line, is_browser } = belongings;
        if is_browser {
            self.browsing.take_in(port);
        }
        if let Some(line) = line {
            self.lines.insert(port, line);
        }
        let Some(bound) = bound else { return Ok(()) };
        let place = self.pairs.insert(Pair { port, bound });
        self.places.insert(port, place);
        self.watch(place)
    }

    /// All ports that are here, with the numbers of their media sockets.
    pub(super) fn ports(&self) -> Vec<Expected> {
        let pairs = self.pairs.iter().map(|(_, pair)| (pair.port, Some(pair.bound.address.port())));
        pairs.chain(self.lines.keys().map(|line| (*line, None))).collect()
    }

    /// Waits for sockets to be ready, at most so long, or for ever if `None`; and if `takes_crossings`, for packets of browsers
    /// from other threads.
    pub(super) fn wait(&self, longest: Option<Duration>, takes_crossings: bool, ready: &mut ReadyList) {
        ready.sockets.clear();
        ready.events.clear();
        let sleeps = longest.is_none_or(|longest| !longest.is_zero());
        if sleeps {
            self.bell.lie_down();
        }
        // What came since is not slept over.
        let has_more = sleeps && takes_crossings && !self.browsing.is_quiet();
        let longest = if has_more { Some(Duration::ZERO) } else { longest };
        let timeout = longest.map(|longest| Timespec {
            tv_sec: i64::try_from(longest.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: longest.subsec_nanos().into(),
        });
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut ready.events), timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                // Only a broken program can get here; without a pause it would spin.
                tracing::error!(%error, "epoll fails");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        if sleeps {
            self.bell.stay_up();
        }
        for event in &ready.events {
            let data = event.data;
            match data.u64() {
                WAKE => self.bell.get_up(),
                BROWSERS => ready.sockets.push(Ready::Browsers),
                LISTENER => ready.sockets.push(Ready::Listener),
                number if number & STREAM != 0 => {
                    ready.sockets.push(Ready::Stream((number & !STREAM) as usize));
                }
                number => {
                    let channel = if number & 1 == 0 { Channel::Rtp } else { Channel::Rtcp };
                    ready.sockets.push(Ready::Port { place: (number >> 1) as usize, channel });
                }
            }
        }
    }

    /// Takes one datagram from a port's socket that is ready.
    pub(super) fn receive(
        &mut self,
        place: usize,
        channel: Channel,
        buffer: &mut [u8],
    ) -> Option<(PortId, SocketAddr, usize)> {
        // A socket may have been closed since it was told to be ready.
        let pair = self.pairs.get(place)?;
        let (length, source) = from(socket(&pair.bound, channel), buffer)?;
        self.counts.received += 1;
        Some((pair.port, source, length))
    }

    /// Takes one datagram from the socket of the browsers.
    pub(super) fn receive_from_browser(&mut self, buffer: &mut [u8]) -> Option<(Place, usize)> {
        let Browsing::Here(reception) = &self.browsing else { return None };
        let (length, source) = from(reception.browsers.socket(), buffer)?;
        self.counts.received += 1;
        Some((Place::Udp(source), length))
    }

    /// Takes the connections that browsers have opened.
    pub(super) fn accept_browsers(&mut self, now: Instant) {
        let Browsing::Here(reception) = &mut self.browsing else { return };
        let browsers = &mut reception.browsers;
        for number in browsers.accept(now) {
            let data = epoll::EventData::new_u64(STREAM | number as u64);
            let watched = browsers
                .stream(number)
                .is_some_and(|stream| epoll::add(&self.epoll, stream, data, epoll::EventFlags::IN).is_ok());
            if !watched {
                browsers.close(number);
            }
        }
    }

    /// The socket that carries what a port sends that is no browser's, and where that goes.
    fn way_out(
        &self,
        port: PortId,
        channel: Channel,
        destination: SocketAddr,
    ) -> Option<(&UdpSocket, SocketAddr)> {
        let pair = self.pairs.get(*self.places.get(&port)?)?;
        Some((socket(&pair.bound, channel), reachable(destination, pair.bound.address)))
    }
}

/// One datagram, and where it came from.
fn from(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    match socket.recv_from(buffer) {
        Ok((length, source)) => Some((length, canonical(source))),
        // Nothing there after all (a checksum was wrong), or an ICMP message about an earlier packet of ours.
        Err(_) => None,
    }
}

impl Outbox for Sockets {
    fn send(&mut self, port: PortId, channel: Channel, destination: SocketAddr, datagram: &[u8]) {
        if self.browsing.has(port) {
            let sent = self.browsing.send(port, channel, destination, datagram);
            return self.counts.note(sent);
        }
        let Some((socket, destination)) = self.way_out(port, channel, destination) else { return };
        match socket.send_to(datagram, destination) {
            Ok(_) => self.counts.sent += 1,
            // A full socket buffer loses the packet, as the network would. Other errors are the address's fault.
            Err(_) => self.counts.send_failed += 1,
        }
    }

    fn take_from_line(&mut self, line: PortId, frame: &mut [i16]) -> bool {
        self.lines.get(&line).is_some_and(|end| end.take(frame))
    }

    fn give_to_line(&mut self, line: PortId, frame: &[i16]) {
        if let Some(end) = self.lines.get(&line) {
            end.give(frame);
        }
    }

    fn record(&mut self, recorded: &Recorded) -> bool {
        let taken = (self.record)(recorded);
        if taken {
            self.counts.recorded += 1;
        } else {
            self.counts.record_full += 1;
        }
        taken
    }
}

fn socket(bound: &Bound, channel: Channel) -> &UdpSocket {
    match channel {
        Channel::Rtp => &bound.rtp,
        Channel::Rtcp => &bound.rtcp,
    }
}

/// An IPv4 peer is an IPv4 peer, even if it comes to a socket that is bound to all of IPv6.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// How a socket bound to `own` says `destination`.
pub(super) fn reachable(destination: SocketAddr, own: SocketAddr) -> SocketAddr {
    match (destination, own) {
        (SocketAddr::V4(to), SocketAddr::V6(_)) => {
            SocketAddr::new(to.ip().to_ipv6_mapped().into(), to.port())
        }
        _ => destination,
    }
}

/// Raises the limit of open files as far as the system allows: two sockets a port soon pass the usual 1 024.
pub(super) fn allow_open_files(sockets: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, ?current, "the limit of open files cannot be raised");
    }
    if let Some(limit) = maximum.filter(|limit| *limit < sockets as u64) {
        tracing::warn!(
            limit,
            sockets,
            "fewer open files are allowed than the range of RTP ports has sockets"
        );
    }
}
