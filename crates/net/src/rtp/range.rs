//! The port numbers: pairs of an even one for RTP and the odd one above for RTCP (RFC 3550 §11).
//!
//! Free pairs stand in a row, mixed by chance, so that the next one cannot be guessed; a pair that comes back goes to the
//! end, so that late packets of a call gone by meet a closed door as long as possible. Binding tries [`TRIES_MAX`] pairs
//! and never scans the range. Some pairs are bound ahead, while nobody waits for them.

use crate::rtp::OpenError;
use base::IdSource;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// How many pairs are tried before other programs are said to hold them.
pub const TRIES_MAX: usize = 32;

/// How many pairs are bound ahead: enough for two calls that come at once.
pub const AHEAD: usize = 4;

/// How many datagrams are thrown away that came to a socket before it was anybody's; more of them are met as a flood is.
const STRAYS_MAX: usize = 64;

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

impl Bound {
    /// Throws away what came before the pair was anybody's.
    fn forget_strays(&self) {
        for socket in [&self.rtp, &self.rtcp] {
            // A byte is read of each; the rest of a datagram goes with it.
            for _ in 0..STRAYS_MAX {
                if socket.recv(&mut [0]).is_err() {
                    break;
                }
            }
        }
    }
}

/// The pairs of a range.
#[derive(Debug)]
pub struct PortRange {
    low: u16,
    high: u16,
    pairs: usize,
    free: VecDeque<u16>,
    /// Bound ahead, and as free as the others.
    ahead: VecDeque<Bound>,
    /// How many more are to be bound ahead: what was taken since, or [`AHEAD`] at the beginning.
    wanted_ahead: usize,
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
        Self { low, high, pairs: free.len(), free: free.into(), ahead: VecDeque::new(), wanted_ahead: AHEAD }
    }

    /// How many pairs the range has.
    pub fn pairs(&self) -> usize {
        self.pairs
    }

    /// How many are free.
    pub fn free(&self) -> usize {
        self.free.len() + self.ahead.len()
    }

    /// A pair that was bound ahead, or one that is bound now.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError`] if none is free, none of those tried can be had, or the system refuses sockets at all.
    pub fn take(&mut self, ip: IpAddr) -> Result<Bound, OpenError> {
        self.wanted_ahead = AHEAD - self.ahead.len().saturating_sub(1);
        match self.ahead.pop_front() {
            Some(bound) => {
                bound.forget_strays();
                Ok(bound)
            }
            None => self.bind(ip),
        }
    }

    /// Binds a pair for each that was taken, so that [`AHEAD`] wait. What hinders it is said when somebody needs one, and it
    /// is not tried again before that: it is asked after every message.
    pub fn bind_ahead(&mut self, ip: IpAddr) {
        for _ in 0..std::mem::take(&mut self.wanted_ahead) {
            let Ok(bound) = self.bind(ip) else { return };
            self.ahead.push_back(bound);
        }
    }

    /// Binds the next pair that can be bound. Fails if none is free, none of those tried can be had, or the system refuses
    /// sockets at all.
    fn bind(&mut self, ip: IpAddr) -> Result<Bound, OpenError> {
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
        let bound = [range.take(HERE), range.take(HERE)].map(|bound| bound.expect("nobody else is there"));
        for bound in &bound {
            assert_eq!(bound.address.port() % 2, 0);
            assert_eq!(
                bound.rtcp.local_addr().map(|address| address.port()).ok(),
                Some(bound.address.port() + 1)
            );
        }
        assert!(matches!(range.take(HERE), Err(OpenError::Exhausted { pairs: 2, .. })));
        let number = bound[0].address.port();
        drop(bound);
        range.give_back(number);
        assert_eq!(range.take(HERE).map(|bound| bound.address.port()).ok(), Some(number));
    }

    #[test]
    fn a_pair_that_another_program_holds_is_passed_over() {
        let mut range = PortRange::new(31_010..=31_013, &mut IdSource::new(1));
        let theirs = UdpSocket::bind((HERE, 31_011)).expect("the number is free");
        let ours = range.take(HERE).expect("the other pair is free");
        assert_eq!(ours.address.port(), 31_012);
        assert!(matches!(range.take(HERE), Err(OpenError::Taken { tried: 1, .. })));
        drop(theirs);
        assert!(range.take(HERE).is_ok(), "it is tried again");
    }

    #[test]
    fn pairs_are_bound_ahead_and_stay_free_until_somebody_takes_them() {
        let mut range = PortRange::new(31_030..=31_041, &mut IdSource::new(1));
        range.bind_ahead(HERE);
        assert_eq!((range.ahead.len(), range.free()), (AHEAD, 6));
        let stranger = UdpSocket::bind((HERE, 0)).expect("a port");
        for bound in &range.ahead {
            stranger.send_to(b"stray", bound.address).expect("sent");
        }
        let first = range.take(HERE).expect("one was bound ahead");
        assert_eq!((range.ahead.len(), range.free()), (AHEAD - 1, 5));
        let left = first.rtp.recv(&mut [0; 8]).map_err(|error| error.kind());
        assert_eq!(left, Err(io::ErrorKind::WouldBlock), "what came before is nobody's");
        let rest: Vec<_> = (0..5).map(|_| range.take(HERE).expect("as many as are free")).collect();
        assert!(matches!(range.take(HERE), Err(OpenError::Exhausted { pairs: 6, .. })));
        range.bind_ahead(HERE);
        assert!(range.ahead.is_empty(), "there is none to bind");
        let number = rest[0].address.port();
        drop(rest);
        range.give_back(number);
        range.bind_ahead(HERE);
        assert!(range.ahead.is_empty(), "nobody has taken one since it could not be had");
        range.take(HERE).expect("the one that came back");
        range.give_back(number);
        range.bind_ahead(HERE);
        assert_eq!(range.ahead.len(), 1);
    }

    #[test]
    fn an_address_that_is_not_ours_is_said_so() {
        let mut range = PortRange::new(31_020..=31_029, &mut IdSource::new(1));
        let elsewhere = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
        assert!(matches!(range.take(elsewhere), Err(OpenError::Socket { .. })));
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
        assert!(matches!(range.take(HERE), Err(OpenError::Exhausted { pairs: 0, .. })));
    }
}
