//! From one rate of samples to another: 8, 16 and 48 kHz in any direction, by a polyphase filter.
//!
//! Between two rates whose quotient is L/M, sound is thought of as filled up with L − 1 zeros between samples, cleaned by
//! one low-pass filter, and thinned to every Mth; only the products that count are reckoned (R. Crochiere and L. Rabiner,
//! "Multirate Digital Signal Processing", 1983, §3.3). The filter is a sinc under Kaiser's window, flat to 0.8 of the
//! smaller band and 60 dB down where the larger one would fold.
//!
//! The sound comes out later by half the filter: 2 ms between 8 and 16 kHz.

use crate::SampleRate;
use core::f64::consts::PI;

/// Zero crossings of the sinc on each side of its middle, at the smaller rate.
pub(crate) const CROSSINGS: usize = 16;

/// Kaiser's β for some 60 dB.
pub(crate) const BETA: f64 = 5.65;

/// Where the filter is at half, as a share of the smaller rate's band: in the middle of its slope, which ends where the
/// band does with little to spare.
pub(crate) const CUTOFF: f64 = 0.92;

/// One in the fixed-point numbers of the taps. Two bits are left for the sum of their magnitudes.
const ONE: f64 = 16_384.0;

/// The most samples that are taken in at once; longer pieces are taken in turns.
const PIECE: usize = 480;

/// The most taps that one sample out can take, for 48 to 8 kHz.
const TAPS_MAX: usize = 2 * CROSSINGS * 6 + 1;

/// Carries the end of one piece of sound over to the next. Costs under a microsecond per 20 ms between 8 and 16 kHz;
/// allocates only when made.
#[derive(Clone, Debug)]
pub struct Resampler {
    from: SampleRate,
    to: SampleRate,
    /// L: samples out for every M in.
    up: usize,
    /// M.
    down: usize,
    /// The filter for each of L places between two samples in, one row after the other, in the order of time.
    taps: Box<[i16]>,
    /// Taps in a row.
    length: usize,
    /// The last samples in, as many as a row has, less one.
    before: Box<[i16]>,
    /// How far the next sample out lies behind the next sample in, in Lths.
    phase: usize,
}

impl Resampler {
    /// A resampler that has heard silence.
    pub fn new(from: SampleRate, to: SampleRate) -> Self {
        let (up, down) = match (from.hz(), to.hz()) {
            (a, b) if a < b => ((b / a) as usize, 1),
            (a, b) => (1, (a / b) as usize),
        };
        let length = if up == down { 1 } else { 2 * CROSSINGS * down + 1 };
        let mut taps = vec![0; up * length];
        if up == down {
            taps[0] = ONE as i16;
        } else {
            for phase in 0..up {
                design(&mut taps[phase * length..][..length], phase, up, down);
            }
        }
        let before = vec![0; length - 1].into_boxed_slice();
        Self { from, to, up, down, taps: taps.into_boxed_slice(), length, before, phase: 0 }
    }

    /// The rate of what goes in.
    pub fn from(&self) -> SampleRate {
        self.from
    }

    /// The rate of what comes out.
    pub fn to(&self) -> SampleRate {
        self.to
    }

    /// Appends the sound that `input` makes to `out`, as far as it has room; returns how many samples that are. Whole
    /// milliseconds in give whole milliseconds out.
    pub fn process(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        if self.up == self.down {
            let length = input.len().min(out.len());
            out[..length].copy_from_slice(&input[..length]);
            return length;
        }
        let mut written = 0;
        for piece in input.chunks(PIECE) {
            written += self.piece(piece, &mut out[written..]);
        }
        written
    }

    fn piece(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        let mut line = [0; TAPS_MAX - 1 + PIECE];
        let history = self.length - 1;
        line[..history].copy_from_slice(&self.before);
        line[history..history + input.len()].copy_from_slice(input);
        let mut written = 0;
        while self.phase < input.len() * self.up {
            let (at, row) = (self.phase / self.up, self.phase % self.up);
            let taps = &self.taps[row * self.length..][..self.length];
            let sum: i32 = line[at..at + self.length]
                .iter()
                .zip(taps)
                .map(|(sample, tap)| i32::from(*sample) * i32::from(*tap))
                .sum();
            let Some(sample) = out.get_mut(written) else { break };
            *sample = ((sum + ONE as i32 / 2) >> 14).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            written += 1;
            self.phase += self.down;
        }
        self.phase = self.phase.saturating_sub(input.len() * self.up);
        self.before.copy_from_slice(&line[input.len()..input.len() + history]);
        written
    }
}

