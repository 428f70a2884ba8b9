//! The length of a voice's period, by normalized cross-correlation: what loss concealment repeats and time scaling takes
//! out. Voices have 66 to 400 periods a second.

use crate::SampleRate;

/// The shortest and the longest period looked for, in samples at 8 kHz: 2.5 ms and 15 ms.
pub(crate) const SHORTEST: usize = 20;
pub(crate) const LONGEST: usize = 120;

/// How far apart the samples of the first, coarse look are: 4 kHz.
const fn stride(rate: SampleRate) -> usize {
    rate.hz() as usize / 4_000
}

/// A period at 8 kHz, in samples of `rate`.
pub(crate) const fn scaled(samples: usize, rate: SampleRate) -> usize {
    samples * rate.hz() as usize / 8_000
}

/// The lag within `shortest ..= longest` at which the end of `sound` looks most like what lies before it, and how much,
/// from 0 to 1, over `window` samples. `sound` must have `longest + window` samples. Costs some 6 µs at 8 kHz.
pub(crate) fn find(
    sound: &[i16],
    shortest: usize,
    longest: usize,
    window: usize,
    rate: SampleRate,
) -> (usize, f32) {
    let stride = stride(rate);
    let mut best = (longest, 0.0);
    let mut lag = shortest;
    while lag <= longest {
        let likeness = likeness(sound, lag, window, stride);
        if likeness > best.1 {
            best = (lag, likeness);
        }
        lag += stride;
    }
    // The second look is at every sample, around what the first one found.
    let around = best.0.saturating_sub(stride - 1).max(shortest)..=(best.0 + stride - 1).min(longest);
    best.1 = 0.0;
    for lag in around {
        let likeness = likeness(sound, lag, window, 1);
        if likeness > best.1 {
            best = (lag, likeness);
        }
    }
    best
}

/// How much the last `window` samples look like those `lag` before them, from 0 to 1; opposites count as 0.
fn likeness(sound: &[i16], lag: usize, window: usize, stride: usize) -> f32 {
    let end = sound.len();
    let (Some(now), Some(before)) = (
        sound.get(end.wrapping_sub(window)..),
        sound.get(end.wrapping_sub(window + lag)..end.wrapping_sub(lag)),
    ) else {
        return 0.0;
    };
    let (mut product, mut energy_now, mut energy_before) = (0.0f32, 1.0f32, 1.0f32);
    for (now, before) in now.iter().step_by(stride).zip(before.iter().step_by(stride)) {
        let (now, before) = (f32::from(*now), f32::from(*before));
        product += now * before;
        energy_now += now * now;
        energy_before += before * before;
    }
    (product / (energy_now * energy_before).sqrt()).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{noise, sine};

    #[test]
    fn the_period_of_a_voice_is_found() {
        for rate in [SampleRate::Narrow, SampleRate::Wide] {
            for frequency in [80.0, 110.0, 200.0, 310.0] {
                let sound = sine(rate.hz(), frequency, 8_000, scaled(400, rate));
                let (lag, likeness) =
                    find(&sound, scaled(SHORTEST, rate), scaled(LONGEST, rate), scaled(160, rate), rate);
                let periods = lag as f64 * frequency / f64::from(rate.hz());
                assert!((periods - periods.round()).abs() < 0.05 && likeness > 0.95, "{frequency}: {lag}");
            }
        }
    }

    #[test]
    fn noise_and_silence_have_none() {
        assert!(find(&noise(400, 8_000), SHORTEST, LONGEST, 160, SampleRate::Narrow).1 < 0.5);
        assert_eq!(find(&[0; 400], SHORTEST, LONGEST, 160, SampleRate::Narrow).1, 0.0);
        assert_eq!(find(&[9; 10], SHORTEST, LONGEST, 160, SampleRate::Narrow).1, 0.0, "too short to tell");
    }
}
