//! From any rate of samples to any other, at once: for sound that is read from files, not for streams.
//!
//! The same sinc under Kaiser's window as in [`crate::resample`], in floating point, so that 44 100 and 22 050 Hz are no worse
//! than the rates the house uses. Between two rates whose quotient is L/M, samples out lie in L places between two samples in,
//! and the filter of each place is reckoned once: L is 160 for 44 100 to 16 000 Hz. Of rates with more places than
//! [`PLACES_MAX`], which no file of a studio has, the filter is reckoned anew for each sample, some fifty times as slowly.

use crate::resample::{BETA, CROSSINGS, CUTOFF, bessel};
use core::f64::consts::PI;

/// The lowest rate that is taken, in Hz.
pub const RATE_MIN: u32 = 4_000;

/// The highest.
pub const RATE_MAX: u32 = 384_000;

/// For how many places between two samples filters are kept: all that the common rates have, in a hundred
/// kilobytes.
pub const PLACES_MAX: u64 = 1_024;

/// The steps in which the window is tabulated; between two it is straight.
const WINDOW_STEPS: usize = 512;

/// How many sums are kept beside each other, so that the machine can add them at once.
const LANES: usize = 8;

/// Sound at `from` Hz, at `to` Hz. A rate outside [`RATE_MIN`] … [`RATE_MAX`] gives nothing.
pub fn convert(samples: &[f32], from: u32, to: u32) -> Vec<f32> {
    let rates = RATE_MIN..=RATE_MAX;
    if !rates.contains(&from) || !rates.contains(&to) {
        return Vec::new();
    }
    if from == to {
        return samples.to_vec();
    }
    let length = (samples.len() as u64 * u64::from(to)).div_ceil(u64::from(from));
    let filter = Filter::new(from, to);
    let is_kept = filter.up <= PLACES_MAX;
    let mut rows = vec![0.0; filter.taps * if is_kept { filter.up as usize } else { 1 }];
    if is_kept {
        for (place, row) in rows.chunks_exact_mut(filter.taps).enumerate() {
            filter.design(place as u64, row);
        }
    }
    let mut out = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    for at in 0..length {
        let (index, place) = filter.place(at);
        let row = if is_kept {
            &rows[place as usize * filter.taps..][..filter.taps]
        } else {
            filter.design(place, &mut rows);
            &rows[..]
        };
        out.push(filter.sample(samples, index, row));
    }
    out
}

/// The filter between two rates.
struct Filter {
    /// L: places between two samples in.
    up: u64,
    /// M: how many places lie between two samples out.
    down: u64,
    /// The smaller rate as a share of the one in. Distances count in samples of the smaller rate.
    narrowing: f64,
    /// How many samples in make one out: as many before its place as behind it.
    taps: usize,
    window: Vec<f64>,
}

impl Filter {
    fn new(from: u32, to: u32) -> Self {
        let common = u64::from(greatest_common_divisor(from, to));
        let narrowing = (f64::from(to) / f64::from(from)).min(1.0);
        let half = (CROSSINGS as f64 / narrowing).ceil() as usize;
        let window = (0..=WINDOW_STEPS + 1).map(|step| {
            let edge = step as f64 / WINDOW_STEPS as f64;
            bessel(BETA * (1.0 - edge * edge).max(0.0).sqrt()) / bessel(BETA)
        });
        Self {
            up: u64::from(to) / common,
            down: u64::from(from) / common,
            narrowing,
            taps: (2 * half).next_multiple_of(LANES),
            window: window.collect(),
        }
    }

    /// The sample in at which the sample out of this number lies, and in which place behind it.
    fn place(&self, at: u64) -> (usize, u64) {
        let places = at * self.down;
        ((places / self.up) as usize, places % self.up)
    }

    /// How many samples in before the one at which a sample out lies its first tap is.
    fn before(&self) -> usize {
        self.taps / 2 - 1
    }

    /// The taps for samples out that lie in `place`. They add up to one, so that a steady level passes without a ripple.
    fn design(&self, place: u64, row: &mut [f32]) {
        let middle = self.before() as f64 + place as f64 / self.up as f64;
        let mut sum = 0.0;
        for (index, tap) in row.iter_mut().enumerate() {
            let weight = self.weight((middle - index as f64) * self.narrowing);
            sum += weight;
            *tap = weight as f32;
        }
        for tap in row {
            *tap = (f64::from(*tap) / sum) as f32;
        }
    }

