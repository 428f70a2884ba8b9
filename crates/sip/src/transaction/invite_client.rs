//! INVITE client transaction: RFC 3261 §17.1.1, corrected by RFC 6026 §7.2.
//!
//! ```text
//!  INVITE ─▶ Calling ──1xx──▶ Proceeding
//!               │  │              │  │
//!               │  └──2xx─────────┴──┼──▶ Accepted ──timer M──▶ Terminated
//!               └────3xx–6xx: ACK────┴──▶ Completed ─timer D──▶ Terminated
//!  timer B: no answer, transport error, given up after a CANCEL ─▶ Terminated
//! ```
//!
//! The ACK of a 2xx is not made here: it belongs to the dialog (§13.2.2.4).

use super::{Do, Failure, Reliability, Timer};

/// Where the transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The INVITE is out, nothing came back.
    Calling,
    /// A provisional response came.
    Proceeding,
    /// A 3xx–6xx came and was acknowledged; copies of it may follow.
    Completed,
    /// A 2xx came; copies of it and 2xx of other branches of a fork may follow.
    Accepted,
    /// Over.
    Terminated,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A 1xx came.
    Provisional,
    /// A 2xx came.
    Success,
    /// A 3xx–6xx came.
    Failure,
    /// A timer ran out.
    Timer(Timer),
    /// The INVITE or the ACK could not be sent, or the connection broke.
    TransportError,
    /// The core waits no longer: 64·T1 have passed since it sent a CANCEL (§9.1).
    GiveUp,
}

/// What a new transaction does first.
pub fn start(reliability: Reliability) -> (State, &'static [Do]) {
    match reliability {
        Reliability::Unreliable => (State::Calling, &[Do::Send, Do::Arm(Timer::A), Do::Arm(Timer::B)]),
        Reliability::Reliable => (State::Calling, &[Do::Send, Do::Arm(Timer::B)]),
    }
}

/// The table.
pub fn step(state: State, input: Input, reliability: Reliability) -> (State, &'static [Do]) {
    use Do::{Ack, Again, Arm, Fail, Pass, Stop};
    use Reliability::{Reliable, Unreliable};
    use State::*;
    use Timer::{A, B, D, M};

    match (state, input, reliability) {
        (Calling, Input::Provisional, _) => (Proceeding, &[Stop(A), Stop(B), Pass]),
        (Proceeding, Input::Provisional, _) => (Proceeding, &[Pass]),

        (Calling, Input::Success, _) => (Accepted, &[Stop(A), Stop(B), Arm(M), Pass]),
        (Proceeding, Input::Success, _) => (Accepted, &[Arm(M), Pass]),
        (Accepted, Input::Success, _) => (Accepted, &[Pass]),

        (Calling, Input::Failure, Unreliable) => (Completed, &[Stop(A), Stop(B), Arm(D), Ack, Pass]),
        (Proceeding, Input::Failure, Unreliable) => (Completed, &[Arm(D), Ack, Pass]),
        // Timer D is zero where nothing is repeated.
        (Calling | Proceeding, Input::Failure, Reliable) => (Terminated, &[Ack, Pass]),
        (Completed, Input::Failure, _) => (Completed, &[Ack]),

        (Calling, Input::Timer(A), _) => (Calling, &[Again, Arm(A)]),
        (Calling, Input::Timer(B), _) => (Terminated, &[Fail(Failure::Timeout)]),
        (Completed, Input::Timer(D), _) => (Terminated, &[]),
        (Accepted, Input::Timer(M), _) => (Terminated, &[]),

        (Calling | Proceeding, Input::TransportError, _) => (Terminated, &[Fail(Failure::Transport)]),
        // The core has its answer; that our ACK did not get through is for the server to repeat.
        (Completed, Input::TransportError, _) => (Terminated, &[]),
        // Later 2xx may come on another connection.
        (Accepted, Input::TransportError, _) => (Accepted, &[]),

        (Calling | Proceeding | Completed | Accepted, Input::GiveUp, _) => (Terminated, &[]),

        // Late copies, and a change of mind that RFC 6026 §8.4 forbids.
        (Completed, Input::Provisional | Input::Success, _) => (Completed, &[]),
        (Accepted, Input::Provisional | Input::Failure, _) => (Accepted, &[]),
        // A timer that was stopped in the same instant in which it ran out.
        (Calling | Proceeding | Completed | Accepted, Input::Timer(_), _) => (state, &[]),
        (Terminated, _, _) => (Terminated, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        use Input::*;
        let states =
            [State::Calling, State::Proceeding, State::Completed, State::Accepted, State::Terminated];
        let timers = [super::Timer::A, super::Timer::B, super::Timer::D, super::Timer::M].map(Timer);
        let inputs = [&[Provisional, Success, Failure][..], &timers, &[TransportError, GiveUp]].concat();
        insta::assert_snapshot!(super::super::print_table(&states, &inputs, step));
    }
}
