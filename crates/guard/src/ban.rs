//! Places that are kept out, until when and why.

use crate::place::Place;
use base::{Duration, Instant, Timestamp};
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// How many places are kept out at once. One more takes the place of the one that would come back first.
pub const BANS_MAX: usize = 10_000;

/// Why a place is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It bears the mark of a scanner.
    Scanner(&'static str),
    /// It asked for many users that do not exist.
    ManyUsers,
    /// It tried many wrong passwords.
    Guessing,
    /// Nearly nothing it asked for was right.
    ManyRefusals,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scanner(mark) => write!(f, "calls itself {mark}, a scanner"),
            Self::ManyUsers => f.write_str("asked for many users that do not exist"),
            Self::Guessing => f.write_str("tried many wrong passwords"),
            Self::ManyRefusals => f.write_str("sent many requests that had to be refused"),
        }
    }
}

/// A place that is kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// The address; of IPv6 the first one of its /64.
    pub place: IpAddr,
    /// Why.
    pub why: Why,
    /// Since when.
    pub since: Timestamp,
    /// Until when, for people …
    pub until: Timestamp,
    /// … and for the machine.
    pub(crate) ends: Instant,
    /// Whether TCP and TLS are shut too: only what a forger cannot have brought about shuts them.
    pub proven: bool,
    /// Whether the operator heard of it.
    pub(crate) told: bool,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bans {
    by_place: BTreeMap<Place, Ban>,
    by_end: BTreeSet<(Instant, Place)>,
}

impl Bans {
    pub(crate) fn of(&self, place: Place) -> Option<&Ban> {
        if self.by_place.is_empty() { None } else { self.by_place.get(&place) }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Ban> {
        self.by_place.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_place.len()
    }

    /// Keeps a place out. One that is kept out already is from now on, and for all that was known against it. Returns
    /// the place that was let in for want of room.
    pub(crate) fn add(&mut self, mut ban: Ban) -> Option<Ban> {
        if let Some(before) = self.remove(ban.place.into()) {
            ban.since = before.since;
            ban.proven |= before.proven;
            ban.told |= before.told;
        }
        let room = (self.by_place.len() >= BANS_MAX).then(|| self.by_end.first().copied()).flatten();
        let forgiven = room.and_then(|(_, place)| self.remove(place));
        let place = Place::from(ban.place);
        self.by_end.insert((ban.ends, place));
        self.by_place.insert(place, ban);
        forgiven
    }

    pub(crate) fn remove(&mut self, place: Place) -> Option<Ban> {
        let ban = self.by_place.remove(&place)?;
        self.by_end.remove(&(ban.ends, place));
        Some(ban)
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.by_end.first().map(|(ends, _)| *ends)
    }

    pub(crate) fn expire(&mut self, now: Instant) -> Option<Ban> {
        let (ends, place) = *self.by_end.first()?;
        if ends > now { None } else { self.remove(place) }
    }
}

/// How long a place is kept out unless the operator says otherwise.
pub const BAN: Duration = Duration::from_secs(10 * 60);
