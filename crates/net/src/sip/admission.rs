//! How many connections there may be, in all and from one address.

use super::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections, wherever they are served. A clone counts the same ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Admission(Arc<Mutex<Guests>>);

#[derive(Debug, Default)]
struct Guests {
    total: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

/// A connection's place; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    admission: Admission,
    address: IpAddr,
}

impl Admission {
    /// A place for one more connection from there, if there is one.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Place> {
        let mut guests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from_there = guests.by_address.get(&address).copied().unwrap_or(0);
        if guests.total >= CONNECTIONS_MAX || from_there >= CONNECTIONS_PER_ADDRESS_MAX {
            tracing::warn!(%address, open = guests.total, from_there, "too many connections, one more refused");
            return None;
        }
        guests.total += 1;
        guests.by_address.insert(address, from_there + 1);
        Some(Place { admission: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut guests = self.admission.0.lock().unwrap_or_else(PoisonError::into_inner);
        guests.total -= 1;
        match guests.by_address.get(&self.address).copied() {
            Some(count) if count > 1 => {
                guests.by_address.insert(self.address, count - 1);
            }
            _ => {
                guests.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn one_address_cannot_take_every_place_and_gets_its_own_back() {
        let admission = Admission::default();
        let (greedy, modest) = (address(1), address(2));
        let mut places: Vec<_> = (0..CONNECTIONS_PER_ADDRESS_MAX)
            .map(|_| admission.admit(greedy).expect("there is room"))
            .collect();
        assert!(admission.admit(greedy).is_none());
        assert!(admission.admit(modest).is_some());
        places.pop();
        assert!(admission.admit(greedy).is_some());
        drop(places);
        let guests = admission.0.lock().unwrap();
        assert_eq!((guests.total, guests.by_address.len()), (0, 0));
    }

    #[test]
    fn there_is_an_end_to_all_places_together() {
        let admission = Admission::default();
        let each = CONNECTIONS_PER_ADDRESS_MAX;
        let places: Vec<_> = (0..CONNECTIONS_MAX)
            .map(|n| admission.admit(address(u32::try_from(n / each).unwrap())).expect("there is room"))
            .collect();
        assert!(admission.admit(address(1_000_000)).is_none());
        drop(places);
        assert!(admission.admit(address(1_000_000)).is_some());
    }

    fn address(n: u32) -> IpAddr {
        Ipv4Addr::from_bits(0x0a00_0000 + n).into()
    }
}
