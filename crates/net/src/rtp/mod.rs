//! The media threads: they own the RTP sockets and run one [`media::Engine`] each.
//!
//! ```text
//!  control thread                          media thread (a fixed number of them)
//!  open(port, group) ── binds, hands over ─▶ sockets ─┐
//!  command(…) ──── bounded queue, eventfd ─▶ Engine ◀─┤ epoll: drained at once, or every 1.6 ms under load
//!        events ◀──── a function handed in ─┘  │      │
//!                                              ▼      ▼
//!                            recorder ring (bounded)  packets out
//! ```
//!
//! All ports of a group live on one thread, so that a relayed packet crosses no lock and no queue. Threads are filled
//! one after the other up to [`PORTS_PER_THREAD_FIRST`], because a thread with more packets to a wake-up spends less on
//! each, or up to [`BUSY_FIRST`] of a core, since sealed and transcoded calls cost many times what others do; beyond that
//! the least busy one is taken. What packets mean is known to `media` alone.
//!
//! A panic over a packet closes the port it came to, unasked, and touches no other; `Event::Closed` tells it.
//!
//! A program outside hears and speaks by a [`line`] ([`MediaThreads::open_line`]), whose two rings cross the threads.
//!
//! Browsers share one socket on each thread ([`MediaThreads::door`]); a port becomes a browser's by [`MediaThreads::pair`].
//!
//! Reading order: this module is the control side; [`range`] the port numbers, [`pace`] when to wake, `thread` the loop,
//! `sockets` the system calls, `browser` who is known by ICE and DTLS.

pub mod line;
pub mod pace;
pub mod range;

mod browser;
mod load;
mod sockets;
mod thread;

use crate::Dscp;
use crate::rtp::browser::Browsers;
use crate::rtp::line::LineEnd;
use crate::rtp::range::PortRange;
use crate::rtp::sockets::Sockets;
use crate::rtp::thread::{Order, Thread};
use base::{IdSource, Instant, Now, Timestamp};
use browser_peer::{Door, Pairing};
use crossbeam_channel::{Receiver, Sender, TrySendError};
use media::{Command, ConferenceKey, Event, PortId, Recorded, SampleRate};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many ports a thread gets before the next one gets any: a quarter of a core's work for 500 calls. It is high
/// because ports on different threads cannot be bridged, and nothing moves a port from thread to thread yet: below it,
/// any two ports can be brought together, as long as what they do does not make the thread [`BUSY_FIRST`].
pub const PORTS_PER_THREAD_FIRST: usize = 1_000;

/// From which share of its time on, in thousandths, a thread counts as full however few ports it has. It is high for the
/// same reason: ports on different threads cannot meet.
pub const BUSY_FIRST: u32 = 900;

/// How many orders wait for one thread; more are refused with [`CommandError::Busy`], for a thread so far behind is stuck.
pub const ORDERS_MAX: usize = 65_536;

/// A clock that all of the program shares.
pub type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

/// Takes sound for the recorder; `false` when its ring is full.
type Record = dyn Fn(&Recorded) -> bool + Send + Sync;

/// How the media threads are made.
#[derive(Clone)]
pub struct Config {
    /// How many threads; 0 means one a core.
    pub threads: usize,
    /// How many ports a thread gets before the next one gets any.
    pub ports_per_thread_first: usize,
    /// The address that sockets are bound to.
    pub bind: IpAddr,
    /// The lowest and the highest port number to use. RTP takes even ones, RTCP the odd ones above.
    pub ports: core::ops::RangeInclusive<u16>,
    /// Where browsers come to: one port for each thread, this one and those above it. 0 means any free ones.
    pub browser_port: u16,
    /// How packets are marked for routers.
    pub dscp: Dscp,
    /// Where SSRCs and port numbers come from.
    pub ids: IdSource,
    /// What time it is.
    pub clock: Clock,
}

impl Config {
    /// One thread a core, all of 20 000 to 29 999 on `bind`, marked, by the system's clock. `seed` comes from the
    /// machine's randomness.
    pub fn new(bind: IpAddr, seed: [u8; 32]) -> Self {
        let ids = IdSource::from_bytes(seed);
        Self {
            threads: 0,
            ports_per_thread_first: PORTS_PER_THREAD_FIRST,
            bind,
            ports: 20_000..=29_999,
            browser_port: 0,
            dscp: Dscp::EXPEDITED,
            ids,
            clock: system_clock(),
        }
    }
}

