//! Hears when a microphone or a line is overdriven: samples that stay at full scale, more of them than chance puts there.

/// From this magnitude on a sample is at full scale, in either law of G.711 and in any other codec.
pub const FULL_SCALE: u16 = 31_600;

/// How many of the 8 000 samples of a second must lie at full scale, beside another that does, to be told.
pub const CLIPPED_A_SECOND: u32 = 80;

/// Samples in a second.
const SECOND: u32 = 8_000;

/// Listens to one stream at 8 kHz.
#[derive(Clone, Debug, Default)]
pub struct Clipping {
    at_full_scale: bool,
    clipped: u32,
    heard: u32,
}

impl Clipping {
    /// Has heard nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes sound; `told` gets how many samples of a second were clipped, if that was too many.
    pub fn push(&mut self, samples: &[i16], mut told: impl FnMut(u32)) {
        for sample in samples {
            let is_full = sample.unsigned_abs() >= FULL_SCALE;
            // One alone may be a peak that just fits.
            self.clipped += u32::from(is_full && self.at_full_scale);
            self.at_full_scale = is_full;
            self.heard += 1;
            if self.heard == SECOND {
                if self.clipped >= CLIPPED_A_SECOND {
                    told(self.clipped);
                }
                (self.clipped, self.heard) = (0, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;
    use codec::Law;

    #[test]
    fn an_overdriven_voice_is_told_every_second_and_a_loud_one_is_not() {
        for law in [Law::Mu, Law::A] {
            let told = |gain: f64| {
                let mut told = vec![];
                let sound: Vec<_> = tone::sine(300.0, 10_000, 0, 24_000)
                    .iter()
                    .map(|sample| law.decode(law.encode((f64::from(*sample) * gain) as i16)))
                    .collect();
                Clipping::new().push(&sound, |clipped| told.push(clipped));
                told.len()
            };
            assert_eq!((told(3.0), told(6.0)), (0, 3), "{law:?}");
        }
    }
}
