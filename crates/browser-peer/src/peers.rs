//! All browsers that share one socket: whose a datagram is.
//!
//! A check says by its user name whom it is for, and proves it by its signature. What else comes is known by the address
//! it comes from, and only if that address has passed a check: a handshake or sound from anywhere else is nobody's
//! (hardening: CVE-2023-49786, CVE-2017-14099).
//!
//! A check that was heard before is answered where its browser is known to be, changes nothing, and is nobody's from
//! anywhere else (see [`heard`](crate::heard)).
//!
//! An address belongs to one browser at a time. Who has passwords of one call cannot take the address of another one by
//! sending checks that look as if they came from there: it is given away only when its owner has gone or been silent
//! for as long as [`CONSENT`](crate::agent::CONSENT).

use crate::agent::{Agent, Input, State};
use crate::heard::Heard;
use crate::stun::Check;
use crate::{Credentials, Place};
use base::Instant;
use std::collections::BTreeMap;

/// How many browsers one socket has, wherever their ports are. A further one is refused.
pub const PEERS_MAX: usize = 16_384;

/// The browsers of one socket, each under a key of the caller's.
#[derive(Clone, Debug)]
pub struct Peers<K> {
    peers: BTreeMap<K, Peer>,
    by_ufrag: BTreeMap<String, K>,
    by_address: BTreeMap<Place, K>,
}

/// One browser.
#[derive(Clone, Debug)]
struct Peer {
    agent: Agent,
    ours: Credentials,
    /// What we were named before ICE was begun anew: checks under it count until the browser has chosen a pair under the
    /// new name (RFC 8445 §9: sound goes on meanwhile).
    before: Option<Credentials>,
    heard: Heard,
}

/// What becomes of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked<K> {
    /// What is sent back to where it came from.
    pub answer: Vec<u8>,
    /// What is new by it.
    pub news: Option<News<K>>,
}

/// What is new with a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<K> {
    /// It has chosen an address, the first one or another one: everything goes there from now on.
    Paired {
        /// Whose.
        key: K,
        /// Where it is.
        remote: Place,
    },
    /// It has been silent for too long: nothing may be sent to it any more.
    Lapsed {
        /// Whose.
        key: K,
    },
}

impl<K: Copy + Ord> Default for Peers<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Copy + Ord> Peers<K> {
    /// Nobody yet.
    pub const fn new() -> Self {
        Self { peers: BTreeMap::new(), by_ufrag: BTreeMap::new(), by_address: BTreeMap::new() }
    }

    /// A browser may come, under this name of ours. If it is there already and the name is another one, ICE begins anew
    /// and what was chosen stays in use meanwhile. `false` if there is no room, or somebody else has the name.
    pub fn expect(&mut self, key: K, ours: Credentials) -> bool {
        if self.by_ufrag.get(&ours.ufrag).is_some_and(|owner| *owner != key) {
            return false;
        }
        let is_full = self.peers.len() >= PEERS_MAX;
        match self.peers.get_mut(&key) {
            Some(peer) if peer.ours == ours => return true,
            Some(peer) => {
                let before = core::mem::replace(&mut peer.ours, ours.clone());
                if let Some(forgotten) = peer.before.replace(before) {
                    self.by_ufrag.remove(&forgotten.ufrag);
                }
            }
            None if is_full => return false,
            None => {
                self.peers.insert(
                    key,
                    Peer { agent: Agent::new(), ours: ours.clone(), before: None, heard: Heard::default() },
                );
            }
        }
        self.by_ufrag.insert(ours.ufrag, key);
        true
    }

    /// A browser is not to come any more.
    pub fn forget(&mut self, key: K) {
        let Some(peer) = self.peers.remove(&key) else { return };
        self.by_ufrag.remove(&peer.ours.ufrag);
        if let Some(before) = peer.before {
            self.by_ufrag.remove(&before.ufrag);
        }
        for address in peer.agent.addresses() {
            self.disown(*address, key);
        }
    }

