//! Hears what a network plays instead of words: ringing, busy, and the three tones before "the number you have dialed"
//! (ITU-T E.180, E.182; special information tones: E.180 §6).
//!
//! The tones of countries differ, their rhythm hardly does. So tones are only told apart by region: a call tone lies
//! between 350 and 620 Hz; how long it lasts and how long it pauses says what it is. Short tones with short pauses are
//! busy, long pauses are ringing. A special information tone is three tones, each higher than the one before.

use crate::tone::share;

/// Samples that are looked at together: 40 ms, which tell 25 Hz apart.
const WINDOW: usize = 320;

/// Milliseconds in a window.
const WINDOW_MS: u32 = 40;

/// Tones of call progress all over the world, in Hz.
const CALL: [f64; 7] = [350.0, 400.0, 425.0, 440.0, 450.0, 480.0, 620.0];

/// The three tones of special information, each of two frequencies in North America.
const SPECIAL: [&[f64]; 3] = [&[914.0, 950.0, 985.0], &[1_371.0, 1_400.0, 1_429.0], &[1_777.0, 1_800.0]];

/// The share of the energy that tones must have.
const PURE: f64 = 0.75;

/// The quietest tone, as the root of the mean square: −40 dBm0.
const QUIETEST: f64 = 158.0;

/// How long a special tone lasts at least; 276 ms by the book.
const SPECIAL_MS: u32 = 200;

/// Tones and pauses of busy, in milliseconds: from 200 (congestion) to 600.
const BUSY_MS: core::ops::RangeInclusive<u32> = 160..=640;

/// How often a busy tone must have come, with a pause behind it.
const BUSY_TIMES: u8 = 3;

/// The shortest tone that rings, and the shortest pause behind it.
const RING_MS: (u32, u32) = (280, 1_200);

/// What a network says without words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressTone {
    /// It rings at the far end. Told for each ring, 1.2 s after it.
    Ringing,
    /// Busy, or congestion. Told once it has come three times, and again after that.
    Busy,
    /// The number is not in service, or something else that is then said in words.
    SpecialInformation,
}

/// What a window contained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    Silence,
    Call,
    Special(usize),
    Other,
}

/// Listens to one stream at 8 kHz.
#[derive(Clone, Debug)]
pub struct ProgressTones {
    window: [i16; WINDOW],
    filled: usize,
    now: Window,
    /// How long it is so, in milliseconds.
    since_ms: u32,
    was_other: bool,
    /// How long the call tone before lasted.
    tone_ms: u32,
    busy: u8,
    /// How many of the three special tones have come, in their order.
    special: usize,
}

impl ProgressTones {
    /// Has heard nothing yet.
    pub fn new() -> Self {
        Self {
            window: [0; WINDOW],
            filled: 0,
            now: Window::Silence,
            since_ms: 0,
            was_other: false,
            tone_ms: 0,
            busy: 0,
            special: 0,
        }
    }

    /// Takes sound. Costs some 15 multiplications a sample where there is any.
    pub fn push(&mut self, mut samples: &[i16], mut told: impl FnMut(ProgressTone)) {
        while !samples.is_empty() {
            let (piece, rest) = samples.split_at(samples.len().min(WINDOW - self.filled));
            self.window[self.filled..self.filled + piece.len()].copy_from_slice(piece);
            self.filled += piece.len();
            samples = rest;
            if self.filled == WINDOW {
                self.filled = 0;
                if let Some(tone) = self.step(look(&self.window)) {
                    told(tone);
                }
            }
        }
    }

    fn step(&mut self, window: Window) -> Option<ProgressTone> {
        // At the edge of a tone a window holds half of it: one such window is what was before.
        let is_edge = window == Window::Other && !self.was_other;
        self.was_other = window == Window::Other;
        let window = if is_edge { self.now } else { window };
        if window == self.now {
            self.since_ms = self.since_ms.saturating_add(WINDOW_MS);
        } else {
            let (before, lasted) = (self.now, self.since_ms);
            (self.now, self.since_ms) = (window, WINDOW_MS);
            match (before, window) {
                (Window::Call, Window::Silence | Window::Other) => self.tone_ms = lasted,
                (Window::Silence, Window::Call) => {
                    let is_busy = BUSY_MS.contains(&self.tone_ms) && BUSY_MS.contains(&lasted);
                    self.busy = if is_busy { self.busy + 1 } else { 0 };
                    self.tone_ms = 0;
                    if self.busy >= BUSY_TIMES {
                        self.busy = 0;
                        return Some(ProgressTone::Busy);
                    }
                }
                _ => {}
            }
        }
        match window {
            Window::Silence if self.since_ms > RING_MS.1 && self.tone_ms >= RING_MS.0 => {
                (self.tone_ms, self.busy) = (0, 0);
                Some(ProgressTone::Ringing)
            }
            Window::Special(number) if self.since_ms >= SPECIAL_MS => {
                if number == 0 {
                    self.special = 1;
                } else if number == self.special {
                    self.special += 1;
                }
                if self.special == SPECIAL.len() {
                    self.special = 0;
                    return Some(ProgressTone::SpecialInformation);
                }
                None
            }
            // The three follow each other with no more than a breath between.
            Window::Silence | Window::Other | Window::Call if self.since_ms > 2 * WINDOW_MS => {
                self.special = 0;
                if window == Window::Other {
                    (self.tone_ms, self.busy) = (0, 0);
                }
                None
            }
            _ => None,
        }
    }
}

