//! The loop of one media thread: orders, time, packets, events, and rest.
//!
//! Ports that come and go are in `moves`, browsers in `door`.

mod door;
mod moves;

use self::moves::ENDS_AGAIN;
use crate::rtp::line::ThreadEnd;
use crate::rtp::load::Load;
use crate::rtp::moving::{Arrival, Departure, Expected};
use crate::rtp::pace::Pace;
use crate::rtp::range::Bound;
use crate::rtp::sockets::{Ready, ReadyList, Sockets};
use crate::rtp::{Clock, SharedCounts};
use base::{Duration, Now};
use browser_peer::Pairing;
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use media::{Channel, Command, Engine, Event, PortId, RecordingKey, SampleRate};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The longest datagram that is looked at; speech is far shorter, and what is longer is cut and then dropped.
pub(super) const DATAGRAM_MAX: usize = browser_peer::frames::FRAME_BYTES_MAX;

/// How often sockets are looked at before orders and time have their turn again: under a flood, a socket gives one packet
/// a round, so that it cannot starve the others.
const ROUNDS_MAX: usize = 64;

/// How many orders are obeyed before packets have their turn again.
const ORDERS_AT_ONCE: usize = 256;

/// How many packets are taken from each thread that passes on those of browsers, before others have their turn.
const CROSSINGS_AT_ONCE: usize = 64;

/// What the control side asks for.
pub(super) enum Order {
    Open {
        port: PortId,
        bound: Bound,
    },
    OpenLine {
        port: PortId,
        rate: SampleRate,
        end: ThreadEnd,
    },
    Command(Command),
    /// A port of this thread is a browser's.
    Seat {
        port: PortId,
    },
    /// A port is no browser's any more. For its thread and that of the door.
    Unpair {
        port: PortId,
    },
    /// What was agreed with the browser of a port, with keys. From the thread of the door.
    Keyed(Command),
    /// A browser is expected, and its port is on thread `home`. For the thread of the door, as are the next three.
    Pair {
        port: PortId,
        pairing: Pairing,
        home: usize,
    },
    /// What was agreed with the browser of a port.
    Agree(Command),
    /// The port of a browser is on another thread now.
    Settle {
        port: PortId,
        home: usize,
    },
    /// The port of a browser ends on another thread.
    PartWith {
        port: PortId,
    },
    /// Ports leave for another thread.
    Release(Departure),
    /// Ports come from another thread.
    Adopt(Arrival),
    Stop,
}

pub(super) struct Thread {
    engine: Engine,
    sockets: Sockets,
    orders: Receiver<Order>,
    /// Ports that are on their way here. Until they have come, nothing further is obeyed.
    awaited: Option<Arrival>,
    /// The recordings whose end the recorder has not got yet.
    recordings: BTreeSet<RecordingKey>,
    /// Those among others that were lost, and found the recorder's ring full.
    unended: Vec<RecordingKey>,
    events: Arc<dyn Fn(Event) + Send + Sync>,
    free: Sender<Expected>,
    clock: Clock,
    counts: Arc<SharedCounts>,
    pace: Pace,
    load: Load,
}

impl Thread {
    pub(super) fn new(
        engine: Engine,
        orders: Receiver<Order>,
        events: Arc<dyn Fn(Event) + Send + Sync>,
        sockets: Sockets,
        free: Sender<Expected>,
        clock: Clock,
        counts: Arc<SharedCounts>,
    ) -> Self {
        let now = clock().mono;
        let (pace, load) = (Pace::new(now), Load::new(now));
        let (awaited, recordings, unended) = (None, BTreeSet::new(), Vec::new());
        Self {
            engine,
            sockets,
            orders,
            awaited,
            recordings,
            unended,
            events,
            free,
            clock,
            counts,
            pace,
            load,
        }
    }

    pub(super) fn run(mut self) {
        if catch_unwind(AssertUnwindSafe(|| self.work())).is_err() {
            self.refuse_all();
        }
    }

