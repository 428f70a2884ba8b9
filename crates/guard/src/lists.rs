//! Lists of networks, long ones too: looked up by halving, not by reading.

use base::Network;
use base::network::number_of;
use std::net::IpAddr;

/// A set of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks {
    /// First and last addresses, in order, neither touching nor overlapping. All of IPv4 lies within IPv6 on this line, so
    /// each family has a list of its own.
    v4: Vec<(u128, u128)>,
    v6: Vec<(u128, u128)>,
}

impl Networks {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether one of them holds the address. Costs O(log n).
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let spans = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        let number = number_of(address);
        let after = spans.partition_point(|(first, _)| *first <= number);
        spans[..after].last().is_some_and(|(_, last)| number <= *last)
    }
}

impl FromIterator<Network> for Networks {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            if network.is_ipv4() { &mut v4 } else { &mut v6 }.push(network.span());
        }
        Self { v4: joined(v4), v6: joined(v6) }
    }
}

fn joined(mut spans: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    spans.sort_unstable();
    let mut joined: Vec<(u128, u128)> = Vec::new();
    for (first, last) in spans {
        match joined.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => joined.push((first, last)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn networks_that_touch_are_one() {
        let networks = set(&["192.0.2.0/25", "192.0.2.128/25", "10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"]);
        assert_eq!((networks.v4.len(), networks.v6.len()), (2, 1));
        for (address, within) in [
            ("192.0.2.200", true),
            ("192.0.3.0", false),
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("::ffff:10.0.0.1", true),
            ("2001:db8:ffff::1", true),
            ("2001:db9::", false),
        ] {
            assert_eq!(networks.contains(address.parse().expect("an address")), within, "{address}");
        }
    }

    #[test]
    fn all_of_ipv6_is_not_all_of_ipv4() {
        let networks = set(&["::/0"]);
        assert!(networks.contains("::1".parse().expect("an address")));
        assert!(!networks.contains("192.0.2.1".parse().expect("an address")));
        assert!(Networks::default().is_empty());
    }

    proptest! {
        #[test]
        fn a_set_holds_what_one_of_its_networks_holds(
            blocks in prop::collection::vec((any::<u32>(), 0u8..=32), 0..20),
            near in any::<prop::sample::Index>(),
            offset in -2i64..=2,
            anywhere in any::<u32>(),
        ) {
            let blocks: Vec<Network> = blocks
                .into_iter()
                .map(|(address, bits)| format!("{}/{bits}", std::net::Ipv4Addr::from(address)).parse().expect("a block"))
                .collect();
            let networks: Networks = blocks.iter().copied().collect();
            let mut asked = vec![anywhere];
            if !blocks.is_empty() {
                let (first, last) = near.get(&blocks).span();
                for edge in [first, last] {
                    asked.push((i64::from(edge as u32) + offset).clamp(0, i64::from(u32::MAX)) as u32);
                }
            }
            for address in asked.into_iter().map(|number| IpAddr::from(number.to_be_bytes())) {
                prop_assert_eq!(networks.contains(address), blocks.iter().any(|block| block.contains(address)));
            }
        }
    }

    fn set(blocks: &[&str]) -> Networks {
        blocks.iter().map(|block| block.parse::<Network>().expect("a block")).collect()
    }
}
