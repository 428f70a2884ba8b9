//! Ports that leave an engine and come to another one, with everything between them.
//!
//! Nobody outside notices: no stream begins anew, no event is told, and whoever has turns has the next one when it would
//! have been. What an engine has promised already stays behind and is kept there: good-byes, ends of recordings, events.

use super::{Engine, SWEEP};
use crate::conference::{CONFERENCE_PORTS_MAX, CONFERENCES_MAX, Conference};
use crate::engine::PORTS_MAX;
use crate::metronome::{MIXERS, TICK};
use crate::parcel::{Parcel, Passenger, Turn};
use crate::port::{Port, Wire};
use crate::recording::Recording;
use crate::{Event, PortId, Side};
use base::{Instant, Now};
use std::collections::{BTreeMap, BTreeSet};

impl Engine {
    /// Takes ports out, with the bridges, conferences and recordings between them and all that lies on them: plays, keys
    /// on their way out, jitter buffers, seals, what is listened for, figures. Ports that are not here are left out.
    ///
    /// The ports should be all that are tied to each other. A tie to a port that stays is cut as by [`crate::Command::Unbridge`],
    /// [`crate::Command::Leave`] and [`crate::Command::Hear`] switched off; a recording with a side that stays goes on without the side
    /// that leaves. Nothing is told of it.
    ///
    /// Events told so far are still to be polled here, and [`Engine::poll_timeout`] may have changed. Costs about a
    /// microsecond a port, and memory for the parcel.
    pub fn release(&mut self, ports: &[PortId], now: Now) -> Parcel {
        let leaving: BTreeSet<usize> =
            ports.iter().filter_map(|port| self.places.get(port).copied()).collect();
        for place in &leaving {
            self.cut_ties(*place, &leaving, now.mono);
        }
        // Those who share a phase keep their order.
        let mut order: Vec<_> = leaving.iter().map(|place| (self.turn_of(*place), *place)).collect();
        order.sort_unstable();
        let places: BTreeMap<_, _> =
            order.iter().enumerate().map(|(inside, (_, place))| (*place, inside)).collect();
        let recordings: BTreeSet<_> =
            leaving.iter().flat_map(|place| &self.ports[*place].taps).map(|tap| tap.recording).collect();
        let next_sweep = self.next_sweep;

        let inside = |place: usize| places.get(&place).copied();
        let recording_inside = |recording: usize| recordings.iter().position(|other| *other == recording);
        let conferences = self.conferences.extract_if(.., |_, conference| {
            conference.members.first().is_some_and(|member| leaving.contains(&member.place))
        });
        let conferences = conferences.map(|(key, conference)| (key, moved(conference, inside))).collect();
        let mut passengers = Vec::with_capacity(order.len());
        for (_, place) in &order {
            let mut passenger = self.take_out(*place);
            passenger.port.move_ties(inside, recording_inside);
            passengers.push(passenger);
        }
        let recordings = recordings.iter().map(|place| {
            let mut recording = self.recordings.remove(*place);
            self.recording_places.remove(&recording.key);
            recording.left = recording.left.and_then(inside);
            recording.right = recording.right.and_then(inside);
            recording
        });
        let recordings = recordings.collect();
        if self.places.is_empty() {
            self.next_sweep = None;
        }
        Parcel { ports: passengers, recordings, conferences, next_sweep }
    }

