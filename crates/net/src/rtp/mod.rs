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
//! All ports of a group live on one thread, and so do ports that hear each other, so that a relayed packet crosses no lock
//! and no queue. Threads are filled one after the other up to [`PORTS_PER_THREAD_FIRST`], because a thread with more packets
//! to a wake-up spends less on each, or up to [`BUSY_FIRST`] of a core, since sealed and transcoded calls cost many times
//! what others do; beyond that the least busy one is taken. Where a command ties ports of two threads, those with less tied
//! to them move first, with their sockets, calls and recordings, in the middle of what they say and without a packet lost.
//! What packets mean is known to `media` alone.
//!
//! A panic over a packet closes the port it came to, unasked, and touches no other; `Event::Closed` tells it.
//!
//! A program outside hears and speaks by a [`line`] ([`MediaThreads::open_line`]), whose two rings cross the threads.
//!
//! Browsers share one socket ([`MediaThreads::door`]), which one thread has; a port becomes a browser's by
//! [`MediaThreads::pair`] and may be on any thread.
//!
//! Reading order: this module is the control side; [`range`] the port numbers, [`pace`] when to wake, `thread` the loop,
//! `sockets` the system calls, `placement` who is where, `moving` how ports change threads, `browsing` and
//! `crossing` how a thread reaches browsers through another one, `browser` who is known by ICE and DTLS.

pub mod line;
pub mod pace;
pub mod range;

mod browser;
mod browsing;
mod crossing;
mod load;
mod moving;
mod placement;
mod sockets;
mod thread;

use crate::Dscp;
use crate::rtp::browser::Browsers;
use crate::rtp::browsing::{Browsing, DOOR, Neighbor, Reception, Sent};
use crate::rtp::crossing::Bell;
use crate::rtp::line::LineEnd;
use crate::rtp::moving::Expected;
use crate::rtp::placement::{Move, Placement};
use crate::rtp::range::PortRange;
use crate::rtp::sockets::Sockets;
use crate::rtp::thread::{Order, Thread};
use base::{IdSource, Instant, Now, Timestamp};
use browser_peer::{Door, Pairing};
use crossbeam_channel::{Receiver, Sender, TrySendError};
use media::{Command, Event, PortId, Recorded, SampleRate};
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many ports a thread gets before the next one gets any: 200 calls, a tenth of a core. At their 20 000 packets a second
/// each wake of [`pace::DRAIN`] brings 32, and more would spare next to nothing; the rest of the core is there for what a
/// call may become, and for peaks. Ports that must meet do so wherever they are: to move two costs some tens of
/// microseconds, once.
pub const PORTS_PER_THREAD_FIRST: usize = 400;

/// From which share of its time on, in thousandths, a thread counts as full however few ports it has: half of a core, so
/// that what comes within a second, before it is measured, still finds room.
pub const BUSY_FIRST: u32 = 500;

/// How many orders wait for one thread; more are refused with [`CommandError::Busy`], for a thread so far behind is stuck.
pub const ORDERS_MAX: usize = 65_536;

/// How many orders wait for room in the queue of the browsers' thread, which must not be lost or be overtaken: who is paired,
/// what is agreed, where ports are. While some wait, that thread is given no others, and beyond so many nobody is paired,
/// agreed with or moved there or from there: it is refused with [`CommandError::Busy`]. Only that a browser ends is noted
/// nevertheless, once for each that was paired.
const FOR_DOOR_MAX: usize = 4_096;

/// How many lines of a thread that failed are noted until somebody looks.
const LOST_LINES_MAX: usize = 1_024;

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
    /// The port that all browsers come to. 0 means any free one.
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
    /// Datagrams taken from sockets, also those that are then passed on to another thread.
    pub received: u64,
    /// Datagrams given to sockets.
    pub sent: u64,
    /// Datagrams that a socket did not take.
    pub send_failed: u64,
    /// Frames handed to the recorder.
    pub recorded: u64,
    /// Frames that found the recorder's ring full.
    pub record_full: u64,
    /// Ports that came from other threads.
    pub adopted: u64,
    /// Packets of browsers that came from another thread or were given to one: both threads count them.
    pub crossed: u64,
    /// Packets of browsers for which there was no room on the way to another thread.
    pub cross_full: u64,
    /// Times the thread woke.
    pub wakes: u64,
    /// Panics that were caught. One over a packet closes the port it came to.
    pub panics: u64,
    /// How much of the last second the thread did not rest, in thousandths.
    pub busy: u32,
}