/// A clock that begins now.
pub fn system_clock() -> Clock {
    let began = std::time::Instant::now();
    Arc::new(move || {
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let utc = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Now {
            mono: Instant::from_micros(micros),
            utc: Timestamp::from_millis(i64::try_from(utc.as_millis()).unwrap_or(i64::MAX)),
        }
    })
}

/// Why a port could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// All pairs of the range are in use by us.
    #[error("all {pairs} pairs of RTP ports from {low} to {high} are in use")]
    Exhausted {
        /// The lowest number of the range.
        low: u16,
        /// The highest.
        high: u16,
        /// How many pairs there are.
        pairs: usize,
    },
    /// The pairs that were tried are in use by other programs.
    #[error("{tried} pairs of RTP ports from {low} to {high} were tried, and other programs hold them all")]
    Taken {
        /// The lowest number of the range.
        low: u16,
        /// The highest.
        high: u16,
        /// How many were tried.
        tried: usize,
    },
    /// The system does not give a socket.
    #[error("no socket for an RTP port on {bind}")]
    Socket {
        /// The address to bind to.
        bind: IpAddr,
        /// Why.
        source: io::Error,
    },
    /// The port's number is in use.
    #[error("{0} is open already")]
    Open(PortId),
    /// The media thread does not take it.
    #[error(transparent)]
    Thread(#[from] CommandError),
}

/// Why a command could not be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The port was never opened, or is closed.
    #[error("{0} is not open")]
    NotOpen(PortId),
    /// Two ports that should hear each other live on different threads: they were opened in different groups.
    #[error("{0} and {1} were opened in different groups")]
    Apart(PortId, PortId),
    /// A conference lives on another thread than the port that should join it.
    #[error("{0} cannot join {1}, which lives on another media thread")]
    Elsewhere(PortId, ConferenceKey),
    /// The thread has [`ORDERS_MAX`] orders waiting.
    #[error("media thread {0} is stuck: its queue is full")]
    Busy(usize),
    /// The thread has ended.
    #[error("media thread {0} has ended")]
    Ended(usize),
}

/// What one thread has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Datagrams taken from sockets.
    pub received: u64,
    /// Datagrams given to sockets.
    pub sent: u64,
    /// Datagrams that a socket did not take.
    pub send_failed: u64,
    /// Frames handed to the recorder.
    pub recorded: u64,
    /// Frames that found the recorder's ring full.
    pub record_full: u64,
    /// Times the thread woke.
    pub wakes: u64,
    /// Panics that were caught. One over a packet closes the port it came to.
    pub panics: u64,
    /// How much of the last second the thread did not rest, in thousandths.
    pub busy: u32,
}

/// The same, shared with the thread.
#[derive(Debug, Default)]
struct SharedCounts {
    received: AtomicU64,
    sent: AtomicU64,
    send_failed: AtomicU64,
    recorded: AtomicU64,
    record_full: AtomicU64,
    wakes: AtomicU64,
    panics: AtomicU64,
    busy: AtomicU32,
}

impl SharedCounts {
    /// One writer only: the thread. A plain store is enough and costs nothing.
    fn store(&self, counts: &Counts) {
        self.received.store(counts.received, Ordering::Relaxed);
        self.sent.store(counts.sent, Ordering::Relaxed);
        self.send_failed.store(counts.send_failed, Ordering::Relaxed);
        self.recorded.store(counts.recorded, Ordering::Relaxed);
        self.record_full.store(counts.record_full, Ordering::Relaxed);
        self.wakes.store(counts.wakes, Ordering::Relaxed);
        self.panics.store(counts.panics, Ordering::Relaxed);
        self.busy.store(counts.busy, Ordering::Relaxed);
    }

