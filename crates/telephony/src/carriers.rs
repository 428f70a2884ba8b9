//! What we know of each carrier just now: where it is, whether it answers, how many calls it carries; and which ones are
//! tried for a call, in what order.
//!
//! The order: trunks that are well before those that are not, the lower priority number before the higher, chance by
//! weight among equals. A trunk at one of its limits is left out, except for emergency calls. What a trunk's name leads to
//! is tried in the order the name service wants, except that a place which failed goes to the end.

use crate::Trunk;
use crate::health::{Sign, is_preferred, step};
use base::{Duration, IdSource, Instant, Now, Timestamp};
use model::{CallLimit, LimitKind, TrunkId, TrunkState, TrunkView};
use sip::{ClientTransactionId, Destination};
use sip_message::StatusCode;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many places of one carrier are tried for one call.
const PLACES_MAX: usize = 4;

/// How many places are tried for one call in all.
const TRIES_MAX: usize = 8;

/// How long no call goes to a trunk that said it can take no more (503), while there are others.
pub(crate) const SET_ASIDE: Duration = Duration::from_secs(15);

/// One place where a call may be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Try {
    pub(crate) trunk: TrunkId,
    pub(crate) destination: Destination,
}

/// A call's place on a trunk, given back when the call is over or goes on to another trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) trunk: TrunkId,
    pub(crate) outgoing: bool,
}

/// Why a carrier did not take a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// No word came.
    Silent,
    /// Nothing could be sent there.
    Unreachable,
    /// It answered with this status.
    Refused(StatusCode),
}

/// A carrier's live side.
#[derive(Clone, Debug)]
pub(crate) struct Carrier {
    /// Where it can be reached, the place to try first in front. Empty until its name is resolved.
    pub(crate) places: Vec<Destination>,
    /// The same in the order that the name service wants.
    wanted: Vec<Destination>,
    pub(crate) state: TrunkState,
    since: Timestamp,
    why: Option<String>,
    /// How often it failed since it last answered.
    failures: usize,
    pub(crate) registered: Option<bool>,
    answers_in: Option<Duration>,
    calls_in: u32,
    calls_out: u32,
    sent: u64,
    failed: u64,
    /// The moment from which calls per second are reckoned: one behind another, each a share of a second after the last.
    paced_until: Instant,
    aside_until: Option<Instant>,
    /// The question that is out, and since when.
    pub(crate) probe: Option<(ClientTransactionId, Instant)>,
}

impl Carrier {
    fn new(now: Now) -> Self {
        Self {
            places: Vec::new(),
            wanted: Vec::new(),
            state: TrunkState::Unknown,
            since: now.utc,
            why: None,
            failures: 0,
            registered: None,
            answers_in: None,
            calls_in: 0,
            calls_out: 0,
            sent: 0,
            failed: 0,
            paced_until: now.mono,
            aside_until: None,
            probe: None,
        }
    }

    pub(crate) fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    fn is_well(&self, now: Instant) -> bool {
        is_preferred(self.state) && self.aside_until.is_none_or(|until| until <= now)
    }

    fn is_full(&self, trunk: &Trunk) -> bool {
        trunk.calls_max.is_some_and(|max| self.calls_in + self.calls_out >= max)
    }

    /// Whether one more call this moment keeps within the calls per second; a second's worth may come at once.
    fn is_too_fast(&self, trunk: &Trunk, now: Instant) -> bool {
        trunk
            .calls_per_second
            .is_some_and(|rate| self.paced_until.since(now) + pace(rate) > Duration::from_secs(1))
    }
}

fn limit(kind: LimitKind, trunk: &Trunk, max: Option<u32>) -> CallLimit {
    CallLimit { kind, of: trunk.id.to_string(), max: max.unwrap_or_default() }
}

fn pace(calls_per_second: u32) -> Duration {
    Duration::from_secs(1) / calls_per_second.max(1)
}

/// All carriers.
#[derive(Debug, Default)]
pub(crate) struct Carriers {
    all: BTreeMap<TrunkId, Carrier>,
    /// Trunks that look different from when they were last shown.
    changed: BTreeSet<TrunkId>,
    /// Trunks that are gone and were shown.
    gone: BTreeSet<TrunkId>,
}

impl Carriers {
    /// The settings name these trunks from now on. One that stays keeps its state and its calls; one that moves elsewhere
    /// begins anew, with its calls.
    pub(crate) fn configure(&mut self, before: &[Trunk], trunks: &[Trunk], now: Now) {
        let names: BTreeSet<_> = trunks.iter().map(|trunk| &trunk.id).collect();
        let gone: Vec<_> = self.all.keys().filter(|id| !names.contains(id)).cloned().collect();
        for id in gone {
            self.all.remove(&id);
            self.changed.remove(&id);
            self.gone.insert(id);
        }
        for trunk in trunks {
            let old = before.iter().find(|old| old.id == trunk.id);
            let moved = old.is_some_and(|old| old.send_to != trunk.send_to);
            let carrier = self.all.entry(trunk.id.clone()).or_insert_with(|| Carrier::new(now));
            if moved {
                let Carrier { calls_in, calls_out, sent, failed, .. } = *carrier;
                *carrier = Carrier { calls_in, calls_out, sent, failed, ..Carrier::new(now) };
            }
            if trunk.account.is_none() {
                carrier.registered = None;
            } else {
                carrier.registered.get_or_insert(false);
            }
            self.gone.remove(&trunk.id);
            self.changed.insert(trunk.id.clone());
        }
    }

