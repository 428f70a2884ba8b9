//! Which ports are tied to which, followed from the commands alone: what a driver of several engines has to know.

use media::{Command, ConferenceKey, PortId, RecordingKey};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Bridge(PortId),
    Echo,
    Conference(ConferenceKey),
}

#[derive(Debug, Default)]
pub(crate) struct Ties {
    wires: BTreeMap<PortId, Wire>,
    hears: BTreeSet<(PortId, PortId)>,
    recordings: BTreeMap<RecordingKey, [Option<PortId>; 2]>,
}

impl Ties {
    /// Takes note of what a command is about to do.
    pub(crate) fn follow(&mut self, command: &Command, is_open: impl Fn(PortId) -> bool) {
        match *command {
            Command::Bridge { a, b } if a != b && is_open(a) && is_open(b) => {
                self.unwire(a);
                self.unwire(b);
                self.wires.insert(a, Wire::Bridge(b));
                self.wires.insert(b, Wire::Bridge(a));
            }
            Command::Unbridge { port } if matches!(self.wires.get(&port), Some(Wire::Bridge(_))) => {
                self.unwire(port);
            }
            Command::Leave { port } if matches!(self.wires.get(&port), Some(Wire::Conference(_))) => {
                self.unwire(port);
            }
            Command::Echo { port, on } if is_open(port) => {
                let echoes = self.wires.get(&port) == Some(&Wire::Echo);
                if echoes != on {
                    self.unwire(port);
                }
                if on {
                    self.wires.insert(port, Wire::Echo);
                }
            }
            Command::Join { port, conference, .. } if is_open(port) => {
                self.unwire(port);
                self.wires.insert(port, Wire::Conference(conference));
            }
            Command::Hear { listener, speaker, on: true } if is_open(listener) && is_open(speaker) => {
                self.hears.insert((listener, speaker));
            }
            Command::Hear { listener, speaker, on: false } => {
                self.hears.remove(&(listener, speaker));
            }
            Command::Record { recording, left, right } => {
                let sides = [Some(left), right].map(|side| side.filter(|port| is_open(*port)));
                if sides != [None, None] {
                    self.recordings.insert(recording, sides);
                }
            }
            Command::StopRecord { recording } => {
                self.recordings.remove(&recording);
            }
            Command::Close { port } => {
                self.unwire(port);
                self.hears.retain(|(listener, speaker)| *listener != port && *speaker != port);
                self.recordings.retain(|_, sides| {
                    for side in sides.iter_mut() {
                        *side = side.filter(|side| *side != port);
                    }
                    *sides != [None, None]
                });
            }
            _ => {}
        }
    }

    fn unwire(&mut self, port: PortId) {
        if let Some(Wire::Bridge(other)) = self.wires.remove(&port) {
            self.wires.remove(&other);
        }
    }

    /// The ports that have to be in one engine for a command: those it names, and those of what it names.
    pub(crate) fn tied_by(&self, command: &Command) -> Vec<PortId> {
        let sides = |recording: &RecordingKey| self.recordings.get(recording).into_iter().flatten().flatten();
        match command {
            Command::Bridge { a, b } => vec![*a, *b],
            Command::Hear { listener, speaker, .. } => vec![*listener, *speaker],
            Command::Join { port, conference, .. } => {
                let is_there = |wire: &Wire| *wire == Wire::Conference(*conference);
                let members = self.wires.iter().filter(|(_, wire)| is_there(wire));
                core::iter::once(*port).chain(members.map(|(member, _)| *member)).collect()
            }
            Command::Record { recording, left, right } => {
                core::iter::once(*left).chain(*right).chain(sides(recording).copied()).collect()
            }
            Command::MaskRecord { recording, .. } | Command::StopRecord { recording } => {
                sides(recording).copied().collect()
            }
            Command::Open { port }
            | Command::OpenLine { port, .. }
            | Command::Configure { port, .. }
            | Command::Unbridge { port }
            | Command::Play { port, .. }
            | Command::Announce { port, .. }
            | Command::StopPlay { port }
            | Command::SendDigit { port, .. }
            | Command::Echo { port, .. }
            | Command::Leave { port }
            | Command::Listen { port, .. }
            | Command::Close { port } => vec![*port],
        }
    }

    /// A port and all that it is tied to.
    pub(crate) fn of(&self, port: PortId) -> Vec<PortId> {
        let mut found = vec![port];
        let mut next = 0;
        while let Some(&port) = found.get(next) {
            next += 1;
            let wire = self.wires.get(&port);
            let wired = self.wires.iter().filter(|(other, theirs)| match (wire, theirs) {
                (Some(Wire::Bridge(partner)), _) => *other == partner,
                (Some(Wire::Conference(mine)), Wire::Conference(theirs)) => mine == theirs,
                (Some(Wire::Conference(_) | Wire::Echo) | None, _) => false,
            });
            let beside = self.hears.iter().filter_map(|(listener, speaker)| {
                let of_listener = (*listener == port).then_some(*speaker);
                of_listener.or((*speaker == port).then_some(*listener))
            });
            let recorded = self.recordings.values().filter(|sides| sides.contains(&Some(port)));
            let more: Vec<_> = wired
                .map(|(other, _)| *other)
                .chain(beside)
                .chain(recorded.flatten().copied().flatten())
                .collect();
            for other in more {
                if !found.contains(&other) {
                    found.push(other);
                }
            }
        }
        found
    }
}