impl Counts {
    /// Notes what became of a packet to a browser.
    const fn note(&mut self, sent: Sent) {
        match sent {
            Sent::Gone => self.sent += 1,
            Sent::Failed => self.send_failed += 1,
            Sent::Crossed => self.crossed += 1,
            Sent::Dropped => self.cross_full += 1,
            Sent::Nowhere => {}
        }
    }
}

/// The same, shared with the thread.
#[derive(Debug, Default)]
struct SharedCounts {
    received: AtomicU64,
    sent: AtomicU64,
    send_failed: AtomicU64,
    recorded: AtomicU64,
    record_full: AtomicU64,
    adopted: AtomicU64,
    crossed: AtomicU64,
    cross_full: AtomicU64,
    wakes: AtomicU64,
    panics: AtomicU64,
    busy: AtomicU32,
    has_failed: AtomicBool,
}

impl SharedCounts {
    /// The thread takes no ports any more.
    fn fail(&self) {
        self.has_failed.store(true, Ordering::Relaxed);
    }

    /// How busy the thread is; `None` if it has failed.
    fn busy(&self) -> Option<u32> {
        let is_well = !self.has_failed.load(Ordering::Relaxed);
        is_well.then(|| self.busy.load(Ordering::Relaxed))
    }

    /// One writer only: the thread. A plain store is enough and costs nothing.
    fn store(&self, counts: &Counts) {
        self.received.store(counts.received, Ordering::Relaxed);
        self.sent.store(counts.sent, Ordering::Relaxed);
        self.send_failed.store(counts.send_failed, Ordering::Relaxed);
        self.recorded.store(counts.recorded, Ordering::Relaxed);
        self.record_full.store(counts.record_full, Ordering::Relaxed);
        self.adopted.store(counts.adopted, Ordering::Relaxed);
        self.crossed.store(counts.crossed, Ordering::Relaxed);
        self.cross_full.store(counts.cross_full, Ordering::Relaxed);
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
            adopted: self.adopted.load(Ordering::Relaxed),
            crossed: self.crossed.load(Ordering::Relaxed),
            cross_full: self.cross_full.load(Ordering::Relaxed),
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
    door: Door,
    dscp: Dscp,
    bind: IpAddr,
    /// Orders wait for [`MediaThreads::release`] to wake their threads.
    gathers: AtomicBool,
}

/// How one thread is reached.
struct Handle {
    orders: Sender<Order>,
    bell: Arc<Bell>,
    /// Orders were given since the thread was last woken for one.
    unwoken: AtomicBool,
    counts: Arc<SharedCounts>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Who lives where, and which numbers are free. Orders are given while it is locked, so that what is noted here and what
/// stands in the queues have the same order.
struct Control {
    range: PortRange,
    /// Ports that threads have closed, with their numbers.
    freed: Receiver<Expected>,
    placement: Placement,
    /// Orders for the door's thread that its queue had no room for; see [`FOR_DOOR_MAX`].
    for_door: VecDeque<Order>,
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
        let (free, freed) = crossbeam_channel::bounded(range.pairs() + LOST_LINES_MAX);
        let events: Arc<dyn Fn(Event) + Send + Sync> = Arc::new(events);
        let record: Arc<Record> = Arc::new(record);
        let terms = browser::terms(std::time::Instant::now())?;
        let browsers = Browsers::new(browser::bind(bind, browser_port)?, terms)?;
        let door = browsers.door();
        dscp.mark(browsers.socket(), door.address);
        let bells = (0..count).map(|_| Bell::new().map(Arc::new)).collect::<io::Result<Vec<_>>>()?;
        let queues: Vec<_> = bells.iter().map(|_| crossbeam_channel::bounded(ORDERS_MAX)).collect();
        let mut corridors = Vec::with_capacity(count);
        let mut neighbors = Vec::with_capacity(count);
        for (number, (bell, (orders, _))) in bells.iter().zip(&queues).enumerate() {
            if number == DOOR {
                neighbors.push(None);
                continue;
            }
            let (corridor, theirs) = crossing::corridor(&bells[DOOR], bell);
            neighbors.push(Some(Neighbor { corridor, orders: orders.clone(), bell: Arc::clone(bell) }));
            corridors.push(theirs);
        }
        let reception = Browsing::Here(Box::new(Reception::new(browsers, neighbors)));
        let there =
            corridors.into_iter().map(|corridor| Browsing::There { ports: BTreeSet::new(), corridor });
        let browsing = [reception].into_iter().chain(there);
        let mut handles = Vec::with_capacity(count);
        for (number, ((bell, (orders, inbox)), browsing)) in
            bells.into_iter().zip(queues).zip(browsing).enumerate()
        {
            let counts = Arc::new(SharedCounts::default());
            let engine = media::Engine::new(ids.fork());
            let sockets = Sockets::new(Arc::clone(&record), Arc::clone(&bell), browsing)?;
            let free = free.clone();
            let (events, clock) = (Arc::clone(&events), Arc::clone(&clock));
            let thread = Thread::new(engine, inbox, events, sockets, free, clock, Arc::clone(&counts));
            let name = format!("media-{number}");
            let thread = std::thread::Builder::new().name(name).spawn(move || thread.run())?;
            let unwoken = AtomicBool::new(false);
            handles.push(Handle { orders, bell, unwoken, counts, thread: Some(thread) });
        }
        let placement = Placement::new(count, ports_per_thread_first);
        let control = Control { range, freed, placement, for_door: VecDeque::new() };
        Ok(Self {
            threads: handles,
            control: Mutex::new(control),
            door,
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
        self.take_back(&mut control);
        if control.placement.has(port) {
            return Err(OpenError::Open(port));
        }
        let bound = control.range.take(self.bind)?;
        let address = bound.address;
        self.dscp.mark(&bound.rtp, bound.address);
        self.dscp.mark(&bound.rtcp, bound.address);
        let thread = control.placement.thread_for(group, &|thread| self.busy(thread));
        if let Err(error) = self.order(&mut control, thread, Order::Open { port, bound }) {
            control.range.give_back(address.port());
            return Err(error.into());
        }
        control.placement.open(port, group, thread, Some(address.port()));
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
        self.take_back(&mut control);
        if control.placement.has(line) {
            return Err(OpenError::Open(line));
        }
        let place = control.placement.thread_of(beside).zip(control.placement.group_of(beside));
        let (thread, group) = place.ok_or(CommandError::NotOpen(beside))?;
        let (end, thread_end) = line::line(rate);
        self.order(&mut control, thread, Order::OpenLine { port: line, rate, end: thread_end })?;
        control.placement.open(line, group, thread, None);
        Ok(end)
    }

    /// Passes a command to the thread that it is for, and brings the ports together first that it ties. `Command::Open` and
    /// `Command::OpenLine` are for engines only: [`MediaThreads::open`] and [`MediaThreads::open_line`] make them with what
    /// they need.
    ///
    /// # Errors
    ///
    /// Returns [`CommandError`] if the command cannot be passed on.
    pub fn command(&self, command: Command) -> Result<(), CommandError> {
        let mut control = self.control();
        self.take_back(&mut control);
        let busy = |thread: usize| self.busy(thread);
        let plan = control.placement.plan(&command, &busy).map_err(CommandError::NotOpen)?;
        self.bring_together(&mut control, &plan.moves)?;
        let Some(thread) = plan.thread else { return Ok(()) };
        if let Command::Configure { port, .. } = &command
            && control.placement.is_browser(*port)
        {
            self.door_takes(&control, 1)?;
            self.tell_door(&mut control, Order::Agree(command));
            return Ok(());
        }
        self.has_room(&control, thread)?;
        if let Command::Close { port } = &command
            && control.placement.is_browser(*port)
            && thread != DOOR
        {
            self.tell_door(&mut control, Order::PartWith { port: *port });
        }
        control.placement.follow(&command);
        self.order(&mut control, thread, Order::Command(command))
    }

    /// Lets ports change threads. What could not be moved stays where it was.
    fn bring_together(&self, control: &mut Control, moves: &[Move]) -> Result<(), CommandError> {
        for one in moves {
            let Move { from, to, ports } = one;
            let is_browser = |port: &PortId| control.placement.is_browser(*port);
            let browsers: Vec<PortId> = ports.iter().copied().filter(is_browser).collect();
            self.door_takes(control, browsers.len())?;
            self.has_room(control, *from)?;
            let recordings = control.placement.recordings_of(ports);
            let numbered = |port: &PortId| (*port, control.placement.number_of(*port));
            let bell = Arc::clone(&self.threads[*to].bell);
            let (departure, arrival) = moving::way(ports.iter().map(numbered).collect(), recordings, bell);
            tracing::debug!(from, to, ports = ports.len(), "ports change threads to meet others");
            self.order(control, *to, Order::Adopt(arrival))?;
            if let Err((error, order)) = self.try_order(*from, Order::Release(departure)) {
                if let Order::Release(departure) = order {
                    departure.send(None);
                }
                return Err(error);
            }
            control.placement.moved(one);
            for port in browsers {
                self.tell_door(control, Order::Settle { port, home: *to });
            }
        }
        Ok(())
    }

    /// Where all browsers come to.
    pub const fn door(&self) -> Door {
        self.door
    }

    /// A port is a browser's from now on, or another one's: what is agreed for it takes effect when there are keys, and
    /// nothing is heard at its own sockets any more. While the thread that browsers come to has room, the port and those tied
    /// to it move there.
    ///
    /// # Errors
    ///
    /// Returns [`CommandError`] if it cannot be passed on.
    pub fn pair(&self, port: PortId, pairing: Pairing) -> Result<(), CommandError> {
        let mut control = self.control();
        self.take_back(&mut control);
        let busy = |thread: usize| self.busy(thread);
        let plan = control.placement.plan_browser(port, &busy).map_err(CommandError::NotOpen)?;
        // It is as well heard where it is.
        let _ = self.bring_together(&mut control, &plan.moves);
        let home = control.placement.thread_of(port).ok_or(CommandError::NotOpen(port))?;
        self.door_takes(&control, 1)?;
        if home != DOOR {
            self.order(&mut control, home, Order::Seat { port })?;
        }
        self.tell_door(&mut control, Order::Pair { port, pairing, home });
        control.placement.set_browser(port, true);
        Ok(())
    }

    /// A port is not a browser's: another phone has answered. To be said before what is agreed with that one.
    ///
    /// # Errors
    ///
    /// Returns [`CommandError`] if it cannot be passed on.
    pub fn unpair(&self, port: PortId) -> Result<(), CommandError> {
        let mut control = self.control();
        self.take_back(&mut control);
        let home = control.placement.thread_of(port).ok_or(CommandError::NotOpen(port))?;
        if home != DOOR {
            self.order(&mut control, home, Order::Unpair { port })?;
        }
        self.tell_door(&mut control, Order::Unpair { port });
        control.placement.set_browser(port, false);
        Ok(())
    }

    /// Whether so many more orders can be given to the door's thread for sure.
    fn door_takes(&self, control: &Control, orders: usize) -> Result<(), CommandError> {
        let has_room = control.for_door.len() + orders <= FOR_DOOR_MAX;
        if has_room { Ok(()) } else { Err(CommandError::Busy(DOOR)) }
    }

    /// Gives an order to the door's thread, sooner or later.
    fn tell_door(&self, control: &mut Control, order: Order) {
        control.for_door.push_back(order);
        self.catch_up(control);
    }

    /// Gives the door's thread the orders that it had no room for.
    fn catch_up(&self, control: &mut Control) {
        while let Some(order) = control.for_door.pop_front() {
            match self.try_order(DOOR, order) {
                Ok(()) => {}
                Err((CommandError::Busy(_), order)) => return control.for_door.push_front(order),
                // It has ended, and the program with it.
                Err(_) => return,
            }
        }
    }

    /// Numbers that the threads are through with may be given out again.
    fn take_back(&self, control: &mut Control) {
        while let Ok((port, number)) = control.freed.try_recv() {
            if let Some(number) = number {
                control.range.give_back(number);
            }
            // A port that a thread closed by itself has still to be forgotten here.
            if control.placement.has(port) && control.placement.number_of(port) == number {
                if control.placement.is_browser(port) {
                    self.tell_door(control, Order::PartWith { port });
                }
                control.placement.close(port);
            }
        }
        self.catch_up(control);
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
                handle.bell.ring();
            }
        }
        let mut control = self.control();
        self.take_back(&mut control);
        control.range.bind_ahead(self.bind);
    }

