//! Who keeps a session alive, and what happens if nobody does: RFC 4028.
//!
//! ```text
//!  Off ──agreed: we refresh───▶ Keeping ──half the interval──▶ Asking ──2xx──▶ Keeping
//!      ──agreed: they refresh─▶ Watching
//!  Keeping, Asking, Watching ──the interval is over──▶ Off, and the call ends
//! ```
//!
//! Each 2xx to an INVITE or UPDATE, in either direction, is a refresh and agrees anew who keeps the session. A refresh is
//! an UPDATE without a body where the peer takes UPDATE, else a re-INVITE with our description as it is.

use super::outgoing::{Draft, Purpose};
use super::{Hands, Session, Wait, With, offer, table};
use crate::facts;
use crate::user_agent::UserAgentConfig;
use base::Duration;
use sip_message::header::{Refresher, SessionExpires};
use sip_message::{HeaderName, Method, Request, RequestBuilder, Response, ResponseBuilder, StatusCode};

/// Who keeps the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody: it lives until somebody hangs up.
    Off,
    /// We do; the next refresh is due at half the interval.
    Keeping,
    /// We do, and the refresh is out or will be as soon as it may.
    Asking,
    /// The peer does.
    Watching,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A 2xx agreed that we refresh.
    Ours,
    /// A 2xx agreed that the peer refreshes.
    Theirs,
    /// A 2xx said nothing of it.
    Nobody,
    /// Half the interval is over, or the pause after a refusal.
    Due,
    /// The refresh was refused, or could not be sent just now.
    Refused,
    /// The interval is over.
    Overdue,
    /// The call ends.
    End,
}

/// What a transition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Refresh at half the interval.
    ArmRefresh,
    /// Give the session up when the interval is over.
    ArmExpiry,
    /// Send a refresh.
    Refresh,
    /// Try again soon.
    TryLater,
    /// Do not refresh.
    StopRefresh,
    /// Do not give up.
    StopExpiry,
    /// End the call.
    Expire,
}

/// The table.
pub fn step(state: State, input: Input) -> (State, &'static [Do]) {
    use Do::*;
    use Input::{Due, End, Nobody, Ours, Overdue, Refused, Theirs};
    use State::{Asking, Keeping, Off, Watching};

    match (state, input) {
        (Off | Keeping | Asking | Watching, Ours) => (Keeping, &[ArmExpiry, ArmRefresh]),
        (Off | Keeping | Asking | Watching, Theirs) => (Watching, &[StopRefresh, ArmExpiry]),
        (Off | Keeping | Asking | Watching, Nobody | End) => (Off, &[StopRefresh, StopExpiry]),

        (Keeping | Asking, Due) => (Asking, &[Refresh]),
        (Asking, Refused) => (Asking, &[TryLater]),
        (Keeping | Asking | Watching, Overdue) => (Off, &[StopRefresh, Expire]),

        // A timer stopped in the same instant, or a refusal that has been overtaken by a refresh of the peer.
        (Off, Due | Refused | Overdue) | (Watching, Due | Refused) | (Keeping, Refused) => (state, &[]),
    }
}

/// How sessions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimer {
    /// How long a session may go without a refresh: what we ask for, and the most we agree to.
    pub interval: Duration,
    /// The shortest interval we agree to, 90 s at least (§4).
    pub min: Duration,
}

impl Default for SessionTimer {
    fn default() -> Self {
        Self { interval: Duration::from_secs(1800), min: Duration::from_secs(INTERVAL_MIN_S.into()) }
    }
}

/// The shortest interval anybody may ask for (§4).
pub(crate) const INTERVAL_MIN_S: u32 = 90;

/// The longest Min-SE we follow: a day. What is longer is a mistake.
const INTERVAL_MAX_S: u32 = 86_400;

/// How long we wait after a refused refresh.
const TRY_LATER: Duration = Duration::from_secs(5);

/// The timer of one session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keeper {
    state: State,
    /// The interval agreed on, in seconds; before that what we ask for, if a 422 made us.
    interval: u32,
    /// The smallest interval that somebody on the way has asked for.
    min: u32,
}

