//! Which port is on which media thread, and what ties ports to each other, so that those who are to meet are brought
//! together first.
//!
//! ```text
//!  command ──▶ plan ──▶ moves, each of a closed set ──▶ moved ──▶ the command's thread ──▶ follow
//! ```
//!
//! Ports are tied by a bridge, a conference, listening beside, a recording and their group. An engine knows its own ports
//! only; what is tied must therefore be on one thread, and moves together. The ties are followed from the commands as an
//! engine follows them, by its own limits. Where it cannot be known whether an engine obeys, what was stays beside what may
//! be: a tie too many moves a port in vain, a tie too few would tear two apart.
//!
//! There are no threads and no sockets here: whoever has them moves what is said and passes on the command.

use crate::rtp::browsing::DOOR;
use media::conference::{CONFERENCE_PORTS_MAX, CONFERENCES_MAX};
use media::recording::TAPS_PER_PORT_MAX;
use media::{Command, ConferenceKey, PortId, RecordingKey, Side};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many moves of a port are worth a browser's port on the thread of the door, where its packets need not cross.
const AWAY_FROM_DOOR: usize = 8;

/// Tells how much of its time a thread works, in thousandths, or that it has failed.
pub(super) type Busy<'a> = &'a dyn Fn(usize) -> Option<u32>;

/// Where all ports are.
#[derive(Debug)]
pub(super) struct Placement {
    ports: BTreeMap<PortId, Place>,
    groups: BTreeMap<u64, BTreeSet<PortId>>,
    conferences: BTreeMap<ConferenceKey, BTreeSet<PortId>>,
    recordings: BTreeMap<RecordingKey, Sides>,
    ports_by_thread: Vec<usize>,
    ports_per_thread_first: usize,
    /// How many ports are browsers'.
    browsers: usize,
}

/// Where one port is, and what ties it.
#[derive(Debug)]
struct Place {
    thread: usize,
    group: u64,
    /// The number of its media socket; a line has none.
    number: Option<u16>,
    is_browser: bool,
    /// What it hears by a wire; more than one where it is not known which.
    wires: BTreeSet<Wire>,
    /// Whom it hears beside, and who hears it so.
    beside: BTreeSet<PortId>,
    overheard: BTreeSet<PortId>,
    taps: Vec<(RecordingKey, Side)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wire {
    Bridge(PortId),
    Conference(ConferenceKey),
}

/// Who is recorded. The thread counts when nobody is: the recording stays where it was begun.
#[derive(Debug)]
struct Sides {
    thread: usize,
    left: Option<PortId>,
    right: Option<PortId>,
}

/// A closed set of ports leaves a thread for another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) ports: Vec<PortId>,
}

/// What has to be done so that a command can be obeyed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// What moves first.
    pub(super) moves: Vec<Move>,
    /// The thread that obeys then. `None` if nobody has to.
    pub(super) thread: Option<usize>,
}

impl Placement {
    /// Nobody is anywhere yet. Threads are filled one after the other up to `ports_per_thread_first`.
    pub(super) fn new(threads: usize, ports_per_thread_first: usize) -> Self {
        Self {
            ports: BTreeMap::new(),
            groups: BTreeMap::new(),
            conferences: BTreeMap::new(),
            recordings: BTreeMap::new(),
            ports_by_thread: vec![0; threads],
            ports_per_thread_first,
            browsers: 0,
        }
    }

    /// How many ports there are.
    pub(super) fn len(&self) -> usize {
        self.ports.len()
    }

    pub(super) fn has(&self, port: PortId) -> bool {
        self.ports.contains_key(&port)
    }

    pub(super) fn thread_of(&self, port: PortId) -> Option<usize> {
        self.ports.get(&port).map(|place| place.thread)
    }

    pub(super) fn group_of(&self, port: PortId) -> Option<u64> {
        self.ports.get(&port).map(|place| place.group)
    }

    pub(super) fn is_browser(&self, port: PortId) -> bool {
        self.ports.get(&port).is_some_and(|place| place.is_browser)
    }

    /// The number of a port's media socket; a line has none.
    pub(super) fn number_of(&self, port: PortId) -> Option<u16> {
        self.ports.get(&port).and_then(|place| place.number)
    }

