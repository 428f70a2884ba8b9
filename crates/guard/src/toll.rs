//! Toll fraud: how much one account may call outside, and where to.
//!
//! Whoever gets hold of a phone's password calls expensive numbers with it, many at once, at night. So calls outside have
//! limits for each account, and numbers may be forbidden or allowed by how they begin. Calls that a dialplan sends
//! outside have no account and no limit here; emergency calls are not asked about.

use base::{Duration, Now};
use std::collections::{BTreeMap, VecDeque};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The most calls in a day that can be set: each of them is remembered for that day.
pub const PER_DAY_MAX: u32 = 100_000;

/// How much an account may call outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TollLimits {
    /// Calls at once.
    pub at_once: u32,
    /// Calls begun within an hour.
    pub per_hour: u32,
    /// Calls begun within a day, [`PER_DAY_MAX`] at the most.
    pub per_day: u32,
    /// Numbers that are refused: those that begin so.
    pub forbidden: Vec<String>,
    /// Numbers that are not refused: those that begin so. If there are any, all others are refused. Where both lists
    /// fit, the longer beginning decides.
    pub allowed: Vec<String>,
}

impl Default for TollLimits {
    fn default() -> Self {
        Self { at_once: 5, per_hour: 100, per_day: 500, forbidden: Vec::new(), allowed: Vec::new() }
    }
}

/// Why an account may not call a number now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum TollRefusal {
    /// Too many at once.
    #[error("calls outside are limited to {0} at once")]
    AtOnce(u32),
    /// Too many within an hour.
    #[error("calls outside are limited to {0} within an hour")]
    PerHour(u32),
    /// Too many within a day.
    #[error("calls outside are limited to {0} within a day")]
    PerDay(u32),
    /// The number begins like a forbidden one.
    #[error("numbers that begin with {0} are forbidden")]
    Forbidden(String),
    /// The number begins like none of the allowed ones.
    #[error("only numbers that begin with what is allowed may be called")]
    NotAllowed,
}

/// A refusal, and whether the operator should hear of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub why: TollRefusal,
    /// Whether it is the first of its kind for this account within a day.
    pub alarm: bool,
}

/// What accounts have called outside.
#[derive(Clone, Debug, Default)]
pub struct Toll {
    accounts: BTreeMap<Box<str>, Account>,
}

#[derive(Clone, Debug, Default)]
struct Account {
    live: u32,
    begun: VecDeque<base::Instant>,
    alarmed: Vec<(TollRefusal, base::Instant)>,
}

impl Toll {
    /// An account wants to call a number outside. If it may, the call counts from now on, until [`Toll::end`].
    pub fn begin(
        &mut self,
        account: &str,
        number: &str,
        limits: &TollLimits,
        now: Now,
    ) -> Result<(), Refused> {
        let one = self.accounts.entry(account.into()).or_default();
        one.forget_yesterday(now);
        match one.refusal(number, limits, now) {
            None => {
                one.live += 1;
                one.begun.push_back(now.mono);
                Ok(())
            }
            Some(why) => {
                let alarm = !one.alarmed.iter().any(|(before, _)| same_kind(before, &why));
                if alarm {
                    one.alarmed.push((why.clone(), now.mono));
                }
                Err(Refused { why, alarm })
            }
        }
    }

    /// A call that was begun is over.
    pub fn end(&mut self, account: &str) {
        if let Some(one) = self.accounts.get_mut(account) {
            one.live = one.live.saturating_sub(1);
        }
    }

    /// Calls outside that are live.
    pub fn live(&self) -> u64 {
        self.accounts.values().map(|account| u64::from(account.live)).sum()
    }

    /// Forgets accounts without a call in the last day. To be called now and then.
    pub fn tidy(&mut self, now: Now) {
        self.accounts.retain(|_, account| {
            account.forget_yesterday(now);
            account.live > 0 || !account.begun.is_empty() || !account.alarmed.is_empty()
        });
    }
}

impl Account {
    fn forget_yesterday(&mut self, now: Now) {
        while self.begun.front().is_some_and(|begun| now.mono.since(*begun) >= DAY) {
            self.begun.pop_front();
        }
        self.alarmed.retain(|(_, at)| now.mono.since(*at) < DAY);
    }