impl Keeper {
    pub(super) fn new() -> Self {
        Self { state: State::Off, interval: 0, min: 0 }
    }

    /// Says in an INVITE or UPDATE of ours how the session is to be kept.
    pub(super) fn ask(&self, request: RequestBuilder, config: &UserAgentConfig) -> RequestBuilder {
        let Keeper { state, interval, min } = *self;
        let wanted = config.session_timer.map(|timer| timer.interval_s());
        let refresher = match state {
            State::Off => None,
            State::Keeping | State::Asking => Some(Refresher::Uac),
            State::Watching => Some(Refresher::Uas),
        };
        let seconds =
            if state == State::Off { wanted.map(|wanted| wanted.max(interval)) } else { Some(interval) };
        let Some(seconds) = seconds else { return request };
        request
            .header(HeaderName::SessionExpires, SessionExpires { seconds: seconds.max(min), refresher })
            .optional(HeaderName::MinSe, (min > INTERVAL_MIN_S).then_some(min))
    }
}

impl SessionTimer {
    fn interval_s(&self) -> u32 {
        u32::try_from(self.interval.as_secs()).unwrap_or(INTERVAL_MAX_S).max(self.min_s())
    }

    /// The shortest interval, in seconds.
    pub(crate) fn min_s(&self) -> u32 {
        u32::try_from(self.min.as_secs()).unwrap_or(INTERVAL_MAX_S).max(INTERVAL_MIN_S)
    }
}

impl Session {
    /// Says in our 2xx to an INVITE or UPDATE how the session is kept, and keeps it so.
    pub(super) fn agree_timer(
        &mut self,
        request: &Request,
        response: ResponseBuilder,
        hands: &mut Hands<'_>,
    ) -> ResponseBuilder {
        let is_refresh = matches!(request.method(), Method::Invite | Method::Update)
            && matches!(self.state, table::State::Answered | table::State::Established);
        if !is_refresh {
            return response;
        }
        let headers = request.headers();
        let asked = headers.session_expires().ok().flatten();
        let peer_can = headers.supports(facts::TIMER);
        let min = headers.min_se().ok().flatten().unwrap_or(INTERVAL_MIN_S);
        let ours = hands.config.session_timer;
        let is_kept_by_us = matches!(self.timer.state, State::Keeping | State::Asking);
        let seconds = match (asked, ours) {
            (Some(asked), Some(ours)) => asked.seconds.min(ours.interval_s()).max(ours.min_s()),
            (Some(asked), None) => asked.seconds.max(INTERVAL_MIN_S),
            (None, Some(ours)) if peer_can => ours.interval_s(),
            // The peer cannot, and we have promised to.
            (None, _) if is_kept_by_us => self.timer.interval,
            (None, _) => {
                self.run_timer(Input::Nobody, hands);
                return response;
            }
        };
        let said = asked.and_then(|asked| asked.refresher);
        let refresher = match said {
            // Who does not know what a refresh is cannot keep the session, whatever stands there.
            Some(said) if peer_can || said == Refresher::Uas => said,
            Some(_) => Refresher::Uas,
            // Roles stay as they are; at first whoever called keeps the session, if it can (§9, table 2).
            None if is_kept_by_us || !peer_can => Refresher::Uas,
            None => Refresher::Uac,
        };
        self.timer.interval = seconds.max(min);
        let input = if refresher == Refresher::Uas { Input::Ours } else { Input::Theirs };
        self.run_timer(input, hands);
        let value = SessionExpires { seconds: self.timer.interval, refresher: Some(refresher) };
        let response = response.header(HeaderName::SessionExpires, value);
        if refresher == Refresher::Uac {
            response.header(HeaderName::Require, facts::TIMER)
        } else {
            response
        }
    }

    /// Reads in the peer's 2xx how the session is kept.
    pub(super) fn notice_timer(&mut self, response: &Response, hands: &mut Hands<'_>) {
        match response.headers().session_expires().ok().flatten() {
            Some(agreed) => {
                self.timer.interval = agreed.seconds.clamp(INTERVAL_MIN_S, INTERVAL_MAX_S);
                let is_theirs = agreed.refresher == Some(Refresher::Uas);
                self.run_timer(if is_theirs { Input::Theirs } else { Input::Ours }, hands);
            }
            None => self.run_timer(Input::Nobody, hands),
        }
    }

