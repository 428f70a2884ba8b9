//! Prompts and hold music, encoded once so that playing them is copying. What was recorded with more than a telephone of old
//! can carry is kept at 16 kHz as well, for those who hear it.

use base::Duration;
use codec::Law;
use core::fmt;

/// Names a clip in logs and snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClipId(pub u32);

/// A sound in both laws, 8 000 samples a second: 16 kB a second. If there is a wideband form of it, 48 kB. Share it in an
/// `Arc`.
#[derive(Clone, PartialEq, Eq)]
pub struct Clip {
    id: ClipId,
    pcmu: Box<[u8]>,
    pcma: Box<[u8]>,
    wide: Option<Box<[i16]>>,
    is_silent: bool,
}

impl Clip {
    /// Encodes samples at 8 kHz.
    pub fn from_samples(id: ClipId, samples: &[i16]) -> Self {
        let encode = |law: Law| samples.iter().map(|sample| law.encode(*sample)).collect();
        let is_silent = samples.iter().all(|sample| *sample == 0);
        Self { id, pcmu: encode(Law::Mu), pcma: encode(Law::A), wide: None, is_silent }
    }

    /// The same with the sound at 16 kHz beside it. What is missing at its end is silence.
    #[must_use]
    pub fn with_wide(mut self, samples: &[i16]) -> Self {
        self.is_silent &= samples.iter().all(|sample| *sample == 0);
        let mut wide = samples.to_vec();
        wide.resize(2 * self.samples(), 0);
        self.wide = Some(wide.into_boxed_slice());
        self
    }

    /// Two samples at 16 kHz for each at 8 kHz, if there is such a form.
    pub fn wide(&self) -> Option<&[i16]> {
        self.wide.as_deref()
    }

    /// Whether there is nothing in it to be heard.
    pub fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// The clip's name.
    pub fn id(&self) -> ClipId {
        self.id
    }

    /// One byte a sample.
    pub fn bytes(&self, law: Law) -> &[u8] {
        match law {
            Law::Mu => &self.pcmu,
            Law::A => &self.pcma,
        }
    }

    /// How many samples it has.
    pub fn samples(&self) -> usize {
        self.pcmu.len()
    }

    /// How long it plays.
    pub fn duration(&self) -> Duration {
        duration_of_samples(self.pcmu.len() as u64)
    }
}

/// Shows the length, not the sound.
impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clip({}, {:?})", self.id.0, self.duration())
    }
}

/// How long so many samples last.
pub fn duration_of_samples(samples: u64) -> Duration {
    Duration::from_micros(samples.saturating_mul(1_000_000) / u64::from(codec::g711::SAMPLES_PER_SECOND))
}

/// How many whole samples fit into a duration.
pub fn samples_of_duration(duration: Duration) -> u64 {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    micros.saturating_mul(u64::from(codec::g711::SAMPLES_PER_SECOND)) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_holds_the_sound_in_both_laws() {
        let clip = Clip::from_samples(ClipId(1), &[0, 8_000, -8_000, 300]);
        assert_eq!((clip.samples(), clip.duration()), (4, Duration::from_micros(500)));
        for law in [Law::Mu, Law::A] {
            let decoded: Vec<_> = clip.bytes(law).iter().map(|byte| law.decode(*byte)).collect();
            for (sample, expected) in decoded.iter().zip([0, 8_000, -8_000, 300]) {
                assert!((sample - expected).abs() <= 260, "{decoded:?}");
            }
        }
    }

    #[test]
    fn samples_and_durations_agree() {
        assert_eq!(duration_of_samples(160), Duration::from_millis(20));
        assert_eq!(samples_of_duration(Duration::from_millis(20)), 160);
        assert_eq!(samples_of_duration(Duration::MAX), u64::MAX / 1_000_000);
    }
}
