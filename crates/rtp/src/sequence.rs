//! Numbers that wrap: sequence numbers (16 bits) and timestamps (32 bits) of RFC 3550 §5.1.
//!
//! Both are compared by their distance on the circle: what is less than half a circle ahead is later.

use core::fmt;

/// The number naming one RTP stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ssrc(pub u32);

impl fmt::Display for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// The sequence number of a packet: one more for every packet sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SeqNumber(pub u16);

impl SeqNumber {
    /// The number `steps` packets later (or earlier, if negative).
    pub const fn plus(self, steps: i16) -> Self {
        Self(self.0.wrapping_add(steps as u16))
    }

    /// The number after this one.
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// How many packets this number lies after `other`; negative if before.
    pub const fn distance_from(self, other: Self) -> i16 {
        self.0.wrapping_sub(other.0) as i16
    }
}

/// The timestamp of a packet, in units of the payload's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RtpTime(pub u32);

impl RtpTime {
    /// The timestamp `units` later (or earlier, if negative).
    pub const fn plus(self, units: i32) -> Self {
        Self(self.0.wrapping_add(units as u32))
    }

    /// How many units this timestamp lies after `other`; negative if before.
    pub const fn distance_from(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_after_the_wrap_are_later() {
        assert_eq!(SeqNumber(2).distance_from(SeqNumber(65_534)), 4);
        assert_eq!(SeqNumber(65_534).distance_from(SeqNumber(2)), -4);
        assert_eq!(RtpTime(100).distance_from(RtpTime(u32::MAX - 59)), 160);
        assert_eq!(SeqNumber(u16::MAX).next(), SeqNumber(0));
    }

    proptest! {
        #[test]
        fn going_somewhere_and_measuring_agree(start: u16, steps: i16, time: u32, units: i32) {
            prop_assert_eq!(SeqNumber(start).plus(steps).distance_from(SeqNumber(start)), steps);
            prop_assert_eq!(RtpTime(time).plus(units).distance_from(RtpTime(time)), units);
        }
    }
}
