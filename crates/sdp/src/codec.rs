//! The codecs we speak, by the names and numbers of RFC 3551 §6 and RFC 7587 §7.
//!
//! A new one is a variant here and a line in each `match`; negotiation asks nothing else of it.

/// A codec of speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Codec {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722 at 64 kbit/s. Its clock is 8000 by an old mistake (RFC 3551 §4.5.2), its sound has 16 000 samples.
    G722,
    /// Opus. It is always written with two channels (RFC 7587 §7), however many are sent.
    Opus,
}

impl Codec {
    /// Every codec.
    pub const ALL: [Self; 4] = [Self::Pcmu, Self::Pcma, Self::G722, Self::Opus];

    /// What every phone speaks, in the order we like them.
    pub const PLAIN: [Self; 2] = [Self::Pcmu, Self::Pcma];

    /// The encoding name, as in `a=rtpmap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// The RTP clock, in Hz.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8000,
            Self::Opus => 48_000,
        }
    }

    /// The channels written behind the clock, if any are.
    pub const fn channels(self) -> Option<u8> {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => None,
            Self::Opus => Some(2),
        }
    }

    /// The payload type we offer it under: the static one where there is one.
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 96,
        }
    }

    /// The codec that a payload type means without an `a=rtpmap`.
    pub fn of_static(payload_type: u8) -> Option<Self> {
        match payload_type {
            0 => Some(Self::Pcmu),
            8 => Some(Self::Pcma),
            9 => Some(Self::G722),
            _ => None,
        }
    }

    /// The codec of an encoding name, which may be written in any case, a clock, and channels. One channel may be said or
    /// left out; two are said of Opus only, where careless phones leave them out as well.
    pub fn named(name: &str, clock_rate: u32, channels: Option<&str>) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| {
            let channels = match channels {
                None | Some("1") => true,
                Some("2") => codec.channels() == Some(2),
                Some(_) => false,
            };
            channels && codec.name().eq_ignore_ascii_case(name) && codec.clock_rate() == clock_rate
        })
    }
}