    fn work(&mut self) {
        let mut ready = ReadyList::new();
        let mut buffer = [0; DATAGRAM_MAX];
        loop {
            // What was left by the rounds before is there still.
            if ready.is_empty() {
                self.rest(&mut ready);
            }
            self.sockets.counts.wakes += 1;
            let before = self.sockets.counts.received;
            let mut crossings = 0;
            let mut now = (self.clock)();
            let woke = now.mono;
            for _ in 0..ROUNDS_MAX {
                // Orders go first: a packet sent after an order was given finds it obeyed.
                if !self.obey(now) {
                    return;
                }
                let crossed = self.take_crossings(now, CROSSINGS_AT_ONCE);
                crossings += crossed as u64;
                if ready.is_empty() && crossed == 0 {
                    break;
                }
                for one in ready.iter() {
                    self.take_packet(one, now, &mut buffer);
                }
                self.sockets.wait(Some(Duration::ZERO), false, &mut ready);
                now = (self.clock)();
            }
            // What was taken, from a socket or from another thread; one that was passed on does not count again.
            self.pace.woke(self.sockets.counts.received - before + crossings, now.mono);
            self.let_time_pass(now);
            self.tell_events();
            self.load.worked(woke, (self.clock)().mono);
            self.sockets.counts.busy = self.load.share();
            self.counts.store(&self.sockets.counts);
        }
    }

    /// Waits until there is something to do: a packet, an order, or the time. A busy thread lets packets gather first.
    fn rest(&mut self, ready: &mut ReadyList) {
        let now = (self.clock)();
        // With orders waiting there is no rest, unless they have to wait themselves. The bell may have been read before.
        let has_orders = match &self.awaited {
            Some(arriving) => arriving.is_due(),
            None => !self.orders.is_empty(),
        };
        let ends_again = (!self.unended.is_empty()).then(|| now.mono + ENDS_AGAIN);
        let due = [self.engine.poll_timeout(), self.browsers_timeout(), ends_again];
        let until = if has_orders { Some(now.mono) } else { due.into_iter().flatten().min() };
        let longest = until.map(|until| until.since(now.mono));
        let gather = self.pace.rest().min(longest.unwrap_or(Duration::MAX));
        if gather.is_zero() {
            self.sockets.wait(longest, self.takes_crossings(), ready);
        } else {
            std::thread::sleep(gather);
            self.sockets.wait(Some(Duration::ZERO), false, ready);
        }
    }

