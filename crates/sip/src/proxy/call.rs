//! A call that was forwarded, watched from its INVITE to its BYE, so that its owner knows who is busy.
//!
//! ```text
//!  INVITE ─▶ Ringing ──2xx──▶ Up ──BYE answered, a side has lost it, nothing heard for too long──▶ Over
//!               └── refused, canceled ───────────────────────────────────────────────────────────▶ Over
//! ```
//!
//! Several phones may answer one INVITE: each answer is a dialog by itself, and the call is over with the last of them. How
//! requests within these dialogs find their way is not decided here but by the tokens in their Route; the table only knows
//! better where a side is that has moved.

use super::event::{ProxyEnd, Side};
use super::flow_token::Flow;
use crate::endpoint::detour::Hop;
use crate::transport::Source;
use base::Duration;
use sip_message::{Method, Response, StatusCode};

/// How long a call may last whose sides have not agreed to refresh it (RFC 4028): twelve hours.
pub const WATCH_MAX: Duration = Duration::from_secs(12 * 3600);

/// How much later than agreed on we lose patience with a call that is not refreshed: a BYE of a side that does so on time
/// shall come first.
const GRACE: Duration = Duration::from_secs(60);

/// How many answers to one INVITE are told apart. The first that answer count.
const DIALOGS_MAX: usize = 8;

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody has answered.
    Ringing,
    /// Two sides talk.
    Up,
    /// Over.
    Over,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Somebody answered.
    Answered,
    /// Nobody did.
    NotAnswered,
    /// A dialog of it is over, and it was the last one.
    LastEnded,
    /// A dialog of it is over, and another is not.
    OneEnded,
    /// Nothing was heard for too long.
    Expired,
}

/// The table. The owner is told of the end when `Over` is entered.
pub fn step(state: State, input: Input) -> State {
    match (state, input) {
        (State::Ringing, Input::Answered) => State::Up,
        (State::Ringing, Input::NotAnswered) => State::Over,
        (State::Up, Input::Answered | Input::OneEnded) => State::Up,
        (State::Up, Input::LastEnded | Input::Expired) => State::Over,
        // A dialog that is not confirmed ends with its INVITE.
        (State::Ringing, Input::LastEnded | Input::OneEnded | Input::Expired) => State::Ringing,
        (State::Up, Input::NotAnswered) => State::Up,
        (State::Over, _) => State::Over,
    }
}

/// One dialog of a call.
#[derive(Clone, Debug)]
struct Talk {
    /// The callee's tag.
    tag: Box<str>,
    callee: Flow,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) state: State,
    call_id: Box<str>,
    caller: Flow,
    talks: Vec<Talk>,
}

impl Call {
    pub(super) fn new(call_id: &str, caller: Flow) -> Self {
        Self { state: State::Ringing, call_id: call_id.into(), caller, talks: Vec::new() }
    }

    pub(super) fn call_id(&self) -> &str {
        &self.call_id
    }

    /// A callee has answered.
    pub(super) fn answered(&mut self, tag: &str, callee: Flow) {
        self.state = step(self.state, Input::Answered);
        if self.talks.len() < DIALOGS_MAX && !self.talks.iter().any(|talk| talk.is(tag)) {
            self.talks.push(Talk { tag: tag.into(), callee });
        }
    }

    /// The way to a side, if it is known here: by the tag of the callee's end.
    pub(super) fn way_to(&self, side: Side, callee_tag: &str) -> Option<Flow> {
        let talk = self.talks.iter().find(|talk| talk.is(callee_tag))?;
        Some(match side {
            Side::Caller => self.caller,
            Side::Callee => talk.callee,
        })
    }

    /// A request of a side came this way. On a connection, or from behind a NAT, that is the way back from now on.
    pub(super) fn heard(&mut self, side: Side, callee_tag: &str, source: Source) {
        let talk = self.talks.iter_mut().find(|talk| talk.is(callee_tag));
        let flow = match side {
            Side::Caller => Some(&mut self.caller),
            Side::Callee => talk.map(|talk| &mut talk.callee),
        };
        if let Some(flow) = flow
            && flow.destination.remote.ip() == source.remote.ip()
            && flow.destination.transport == source.transport
            && (source.connection.is_some() || flow.hop == Hop::Flow)
        {
            flow.destination = source.into();
        }
    }

