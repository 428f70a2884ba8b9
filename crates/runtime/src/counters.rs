//! Figures the control thread keeps for whoever measures.

use crate::request::Load;
use std::sync::atomic::{AtomicU64, Ordering};

/// Figures that anybody may read at any time.
#[derive(Debug, Default)]
pub struct Counters {
    interactions: AtomicU64,
    legs: AtomicU64,
    registrations: AtomicU64,
    connections: AtomicU64,
    signalling: AtomicU64,
}

impl Counters {
    pub(crate) fn set_load(&self, load: Load) {
        let set = |counter: &AtomicU64, value: usize| counter.store(value as u64, Ordering::Relaxed);
        set(&self.interactions, load.interactions);
        set(&self.legs, load.legs);
        set(&self.registrations, load.registrations);
        set(&self.connections, load.connections);
        set(&self.signalling, load.signalling);
    }

    /// How much was going on when the control thread last looked.
    pub fn load(&self) -> Load {
        let get =
            |counter: &AtomicU64| usize::try_from(counter.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        Load {
            interactions: get(&self.interactions),
            legs: get(&self.legs),
            registrations: get(&self.registrations),
            connections: get(&self.connections),
            signalling: get(&self.signalling),
        }
    }
}
