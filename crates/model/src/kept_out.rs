//! Who is kept out at the moment: for operators, who may let them in again.

use base::Timestamp;
use std::net::IpAddr;

/// An address that is kept out, wholly or for one phone's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOut {
    /// The address; for IPv6 the first one of a /64, all of which is meant.
    pub address: IpAddr,
    /// What of it is kept out.
    pub what: KeptOutWhat,
    /// Why, as the rest of a sentence about it.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// What of an address is kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptOutWhat {
    /// All of it.
    Everything,
    /// What comes over UDP, where senders can be forged.
    Udp,
    /// What claims to be this user.
    User(String),
}

impl KeptOutWhat {
    /// The word used in lists.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Udp => "udp",
            Self::User(_) => "user",
        }
    }
}