    /// A connection is closed: who opens one from the same address has to pass a check of its own.
    pub fn forget_place(&mut self, place: Place) {
        let Some(key) = self.by_address.remove(&place) else { return };
        if let Some(peer) = self.peers.get_mut(&key) {
            peer.agent.forget(place);
        }
    }

    /// Takes a check. `None` if it is not one, or not for anybody here: it is not answered.
    pub fn check(&mut self, source: Place, datagram: &[u8], now: Instant) -> Option<Checked<K>> {
        let check = Check::parse(datagram)?;
        let key = *self.by_ufrag.get(check.ours)?;
        let owner = self.by_address.get(&source).copied().filter(|owner| *owner != key);
        if owner.is_some_and(|owner| !self.has_lapsed(owner)) {
            return None;
        }
        let peer = self.peers.get_mut(&key)?;
        let is_current = peer.ours.ufrag == check.ours;
        let password = match &peer.before {
            Some(before) if !is_current => before.password.clone(),
            _ => peer.ours.password.clone(),
        };
        if !check.is_signed_with(&password) {
            return None;
        }
        if !peer.heard.is_fresh(check.transaction()) {
            let is_known = peer.agent.addresses().contains(&source);
            return is_known
                .then(|| Checked { answer: check.answer(source.address(), &password), news: None });
        }
        if !check.unknown().is_empty() {
            return Some(Checked { answer: check.misunderstood(&password), news: None });
        }
        if check.is_controlled {
            return Some(Checked { answer: check.conflict(&password), news: None });
        }

        let was = peer.agent.remote();
        let known = peer.agent.addresses().to_vec();
        let input = if check.nominates { Input::Nominate(source) } else { Input::Check(source) };
        peer.agent.handle(input, now);
        let now_at = peer.agent.remote();
        let stays = peer.agent.addresses().to_vec();
        let forgotten = (is_current && check.nominates).then(|| peer.before.take()).flatten();

        if let Some(forgotten) = forgotten {
            self.by_ufrag.remove(&forgotten.ufrag);
        }
        for gone in known.iter().filter(|address| !stays.contains(address)) {
            self.disown(*gone, key);
        }
        self.by_address.insert(source, key);
        let news = now_at.filter(|_| was != now_at).map(|remote| News::Paired { key, remote });
        Some(Checked { answer: check.answer(source.address(), &password), news })
    }

    /// Whose an address is, if it has passed a check.
    pub fn sender(&self, source: Place) -> Option<K> {
        self.by_address.get(&source).copied()
    }

    /// Where a browser may be sent to.
    pub fn remote(&self, key: K) -> Option<Place> {
        self.peers.get(&key)?.agent.remote()
    }

    /// Where a browser stands.
    pub fn state(&self, key: K) -> Option<State> {
        Some(self.peers.get(&key)?.agent.state())
    }

    /// How many browsers there are, names of ours, and addresses of theirs.
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.peers.len(), self.by_ufrag.len(), self.by_address.len())
    }

    /// When [`Peers::handle_timeout`] is due. Costs a look at every browser.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.peers.values().filter_map(|peer| peer.agent.poll_timeout()).min()
    }

    /// Time has passed: the next one who has been silent for too long, until there is none.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<News<K>> {
        let due = |peer: &Peer| peer.agent.poll_timeout().is_some_and(|at| at <= now);
        let (key, peer) = self.peers.iter_mut().find(|(_, peer)| due(peer))?;
        peer.agent.handle(Input::Timeout, now);
        Some(News::Lapsed { key: *key })
    }

    /// An address is not this browser's any more; it may have become another one's before.
    fn disown(&mut self, address: Place, key: K) {
        if self.by_address.get(&address) == Some(&key) {
            self.by_address.remove(&address);
        }
    }

    fn has_lapsed(&self, key: K) -> bool {
        matches!(self.state(key), None | Some(State::Lapsed { .. }))
    }
}

#[cfg(test)]
mod tests;
