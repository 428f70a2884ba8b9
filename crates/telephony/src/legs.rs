//! The legs there are, by their ids.
//!
//! Each has a place of its own: a tree of ids keeps its nodes half empty when ids grow, and a node of whole legs would take
//! three times what they need.

use crate::leg::Leg;
use model::LegId;
use std::collections::BTreeMap;

/// Legs by id.
#[derive(Debug, Default)]
pub(crate) struct Legs(BTreeMap<LegId, Box<Leg>>);

impl Legs {
    /// The leg of that id.
    pub(crate) fn get(&self, id: &LegId) -> Option<&Leg> {
        self.0.get(id).map(|leg| &**leg)
    }

    /// The leg of that id, to be changed.
    pub(crate) fn get_mut(&mut self, id: &LegId) -> Option<&mut Leg> {
        self.0.get_mut(id).map(|leg| &mut **leg)
    }

    /// Adds a leg.
    pub(crate) fn insert(&mut self, id: LegId, leg: Leg) {
        self.0.insert(id, Box::new(leg));
    }

    /// Takes a leg out.
    pub(crate) fn remove(&mut self, id: &LegId) -> Option<Leg> {
        self.0.remove(id).map(|leg| *leg)
    }

    /// All of them, in the order of their ids.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Leg> {
        self.0.values().map(|leg| &**leg)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
