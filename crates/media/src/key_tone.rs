//! Keys in the sound: two tones at once, made and found (ITU-T Q.23 and Q.24).
//!
//! Where no telephone-events were agreed, a key can only be told by its tones. [`KeyTone`] makes them; [`KeyListener`] finds
//! them by Goertzel's method in windows of 13 ms that overlap by half. A window shows a key when one low and one high tone
//! are each far above their neighbors, as loud as a key is, at most [`TWIST_LOW_DB`] and [`TWIST_HIGH_DB`] apart, together
//! almost all that is to be heard, and without the overtones that a voice has. A key is told when it has been shown for
//! [`SHOWN`] windows in a row: tones of 20 ms are not keys, those of 40 ms are. It may come again when it has not been
//! shown for [`HIDDEN`] windows: an interruption of 10 ms does not make two of one, a pause of 30 ms does.
//!
//! It is not for music, whose tones may be keys; nor does it take the tones out of the sound.

use crate::Digit;
use codec::g711::SAMPLES_PER_SECOND;
use core::f32::consts::TAU;

/// The low tones, one for each row of keys, in Hz.
const LOW: [f32; 4] = [697.0, 770.0, 852.0, 941.0];

/// The high tones, one for each column.
const HIGH: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];

/// The keys, row by row.
const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// Samples in a window: 13 ms, in which tones of neighboring keys differ by a period.
const WINDOW: usize = 105;

/// Samples between the beginnings of two windows.
const HOP: usize = 52;

/// The quietest tone of a key as an amplitude: −29 dBm0, below the −25 dBm0 that Q.24 wants found.
const QUIETEST: f32 = 800.0;

/// How many decibels the low tone may be louder than the high one: the 8 of Q.24, table A.1, and two to spare.
pub const TWIST_LOW_DB: f32 = 10.0;

/// How many decibels the high tone may be louder than the low one: the 4 of the same table, and one to spare.
pub const TWIST_HIGH_DB: f32 = 5.0;

/// How far a tone must be above its neighbors: 8 dB.
const ABOVE_NEIGHBORS: f32 = 6.3;

/// The share of the energy that the two tones must have.
const PURE: f32 = 0.74;

/// The share of a tone's own energy that its first overtone may have: a voice has more.
const OVERTONE: f32 = 0.05;

/// How many windows in a row show a key before it is told.
pub const SHOWN: u8 = 4;

/// How many windows in a row do not before it may be told again.
pub const HIDDEN: u8 = 4;

/// Finds keys in a stream of sound at 8 kHz.
#[derive(Clone, Debug)]
pub struct KeyListener {
    window: [i16; WINDOW],
    filled: usize,
    /// The key that the last windows showed, and how many of them.
    shown: Option<(Digit, u8)>,
    /// The key that has been told and has not ended yet, and how many windows have not shown it since.
    told: Option<(Digit, u8)>,
}

impl KeyListener {
    /// Has heard nothing yet.
    pub fn new() -> Self {
        Self { window: [0; WINDOW], filled: 0, shown: None, told: None }
    }

    /// Takes sound and hands `pressed` each key once, some 40 ms after it went down. Costs some microseconds per 20 ms.
    pub fn push(&mut self, mut samples: &[i16], mut pressed: impl FnMut(Digit)) {
        while !samples.is_empty() {
            let (piece, rest) = samples.split_at(samples.len().min(WINDOW - self.filled));
            self.window[self.filled..self.filled + piece.len()].copy_from_slice(piece);
            self.filled += piece.len();
            samples = rest;
            if self.filled == WINDOW {
                if let Some(digit) = self.step(key_in(&self.window)) {
                    pressed(digit);
                }
                self.window.copy_within(HOP.., 0);
                self.filled = WINDOW - HOP;
            }
        }
    }

    /// Whether a key is down, as far as can be said.
    pub fn is_down(&self) -> bool {
        self.told.is_some() || self.shown.is_some()
    }

    fn step(&mut self, key: Option<Digit>) -> Option<Digit> {
        if let Some((told, hidden)) = &mut self.told {
            *hidden = if key == Some(*told) { 0 } else { *hidden + 1 };
            if *hidden >= HIDDEN {
                self.told = None;
            }
        }
        let times = match (key, self.shown) {
            (Some(key), Some((shown, times))) if key == shown => times.saturating_add(1),
            _ => 1,
        };
        self.shown = key.map(|key| (key, times));
        let digit = key.filter(|_| times >= SHOWN)?;
        if self.told.is_some_and(|(told, _)| told == digit) {
            return None;
        }
        self.told = Some((digit, 0));
        Some(digit)
    }
}

impl Default for KeyListener {
    fn default() -> Self {
        Self::new()
    }
}

