//! Hears when somebody speaks and when not, by loudness above a background that is learned.
//!
//! Sound is looked at 10 ms at a time. The background is the quietest of late: it falls at once and rises by
//! [`RISE_DB_A_SECOND`], so that a fan is background after a while and a sentence is not. What is [`ABOVE_DB`] louder than
//! that is speech; it begins after [`BEGINS_AFTER`] of it and ends when there was none for [`ENDS_AFTER`].
//!
//! The lengths of speech and pauses are what tells an answering machine from a person: a person says a word and waits.
//! Music and ringing are as good as speech to it; [`crate::progress_tone`] knows the latter.

use base::Duration;

/// How much louder than the background speech is, in decibels.
pub const ABOVE_DB: f32 = 9.0;

/// How fast the background rises while it is exceeded.
pub const RISE_DB_A_SECOND: f32 = 1.5;

/// The quietest that can be speech, in dBm0.
pub const QUIETEST_DBM0: f32 = -48.0;

/// How much speech there must be for it to begin; a click is shorter.
pub const BEGINS_AFTER: Duration = Duration::from_millis(60);

/// How long there must be none for it to end; a stop within a word is shorter.
pub const ENDS_AFTER: Duration = Duration::from_millis(300);

/// Samples that are looked at together: 10 ms.
const WINDOW: usize = 80;

/// The root of the mean square of a sine of 0 dBm0.
const ZERO_DBM0: f32 = 15_768.0;

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Somebody began to speak.
    Began {
        /// How long it was quiet before.
        pause: Duration,
    },
    /// Nobody speaks any more.
    Ended {
        /// How long somebody spoke, without the silence that told the end.
        length: Duration,
    },
}

/// Listens to one stream at 8 kHz.
#[derive(Clone, Debug)]
pub struct VoiceActivity {
    energy: f32,
    filled: usize,
    /// The background, in dBm0.
    floor: f32,
    speaks: bool,
    /// Windows since speech began or ended.
    windows: u32,
    /// Windows in a row that contradict that.
    against: u32,
}

impl VoiceActivity {
    /// Has heard nothing yet; what comes first may be speech.
    pub fn new() -> Self {
        Self {
            energy: 0.0,
            filled: 0,
            floor: QUIETEST_DBM0 - ABOVE_DB,
            speaks: false,
            windows: 0,
            against: 0,
        }
    }

    /// Takes sound. Costs a multiplication a sample.
    pub fn push(&mut self, samples: &[i16], mut told: impl FnMut(Activity)) {
        for sample in samples {
            self.energy += f32::from(*sample) * f32::from(*sample);
            self.filled += 1;
            if self.filled == WINDOW {
                let level = 20.0 * ((self.energy / WINDOW as f32).sqrt().max(1.0) / ZERO_DBM0).log10();
                self.energy = 0.0;
                self.filled = 0;
                if let Some(activity) = self.step(level) {
                    told(activity);
                }
            }
        }
    }

    fn step(&mut self, level: f32) -> Option<Activity> {
        let is_speech = level >= QUIETEST_DBM0 && level >= self.floor + ABOVE_DB;
        self.floor = (self.floor + RISE_DB_A_SECOND / 100.0).min(level).max(-80.0);
        self.windows = self.windows.saturating_add(1);
        self.against = if is_speech == self.speaks { 0 } else { self.against + 1 };
        let enough = if self.speaks { ENDS_AFTER } else { BEGINS_AFTER };
        if windows(self.against) < enough {
            return None;
        }
        let before = windows(self.windows - self.against);
        self.speaks = is_speech;
        self.windows = self.against;
        self.against = 0;
        Some(match is_speech {
            true => Activity::Began { pause: before },
            false => Activity::Ended { length: before },
        })
    }
}

impl Default for VoiceActivity {
    fn default() -> Self {
        Self::new()
    }
}

fn windows(count: u32) -> Duration {
    Duration::from_millis(u64::from(count) * 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    #[test]
    fn words_and_pauses_are_told_with_their_lengths() {
        let mut activity = VoiceActivity::new();
        let word = |ms: usize| tone::sine(210.0, 4_000, 0, ms * 8);
        let sound = [vec![0; 4_000], word(400), vec![0; 1_600], word(600), vec![0; 8_000]].concat();
        let told = told(&mut activity, &sound);
        // A pause of 200 ms belongs to the sentence.
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(matches!(told[0], Activity::Began { pause } if near(pause, 500)), "{told:?}");
        assert!(matches!(told[1], Activity::Ended { length } if near(length, 1_200)), "{told:?}");
    }

    #[test]
    fn a_steady_noise_becomes_background_and_speech_above_it_is_heard() {
        let mut activity = VoiceActivity::new();
        let mut seed = 1u32;
        let mut noise = |count: usize, amplitude: f32| -> Vec<i16> {
            (0..count)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (((seed >> 16) as f32 / 32_768.0 - 1.0) * amplitude) as i16
                })
                .collect()
        };
        let fan = noise(8_000 * 20, 300.0);
        told(&mut activity, &fan);
        assert!(!activity.speaks, "the fan is background by now");
        let mut speech = noise(8_000, 300.0);
        for (sample, voice) in speech.iter_mut().zip(tone::sine(180.0, 3_000, 0, 4_000)) {
            *sample += voice;
        }
        let told = told(&mut activity, &speech);
        assert!(
            matches!(told[..], [Activity::Began { .. }, Activity::Ended { length }] if near(length, 500)),
            "{told:?}"
        );
    }

    #[test]
    fn a_click_is_not_speech_and_silence_is_silence() {
        let mut activity = VoiceActivity::new();
        assert_eq!(told(&mut activity, &[[8_000; 160].as_slice(), &[0; 8_000]].concat()), []);
        assert_eq!(told(&mut activity, &[8; 80_000]), []);
    }

    fn told(activity: &mut VoiceActivity, sound: &[i16]) -> Vec<Activity> {
        let mut told = vec![];
        for piece in sound.chunks(160) {
            activity.push(piece, |activity| told.push(activity));
        }
        told
    }

    fn near(duration: Duration, ms: u128) -> bool {
        duration.as_millis().abs_diff(ms) <= 40
    }
}
