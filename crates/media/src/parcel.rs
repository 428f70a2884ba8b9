//! Ports on their way from one engine to another: what [`crate::Engine::release`] takes out and
//! [`crate::Engine::adopt`] puts in.
//!
//! ```text
//!  Engine ──release──▶ Parcel ──adopt──▶ Engine
//! ```
//!
//! In a parcel everything lies as it lay in the engine: streams with their numbers and keys, plays at their sample, jitter
//! buffers with what they hold, recordings with their clock. Only places are others: inside a parcel, a place is a number
//! in the order of its ports. A parcel hears nothing, sends nothing and waits for nothing, so it should not lie about: what
//! it has to do is done late, as by an engine whose driver slept.

use crate::conference::Conference;
use crate::port::Port;
use crate::recording::Recording;
use crate::{ConferenceKey, PortId, RecordingKey};
use base::Instant;

/// Ports, and everything between them, without an engine.
pub struct Parcel {
    pub(crate) ports: Vec<Passenger>,
    /// With the places of their sides, as taps have those of their recordings, in here.
    pub(crate) recordings: Vec<Recording>,
    /// With the places of their members in here.
    pub(crate) conferences: Vec<(ConferenceKey, Conference)>,
    /// When the engine they come from would have looked at them.
    pub(crate) next_sweep: Option<Instant>,
}

/// One port in a parcel.
pub(crate) struct Passenger {
    pub(crate) port: Port,
    pub(crate) turn: Option<Turn>,
    /// When its play ends, if nobody counts samples.
    pub(crate) play_ends: Option<Instant>,
}

/// The next turn of a port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) at: Instant,
    /// Whether it is with those in mixes.
    pub(crate) mixes: bool,
}

impl Parcel {
    /// The ports in it. They come in the order in which they have their turns.
    pub fn ports(&self) -> impl ExactSizeIterator<Item = PortId> + '_ {
        self.ports.iter().map(|passenger| passenger.port.id)
    }

    /// The recordings in it.
    pub fn recordings(&self) -> impl Iterator<Item = RecordingKey> + '_ {
        self.recordings.iter().map(|recording| recording.key)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty()
    }
}

/// Says who is in it, and nothing of what they say.
impl core::fmt::Debug for Parcel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Parcel")
            .field("ports", &self.ports().collect::<Vec<_>>())
            .field("recordings", &self.recordings().collect::<Vec<_>>())
            .field("conferences", &self.conferences.iter().map(|(key, _)| key).collect::<Vec<_>>())
            .finish()
    }
}

/// A parcel goes from thread to thread.
const _: () = {
    const fn goes_between_threads<T: Send>() {}
    goes_between_threads::<Parcel>();
};