    /// Puts in what another engine has released, which goes on where it was. Engines that give ports to each other have
    /// the same clock, and are all silent or none is.
    ///
    /// What there is no room for ends: of ports beyond [`PORTS_MAX`] [`Event::Closed`] is told; of a port whose
    /// number is taken [`Event::OpenFailed`], as if it were opened; whoever finds its conference full, or one too many,
    /// is in none and [`Event::JoinRefused`] is told. A conference that is here already takes up the members of its
    /// namesake; a recording that is here already stays as it is, and those of the same name go unrecorded.
    ///
    /// [`Engine::poll_timeout`] may have changed.
    pub fn adopt(&mut self, parcel: Parcel, now: Now) {
        let Parcel { ports, recordings, conferences, next_sweep } = parcel;
        let mut places = Vec::with_capacity(ports.len());
        let mut turns = Vec::with_capacity(ports.len());
        for Passenger { port, turn, play_ends } in ports {
            let place = self.put_in(port, play_ends);
            places.push(place);
            turns.push(turn);
        }
        let here = |inside: usize| places.get(inside).copied().flatten();
        let mut recording_places = Vec::with_capacity(recordings.len());
        for mut recording in recordings {
            recording.left = recording.left.and_then(here);
            recording.right = recording.right.and_then(here);
            recording_places.push(self.put_recording_in(recording, now.mono));
        }
        let mut stranded = Vec::new();
        for place in places.iter().copied().flatten() {
            let recording_here = |inside: usize| recording_places.get(inside).copied().flatten();
            if self.ports[place].move_ties(here, recording_here) {
                stranded.push(place);
            }
        }
        for (key, conference) in conferences {
            for member in moved(conference, here).members {
                let is_full = match self.conferences.get(&key) {
                    Some(conference) => conference.members.len() >= CONFERENCE_PORTS_MAX,
                    None => self.conferences.len() >= CONFERENCES_MAX,
                };
                if is_full {
                    self.ports[member.place].lose_wire();
                    stranded.push(member.place);
                    self.events
                        .push(Event::JoinRefused { port: self.ports[member.place].id, conference: key });
                } else {
                    self.conferences.entry(key).or_default().members.push(member);
                }
            }
        }
        for (place, turn) in places.iter().zip(turns) {
            if let (Some(place), Some(turn)) = (place, turn) {
                self.take_up_turns(*place, turn);
            }
        }
        if self.silent.is_none() && !self.places.is_empty() {
            self.next_sweep.get_or_insert(next_sweep.unwrap_or(now.mono + SWEEP));
        }
        for place in stranded {
            self.arrange(place, now.mono);
        }
    }

    /// Cuts what ties a port that leaves to those that stay.
    fn cut_ties(&mut self, place: usize, leaving: &BTreeSet<usize>, now: Instant) {
        let stays = |place: &usize| !leaving.contains(place);
        let is_cut = match self.ports[place].wire {
            Wire::Open | Wire::Echo => false,
            Wire::Bridge(other) => stays(&other),
            Wire::Conference(key) => self
                .conferences
                .get(&key)
                .is_some_and(|conference| conference.members.iter().any(|member| stays(&member.place))),
        };
        if is_cut {
            self.unwire(place, now);
        }
        let port = &self.ports[place];
        let id = port.id;
        let speakers: Vec<_> = port.beside.iter().copied().filter(stays).collect();
        let listeners: Vec<_> = port.overheard.iter().copied().filter(stays).collect();
        for speaker in speakers {
            self.hear_beside(id, self.ports[speaker].id, false, now);
        }
        for listener in listeners {
            self.hear_beside(self.ports[listener].id, id, false, now);
        }
        let recordings = &mut self.recordings;
        let taps = self.ports[place].taps.len();
        self.ports[place].taps.retain(|tap| {
            let Some(recording) = recordings.get_mut(tap.recording) else { return false };
            let is_kept = ![recording.left, recording.right].iter().flatten().any(stays);
            if !is_kept {
                match tap.side {
                    Side::Left => recording.left = None,
                    Side::Right => recording.right = None,
                }
            }
            is_kept
        });
        if self.ports[place].taps.len() != taps {
            self.arrange(place, now);
        }
    }

    /// The phase of a port and its number there; those without turns come last.
    fn turn_of(&self, place: usize) -> (usize, usize) {
        let Some(phase) = self.ports[place].phase else { return (usize::MAX, 0) };
        let ports = self.metronome.ports(phase);
        (phase, ports.iter().position(|other| *other == place).unwrap_or(ports.len()))
    }

