//! One branch of a request that is forwarded: from the request sent on to its last response. RFC 3261 §16.7, §16.8, §16.10.
//!
//! ```text
//!  request ─▶ Calling ──100──▶ Trying ──1xx──▶ Ringing ──2xx–6xx──▶ Done
//!                │ cancel         │ cancel, timer C │
//!                ▼                ▼                 ▼
//!             Doomed ──1xx──▶ Canceling ──2xx–6xx, silence──▶ Done
//! ```
//!
//! What is no INVITE cannot be canceled: it is Done as soon as nobody wants its answer any more.

/// What kind of request is forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// INVITE.
    Invite,
    /// Any other.
    Other,
}

/// Where a branch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request is out, nothing came back.
    Calling,
    /// The next hop has it.
    Trying,
    /// Somebody is looked for, or rings.
    Ringing,
    /// To be canceled as soon as a provisional response allows it (§9.1).
    Doomed,
    /// The CANCEL is out.
    Canceling,
    /// The final response came, or never will. Further 2xx may come.
    Done,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A 100.
    Trying,
    /// A 101–199.
    Provisional,
    /// A 2xx.
    Success,
    /// A 3xx–6xx.
    Failure,
    /// Nobody answered in time.
    Silence,
    /// The request could not be sent.
    Unreachable,
    /// Nobody wants its answer any more.
    Cancel,
    /// It has been looked for or rung long enough (timer C).
    TimerC,
    /// The INVITE stays unanswered after our CANCEL.
    CancelOverdue,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Start timer C, or start it anew.
    StartC,
    /// Stop it.
    StopC,
    /// CANCEL.
    SendCancel,
    /// Let the INVITE, to which nothing has come, be repeated no more than it needs to be found.
    Abandon,
    /// Wait for the answer to the canceled INVITE, and not for ever.
    StartOverdue,
    /// Do not.
    StopOverdue,
    /// Forget the request.
    GiveUp,
    /// The provisional response at hand goes on to the caller.
    PassProvisional,
    /// The 2xx at hand goes on to the caller.
    PassSuccess,
    /// The failure at hand is kept for the choice of the best.
    Collect,
    /// The same, with a 408 of our own (§16.8, §16.9).
    CollectTimeout,
    /// The same, with a 503 of our own (§16.9).
    CollectUnreachable,
}

/// What a new branch does first.
pub fn start(kind: Kind) -> (State, &'static [Do]) {
    match kind {
        Kind::Invite => (State::Calling, &[Do::StartC]),
        Kind::Other => (State::Calling, &[]),
    }
}

