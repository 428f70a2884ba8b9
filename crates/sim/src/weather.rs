//! What a network does to datagrams: how long they take, which of them get lost, doubled, or overtaken.
//!
//! Loss comes by itself or in bursts (Gilbert 1960, Elliott 1963): a path is well or ill, changes by chance from one datagram
//! to the next, and loses each at a chance of the state it is in.
//!
//! ```text
//!            falls_ill
//!   Well ─────────────────▶ Ill
//!   loses  ◀─────────────── loses
//!            recovers
//! ```

use base::{Duration, IdSource};

/// How a network behaves. Every path, from one address to another, has its own luck.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// How long a datagram takes.
    pub delay: Delay,
    /// Which ones get lost.
    pub loss: Loss,
    /// The share that arrives twice, 0 to 1.
    pub duplicates: f64,
    /// The share that takes a way round, 0 to 1: it comes [`ROUND`] later than it would have, behind those sent after it.
    pub overtaken: f64,
    /// Whether those that take no way round keep their order on a path, as in a queue that fills up and empties. Otherwise
    /// uneven delay alone lets them overtake each other.
    pub is_queue: bool,
}

/// How much longer the way round is than the other: two packets of speech.
pub const ROUND: Duration = Duration::from_millis(45);

/// How long a datagram takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    /// Anything between the two, each as likely.
    Even {
        /// The least.
        least: Duration,
        /// The most.
        most: Duration,
    },
    /// Mostly little more than the least, seldom much more: a queue in a router. Never more than [`TAIL_MAX`] times the mean
    /// above the least.
    Tail {
        /// The least.
        least: Duration,
        /// The mean of what is added.
        mean: Duration,
    },
    /// As a bell around the mean, cut at the least and as far above the mean.
    Bell {
        /// The least.
        least: Duration,
        /// The mean.
        mean: Duration,
    },
}

/// No queue of [`Delay::Tail`] holds a datagram up for longer than so many times the mean.
pub const TAIL_MAX: f64 = 8.0;

/// Which datagrams get lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// This share, each by itself.
    Single(f64),
    /// Many at once.
    Bursts(Bursts),
}

/// A path that is well or ill. All values are chances from one datagram to the next, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    /// From well to ill.
    pub falls_ill: f64,
    /// From ill to well.
    pub recovers: f64,
    /// Lost while well.
    pub well_loses: f64,
    /// Lost while ill.
    pub ill_loses: f64,
}

impl Bursts {
    /// Bursts of `length` datagrams in the mean that take this `share` of all, with nothing lost between them: Gilbert's
    /// model.
    pub fn of(share: f64, length: f64) -> Self {
        let recovers = 1.0 / length.max(1.0);
        let share = share.clamp(0.0, 0.99);
        let falls_ill = (recovers * share / (1.0 - share)).min(1.0);
        Self { falls_ill, recovers, well_loses: 0.0, ill_loses: 1.0 }
    }

    /// The share that is lost in the long run.
    pub fn share(&self) -> f64 {
        let ill = self.falls_ill / (self.falls_ill + self.recovers).max(f64::MIN_POSITIVE);
        ill * self.ill_loses + (1.0 - ill) * self.well_loses
    }
}

impl Weather {
    /// 1 ms, nothing lost.
    pub const FAIR: Self = Self {
        delay: Delay::Even { least: Duration::from_millis(1), most: Duration::from_millis(1) },
        loss: Loss::Single(0.0),
        duplicates: 0.0,
        overtaken: 0.0,
        is_queue: false,
    };

    /// 5 to 200 ms, one in ten lost, one in twenty twice.
    pub const FOUL: Self = Self {
        delay: Delay::Even { least: Duration::from_millis(5), most: Duration::from_millis(200) },
        loss: Loss::Single(0.1),
        duplicates: 0.05,
        overtaken: 0.0,
        is_queue: false,
    };

    /// A crowded radio link: four in a row are lost, one in ten in all; queues of 30 ms in the mean, and now and then a way round.
    pub const GUSTY: Self = Self {
        delay: Delay::Tail { least: Duration::from_millis(10), mean: Duration::from_millis(30) },
        loss: Loss::Bursts(Bursts { falls_ill: 0.028, recovers: 0.25, well_loses: 0.0, ill_loses: 1.0 }),
        duplicates: 0.02,
        overtaken: 0.02,
        is_queue: true,
    };
}

