//! The codecs, by name.

use crate::SampleRate;
use crate::opus;

/// How sound is encoded on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// G.711 µ law.
    Pcmu,
    /// G.711 A law.
    Pcma,
    /// G.722 at 64 kbit/s.
    G722,
    /// Opus, in one channel.
    Opus,
}

impl Codec {
    /// Every codec.
    pub const ALL: [Self; 4] = [Self::Pcmu, Self::Pcma, Self::G722, Self::Opus];

    /// The name it has in SDP and on boards.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// The law, if it is G.711. What has one can be turned into the other byte by byte.
    pub const fn law(self) -> Option<crate::Law> {
        match self {
            Self::Pcmu => Some(crate::Law::Mu),
            Self::Pcma => Some(crate::Law::A),
            Self::G722 | Self::Opus => None,
        }
    }

    /// The best rate at which its sound is handled here. Opus could do more, but nobody speaks above 8 kHz.
    pub const fn sample_rate(self) -> SampleRate {
        match self {
            Self::Pcmu | Self::Pcma => SampleRate::Narrow,
            Self::G722 | Self::Opus => SampleRate::Wide,
        }
    }

    /// How many units a second RTP counts for it (RFC 3551 §4.5.2 for G.722, RFC 7587 §4.1 for Opus).
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8_000,
            Self::Opus => 48_000,
        }
    }

    /// How many units of RTP's clock a payload lasts. `None` if it is no payload of this codec, or longer than the
    /// 120 ms of the longest one.
    pub fn units(self, payload: &[u8]) -> Option<u32> {
        let units = match self {
            Self::Pcmu | Self::Pcma | Self::G722 => u32::try_from(payload.len()).ok()?,
            Self::Opus => opus::units(payload)?,
        };
        (0 < units && units <= self.clock_rate() / 1_000 * LONGEST_MS).then_some(units)
    }

    /// The length of packets nearest below what the far end asks for, in milliseconds: Opus has no 30 and 50.
    pub const fn packet_ms(self, wanted: u16) -> u16 {
        match (self, wanted) {
            (_, ..20) => 10,
            (Self::Opus, 20..40) => 20,
            (Self::Opus, 40..60) => 40,
            (_, 60..) => 60,
            (Self::Pcmu | Self::Pcma | Self::G722, wanted) => wanted / 10 * 10,
        }
    }

    /// Whether the bytes of one are, or become one by one, those of the other: such sound is never decoded.
    pub const fn is_kin(self, other: Self) -> bool {
        match (self, other) {
            (Self::Pcmu | Self::Pcma, Self::Pcmu | Self::Pcma) => true,
            (Self::G722, Self::G722) | (Self::Opus, Self::Opus) => true,
            (Self::Pcmu | Self::Pcma | Self::G722 | Self::Opus, _) => false,
        }
    }
}

/// The longest payload of any codec.
pub const LONGEST_MS: u32 = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_says_how_long_it_lasts() {
        assert_eq!(Codec::Pcma.units(&[0; 160]), Some(160));
        assert_eq!(Codec::G722.units(&[0; 160]), Some(160), "8 000 units a second, whatever the samples");
        assert_eq!(Codec::Opus.units(&[0x08, 1, 2]), Some(960));
        for codec in Codec::ALL {
            assert_eq!(codec.units(&[]), None);
        }
        assert_eq!(Codec::Pcmu.units(&[0; 961]), None);
    }

    #[test]
    fn opus_packets_have_a_length_that_opus_has() {
        let asked = [0, 10, 15, 20, 30, 40, 50, 60, 120];
        assert_eq!(asked.map(|ms| Codec::Opus.packet_ms(ms)), [10, 10, 10, 20, 20, 40, 40, 60, 60]);
        assert_eq!(asked.map(|ms| Codec::Pcmu.packet_ms(ms)), [10, 10, 10, 20, 30, 40, 50, 60, 60]);
    }
}
