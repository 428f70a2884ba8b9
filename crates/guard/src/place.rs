//! What is counted: an IPv4 address, or the /64 of an IPv6 one, because whoever has one address of it has them all.

use base::network::household;
use std::net::{IpAddr, Ipv6Addr};

/// A place, short enough to be found quickly among many.
///
/// It is the upper half of the IPv6 address. IPv4 stands where IPv6 has addresses that are never given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

/// Before the 32 bits of an IPv4 address.
const V4: u64 = 0x0000_0001 << 32;

impl From<IpAddr> for Place {
    fn from(address: IpAddr) -> Self {
        match household(address) {
            IpAddr::V4(address) => Self(V4 | u64::from(address.to_bits())),
            IpAddr::V6(address) => Self((address.to_bits() >> 64) as u64),
        }
    }
}

impl From<Place> for IpAddr {
    /// The address, or the first one of the /64.
    fn from(Place(place): Place) -> Self {
        match u32::try_from(place ^ V4) {
            Ok(address) => std::net::Ipv4Addr::from_bits(address).into(),
            Err(_) => Ipv6Addr::from_bits(u128::from(place) << 64).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_keeps_its_address() {
        for (address, place) in [
            ("192.0.2.7", "192.0.2.7"),
            ("0.0.0.0", "0.0.0.0"),
            ("255.255.255.255", "255.255.255.255"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::1", "::"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("ffff:ffff:ffff:ffff::1", "ffff:ffff:ffff:ffff::"),
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(IpAddr::from(Place::from(address)).to_string(), place);
        }
    }
}
