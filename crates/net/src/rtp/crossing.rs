//! Packets of browsers between the thread that has their socket and the thread that has their port.
//!
//! ```text
//!  browser ──▶ the door's thread ── ring ──▶ the port's thread ──▶ Engine
//!  browser ◀── the door's thread ◀── ring ── the port's thread ◀── Engine
//! ```
//!
//! A ring has one writer and one reader, and all its room from its first packet on: a slot goes around, filled and empty.
//! Nothing is allocated for the packets after it, and nobody waits; a packet that finds no slot is dropped and counted, as a
//! network would. A thread that sleeps is woken, and one that is awake or lets packets gather looks by itself.

use crate::rtp::thread::DATAGRAM_MAX;
use crossbeam_queue::ArrayQueue;
use media::{Channel, PortId};
use rustix::event::{EventfdFlags, eventfd};
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many packets wait in one direction between two threads: 20 ms of what 250 browsers send.
pub(super) const SLOTS: usize = 512;

/// What wakes a thread.
#[derive(Debug)]
pub(super) struct Bell {
    fd: OwnedFd,
    is_asleep: AtomicBool,
}

impl Bell {
    pub(super) fn new() -> io::Result<Self> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { fd, is_asleep: AtomicBool::new(false) })
    }

    /// What becomes readable when the thread is woken.
    pub(super) const fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// Wakes the thread, whatever it does.
    pub(super) fn ring(&self) {
        // It can only fail when the count is at its highest, and then the thread wakes anyway.
        let _ = rustix::io::write(&self.fd, &1u64.to_ne_bytes());
    }

    /// Wakes the thread if it sleeps. To be called after what it is woken for has been put where it looks: either it sees
    /// that before it sleeps, or its sleep is seen here.
    fn ring_if_asleep(&self) {
        if self.is_asleep.load(Ordering::SeqCst) && self.is_asleep.swap(false, Ordering::SeqCst) {
            self.ring();
        }
    }

    /// The thread is about to sleep. It has to look once more afterwards.
    pub(super) fn lie_down(&self) {
        self.is_asleep.store(true, Ordering::SeqCst);
    }

    /// The thread is awake.
    pub(super) fn get_up(&self) {
        self.is_asleep.store(false, Ordering::Relaxed);
        // Reading takes the count back to zero, whatever it was.
        let _ = rustix::io::read(&self.fd, &mut [0u8; 8]);
    }

    /// The thread does not sleep after all.
    pub(super) fn stay_up(&self) {
        self.is_asleep.store(false, Ordering::Relaxed);
    }
}

/// Room for one packet.
pub(super) struct Slot {
    pub(super) port: PortId,
    /// Where it came from. Where it goes to, the door knows.
    pub(super) source: SocketAddr,
    pub(super) channel: Channel,
    length: usize,
    bytes: [u8; DATAGRAM_MAX],
}

impl Slot {
    pub(super) fn datagram(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }
}

impl Slot {
    fn new() -> Box<Self> {
        let source = SocketAddr::from(([0, 0, 0, 0], 0));
        let (port, channel) = (PortId::from_u64(0), Channel::Rtp);
        Box::new(Self { port, source, channel, length: 0, bytes: [0; DATAGRAM_MAX] })
    }
}

struct Ring {
    filled: ArrayQueue<Box<Slot>>,
    empty: ArrayQueue<Box<Slot>>,
    /// Whether the slots were made.
    is_made: AtomicBool,
}

impl Ring {
    fn new() -> Arc<Self> {
        let (filled, empty) = (ArrayQueue::new(SLOTS), ArrayQueue::new(SLOTS));
        Arc::new(Self { filled, empty, is_made: AtomicBool::new(false) })
    }

    /// An empty slot, if there is one. The slots are a megabyte, and where no browser's packets cross, nobody needs it.
    fn slot(&self) -> Option<Box<Slot>> {
        self.empty.pop().or_else(|| self.first_slot())
    }