/// The table.
pub fn step(state: State, input: Input, kind: Kind) -> (State, &'static [Do]) {
    use Do::*;
    use Kind::{Invite, Other};
    use State::*;

    match (state, input, kind) {
        (Calling, Input::Trying, _) => (Trying, &[]),
        // §16.7 step 2: what says more than 100 shows that somebody is still at it.
        (Calling | Trying | Ringing, Input::Provisional, Invite) => (Ringing, &[StartC, PassProvisional]),
        // RFC 4320 §4.1: to anything but INVITE there is no provisional response but 100.
        (Calling | Trying, Input::Provisional, Other) => (Trying, &[]),
        (Ringing, Input::Provisional, Other) => (Ringing, &[]),

        (Calling | Trying | Ringing, Input::Success, _) => (Done, &[StopC, PassSuccess]),
        (Calling | Trying | Ringing, Input::Failure, _) => (Done, &[StopC, Collect]),
        (Calling | Trying | Ringing, Input::Silence, _) => (Done, &[StopC, CollectTimeout]),
        (Calling | Trying | Ringing, Input::Unreachable, _) => (Done, &[StopC, CollectUnreachable]),

        (Calling, Input::Cancel, Invite) => (Doomed, &[StopC, Abandon]),
        (Trying | Ringing, Input::Cancel, Invite) => (Canceling, &[StopC, SendCancel, StartOverdue]),
        (Calling | Trying | Ringing, Input::Cancel, Other) => (Done, &[]),
        (Calling, Input::TimerC, Invite) => (Done, &[GiveUp, CollectTimeout]),
        (Trying | Ringing, Input::TimerC, Invite) => (Canceling, &[SendCancel, StartOverdue]),

        (Doomed, Input::Trying | Input::Provisional, _) => (Canceling, &[SendCancel, StartOverdue]),
        // Whoever answers in this moment has answered (§16.7 step 5).
        (Doomed, Input::Success, _) => (Done, &[PassSuccess]),
        (Doomed, Input::Failure, _) => (Done, &[Collect]),
        (Doomed, Input::Silence, _) => (Done, &[CollectTimeout]),
        (Doomed, Input::Unreachable, _) => (Done, &[CollectUnreachable]),
        (Canceling, Input::Success, _) => (Done, &[StopOverdue, PassSuccess]),
        (Canceling, Input::Failure, _) => (Done, &[StopOverdue, Collect]),
        (Canceling, Input::Silence, _) => (Done, &[StopOverdue, CollectTimeout]),
        (Canceling, Input::Unreachable, _) => (Done, &[StopOverdue, CollectUnreachable]),
        (Canceling, Input::CancelOverdue, _) => (Done, &[GiveUp, CollectTimeout]),

        // A copy, or another dialog of a fork further on. To anything but INVITE there is one final response.
        (Done, Input::Success, Invite) => (Done, &[PassSuccess]),
        (Done, Input::Success, Other) => (Done, &[]),

        // Late, or said twice.
        (Trying | Ringing | Canceling, Input::Trying, _) => (state, &[]),
        (Canceling, Input::Provisional, _) => (Canceling, &[]),
        (Doomed | Canceling, Input::Cancel, _) => (state, &[]),
        // A timer that was stopped in the same instant in which it ran out.
        (Calling | Trying | Ringing, Input::TimerC, Other) => (state, &[]),
        (Doomed | Canceling, Input::TimerC, _) => (state, &[]),
        (Calling | Trying | Ringing | Doomed, Input::CancelOverdue, _) => (state, &[]),
        (
            Done,
            Input::Trying
            | Input::Provisional
            | Input::Failure
            | Input::Silence
            | Input::Unreachable
            | Input::Cancel
            | Input::TimerC
            | Input::CancelOverdue,
            _,
        ) => (Done, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    const STATES: [State; 6] =
        [State::Calling, State::Trying, State::Ringing, State::Doomed, State::Canceling, State::Done];

    const INPUTS: [Input; 9] = [
        Input::Trying,
        Input::Provisional,
        Input::Success,
        Input::Failure,
        Input::Silence,
        Input::Unreachable,
        Input::Cancel,
        Input::TimerC,
        Input::CancelOverdue,
    ];

    #[test]
    fn the_whole_table() {
        let mut table = String::new();
        for (state, input) in STATES.iter().flat_map(|state| INPUTS.map(|input| (*state, input))) {
            let (invite, other) = (step(state, input, Kind::Invite), step(state, input, Kind::Other));
            let rows =
                if invite == other { vec![("", invite)] } else { vec![("INVITE", invite), ("other", other)] };
            for (kind, (next, does)) in rows {
                let does = match does {
                    [] if next == state => "-".to_owned(),
                    does => does.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "),
                };
                let (state, input, next) = (format!("{state:?}"), format!("{input:?}"), format!("{next:?}"));
                let line = format!("{state:<10}{input:<14}{kind:<7}-> {next:<10}{does}");
                writeln!(table, "{}", line.trim_end()).unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_branch_is_counted_once_when_it_ends_without_a_success() {
        for (state, input) in STATES.iter().flat_map(|state| INPUTS.map(|input| (*state, input))) {
            let (next, does) = step(state, input, Kind::Invite);
            let counted = does
                .iter()
                .filter(|one| matches!(one, Do::Collect | Do::CollectTimeout | Do::CollectUnreachable))
                .count();
            let ends = state != State::Done && next == State::Done && input != Input::Success;
            assert_eq!(counted, usize::from(ends), "{state:?} {input:?}");
        }
    }
}
