//! Limits of our own that turn calls away. A call that ends so is told apart from a carrier that is dead and from a far end
//! that does not answer: by the caller's phone, in the timeline, and by whoever looks after the center.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What there can be too many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LimitKind {
    /// Calls at once on a trunk.
    TrunkCalls,
    /// Calls in a second out by a trunk.
    TrunkRate,
    /// Calls outside at once from one phone.
    PhoneAtOnce,
    /// Calls outside from one phone within an hour.
    PhonePerHour,
    /// Calls outside from one phone within a day.
    PhonePerDay,
    /// Ports for sound.
    MediaPorts,
}

impl LimitKind {
    /// The key in the configuration that sets it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TrunkCalls => "calls_max",
            Self::TrunkRate => "calls_per_second",
            Self::PhoneAtOnce => "at_once",
            Self::PhonePerHour => "per_hour",
            Self::PhonePerDay => "per_day",
            Self::MediaPorts => "ports",
        }
    }

    /// Whether it bounds one phone, and nobody else's call is touched by it.
    pub const fn is_of_phone(self) -> bool {
        match self {
            Self::PhoneAtOnce | Self::PhonePerHour | Self::PhonePerDay => true,
            Self::TrunkCalls | Self::TrunkRate | Self::MediaPorts => false,
        }
    }
}

/// One limit, as it is set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallLimit {
    /// What of.
    pub kind: LimitKind,
    /// Whose: the trunk or the phone. Empty for the whole center's.
    pub of: String,
    /// How many there may be. 0 where the machine decides.
    pub max: u32,
}

impl fmt::Display for CallLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, of, max } = self;
        let key = kind.as_str();
        match kind {
            LimitKind::TrunkCalls | LimitKind::TrunkRate => write!(f, "{key} of trunk {of} ({max})"),
            _ if kind.is_of_phone() => write!(f, "calls_out {key} of phone {of} ({max})"),
            _ => f.write_str("the number of media ports"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_named_as_the_configuration_names_it() {
        let all = [
            (LimitKind::TrunkCalls, "carrier"),
            (LimitKind::TrunkRate, "carrier"),
            (LimitKind::PhoneAtOnce, "1001"),
            (LimitKind::PhonePerHour, "1001"),
            (LimitKind::PhonePerDay, "1001"),
            (LimitKind::MediaPorts, ""),
        ];
        let said = all.map(|(kind, of)| CallLimit { kind, of: of.to_owned(), max: 5 }.to_string());
        insta::assert_snapshot!(said.join("\n"), @r"
        calls_max of trunk carrier (5)
        calls_per_second of trunk carrier (5)
        calls_out at_once of phone 1001 (5)
        calls_out per_hour of phone 1001 (5)
        calls_out per_day of phone 1001 (5)
        the number of media ports
        ");
    }
}