    fn refusal(&self, number: &str, limits: &TollLimits, now: Now) -> Option<TollRefusal> {
        // Dashes, dots and brackets mean nothing to a carrier, and must not hide a number.
        let number: String = number.chars().filter(|letter| !" -./()".contains(*letter)).collect();
        let longest = |list: &[String]| {
            let fitting = list.iter().filter(|beginning| number.starts_with(beginning.as_str()));
            fitting.max_by_key(|beginning| beginning.len()).cloned()
        };
        let (allowed, forbidden) = (longest(&limits.allowed), longest(&limits.forbidden));
        if let Some(forbidden) = forbidden
            && allowed.as_ref().is_none_or(|allowed| allowed.len() < forbidden.len())
        {
            return Some(TollRefusal::Forbidden(forbidden));
        }
        if allowed.is_none() && !limits.allowed.is_empty() {
            return Some(TollRefusal::NotAllowed);
        }
        let older = self.begun.partition_point(|begun| now.mono.since(*begun) >= HOUR);
        let has = |count: usize, limit: u32| count >= limit as usize;
        if self.live >= limits.at_once {
            Some(TollRefusal::AtOnce(limits.at_once))
        } else if has(self.begun.len() - older, limits.per_hour) {
            Some(TollRefusal::PerHour(limits.per_hour))
        } else if has(self.begun.len(), limits.per_day.min(PER_DAY_MAX)) {
            Some(TollRefusal::PerDay(limits.per_day))
        } else {
            None
        }
    }
}

fn same_kind(one: &TollRefusal, other: &TollRefusal) -> bool {
    core::mem::discriminant(one) == core::mem::discriminant(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_so_many_calls_at_once() {
        let mut desk = Desk::new(TollLimits { at_once: 2, ..TollLimits::default() });
        assert_eq!(
            [desk.call("9123"), desk.call("9123"), desk.call("9123")].map(|it| it.is_ok()),
            [true, true, false]
        );
        desk.toll.end("1001");
        assert_eq!(desk.call("9123"), Ok(()));
        assert_eq!(desk.toll.begin("1002", "9123", &desk.limits, desk.now), Ok(()), "another account");
    }

    #[test]
    fn an_hour_and_a_day_have_limits_of_their_own() {
        let mut desk = Desk::new(TollLimits { per_hour: 3, per_day: 5, ..TollLimits::default() });
        let mut answers = Vec::new();
        for _ in 0..9 {
            answers.push(match desk.call("9123") {
                Ok(()) => "called".to_owned(),
                Err(refused) => refused.why.to_string(),
            });
            desk.toll.end("1001");
            desk.now = desk.now.after(Duration::from_secs(15 * 60));
        }
        insta::assert_snapshot!(answers.join("\n"), @r"
        called
        called
        called
        calls outside are limited to 3 within an hour
        called
        called
        calls outside are limited to 5 within a day
        calls outside are limited to 5 within a day
        calls outside are limited to 5 within a day
        ");
        desk.now = desk.now.after(DAY);
        assert_eq!(desk.call("9123"), Ok(()));
    }

    #[test]
    fn the_longer_beginning_decides() {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let limits = TollLimits {
            forbidden: list(&["900", "90900", "900499"]),
            allowed: list(&["90049", "91"]),
            ..TollLimits::default()
        };
        for (number, said) in [
            ("9004930123", "may"),
            ("9004990123", "numbers that begin with 900499 are forbidden"),
            ("9(0)0-44", "numbers that begin with 900 are forbidden"),
            ("9112", "may"),
            ("92", "only numbers that begin with what is allowed may be called"),
        ] {
            let mut desk = Desk::new(limits.clone());
            let answer =
                desk.call(number).map_or_else(|refused| refused.why.to_string(), |()| "may".to_owned());
            assert_eq!(answer, said, "{number}");
        }
    }

    #[test]
    fn the_operator_hears_of_each_kind_once_a_day() {
        let mut desk = Desk::new(TollLimits {
            at_once: 1,
            forbidden: vec!["90900".to_owned()],
            ..TollLimits::default()
        });
        let mut alarms = |number: &str| desk.call(number).is_err_and(|refused| refused.alarm);
        let heard = ["9123", "9123", "9123", "909001", "909002"].map(&mut alarms);
        assert_eq!(heard, [false, true, false, true, false]);
        desk.now = desk.now.after(DAY);
        assert!(desk.call("9123").is_err_and(|refused| refused.alarm));
    }

    #[test]
    fn nothing_is_left_of_yesterday() {
        let mut desk = Desk::new(TollLimits::default());
        assert_eq!(desk.call("9123"), Ok(()));
        desk.toll.end("1001");
        desk.toll.end("1001");
        assert_eq!(desk.toll.live(), 0);
        desk.now = desk.now.after(DAY);
        desk.toll.tidy(desk.now);
        assert!(desk.toll.accounts.is_empty());
    }

    struct Desk {
        toll: Toll,
        limits: TollLimits,
        now: Now,
    }

    impl Desk {
        fn new(limits: TollLimits) -> Self {
            Self { toll: Toll::default(), limits, now: Now::default().after(Duration::from_secs(1)) }
        }

        fn call(&mut self, number: &str) -> Result<(), Refused> {
            self.toll.begin("1001", number, &self.limits, self.now)
        }
    }
}
