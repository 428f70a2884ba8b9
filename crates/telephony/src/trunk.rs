//! The ways to carriers: whom we take calls from, and who takes ours.

use crate::{Account, CarrierAddress, Numbering};
use base::Duration;
use core::fmt;
use core::str::FromStr;
use model::TrunkId;
use sdp::Codec;
use std::net::IpAddr;

/// A carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Its name.
    pub id: TrunkId,
    /// Addresses that may call in without a password.
    pub accept_from: Vec<Network>,
    /// Where calls out go; `None` for a trunk that only calls in.
    pub send_to: Option<CarrierAddress>,
    /// Numbers that go out here: those that begin with one of these, as our people dial them.
    pub prefixes: Vec<String>,
    /// Trunks with a lower number are tried before those with a higher one.
    pub priority: u16,
    /// This trunk's share of the calls among those of the same priority; 0 counts as 1.
    pub weight: u16,
    /// How many calls it may carry at once, both ways together; `None` is without end.
    pub calls_max: Option<u32>,
    /// How many calls may go out in a second; `None` is without end.
    pub calls_per_second: Option<u32>,
    /// How often the carrier is asked whether it is there (OPTIONS); `None` is never.
    pub probe: Option<Duration>,
    /// How numbers are written over there.
    pub numbering: Numbering,
    /// The number shown to those who are called, instead of that of the phone that calls.
    pub show: Option<String>,
    /// Headers put into every call out.
    pub headers: Vec<(String, String)>,
    /// The codecs spoken with the carrier, best first. Empty: all there are.
    pub codecs: Vec<Codec>,
    /// Our account there, if the carrier wants us to register.
    pub account: Option<Account>,
}

impl Trunk {
    /// A trunk of that name that takes no call and sends none yet.
    pub fn new(id: TrunkId) -> Self {
        Self {
            id,
            accept_from: Vec::new(),
            send_to: None,
            prefixes: Vec::new(),
            priority: 1,
            weight: 1,
            calls_max: None,
            calls_per_second: None,
            probe: None,
            numbering: Numbering::default(),
            show: None,
            headers: Vec::new(),
            codecs: Vec::new(),
            account: None,
        }
    }

    /// Whether calls from this address may come without a password.
    pub fn accepts(&self, address: IpAddr) -> bool {
        self.accept_from.iter().any(|network| network.contains(address))
    }

    /// Whether this number goes out here.
    pub fn carries(&self, number: &str) -> bool {
        self.send_to.is_some() && self.prefixes.iter().any(|prefix| number.starts_with(prefix.as_str()))
    }
}

/// A block of addresses: `127.0.0.0/8`, `2001:db8::/32`, or one address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// The same, for the SIP machine.
    pub(crate) fn neighborhood(&self) -> sip::Network {
        sip::Network { address: self.address, bits: self.bits }
    }

    /// Whether the address belongs to the block. An IPv4 address written as IPv6 is an IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(block), IpAddr::V4(one)) => {
                let shift = 32 - u32::from(self.bits);
                u64::from(block.to_bits()) >> shift == u64::from(one.to_bits()) >> shift
            }
            (IpAddr::V6(block), IpAddr::V6(one)) => match self.bits {
                0 => true,
                bits => {
                    let shift = 128 - u32::from(bits);
                    block.to_bits() >> shift == one.to_bits() >> shift
                }
            },
            _ => false,
        }
    }
}

/// A text that is not a block of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address or a block of addresses such as 192.0.2.0/24")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotANetwork(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| refused())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(longest);
        if bits > longest { Err(refused()) } else { Ok(Self { address, bits }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_the_blocks_that_hold_it() {
        for (block, address, belongs) in [
            ("127.0.0.0/8", "127.3.4.5", true),
            ("127.0.0.0/8", "128.0.0.1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("::/0", "2001:db8:1::1", true),
        ] {
            let block: Network = block.parse().expect("a block");
            assert_eq!(block.contains(address.parse().expect("an address")), belongs, "{block} {address}");
        }
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in ["", "here", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "::/129"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