    /// Where a group is, or is to be.
    pub(super) fn thread_for(&self, group: u64, busy: Busy<'_>) -> usize {
        let member = self.groups.get(&group).and_then(BTreeSet::first);
        if let Some(thread) = member.and_then(|member| self.thread_of(*member)) {
            return thread;
        }
        let counts = &self.ports_by_thread;
        let least = || {
            let alive = (0..counts.len())
                .filter_map(|thread| Some((self.busy(thread, busy)?, counts[thread], thread)));
            alive.min().map(|(.., thread)| thread)
        };
        let mut with_room = (0..counts.len()).filter(|thread| self.has_room(*thread, 1, busy));
        // While there are browsers, half of the door's room is for them: they move there when it is known that they are. With
        // fewer ports than that, one thread is enough for all.
        let is_kept = |thread: usize| {
            thread == DOOR && self.browsers > 0 && 2 * counts[DOOR] >= self.ports_per_thread_first
        };
        let first = with_room.next();
        let open = first.filter(|thread| !is_kept(*thread)).or_else(|| with_room.next());
        open.or(first).or_else(least).unwrap_or(0)
    }

    /// How busy a thread is; `None` if it has failed.
    fn busy(&self, thread: usize, busy: Busy<'_>) -> Option<u32> {
        // A thread without ports is what it was before it last slept.
        busy(thread).map(|busy| if self.ports_by_thread[thread] == 0 { 0 } else { busy })
    }

    /// Whether a thread has room and time for so many more ports.
    fn has_room(&self, thread: usize, ports: usize, busy: Busy<'_>) -> bool {
        self.ports_by_thread[thread] + ports <= self.ports_per_thread_first
            && self.busy(thread, busy).is_some_and(|busy| busy < super::BUSY_FIRST)
    }

    /// A port is opened on a thread; one without a number is a line.
    pub(super) fn open(&mut self, port: PortId, group: u64, thread: usize, number: Option<u16>) {
        let place = Place {
            thread,
            group,
            number,
            is_browser: false,
            wires: BTreeSet::new(),
            beside: BTreeSet::new(),
            overheard: BTreeSet::new(),
            taps: Vec::new(),
        };
        self.ports.insert(port, place);
        self.groups.entry(group).or_default().insert(port);
        self.ports_by_thread[thread] += 1;
    }

    /// What has to be done so that `command` can be obeyed. Fails with a port that is not open, or that is tied to one of
    /// another thread while all of their threads have failed, so that it is about to end.
    pub(super) fn plan(&self, command: &Command, busy: Busy<'_>) -> Result<Plan, PortId> {
        match command {
            Command::Open { port }
            | Command::OpenLine { port, .. }
            | Command::Configure { port, .. }
            | Command::Unbridge { port }
            | Command::Play { port, .. }
            | Command::Announce { port, .. }
            | Command::StopPlay { port }
            | Command::SendDigit { port, .. }
            | Command::Listen { port, .. }
            | Command::Echo { port, .. }
            | Command::Leave { port }
            | Command::Close { port } => self.gather(&[*port], None, busy),
            Command::Bridge { a, b } => self.gather(&[*a, *b], None, busy),
            Command::Hear { listener, speaker, on: true } => self.gather(&[*listener, *speaker], None, busy),
            // If one hears the other, they are together already.
            Command::Hear { listener, speaker, on: false } => {
                self.thread_of(*speaker).ok_or(*speaker)?;
                self.gather(&[*listener], None, busy)
            }
            Command::Join { port, conference, .. } => {
                let member = self.conferences.get(conference).and_then(BTreeSet::first);
                let ports: Vec<PortId> = [*port].into_iter().chain(member.copied()).collect();
                self.gather(&ports, None, busy)
            }
            Command::Record { recording, left, right } => {
                let open = |port: &PortId| self.has(*port);
                let sides = [Some(*left), *right].into_iter().flatten().filter(open);
                let known = self.recordings.get(recording);
                let before = known.into_iter().flat_map(|sides| [sides.left, sides.right]).flatten();
                let ports: Vec<PortId> = sides.chain(before).collect();
                let stays = known.filter(|sides| sides.left.or(sides.right).is_none());
                let at = stays.map(|sides| sides.thread).filter(|thread| busy(*thread).is_some());
                match (ports.is_empty(), at) {
                    (true, None) => Err(*left),
                    (_, at) => self.gather(&ports, at, busy),
                }
            }
            Command::MaskRecord { recording, .. } | Command::StopRecord { recording } => {
                let thread = self.recordings.get(recording).map(|sides| self.thread_of_recording(sides));
                Ok(Plan { moves: Vec::new(), thread })
            }
        }
    }