    /// Obeys what is waiting. `false` when the thread is to end.
    fn obey(&mut self, now: Now) -> bool {
        for _ in 0..ORDERS_AT_ONCE {
            if !self.has_all(now) {
                break;
            }
            match self.orders.try_recv() {
                Ok(Order::Open { port, bound }) => self.open(port, bound, now),
                Ok(Order::OpenLine { port, rate, end }) => {
                    self.sockets.lines.insert(port, end);
                    self.guarded(None, |engine, _| {
                        engine.handle_command(Command::OpenLine { port, rate }, now);
                    });
                }
                Ok(Order::Command(command)) => self.command(command, now),
                Ok(Order::Agree(command)) => self.agree(command, now),
                Ok(Order::Pair { port, pairing, home }) => self.pair(port, pairing, home, now),
                Ok(Order::PartWith { port }) => self.part_with(port, now),
                Ok(Order::Settle { port, home }) => self.settle(port, home, now),
                Ok(Order::Keyed(command)) => self.take_keys(command, now),
                Ok(Order::Seat { port }) => self.sockets.browsing.take_in(port),
                Ok(Order::Unpair { port }) => self.sockets.browsing.forget(port),
                Ok(Order::Release(departure)) => self.release(departure, now),
                Ok(Order::Adopt(arriving)) => self.awaited = Some(arriving),
                Ok(Order::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => break,
            }
        }
        true
    }

    fn open(&mut self, port: PortId, bound: Bound, now: Now) {
        let number = bound.address.port();
        if let Err(error) = self.sockets.add(port, bound) {
            tracing::error!(%port, %error, "a media socket cannot be watched");
            let _ = self.free.try_send((port, Some(number)));
            self.tell(Event::OpenFailed { port });
            return;
        }
        self.guarded(None, |engine, _| engine.handle_command(Command::Open { port }, now));
    }

    fn command(&mut self, command: Command, now: Now) {
        let begins = if let Command::Record { recording, .. } = &command { Some(*recording) } else { None };
        self.guarded(None, |engine, _| engine.handle_command(command, now));
        self.recordings.extend(begins.filter(|recording| self.engine.records(*recording)));
    }

    fn let_time_pass(&mut self, now: Now) {
        self.let_time_pass_for_browsers(now);
        if !self.unended.is_empty() {
            self.end_recordings([]);
        }
        if self.engine.poll_timeout().is_some_and(|at| at <= now.mono) {
            self.guarded(None, |engine, sockets| engine.handle_timeout(now, sockets));
        }
    }

    fn take_packet(&mut self, ready: Ready, now: Now, buffer: &mut [u8; DATAGRAM_MAX]) {
        let (place, channel) = match ready {
            Ready::Port { place, channel } => (place, channel),
            Ready::Browsers => return self.take_from_browsers(now, buffer),
            Ready::Listener => return self.sockets.accept_browsers(now.mono),
            Ready::Stream(number) => return self.take_from_stream(number, now, buffer),
        };
        let Some((port, source, length)) = self.sockets.receive(place, channel, buffer) else { return };
        if self.sockets.browsing.has(port) {
            // Whoever is to be a browser does not speak in the clear.
            return;
        }
        let datagram = &mut buffer[..length];
        self.guarded(Some((port, now)), |engine, sockets| match channel {
            Channel::Rtp => engine.handle_packet(port, source, datagram, now, sockets),
            Channel::Rtcp => engine.handle_rtcp(port, source, datagram, now),
        });
    }

    fn tell_events(&mut self) {
        self.tell_of_browsers();
        while let Some(event) = self.engine.poll_event() {
            if let Event::OpenFailed { port } = event {
                self.sockets.lines.remove(&port);
            }
            if let Event::RecordingStopped { recording, .. } = event {
                self.recordings.remove(&recording);
            }
            if let Event::Closed { port, .. } = event
                && let Some(number) = self.sockets.remove(port)
            {
                // There is room for every number of the range.
                let _ = self.free.try_send((port, Some(number)));
            }
            self.tell(event);
        }
    }

    /// Whoever listens to events must not end the thread either.
    fn tell(&mut self, event: Event) {
        let events = &self.events;
        if catch_unwind(AssertUnwindSafe(|| events(event))).is_err() {
            self.sockets.counts.panics += 1;
            tracing::error!("the listener to media events panicked");
        }
    }

    /// Calls the engine so that a mistake in it costs one port at most, not all calls of the thread.
    fn guarded(&mut self, port: Option<(PortId, Now)>, act: impl FnOnce(&mut Engine, &mut Sockets)) {
        let (engine, sockets) = (&mut self.engine, &mut self.sockets);
        // What the engine is left with is the business of the one port, which is closed.
        if catch_unwind(AssertUnwindSafe(|| act(engine, sockets))).is_ok() {
            return;
        }
        self.sockets.counts.panics += 1;
        let Some((port, now)) = port else {
            tracing::error!("the media engine panicked");
            return;
        };
        tracing::error!(%port, "the media engine panicked over a packet; its port is closed");
        let engine = &mut self.engine;
        if self.sockets.browsing.close_abroad(port) {
            return;
        }
        let closed = catch_unwind(AssertUnwindSafe(|| engine.handle_command(Command::Close { port }, now)));
        if closed.is_err() {
            tracing::error!(%port, "nor could the port be closed");
        }
    }
}