    /// How many ports are open.
    pub fn open_ports(&self) -> usize {
        self.control().placement.len()
    }

    /// How many pairs of port numbers are free.
    pub fn free_pairs(&self) -> usize {
        let mut control = self.control();
        self.take_back(&mut control);
        control.range.free()
    }

    /// What each thread has done so far.
    pub fn counts(&self) -> Vec<Counts> {
        self.threads.iter().map(|handle| handle.counts.load()).collect()
    }

    /// How many ports have changed threads so far.
    pub fn moved(&self) -> u64 {
        self.threads.iter().map(|handle| handle.counts.adopted.load(Ordering::Relaxed)).sum()
    }

    /// How many packets of browsers found no room on the way between threads so far.
    pub fn cross_full(&self) -> u64 {
        self.threads.iter().map(|handle| handle.counts.cross_full.load(Ordering::Relaxed)).sum()
    }

    /// Ends the threads and waits for them. Ports still open are closed without a good-bye.
    pub fn stop(self) {
        drop(self);
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        // Control holds counts and maps that a panic between two statements leaves usable.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much of its time a thread works, in thousandths; `None` if it has failed.
    fn busy(&self, thread: usize) -> Option<u32> {
        self.threads[thread].counts.busy()
    }

    /// Whether a thread takes a further order, and none has to go before.
    fn has_room(&self, control: &Control, thread: usize) -> Result<(), CommandError> {
        let is_behind = thread == DOOR && !control.for_door.is_empty();
        let is_full = self.threads[thread].orders.is_full();
        if is_behind || is_full { Err(CommandError::Busy(thread)) } else { Ok(()) }
    }

    fn order(&self, control: &mut Control, thread: usize, order: Order) -> Result<(), CommandError> {
        self.catch_up(control);
        self.has_room(control, thread)?;
        self.try_order(thread, order).map_err(|(error, _)| error)
    }

    #[expect(clippy::result_large_err, reason = "the order comes back, so that nothing is lost with it")]
    fn try_order(&self, thread: usize, order: Order) -> Result<(), (CommandError, Order)> {
        let handle = &self.threads[thread];
        // Where ports are on their way to, nothing goes on until they have come.
        let gathers = self.gathers.load(Ordering::Relaxed) && !matches!(order, Order::Release(_));
        handle.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(order) => (CommandError::Busy(thread), order),
            TrySendError::Disconnected(order) => (CommandError::Ended(thread), order),
        })?;
        if gathers {
            handle.unwoken.store(true, Ordering::Relaxed);
        } else {
            handle.bell.ring();
        }
        Ok(())
    }
}

impl Drop for MediaThreads {
    fn drop(&mut self) {
        for handle in &self.threads {
            // A full queue ends as well: the thread notices that nobody can send any more.
            let _ = handle.orders.try_send(Order::Stop);
            handle.bell.ring();
        }
        for handle in &mut self.threads {
            let thread = handle.thread.take();
            drop(core::mem::replace(&mut handle.orders, crossbeam_channel::bounded(0).0));
            handle.bell.ring();
            if thread.is_some_and(|thread| thread.join().is_err()) {
                tracing::error!("a media thread had ended in a panic");
            }
        }
    }
}