/// The row of taps for samples that lie `phase` Lths behind a sample in.
fn design(row: &mut [i16], phase: usize, up: usize, down: usize) {
    // Distances count in samples of the smaller rate, which is the one in when going up.
    let middle = (row.len() / 2) as f64;
    let at = |index: usize| (middle + phase as f64 / up as f64 - index as f64) / down as f64;
    let weight = |distance: f64| {
        let turns = PI * CUTOFF * distance;
        let sinc = if turns.abs() < 1e-9 { 1.0 } else { turns.sin() / turns };
        let edge = distance / (CROSSINGS as f64 + 1.0);
        sinc * bessel(BETA * (1.0 - edge * edge).max(0.0).sqrt())
    };
    // Every row sums up to one, so that a steady level passes without a ripple.
    let sum: f64 = (0..row.len()).map(|index| weight(at(index))).sum();
    for (index, tap) in row.iter_mut().enumerate() {
        *tap = (weight(at(index)) / sum * ONE).round() as i16;
    }
}

/// The modified Bessel function of order zero, by its series.
pub(crate) fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..32 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{share, sine};

    /// All changes of rate.
    fn pairs() -> impl Iterator<Item = (SampleRate, SampleRate)> {
        SampleRate::ALL.into_iter().flat_map(|from| SampleRate::ALL.map(|to| (from, to)))
    }

    #[test]
    fn a_tone_keeps_its_pitch_and_its_level_at_every_rate() {
        for (from, to) in pairs() {
            for frequency in [300.0, 1_000.0, 2_000.0, 3_000.0] {
                let heard = resampled(from, to, &sine(from.hz(), frequency, 8_000, from.samples_in(500)));
                let steady = &heard[to.samples_in(100)..];
                let level =
                    (steady.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / steady.len() as f64).sqrt();
                assert!(
                    (level - 8_000.0 / 2f64.sqrt()).abs() < 150.0,
                    "{from:?} {to:?} {frequency}: {level}"
                );
                assert!(share(steady, to.hz(), frequency) > 0.999, "{from:?} {to:?} {frequency}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_not_folded() {
        for (from, to, frequency) in [
            (SampleRate::Wide, SampleRate::Narrow, 5_000.0),
            (SampleRate::Wide, SampleRate::Narrow, 7_000.0),
            (SampleRate::Full, SampleRate::Wide, 10_000.0),
            (SampleRate::Full, SampleRate::Narrow, 5_000.0),
            (SampleRate::Full, SampleRate::Narrow, 20_000.0),
        ] {
            let heard = resampled(from, to, &sine(from.hz(), frequency, 16_000, from.samples_in(500)));
            let loudest = heard[to.samples_in(100)..].iter().map(|sample| sample.unsigned_abs()).max();
            assert!(loudest < Some(40), "{from:?} {to:?} {frequency}: {loudest:?}, 52 dB down");
        }
    }

    #[test]
    fn going_up_makes_no_images() {
        let heard = resampled(SampleRate::Narrow, SampleRate::Wide, &sine(8_000, 3_000.0, 16_000, 8_000));
        assert!(share(&heard[1_600..], 16_000, 5_000.0) < 1e-5);
    }

    #[test]
    fn pieces_of_any_length_join_without_a_seam() {
        for (from, to) in pairs() {
            let sound = sine(from.hz(), 700.0, 8_000, 4_800);
            let whole = resampled(from, to, &sound);
            let mut resampler = Resampler::new(from, to);
            let mut joined = vec![];
            let mut rest = &sound[..];
            for length in [1, 7, 160, 333, 960, 5, 480].into_iter().cycle() {
                let (piece, after) = rest.split_at(length.min(rest.len()));
                let mut out = [0; 8_000];
                let written = resampler.process(piece, &mut out);
                joined.extend_from_slice(&out[..written]);
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            assert!(joined == whole, "{from:?} {to:?}");
        }
    }

    #[test]
    fn whole_milliseconds_stay_whole_milliseconds() {
        for (from, to) in pairs() {
            let mut resampler = Resampler::new(from, to);
            for _ in 0..10 {
                let mut out = [0; 1_000];
                assert_eq!(resampler.process(&vec![0; from.samples_in(20)], &mut out), to.samples_in(20));
            }
        }
    }

    #[test]
    fn full_scale_is_held_at_full_scale() {
        let square: Vec<i16> =
            (0..1_600).map(|at| if at / 8 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let heard = resampled(SampleRate::Wide, SampleRate::Narrow, &square);
        assert!(heard.contains(&i16::MAX) && heard.contains(&i16::MIN), "clipped, not wrapped");
    }

    fn resampled(from: SampleRate, to: SampleRate, sound: &[i16]) -> Vec<i16> {
        let mut out = vec![0; sound.len() * 6 + 10];
        let written = Resampler::new(from, to).process(sound, &mut out);
        out.truncate(written);
        out
    }
}