    /// Whether a refusal only says that our interval was too small. If so, the next attempt asks for more (§7.3).
    pub(super) fn takes_interval(&mut self, draft: &Draft, response: &Response) -> bool {
        let is_ours =
            matches!(draft.purpose, Purpose::Invite | Purpose::Reinvite | Purpose::Update | Purpose::Refresh);
        if response.status() != StatusCode::SESSION_INTERVAL_TOO_SMALL || !is_ours || !self.state.is_live() {
            return false;
        }
        let Some(min) = response.headers().min_se().ok().flatten() else { return false };
        // What does not ask for more than the last one did would go on for ever.
        if min <= self.timer.min || min > INTERVAL_MAX_S {
            return false;
        }
        self.timer.min = min;
        self.timer.interval = self.timer.interval.max(min);
        true
    }

    /// Half the interval is over.
    pub(super) fn refresh_due(&mut self, hands: &mut Hands<'_>) {
        self.run_timer(Input::Due, hands);
    }

    /// The refresh was refused; the call goes on for now.
    pub(super) fn refresh_refused(&mut self, hands: &mut Hands<'_>) {
        self.run_timer(Input::Refused, hands);
    }

    /// The interval is over.
    pub(super) fn session_overdue(&mut self, hands: &mut Hands<'_>) {
        self.run_timer(Input::Overdue, hands);
    }

    pub(super) fn end_timer(&mut self, hands: &mut Hands<'_>) {
        self.run_timer(Input::End, hands);
    }

    fn run_timer(&mut self, input: Input, hands: &mut Hands<'_>) {
        let (next, does) = step(self.timer.state, input);
        self.timer.state = next;
        let interval = Duration::from_secs(self.timer.interval.into());
        for one in does {
            match one {
                Do::ArmRefresh => hands.wake(self.id, Wait::Refresh, interval / 2),
                Do::ArmExpiry => {
                    // §10: whoever watches gives up a little earlier, so that its BYE still finds the peer.
                    let margin = if next == State::Watching {
                        (interval / 3).min(Duration::from_secs(32))
                    } else {
                        Duration::ZERO
                    };
                    hands.wake(self.id, Wait::SessionOverdue, interval - margin);
                }
                Do::Refresh => self.refresh(hands),
                Do::TryLater => hands.wake(self.id, Wait::Refresh, TRY_LATER),
                Do::StopRefresh => hands.sleep(self.id, Wait::Refresh),
                Do::StopExpiry => hands.sleep(self.id, Wait::SessionOverdue),
                Do::Expire => self.apply(table::Input::Expired, With::default(), hands),
            }
        }
    }

    fn refresh(&mut self, hands: &mut Hands<'_>) {
        if self.state != table::State::Established {
            return self.run_timer(Input::Refused, hands);
        }
        if self.allows_update {
            return self.send(Draft::new(Purpose::Refresh), hands);
        }
        if self.offers != offer::State::Idle || self.ours.is_empty() {
            // Whatever offer is on its way is a refresh itself.
            return self.run_timer(Input::Refused, hands);
        }
        self.refreshes = true;
        let sdp = Some(self.ours.clone());
        self.exchange(offer::Input::Offer, With { sdp, ..With::default() }, hands);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn the_whole_table() {
        use Input::*;
        let mut table = String::new();
        for state in [State::Off, State::Keeping, State::Asking, State::Watching] {
            for input in [Ours, Theirs, Nobody, Due, Refused, Overdue, End] {
                let (next, does) = step(state, input);
                let does = match does {
                    [] if next == state => "-".to_owned(),
                    does => does.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "),
                };
                let (state, input, next) = (format!("{state:?}"), format!("{input:?}"), format!("{next:?}"));
                writeln!(table, "{}", format!("{state:<10}{input:<9}-> {next:<10}{does}").trim_end())
                    .unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }
}