    /// What had best be done when a port becomes a browser's: it moves to the thread of the door, with all that are tied to
    /// it, if there is room for them. A port that is one already stays where it is. Fails with the port if it is not open.
    pub(super) fn plan_browser(&self, port: PortId, busy: Busy<'_>) -> Result<Plan, PortId> {
        let place = self.ports.get(&port).ok_or(port)?;
        let stays = Plan { moves: Vec::new(), thread: Some(place.thread) };
        if place.is_browser || place.thread == DOOR || !self.has_room(DOOR, 1, busy) {
            return Ok(stays);
        }
        let set = self.closed_set(port);
        if !self.has_room(DOOR, set.len(), busy) {
            return Ok(stays);
        }
        let moved = Move { from: place.thread, to: DOOR, ports: set.into_iter().collect() };
        Ok(Plan { moves: vec![moved], thread: Some(DOOR) })
    }

    /// A port is a browser's from now on, or no more.
    pub(super) fn set_browser(&mut self, port: PortId, is_browser: bool) {
        if let Some(place) = self.ports.get_mut(&port) {
            let before = core::mem::replace(&mut place.is_browser, is_browser);
            self.browsers = self.browsers + usize::from(is_browser) - usize::from(before);
        }
    }

    /// Brings ports together, and all that is tied to them: on `at`, or where it costs least of those that have not failed.
    /// Fails with a port that is not open, or that is nowhere to be brought.
    fn gather(&self, ports: &[PortId], at: Option<usize>, busy: Busy<'_>) -> Result<Plan, PortId> {
        let mut threads = BTreeSet::new();
        for port in ports {
            threads.insert(self.thread_of(*port).ok_or(*port)?);
        }
        threads.extend(at);
        if let (1, Some(thread)) = (threads.len(), threads.first()) {
            // So it is nearly always, and costs no look at the ties.
            return Ok(Plan { moves: Vec::new(), thread: Some(*thread) });
        }
        let mut sets: BTreeMap<usize, BTreeSet<PortId>> = BTreeMap::new();
        for port in ports {
            let Some(thread) = self.thread_of(*port) else { continue };
            let set = sets.entry(thread).or_default();
            if !set.contains(port) {
                set.extend(self.closed_set(*port));
            }
        }
        let moved_to = |to: usize| -> usize {
            sets.iter().filter(|(from, _)| **from != to).map(|(_, set)| set.len()).sum()
        };
        // Those that are elsewhere already lose nothing, and what the door has no room for does not come to it.
        let at_door = sets.get(&DOOR).into_iter().flatten().filter(|port| self.is_browser(**port)).count();
        let had_best_stay = at_door > 0 && self.has_room(DOOR, moved_to(DOOR), busy);
        let cost = |to: usize| -> usize {
            let goes_away = to != DOOR && had_best_stay;
            moved_to(to) + if goes_away { at_door * AWAY_FROM_DOOR } else { 0 }
        };
        // Of two that cost the same, one that has time, and then the one with more room.
        let rank = |to: usize| {
            let busy = self.busy(to, busy)?;
            Some((cost(to), busy >= super::BUSY_FIRST, self.ports_by_thread[to], to))
        };
        let cheapest = || threads.iter().filter_map(|to| rank(*to)).min().map(|(.., to)| to);
        let to = match (at.or_else(cheapest), ports.first()) {
            (Some(to), _) => to,
            (None, Some(port)) => return Err(*port),
            (None, None) => return Ok(Plan { moves: Vec::new(), thread: None }),
        };
        let leaving = sets.into_iter().filter(|(from, _)| *from != to);
        let moves = leaving.map(|(from, ports)| Move { from, to, ports: ports.into_iter().collect() });
        Ok(Plan { moves: moves.collect(), thread: Some(to) })
    }

