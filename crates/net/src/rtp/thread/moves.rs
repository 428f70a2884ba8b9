//! Ports that come to a thread and go from it: [`crate::rtp::moving`]. And what a thread that has failed says to everybody.

use super::{Order, Thread};
use crate::rtp::moving::{Departure, Expected, Outcome, Parcel};
use base::Now;
use media::{Command, Event, PortId, Quality};

impl Thread {
    /// Whether everybody is here who is on the way, so that further orders can be obeyed: they may be about them.
    pub(super) fn has_all(&mut self, now: Now) -> bool {
        let Some(arriving) = self.awaited.take() else { return true };
        match arriving.look() {
            Outcome::OnTheWay => {
                self.awaited = Some(arriving);
                return false;
            }
            Outcome::Here(parcel) => self.adopt(*parcel, now),
            Outcome::Stayed => {}
            Outcome::Lost => self.lose(&arriving.ports),
        }
        true
    }

    /// Parts with ports.
    pub(super) fn release(&mut self, departure: Departure, now: Now) {
        // What has come for them is theirs, and what there is to say of them is said before the new thread says anything.
        self.take_crossings(now, usize::MAX);
        self.tell_events();
        let mut sound = None;
        self.guarded(None, |engine, _| sound = Some(engine.release(&departure.ports, now)));
        let Some(sound) = sound else {
            // What the engine is left with is closed, as after a panic over a packet.
            for port in &departure.ports {
                self.end(*port, now);
            }
            return departure.send(None);
        };
        let belongings = departure.ports.iter().map(|port| self.sockets.part_with(*port)).collect();
        departure.send(Some(Parcel { sound, belongings }));
    }

    fn adopt(&mut self, parcel: Parcel, now: Now) {
        let number = |bound: &crate::rtp::range::Bound| bound.address.port();
        let belongings = parcel.belongings;
        let ports: Vec<Expected> =
            belongings.iter().map(|one| (one.port, one.bound.as_ref().map(number))).collect();
        let mut unheard = Vec::new();
        for one in belongings {
            let port = one.port;
            if let Err(error) = self.sockets.take_in(one) {
                tracing::error!(%port, %error, "a media socket cannot be watched on its new thread");
                unheard.push(port);
            }
        }
        let mut are_here = false;
        self.guarded(None, |engine, _| {
            engine.adopt(parcel.sound, now);
            are_here = true;
        });
        if !are_here {
            return self.lose(&ports);
        }
        self.sockets.counts.adopted += ports.len() as u64;
        for port in unheard {
            self.end(port, now);
        }
    }

    fn end(&mut self, port: PortId, now: Now) {
        self.guarded(None, |engine, _| engine.handle_command(Command::Close { port }, now));
    }

    /// Tells that ports have ended which no engine knows any more.
    fn lose(&mut self, ports: &[Expected]) {
        for (port, number) in ports {
            self.sockets.remove(*port);
            let _ = self.free.try_send((*port, *number));
            self.tell(Event::Closed { port: *port, quality: Quality::default() });
        }
    }

    /// The thread has failed outside of what concerns one port, and nothing can be said of its engine: all ports are closed,
    /// and those that still come to it. It ends when it is told to.
    pub(super) fn refuse_all(&mut self) {
        tracing::error!("a media thread has failed; its calls are lost, and the other threads go on");
        self.sockets.counts.panics += 1;
        self.counts.store(&self.sockets.counts);
        self.counts.fail();
        let ports = self.sockets.ports();
        self.lose(&ports);
        self.close_door();
        if let Some(arriving) = self.awaited.take() {
            self.lose(&arriving.ports);
        }
        while let Ok(order) = self.orders.recv() {
            match order {
                Order::Open { port, bound } => {
                    let number = bound.address.port();
                    drop(bound);
                    self.lose(&[(port, Some(number))]);
                }
                Order::OpenLine { port, .. } => self.lose(&[(port, None)]),
                Order::Adopt(arriving) => self.lose(&arriving.ports),
                // They were told to be closed when they were lost here.
                Order::Release(departure) => departure.send(None),
                Order::Pair { port, .. } => self.tell(Event::Unsealable { port }),
                Order::Command(_)
                | Order::Keyed(_)
                | Order::Agree(_)
                | Order::Seat { .. }
                | Order::Unpair { .. }
                | Order::PartWith { .. }
                | Order::Settle { .. } => {}
                Order::Stop => return,
            }
        }
    }
}
