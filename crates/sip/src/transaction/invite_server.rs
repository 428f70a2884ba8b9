//! INVITE server transaction: RFC 3261 §17.2.1, corrected by RFC 6026 §7.1.
//!
//! ```text
//!  INVITE ─▶ Trying ──100 after 200 ms, 1xx──▶ Proceeding
//!              └───────┬─────────────────────────┘
//!                      ├──2xx──────▶ Accepted ──timer L──────────────────▶ Terminated
//!                      └──3xx–6xx──▶ Completed ─ACK─▶ Confirmed ─timer I─▶ Terminated
//!                                        └─ timer H: no ACK ─────────────▶ Terminated
//! ```
//!
//! The RFC's Proceeding is cut in two: in Trying nothing has been answered yet, so there is nothing to repeat. A 2xx
//! is repeated by the session (§13.3.1.4), never by this machine.

use super::{Do, Failure, Reliability, Timer};

/// Where the transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The INVITE came, nothing was answered.
    Trying,
    /// A provisional response is out.
    Proceeding,
    /// A 2xx is out; copies of the INVITE are swallowed.
    Accepted,
    /// A 3xx–6xx is out and is repeated until the ACK comes.
    Completed,
    /// The ACK came; copies of it are swallowed.
    Confirmed,
    /// Over.
    Terminated,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A copy of the INVITE came.
    RequestAgain,
    /// An ACK came.
    Ack,
    /// The core answers with a 1xx.
    Provisional,
    /// The core answers with a 2xx.
    Success,
    /// The core answers with a 3xx–6xx.
    Failure,
    /// The core wants its 2xx to be sent once more.
    Repeat,
    /// A timer ran out.
    Timer(Timer),
    /// The response could not be sent.
    TransportError,
}

/// What a new transaction does first.
pub fn start() -> (State, &'static [Do]) {
    (State::Trying, &[Do::Arm(Timer::Trying)])
}

/// The table.
pub fn step(state: State, input: Input, reliability: Reliability) -> (State, &'static [Do]) {
    use Do::{Again, Arm, Fail, Pass, Send, SendTrying, Stop};
    use Reliability::{Reliable, Unreliable};
    use State::*;
    use Timer::{G, H, I, L};

    match (state, input, reliability) {
        (Trying, Input::Timer(Timer::Trying), _) => (Proceeding, &[SendTrying]),
        (Trying, Input::RequestAgain, _) => (Proceeding, &[Stop(Timer::Trying), SendTrying]),
        (Proceeding, Input::RequestAgain | Input::Repeat, _) => (Proceeding, &[Again]),

        (Trying, Input::Provisional, _) => (Proceeding, &[Stop(Timer::Trying), Send]),
        (Proceeding, Input::Provisional, _) => (Proceeding, &[Send]),

        (Trying, Input::Success, _) => (Accepted, &[Stop(Timer::Trying), Send, Arm(L)]),
        (Proceeding, Input::Success, _) => (Accepted, &[Send, Arm(L)]),
        (Accepted, Input::Success, _) => (Accepted, &[Send]),
        (Accepted, Input::Repeat, _) => (Accepted, &[Again]),
        // With RFC 2543 peers the ACK of a 2xx matches the INVITE's transaction; the session wants it.
        (Accepted, Input::Ack, _) => (Accepted, &[Pass]),
        (Accepted, Input::Timer(L), _) => (Terminated, &[]),

        (Trying, Input::Failure, Unreliable) => (Completed, &[Stop(Timer::Trying), Send, Arm(G), Arm(H)]),
        (Proceeding, Input::Failure, Unreliable) => (Completed, &[Send, Arm(G), Arm(H)]),
        (Trying, Input::Failure, Reliable) => (Completed, &[Stop(Timer::Trying), Send, Arm(H)]),
        (Proceeding, Input::Failure, Reliable) => (Completed, &[Send, Arm(H)]),
        (Completed, Input::RequestAgain, _) => (Completed, &[Again]),
        (Completed, Input::Timer(G), _) => (Completed, &[Again, Arm(G)]),
        (Completed, Input::Timer(H), _) => (Terminated, &[Fail(Failure::Timeout)]),
        (Completed, Input::Ack, Unreliable) => (Confirmed, &[Stop(G), Stop(H), Arm(I)]),
        // Timer I is zero where nothing is repeated.
        (Completed, Input::Ack, Reliable) => (Terminated, &[]),
        (Confirmed, Input::Timer(I), _) => (Terminated, &[]),

        (Trying | Proceeding | Completed, Input::TransportError, _) => {
            (Terminated, &[Fail(Failure::Transport)])
        }
        // The session goes on repeating its 2xx, perhaps on another connection, until its own patience ends.
        (Accepted, Input::TransportError, _) => (Accepted, &[]),

        // Copies that were still on their way.
        (Accepted, Input::RequestAgain, _) => (Accepted, &[]),
        (Confirmed, Input::RequestAgain | Input::Ack | Input::TransportError, _) => (Confirmed, &[]),
        // An ACK before any final response answers nothing.
        (Trying | Proceeding, Input::Ack, _) => (state, &[]),
        // A second final answer is refused: the first one is what the peer acts on.
        (Accepted, Input::Provisional | Input::Failure, _) => (Accepted, &[]),
        (Completed | Confirmed, Input::Provisional | Input::Success | Input::Failure, _) => (state, &[]),
        // Nothing to repeat yet, or not the session's to repeat.
        (Trying | Completed | Confirmed, Input::Repeat, _) => (state, &[]),
        // A timer that was stopped in the same instant in which it ran out.
        (Trying | Proceeding | Accepted | Completed | Confirmed, Input::Timer(_), _) => (state, &[]),
        (Terminated, _, _) => (Terminated, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        use Input::*;
        let states = [
            State::Trying,
            State::Proceeding,
            State::Accepted,
            State::Completed,
            State::Confirmed,
            State::Terminated,
        ];
        let timers =
            [super::Timer::Trying, super::Timer::G, super::Timer::H, super::Timer::I, super::Timer::L]
                .map(Timer);
        let others = [RequestAgain, Ack, Provisional, Success, Failure, Repeat, TransportError];
        let inputs = [&others[..], &timers].concat();
        insta::assert_snapshot!(super::super::print_table(&states, &inputs, step));
    }
}
