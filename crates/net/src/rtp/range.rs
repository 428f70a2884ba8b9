//! The port numbers: pairs of an even one for RTP and the odd one above for RTCP (RFC 3550 §11).
//!
//! Free pairs stand in a row, mixed by chance, so that the next one cannot be guessed; a pair that comes back goes to the
//! end, so that late packets of a call gone by meet a closed door as long as possible. Binding tries [`TRIES_MAX`] pairs
//! and never scans the range.

use crate::rtp::OpenError;
use base::IdSource;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// How many pairs are tried before other programs are said to hold them.
pub const TRIES_MAX: usize = 32;

/// A pair of bound sockets that do not block.
#[derive(Debug)]
pub struct Bound {
    /// For media.
    pub rtp: UdpSocket,
    /// For reports.
    pub rtcp: UdpSocket,
    /// The address of the media socket.
    pub address: SocketAddr,
}

/// The pairs of a range.
#[derive(Debug)]
pub struct PortRange {
    low: u16,
    high: u16,
    pairs: usize,
    free: VecDeque<u16>,
}

impl PortRange {
    /// The pairs that lie wholly in `ports`.
    pub fn new(ports: core::ops::RangeInclusive<u16>, ids: &mut IdSource) -> Self {
        let (low, high) = ports.into_inner();
        let mut free: Vec<u16> = (low..high).filter(|number| number % 2 == 0).collect();
        // Fisher and Yates.
        for at in (1..free.len()).rev() {
            free.swap(at, ids.below(at as u64 + 1) as usize);
        }
        Self { low, high, pairs: free.len(), free: free.into() }
    }

    /// How many pairs the range has.
    pub fn pairs(&self) -> usize {
        self.pairs
    }

    /// How many are free.
    pub fn free(&self) -> usize {
        self.free.len()
    }

    /// Takes the next pair that can be bound.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError`] if none is free, none of those tried can be had, or the system refuses sockets at all.
    pub fn bind(&mut self, ip: IpAddr) -> Result<Bound, OpenError> {
        let (low, high) = (self.low, self.high);
        if self.free.is_empty() {
            return Err(OpenError::Exhausted { low, high, pairs: self.pairs });
        }
        let tries = self.free.len().min(TRIES_MAX);
        for _ in 0..tries {
            let Some(number) = self.free.pop_front() else { break };
            match bind_pair(ip, number) {
                Ok(bound) => return Ok(bound),
                Err(error) => {
                    // Whoever holds it may let go of it.
                    self.free.push_back(number);
                    if error.kind() != io::ErrorKind::AddrInUse {
                        return Err(OpenError::Socket { bind: ip, source: error });
                    }
                }
            }
        }
        Err(OpenError::Taken { low, high, tried: tries })
    }

    /// Puts a pair back by its even number.
    pub fn give_back(&mut self, number: u16) {
        debug_assert!(!self.free.contains(&number), "{number} comes back twice");
        self.free.push_back(number);
    }
}

fn bind_pair(ip: IpAddr, number: u16) -> io::Result<Bound> {
    let rtp = UdpSocket::bind((ip, number))?;
    let rtcp = UdpSocket::bind((ip, number + 1))?;
    rtp.set_nonblocking(true)?;
    rtcp.set_nonblocking(true)?;
    let address = rtp.local_addr()?;
    Ok(Bound { rtp, rtcp, address })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn pairs_are_even_and_odd_and_inside_the_range() {
        let mut range = PortRange::new(31_001..=31_006, &mut IdSource::new(1));
        assert_eq!((range.pairs(), range.free()), (2, 2), "31002/3 and 31004/5");
        let bound = [range.bind(HERE), range.bind(HERE)].map(|bound| bound.expect("nobody else is there"));
        for bound in &bound {
            assert_eq!(bound.address.port() % 2, 0);
            assert_eq!(
                bound.rtcp.local_addr().map(|address| address.port()).ok(),
                Some(bound.address.port() + 1)
            );
        }
        assert!(matches!(range.bind(HERE), Err(OpenError::Exhausted { pairs: 2, .. })));
        let number = bound[0].address.port();
        drop(bound);
        range.give_back(number);
        assert_eq!(range.bind(HERE).map(|bound| bound.address.port()).ok(), Some(number));
    }

    #[test]
    fn a_pair_that_another_program_holds_is_passed_over() {
        let mut range = PortRange::new(31_010..=31_013, &mut IdSource::new(1));
        let theirs = UdpSocket::bind((HERE, 31_011)).expect("the number is free");
        let ours = range.bind(HERE).expect("the other pair is free");
        assert_eq!(ours.address.port(), 31_012);
        assert!(matches!(range.bind(HERE), Err(OpenError::Taken { tried: 1, .. })));
        drop(theirs);
        assert!(range.bind(HERE).is_ok(), "it is tried again");
    }

    #[test]
    fn an_address_that_is_not_ours_is_said_so() {
        let mut range = PortRange::new(31_020..=31_029, &mut IdSource::new(1));
        let elsewhere = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
        assert!(matches!(range.bind(elsewhere), Err(OpenError::Socket { .. })));
        assert_eq!(range.free(), 5, "nothing is lost by it");
    }

    #[test]
    fn numbers_come_in_no_order_that_could_be_guessed() {
        let order = |seed| PortRange::new(20_000..=20_099, &mut IdSource::new(seed)).free;
        assert_ne!(order(1), order(2));
        assert_eq!(order(1).len(), 50);
    }

    #[test]
    fn a_range_without_a_pair_is_exhausted_from_the_beginning() {
        let mut range = PortRange::new(20_001..=20_002, &mut IdSource::new(1));
        assert!(matches!(range.bind(HERE), Err(OpenError::Exhausted { pairs: 0, .. })));
    }
}