/// The key that a window shows.
fn key_in(window: &[i16; WINDOW]) -> Option<Digit> {
    let energy: f32 = window.iter().map(|sample| f32::from(*sample).powi(2)).sum();
    // The energy of two of the quietest tones; most of the time it is quieter than a key.
    if energy < QUIETEST * QUIETEST * WINDOW as f32 * PURE {
        return None;
    }
    let tones: [f32; 8] =
        powers(window, [LOW[0], LOW[1], LOW[2], LOW[3], HIGH[0], HIGH[1], HIGH[2], HIGH[3]]);
    let (row, low) = outstanding(&tones[..4])?;
    let (column, high) = outstanding(&tones[4..])?;
    // A steady tone of amplitude A has the power (A·N/2)², and an energy of A²·N/2.
    let quietest = (QUIETEST * WINDOW as f32 / 2.0).powi(2);
    let is_loud = low >= quietest && high >= quietest;
    let is_level = low <= high * decibels(TWIST_LOW_DB) && high <= low * decibels(TWIST_HIGH_DB);
    let is_pure = (low + high) * 2.0 >= PURE * energy * WINDOW as f32;
    if !(is_loud && is_level && is_pure) {
        return None;
    }
    let overtones = powers(window, [2.0 * LOW[row], 2.0 * HIGH[column]]);
    // The overtone of a low tone may lie where the high tone is.
    let is_apart = (2.0 * LOW[row] - HIGH[column]).abs() > 8_000.0 / WINDOW as f32 * 2.0;
    if (is_apart && overtones[0] > low * OVERTONE) || overtones[1] > high * OVERTONE {
        return None;
    }
    Digit::from_char(KEYS[row][column])
}

/// The tone that stands out of a group of four.
fn outstanding(powers: &[f32]) -> Option<(usize, f32)> {
    let (at, highest) =
        powers.iter().copied().enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let alone =
        powers.iter().enumerate().all(|(other, power)| other == at || highest >= power * ABOVE_NEIGHBORS);
    alone.then_some((at, highest))
}

/// The power of each frequency, reckoned side by side.
fn powers<const N: usize>(window: &[i16; WINDOW], frequencies: [f32; N]) -> [f32; N] {
    let coefficients = frequencies.map(|frequency| 2.0 * (TAU * frequency / SAMPLES_PER_SECOND as f32).cos());
    let (mut before, mut before_that) = ([0.0; N], [0.0; N]);
    for sample in window {
        let sample = f32::from(*sample);
        for at in 0..N {
            let now = sample + coefficients[at] * before[at] - before_that[at];
            before_that[at] = before[at];
            before[at] = now;
        }
    }
    core::array::from_fn(|at| {
        before[at] * before[at] + before_that[at] * before_that[at]
            - coefficients[at] * before[at] * before_that[at]
    })
}

fn decibels(db: f32) -> f32 {
    10f32.powf(db / 10.0)
}

/// The amplitude of the low tone that we make, −9 dBm0, and of the high one, 2 dB more, as lines swallow the higher one.
const AMPLITUDES: [f32; 2] = [7_900.0, 9_900.0];

/// The sound of one key, from its beginning.
#[derive(Clone, Debug)]
pub struct KeyTone {
    frequencies: [f32; 2],
    at: u32,
}

impl KeyTone {
    /// The beginning of a key; `None` for what has no tones, such as a hook flash.
    pub fn new(digit: Digit) -> Option<Self> {
        let key = digit.as_char();
        let row = KEYS.iter().position(|row| row.contains(&key))?;
        let column = KEYS[row].iter().position(|other| *other == key)?;
        Some(Self { frequencies: [LOW[row], HIGH[column]], at: 0 })
    }

    /// What comes next of it, at 8 kHz.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            let at = self.at as f32 / SAMPLES_PER_SECOND as f32;
            let [low, high] = self.frequencies.map(|frequency| ((frequency * at).fract() * TAU).sin());
            *sample = (low * AMPLITUDES[0] + high * AMPLITUDES[1]) as i16;
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::Law;

    #[test]
    fn every_key_that_is_made_is_found_once() {
        for row in KEYS.iter().flatten() {
            for ms in [40, 50, 100, 1_000] {
                assert_eq!(
                    found(&[silence(50), made(*row, ms), silence(50)].concat()),
                    row.to_string(),
                    "{ms} ms"
                );
            }
        }
    }

