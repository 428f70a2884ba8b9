//! What operators may set.

use crate::bucket::Rate;
use crate::lists::Networks;
use base::Duration;

/// How the guard behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where carriers of ours are: never counted, never banned.
    pub trunks: Networks,
    /// Whom the operator trusts: the same. Goes before `deny`.
    pub allow: Networks,
    /// Whom the operator does not want to hear: dropped unread.
    pub deny: Networks,
    /// How often who may ask.
    pub limits: Limits,
    /// How long a scanner is kept out; zero: nobody is.
    pub ban: Duration,
    /// How long a message may wait before something is shed; zero: nothing ever is.
    pub lag: Duration,
}

/// How often who may ask, for what is not proven and belongs to nothing that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One name, from one place, for one kind of thing.
    pub name: Rate,
    /// All names of one place together.
    pub place: Rate,
    /// All names of a place where phones of ours are: an office behind one address that comes back after a power cut.
    pub office: Rate,
    /// All strangers' places together that ask for the first time, and as many again that have asked before. It bounds
    /// what made-up addresses cost; a true one that was dropped comes again and is in the smaller crowd then.
    pub strangers: Rate,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trunks: Networks::default(),
            allow: Networks::default(),
            deny: Networks::default(),
            limits: Limits::default(),
            ban: crate::ban::BAN,
            lag: Duration::from_millis(200),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            name: Rate { per_second: 5, burst: 20 },
            place: Rate { per_second: 50, burst: 200 },
            office: Rate { per_second: 500, burst: 2000 },
            strangers: Rate { per_second: 1000, burst: 2000 },
        }
    }
}
