//! A router that hides a host behind an address of its own (RFC 4787: mapping and filtering by the inner port alone), and may
//! get another address or choose other ports at any time. What comes for the old one is lost then, and the host does not know.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// The first outer port that is given away.
const FIRST_PORT: u16 = 30_000;

/// The router of one host.
#[derive(Clone, Debug)]
pub struct Nat {
    outside: IpAddr,
    last_port: u16,
    /// Outer ports by inner ones, and the other way round; no more of them than there are ports.
    outer: BTreeMap<SocketAddr, u16>,
    inner: BTreeMap<u16, SocketAddr>,
}

impl Nat {
    /// A router that is seen at `outside`.
    pub fn new(outside: IpAddr) -> Self {
        Self { outside, last_port: FIRST_PORT, outer: BTreeMap::new(), inner: BTreeMap::new() }
    }

    /// Where what is sent from `inner` seems to come from.
    pub fn outward(&mut self, inner: SocketAddr) -> SocketAddr {
        let port = match self.outer.get(&inner) {
            Some(port) => *port,
            None => self.map(inner),
        };
        SocketAddr::new(self.outside, port)
    }

    fn map(&mut self, inner: SocketAddr) -> u16 {
        self.last_port = self.last_port.checked_add(1).unwrap_or(FIRST_PORT);
        // A port that is used again belongs to the newcomer.
        if let Some(before) = self.inner.insert(self.last_port, inner) {
            self.outer.remove(&before);
        }
        self.outer.insert(inner, self.last_port);
        self.last_port
    }

    /// For whom it is what comes for `outer`; nobody if nothing was sent from there.
    pub fn inward(&self, outer: SocketAddr) -> Option<SocketAddr> {
        self.inner.get(&outer.port()).copied().filter(|_| outer.ip() == self.outside)
    }

    /// The router forgets what it had mapped, and gets another address or keeps its own.
    pub fn rebind(&mut self, outside: IpAddr) {
        self.outside = outside;
        self.outer.clear();
        self.inner.clear();
    }

    /// Where it is seen.
    pub fn outside(&self) -> IpAddr {
        self.outside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_out_comes_back_until_the_address_changes() {
        let [sip, sound]: [SocketAddr; 2] =
            ["10.2.0.2:5060", "10.2.0.2:10002"].map(|address| address.parse().unwrap());
        let mut nat = Nat::new("192.0.2.1".parse().unwrap());
        let (outer, other) = (nat.outward(sip), nat.outward(sound));
        assert_ne!(outer, other);
        assert_eq!((nat.outward(sip), nat.inward(outer), nat.inward(other)), (outer, Some(sip), Some(sound)));
        assert_eq!(nat.inward("192.0.2.1:9".parse().unwrap()), None);
        nat.rebind("192.0.2.2".parse().unwrap());
        assert_eq!(nat.inward(outer), None, "what comes for the old address is lost");
        let again = nat.outward(sip);
        assert_eq!((again.ip(), nat.inward(again)), (nat.outside(), Some(sip)));
    }

    #[test]
    fn a_host_that_opens_ports_without_end_uses_the_old_ones_again() {
        let mut nat = Nat::new("192.0.2.1".parse().unwrap());
        for host in 0..3 {
            for port in 1..=u16::MAX {
                let inner = SocketAddr::from(([10, 2, 0, host], port));
                let outer = nat.outward(inner);
                assert_eq!(nat.inward(outer), Some(inner));
            }
        }
        assert!(nat.inner.len() == nat.outer.len() && nat.inner.len() <= usize::from(u16::MAX));
    }
}
