//! Loss concealment for codecs that have none of their own: after ITU-T G.711 appendix I, at any rate.
//!
//! What is missing is filled with the last period of the voice, over and over; after 10 and 20 ms with the last two and
//! three periods, so that it does not buzz; from 10 ms on it fades, and after 60 ms it is silent. When sound comes again,
//! the filling fades into it. Unlike the appendix nothing is held back for the sake of a smooth beginning: the step
//! between the last sample and the first repeated one is spread over a quarter of a period instead.

use crate::SampleRate;
use crate::pitch::{LONGEST, SHORTEST, find, scaled};

/// Samples at 8 kHz over which likeness is judged: 20 ms, as in the appendix.
const WINDOW: usize = 160;

/// The most periods that are repeated together.
const PERIODS_MAX: usize = 3;

/// What is remembered, in samples at 8 kHz: three of the longest periods and a quarter to smooth the seam.
const HISTORY: usize = (PERIODS_MAX + 1) * LONGEST;

/// How long the filling goes on before it begins to fade, and is gone, in milliseconds.
const FADE_BEGINS_MS: usize = 10;
const FADE_ENDS_MS: usize = 60;

/// How long the filling fades into what comes after it, at most.
const JOIN_MS: usize = 10;

/// The memory of one stream. Costs a copy per frame while nothing is lost, and some 6 µs at the beginning of a gap;
/// allocates only when made.
#[derive(Clone, Debug)]
pub struct Concealer {
    rate: SampleRate,
    /// The last sound, and behind it room for as much again: moving it is rare.
    history: Box<[i16]>,
    end: usize,
    gap: Option<Gap>,
}

/// A gap being filled.
#[derive(Clone, Copy, Debug)]
struct Gap {
    period: usize,
    /// How many periods are repeated together, and where in them the next sample lies.
    periods: usize,
    at: usize,
    /// The step to be spread, and samples filled so far.
    step: i32,
    filled: usize,
}

impl Concealer {
    /// Nothing remembered: the first gap is silence.
    pub fn new(rate: SampleRate) -> Self {
        let history = vec![0; 2 * scaled(HISTORY, rate)].into_boxed_slice();
        Self { rate, history, end: scaled(HISTORY, rate), gap: None }
    }

    /// Takes note of sound that came. Right behind a gap, its beginning is joined to the filling.
    pub fn hear(&mut self, samples: &mut [i16]) {
        if let Some(mut gap) = self.gap.take() {
            // A longer gap has drifted further from the voice, and takes longer to join (appendix I.2.7).
            let ms = (4 + 4 * gap.filled / self.rate.samples_in(10)).min(JOIN_MS);
            let length = self.rate.samples_in(ms).min(samples.len());
            for (at, sample) in samples.iter_mut().take(length).enumerate() {
                let filling = i32::from(self.next(&mut gap));
                let share = at as i32 + 1;
                let mixed = filling * (length as i32 - share) + i32::from(*sample) * share;
                *sample = (mixed / length as i32) as i16;
            }
        }
        self.remember(samples);
    }

    /// Fills `out` with what could have come. What it fills is not remembered as heard.
    pub fn fill(&mut self, out: &mut [i16]) {
        let mut gap = self.gap.take().unwrap_or_else(|| self.begin());
        for sample in out {
            *sample = self.next(&mut gap);
        }
        self.gap = Some(gap);
    }

    /// Whether the filling has faded to nothing.
    pub fn is_silent(&self) -> bool {
        self.gap.is_some_and(|gap| gap.filled >= self.rate.samples_in(FADE_ENDS_MS))
    }

    fn sound(&self) -> &[i16] {
        &self.history[self.end - scaled(HISTORY, self.rate)..self.end]
    }

    fn begin(&self) -> Gap {
        let scaled = |samples| scaled(samples, self.rate);
        let sound = self.sound();
        // The shortest period of the appendix is 5 ms: repeating less than that buzzes.
        let (period, _) = find(sound, scaled(2 * SHORTEST), scaled(LONGEST), scaled(WINDOW), self.rate);
        let last = sound.len() - 1;
        let step = i32::from(sound[last]) - i32::from(sound[last - period]);
        Gap { period, periods: 1, at: 0, step, filled: 0 }
    }

    fn next(&self, gap: &mut Gap) -> i16 {
        let ten = self.rate.samples_in(10);
        // More periods are taken in while staying at the same sample, counted from the end.
        let periods = (1 + gap.filled / ten).min(PERIODS_MAX);
        gap.at += (periods - gap.periods) * gap.period;
        gap.periods = periods;
        let sound = self.sound();
        let length = gap.periods * gap.period;
        let quarter = gap.period / 4;
        let mut sample = i32::from(sound[sound.len() - length + gap.at]);
        // The last quarter of the loop leans towards what came before its first sample, which follows it.
        if let Some(into) = (gap.at + quarter).checked_sub(length) {
            let before = i32::from(sound[sound.len() + gap.at - 2 * length]);
            sample += (before - sample) * into as i32 / quarter.max(1) as i32;
        }
        if gap.filled < quarter {
            sample += gap.step * (quarter - gap.filled) as i32 / quarter as i32;
        }
        gap.at = (gap.at + 1) % length;
        let (begins, ends) = (self.rate.samples_in(FADE_BEGINS_MS), self.rate.samples_in(FADE_ENDS_MS));
        let left = ends.saturating_sub(gap.filled.max(begins));
        gap.filled = (gap.filled + 1).min(ends);
        (sample * left as i32 / (ends - begins) as i32).clamp(i16::MIN.into(), i16::MAX.into()) as i16
    }