    fn take_out(&mut self, place: usize) -> Passenger {
        let mut port = self.ports.remove(place);
        self.places.remove(&port.id);
        let turn = port.phase.take().and_then(|phase| {
            // The last one to leave a phase ends it, and with it the time of the turn.
            let at = self.metronome.due(phase);
            self.metronome.remove(place, phase);
            at.map(|at| Turn { at: at.max(port.turns_from), mixes: phase == MIXERS })
        });
        let play_ends = self.silent.as_mut().and_then(|ends| {
            let due = ends.due(&port.id);
            ends.stop(&port.id);
            due
        });
        Passenger { port, turn, play_ends }
    }

    /// Finds a place for a port; `None` if there is none, and then it has ended.
    fn put_in(&mut self, port: Port, play_ends: Option<Instant>) -> Option<usize> {
        let id = port.id;
        if self.places.contains_key(&id) {
            self.events.push(Event::OpenFailed { port: id });
            return None;
        }
        if self.places.len() >= PORTS_MAX {
            match self.silent {
                None => self.closing.push(port),
                Some(_) => self.events.push(Event::Closed { port: id, quality: port.quality() }),
            }
            return None;
        }
        let place = self.ports.insert(port);
        self.places.insert(id, place);
        if let (Some(ends), Some(at)) = (&mut self.silent, play_ends) {
            ends.set(id, at);
        }
        Some(place)
    }

    fn put_recording_in(&mut self, recording: Recording, now: Instant) -> Option<usize> {
        if self.recording_places.contains_key(&recording.key) {
            return None;
        }
        if recording.left.is_none() && recording.right.is_none() {
            self.end_recording(recording, now);
            return None;
        }
        let key = recording.key;
        let place = self.recordings.insert(recording);
        self.recording_places.insert(key, place);
        Some(place)
    }

    fn take_up_turns(&mut self, place: usize, turn: Turn) {
        let phase = self.metronome.join(place, turn.mixes, turn.at);
        let port = &mut self.ports[place];
        port.phase = Some(phase);
        let Some(next) = self.metronome.due(phase) else { return };
        // A turn that comes more than half a tick early would find packets missing that are on their way.
        port.turns_from = if turn.at.since(next) > TICK / 2 { next + TICK } else { Instant::START };
        if next.since(turn.at) >= TICK {
            // It has missed one on the way: its far end hears a gap, and the timestamps tell how long it was.
            port.outgoing.interrupt();
        }
    }
}

impl Port {
    /// Has the places of others, and those of recordings, be others. Who has none any more is no longer tied to this port;
    /// returns whether that was so for anybody.
    fn move_ties(
        &mut self,
        place: impl Fn(usize) -> Option<usize>,
        recording: impl Fn(usize) -> Option<usize>,
    ) -> bool {
        let mut is_lost = false;
        if let Wire::Bridge(other) = &mut self.wire {
            match place(*other) {
                Some(there) => *other = there,
                None => {
                    self.lose_wire();
                    is_lost = true;
                }
            }
        }
        let mut moved = |to: &mut usize, there: Option<usize>| {
            *to = there.unwrap_or(*to);
            is_lost |= there.is_none();
            there.is_some()
        };
        for others in [&mut self.beside, &mut self.overheard] {
            others.retain_mut(|other| {
                let there = place(*other);
                moved(other, there)
            });
        }
        self.taps.retain_mut(|tap| {
            let there = recording(tap.recording);
            moved(&mut tap.recording, there)
        });
        is_lost
    }

    /// Hears nothing any more by what it heard others by.
    fn lose_wire(&mut self) {
        self.wire = Wire::Open;
        if self.player.is_none() {
            self.outgoing.interrupt();
        }
    }
}

/// A conference with the places of its members being others; those without any are no members.
fn moved(mut conference: Conference, place: impl Fn(usize) -> Option<usize>) -> Conference {
    conference.members.retain_mut(|member| {
        let there = place(member.place);
        member.place = there.unwrap_or(member.place);
        there.is_some()
    });
    conference
}
