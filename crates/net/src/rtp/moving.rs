//! Ports on their way from one media thread to another.
//!
//! ```text
//!  control, under its lock:   Adopt ──▶ queue of the new thread     Release ──▶ queue of the old thread
//!
//!  old thread:  obeys Release: tells what it has to tell of the ports, parts with them ── parcel ─▶ wakes the new one
//!  new thread:  comes to Adopt: obeys nothing further until the parcel is there; packets and time go on
//! ```
//!
//! Nobody is lost on the way: the sockets stay open, and what comes to them waits in the kernel. Of what browsers send, who
//! share one socket, a few packets may be lost that are between two threads just then ([`crate::rtp::crossing`]).
//!
//! Threads cannot wait for each other in a circle. All orders are given under one lock, so that the moves have an order, and
//! each queue holds its part of it. A thread that waits for a move waits for another to come to that move's release; what
//! that one may be waiting for stands before it in its queue, and is an earlier move. The earliest one waits for nobody.
//!
//! A thread that fails goes on answering orders: whoever it had and whoever was on the way to it is told to be closed.

use crate::rtp::crossing::Bell;
use crate::rtp::line::ThreadEnd;
use crate::rtp::range::Bound;
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use media::PortId;
use std::sync::Arc;

/// What a port has with a thread beside its place in the engine.
pub(super) struct Belongings {
    pub(super) port: PortId,
    pub(super) bound: Option<Bound>,
    pub(super) line: Option<ThreadEnd>,
    pub(super) is_browser: bool,
}

/// Ports with everything that is theirs.
pub(super) struct Parcel {
    pub(super) sound: media::Parcel,
    pub(super) belongings: Vec<Belongings>,
}

/// A port, and the number that is free when it is lost on the way; a line has none.
pub(super) type Expected = (PortId, Option<u16>);

/// The two ends of a move to the thread that `bell` wakes.
pub(super) fn way(ports: Vec<Expected>, bell: Arc<Bell>) -> (Departure, Arrival) {
    let (parcel, arriving) = crossbeam_channel::bounded(1);
    let leaving = ports.iter().map(|(port, _)| *port).collect();
    (Departure { ports: leaving, parcel: Some(parcel), bell }, Arrival { ports, parcel: arriving })
}

/// The end of the old thread. Dropped without a parcel, it tells the new one that none comes.
pub(super) struct Departure {
    pub(super) ports: Vec<PortId>,
    /// `None` within: none come, they stay where they are or have ended there.
    parcel: Option<Sender<Option<Box<Parcel>>>>,
    bell: Arc<Bell>,
}

impl Departure {
    pub(super) fn send(mut self, parcel: Option<Parcel>) {
        if let Some(way) = self.parcel.take() {
            // The one place is free, and if nobody is there to take it, the sockets are closed.
            let _ = way.try_send(parcel.map(Box::new));
        }
    }
}

impl Drop for Departure {
    fn drop(&mut self) {
        drop(self.parcel.take());
        self.bell.ring();
    }
}

/// The end of the new thread.
pub(super) struct Arrival {
    pub(super) ports: Vec<Expected>,
    parcel: Receiver<Option<Box<Parcel>>>,
}

/// What has become of a move.
pub(super) enum Outcome {
    /// It is not known yet.
    OnTheWay,
    /// The ports are here.
    Here(Box<Parcel>),
    /// None come: they stay where they were, or have ended there, which is told there.
    Stayed,
    /// Nobody has them any more.
    Lost,
}

impl Arrival {
    pub(super) fn look(&self) -> Outcome {
        match self.parcel.try_recv() {
            Ok(Some(parcel)) => Outcome::Here(parcel),
            Ok(None) => Outcome::Stayed,
            Err(TryRecvError::Disconnected) => Outcome::Lost,
            Err(TryRecvError::Empty) => Outcome::OnTheWay,
        }
    }
}
