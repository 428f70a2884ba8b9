//! The life of a registration of ours at a registrar elsewhere: RFC 3261 §10.2, with the patience of RFC 5626 §4.5.
//!
//! ```text
//!  begin ─▶ Trying ──2xx──▶ Registered ──half its time──▶ Refreshing ──2xx──▶ Registered
//!             │                 │ connection lost             └─ refused ─▶ Holding ──a while──▶ Refreshing
//!             │ refused         ▼                                              │ its time is over
//!             └───────────▶ Waiting ◀──────────────────────────────────────────┘
//!                               └──a while──▶ Trying
//!  any ──stop──▶ Leaving ──answered──▶ Over
//! ```
//!
//! A refresh that fails does no harm as long as the registration lasts: calls still come.

/// Where a registration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The first REGISTER, or one after a failure, is out.
    Trying,
    /// We can be called.
    Registered,
    /// We can be called, and the next REGISTER is out.
    Refreshing,
    /// We can be called for now; the last REGISTER was refused and will be repeated.
    Holding,
    /// We cannot be called; the next REGISTER will go out after a while.
    Waiting,
    /// The REGISTER that ends it is out.
    Leaving,
    /// Gone.
    Over,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A 2xx.
    Accepted,
    /// A refusal that may pass, or silence.
    Refused,
    /// A refusal that will not pass by itself: wrong credentials, unknown user.
    Denied,
    /// It is time for the next REGISTER.
    Due,
    /// The registrar has forgotten us by now.
    Expired,
    /// The connection it was made over is gone.
    Lost,
    /// The owner wants it no more.
    Stop,
}

/// What a transition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Send REGISTER.
    Send,
    /// Send the REGISTER that takes the binding away.
    SendRemoval,
    /// Wait until half of the time is over, and note when all of it is.
    ArmRefresh,
    /// Wait a while that grows with each failure.
    ArmRetry,
    /// Wait as long as ever.
    ArmLongest,
    /// Wait for nothing.
    StopWaiting,
    /// Tell the owner that calls can come.
    TellRegistered,
    /// Tell the owner that they cannot, and why.
    TellFailed,
    /// Tell the owner that it is over.
    TellGone,
}

/// The table.
pub fn step(state: State, input: Input) -> (State, &'static [Do]) {
    use Do::*;
    use Input::{Accepted, Denied, Due, Expired, Lost, Refused, Stop};
    use State::{Holding, Leaving, Over, Refreshing, Registered, Trying, Waiting};

    match (state, input) {
        (Trying, Accepted) => (Registered, &[ArmRefresh, TellRegistered]),
        (Trying, Refused) => (Waiting, &[ArmRetry, TellFailed]),
        (Trying | Refreshing, Denied) => (Waiting, &[StopWaiting, ArmLongest, TellFailed]),
        (Waiting, Due) => (Trying, &[Send]),

        (Registered | Holding, Due) => (Refreshing, &[Send]),
        (Refreshing, Accepted) => (Registered, &[ArmRefresh]),
        (Refreshing, Refused) => (Holding, &[ArmRetry]),
        (Refreshing, Expired) => (Trying, &[TellFailed]),
        (Registered | Holding, Expired) => (Trying, &[StopWaiting, TellFailed, Send]),
        // Whether the peer still knows the way to us is open; it is soon found out.
        (Registered | Holding, Lost) => (Waiting, &[StopWaiting, ArmRetry, TellFailed]),

        (Trying | Registered | Refreshing | Holding, Stop) => (Leaving, &[StopWaiting, SendRemoval]),
        (Waiting, Stop) => (Over, &[StopWaiting, TellGone]),
        (Leaving, Accepted | Refused | Denied) => (Over, &[TellGone]),

        // The request that is out will fail by itself.
        (Trying | Refreshing | Leaving, Lost) => (state, &[]),
        // A timer stopped in the same instant, or an answer to nothing that is asked.
        (Trying | Refreshing | Leaving, Due) | (Trying | Waiting | Leaving, Expired) => (state, &[]),
        (Registered | Holding | Waiting, Accepted | Refused | Denied) => (state, &[]),
        (Waiting, Lost) | (Leaving, Stop) => (state, &[]),
        (Over, _) => (Over, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn the_whole_table() {
        use Input::*;
        let states = [
            State::Trying,
            State::Registered,
            State::Refreshing,
            State::Holding,
            State::Waiting,
            State::Leaving,
            State::Over,
        ];
        let mut table = String::new();
        for state in states {
            for input in [Accepted, Refused, Denied, Due, Expired, Lost, Stop] {
                let (next, does) = step(state, input);
                let does = match does {
                    [] if next == state => "-".to_owned(),
                    does => does.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "),
                };
                let (state, input, next) = (format!("{state:?}"), format!("{input:?}"), format!("{next:?}"));
                writeln!(table, "{}", format!("{state:<11}{input:<9}-> {next:<11}{does}").trim_end())
                    .unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }
}
