//! The host of a URI or a Via: a domain name, an IPv4 address, or an IPv6 reference in brackets. RFC 3261 §25.1,
//! RFC 5118.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::Malformed;
use crate::scan;

/// A host, as written in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host<'a> {
    /// A domain name, compared without case by [`Host::is_same`].
    Domain(&'a str),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, without its brackets.
    V6(Ipv6Addr),
}

impl<'a> Host<'a> {
    /// Reads a whole host.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if let [b'[', inner @ .., b']'] = bytes {
            return scan::text(inner).parse().map(Self::V6).map_err(|_| Malformed::Host);
        }
        if bytes.is_empty() || !scan::split_run(bytes, scan::DOMAIN).1.is_empty() {
            return Err(Malformed::Host);
        }
        let text = scan::text(bytes);
        // Only what ends in a digit can be an address; names are the common case and skip the attempt.
        if bytes.last().is_some_and(u8::is_ascii_digit)
            && let Ok(address) = text.parse()
        {
            return Ok(Self::V4(address));
        }
        Ok(Self::Domain(text))
    }

    /// The address, when the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Domain(_) => None,
            Self::V4(address) => Some(IpAddr::V4(*address)),
            Self::V6(address) => Some(IpAddr::V6(*address)),
        }
    }

    /// Whether both name the same host by RFC 3261 §19.1.4: domain names without case, nothing resolved.
    pub fn is_same(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Self::Domain(a), Host::Domain(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => a.address().is_some() && a.address() == b.address(),
        }
    }

    /// Splits `host[:port]` off the front of `bytes`.
    ///
    /// White space may stand around the colon where `spaced` (in a Via, RFC 4475 §3.1.1.1).
    #[inline]
    pub(crate) fn split(bytes: &[u8], spaced: bool) -> Result<HostPort<'_>, Malformed> {
        let (host, mut rest) = if bytes.first() == Some(&b'[') {
            bytes.split_at(memchr::memchr(b']', bytes).ok_or(Malformed::Host)? + 1)
        } else {
            scan::split_run(bytes, scan::DOMAIN)
        };
        if host.first() == Some(&b'[') {
            Host::parse(host)?;
        } else if host.is_empty() {
            return Err(Malformed::Host);
        }
        let after = if spaced { scan::trim_start(rest) } else { rest };
        let mut port = None;
        if let [b':', tail @ ..] = after {
            let tail = if spaced { scan::trim_start(tail) } else { tail };
            let end = tail.iter().position(|b| !b.is_ascii_digit()).unwrap_or(tail.len());
            let (digits, tail) = tail.split_at(end);
            port = Some(scan::number(digits).map_err(|_| Malformed::Port)?);
            rest = tail;
        }
        Ok(HostPort { host, port, rest })
    }
}

/// A host, its port if one is written, and what follows.
pub(crate) struct HostPort<'a> {
    pub(crate) host: &'a [u8],
    pub(crate) port: Option<u16>,
    pub(crate) rest: &'a [u8],
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(name) => f.write_str(name),
            Self::V4(address) => write!(f, "{address}"),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

impl From<IpAddr> for Host<'_> {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}
