//! The lite side of ICE for one browser: RFC 8445 §2.5, §7.3 and §8.1, with the consent of RFC 7675.
//!
//! ```text
//!  Waiting ──check──▶ Checked ──nominated──▶ Paired ⟲ checked again, perhaps nominated elsewhere
//!     └───────────nominated──────────────────▲   │
//!                                  nominated │   │ 30 s without a check
//!                                            └ Lapsed
//! ```
//!
//! A browser goes on checking the pair it uses, every few seconds. As long as it does, it consents to be sent to; when it
//! stops, nothing more is sent, for nobody may be there any more who wants it. A new nomination ends the silence.

use crate::Place;
use base::{Duration, Instant};

/// How long after a check the browser counts as consenting to be sent to (RFC 7675 §5.1).
pub const CONSENT: Duration = Duration::from_secs(30);

/// How many addresses of one browser may have passed a check and be listened to. The one that was heard of first goes when
/// another comes, never the one in use.
pub const ADDRESSES_MAX: usize = 8;

/// Where a browser stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing has come.
    Waiting,
    /// It has checked, and chosen nothing.
    Checked,
    /// It uses this address, and consents until then.
    Paired {
        /// Where it is.
        remote: Place,
        /// Until when it may be sent to.
        consents_until: Instant,
    },
    /// It used this address and has been silent for too long.
    Lapsed {
        /// Where it was.
        remote: Place,
    },
}

/// What happens to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A check of it came from there, rightly signed.
    Check(Place),
    /// A check that chooses the address it came from.
    Nominate(Place),
    /// Time has passed.
    Timeout,
}

/// One browser, as ICE sees it.
#[derive(Clone, Debug)]
pub struct Agent {
    state: State,
    /// Addresses that checks have come from, the oldest first.
    addresses: Vec<Place>,
}

impl Default for Agent {
    fn default() -> Self {
        Self::new()
    }
}

