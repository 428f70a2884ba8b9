//! From any rate of samples to any other, at once: for sound that is read from files, not for streams.
//!
//! The same sinc under Kaiser's window as in [`crate::resample`], reckoned anew for each sample in floating point, so that
//! 44 100 and 22 050 Hz are no worse than the rates the house uses. Some thirty products a sample: a minute of sound takes a
//! tenth of a second.

use crate::resample::{BETA, CROSSINGS, CUTOFF, bessel};
use core::f64::consts::PI;

/// The lowest rate that is taken, in Hz.
pub const RATE_MIN: u32 = 4_000;

/// The highest.
pub const RATE_MAX: u32 = 384_000;

/// The steps in which the window is tabulated; between two it is straight.
const WINDOW_STEPS: usize = 512;

/// Sound at `from` Hz, at `to` Hz. A rate outside [`RATE_MIN`] … [`RATE_MAX`] gives nothing.
pub fn convert(samples: &[f32], from: u32, to: u32) -> Vec<f32> {
    let rates = RATE_MIN..=RATE_MAX;
    if !rates.contains(&from) || !rates.contains(&to) {
        return Vec::new();
    }
    if from == to {
        return samples.to_vec();
    }
    let window: Vec<f64> = (0..=WINDOW_STEPS + 1)
        .map(|step| {
            let edge = step as f64 / WINDOW_STEPS as f64;
            bessel(BETA * (1.0 - edge * edge).max(0.0).sqrt()) / bessel(BETA)
        })
        .collect();
    // Distances count in samples of the smaller rate.
    let narrowing = (f64::from(to) / f64::from(from)).min(1.0);
    let reach = CROSSINGS as f64 / narrowing;
    let length = (samples.len() as u64 * u64::from(to)).div_ceil(u64::from(from));
    let mut out = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    for at in 0..length {
        let middle = at as f64 * f64::from(from) / f64::from(to);
        let first = (middle - reach).ceil().max(0.0) as usize;
        let last = ((middle + reach).floor() as usize).min(samples.len().saturating_sub(1));
        let (mut sum, mut weights) = (0.0, 0.0);
        for (index, sample) in samples.iter().enumerate().take(last + 1).skip(first) {
            let distance = (middle - index as f64) * narrowing;
            let place = (distance.abs() / CROSSINGS as f64).min(1.0) * WINDOW_STEPS as f64;
            let (step, between) = (place as usize, place.fract());
            let edge = window[step] + (window[step + 1] - window[step]) * between;
            let turns = PI * CUTOFF * distance;
            let sinc = if turns.abs() < 1e-9 { 1.0 } else { turns.sin() / turns };
            sum += f64::from(*sample) * sinc * edge;
            weights += sinc * edge;
        }
        // Steady levels pass without a ripple; the two ends have fewer samples to go by.
        out.push(if weights.abs() < 0.1 { 0.0 } else { (sum / weights) as f32 });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::share;
    use core::f64::consts::TAU;

    #[test]
    fn a_tone_keeps_its_pitch_and_its_level_from_every_common_rate() {
        for from in [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000] {
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
