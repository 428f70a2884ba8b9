//! Who spoke when, found in the finished sound: 20 ms count as speech when they are loud enough, and what lies between two
//! words belongs to them.
//!
//! This is for the eye of whoever reads a manifest; what the detectors of the sound graph hear live is not asked.

use crate::wav::SAMPLES_PER_SECOND;
use serde::{Deserialize, Serialize};

/// From when to when, in milliseconds since the recording began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span(pub u64, pub u64);

const FRAME: u64 = SAMPLES_PER_SECOND / 50;
/// −44 dB of full scale: above the hiss of a line, below a quiet voice.
const LOUD: u64 = 200;
/// A pause for breath does not end speech.
const PAUSE_MS: u64 = 400;
/// A click is no speech.
const SHORTEST_MS: u64 = 60;
/// More spans than anybody speaks in a day; what follows is told as one.
const SPANS_MAX: usize = 20_000;

/// Listens to one side.
#[derive(Debug, Default)]
pub(crate) struct Speech {
    heard: u64,
    energy: u64,
    spans: Vec<Span>,
}

impl Speech {
    pub(crate) fn hear(&mut self, sample: i16) {
        self.energy += u64::from(sample.unsigned_abs()).pow(2);
        self.heard += 1;
        if self.heard.is_multiple_of(FRAME) {
            if self.energy >= LOUD * LOUD * FRAME {
                self.spoke(
                    (self.heard - FRAME) * 1000 / SAMPLES_PER_SECOND,
                    self.heard * 1000 / SAMPLES_PER_SECOND,
                );
            }
            self.energy = 0;
        }
    }

    fn spoke(&mut self, from: u64, to: u64) {
        let full = self.spans.len() >= SPANS_MAX;
        match self.spans.last_mut() {
            Some(last) if full || from <= last.1 + PAUSE_MS => last.1 = to,
            _ => {
                self.drop_click();
                self.spans.push(Span(from, to));
            }
        }
    }

    fn drop_click(&mut self) {
        if self.spans.last().is_some_and(|last| last.1 - last.0 < SHORTEST_MS) {
            self.spans.pop();
        }
    }

    pub(crate) fn spans(mut self) -> Vec<Span> {
        self.drop_click();
        self.spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_a_breath_between_are_one_and_clicks_are_none() {
        let mut speech = Speech::default();
        for (millis, level) in
            [(100, 0), (300, 3000), (200, 10), (400, -3000), (1000, 0), (40, 9000), (960, 0), (100, 900)]
        {
            for _ in 0..millis * 8 {
                speech.hear(level);
            }
        }
        assert_eq!(speech.spans(), [Span(100, 1000), Span(3000, 3100)]);
    }
}