    pub(crate) fn get(&self, id: &TrunkId) -> Option<&Carrier> {
        self.all.get(id)
    }

    /// Changes something that is shown.
    fn change(&mut self, id: &TrunkId) -> Option<&mut Carrier> {
        let carrier = self.all.get_mut(id)?;
        self.changed.insert(id.clone());
        Some(carrier)
    }

    /// The name service has found a carrier. As long as it says the same, a place that failed stays behind.
    pub(crate) fn found(&mut self, id: &TrunkId, places: Vec<Destination>) {
        let Some(carrier) = self.change(id) else { return };
        if carrier.wanted != places {
            carrier.places.clone_from(&places);
            carrier.wanted = places;
        }
    }

    /// What to try for a call, in order. `wanted` says which trunks serve at all.
    pub(crate) fn tries(
        &self,
        trunks: &[Trunk],
        is_emergency: bool,
        wanted: impl Fn(&Trunk) -> bool,
        chance: &mut IdSource,
        now: Instant,
    ) -> VecDeque<Try> {
        let mut candidates: Vec<(bool, u16, &Trunk, &Carrier)> = trunks
            .iter()
            .filter(|trunk| wanted(trunk))
            .filter_map(|trunk| Some((trunk, self.all.get(&trunk.id)?)))
            .filter(|(trunk, carrier)| {
                is_emergency || !(carrier.is_full(trunk) || carrier.is_too_fast(trunk, now))
            })
            .map(|(trunk, carrier)| (!carrier.is_well(now), trunk.priority, trunk, carrier))
            .collect();
        candidates.sort_by_key(|(is_ill, priority, ..)| (*is_ill, *priority));
        let mut tries = VecDeque::new();
        while let Some(&(is_ill, priority, ..)) = candidates.first() {
            let equals = candidates.iter().take_while(|one| (one.0, one.1) == (is_ill, priority)).count();
            let total: u64 = candidates[..equals].iter().map(|one| u64::from(one.2.weight.max(1))).sum();
            let mut drawn = chance.below(total);
            let chosen = candidates[..equals]
                .iter()
                .position(|one| {
                    let weight = u64::from(one.2.weight.max(1));
                    let is_it = drawn < weight;
                    drawn = drawn.saturating_sub(weight);
                    is_it
                })
                .unwrap_or(0);
            let (_, _, trunk, carrier) = candidates.remove(chosen);
            let places = carrier.places.iter().take(PLACES_MAX);
            tries.extend(places.map(|place| Try { trunk: trunk.id.clone(), destination: *place }));
        }
        tries.truncate(TRIES_MAX);
        tries
    }

    /// The limit for which a call that comes in finds no place, if there is one.
    pub(crate) fn limit_in(&self, trunk: &Trunk) -> Option<CallLimit> {
        let carrier = self.all.get(&trunk.id)?;
        carrier.is_full(trunk).then(|| limit(LimitKind::TrunkCalls, trunk, trunk.calls_max))
    }

    /// Of these trunks, the limit for which the one that would be tried first takes no call out. To be asked when there is
    /// nothing to try.
    pub(crate) fn limit_out(
        &self,
        trunks: &[Trunk],
        wanted: impl Fn(&Trunk) -> bool,
        now: Instant,
    ) -> Option<CallLimit> {
        let at_limit = trunks.iter().filter(|trunk| wanted(trunk)).filter_map(|trunk| {
            let carrier = self.all.get(&trunk.id)?;
            // One that leads nowhere would not have taken the call without its limit either.
            if carrier.places.is_empty() {
                None
            } else if carrier.is_full(trunk) {
                Some((trunk.priority, limit(LimitKind::TrunkCalls, trunk, trunk.calls_max)))
            } else if carrier.is_too_fast(trunk, now) {
                Some((trunk.priority, limit(LimitKind::TrunkRate, trunk, trunk.calls_per_second)))
            } else {
                None
            }
        });
        at_limit.min_by_key(|(priority, _)| *priority).map(|(_, limit)| limit)
    }

    /// Takes a place for a call.
    pub(crate) fn sit(&mut self, trunk: &Trunk, outgoing: bool, now: Instant) -> Seat {
        let id = trunk.id.clone();
        if let Some(carrier) = self.change(&id) {
            if outgoing {
                carrier.calls_out += 1;
                carrier.sent += 1;
                if let Some(rate) = trunk.calls_per_second {
                    carrier.paced_until = carrier.paced_until.max(now) + pace(rate);
                }
            } else {
                carrier.calls_in += 1;
            }
        }
        Seat { trunk: id, outgoing }
    }

