//! What a port hears that hears more than one: a sum of voices, made for it every 20 ms.
//!
//! A voice comes from the [`crate::ear`] of whoever speaks, at 8 and at 16 kHz as it is wanted, so that a listener with a
//! wideband codec hears wideband voices as such beside narrow ones. Sums are wider than samples and are cut off at full
//! scale only at the end.
//!
//! A port in a bridge leaves the relay for a mix when somebody beside the other end is to be heard, and comes back to it
//! afterwards. Both are done at the seam of two packets: the relay goes on until the ear of the other end hears
//! (`Begins`), and what that ear still holds is said before the next packet is relayed (`Ends`). Nothing that was said is
//! lost, and at most what an ear holds is heard twice.

use crate::ear::FRAME_SAMPLES_MAX;
use codec::SampleRate;

/// How many a port can hear beside its bridge or conference; a further one is refused with
/// [`crate::Event::HearRefused`].
pub const SPEAKERS_BESIDE_MAX: usize = 8;

/// How many can listen to one port beside those in its bridge or conference; a further one is refused likewise.
pub const LISTENERS_BESIDE_MAX: usize = 8;

/// Whether a port hears a mix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mixing {
    /// It hears what is relayed to it, or nothing.
    #[default]
    No,
    /// It shall, and hears what is relayed until the mix has the same to give.
    Begins,
    /// It does.
    Runs,
    /// It need not any more, and does until the next packet can be relayed.
    Ends,
}

/// What happens to [`Mixing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is more than one voice to hear; `relays` if one of them could be relayed.
    Wanted {
        /// Whether a relay is what the mix takes the place of.
        relays: bool,
    },
    /// There is one voice at most.
    Unwanted {
        /// Whether a relay takes the place of the mix.
        relays: bool,
    },
    /// The voice that is relayed can be heard in the mix.
    Ready,
    /// A packet came that can be relayed.
    Relayed,
}

impl Mixing {
    /// The state after a step.
    #[must_use]
    pub fn step(self, step: Step) -> Self {
        match (self, step) {
            (Self::No, Step::Wanted { relays: true }) => Self::Begins,
            (Self::No, Step::Wanted { relays: false }) => Self::Runs,
            (Self::Begins, Step::Wanted { relays: false } | Step::Ready) => Self::Runs,
            // The relay was never left.
            (Self::Begins, Step::Unwanted { .. }) => Self::No,
            (Self::Runs, Step::Unwanted { relays: true }) => Self::Ends,
            (Self::Runs, Step::Unwanted { relays: false }) => Self::No,
            (Self::Ends, Step::Wanted { .. }) => Self::Runs,
            (Self::Ends, Step::Unwanted { relays: false } | Step::Relayed) => Self::No,

            (Self::No, Step::Unwanted { .. } | Step::Ready | Step::Relayed) => Self::No,
            (Self::Begins, Step::Wanted { relays: true } | Step::Relayed) => Self::Begins,
            (Self::Runs, Step::Wanted { .. } | Step::Ready | Step::Relayed) => Self::Runs,
            (Self::Ends, Step::Unwanted { relays: true } | Step::Ready) => Self::Ends,
        }
    }

    /// Whether the port hears the mix now and not what is relayed.
    pub fn is_heard(self) -> bool {
        matches!(self, Self::Runs | Self::Ends)
    }
}

/// Voices added up.
#[derive(Clone, Debug)]
pub struct Sum {
    samples: [i32; FRAME_SAMPLES_MAX],
    rate: SampleRate,
}

impl Sum {
    /// No voice yet, at 8 or 16 kHz.
    pub fn new(rate: SampleRate) -> Self {
        Self { samples: [0; FRAME_SAMPLES_MAX], rate }
    }

    /// Adds a voice. Without sound there is nothing to add.
    pub fn add(&mut self, voice: Option<&[i16]>) {
        for (sum, sample) in self.samples.iter_mut().zip(voice.unwrap_or_default()) {
            *sum += i32::from(*sample);
        }
    }

    /// Takes a voice out that was added.
    pub fn take(&mut self, voice: Option<&[i16]>) {
        for (sum, sample) in self.samples.iter_mut().zip(voice.unwrap_or_default()) {
            *sum -= i32::from(*sample);
        }
    }

    /// What is to be heard: 20 ms at the rate of the sum, in `out`.
    pub fn sound<'a>(&self, out: &'a mut [i16; FRAME_SAMPLES_MAX]) -> &'a [i16] {
        let length = self.rate.samples_in(crate::ear::FRAME_MS).min(FRAME_SAMPLES_MAX);
        for (out, sum) in out.iter_mut().zip(&self.samples[..length]) {
            *out = (*sum).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
        }
        &out[..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn the_way_between_relay_and_mix() {
        let states = [Mixing::No, Mixing::Begins, Mixing::Runs, Mixing::Ends];
        let steps = [
            Step::Wanted { relays: true },
            Step::Wanted { relays: false },
            Step::Unwanted { relays: true },
            Step::Unwanted { relays: false },
            Step::Ready,
            Step::Relayed,
        ];
        let mut table = String::new();
        for state in states {
            for step in steps {
                writeln!(table, "{state:?} + {step:?} → {:?}", state.step(step)).unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn voices_are_cut_off_at_full_scale_and_can_be_taken_out_again() {
        let mut sum = Sum::new(SampleRate::Narrow);
        let mut out = [0; FRAME_SAMPLES_MAX];
        for _ in 0..3 {
            sum.add(Some(&[20_000; 160]));
        }
        assert_eq!(sum.sound(&mut out), [i16::MAX; 160]);
        sum.take(Some(&[20_000; 160]));
        sum.take(Some(&[20_000; 160]));
        sum.add(None);
        assert_eq!(sum.sound(&mut out), [20_000; 160]);
    }
}
