//! What is remembered of a place that asked for something, and how many places are remembered.
//!
//! Forgetting a place forgives it: its rates are whole again. So whoever fills the table with made-up addresses harms
//! nobody, and gains little, for all strangers together have a rate as well. Places of phones have a table of their own
//! that only proven passwords fill.

use crate::asked::Kind;
use crate::bucket::{Bucket, Rate};
use crate::place::Place;
use crate::suspicion::Suspicion;
use base::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// How many strangers' places are remembered. One more takes the place of the one that was silent longest.
pub const STRANGERS_MAX: usize = 20_000;

/// How many places of phones are remembered. One more takes the place of the one that proved itself first.
pub const KNOWN_MAX: usize = 100_000;

/// How many names with a rate of their own one place may have at once. Further names have the place's rate alone.
const NAMES_MAX: usize = 16;

/// How exact the order of places by their last sign of life is kept: a busy place is not moved with every message.
const EXACTNESS: Duration = Duration::from_secs(1);

/// The most bytes that a stranger's messages let us send back later.
const CREDIT_BYTES_MAX: u32 = 65_536;

/// One place.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// As it stands in the order of ages.
    seen: Instant,
    all: Bucket,
    names: Vec<(u32, Bucket)>,
    pub(crate) suspicion: Suspicion,
    /// Whether it has asked before. Who writes made-up addresses on packets seldom writes the same one twice.
    is_back: bool,
    /// Bytes that came over UDP and were not answered yet: no more than these goes back.
    credit: u32,
}

impl Visitor {
    fn new(rate: Rate, now: Instant) -> Self {
        Self {
            seen: now,
            all: Bucket::full(rate, now),
            names: Vec::new(),
            suspicion: Suspicion::default(),
            is_back: false,
            credit: 0,
        }
    }

    /// Takes one request's share of both rates. Returns whether there was one.
    pub(crate) fn take(&mut self, name: (u32, Rate), all: Rate, now: Instant) -> bool {
        let (name, rate) = name;
        let at = self.names.iter().position(|(other, _)| *other == name).or_else(|| {
            let fresh = (name, Bucket::full(rate, now));
            if self.names.len() < NAMES_MAX {
                self.names.push(fresh);
                return Some(self.names.len() - 1);
            }
            let free = self.names.iter_mut().position(|(_, bucket)| bucket.is_full(rate, now))?;
            self.names[free] = fresh;
            Some(free)
        });
        at.is_none_or(|at| self.names[at].1.take(rate, now)) && self.all.take(all, now)
    }

    /// Whether it has asked before; from now on it has.
    pub(crate) fn comes_back(&mut self) -> bool {
        std::mem::replace(&mut self.is_back, true)
    }

    /// What was counted turned out to be rightful: the question, and the proof that followed it.
    pub(crate) fn give_back(&mut self, name: (u32, Rate), all: Rate) {
        const ASKED_AND_PROVEN: u32 = 2;
        self.all.give_back(ASKED_AND_PROVEN, all);
        if let Some((_, bucket)) = self.names.iter_mut().find(|(other, _)| *other == name.0) {
            bucket.give_back(ASKED_AND_PROVEN, name.1);
        }
    }

    pub(crate) fn heard(&mut self, bytes: u32) {
        self.credit = self.credit.saturating_add(bytes).min(CREDIT_BYTES_MAX);
    }

    pub(crate) fn may_answer(&mut self, bytes: u32) -> bool {
        match self.credit.checked_sub(bytes) {
            Some(left) => {
                self.credit = left;
                true
            }
            None => false,
        }
    }
}

