//! What the name service says, as far as it matters for finding a SIP server: RFC 2782, RFC 3403.

use std::net::IpAddr;

/// A NAPTR record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naptr {
    /// Lower ones first; others only where these lead nowhere.
    pub order: u16,
    /// Lower ones first among those of one order.
    pub preference: u16,
    /// `s`: the replacement is the name of SRV records.
    pub flags: String,
    /// `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`.
    pub services: String,
    /// The name to be asked for next.
    pub replacement: String,
}

/// An SRV record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    /// Lower ones first; others only when these are down.
    pub priority: u16,
    /// How much of the load among those of one priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; `.` says that there is no such service.
    pub target: String,
}

/// A question to the name service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The NAPTR records of a name.
    Naptr(String),
    /// The SRV records of a name.
    Srv(String),
    /// The addresses of a host, both families.
    Addresses(String),
}

/// What was found. Nothing is an answer too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Records {
    /// NAPTR records.
    Naptr(Vec<Naptr>),
    /// SRV records.
    Srv(Vec<Srv>),
    /// Addresses, in the order in which they are to be tried.
    Addresses(Vec<IpAddr>),
}
