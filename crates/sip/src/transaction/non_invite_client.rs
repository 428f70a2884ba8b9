//! Client transaction of every method but INVITE and ACK: RFC 3261 §17.1.2.
//!
//! ```text
//!  request ─▶ Trying ──1xx──▶ Proceeding
//!                └──────┬─────────┘
//!                       ├── final response ─▶ Completed ──timer K──▶ Terminated
//!                       └── timer F, transport error ──────────────▶ Terminated
//! ```

use super::{Do, Failure, Reliability, Timer};

/// Where the transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request is out, nothing came back.
    Trying,
    /// A provisional response came.
    Proceeding,
    /// The final response came; copies of it are swallowed.
    Completed,
    /// Over.
    Terminated,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A 1xx came.
    Provisional,
    /// A 2xx–6xx came.
    Final,
    /// A timer ran out.
    Timer(Timer),
    /// The request could not be sent, or the connection broke.
    TransportError,
}

/// What a new transaction does first.
pub fn start(reliability: Reliability) -> (State, &'static [Do]) {
    match reliability {
        Reliability::Unreliable => (State::Trying, &[Do::Send, Do::Arm(Timer::E), Do::Arm(Timer::F)]),
        Reliability::Reliable => (State::Trying, &[Do::Send, Do::Arm(Timer::F)]),
    }
}

/// The table.
pub fn step(state: State, input: Input, reliability: Reliability) -> (State, &'static [Do]) {
    use Do::{Again, Arm, ArmSlow, Fail, Pass, Stop};
    use Reliability::{Reliable, Unreliable};
    use State::*;
    use Timer::{E, F, K};

    match (state, input, reliability) {
        (Trying | Proceeding, Input::Provisional, _) => (Proceeding, &[Pass]),

        (Trying | Proceeding, Input::Final, Unreliable) => (Completed, &[Stop(E), Stop(F), Arm(K), Pass]),
        // Timer K is zero where nothing is repeated.
        (Trying | Proceeding, Input::Final, Reliable) => (Terminated, &[Pass]),

        (Trying, Input::Timer(E), _) => (Trying, &[Again, Arm(E)]),
        (Proceeding, Input::Timer(E), _) => (Proceeding, &[Again, ArmSlow(E)]),
        (Trying | Proceeding, Input::Timer(F), _) => (Terminated, &[Fail(Failure::Timeout)]),
        (Completed, Input::Timer(K), _) => (Terminated, &[]),

        (Trying | Proceeding, Input::TransportError, _) => (Terminated, &[Fail(Failure::Transport)]),

        // Copies that were still on their way.
        (Completed, Input::Provisional | Input::Final | Input::TransportError, _) => (Completed, &[]),
        // A timer that was stopped in the same instant in which it ran out.
        (Trying | Proceeding | Completed, Input::Timer(_), _) => (state, &[]),
        (Terminated, _, _) => (Terminated, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        use Input::*;
        let states = [State::Trying, State::Proceeding, State::Completed, State::Terminated];
        let timers = [super::Timer::E, super::Timer::F, super::Timer::K].map(Timer);
        let inputs = [&[Provisional, Final][..], &timers, &[TransportError]].concat();
        insta::assert_snapshot!(super::super::print_table(&states, &inputs, step));
    }
}