    fn remember(&mut self, samples: &[i16]) {
        let kept = scaled(HISTORY, self.rate);
        for piece in samples.chunks(kept) {
            if self.end + piece.len() > self.history.len() {
                self.history.copy_within(self.end - kept..self.end, 0);
                self.end = kept;
            }
            self.history[self.end..self.end + piece.len()].copy_from_slice(piece);
            self.end += piece.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{noise, prompt, segmental_snr, sine};

    #[test]
    fn a_tone_goes_on_through_a_gap() {
        for rate in [SampleRate::Narrow, SampleRate::Wide] {
            let sound = sine(rate.hz(), 200.0, 8_000, rate.samples_in(400));
            let frame = rate.samples_in(10);
            let heard = with_gaps(&sound, rate, |number| number == 20);
            let (wanted, filled) = (&sound[20 * frame..21 * frame], &heard[20 * frame..21 * frame]);
            assert!(snr(wanted, filled) > 20.0, "{rate:?}: {}", snr(wanted, filled));
            assert!(snr(&sound[21 * frame..], &heard[21 * frame..]) > 15.0, "and nothing clicks behind it");
        }
    }

    #[test]
    fn no_step_is_larger_than_those_of_the_sound_itself() {
        let sound = prompt();
        let largest = |sound: &[i16]| sound.windows(2).map(|pair| pair[1].abs_diff(pair[0])).max();
        let heard = with_gaps(&sound, SampleRate::Narrow, |number| number % 10 == 7);
        assert!(largest(&heard) <= largest(&sound).map(|step| step + step / 4));
    }

    #[test]
    fn a_long_gap_fades_to_silence_and_is_left_gently() {
        let sound = sine(8_000, 150.0, 8_000, 3_200);
        let mut concealer = Concealer::new(SampleRate::Narrow);
        concealer.hear(&mut sound.clone());
        let mut filled = [0; 800];
        concealer.fill(&mut filled);
        let loudest = |samples: &[i16]| samples.iter().map(|sample| sample.unsigned_abs()).max();
        assert!(loudest(&filled[..80]) > Some(7_500));
        assert!(loudest(&filled[320..400]) < Some(4_000));
        assert!(filled[480..].iter().all(|sample| *sample == 0) && concealer.is_silent());
        let mut after = [8_000; 160];
        concealer.hear(&mut after);
        assert!(after[0] < 200 && after[159] == 8_000 && !concealer.is_silent());
    }

    #[test]
    fn before_anything_came_a_gap_is_silent() {
        let mut filled = [7; 160];
        Concealer::new(SampleRate::Wide).fill(&mut filled);
        assert_eq!(filled, [0; 160]);
    }

    #[test]
    fn speech_with_lost_packets_is_nearer_to_speech_than_silence_is() {
        let sound = prompt();
        for (lost, better_db) in [(20, 0.5), (10, 0.5)] {
            let gap = |number: usize| number % lost == 3;
            let concealed = with_gaps(&sound, SampleRate::Narrow, gap);
            let silent: Vec<i16> =
                sound.iter().enumerate().map(|(at, sample)| if gap(at / 80) { 0 } else { *sample }).collect();
            let frames = |sound: &[i16]| -> Vec<i16> {
                sound
                    .chunks(80)
                    .enumerate()
                    .filter(|(number, _)| gap(*number))
                    .flat_map(|(_, f)| f.to_vec())
                    .collect()
            };
            let (wanted, with, without) = (frames(&sound), frames(&concealed), frames(&silent));
            let gained = segmental_snr(&wanted, &with, 80) - segmental_snr(&wanted, &without, 80);
            assert!(gained > better_db, "one in {lost}: {gained:.1} dB");
        }
    }

    #[test]
    fn whatever_it_heard_it_stays_within_bounds() {
        let mut concealer = Concealer::new(SampleRate::Narrow);
        for (number, mut sound) in noise(48_000, 32_767).chunks(160).map(<[i16]>::to_vec).enumerate() {
            if number % 3 == 0 {
                let mut out = vec![0; 1 + number * 7 % 400];
                concealer.fill(&mut out);
            } else {
                concealer.hear(&mut sound);
            }
        }
    }

    /// The sound in frames of 10 ms, of which some are lost and concealed.
    fn with_gaps(sound: &[i16], rate: SampleRate, lost: impl Fn(usize) -> bool) -> Vec<i16> {
        let mut concealer = Concealer::new(rate);
        let mut heard = vec![];
        for (number, frame) in sound.chunks_exact(rate.samples_in(10)).enumerate() {
            let mut frame = frame.to_vec();
            if lost(number) {
                concealer.fill(&mut frame);
            } else {
                concealer.hear(&mut frame);
            }
            heard.extend(frame);
        }
        heard
    }

    fn snr(wanted: &[i16], heard: &[i16]) -> f64 {
        segmental_snr(wanted, heard, wanted.len().min(heard.len()))
    }
}
