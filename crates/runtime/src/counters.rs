//! Figures the control thread keeps for whoever measures.

use crate::request::Load;
use guard::{Snapshot, Tally};
use std::sync::atomic::{AtomicU64, Ordering};

/// Figures that anybody may read at any time.
#[derive(Debug, Default)]
pub struct Counters {
    interactions: AtomicU64,
    legs: AtomicU64,
    registrations: AtomicU64,
    connections: AtomicU64,
    signalling: AtomicU64,
    kept_out: AtomicU64,
    limited: AtomicU64,
    shed: AtomicU64,
    unanswered: AtomicU64,
    banned: AtomicU64,
    bans: AtomicU64,
    severity: AtomicU64,
    moved: AtomicU64,
    browsers_lost: AtomicU64,
}

impl Counters {
    pub(crate) fn set_guarded(&self, tally: Tally, now: Snapshot) {
        let set = |counter: &AtomicU64, value: u64| counter.store(value, Ordering::Relaxed);
        set(&self.kept_out, tally.kept_out);
        set(&self.limited, tally.limited);
        set(&self.shed, tally.shed);
        set(&self.unanswered, tally.unanswered);
        set(&self.banned, tally.banned);
        set(&self.bans, now.bans as u64);
        set(&self.severity, u64::from(now.severity));
    }

    /// Ports that have changed media threads, and packets of browsers lost between two threads.
    pub(crate) fn set_media(&self, moved: u64, browsers_lost: u64) {
        self.moved.store(moved, Ordering::Relaxed);
        self.browsers_lost.store(browsers_lost, Ordering::Relaxed);
    }

    /// How many ports had changed media threads when the control thread last looked.
    pub fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// How many packets of browsers had found no room between two media threads.
    pub fn browsers_lost(&self) -> u64 {
        self.browsers_lost.load(Ordering::Relaxed)
    }

    /// What protection had done when the control thread last looked.
    pub fn tally(&self) -> Tally {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Tally {
            kept_out: get(&self.kept_out),
            limited: get(&self.limited),
            shed: get(&self.shed),
            unanswered: get(&self.unanswered),
            banned: get(&self.banned),
        }
    }

    /// How many addresses are banned, and how much is shed, in thousandths of a lane.
    pub fn guarded(&self) -> (u64, u64) {
        (self.bans.load(Ordering::Relaxed), self.severity.load(Ordering::Relaxed))
    }

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
            // Nobody counts these: who wants to know asks.
            carriers: 0,
        }
    }
}
