//! The time zone of a center: where its days begin, and whose clock its people read.

use crate::spelling::nearest;
use base::Timestamp;
use chrono::{DateTime, Datelike};
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A zone of the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(pub(crate) Tz);

/// There is no such zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone \"{name}\"; {help}")]
pub struct NoSuchZone {
    /// What was written.
    pub(crate) name: String,
    /// What may be meant.
    pub(crate) help: String,
}

impl Zone {
    /// Which day it is there, counted from any one day.
    pub fn day_of(self, at: Timestamp) -> i64 {
        match DateTime::from_timestamp_millis(at.as_millis()) {
            Some(utc) => i64::from(utc.with_timezone(&self.0).num_days_from_ce()),
            // A moment beyond the calendar.
            None => at.as_millis().div_euclid(86_400_000),
        }
    }

    /// Its name: `Europe/Berlin`.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Zone {
    type Err = NoSuchZone;

    fn from_str(name: &str) -> Result<Self, NoSuchZone> {
        name.parse().map(Self).map_err(|_| NoSuchZone {
            name: name.to_owned(),
            help: match nearest(name, TZ_VARIANTS.iter().map(|zone| zone.name())) {
                Some(known) => format!("did you mean \"{known}\"?"),
                None => {
                    "write a continent and a city, as in \"Europe/Berlin\" or \"Asia/Shanghai\"".to_owned()
                }
            },
        })
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Text that is borrowed or owned, as the format likes.
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_the_zone_also_when_clocks_change() {
        // 2026-10-25 is the day with 25 hours in Berlin: from 22:00 UTC of the 24th to 23:00 UTC of the 25th.
        let berlin: Zone = "Europe/Berlin".parse().expect("it is there");
        let day = |hours: i64| berlin.day_of(Timestamp::from_millis(1_792_879_200_000 + hours * 3_600_000));
        assert_eq!([day(-1), day(0), day(24), day(25)].map(|one| one - day(0)), [-1, 0, 0, 1]);
        assert_eq!(Zone::default().name(), "UTC");
    }

    #[test]
    fn a_zone_that_is_not_there_is_told_with_the_way_out() {
        let told = |name: &str| name.parse::<Zone>().expect_err("it is not there").to_string();
        assert_eq!(
            told("Europe/Berlln"),
            "there is no time zone \"Europe/Berlln\"; did you mean \"Europe/Berlin\"?"
        );
        assert!(told("Middle Earth").contains("write a continent and a city"));
    }
}
