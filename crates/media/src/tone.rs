//! Tones: made for tests and demonstrations, found by Goertzel's method (G. Goertzel, 1958).
//!
//! [`share`] says how much of a stretch of sound is one frequency; [`Detector`] does so for several frequencies over a
//! stream, window after window. Keys in the sound (DTMF) are a use of it.

use codec::g711::SAMPLES_PER_SECOND;
use core::f64::consts::TAU;

/// `samples` samples of a sine at 8 kHz, beginning at sample `from` of an endless one.
pub fn sine(frequency: f64, amplitude: i16, from: u64, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|at| {
            let turns = frequency * (from + at as u64) as f64 / f64::from(SAMPLES_PER_SECOND);
            ((turns.fract() * TAU).sin() * f64::from(amplitude)) as i16
        })
        .collect()
}

/// The share (0 to 1) of the energy of `samples` that lies at `frequency`. Silence has none.
pub fn share(samples: &[i16], frequency: f64) -> f64 {
    let mut goertzel = Goertzel::new(frequency);
    let mut energy = 0.0;
    for sample in samples {
        goertzel.push(f64::from(*sample));
        energy += f64::from(*sample) * f64::from(*sample);
    }
    ratio(goertzel.power(), energy, samples.len())
}

fn ratio(power: f64, energy: f64, samples: usize) -> f64 {
    if energy < 1.0 { 0.0 } else { (2.0 * power / (energy * samples as f64)).min(1.0) }
}

/// What one window of a [`Detector`] contained.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Mean power as the root of the mean square, in sample units.
    pub level: f64,
    /// The share of each frequency, in the order given.
    pub shares: Vec<f64>,
}

/// Watches a stream for some frequencies, in windows without overlap.
#[derive(Clone, Debug)]
pub struct Detector {
    bank: Vec<Goertzel>,
    window: usize,
    filled: usize,
    energy: f64,
}

impl Detector {
    /// Watches for `frequencies`; each window has `window` samples. 205 suit keys, 1 600 tell a tone from speech.
    pub fn new(frequencies: &[f64], window: usize) -> Self {
        let bank = frequencies.iter().map(|frequency| Goertzel::new(*frequency)).collect();
        Self { bank, window: window.max(1), filled: 0, energy: 0.0 }
    }

    /// Takes sound and hands `told` every window that is complete. Costs a multiplication a sample and frequency.
    pub fn push(&mut self, samples: &[i16], mut told: impl FnMut(Window)) {
        for sample in samples {
            let sample = f64::from(*sample);
            self.energy += sample * sample;
            for goertzel in &mut self.bank {
                goertzel.push(sample);
            }
            self.filled += 1;
            if self.filled == self.window {
                let shares =
                    self.bank.iter().map(|one| ratio(one.power(), self.energy, self.window)).collect();
                told(Window { level: (self.energy / self.window as f64).sqrt(), shares });
                self.filled = 0;
                self.energy = 0.0;
                for goertzel in &mut self.bank {
                    goertzel.clear();
                }
            }
        }
    }
}

/// One resonator.
#[derive(Clone, Debug)]
struct Goertzel {
    coefficient: f64,
    before: f64,
    before_that: f64,
}

impl Goertzel {
    fn new(frequency: f64) -> Self {
        let coefficient = 2.0 * (TAU * frequency / f64::from(SAMPLES_PER_SECOND)).cos();
        Self { coefficient, before: 0.0, before_that: 0.0 }
    }

    fn push(&mut self, sample: f64) {
        let now = sample + self.coefficient * self.before - self.before_that;
        self.before_that = self.before;
        self.before = now;
    }

    fn power(&self) -> f64 {
        self.before * self.before + self.before_that * self.before_that
            - self.coefficient * self.before * self.before_that
    }

    fn clear(&mut self) {
        self.before = 0.0;
        self.before_that = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_at_its_frequency_and_nowhere_else() {
        let sound = sine(440.0, 8_000, 0, 1_600);
        assert!(share(&sound, 440.0) > 0.99);
        assert!(share(&sound, 660.0) < 0.01);
        assert_eq!(share(&[0; 160], 440.0), 0.0);
    }

    #[test]
    fn two_tones_share_the_energy() {
        let sound: Vec<_> = sine(440.0, 8_000, 0, 1_600)
            .iter()
            .zip(sine(660.0, 8_000, 0, 1_600))
            .map(|(a, b)| a + b)
            .collect();
        for frequency in [440.0, 660.0] {
            assert!((share(&sound, frequency) - 0.5).abs() < 0.02);
        }
    }

    #[test]
    fn a_detector_tells_window_by_window() {
        let mut detector = Detector::new(&[440.0, 660.0], 800);
        let mut told = vec![];
        let mut sound = sine(440.0, 8_000, 0, 800);
        sound.extend(sine(660.0, 8_000, 0, 900));
        for piece in sound.chunks(160) {
            detector.push(piece, |window| told.push(window));
        }
        assert_eq!(told.len(), 2);
        assert!(told[0].shares[0] > 0.9 && told[0].shares[1] < 0.05);
        assert!(told[1].shares[0] < 0.05 && told[1].shares[1] > 0.9);
        assert!((told[0].level - 8_000.0 / 2f64.sqrt()).abs() < 50.0);
    }
}
