//! Who failed to log in too often: counted by address and login, so that the owner of a login who sits elsewhere is
//! not locked out, and by address alone, so that one address cannot try one password on every login.

use base::{Duration, Timestamp};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

/// Guesses for one login from one address within [`WINDOW`].
pub const GUESSES_MAX: u32 = 10;
/// Guesses for all logins from one address within [`WINDOW`].
pub const ADDRESS_GUESSES_MAX: u32 = 100;
/// How long a guess counts.
pub const WINDOW: Duration = Duration::from_secs(15 * 60);
/// How many pairs of address and login are remembered; the one whose window ends first gives way.
pub const ENTRIES_MAX: usize = 100_000;

/// Whose guesses are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Address(IpAddr),
    Pair(IpAddr, String),
}

/// Guesses since the first of a window.
#[derive(Clone, Copy, Debug)]
struct Guesses {
    count: u32,
    ends_at: Timestamp,
}

/// The count of failed log-ins.
#[derive(Debug, Default)]
pub struct Lockout {
    guesses: BTreeMap<Key, Guesses>,
}

impl Lockout {
    /// Counts a guess before it is looked at, so that many guesses at the same moment count as many; how long to wait
    /// if there were too many.
    pub fn guess(&mut self, address: IpAddr, login: &str, now: Timestamp) -> Result<(), Duration> {
        let address = network(address);
        let pair = Key::Pair(address, login.to_lowercase());
        for (key, limit) in [(&pair, GUESSES_MAX), (&Key::Address(address), ADDRESS_GUESSES_MAX)] {
            if let Some(guesses) = self.guesses.get(key)
                && guesses.ends_at > now
                && guesses.count >= limit
            {
                return Err(guesses.ends_at.since(now));
            }
        }
        self.count(pair, now);
        self.count(Key::Address(address), now);
        Ok(())
    }

    /// Forgets the guesses: this one was right.
    pub fn right(&mut self, address: IpAddr, login: &str) {
        let address = network(address);
        self.guesses.remove(&Key::Pair(address, login.to_lowercase()));
        if let Some(guesses) = self.guesses.get_mut(&Key::Address(address)) {
            guesses.count = guesses.count.saturating_sub(1);
        }
    }

    fn count(&mut self, key: Key, now: Timestamp) {
        if self.guesses.len() >= ENTRIES_MAX && !self.guesses.contains_key(&key) {
            self.make_room(now);
        }
        let guesses = self.guesses.entry(key).or_insert(Guesses { count: 0, ends_at: now + WINDOW });
        if guesses.ends_at <= now {
            *guesses = Guesses { count: 0, ends_at: now + WINDOW };
        }
        guesses.count += 1;
    }

    fn make_room(&mut self, now: Timestamp) {
        self.guesses.retain(|_, guesses| guesses.ends_at > now);
        if self.guesses.len() >= ENTRIES_MAX {
            let first = self.guesses.iter().min_by_key(|(_, guesses)| guesses.ends_at);
            if let Some(key) = first.map(|(key, _)| key.clone()) {
                self.guesses.remove(&key);
            }
        }
    }
}

/// One household has as many IPv6 addresses as it likes, all with the same first half.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => IpAddr::V4(address),
            None => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        },
        IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn ten_guesses_lock_the_pair_and_not_the_owner_elsewhere() {
        let mut lockout = Lockout::default();
        for _ in 0..GUESSES_MAX {
            assert_eq!(lockout.guess(HERE, "sara", at(0)), Ok(()));
        }
        assert_eq!(lockout.guess(HERE, "SARA", at(60)), Err(Duration::from_secs(14 * 60)));
        assert_eq!(lockout.guess(ELSEWHERE, "sara", at(60)), Ok(()));
        assert_eq!(lockout.guess(HERE, "anna", at(60)), Ok(()));
        assert_eq!(lockout.guess(HERE, "sara", at(15 * 60)), Ok(()));
    }

    #[test]
    fn a_right_guess_wipes_the_slate() {
        let mut lockout = Lockout::default();
        for _ in 0..50 {
            for _ in 0..GUESSES_MAX - 1 {
                assert_eq!(lockout.guess(HERE, "sara", at(0)), Ok(()));
            }
            lockout.right(HERE, "Sara");
            lockout.guesses.remove(&Key::Address(HERE));
        }
    }

    #[test]
    fn one_address_cannot_try_every_login() {
        let mut lockout = Lockout::default();
        for number in 0..ADDRESS_GUESSES_MAX {
            assert_eq!(lockout.guess(HERE, &format!("user{number}"), at(0)), Ok(()));
        }
        assert!(lockout.guess(HERE, "another", at(0)).is_err());
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one() {
        let mut lockout = Lockout::default();
        for host in 0..u128::from(GUESSES_MAX) {
            let address = IpAddr::V6(Ipv6Addr::from_bits((0x2001_0db8_u128 << 96) | host));
            assert_eq!(lockout.guess(address, "sara", at(0)), Ok(()));
        }
        assert!(lockout.guess("2001:db8::ffff".parse().unwrap(), "sara", at(0)).is_err());
        assert!(lockout.guess("2001:db8:0:1::1".parse().unwrap(), "sara", at(0)).is_ok());
    }

    #[test]
    fn no_more_is_remembered_than_the_limit() {
        let mut lockout = Lockout::default();
        // Each guess from another address is two entries: the pair and the address.
        for number in 0..ENTRIES_MAX as u32 / 2 + 10 {
            let address = IpAddr::V4((0x0a00_0000 + number).into());
            assert_eq!(lockout.guess(address, "sara", at(0)), Ok(()));
        }
        assert_eq!(lockout.guesses.len(), ENTRIES_MAX);
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }
}
