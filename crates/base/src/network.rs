//! Blocks of addresses, as operators write them and as machines compare them.
//!
//! Nothing here resolves a name or knows a port. An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is that IPv4 address.

use core::fmt;
use core::str::FromStr;
use std::net::{IpAddr, Ipv6Addr};

/// The addresses that share their first bits: `127.0.0.0/8`, `2001:db8::/32`, or one address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// The block of one address.
    pub const fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, bits: longest(address) }
    }

    /// Whether the address belongs to the block.
    pub fn contains(&self, address: IpAddr) -> bool {
        let different = match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => (ours.to_bits() ^ theirs.to_bits()).leading_zeros(),
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => (ours.to_bits() ^ theirs.to_bits()).leading_zeros(),
            _ => return false,
        };
        different >= u32::from(self.bits)
    }

    /// Whether it is a block of IPv4.
    pub const fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }

    /// The first and the last address of the block, as numbers of one line on which IPv4 has its place within IPv6: for
    /// tables that hold many blocks.
    pub fn span(&self) -> (u128, u128) {
        let free = u32::from(longest(self.address) - self.bits);
        let rest = 1u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
        let number = number_of(self.address);
        (number & !rest, number | rest)
    }
}

/// An address as a number on the line of [`Network::span`].
pub fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// What stands for an address where it is counted who does something: the address itself, and for IPv6 the first one of
/// its /64, because whoever has one of these has them all.
pub fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

const fn longest(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// A text that is not a block of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotANetwork(String);

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an address or a block of addresses such as 192.0.2.0/24", self.0)
    }
}

impl core::error::Error for NotANetwork {}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotANetwork(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| refused())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let bits = bits.unwrap_or(longest(address));
        if bits > longest(address) {
            return Err(refused());
        }
        match (address, address.to_canonical()) {
            (IpAddr::V6(_), short @ IpAddr::V4(_)) => match bits.checked_sub(96) {
                Some(bits) => Ok(Self { address: short, bits }),
                None => Ok(Self { address, bits }),
            },
            _ => Ok(Self { address, bits }),
        }
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
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
            ("::ffff:192.0.2.0/120", "192.0.2.1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8:1::1", true),
            ("::/0", "192.0.2.1", false),
        ] {
            let network: Network = block.parse().expect("a block");
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(network.contains(address), belongs, "{block} {address}");
            let (first, last) = network.span();
            let on_the_line = (first..=last).contains(&number_of(address.to_canonical()));
            // All of IPv6 has IPv4 on its line, and does not hold it.
            assert_eq!(on_the_line, belongs || block == "::/0", "{block} {address}");
        }
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in ["", "here", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "::/129"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn whoever_has_one_address_of_a_64_has_them_all() {
        for (address, stands_for) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            assert_eq!(household(address.parse().expect("an address")).to_string(), stands_for);
        }
    }
}