    fn weight(&self, distance: f64) -> f64 {
        let place = distance.abs() / CROSSINGS as f64 * WINDOW_STEPS as f64;
        if place > WINDOW_STEPS as f64 {
            return 0.0;
        }
        let (step, between) = (place as usize, place.fract());
        let edge = self.window[step] + (self.window[step + 1] - self.window[step]) * between;
        let turns = PI * CUTOFF * distance;
        let sinc = if turns.abs() < 1e-9 { 1.0 } else { turns.sin() / turns };
        sinc * edge
    }

    /// The sample out that lies at `index`, or in a place behind it.
    fn sample(&self, samples: &[f32], index: usize, row: &[f32]) -> f32 {
        let begin = index.checked_sub(self.before());
        if let Some(samples) = begin.and_then(|begin| samples.get(begin..begin + row.len())) {
            let mut sums = [0.0; LANES];
            for (samples, taps) in samples.chunks_exact(LANES).zip(row.chunks_exact(LANES)) {
                for (sum, (sample, tap)) in sums.iter_mut().zip(samples.iter().zip(taps)) {
                    *sum += sample * tap;
                }
            }
            return sums.iter().sum();
        }
        // The two ends have fewer samples to go by, and their taps do not add up to one.
        let (mut sum, mut weights) = (0.0, 0.0);
        for (number, tap) in row.iter().enumerate() {
            let sample = (index + number).checked_sub(self.before()).and_then(|at| samples.get(at));
            if let Some(sample) = sample {
                sum += sample * tap;
                weights += tap;
            }
        }
        if weights.abs() < 0.1 { 0.0 } else { sum / weights }
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::share;
    use core::f64::consts::TAU;

    #[test]
    fn a_tone_keeps_its_pitch_and_its_level_from_every_common_rate() {
        for from in [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 44_101, 48_000, 96_000] {
            for to in [8_000, 16_000] {
                let heard = converted(from, to, 1_000.0);
                assert_eq!(heard.len(), to as usize, "{from} → {to}");
                let steady = &heard[to as usize / 10..to as usize * 9 / 10];
                let level =
                    (steady.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / steady.len() as f64).sqrt();
                assert!((level - 8_000.0 / 2f64.sqrt()).abs() < 60.0, "{from} → {to}: {level}");
                assert!(share(steady, to, 1_000.0) > 0.999, "{from} → {to}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_not_folded() {
        for (from, to, frequency) in
            [(44_100, 8_000, 5_000.0), (22_050, 16_000, 9_500.0), (48_000, 16_000, 12_000.0)]
        {
            let loudest = converted(from, to, frequency)[200..to as usize - 200]
                .iter()
                .map(|sample| sample.unsigned_abs())
                .max();
            assert!(loudest < Some(80), "{from} → {to}: {loudest:?}");
        }
    }

    #[test]
    fn filters_that_are_kept_give_what_filters_reckoned_anew_give() {
        let sound: Vec<f32> =
            (0..6_000).map(|at| (at as f32 * 0.37).sin() * (at as f32 * 0.011).cos()).collect();
        for (from, to) in
            [(44_100, 16_000), (22_050, 8_000), (48_000, 8_000), (8_000, 44_100), (44_101, 16_000)]
        {
            for length in [0, 1, 50, 6_000] {
                let filter = Filter::new(from, to);
                let heard = convert(&sound[..length], from, to);
                assert_eq!(heard.len(), (length * to as usize).div_ceil(from as usize));
                for (at, heard) in heard.iter().enumerate() {
                    let (index, place) = filter.place(at as u64);
                    let mut row = vec![0.0; filter.taps];
                    filter.design(place, &mut row);
                    assert_eq!(
                        *heard,
                        filter.sample(&sound[..length], index, &row),
                        "{from} → {to}, {at} of {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_first_and_the_last_samples_are_as_loud_as_the_others() {
        for (from, to) in [(44_100, 16_000), (8_000, 44_100), (44_101, 16_000)] {
            let heard = convert(&[0.5; 3_000], from, to);
            assert!(heard.iter().all(|sample| (sample - 0.5).abs() < 1e-5), "{from} → {to}");
        }
    }

    #[test]
    fn a_rate_that_nobody_has_gives_nothing() {
        assert!(
            convert(&[0.5; 100], 0, 8_000).is_empty() && convert(&[0.5; 100], 8_000, 1_000_000).is_empty()
        );
        assert!(convert(&[], 44_100, 8_000).is_empty());
    }

    fn converted(from: u32, to: u32, frequency: f64) -> Vec<i16> {
        let tone = |at: u32| ((f64::from(at) * frequency / f64::from(from) * TAU).sin() * 8_000.0) as f32;
        let sound: Vec<_> = (0..from).map(tone).collect();
        convert(&sound, from, to).iter().map(|sample| *sample as i16).collect()
    }
}
