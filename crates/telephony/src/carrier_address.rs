//! Where a carrier is, as operators write it: a name or an address, with port and transport if they matter.
//!
//! ```text
//!  sip.carrier.example                 a name: the name service says by what way and where (RFC 3263)
//!  sips:sip.carrier.example            the same, encrypted ways only
//!  203.0.113.5:5060                    an address: UDP
//!  sip.carrier.example;transport=tls   the transport is said
//!  [2001:db8::5]:5060;transport=tcp
//! ```

use core::fmt;
use core::str::FromStr;
use sip::Transport;
use std::net::IpAddr;

/// Where a carrier is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CarrierAddress {
    /// A host's or domain's name, or an address without brackets.
    pub host: String,
    /// The port, if it was said.
    pub port: Option<u16>,
    /// The transport, if it was said.
    pub transport: Option<Transport>,
    /// Whether only encrypted ways will do.
    pub secure: bool,
}

impl CarrierAddress {
    /// The address, if it is one and no name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// A text that says no carrier's place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a carrier's address; write a name or an address, such as sip.carrier.example, 203.0.113.5:5060 or \
     sip.carrier.example;transport=tls"
)]
pub struct NotACarrierAddress(String);

impl FromStr for CarrierAddress {
    type Err = NotACarrierAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text).ok_or_else(|| NotACarrierAddress(text.to_owned()))
    }
}

impl CarrierAddress {
    fn read(text: &str) -> Option<Self> {
        let (secure, rest) = match (text.strip_prefix("sips:"), text.strip_prefix("sip:")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => (false, text),
        };
        let (place, transport) = match rest.split_once(';') {
            Some((place, parameter)) => {
                let name = parameter.strip_prefix("transport=")?;
                let transport = Transport::from_name(name)?;
                // Carriers are reached by datagrams and streams of our own, not through a web server.
                if matches!(transport, Transport::Ws | Transport::Wss) {
                    return None;
                }
                (place, Some(transport))
            }
            None => (rest, None),
        };
        let (host, port) = if let Some(bracketed) = place.strip_prefix('[') {
            let (host, after) = bracketed.split_once(']')?;
            let IpAddr::V6(_) = host.parse().ok()? else { return None };
            match after {
                "" => (host, None),
                after => (host, Some(after.strip_prefix(':')?)),
            }
        } else if place.parse::<std::net::Ipv6Addr>().is_ok() {
            (place, None)
        } else {
            match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            }
        };
        let port = match port {
            Some(port) => Some(port.parse().ok().filter(|port| *port != 0)?),
            None => None,
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        let is_name = || {
            host.len() <= 253
                && host.split('.').all(|label| {
                    (1..=63).contains(&label.len())
                        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
                        && !label.starts_with('-')
                        && !label.ends_with('-')
                })
                // Four numbers that are no address are a slip of the finger, not a name.
                && !host.split('.').next_back().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()))
        };
        (host.parse::<IpAddr>().is_ok() || is_name()).then(|| Self {
            host: host.to_ascii_lowercase(),
            port,
            transport,
            secure,
        })
    }
}

impl fmt::Display for CarrierAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.secure {
            f.write_str("sips:")?;
        }
        match self.ip() {
            Some(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            _ => f.write_str(&self.host)?,
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        if let Some(transport) = self.transport {
            write!(f, ";transport={}", transport.uri_name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_and_addresses_are_read_with_what_is_said_beside_them() {
        for (text, host, port, transport, secure) in [
            ("sip.carrier.example", "sip.carrier.example", None, None, false),
            ("SIP.Carrier.Example.", "sip.carrier.example", None, None, false),
            ("sips:carrier.example", "carrier.example", None, None, true),
            ("203.0.113.5:5070", "203.0.113.5", Some(5070), None, false),
            (
                "carrier.example:5061;transport=tls",
                "carrier.example",
                Some(5061),
                Some(Transport::Tls),
                false,
            ),
            ("[2001:db8::5]:5060;transport=TCP", "2001:db8::5", Some(5060), Some(Transport::Tcp), false),
            ("2001:db8::5", "2001:db8::5", None, None, false),
        ] {
            let expected = CarrierAddress { host: host.to_owned(), port, transport, secure };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for text in [
            "",
            " ",
            "a b",
            "carrier:",
            "carrier:0",
            "carrier:70000",
            "300.1.1.1",
            "carrier;transport=ws",
            "carrier;maddr=x",
            "[203.0.113.5]",
            "[::1",
            "sip:",
            "-a.example",
            "a..b",
            "user@host",
        ] {
            assert!(text.parse::<CarrierAddress>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(
            host in "[a-z][a-z0-9]{0,9}(\\.[a-z]{2,5}){0,3}",
            port in proptest::option::of(1u16..),
            which in 0usize..4,
            secure: bool,
        ) {
            let transport = [None, Some(Transport::Udp), Some(Transport::Tcp), Some(Transport::Tls)][which];
            let address = CarrierAddress { host, port, transport, secure };
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = text.parse::<CarrierAddress>();
        }
    }
}
