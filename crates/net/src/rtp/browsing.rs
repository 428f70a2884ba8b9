//! How a thread reaches browsers. One thread, the door's, has their socket, their connections and their handshakes; their
//! ports are on any.
//!
//! What is agreed with a browser goes to the door's thread and, once there are keys, from there to the thread of the port
//! as an order, behind the orders that have brought the port there. When a port changes threads, the door is told where it
//! is now, and lets that thread have what is agreed once more: it may have been sent to the one before.

use crate::rtp::browser::Browsers;
use crate::rtp::crossing::{Bell, Corridor};
use crate::rtp::thread::Order;
use crossbeam_channel::Sender;
use media::{Channel, Command, PortId};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

/// The thread that browsers come to.
pub(super) const DOOR: usize = 0;

pub(super) enum Browsing {
    /// They come to this thread.
    Here(Box<Reception>),
    /// They come to another one.
    There {
        /// Those of our ports that are browsers'.
        ports: BTreeSet<PortId>,
        corridor: Corridor,
    },
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is on its way.
    Gone,
    /// The socket did not take it.
    Failed,
    /// It goes by the thread of the door.
    Crossed,
    /// There was no room for it on the way there.
    Dropped,
    /// The browser is nowhere.
    Nowhere,
}

impl Browsing {
    /// Whether a port is a browser's.
    pub(super) fn has(&self, port: PortId) -> bool {
        match self {
            Self::Here(reception) => reception.browsers.has(port),
            Self::There { ports, .. } => ports.contains(&port),
        }
    }

    /// Sends something to the browser of a port: where it has proven to be, and not at all when that is nowhere.
    pub(super) fn send(
        &mut self,
        port: PortId,
        channel: Channel,
        destination: SocketAddr,
        datagram: &[u8],
    ) -> Sent {
        match self {
            Self::Here(reception) => reception.send(port, datagram),
            Self::There { corridor, .. } => match corridor.pass(port, channel, destination, datagram) {
                true => Sent::Crossed,
                false => Sent::Dropped,
            },
        }
    }

    /// A port ends here, or is not a browser's any more.
    pub(super) fn forget(&mut self, port: PortId) {
        match self {
            Self::Here(reception) => reception.browsers.unpair(port),
            Self::There { ports, .. } => {
                ports.remove(&port);
            }
        }
    }

    /// A port leaves for another thread; whether it is a browser's.
    pub(super) fn part_with(&mut self, port: PortId) -> bool {
        match self {
            Self::Here(reception) => reception.browsers.has(port),
            Self::There { ports, .. } => ports.remove(&port),
        }
    }

    /// The port of a browser is here now. The door's thread knows of it by itself.
    pub(super) fn take_in(&mut self, port: PortId) {
        if let Self::There { ports, .. } = self {
            ports.insert(port);
        }
    }

    /// Lets the thread that has a browser's port close it, if that is another one.
    pub(super) fn close_abroad(&self, port: PortId) -> bool {
        let Self::Here(reception) = self else { return false };
        let Some(neighbor) = reception.abroad(port) else { return false };
        // If it is stuck, the port ends with its call.
        let _ = neighbor.orders.try_send(Order::Command(Command::Close { port }));
        neighbor.bell.ring();
        true
    }

    /// Whether nothing has come from other threads.
    pub(super) fn is_quiet(&self) -> bool {
        match self {
            Self::Here(reception) => reception.neighbors().all(|neighbor| neighbor.corridor.is_empty()),
            Self::There { corridor, .. } => corridor.is_empty(),
        }
    }
}

/// The thread of the door.
pub(super) struct Reception {
    pub(super) browsers: Browsers,
    /// The other threads, by their numbers.
    neighbors: Vec<Option<Neighbor>>,
}

/// Another thread.
pub(super) struct Neighbor {
    pub(super) corridor: Corridor,
    pub(super) orders: Sender<Order>,
    pub(super) bell: Arc<Bell>,
}

impl Reception {
    pub(super) const fn new(browsers: Browsers, neighbors: Vec<Option<Neighbor>>) -> Self {
        Self { browsers, neighbors }
    }

    fn neighbors(&self) -> impl Iterator<Item = &Neighbor> {
        self.neighbors.iter().flatten()
    }

    /// The corridor to a thread by its number; `None` if it is the own one or there are not so many.
    pub(super) fn corridor(&self, thread: usize) -> Option<&Corridor> {
        self.neighbors.get(thread)?.as_ref().map(|neighbor| &neighbor.corridor)
    }

    /// How many threads there are.
    pub(super) fn threads(&self) -> usize {
        self.neighbors.len()
    }

    /// Where the port of a browser is, if that is another thread.
    pub(super) fn abroad(&self, port: PortId) -> Option<&Neighbor> {
        self.neighbors.get(self.browsers.home(port)?)?.as_ref()
    }

    /// A thread by its number; `None` if it is the own one.
    pub(super) fn elsewhere(&self, thread: usize) -> Option<usize> {
        matches!(self.neighbors.get(thread), Some(Some(_))).then_some(thread)
    }

    pub(super) fn send(&mut self, port: PortId, datagram: &[u8]) -> Sent {
        let Some(remote) = self.browsers.remote(port) else { return Sent::Nowhere };
        if self.browsers.send(remote, datagram) { Sent::Gone } else { Sent::Failed }
    }

    /// What a port is to be configured with: for the own engine, or else on its way to the thread that it is on. `false` if
    /// that one does not take it.
    pub(super) fn deliver(&self, command: Command) -> Result<Option<Command>, PortId> {
        let Command::Configure { port, .. } = command else { return Ok(Some(command)) };
        let Some(neighbor) = self.abroad(port) else { return Ok(Some(command)) };
        neighbor.orders.try_send(Order::Keyed(command)).map_err(|_| port)?;
        neighbor.bell.ring();
        Ok(None)
    }
}