    /// Gives it back.
    pub(crate) fn leave(&mut self, seat: &Seat) {
        if let Some(carrier) = self.change(&seat.trunk) {
            let calls = if seat.outgoing { &mut carrier.calls_out } else { &mut carrier.calls_in };
            // A trunk that went away and came back with the settings begins at nought.
            *calls = calls.saturating_sub(1);
        }
    }

    /// A carrier showed that it works. Returns whether that is news.
    pub(crate) fn answered(&mut self, id: &TrunkId, within: Option<Duration>, now: Now) -> bool {
        let Some(carrier) = self.all.get(id) else { return false };
        if carrier.state == TrunkState::Up && within.is_none() && carrier.why.is_none() {
            return false;
        }
        let Some(carrier) = self.change(id) else { return false };
        carrier.answers_in = within.or(carrier.answers_in);
        carrier.why = None;
        carrier.failures = 0;
        let was_ill = !is_preferred(carrier.state);
        carrier.take(Sign::Answered, now);
        was_ill
    }

    /// A carrier failed, at this place. Returns whether that is news.
    pub(crate) fn failed(&mut self, id: &TrunkId, place: Option<Destination>, why: &str, now: Now) -> bool {
        let Some(carrier) = self.change(id) else { return false };
        carrier.why = Some(why.to_owned());
        let was_down = carrier.state == TrunkState::Down;
        if let Some(at) = place.and_then(|place| carrier.places.iter().position(|one| *one == place)) {
            let failed = carrier.places.remove(at);
            carrier.places.push(failed);
        }
        carrier.failures = carrier.failures.saturating_add(1);
        // A carrier with several places is down when all of them were tried in vain.
        if carrier.state != TrunkState::Shaky || carrier.failures > carrier.places.len() {
            carrier.take(Sign::Failed, now);
        }
        !was_down && carrier.state == TrunkState::Down
    }

    /// A call was not taken.
    pub(crate) fn missed(&mut self, missed: &Try, miss: Miss, now: Now) -> bool {
        if let Some(carrier) = self.change(&missed.trunk) {
            carrier.failed += 1;
            if miss == Miss::Refused(StatusCode::SERVICE_UNAVAILABLE) {
                carrier.aside_until = Some(now.mono + SET_ASIDE);
            }
        }
        match miss {
            Miss::Silent => self.failed(&missed.trunk, Some(missed.destination), "it does not answer", now),
            Miss::Unreachable => {
                self.failed(&missed.trunk, Some(missed.destination), "it cannot be reached", now)
            }
            // It is there, and says so.
            Miss::Refused(_) => false,
        }
    }

    /// Nobody asks this carrier whether it is there; it gets another chance.
    pub(crate) fn forgive(&mut self, id: &TrunkId, now: Now) {
        if let Some(carrier) = self.change(id) {
            carrier.why = None;
            carrier.failures = 0;
            carrier.take(Sign::Forgotten, now);
        }
    }

    pub(crate) fn set_registered(&mut self, id: &TrunkId, registered: bool) {
        if let Some(carrier) = self.change(id) {
            carrier.registered = Some(registered);
        }
    }

    pub(crate) fn set_probe(&mut self, id: &TrunkId, probe: Option<(ClientTransactionId, Instant)>) {
        if let Some(carrier) = self.all.get_mut(id) {
            carrier.probe = probe;
        }
    }

    /// Whose question this was.
    pub(crate) fn probed_by(&self, tx: ClientTransactionId) -> Option<(TrunkId, Instant)> {
        let (id, carrier) =
            self.all.iter().find(|(_, one)| one.probe.is_some_and(|(asked, _)| asked == tx))?;
        carrier.probe.map(|(_, since)| (id.clone(), since))
    }

    /// The trunks that look different from when this was last asked, and those that are gone.
    pub(crate) fn news(&mut self, trunks: &[Trunk]) -> (Vec<TrunkView>, BTreeSet<TrunkId>) {
        let changed = std::mem::take(&mut self.changed);
        let of = |id: &TrunkId| trunks.iter().find(|trunk| trunk.id == *id);
        let views = changed.iter().filter_map(|id| Some(self.all.get(id)?.view(of(id)?))).collect();
        (views, std::mem::take(&mut self.gone))
    }

    /// How many calls all of them carry.
    pub(crate) fn calls(&self) -> u32 {
        self.all.values().map(|carrier| carrier.calls_in + carrier.calls_out).sum()
    }
}

impl Carrier {
    fn take(&mut self, sign: Sign, now: Now) {
        let next = step(self.state, sign);
        if next != self.state {
            self.state = next;
            self.since = now.utc;
        }
    }

    fn view(&self, trunk: &Trunk) -> TrunkView {
        TrunkView {
            id: trunk.id.clone(),
            state: self.state,
            since: self.since,
            why: self.why.clone(),
            address: self
                .places
                .first()
                .map(|place| format!("{} {}", place.transport.uri_name(), place.remote)),
            registered: self.registered,
            answers_in_ms: self.answers_in.map(|time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX)),
            calls_in: self.calls_in,
            calls_out: self.calls_out,
            calls_max: trunk.calls_max,
            sent: self.sent,
            failed: self.failed,
        }
    }
}