impl Default for ProgressTones {
    fn default() -> Self {
        Self::new()
    }
}

fn look(window: &[i16; WINDOW]) -> Window {
    let energy: f64 = window.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    if (energy / WINDOW as f64).sqrt() < QUIETEST {
        return Window::Silence;
    }
    // Frequencies beside each other see the same tone; the best one, and the best that is well apart from it, are two.
    let shares = CALL.map(|frequency| share(window, frequency));
    let (best, first) = CALL
        .iter()
        .zip(shares)
        .fold((0.0, 0.0), |best, (frequency, share)| if share > best.1 { (*frequency, share) } else { best });
    let second = CALL
        .iter()
        .zip(shares)
        .filter(|(frequency, _)| (*frequency - best).abs() >= 35.0)
        .map(|(_, share)| share);
    if first + second.fold(0.0, f64::max) >= PURE {
        return Window::Call;
    }
    let special = SPECIAL.iter().position(|tones| tones.iter().any(|tone| share(window, *tone) >= PURE));
    special.map_or(Window::Other, Window::Special)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;
    use ProgressTone::{Busy, Ringing, SpecialInformation};

    #[test]
    fn it_rings_in_many_countries() {
        for (tones, rhythm) in [
            (&[425.0][..], &[(1_000, 4_000)][..]),
            (&[440.0, 480.0], &[(2_000, 4_000)]),
            (&[400.0, 450.0], &[(400, 200), (400, 2_000)]),
            (&[450.0], &[(1_000, 4_000)]),
        ] {
            assert_eq!(told(tones, rhythm, 3), [Ringing; 3], "{tones:?}");
        }
    }

    #[test]
    fn it_is_busy_in_many_countries() {
        for (tones, on, off) in [
            (&[425.0][..], 500, 500),
            (&[425.0], 240, 240),
            (&[480.0, 620.0], 500, 500),
            (&[480.0, 620.0], 250, 250),
            (&[400.0], 375, 375),
            (&[450.0], 350, 350),
        ] {
            assert_eq!(told(tones, &[(on, off)], 7), [Busy; 2], "{tones:?} {on}");
        }
    }

    #[test]
    fn three_rising_tones_are_special_information() {
        for (tones, lengths) in [
            ([950.0, 1_400.0, 1_800.0], [330, 330, 330]),
            ([913.8, 1_370.6, 1_776.7], [380, 276, 380]),
            ([985.2, 1_428.5, 1_776.7], [276, 380, 380]),
        ] {
            let mut sound = vec![0; 1_000];
            for (tone, ms) in tones.into_iter().zip(lengths) {
                sound.extend(tone::sine(tone, 5_000, 0, ms * 8));
            }
            sound.extend([0; 8_000]);
            assert_eq!(heard(&sound), [SpecialInformation], "{tones:?}");
        }
        let falling = [1_800.0, 1_400.0, 950.0].map(|tone| tone::sine(tone, 5_000, 0, 2_640)).concat();
        assert_eq!(heard(&falling), []);
    }

    #[test]
    fn a_dial_tone_a_key_and_a_hum_are_none_of_them() {
        assert_eq!(heard(&tone::sine(425.0, 5_000, 0, 80_000)), []);
        let mut key = vec![0; 1_600];
        if let Some(mut tone) = rtp::Digit::from_char('5').and_then(crate::key_tone::KeyTone::new) {
            tone.fill(&mut key);
        }
        assert_eq!(heard(&[key, vec![0; 24_000]].concat()), []);
        assert_eq!(heard(&[tone::sine(220.0, 5_000, 0, 8_000), vec![0; 24_000]].concat()), []);
    }

    fn told(tones: &[f64], rhythm: &[(usize, usize)], times: usize) -> Vec<ProgressTone> {
        let mut sound = vec![0; 700];
        for (on, off) in rhythm.iter().cycle().take(rhythm.len() * times) {
            let mut tone = vec![0i16; on * 8];
            for frequency in tones {
                let wave = tone::sine(*frequency, 3_000, 0, on * 8);
                tone.iter_mut().zip(wave).for_each(|(sum, sample)| *sum += sample);
            }
            sound.extend(tone);
            sound.extend(vec![0; off * 8]);
        }
        heard(&sound)
    }

    fn heard(sound: &[i16]) -> Vec<ProgressTone> {
        let mut tones = ProgressTones::new();
        let mut told = vec![];
        for piece in sound.chunks(160) {
            tones.push(piece, |tone| told.push(tone));
        }
        told
    }
}
