//! In which order things are shed when there is too much: strangers, phones' calls, carriers' calls, upkeep.
//!
//! Upkeep comes last although no call depends on it at the moment: a refresh costs a hundredth of a call, and a phone
//! whose registration was shed cannot be rung for the calls that were let in instead.

use crate::asked::{Asked, Kind, Standing};

/// How much is shed: 0 is nothing, and each lane from its first to its last part is a thousand.
pub type Severity = u32;

/// The severity at which everything is shed that can be.
pub const SEVERITY_MAX: Severity = 4 * LANE;

/// The parts of one lane.
const LANE: Severity = 1000;

/// What stands together when it is decided what is shed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Whatever strangers want.
    Strangers,
    /// New calls of phones and of addresses on the operator's list.
    Phones,
    /// New calls of carriers.
    Trunks,
    /// Refreshes of registrations, and carriers that ask whether we live.
    Upkeep,
}

impl Lane {
    /// Every lane, in the order in which they are shed.
    pub const ALL: [Self; 4] = [Self::Strangers, Self::Phones, Self::Trunks, Self::Upkeep];

    /// Where a request stands.
    pub(crate) const fn of(asked: &Asked<'_>) -> Self {
        match (asked.standing, asked.kind) {
            (Standing::Stranger, _) => Self::Strangers,
            (Standing::Known | Standing::Allowed, Kind::Call | Kind::Question) => Self::Phones,
            (Standing::Trunk, Kind::Call) => Self::Trunks,
            (Standing::Known | Standing::Allowed, Kind::Registration) => Self::Upkeep,
            (Standing::Trunk, Kind::Question | Kind::Registration) => Self::Upkeep,
        }
    }

    /// How many of a thousand are shed.
    pub fn shed(self, severity: Severity) -> u32 {
        severity.saturating_sub(self as u32 * LANE).min(LANE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::Way;
    use std::fmt::Write;
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn the_whole_table_of_what_is_shed() {
        let mut table = "severity  strangers  phones  trunks  upkeep".to_owned();
        for severity in [0, 1, 500, 1000, 1250, 2000, 2900, 3000, 3600, SEVERITY_MAX, 9999] {
            let _ = write!(table, "\n{severity:8}");
            for (lane, width) in Lane::ALL.into_iter().zip([9, 6, 6, 6]) {
                let _ = write!(table, "  {:width$}", lane.shed(severity));
            }
        }
        insta::assert_snapshot!(table, @r"
        severity  strangers  phones  trunks  upkeep
               0          0       0       0       0
               1          1       0       0       0
             500        500       0       0       0
            1000       1000       0       0       0
            1250       1000     250       0       0
            2000       1000    1000       0       0
            2900       1000    1000     900       0
            3000       1000    1000    1000       0
            3600       1000    1000    1000     600
            4000       1000    1000    1000    1000
            9999       1000    1000    1000    1000
        ");
    }

    #[test]
    fn the_whole_table_of_lanes() {
        let mut table = String::new();
        for standing in [Standing::Trunk, Standing::Allowed, Standing::Known, Standing::Stranger] {
            for kind in [Kind::Call, Kind::Registration, Kind::Question] {
                let asked = Asked {
                    standing,
                    from: IpAddr::V4(Ipv4Addr::LOCALHOST),
                    way: Way::Datagram,
                    kind,
                    belongs: false,
                    identity: "",
                    device: "",
                    emergency: false,
                };
                let _ = writeln!(table, "{standing:?} {kind:?}: {:?}", Lane::of(&asked));
            }
        }
        insta::assert_snapshot!(table, @r"
        Trunk Call: Trunks
        Trunk Registration: Upkeep
        Trunk Question: Upkeep
        Allowed Call: Phones
        Allowed Registration: Upkeep
        Allowed Question: Phones
        Known Call: Phones
        Known Registration: Upkeep
        Known Question: Phones
        Stranger Call: Strangers
        Stranger Registration: Strangers
        Stranger Question: Strangers
        ");
    }
}