    /// A dialog is over.
    pub(super) fn ended(&mut self, callee_tag: &str) {
        let before = self.talks.len();
        self.talks.retain(|talk| !talk.is(callee_tag));
        if self.talks.len() < before {
            let input = if self.talks.is_empty() { Input::LastEnded } else { Input::OneEnded };
            self.state = step(self.state, input);
        }
    }
}

impl Talk {
    fn is(&self, tag: &str) -> bool {
        self.tag.eq_ignore_ascii_case(tag)
    }
}

/// What the final answer to a request within a dialog means for it.
pub(super) fn end_of(method: &Method, status: StatusCode, by: Side) -> Option<ProxyEnd> {
    let asks = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED);
    let is_lost = matches!(status, StatusCode::CALL_DOES_NOT_EXIST | StatusCode::REQUEST_TIMEOUT);
    match method {
        // Whoever sends BYE has hung up, whatever the answer, unless it has to come again with a password.
        Method::Bye if !asks => Some(ProxyEnd::HungUp { by }),
        // RFC 5057 §5.1. Elsewhere a 481 may mean a subscription within the dialog.
        Method::Invite | Method::Update if is_lost => Some(ProxyEnd::Lost),
        _ => None,
    }
}

/// How long the call may go on without a word after this 2xx to INVITE or UPDATE.
pub(super) fn patience(response: &Response) -> Duration {
    match response.headers().session_expires() {
        Ok(Some(agreed)) => Duration::from_secs(u64::from(agreed.seconds)) + GRACE,
        Ok(None) | Err(_) => WATCH_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        let mut table = Vec::new();
        for state in [State::Ringing, State::Up, State::Over] {
            for input in
                [Input::Answered, Input::NotAnswered, Input::LastEnded, Input::OneEnded, Input::Expired]
            {
                let (from, what) = (format!("{state:?}"), format!("{input:?}"));
                table.push(format!("{from:<8}{what:<12}-> {:?}", step(state, input)));
            }
        }
        insta::assert_snapshot!(table.join("\n"), @r"
        Ringing Answered    -> Up
        Ringing NotAnswered -> Over
        Ringing LastEnded   -> Ringing
        Ringing OneEnded    -> Ringing
        Ringing Expired     -> Ringing
        Up      Answered    -> Up
        Up      NotAnswered -> Up
        Up      LastEnded   -> Over
        Up      OneEnded    -> Up
        Up      Expired     -> Over
        Over    Answered    -> Over
        Over    NotAnswered -> Over
        Over    LastEnded   -> Over
        Over    OneEnded    -> Over
        Over    Expired     -> Over
        ");
    }

    #[test]
    fn which_answers_end_a_call() {
        let table = [
            ("BYE", 200),
            ("BYE", 481),
            ("BYE", 500),
            ("BYE", 401),
            ("INVITE", 481),
            ("INVITE", 408),
            ("INVITE", 488),
            ("INVITE", 491),
            ("UPDATE", 481),
            ("NOTIFY", 481),
            ("INFO", 408),
        ];
        let lines: Vec<_> = table
            .iter()
            .map(|(method, code)| {
                let end = end_of(
                    &Method::parse(method.as_bytes()).unwrap(),
                    StatusCode::new(*code).unwrap(),
                    Side::Callee,
                );
                format!("{method} {code} -> {end:?}")
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        BYE 200 -> Some(HungUp { by: Callee })
        BYE 481 -> Some(HungUp { by: Callee })
        BYE 500 -> Some(HungUp { by: Callee })
        BYE 401 -> None
        INVITE 481 -> Some(Lost)
        INVITE 408 -> Some(Lost)
        INVITE 488 -> None
        INVITE 491 -> None
        UPDATE 481 -> Some(Lost)
        NOTIFY 481 -> None
        INFO 408 -> None
        ");
    }
}
