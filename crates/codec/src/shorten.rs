//! Takes one period out of a voice so that a late stream catches up without being heard to: overlap and add, in
//! time with the voice (W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity", 1993).

use crate::SampleRate;
use crate::pitch::{SHORTEST, find, scaled};

/// The longest period that is taken out, in samples at 8 kHz: 10 ms, half a frame.
const LONGEST: usize = 80;

/// Samples at 8 kHz over which likeness is judged.
const WINDOW: usize = 80;

/// From this likeness on, nobody hears that a period is missing.
const ALIKE: f32 = 0.7;

/// Below this mean magnitude there is nothing to be heard at all.
const QUIET: u32 = 48;

/// Takes one period out of `sound`, 20 ms or more of it, if it can be done unheard; returns how many samples are left, at
/// the beginning. Costs some 3 µs at 8 kHz.
pub fn shorten(sound: &mut [i16], rate: SampleRate) -> usize {
    let length = sound.len();
    let longest = scaled(LONGEST, rate);
    if length < longest + scaled(WINDOW, rate) {
        return length;
    }
    let (period, likeness) = find(sound, scaled(SHORTEST, rate), longest, scaled(WINDOW, rate), rate);
    let loudness = sound.iter().map(|sample| u32::from(sample.unsigned_abs())).sum::<u32>() / length as u32;
    let period = match (loudness < QUIET, likeness >= ALIKE) {
        (true, _) => longest,
        (false, true) => period,
        (false, false) => return length,
    };
    // The end was judged, so it is the end that is taken together: the last two periods become one.
    let seam = length - 2 * period;
    for at in 0..period {
        let (first, second) = (i32::from(sound[seam + at]), i32::from(sound[seam + period + at]));
        let mixed = first * (period - at) as i32 + second * at as i32;
        sound[seam + at] = (mixed / period as i32) as i16;
    }
    length - period
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{noise, prompt, share, sine};

    #[test]
    fn a_tone_gets_shorter_and_stays_that_tone() {
        for rate in [SampleRate::Narrow, SampleRate::Wide] {
            let frame = rate.samples_in(20);
            let mut heard = vec![];
            for frame in sine(rate.hz(), 210.0, 8_000, rate.samples_in(1_000)).chunks_exact(frame) {
                let mut frame = frame.to_vec();
                let left = shorten(&mut frame, rate);
                heard.extend_from_slice(&frame[..left]);
            }
            assert!(heard.len() < rate.samples_in(800), "{}", heard.len());
            assert!(share(&heard, rate.hz(), 210.0) > 0.8, "{}", share(&heard, rate.hz(), 210.0));
        }
    }

    #[test]
    fn silence_can_always_be_shortened_and_noise_never() {
        assert_eq!(shorten(&mut [3; 160], SampleRate::Narrow), 80);
        assert_eq!(shorten(&mut noise(160, 8_000), SampleRate::Narrow), 160);
        assert_eq!(shorten(&mut [0; 100], SampleRate::Narrow), 100, "too short to tell");
    }

    #[test]
    fn speech_offers_an_opportunity_every_few_frames() {
        let mut tried = 0;
        let mut taken = 0;
        for frame in prompt().chunks_exact(160) {
            tried += 1;
            taken += usize::from(shorten(&mut frame.to_vec(), SampleRate::Narrow) < 160);
        }
        assert!(taken * 3 > tried, "{taken} of {tried}");
    }
}
