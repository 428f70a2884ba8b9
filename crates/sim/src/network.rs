//! A network of datagrams with a weather: delay, loss, duplicates, and with uneven delay reordering.

use base::{Duration, IdSource, Instant};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// How the network behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// The least time a datagram takes.
    pub delay_min: Duration,
    /// The most. Datagrams overtake each other when it is more than the least.
    pub delay_max: Duration,
    /// The share of datagrams that get lost, 0 to 1.
    pub loss: f64,
    /// The share that arrives twice.
    pub duplicates: f64,
}

impl Weather {
    /// 1 ms, nothing lost.
    pub const FAIR: Self = Self {
        delay_min: Duration::from_millis(1),
        delay_max: Duration::from_millis(1),
        loss: 0.0,
        duplicates: 0.0,
    };

    /// 5 to 200 ms, one in ten lost, one in twenty twice.
    pub const FOUL: Self = Self {
        delay_min: Duration::from_millis(5),
        delay_max: Duration::from_millis(200),
        loss: 0.1,
        duplicates: 0.05,
    };
}

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

/// Every datagram on its way, in order of arrival.
#[derive(Debug)]
pub struct Network {
    weather: Weather,
    dice: IdSource,
    under_way: BTreeMap<(Instant, u64), Datagram>,
    sent: u64,
}

impl Network {
    /// An empty one, whose luck comes from `dice`.
    pub fn new(weather: Weather, dice: IdSource) -> Self {
        Self { weather, dice, under_way: BTreeMap::new(), sent: 0 }
    }

    /// Sends a datagram: it arrives once, twice or never.
    pub fn send(&mut self, datagram: Datagram, now: Instant) {
        if self.dice.unit() < self.weather.loss {
            return;
        }
        if self.dice.unit() < self.weather.duplicates {
            self.deliver_later(datagram.clone(), now);
        }
        self.deliver_later(datagram, now);
    }

    fn deliver_later(&mut self, datagram: Datagram, now: Instant) {
        let spread = self.weather.delay_max.saturating_sub(self.weather.delay_min).as_micros() as u64;
        let delay = self.weather.delay_min + Duration::from_micros(self.dice.below(spread + 1));
        self.sent += 1;
        self.under_way.insert((now + delay, self.sent), datagram);
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
}