    fn load(&self) -> Counts {
        Counts {
            received: self.received.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            send_failed: self.send_failed.load(Ordering::Relaxed),
            recorded: self.recorded.load(Ordering::Relaxed),
            record_full: self.record_full.load(Ordering::Relaxed),
            wakes: self.wakes.load(Ordering::Relaxed),
            panics: self.panics.load(Ordering::Relaxed),
            busy: self.busy.load(Ordering::Relaxed),
        }
    }
}

/// The control side of the media threads. Share it in an `Arc`; every method may be called from anywhere and never waits
/// for a media thread. Dropping it ends the threads and closes all ports.
pub struct MediaThreads {
    threads: Vec<Handle>,
    control: Mutex<Control>,
    dscp: Dscp,
    bind: IpAddr,
    /// Orders wait for [`MediaThreads::release`] to wake their threads.
    gathers: AtomicBool,
}

/// How one thread is reached.
struct Handle {
    orders: Sender<Order>,
    wake: Arc<OwnedFd>,
    /// Orders were given since the thread was last woken for one.
    unwoken: AtomicBool,
    counts: Arc<SharedCounts>,
    door: Door,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Who lives where.
struct Control {
    range: PortRange,
    /// Ports that threads have closed, with their numbers.
    freed: Receiver<(PortId, u16)>,
    ports: BTreeMap<PortId, Place>,
    conferences: BTreeMap<ConferenceKey, Group>,
    groups: BTreeMap<u64, Group>,
    ports_by_thread: Vec<usize>,
    ports_per_thread_first: usize,
}

#[derive(Clone, Copy)]
struct Place {
    thread: usize,
    group: u64,
    number: u16,
    conference: Option<ConferenceKey>,
}

/// Ports that live on one thread together: a group, or a conference.
struct Group {
    thread: usize,
    ports: usize,
}

impl MediaThreads {
    /// Starts the threads. Both functions are called on media threads and must not wait: `events` gets what happened,
    /// `record` hands sound to the recorder's ring and says whether there was room. The ring's reader does best to look
    /// every tenth of a second instead of blocking on it, or every frame pays for a wake-up.
    ///
    /// # Errors
    ///
    /// Fails if the system gives no epoll, eventfd or thread.
    pub fn start(
        config: Config,
        events: impl Fn(Event) + Send + Sync + 'static,
        record: impl Fn(&Recorded) -> bool + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let Config { threads, ports_per_thread_first, bind, ports, browser_port, dscp, mut ids, clock } =
            config;
        let count =
            if threads == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { threads };
        let range = PortRange::new(ports, &mut ids);
        sockets::allow_open_files(2 * range.pairs());
        // No thread ever frees more numbers than the range has.
        let (free, freed) = crossbeam_channel::bounded(range.pairs().max(1));
        let events: Arc<dyn Fn(Event) + Send + Sync> = Arc::new(events);
        let record: Arc<Record> = Arc::new(record);
        let terms = browser::terms(std::time::Instant::now())?;
        let mut handles = Vec::with_capacity(count);
        for (number, bound) in browser::bind(bind, browser_port, count)?.into_iter().enumerate() {
            let browsers = Browsers::new(bound, terms.clone())?;
            let door = browsers.door();
            dscp.mark(browsers.socket(), door.address);
            let (orders, inbox) = crossbeam_channel::bounded(ORDERS_MAX);
            let counts = Arc::new(SharedCounts::default());
            let engine = media::Engine::new(ids.fork());
            let sockets = Sockets::new(Arc::clone(&record), browsers)?;
            let free = free.clone();
            let (events, clock) = (Arc::clone(&events), Arc::clone(&clock));
            let thread = Thread::new(engine, inbox, events, sockets, free, clock, Arc::clone(&counts));
            let wake = thread.wake();
            let name = format!("media-{number}");
            let thread = std::thread::Builder::new().name(name).spawn(move || thread.run())?;
            let unwoken = AtomicBool::new(false);
            handles.push(Handle { orders, wake, unwoken, counts, door, thread: Some(thread) });
        }
        let control = Control {
            range,
            freed,
            ports: BTreeMap::new(),
            conferences: BTreeMap::new(),
            groups: BTreeMap::new(),
            ports_by_thread: vec![0; count],
            ports_per_thread_first,
        };
        Ok(Self {
            threads: handles,
            control: Mutex::new(control),
            dscp,
            bind,
            gathers: AtomicBool::new(false),
        })
    }

