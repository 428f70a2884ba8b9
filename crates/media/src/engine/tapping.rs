//! Recordings of an engine: whose sound is laid into which, and their ends.

use super::Engine;
use crate::metronome::TICK;
use crate::recording::{Recording, TAPS_PER_PORT_MAX, Tap};
use crate::{Event, Outbox, PortId, Recorded, RecordingKey, Side};
use base::{Instant, Now};

impl Engine {
    pub(super) fn record(&mut self, key: RecordingKey, left: PortId, right: Option<PortId>, now: Now) {
        let left = self.places.get(&left).copied();
        let right = right.and_then(|right| self.places.get(&right).copied());
        if left.is_none() && right.is_none() {
            // Both have hung up before the order came; whoever waits for the end of the recording shall have it.
            if !self.recording_places.contains_key(&key) {
                self.events.push(stopped(&Recording::new(key, now.mono)));
            }
            return;
        }
        let place = *self
            .recording_places
            .entry(key)
            .or_insert_with(|| self.recordings.insert(Recording::new(key, now.mono)));
        let recording = &mut self.recordings[place];
        let mut changed = Vec::new();
        for (side, before, after) in
            [(Side::Left, &mut recording.left, left), (Side::Right, &mut recording.right, right)]
        {
            // A side that stays keeps its timeline.
            if *before == after {
                continue;
            }
            changed.extend([*before, after].into_iter().flatten());
            if let Some(before) = before.take() {
                self.ports[before].taps.retain(|tap| tap.recording != place || tap.side != side);
            }
            let taps = after.map(|after| &mut self.ports[after].taps);
            if let Some(taps) = taps.filter(|taps| taps.len() < TAPS_PER_PORT_MAX) {
                taps.push(Tap::new(place, side));
                *before = after;
            }
        }
        for place in changed {
            self.arrange(place, now.mono);
        }
    }

    pub(super) fn mask_recording(&mut self, key: RecordingKey, left: bool, right: bool, now: Instant) {
        if let Some(place) = self.recording_places.get(&key) {
            self.recordings[*place].mask(left, right, now);
        }
    }

    pub(super) fn stop_recording(&mut self, place: usize, now: Instant) {
        let recording = self.recordings.remove(place);
        self.recording_places.remove(&recording.key);
        for port in [recording.left, recording.right].into_iter().flatten() {
            self.ports[port].taps.retain(|tap| tap.recording != place);
            self.arrange(port, now);
        }
        self.end_recording(recording, now);
    }

    /// Lets a recording end that has no sides any more.
    pub(super) fn end_recording(&mut self, recording: Recording, now: Instant) {
        match self.silent {
            None => self.ending.push((recording, now)),
            Some(_) => self.events.push(stopped(&recording)),
        }
    }

    pub(super) fn end_recordings(&mut self, now: Instant, out: &mut impl Outbox) {
        let events = &mut self.events;
        self.ending.retain(|(recording, ended)| {
            let end = Recorded::End { recording: recording.key, samples: recording.samples_at(*ended) };
            let told = out.record(&end);
            if told {
                events.push(stopped(recording));
            }
            !told
        });
        self.ending_due = if self.ending.is_empty() { Instant::START } else { now + TICK };
    }
}

fn stopped(recording: &Recording) -> Event {
    Event::RecordingStopped { recording: recording.key, frames: recording.frames, dropped: recording.dropped }
}