    /// Everything that is tied to a port, directly or not, and the port itself.
    fn closed_set(&self, port: PortId) -> BTreeSet<PortId> {
        let mut set = BTreeSet::from([port]);
        let mut next = VecDeque::from([port]);
        // Each of them has many members, and each member it.
        let (mut conferences, mut groups) = (BTreeSet::new(), BTreeSet::new());
        while let Some(place) = next.pop_front().and_then(|port| self.ports.get(&port)) {
            let mut meet = |port: PortId| {
                if set.insert(port) {
                    next.push_back(port);
                }
            };
            for wire in &place.wires {
                match wire {
                    Wire::Bridge(other) => meet(*other),
                    Wire::Conference(key) if conferences.insert(*key) => {
                        self.conferences.get(key).into_iter().flatten().copied().for_each(&mut meet);
                    }
                    Wire::Conference(_) => {}
                }
            }
            place.beside.iter().chain(&place.overheard).copied().for_each(&mut meet);
            for (key, _) in &place.taps {
                let sides = self.recordings.get(key);
                sides.into_iter().flat_map(|sides| [sides.left, sides.right]).flatten().for_each(&mut meet);
            }
            if groups.insert(place.group) {
                self.groups.get(&place.group).into_iter().flatten().copied().for_each(&mut meet);
            }
        }
        set
    }

    /// What is recorded of some ports.
    pub(super) fn recordings_of(&self, ports: &[PortId]) -> Vec<RecordingKey> {
        let places = ports.iter().filter_map(|port| self.ports.get(port));
        let keys: BTreeSet<_> = places.flat_map(|place| &place.taps).map(|(key, _)| *key).collect();
        keys.into_iter().collect()
    }

    /// A set has been moved.
    pub(super) fn moved(&mut self, moved: &Move) {
        for port in &moved.ports {
            if let Some(place) = self.ports.get_mut(port) {
                place.thread = moved.to;
                self.ports_by_thread[moved.from] = self.ports_by_thread[moved.from].saturating_sub(1);
                self.ports_by_thread[moved.to] += 1;
            }
        }
    }

    /// Follows a command that was passed on.
    pub(super) fn follow(&mut self, command: &Command) {
        match command {
            Command::Bridge { a, b } => {
                if a != b && self.has(*a) && self.has(*b) {
                    self.unwire(*a);
                    self.unwire(*b);
                    self.wire(*a, Wire::Bridge(*b));
                    self.wire(*b, Wire::Bridge(*a));
                }
            }
            Command::Unbridge { port } => self.unwire_if(*port, |wire| matches!(wire, Wire::Bridge(_))),
            Command::Leave { port } => self.unwire_if(*port, |wire| matches!(wire, Wire::Conference(_))),
            Command::Echo { port, on: true } => self.unwire(*port),
            Command::Join { port, conference, .. } => self.join(*port, *conference),
            Command::Hear { listener, speaker, on } => self.hear(*listener, *speaker, *on),
            Command::Record { recording, left, right } => self.record(*recording, *left, *right),
            Command::StopRecord { recording } => self.stop_record(*recording),
            Command::Close { port } => self.close(*port),
            Command::Open { .. }
            | Command::OpenLine { .. }
            | Command::Configure { .. }
            | Command::Play { .. }
            | Command::Announce { .. }
            | Command::StopPlay { .. }
            | Command::SendDigit { .. }
            | Command::Listen { .. }
            | Command::Echo { on: false, .. }
            | Command::MaskRecord { .. } => {}
        }
    }

    fn wire(&mut self, port: PortId, wire: Wire) {
        if let Some(place) = self.ports.get_mut(&port) {
            place.wires.insert(wire);
        }
    }

    fn unwire(&mut self, port: PortId) {
        self.unwire_if(port, |_| true);
    }

    fn unwire_if(&mut self, port: PortId, which: impl Fn(&Wire) -> bool) {
        let Some(place) = self.ports.get_mut(&port) else { return };
        let gone: Vec<Wire> = place.wires.extract_if(.., |wire| which(wire)).collect();
        for wire in gone {
            match wire {
                Wire::Bridge(other) => {
                    if let Some(other) = self.ports.get_mut(&other) {
                        other.wires.remove(&Wire::Bridge(port));
                    }
                }
                Wire::Conference(key) => {
                    let members = self.conferences.get_mut(&key);
                    if members.is_some_and(|members| members.remove(&port) && members.is_empty()) {
                        self.conferences.remove(&key);
                    }
                }
            }
        }
    }

