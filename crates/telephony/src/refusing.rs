//! What a SIP peer is told when it does not get what it asks for: a status, and the reason in words (Warning, RFC 3261
//! §20.43), so that whoever reads the answer can tell our limits and rules from a carrier that is dead.
//!
//! Limits of ours are told to the operator and to supervisors too: when one begins to turn calls away, and then once in a
//! while with how many they were, never once for each call, and also when no further call comes.

use crate::Telephony;
use crate::machine::Timer;
use base::{Duration, Instant, Now};
use model::leg::Rejection;
use model::{CallLimit, LegEvent, Origin};
use sip_message::StatusCode;
use std::collections::BTreeMap;

/// When a carrier may try again that was turned away for a limit: calls end all the time.
const RETRY_AFTER_S: &str = "5";

/// How long a limit that was told of is not told of again.
pub(crate) const TELL_EVERY: Duration = Duration::from_secs(300);

/// Who is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A phone of ours. It has nobody but us: a 503 with a Retry-After would have it send us nothing at all meanwhile, a call for
    /// help neither (RFC 3261 §21.5.4).
    Phone,
    /// A carrier. It takes another way, or comes again.
    Carrier,
}

impl Asker {
    /// Who arrived so.
    pub(crate) fn of(origin: &Origin) -> Self {
        match origin {
            Origin::User(_) => Self::Phone,
            Origin::Trunk(_) => Self::Carrier,
        }
    }
}

/// A refusal as it is said to a SIP peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spoken {
    pub(crate) status: StatusCode,
    /// The reason phrase; empty: the usual one.
    pub(crate) reason: &'static str,
    /// The text of the Warning.
    warning: String,
    is_for_now: bool,
}

impl Spoken {
    /// Because of a limit of ours.
    pub(crate) fn of_limit(limit: &CallLimit, asker: Asker) -> Self {
        let status = match asker {
            // What a phone may do is its own matter.
            _ if limit.kind.is_of_phone() => StatusCode::FORBIDDEN,
            Asker::Phone => StatusCode::TEMPORARILY_UNAVAILABLE,
            Asker::Carrier => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self {
            is_for_now: status == StatusCode::SERVICE_UNAVAILABLE,
            status,
            reason: "Too Many Calls",
            warning: format!("{limit} is reached"),
        }
    }

    /// What the center says of a call or a transfer.
    pub(crate) fn of(why: &Rejection, asker: Asker) -> Self {
        let (status, reason, warning) = match why {
            Rejection::Limit(limit) => return Self::of_limit(limit, asker),
            Rejection::NoSuchNumber => (StatusCode::NOT_FOUND, "", "nobody has this number"),
            Rejection::Busy => (StatusCode::BUSY_HERE, "", ""),
            Rejection::Declined => (StatusCode::DECLINE, "", ""),
            Rejection::Forbidden => (StatusCode::FORBIDDEN, "", "this phone may not do that"),
            Rejection::Unavailable => (StatusCode::TEMPORARILY_UNAVAILABLE, "", ""),
            Rejection::Draining => {
                (StatusCode::SERVICE_UNAVAILABLE, "Shutting Down", "no new calls are taken any more")
            }
        };
        Self { status, reason, warning: warning.to_owned(), is_for_now: false }
    }

    /// The headers that go with it.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if self.is_for_now {
            headers.push(("Retry-After", RETRY_AFTER_S.to_owned()));
        }
        if !self.warning.is_empty() {
            // Names come from the configuration: they may hold what would end the text.
            let is_plain = |letter: &char| !"\"\\".contains(*letter) && !letter.is_control();
            let text: String = self.warning.chars().filter(is_plain).collect();
            headers.push(("Warning", format!("399 hotline \"{text}\"")));
        }
        headers
    }
}

/// Limits that have turned calls away, one entry each: as many as there are trunks and phones.
#[derive(Debug, Default)]
pub(crate) struct ReachedLimits {
    told: BTreeMap<CallLimit, Told>,
}

#[derive(Debug)]
struct Told {
    at: Instant,
    /// Calls turned away since.
    unsaid: u32,
}

/// When a call that was turned away is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// Now, with so many calls.
    Now(u32),
    /// With what comes until then.
    At(Instant),
}

impl ReachedLimits {
    /// A limit turned a call away.
    fn note(&mut self, limit: &CallLimit, now: Instant) -> Due {
        // Those of which nothing is left to be told make room.
        self.told.retain(|_, told| told.unsaid > 0 || now.since(told.at) < TELL_EVERY);
        let Some(told) = self.told.get_mut(limit) else {
            self.told.insert(limit.clone(), Told { at: now, unsaid: 0 });
            return Due::Now(1);
        };
        told.unsaid = told.unsaid.saturating_add(1);
        if now.since(told.at) < TELL_EVERY {
            return Due::At(told.at + TELL_EVERY);
        }
        Due::Now(self.take(limit, now).unwrap_or(1))
    }

    /// How many calls are not told of yet, if any. They count as told from now on.
    fn take(&mut self, limit: &CallLimit, now: Instant) -> Option<u32> {
        let told = self.told.get_mut(limit).filter(|told| told.unsaid > 0)?;
        told.at = now;
        Some(std::mem::take(&mut told.unsaid))
    }
}

impl Telephony {
    /// A limit of ours turned a call away.
    pub(crate) fn limit_reached(&mut self, limit: CallLimit, now: Now) {
        match self.reached.note(&limit, now.mono) {
            Due::Now(calls) => {
                self.deadlines.stop(&Timer::Unsaid(limit.clone()));
                self.say_reached(limit, calls);
            }
            Due::At(at) => self.deadlines.set(Timer::Unsaid(limit), at),
        }
    }

    /// What was turned away since a limit was last told of is told, though no further call came.
    pub(crate) fn tell_unsaid(&mut self, limit: CallLimit, now: Now) {
        if let Some(calls) = self.reached.take(&limit, now.mono) {
            self.say_reached(limit, calls);
        }
    }

    /// Somebody has taken notice of a limit: what it turned away until now is not counted afterwards.
    pub(crate) fn limit_noticed(&mut self, limit: CallLimit, now: Now) {
        if let Some(calls) = self.reached.take(&limit, now.mono) {
            self.log_reached(&limit, calls);
        }
        self.deadlines.stop(&Timer::Unsaid(limit));
    }

    fn say_reached(&mut self, limit: CallLimit, calls: u32) {
        self.log_reached(&limit, calls);
        self.tell(LegEvent::LimitReached { limit, calls });
    }

    fn log_reached(&mut self, limit: &CallLimit, calls: u32) {
        // What a phone may not do is logged once a day by whoever counts its calls, with the number it dialed.
        if limit.kind.is_of_phone() {
            return;
        }
        self.alarm(match calls {
            1 => format!("{limit} is reached: a call was turned away"),
            _ => format!("{limit} is reached: {calls} calls were turned away since this was last said"),
        });
    }
}
