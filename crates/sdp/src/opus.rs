//! What a side wants to receive of Opus: the parameters of RFC 7587 §6.1 that change what we send.
//!
//! The others (`cbr`, `usedtx`, `stereo` …) are wishes that a sender of speech in one channel fulfils or may leave alone.

use core::fmt;

/// The lowest and the highest rate that is believed, in bits a second (RFC 7587 §6.1: 6 000 to 510 000).
const BITRATE: core::ops::RangeInclusive<u32> = 6_000..=510_000;

/// Wishes of the side that receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opus {
    /// Bits a second in the mean, at most.
    pub bitrate_max: Option<u32>,
    /// The highest rate of samples that makes a difference there.
    pub playback_rate_max: Option<u32>,
    /// Whether redundancy for lost packets is of use.
    pub redundancy: bool,
}

impl Opus {
    /// Nothing said.
    pub const SILENT: Self = Self { bitrate_max: None, playback_rate_max: None, redundancy: false };

    /// What we say: wideband in one channel, redundancy welcome.
    pub const fn ours(bitrate: u32) -> Self {
        Self { bitrate_max: Some(bitrate), playback_rate_max: Some(16_000), redundancy: true }
    }

    /// Reads what stands behind the payload type of an `a=fmtp`; what cannot be read is as if it were not said.
    pub fn parse(parameters: &str) -> Self {
        let mut opus = Self::SILENT;
        for parameter in parameters.split(';') {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            let number = || value.trim().parse::<u32>().ok();
            match name.trim().to_ascii_lowercase().as_str() {
                "maxaveragebitrate" => opus.bitrate_max = number().filter(|rate| BITRATE.contains(rate)),
                "maxplaybackrate" => opus.playback_rate_max = number().filter(|rate| *rate >= 8_000),
                "useinbandfec" => opus.redundancy = number() == Some(1),
                _ => {}
            }
        }
        opus
    }
}

impl fmt::Display for Opus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rate) = self.playback_rate_max {
            write!(f, "maxplaybackrate={rate};")?;
        }
        if let Some(rate) = self.bitrate_max {
            write!(f, "maxaveragebitrate={rate};")?;
        }
        write!(f, "useinbandfec={}", u8::from(self.redundancy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wishes_are_read_as_they_are_written_and_nonsense_is_none() {
        assert_eq!(Opus::parse(&Opus::ours(24_000).to_string()), Opus::ours(24_000));
        assert_eq!(Opus::parse("minptime=10; UseInbandFEC=1"), Opus { redundancy: true, ..Opus::SILENT });
        assert_eq!(
            Opus::parse("maxaveragebitrate=4000000;maxplaybackrate=3;useinbandfec=yes;;="),
            Opus::SILENT
        );
        assert_eq!(Opus::parse(""), Opus::SILENT);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".{0,200}") {
            let read = Opus::parse(&text);
            prop_assert_eq!(Opus::parse(&read.to_string()), read);
        }
    }
}