impl Agent {
    /// A browser of which nothing has been heard.
    pub const fn new() -> Self {
        Self { state: State::Waiting, addresses: Vec::new() }
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Takes in what happened.
    pub fn handle(&mut self, input: Input, now: Instant) {
        use State::*;

        let paired = |remote| Paired { remote, consents_until: now + CONSENT };
        if let Input::Check(from) | Input::Nominate(from) = input {
            self.meet(from);
        }
        self.state = match (self.state, input) {
            (Waiting | Checked, Input::Check(_)) => Checked,
            (Waiting | Checked | Paired { .. } | Lapsed { .. }, Input::Nominate(from)) => paired(from),

            (Paired { remote, .. }, Input::Check(from)) if from == remote => paired(remote),
            // A pair beside the one in use, kept alive in case it is needed.
            (Paired { remote, consents_until }, Input::Check(_)) => Paired { remote, consents_until },
            (Paired { remote, consents_until }, Input::Timeout) if consents_until <= now => Lapsed { remote },
            (Paired { remote, consents_until }, Input::Timeout) => Paired { remote, consents_until },

            // It is still there, and goes on with what it had chosen.
            (Lapsed { remote }, Input::Check(from)) if from == remote => paired(remote),
            (Lapsed { remote }, Input::Check(_) | Input::Timeout) => Lapsed { remote },

            (state @ (Waiting | Checked), Input::Timeout) => state,
        };
    }

    /// Where it may be sent to.
    pub const fn remote(&self) -> Option<Place> {
        match self.state {
            State::Paired { remote, .. } => Some(remote),
            State::Waiting | State::Checked | State::Lapsed { .. } => None,
        }
    }

    /// Where checks of it have come from.
    pub fn addresses(&self) -> &[Place] {
        &self.addresses
    }

    /// Nothing is heard from there any more: the connection is closed. What was chosen stays chosen until the browser chooses
    /// anew or is silent for too long.
    pub fn forget(&mut self, place: Place) {
        self.addresses.retain(|known| *known != place);
    }

    /// When [`Input::Timeout`] is due.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Paired { consents_until, .. } => Some(consents_until),
            State::Waiting | State::Checked | State::Lapsed { .. } => None,
        }
    }

    fn meet(&mut self, address: Place) {
        if self.addresses.contains(&address) {
            return;
        }
        if self.addresses.len() == ADDRESSES_MAX {
            let used = self.remote();
            let oldest = self.addresses.iter().position(|known| Some(*known) != used).unwrap_or(0);
            self.addresses.remove(oldest);
        }
        self.addresses.push(address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    const HERE: &str = "192.0.2.1:1000";
    const THERE: &str = "198.51.100.1:2000";

    #[test]
    fn the_whole_table() {
        let (here, there) = (at(HERE), at(THERE));
        let start = Instant::from_micros(0);
        let later = start + Duration::from_secs(10);
        let too_late = start + Duration::from_secs(31);
        let mut table = String::new();
        for (name, steps) in [
            ("Waiting", &[][..]),
            ("Checked", &[(Input::Check(here), start)]),
            ("Paired", &[(Input::Nominate(here), start)]),
            ("Lapsed", &[(Input::Nominate(here), start), (Input::Timeout, start + CONSENT)]),
        ] {
            for (what, input, when) in [
                ("check from here", Input::Check(here), later),
                ("check from there", Input::Check(there), later),
                ("nominates here", Input::Nominate(here), later),
                ("nominates there", Input::Nominate(there), later),
                ("after 10 s", Input::Timeout, later),
                ("after 31 s", Input::Timeout, too_late),
            ] {
                let mut agent = Agent::new();
                for (step, when) in steps {
                    agent.handle(*step, *when);
                }
                agent.handle(input, when);
                let state = match agent.state() {
                    State::Waiting => "Waiting".to_owned(),
                    State::Checked => "Checked".to_owned(),
                    State::Paired { remote, consents_until } => {
                        let place = if remote == here { "here" } else { "there" };
                        format!("Paired {place} until {} s", consents_until.as_micros() / 1_000_000)
                    }
                    State::Lapsed { remote } => {
                        format!("Lapsed {}", if remote == here { "here" } else { "there" })
                    }
                };
                let _ = writeln!(table, "{name:8} {what:17} {state}");
            }
        }
        insta::assert_snapshot!(table, @r"
        Waiting  check from here   Checked
        Waiting  check from there  Checked
        Waiting  nominates here    Paired here until 40 s
        Waiting  nominates there   Paired there until 40 s
        Waiting  after 10 s        Waiting
        Waiting  after 31 s        Waiting
        Checked  check from here   Checked
        Checked  check from there  Checked
        Checked  nominates here    Paired here until 40 s
        Checked  nominates there   Paired there until 40 s
        Checked  after 10 s        Checked
        Checked  after 31 s        Checked
        Paired   check from here   Paired here until 40 s
        Paired   check from there  Paired here until 30 s
        Paired   nominates here    Paired here until 40 s
        Paired   nominates there   Paired there until 40 s
        Paired   after 10 s        Paired here until 30 s
        Paired   after 31 s        Lapsed here
        Lapsed   check from here   Paired here until 40 s
        Lapsed   check from there  Lapsed here
        Lapsed   nominates here    Paired here until 40 s
        Lapsed   nominates there   Paired there until 40 s
        Lapsed   after 10 s        Lapsed here
        Lapsed   after 31 s        Lapsed here
        ");
    }

    #[test]
    fn a_browser_of_many_addresses_keeps_the_one_in_use() {
        let mut agent = Agent::new();
        agent.handle(Input::Nominate(at(HERE)), Instant::START);
        for port in 1..100 {
            agent.handle(Input::Check(at(&format!("198.51.100.1:{port}"))), Instant::START);
        }
        assert_eq!(agent.addresses().len(), ADDRESSES_MAX);
        assert_eq!(agent.remote(), Some(at(HERE)));
        assert!(agent.addresses().contains(&at(HERE)));
        assert!(agent.addresses().contains(&at("198.51.100.1:99")));
    }

    fn at(text: &str) -> Place {
        Place::Udp(text.parse().expect("an address"))
    }
}