    /// Opens a port: binds a pair of sockets here and now and hands them to the thread of `group`. Returns the address of
    /// the media socket.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError`] when no pair can be had.
    pub fn open(&self, port: PortId, group: u64) -> Result<SocketAddr, OpenError> {
        let mut control = self.control();
        control.take_back();
        if control.ports.contains_key(&port) {
            return Err(OpenError::Open(port));
        }
        let bound = control.range.take(self.bind)?;
        let address = bound.address;
        self.dscp.mark(&bound.rtp, bound.address);
        self.dscp.mark(&bound.rtcp, bound.address);
        let busy = |thread: usize| self.threads[thread].counts.busy.load(Ordering::Relaxed);
        let thread = control.thread_for(group, busy);
        if let Err(error) = self.order(thread, Order::Open { port, bound }) {
            control.range.give_back(address.port());
            return Err(error.into());
        }
        control.ports.insert(port, Place { thread, group, number: address.port(), conference: None });
        control.groups.entry(group).or_insert(Group { thread, ports: 0 }).ports += 1;
        control.ports_by_thread[thread] += 1;
        Ok(address)
    }

    /// Opens a line to a program, which then hears and is heard by [`Command::Hear`] and conferences, on the thread where
    /// `beside` lives. It ends by [`Command::Close`], as ports do.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError`] if the line's number is in use, `beside` is not open, or the thread does not take it.
    pub fn open_line(&self, line: PortId, beside: PortId, rate: SampleRate) -> Result<LineEnd, OpenError> {
        let mut control = self.control();
        control.take_back();
        if control.ports.contains_key(&line) {
            return Err(OpenError::Open(line));
        }
        let beside = *control.ports.get(&beside).ok_or(CommandError::NotOpen(beside))?;
        let Place { thread, group, .. } = beside;
        let (end, thread_end) = line::line(rate);
        self.order(thread, Order::OpenLine { port: line, rate, end: thread_end })?;
        // It has no sockets, and no number to give back.
        control.ports.insert(line, Place { thread, group, number: 0, conference: None });
        control.groups.entry(group).or_insert(Group { thread, ports: 0 }).ports += 1;
        control.ports_by_thread[thread] += 1;
        Ok(end)
    }

    /// Passes a command to the thread that it is for. `Command::Open` and `Command::OpenLine` are for engines only:
    /// [`MediaThreads::open`] and [`MediaThreads::open_line`] make them with what they need.
    ///
    /// # Errors
    ///
    /// Returns [`CommandError`] if the command cannot be passed on.
    pub fn command(&self, command: Command) -> Result<(), CommandError> {
        let mut control = self.control();
        let thread = match &command {
            Command::Open { port }
            | Command::OpenLine { port, .. }
            | Command::Configure { port, .. }
            | Command::Unbridge { port }
            | Command::Play { port, .. }
            | Command::Announce { port, .. }
            | Command::StopPlay { port }
            | Command::SendDigit { port, .. }
            | Command::Listen { port, .. }
            | Command::Echo { port, .. } => control.thread_of(*port)?,
            Command::Join { port, conference, .. } => control.join(*port, *conference)?,
            Command::Leave { port } => {
                control.leave(*port);
                control.thread_of(*port)?
            }
            Command::Bridge { a, b } => {
                let thread = control.thread_of_both(*a, Some(*b))?;
                control.leave(*a);
                control.leave(*b);
                thread
            }
            Command::Hear { listener, speaker, .. } => control.thread_of_both(*listener, Some(*speaker))?,
            Command::Record { left, right, .. } => control.thread_of_both(*left, *right)?,
            Command::MaskRecord { .. } | Command::StopRecord { .. } => {
                // Which thread records is known to that thread only; the others shrug.
                drop(control);
                // All of them are told, whatever has become of one.
                let told =
                    (0..self.threads.len()).map(|thread| self.order(thread, Order::Command(command.clone())));
                return told.fold(Ok(()), Result::and);
            }
            Command::Close { port } => control.close(*port)?,
        };
        drop(control);
        self.order(thread, Order::Command(command))
    }