    fn join(&mut self, port: PortId, key: ConferenceKey) {
        let Some(place) = self.ports.get(&port) else { return };
        if place.wires.contains(&Wire::Conference(key)) {
            return;
        }
        let thread = Some(place.thread);
        let may_be_refused = match self.conferences.get(&key) {
            Some(members) => members.len() >= CONFERENCE_PORTS_MAX,
            None => {
                let first_on = |members: &BTreeSet<PortId>| self.thread_of(*members.first()?);
                let here = self.conferences.values().filter(|members| first_on(members) == thread);
                here.count() >= CONFERENCES_MAX
            }
        };
        // Whoever is refused hears what it heard before.
        if !may_be_refused {
            self.unwire(port);
        }
        self.wire(port, Wire::Conference(key));
        self.conferences.entry(key).or_default().insert(port);
    }

    fn hear(&mut self, listener: PortId, speaker: PortId, on: bool) {
        if listener == speaker || !self.has(listener) || !self.has(speaker) {
            return;
        }
        let change = |set: &mut BTreeSet<PortId>, port| if on { set.insert(port) } else { set.remove(&port) };
        if let Some(place) = self.ports.get_mut(&listener) {
            change(&mut place.beside, speaker);
        }
        if let Some(place) = self.ports.get_mut(&speaker) {
            change(&mut place.overheard, listener);
        }
    }

    fn record(&mut self, key: RecordingKey, left: PortId, right: Option<PortId>) {
        let known = |port: PortId| self.has(port).then_some(port);
        let (left, right) = (known(left), right.and_then(known));
        let Some(thread) = left.or(right).and_then(|port| self.thread_of(port)) else { return };
        let fresh = || Sides { thread, left: None, right: None };
        let sides = self.recordings.entry(key).or_insert_with(fresh);
        sides.thread = thread;
        for (side, before, after) in
            [(Side::Left, &mut sides.left, left), (Side::Right, &mut sides.right, right)]
        {
            if *before == after {
                continue;
            }
            if let Some(place) = before.take().and_then(|before| self.ports.get_mut(&before)) {
                place.taps.retain(|tap| *tap != (key, side));
            }
            let place = after.and_then(|after| self.ports.get_mut(&after));
            if let Some(place) = place.filter(|place| place.taps.len() < TAPS_PER_PORT_MAX) {
                place.taps.push((key, side));
                *before = after;
            }
        }
    }

    fn stop_record(&mut self, key: RecordingKey) {
        let Some(sides) = self.recordings.remove(&key) else { return };
        for port in [sides.left, sides.right].into_iter().flatten() {
            if let Some(place) = self.ports.get_mut(&port) {
                place.taps.retain(|(recording, _)| *recording != key);
            }
        }
    }

    fn thread_of_recording(&self, sides: &Sides) -> usize {
        let side = sides.left.or(sides.right);
        side.and_then(|port| self.thread_of(port)).unwrap_or(sides.thread)
    }

    /// A port is no more.
    pub(super) fn close(&mut self, port: PortId) {
        self.unwire(port);
        let Some(place) = self.ports.remove(&port) else { return };
        self.browsers -= usize::from(place.is_browser);
        for other in place.beside.iter().chain(&place.overheard) {
            if let Some(other) = self.ports.get_mut(other) {
                other.beside.remove(&port);
                other.overheard.remove(&port);
            }
        }
        for (key, side) in place.taps {
            let Some(sides) = self.recordings.get_mut(&key) else { continue };
            match side {
                Side::Left => sides.left = None,
                Side::Right => sides.right = None,
            }
            if sides.left.or(sides.right).is_none() {
                self.recordings.remove(&key);
            }
        }
        self.ports_by_thread[place.thread] = self.ports_by_thread[place.thread].saturating_sub(1);
        if let Some(members) = self.groups.get_mut(&place.group) {
            members.remove(&port);
            if members.is_empty() {
                self.groups.remove(&place.group);
            }
        }
    }
}

#[cfg(test)]
mod tests;