/// Stands for a name and what was wanted under it (FNV-1a). Two names that meet share a rate, which is no harm.
pub(crate) fn fingerprint(name: &str, kind: Kind) -> u32 {
    let start = 0x811c_9dc5 ^ kind as u32;
    name.bytes().fold(start, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Places, the one that was silent longest first.
#[derive(Clone, Debug)]
pub(crate) struct Visitors {
    by_place: BTreeMap<Place, Visitor>,
    by_age: BTreeSet<(Instant, Place)>,
    max: usize,
}

impl Visitors {
    pub(crate) const fn new(max: usize) -> Self {
        Self { by_place: BTreeMap::new(), by_age: BTreeSet::new(), max }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_place.len()
    }

    pub(crate) fn contains(&self, place: Place) -> bool {
        !self.by_place.is_empty() && self.by_place.contains_key(&place)
    }

    pub(crate) fn get(&mut self, place: Place) -> Option<&mut Visitor> {
        self.by_place.get_mut(&place)
    }

    /// The place, which has just shown a sign of life. Another one is forgotten if there is no room.
    pub(crate) fn seen(&mut self, place: Place, rate: Rate, now: Instant) -> &mut Visitor {
        if self.by_place.len() >= self.max
            && !self.by_place.contains_key(&place)
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.by_place.remove(&oldest);
        }
        let by_age = &mut self.by_age;
        let visitor = self.by_place.entry(place).or_insert_with(|| {
            by_age.insert((now, place));
            Visitor::new(rate, now)
        });
        if now.since(visitor.seen) >= EXACTNESS {
            by_age.remove(&(visitor.seen, place));
            by_age.insert((now, place));
            visitor.seen = now;
        }
        visitor
    }

    pub(crate) fn forget(&mut self, place: Place) {
        if let Some(visitor) = self.by_place.remove(&place) {
            self.by_age.remove(&(visitor.seen, place));
        }
    }

    /// When the next place will have been silent for so long.
    pub(crate) fn silent_at(&self, patience: Duration) -> Option<Instant> {
        self.by_age.first().map(|(seen, _)| *seen + patience)
    }

    /// Forgets who has been silent for so long.
    pub(crate) fn forget_silent(&mut self, patience: Duration, now: Instant) {
        while let Some((seen, place)) = self.by_age.first().copied()
            && seen + patience <= now
        {
            self.by_age.pop_first();
            self.by_place.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    const RATE: Rate = Rate { per_second: 1, burst: 2 };
    const NAME: Rate = Rate { per_second: 1, burst: 1 };

    #[test]
    fn one_name_does_not_use_up_the_rate_of_another_one() {
        let now = Instant::START;
        let mut visitor = Visitor::new(Rate { per_second: 1, burst: 100 }, now);
        let mut asks = |name| visitor.take((name, NAME), Rate { per_second: 1, burst: 100 }, now);
        assert_eq!([asks(1), asks(1), asks(2), asks(2)], [true, false, true, false]);
        // The seventeenth name has only the place's rate.
        assert!((3..=40).all(&mut asks));
        assert!(asks(40));
    }

    #[test]
    fn no_more_goes_back_than_came() {
        let mut visitor = Visitor::new(RATE, Instant::START);
        assert!(!visitor.may_answer(1));
        visitor.heard(400);
        assert!(!visitor.may_answer(401));
        assert!(visitor.may_answer(300));
        assert!(!visitor.may_answer(101));
    }

    #[test]
    fn the_place_that_was_silent_longest_is_forgotten_first() {
        let mut visitors = Visitors::new(3);
        let place = |n: u32| Place::from(IpAddr::from(Ipv4Addr::from_bits(n)));
        for (second, n) in [(0, 1), (1, 2), (2, 3), (3, 1), (4, 4)] {
            visitors.seen(place(n), RATE, Instant::from_micros(second * 1_000_000));
        }
        assert!(!visitors.contains(place(2)));
        assert!([1, 3, 4].iter().all(|n| visitors.contains(place(*n))));
        visitors.forget_silent(Duration::from_secs(10), Instant::from_micros(13_000_000));
        assert_eq!((visitors.len(), visitors.by_age.len()), (1, 1));
        visitors.forget(place(4));
        assert_eq!((visitors.len(), visitors.by_age.len()), (0, 0));
    }
}
