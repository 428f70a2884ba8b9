//! Server transaction of every method but INVITE and ACK: RFC 3261 §17.2.2.
//!
//! ```text
//!  request ─▶ Trying ──1xx──▶ Proceeding
//!                └──────┬─────────┘
//!                       ├── final response ─▶ Completed ──timer J──▶ Terminated
//!                       └── never answered, transport error ───────▶ Terminated
//! ```

use super::{Do, Failure, Reliability, Timer};

/// Where the transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request came, nothing was answered.
    Trying,
    /// A provisional response is out.
    Proceeding,
    /// The final response is out and answers copies of the request.
    Completed,
    /// Over.
    Terminated,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A copy of the request came.
    RequestAgain,
    /// The core answers with a 1xx.
    Provisional,
    /// The core answers with a 2xx–6xx.
    Final,
    /// A timer ran out.
    Timer(Timer),
    /// The response could not be sent.
    TransportError,
}

/// What a new transaction does first.
pub fn start() -> (State, &'static [Do]) {
    (State::Trying, &[Do::Arm(Timer::Late)])
}

/// The table.
pub fn step(state: State, input: Input, reliability: Reliability) -> (State, &'static [Do]) {
    use Do::{Again, Arm, Fail, Send, Stop};
    use Reliability::{Reliable, Unreliable};
    use State::*;
    use Timer::{J, Late};

    match (state, input, reliability) {
        // There is nothing to repeat yet (§17.2.2).
        (Trying, Input::RequestAgain, _) => (Trying, &[]),
        (Proceeding, Input::RequestAgain, _) => (Proceeding, &[Again]),
        (Completed, Input::RequestAgain, _) => (Completed, &[Again]),

        (Trying | Proceeding, Input::Provisional, _) => (Proceeding, &[Send]),
        (Trying | Proceeding, Input::Final, Unreliable) => (Completed, &[Stop(Late), Send, Arm(J)]),
        // Timer J is zero where nothing is repeated.
        (Trying | Proceeding, Input::Final, Reliable) => (Terminated, &[Send]),

        (Trying | Proceeding, Input::Timer(Late), _) => (Terminated, &[Fail(Failure::Timeout)]),
        (Completed, Input::Timer(J), _) => (Terminated, &[]),

        (Trying | Proceeding, Input::TransportError, _) => (Terminated, &[Fail(Failure::Transport)]),
        // The answer is kept: a copy of the request will fetch it.
        (Completed, Input::TransportError, _) => (Completed, &[]),

        // A second final answer is refused: the first one is what the peer acts on.
        (Completed, Input::Provisional | Input::Final, _) => (Completed, &[]),
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
        let timers = [super::Timer::Late, super::Timer::J].map(Timer);
        let inputs = [&[RequestAgain, Provisional, Final][..], &timers, &[TransportError]].concat();
        insta::assert_snapshot!(super::super::print_table(&states, &inputs, step));
    }
}