    /// Where the browser of an open port comes to.
    pub fn door(&self, port: PortId) -> Option<Door> {
        let thread = self.control().thread_of(port).ok()?;
        Some(self.threads[thread].door)
    }

    /// A port is a browser's from now on, or another one's: what is agreed for it takes effect when there are keys, and
    /// nothing is heard at its own sockets any more.
    ///
    /// # Errors
    ///
    /// Returns [`CommandError`] if it cannot be passed on.
    pub fn pair(&self, port: PortId, pairing: Pairing) -> Result<(), CommandError> {
        let thread = self.control().thread_of(port)?;
        self.order(thread, Order::Pair { port, pairing })
    }

    /// A port is not a browser's: another phone has answered. To be said before what is agreed with that one.
    ///
    /// # Errors
    ///
    /// Returns [`CommandError`] if it cannot be passed on.
    pub fn unpair(&self, port: PortId) -> Result<(), CommandError> {
        let thread = self.control().thread_of(port)?;
        self.order(thread, Order::Unpair { port })
    }

    /// From here on orders wake no thread until [`release`](Self::release): one wake for all that one message leads to,
    /// where each would cost as much as several packets. A thread that wakes by itself obeys them all the same.
    /// For the one thread that gives orders: those of another one would wait for this one's release.
    pub fn gather(&self) {
        self.gathers.store(true, Ordering::Relaxed);
    }

    /// Wakes the threads that orders were given to since [`gather`](Self::gather), and binds sockets for ports to come, now that
    /// everything is said and nobody waits.
    pub fn release(&self) {
        self.gathers.store(false, Ordering::Relaxed);
        for handle in &self.threads {
            if handle.unwoken.swap(false, Ordering::Relaxed) {
                sockets::wake(&handle.wake);
            }
        }
        let mut control = self.control();
        control.take_back();
        control.range.bind_ahead(self.bind);
    }

    /// How many ports are open.
    pub fn open_ports(&self) -> usize {
        self.control().ports.len()
    }

    /// How many pairs of port numbers are free.
    pub fn free_pairs(&self) -> usize {
        let mut control = self.control();
        control.take_back();
        control.range.free()
    }

    /// What each thread has done so far.
    pub fn counts(&self) -> Vec<Counts> {
        self.threads.iter().map(|handle| handle.counts.load()).collect()
    }

    /// Ends the threads and waits for them. Ports still open are closed without a good-bye.
    pub fn stop(self) {
        drop(self);
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        // Control holds counts and maps that a panic between two statements leaves usable.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn order(&self, thread: usize, order: Order) -> Result<(), CommandError> {
        let handle = &self.threads[thread];
        handle.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => CommandError::Busy(thread),
            TrySendError::Disconnected(_) => CommandError::Ended(thread),
        })?;
        if self.gathers.load(Ordering::Relaxed) {
            handle.unwoken.store(true, Ordering::Relaxed);
        } else {
            sockets::wake(&handle.wake);
        }
        Ok(())
    }
}

impl Drop for MediaThreads {
    fn drop(&mut self) {
        for handle in &self.threads {
            // A full queue ends as well: the thread notices that nobody can send any more.
            let _ = handle.orders.try_send(Order::Stop);
            sockets::wake(&handle.wake);
        }
        for handle in &mut self.threads {
            let thread = handle.thread.take();
            drop(core::mem::replace(&mut handle.orders, crossbeam_channel::bounded(0).0));
            sockets::wake(&handle.wake);
            if thread.is_some_and(|thread| thread.join().is_err()) {
                tracing::error!("a media thread had ended in a panic");
            }
        }
    }
}

impl Control {
    /// Numbers that the threads are through with may be given out again.
    fn take_back(&mut self) {
        while let Ok((port, number)) = self.freed.try_recv() {
            self.range.give_back(number);
            // A port that a thread closed by itself has still to be forgotten here.
            if self.ports.get(&port).is_some_and(|place| place.number == number) {
                let _ = self.close(port);
            }
        }
    }

