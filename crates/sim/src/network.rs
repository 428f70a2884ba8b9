//! A network of datagrams with a [`Weather`]: every path from one address to another has its own luck, all of it from one seed.

use crate::weather::{ROUND, Weather};
use base::{IdSource, Instant};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// How many paths are remembered; a simulation with more of them forgets all, and they begin well and empty.
pub const PATHS_MAX: usize = 65_536;

/// A datagram on its way.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// Who sent it.
    pub from: SocketAddr,
    /// Whom it is for.
    pub to: SocketAddr,
    /// What is in it.
    pub bytes: Bytes,
}

/// What is remembered of the way from one address to another.
#[derive(Clone, Copy, Debug, Default)]
struct Path {
    is_ill: bool,
    /// When the last one arrives that took no way round.
    last_arrival: Instant,
}

/// What became of datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    /// Sent into the network.
    pub sent: u64,
    /// Lost in it.
    pub lost: u64,
    /// Arriving twice.
    pub doubled: u64,
    /// Taking a way round.
    pub overtaken: u64,
}

/// Every datagram on its way, in order of arrival.
#[derive(Debug)]
pub struct Network {
    weather: Weather,
    dice: IdSource,
    paths: BTreeMap<(SocketAddr, SocketAddr), Path>,
    under_way: BTreeMap<(Instant, u64), Datagram>,
    numbered: u64,
    fates: Fates,
}

impl Network {
    /// An empty one, whose luck comes from `dice`.
    pub fn new(weather: Weather, dice: IdSource) -> Self {
        Self {
            weather,
            dice,
            paths: BTreeMap::new(),
            under_way: BTreeMap::new(),
            numbered: 0,
            fates: Fates::default(),
        }
    }

    /// Sends a datagram: it arrives once, twice or never.
    pub fn send(&mut self, datagram: Datagram, now: Instant) {
        self.fates.sent += 1;
        if self.paths.len() >= PATHS_MAX {
            self.paths.clear();
        }
        let path = self.paths.entry((datagram.from, datagram.to)).or_default();
        if self.weather.loss.draw(&mut path.is_ill, &mut self.dice) {
            self.fates.lost += 1;
            return;
        }
        if self.dice.unit() < self.weather.duplicates {
            self.fates.doubled += 1;
            self.deliver_later(datagram.clone(), now);
        }
        self.deliver_later(datagram, now);
    }

    fn deliver_later(&mut self, datagram: Datagram, now: Instant) {
        let mut arrival = now + self.weather.delay.draw(&mut self.dice);
        if self.weather.overtaken > 0.0 && self.dice.unit() < self.weather.overtaken {
            self.fates.overtaken += 1;
            arrival += ROUND;
        } else if self.weather.is_queue {
            let path = self.paths.entry((datagram.from, datagram.to)).or_default();
            arrival = arrival.max(path.last_arrival);
            path.last_arrival = arrival;
        }
        self.numbered += 1;
        self.under_way.insert((arrival, self.numbered), datagram);
    }

    /// When the next one arrives.
    pub fn next_arrival(&self) -> Option<Instant> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the next one that has arrived.
    pub fn arrive(&mut self, now: Instant) -> Option<Datagram> {
        if self.next_arrival()? > now {
            return None;
        }
        self.under_way.pop_first().map(|(_, datagram)| datagram)
    }

    /// The weather changes for what is sent from now on.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// What became of all datagrams so far.
    pub fn fates(&self) -> Fates {
        self.fates
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weather::{Bursts, Delay, Loss};
    use base::Duration;

    #[test]
    fn a_queue_keeps_the_order_and_without_one_they_overtake() {
        let weather = Weather {
            delay: Delay::Tail { least: Duration::from_millis(5), mean: Duration::from_millis(30) },
            is_queue: true,
            ..Weather::FAIR
        };
        assert_eq!(arrivals(weather, 1), (0..1_000).collect::<Vec<_>>());
        let open = arrivals(Weather { is_queue: false, ..weather }, 1);
        assert!(open.windows(2).filter(|pair| pair[0] > pair[1]).count() > 100);
        let mut sorted = open;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1_000).collect::<Vec<_>>(), "late, and all here");
    }

    #[test]
    fn one_in_so_many_takes_a_way_round_and_comes_behind_its_followers() {
        let order = arrivals(Weather { overtaken: 0.1, ..Weather::FAIR }, 2);
        let behind = order.windows(2).filter(|pair| pair[0] > pair[1]).count();
        assert!((50..150).contains(&behind), "{behind}");
        assert!(order.iter().enumerate().all(|(at, number)| at.abs_diff(*number) <= 45));
    }

    #[test]
    fn the_same_seed_has_the_same_luck_and_another_has_another() {
        assert_eq!(arrivals(Weather::GUSTY, 3), arrivals(Weather::GUSTY, 3));
        assert_ne!(arrivals(Weather::GUSTY, 3), arrivals(Weather::GUSTY, 4));
    }

    #[test]
    fn paths_are_ill_one_by_one() {
        let bursts = Bursts { falls_ill: 0.001, recovers: 0.0, well_loses: 0.0, ill_loses: 1.0 };
        let mut network =
            Network::new(Weather { loss: Loss::Bursts(bursts), ..Weather::FAIR }, IdSource::new(5));
        for round in 0..500 {
            for host in 1..=9 {
                network.send(datagram(host, round), Instant::START);
            }
        }
        let mut heard = [0; 10];
        while let Some(datagram) = network.arrive(Instant::START + Duration::from_secs(1)) {
            heard[usize::from(datagram.from.port())] += 1;
        }
        assert!(heard[1..].contains(&500), "some never fall ill: {heard:?}");
        assert!(heard[1..].iter().any(|count| *count < 500), "those that do stay so: {heard:?}");
    }

    /// The numbers of a thousand datagrams, one a millisecond, in the order of their arrival.
    fn arrivals(weather: Weather, seed: u64) -> Vec<usize> {
        let mut network = Network::new(weather, IdSource::new(seed));
        for number in 0..1_000 {
            network.send(datagram(1, number), Instant::START + Duration::from_millis(number as u64));
        }
        let mut order = Vec::new();
        while let Some(datagram) = network.arrive(Instant::START + Duration::from_secs(10)) {
            order.push(usize::from(u16::from_be_bytes([datagram.bytes[0], datagram.bytes[1]])));
        }
        let fates = network.fates();
        assert_eq!(order.len() as u64, fates.sent - fates.lost + fates.doubled);
        order
    }

    fn datagram(host: u16, number: usize) -> Datagram {
        Datagram {
            from: SocketAddr::from(([10, 0, 0, 1], host)),
            to: SocketAddr::from(([10, 0, 0, 2], 1)),
            bytes: Bytes::copy_from_slice(&(number as u16).to_be_bytes()),
        }
    }
}
