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
//! A thread that fails goes on answering orders: whoever it had and whoever was on the way to it is told to be closed, and
//! what was recorded of them ends.

use crate::rtp::crossing::Bell;
use crate::rtp::line::ThreadEnd;
use crate::rtp::range::Bound;
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use media::{PortId, RecordingKey};
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
pub(super) fn way(
    ports: Vec<Expected>,
    recordings: Vec<RecordingKey>,
    bell: Arc<Bell>,
) -> (Departure, Arrival) {
    let (way, outcome) = crossbeam_channel::bounded(1);
    let leaving = ports.iter().map(|(port, _)| *port).collect();
    let departure = Departure { ports: leaving, recordings: recordings.clone(), way: Some(way), bell };
    (departure, Arrival { ports, recordings, outcome })
}

/// The end of the old thread. Dropped without a word, it tells the new one that nobody comes.
pub(super) struct Departure {
    pub(super) ports: Vec<PortId>,
    /// What is recorded of them.
    pub(super) recordings: Vec<RecordingKey>,
    way: Option<Sender<Outcome>>,
    bell: Arc<Bell>,
}

impl Departure {
    /// Lets the ports go, or says that they stay.
    pub(super) fn send(mut self, parcel: Option<Parcel>) {
        self.say(parcel.map_or(Outcome::Stayed, |parcel| Outcome::Here(Box::new(parcel))));
    }

    fn say(&mut self, outcome: Outcome) {
        if let Some(way) = self.way.take() {
            // The one place is free, and if nobody is there to take it, the sockets are closed.
            let _ = way.try_send(outcome);
        }
    }
}

impl Drop for Departure {
    fn drop(&mut self) {
        self.say(Outcome::Lost);
        self.bell.ring();
    }
}

/// The end of the new thread.
pub(super) struct Arrival {
    pub(super) ports: Vec<Expected>,
    /// What is recorded of them.
    pub(super) recordings: Vec<RecordingKey>,
    outcome: Receiver<Outcome>,
}

/// What has become of a move.
pub(super) enum Outcome {
    /// The ports are here.
    Here(Box<Parcel>),
    /// None come: they stay where they were, or have ended there, which is told there.
    Stayed,
    /// Nobody has them any more.
    Lost,
}

impl Arrival {
    /// What has become of it; `None` as long as that is not known.
    pub(super) fn look(&self) -> Option<Outcome> {
        match self.outcome.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Disconnected) => Some(Outcome::Lost),
            Err(TryRecvError::Empty) => None,
        }
    }

    /// Whether it is known what has become of it.
    pub(super) fn is_due(&self) -> bool {
        !self.outcome.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_becomes_of_a_move_is_there_to_be_seen_before_anybody_is_woken_for_it() {
        let ends = || {
            let bell = Arc::new(Bell::new().expect("an eventfd"));
            way(vec![(PortId::from_u64(1), Some(20_000))], vec![], bell)
        };
        let (departure, arrival) = ends();
        assert!(!arrival.is_due() && arrival.look().is_none());
        departure.send(None);
        assert!(arrival.is_due() && matches!(arrival.look(), Some(Outcome::Stayed)));

        let (departure, arrival) = ends();
        let sound = media::Engine::new(base::IdSource::new(1)).release(&[], base::Now::default());
        departure.send(Some(Parcel { sound, belongings: vec![] }));
        assert!(arrival.is_due() && matches!(arrival.look(), Some(Outcome::Here(_))));

        let (departure, arrival) = ends();
        drop(departure);
        assert!(arrival.is_due() && matches!(arrival.look(), Some(Outcome::Lost)));
    }
}
