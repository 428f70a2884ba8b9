//! Ports that come to a thread and go from it: [`crate::rtp::moving`]. And what a thread that has failed says to everybody.

use super::{Order, Thread};
use crate::rtp::crossing::SLOTS;
use crate::rtp::moving::{Arrival, Departure, Expected, Outcome, Parcel};
use base::{Duration, Now};
use media::{Command, Event, PortId, Quality, Recorded, RecordingKey};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How often the ends of lost recordings that found the recorder's ring full are offered again.
pub(super) const ENDS_AGAIN: Duration = Duration::from_millis(100);

impl Thread {
    /// Whether everybody is here who is on the way, so that further orders can be obeyed: they may be about them.
    pub(super) fn has_all(&mut self, now: Now) -> bool {
        let Some(arriving) = self.awaited.take() else { return true };
        match arriving.look() {
            None => {
                self.awaited = Some(arriving);
                return false;
            }
            Some(Outcome::Here(parcel)) => self.adopt(*parcel, now),
            Some(Outcome::Stayed) => {}
            Some(Outcome::Lost) => self.lose_arriving(&arriving),
        }
        true
    }

    /// Parts with ports. Those that are closing have still to say so here, and stay.
    pub(super) fn release(&mut self, departure: Departure, now: Now) {
        // What has come for them is theirs, and what there is to say of them is said before the new thread says anything.
        self.take_crossings(now, SLOTS);
        self.tell_events();
        let leaving: Vec<PortId> =
            departure.ports.iter().copied().filter(|port| self.engine.has(*port)).collect();
        let running: Vec<RecordingKey> = departure
            .recordings
            .iter()
            .copied()
            .filter(|recording| self.engine.records(*recording))
            .collect();
        let mut sound = None;
        self.guarded(None, |engine, _| sound = Some(engine.release(&leaving, now)));
        let Some(sound) = sound else {
            // What the engine is left with is closed, as after a panic over a packet, and what it is not is lost.
            self.end_lost(&running);
            for port in leaving {
                self.end_or_lose(port, now);
            }
            return departure.send(None);
        };
        let belongings = sound.ports().map(|port| self.sockets.part_with(port)).collect();
        for recording in sound.recordings() {
            self.recordings.remove(&recording);
        }
        departure.send(Some(Parcel { sound, belongings }));
    }

    fn adopt(&mut self, parcel: Parcel, now: Now) {
        let Parcel { sound, belongings } = parcel;
        let ports: Vec<PortId> = belongings.iter().map(|one| one.port).collect();
        let mut unheard = Vec::new();
        for one in belongings {
            let port = one.port;
            if let Err(error) = self.sockets.take_in(one) {
                tracing::error!(%port, %error, "a media socket cannot be watched on its new thread");
                unheard.push(port);
            }
        }
        let recordings: Vec<RecordingKey> = sound.recordings().collect();
        let mut are_here = false;
        self.guarded(None, |engine, _| {
            engine.adopt(sound, now);
            are_here = true;
        });
        if !are_here {
            self.end_lost(&recordings);
            for port in ports {
                self.end_or_lose(port, now);
            }
            return;
        }
        self.recordings.extend(recordings);
        self.sockets.counts.adopted += ports.len() as u64;
        for port in unheard {
            self.end(port, now);
        }
    }

    fn end(&mut self, port: PortId, now: Now) {
        self.guarded(None, |engine, _| engine.handle_command(Command::Close { port }, now));
    }

    /// Ends a port after a panic, wherever the engine stopped with it.
    fn end_or_lose(&mut self, port: PortId, now: Now) {
        let was_here = self.engine.has(port);
        self.end(port, now);
        // What the engine closes, it tells by itself.
        if !was_here || self.engine.has(port) {
            self.lose(&[(port, None)]);
        }
    }

    /// Tells that ports have ended which no engine knows any more.
    fn lose(&mut self, ports: &[Expected]) {
        for (port, number) in ports {
            let number = self.sockets.remove(*port).or(*number);
            let _ = self.free.try_send((*port, number));
            self.tell(Event::Closed { port: *port, quality: Quality::default() });
        }
    }

    fn lose_arriving(&mut self, arriving: &Arrival) {
        self.lose(&arriving.ports);
        self.end_recordings(arriving.recordings.iter().copied());
    }

    /// Lets those recordings end that the engine has lost.
    fn end_lost(&mut self, recordings: &[RecordingKey]) {
        let lost = recordings.iter().copied().filter(|recording| !self.engine.records(*recording));
        let lost: Vec<RecordingKey> = lost.collect();
        for recording in &lost {
            self.recordings.remove(recording);
        }
        self.end_recordings(lost);
    }

    /// Lets recordings end that no engine knows any more: whoever keeps them may close them. How long they ran is not known
    /// any more, but what is heard of them tells how long at least.
    pub(super) fn end_recordings(&mut self, recordings: impl IntoIterator<Item = RecordingKey>) {
        self.unended.extend(recordings);
        let sockets = &mut self.sockets;
        self.unended.retain(|recording| {
            let end = Recorded::End { recording: *recording, samples: 0 };
            // Where the recorder breaks down over it, there is none to close anything.
            let taken = catch_unwind(AssertUnwindSafe(|| media::Outbox::record(sockets, &end)));
            matches!(taken, Ok(false))
        });
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
        let recordings = std::mem::take(&mut self.recordings);
        self.end_recordings(recordings);
        self.close_door();
        if let Some(arriving) = self.awaited.take() {
            self.lose_arriving(&arriving);
        }
        while let Some(order) = self.next_order() {
            match order {
                Order::Open { port, bound } => {
                    let number = bound.address.port();
                    drop(bound);
                    self.lose(&[(port, Some(number))]);
                }
                Order::OpenLine { port, .. } => self.lose(&[(port, None)]),
                Order::Adopt(arriving) => self.lose_arriving(&arriving),
                // They were told to be closed when they were lost here.
                Order::Release(departure) => departure.send(None),
                Order::Pair { port, .. } => self.tell(Event::Unsealable { port }),
                Order::Command(Command::Record { recording, .. }) => self.end_recordings([recording]),
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

    /// The next order of a thread that has failed; `None` if none can come any more. Meanwhile the recorder gets what it had
    /// no room for.
    fn next_order(&mut self) -> Option<Order> {
        use crossbeam_channel::RecvTimeoutError::{Disconnected, Timeout};
        while !self.unended.is_empty() {
            match self.orders.recv_timeout(ENDS_AGAIN) {
                Ok(order) => return Some(order),
                Err(Disconnected) => return None,
                Err(Timeout) => self.end_recordings([]),
            }
        }
        self.orders.recv().ok()
    }
}