    #[cold]
    fn first_slot(&self) -> Option<Box<Slot>> {
        if self.is_made.swap(true, Ordering::Relaxed) {
            return None;
        }
        for _ in 1..SLOTS {
            let _ = self.empty.push(Slot::new());
        }
        Some(Slot::new())
    }
}

/// One thread's end of the two rings between two threads.
pub(super) struct Corridor {
    out: Arc<Ring>,
    inward: Arc<Ring>,
    /// Wakes the thread at the other end.
    bell: Arc<Bell>,
}

/// The two ends of a corridor between the threads that these bells wake.
pub(super) fn corridor(one: &Arc<Bell>, other: &Arc<Bell>) -> (Corridor, Corridor) {
    let (there, back) = (Ring::new(), Ring::new());
    (
        Corridor { out: Arc::clone(&there), inward: Arc::clone(&back), bell: Arc::clone(other) },
        Corridor { out: back, inward: there, bell: Arc::clone(one) },
    )
}

impl Corridor {
    /// Passes a packet on; `false` if there is no room and it is dropped.
    pub(super) fn pass(&self, port: PortId, channel: Channel, source: SocketAddr, datagram: &[u8]) -> bool {
        let Some(mut slot) = self.out.slot() else { return false };
        let length = datagram.len().min(DATAGRAM_MAX);
        slot.bytes[..length].copy_from_slice(&datagram[..length]);
        (slot.port, slot.channel, slot.source, slot.length) = (port, channel, source, length);
        // There are as many slots as places for them.
        let passed = self.out.filled.push(slot).is_ok();
        self.bell.ring_if_asleep();
        passed
    }

    /// Takes the next packet that has come. The slot has to be given back.
    pub(super) fn take(&self) -> Option<Box<Slot>> {
        self.inward.filled.pop()
    }

    pub(super) fn give_back(&self, slot: Box<Slot>) {
        let _ = self.inward.empty.push(slot);
    }

    /// Whether nothing has come.
    pub(super) fn is_empty(&self) -> bool {
        self.inward.filled.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_cross_in_order_and_those_without_room_are_dropped() {
        let (door, home) = ends();
        let source = SocketAddr::from(([192, 0, 2, 1], 9));
        let pass = |number: usize| {
            door.pass(PortId::from_u64(7), Channel::Rtp, source, &(number as u32).to_be_bytes())
        };
        assert!(
            door.out.empty.is_empty() && home.out.empty.is_empty(),
            "nothing is made before it is needed"
        );
        for round in 0..3 {
            let passed = (0..SLOTS + 5).filter(|number| pass(*number)).count();
            assert_eq!(passed, SLOTS, "in round {round}");
            for number in 0..SLOTS {
                let mut slot = home.take().expect("it has come");
                assert_eq!((slot.port, slot.source), (PortId::from_u64(7), source));
                assert_eq!(slot.datagram(), (number as u32).to_be_bytes());
                home.give_back(slot);
            }
            assert!(home.is_empty() && home.take().is_none());
        }
        assert!(home.out.empty.is_empty(), "nobody has spoken in the other direction");
    }

    #[test]
    fn who_sleeps_is_woken_once_and_who_is_awake_is_left_alone() {
        let (door, home) = ends();
        let bell = Arc::clone(&door.bell);
        let rang = || rustix::io::read(&bell.fd, &mut [0u8; 8]).is_ok();
        let pass =
            || door.pass(PortId::from_u64(1), Channel::Rtcp, SocketAddr::from(([0; 4], 0)), &[0; 5_000]);
        assert!(pass() && !rang());
        bell.lie_down();
        assert!(!home.is_empty(), "it looks once more before it sleeps");
        assert!(pass() && pass() && rang() && !rang());
        assert_eq!(
            home.take().expect("it has come").datagram().len(),
            DATAGRAM_MAX,
            "what is too long is cut"
        );
    }

    fn ends() -> (Corridor, Corridor) {
        let bells = [(); 2].map(|()| Arc::new(Bell::new().expect("an eventfd")));
        corridor(&bells[0], &bells[1])
    }
}