    #[test]
    fn keys_are_found_at_every_offset_and_in_both_laws() {
        for offset in 0..WINDOW {
            let line: Vec<_> = "159D".chars().flat_map(|key| [made(key, 40), silence(35)].concat()).collect();
            let mut sound = vec![0; offset];
            sound.extend(line);
            for law in [Law::Mu, Law::A] {
                let companded: Vec<_> = sound.iter().map(|sample| law.decode(law.encode(*sample))).collect();
                assert_eq!(found(&companded), "159D", "{offset} {law:?}");
            }
        }
    }

    #[test]
    fn what_is_too_short_is_no_key_and_an_interruption_does_not_make_two() {
        for offset in 0..HOP {
            let before = vec![0; offset];
            assert_eq!(found(&[before.clone(), made('5', 20), silence(60)].concat()), "", "{offset}: 20 ms");
            let broken = [before.clone(), made('5', 60), silence(10), made('5', 60), silence(60)].concat();
            assert_eq!(found(&broken), "5", "{offset}: 10 ms without");
            let twice = [before, made('5', 40), silence(30), made('5', 40), silence(60)].concat();
            assert_eq!(found(&twice), "55", "{offset}: 30 ms without");
        }
    }

    #[test]
    fn levels_and_twists_of_the_recommendation_are_found_and_others_are_not() {
        // Each tone from 0 to −25 dBm0, the low one up to 8 dB louder, or the high one up to 4.
        for (low, high) in
            [(-3.0, -3.0), (-25.0, -25.0), (-10.0, -18.0), (-10.0, -6.0), (-17.0, -25.0), (-3.0, -11.0)]
        {
            assert_eq!(all_found(low, high, 0.0), "123A456B789C*0#D", "{low} and {high} dBm0");
        }
        for (low, high) in [(-38.0, -38.0), (-3.0, -16.0), (-16.0, -8.0), (-5.0, -60.0)] {
            assert_eq!(all_found(low, high, 0.0), "", "{low} and {high} dBm0");
        }
    }

    #[test]
    fn frequencies_may_be_wrong_by_one_and_a_half_percent_and_not_by_four() {
        for wrong in [-0.015, 0.015] {
            assert_eq!(all_found(-10.0, -10.0, wrong), "123A456B789C*0#D", "{wrong}");
        }
        for wrong in [-0.04, 0.04] {
            assert_eq!(all_found(-10.0, -10.0, wrong), "", "{wrong}");
        }
    }

    #[test]
    fn noise_at_15_decibels_hides_no_key_and_noise_alone_is_none() {
        let mut seed = 7u32;
        let mut noise = |amplitude: f32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((seed >> 16) as f32 / 32_768.0 - 1.0) * amplitude
        };
        let mut line: Vec<_> =
            (0..200).flat_map(|n| [made(KEYS[n / 4 % 4][n % 4], 50), silence(50)].concat()).collect();
        // The two tones have an effective level of 9 000; uniform noise has its amplitude by the root of three.
        for sample in &mut line {
            *sample = sample.saturating_add(noise(9_000.0 * 0.178 * 1.732) as i16);
        }
        let heard = found(&line).len();
        assert!((198..=200).contains(&heard), "{heard} of 200");
        let alone: Vec<_> = (0..8_000 * 120).map(|_| noise(12_000.0) as i16).collect();
        assert_eq!(found(&alone), "", "two minutes of noise");
    }

    /// Which of the sixteen keys are found with tones so loud, in dBm0, and so wrong.
    fn all_found(low: f32, high: f32, wrong: f32) -> String {
        let amplitude = |dbm0: f32| 22_300.0 * 10f32.powf(dbm0 / 20.0);
        let mut all = String::new();
        for key in KEYS.iter().flatten() {
            let tone = KeyTone::new(Digit::from_char(*key).unwrap()).unwrap();
            let sound: Vec<_> = (0..800)
                .map(|at| {
                    let at = at as f32 / 8_000.0;
                    let wave = |tone: f32| (TAU * tone * (1.0 + wrong) * at).sin();
                    let [one, other] = tone.frequencies;
                    (wave(one) * amplitude(low) + wave(other) * amplitude(high)).clamp(-32_124.0, 32_124.0)
                        as i16
                })
                .collect();
            let found = found(&[sound, silence(50)].concat());
            all.extend(found.chars().filter(|found| found == key));
        }
        all
    }

    fn found(sound: &[i16]) -> String {
        let mut listener = KeyListener::new();
        let mut keys = String::new();
        for piece in sound.chunks(160) {
            listener.push(piece, |digit| keys.push(digit.as_char()));
        }
        keys
    }

    fn made(key: char, ms: usize) -> Vec<i16> {
        let mut sound = vec![0; ms * 8];
        KeyTone::new(Digit::from_char(key).unwrap()).unwrap().fill(&mut sound);
        sound
    }

    fn silence(ms: usize) -> Vec<i16> {
        vec![0; ms * 8]
    }
}