impl Delay {
    pub(crate) fn draw(self, dice: &mut IdSource) -> Duration {
        match self {
            Self::Even { least, most } => {
                let spread = most.saturating_sub(least).as_micros() as u64;
                least + Duration::from_micros(dice.below(spread + 1))
            }
            Self::Tail { least, mean } => {
                let times = -(1.0 - dice.unit()).ln();
                least + mean.mul_f64(times.min(TAIL_MAX))
            }
            Self::Bell { least, mean } => {
                // The mean of twelve even draws is as good as a bell (Irwin and Hall), and has ends.
                let draw: f64 = (0..12).map(|_| dice.unit()).sum::<f64>() / 6.0;
                least + mean.saturating_sub(least).mul_f64(draw)
            }
        }
    }
}

impl Loss {
    /// Whether the next datagram is lost. `is_ill` is what is remembered of its path.
    pub(crate) fn draw(self, is_ill: &mut bool, dice: &mut IdSource) -> bool {
        match self {
            Self::Single(share) => dice.unit() < share,
            Self::Bursts(bursts) => {
                let changes = if *is_ill { bursts.recovers } else { bursts.falls_ill };
                if dice.unit() < changes {
                    *is_ill = !*is_ill;
                }
                dice.unit() < if *is_ill { bursts.ill_loses } else { bursts.well_loses }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: usize = 200_000;

    #[test]
    fn as_much_is_lost_as_is_said_and_in_rows_as_long() {
        for (share, length) in [(0.01, 1.0), (0.05, 3.0), (0.1, 5.0)] {
            let bursts = Bursts::of(share, length);
            assert!((bursts.share() - share).abs() < 1e-9);
            let (lost, rows) = lost_and_rows(Loss::Bursts(bursts));
            let (found, in_a_row) = (lost as f64 / DRAWS as f64, lost as f64 / rows as f64);
            assert!((found / share - 1.0).abs() < 0.1, "{share}: {found}");
            // By chance, bursts of one follow each other now and then.
            assert!((in_a_row / length - 1.0).abs() < 0.12, "{length}: {in_a_row}");
        }
        let (lost, rows) = lost_and_rows(Loss::Single(0.05));
        assert!((lost as f64 / DRAWS as f64 / 0.05 - 1.0).abs() < 0.1);
        assert!((lost as f64 / rows as f64) < 1.1, "one by one: {lost} in {rows} rows");
    }

    #[test]
    fn delays_lie_where_they_should_and_have_the_mean_they_should() {
        let ms = Duration::from_millis;
        let even = Delay::Even { least: ms(5), most: ms(25) };
        let tail = Delay::Tail { least: ms(10), mean: ms(30) };
        let bell = Delay::Bell { least: ms(10), mean: ms(40) };
        for (delay, least, mean, most) in
            [(even, 5.0, 15.0, 25.0), (tail, 10.0, 40.0, 250.0), (bell, 10.0, 40.0, 70.0)]
        {
            let mut dice = IdSource::new(7);
            let drawn: Vec<f64> = (0..DRAWS).map(|_| delay.draw(&mut dice).as_secs_f64() * 1000.0).collect();
            let found = drawn.iter().sum::<f64>() / DRAWS as f64;
            assert!((found / mean - 1.0).abs() < 0.02, "{delay:?}: {found}");
            assert!(drawn.iter().all(|drawn| (least..=most + 0.01).contains(drawn)), "{delay:?}");
        }
    }

    fn lost_and_rows(loss: Loss) -> (usize, usize) {
        let (mut dice, mut is_ill) = (IdSource::new(3), false);
        let drawn: Vec<bool> = (0..DRAWS).map(|_| loss.draw(&mut is_ill, &mut dice)).collect();
        let rows = drawn.windows(2).filter(|pair| !pair[0] && pair[1]).count() + usize::from(drawn[0]);
        (drawn.iter().filter(|lost| **lost).count(), rows)
    }
}
