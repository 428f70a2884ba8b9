//! How many samples a second sound has inside the house.

/// A rate of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SampleRate {
    /// 8 kHz: telephone speech, up to 3.4 kHz.
    Narrow,
    /// 16 kHz: wideband speech, up to 7 kHz.
    Wide,
    /// 48 kHz: everything one can hear; what files and browsers bring.
    Full,
}

impl SampleRate {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Narrow, Self::Wide, Self::Full];

    /// Samples a second.
    pub const fn hz(self) -> u32 {
        match self {
            Self::Narrow => 8_000,
            Self::Wide => 16_000,
            Self::Full => 48_000,
        }
    }

    /// Samples in so many milliseconds.
    pub const fn samples_in(self, ms: usize) -> usize {
        self.hz() as usize / 1_000 * ms
    }
}