    /// Notes that a port enters a conference, which lives where its first port does.
    fn join(&mut self, port: PortId, conference: ConferenceKey) -> Result<usize, CommandError> {
        let thread = self.thread_of(port)?;
        if self.conferences.get(&conference).is_some_and(|members| members.thread != thread) {
            return Err(CommandError::Elsewhere(port, conference));
        }
        self.leave(port);
        self.conferences.entry(conference).or_insert(Group { thread, ports: 0 }).ports += 1;
        if let Some(place) = self.ports.get_mut(&port) {
            place.conference = Some(conference);
        }
        Ok(thread)
    }

    /// Notes that a port is in no conference any more.
    fn leave(&mut self, port: PortId) {
        let Some(conference) = self.ports.get_mut(&port).and_then(|place| place.conference.take()) else {
            return;
        };
        if let Some(members) = self.conferences.get_mut(&conference) {
            members.ports = members.ports.saturating_sub(1);
            if members.ports == 0 {
                self.conferences.remove(&conference);
            }
        }
    }

    fn thread_of(&self, port: PortId) -> Result<usize, CommandError> {
        self.ports.get(&port).map(|place| place.thread).ok_or(CommandError::NotOpen(port))
    }

    fn thread_of_both(&self, one: PortId, other: Option<PortId>) -> Result<usize, CommandError> {
        let thread = self.thread_of(one)?;
        match other {
            Some(other) if self.thread_of(other)? != thread => Err(CommandError::Apart(one, other)),
            _ => Ok(thread),
        }
    }

    /// Where a group lives, or is to live; `busy` tells how much of its time a thread works.
    fn thread_for(&self, group: u64, busy: impl Fn(usize) -> u32) -> usize {
        if let Some(group) = self.groups.get(&group) {
            return group.thread;
        }
        let counts = &self.ports_by_thread;
        // A thread without ports is what it was before it last slept.
        let busy = |thread: usize| if counts[thread] == 0 { 0 } else { busy(thread) };
        let has_room =
            |thread: &usize| counts[*thread] < self.ports_per_thread_first && busy(*thread) < BUSY_FIRST;
        let filling = (0..counts.len()).find(has_room);
        filling
            .or_else(|| (0..counts.len()).min_by_key(|thread| (busy(*thread), counts[*thread])))
            .unwrap_or(0)
    }

    fn close(&mut self, port: PortId) -> Result<usize, CommandError> {
        self.leave(port);
        let Place { thread, group, .. } = self.ports.remove(&port).ok_or(CommandError::NotOpen(port))?;
        self.ports_by_thread[thread] = self.ports_by_thread[thread].saturating_sub(1);
        if let Some(members) = self.groups.get_mut(&group) {
            members.ports = members.ports.saturating_sub(1);
            if members.ports == 0 {
                self.groups.remove(&group);
            }
        }
        Ok(thread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_go_to_the_first_thread_that_has_room_and_time() {
        for (ports, busy, goes_to) in [
            ([0, 0, 0], [0, 0, 0], 0),
            ([9, 0, 0], [899, 0, 0], 0),
            ([10, 0, 0], [100, 0, 0], 1),
            // A few calls in Opus keep a thread as busy as many in G.711.
            ([4, 2, 0], [900, 950, 0], 2),
            // What is left of the last second of a thread that has no ports any more does not count.
            ([4, 0, 3], [920, 990, 100], 1),
            // All are full: the one with the most time takes it, and of two like it the emptier one.
            ([10, 12, 11], [800, 300, 400], 1),
            ([13, 12, 14], [900, 900, 900], 1),
        ] {
            let control = control(ports);
            assert_eq!(control.thread_for(7, |thread| busy[thread]), goes_to, "{ports:?} {busy:?}");
        }
        let mut control = control([0, 0, 0]);
        control.groups.insert(7, Group { thread: 2, ports: 1 });
        assert_eq!(control.thread_for(7, |_| 1_000), 2, "a call stays together, whatever it costs");
    }

    fn control(ports_by_thread: [usize; 3]) -> Control {
        Control {
            range: PortRange::new(2..=3, &mut IdSource::new(1)),
            freed: crossbeam_channel::bounded(1).1,
            ports: BTreeMap::new(),
            conferences: BTreeMap::new(),
            groups: BTreeMap::new(),
            ports_by_thread: ports_by_thread.to_vec(),
            ports_per_thread_first: 10,
        }
    }
}
