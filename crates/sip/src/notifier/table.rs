//! The life of one subscription, seen from the notifier: RFC 6665 §4.2.
//!
//! ```text
//!  SUBSCRIBE ─▶ Asked ──accepted──▶ Active ──SUBSCRIBE with 0, expired, ended by us──▶ Ending ──NOTIFY answered──▶ Over
//!                 │ refused            └── NOTIFY refused ─────────────────────────────────────────────────────▶ Over
//!                 └────────────────────────────────────────────────────────────────────────────────────────────▶ Over
//! ```

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The owner has not said whether it may be.
    Asked,
    /// The subscriber hears of every change.
    Active,
    /// The last NOTIFY is on its way.
    Ending,
    /// Gone.
    Over,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The owner accepts it.
    Accept,
    /// The owner accepts it; it asked for the state once and no more.
    AcceptOnce,
    /// The owner refuses it.
    Reject,
    /// Nobody waits for the owner's answer any more.
    Forgotten,
    /// A SUBSCRIBE in it.
    Refresh,
    /// A SUBSCRIBE in it that ends it.
    Unsubscribe,
    /// The owner has news.
    Change,
    /// The owner ends it.
    End,
    /// It was not refreshed.
    Expired,
    /// A NOTIFY was answered.
    Told,
    /// A NOTIFY was refused, or not answered.
    Refused,
}

/// What a transition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Answer 200 with the time it lasts.
    SendAccepted,
    /// Refuse as the owner says.
    SendRefusal,
    /// Answer 481: it is ending.
    SendUnknown,
    /// Let it end when its time is over.
    ArmExpiry,
    /// Do not.
    StopExpiry,
    /// Tell the state.
    Notify,
    /// Tell the state for the last time.
    NotifyLast,
    /// Tell the owner that it is over.
    TellEnded,
}

/// The table.
pub fn step(state: State, input: Input) -> (State, &'static [Do]) {
    use Do::*;
    use Input::{
        Accept, AcceptOnce, Change, End, Expired, Forgotten, Refresh, Refused, Reject, Told, Unsubscribe,
    };
    use State::{Active, Asked, Ending, Over};

    match (state, input) {
        (Asked, Accept) => (Active, &[SendAccepted, ArmExpiry, Notify]),
        (Asked, AcceptOnce) => (Ending, &[SendAccepted, NotifyLast]),
        (Asked, Reject | End) => (Over, &[SendRefusal]),
        (Asked, Forgotten) => (Over, &[TellEnded]),
        // Another request before the first is answered makes no sense; it is told so.
        (Asked, Refresh | Unsubscribe) => (Asked, &[SendUnknown]),

        (Active, Refresh) => (Active, &[SendAccepted, ArmExpiry, Notify]),
        (Active, Change) => (Active, &[Notify]),
        (Active, Unsubscribe) => (Ending, &[SendAccepted, StopExpiry, NotifyLast, TellEnded]),
        (Active, Expired) => (Ending, &[NotifyLast, TellEnded]),
        (Active, End) => (Ending, &[StopExpiry, NotifyLast]),
        (Active, Refused) => (Over, &[StopExpiry, TellEnded]),
        (Active, Told) => (Active, &[]),

        (Ending, Told | Refused) => (Over, &[]),
        (Ending, Refresh | Unsubscribe) => (Ending, &[SendUnknown]),

        // Decided already, or not yet.
        (Asked, Change | Expired | Told | Refused) => (Asked, &[]),
        (Active, Accept | AcceptOnce | Reject | Forgotten) => (Active, &[]),
        (Ending, Accept | AcceptOnce | Reject | Forgotten | Change | End | Expired) => (Ending, &[]),
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
        let inputs = [
            Accept,
            AcceptOnce,
            Reject,
            Forgotten,
            Refresh,
            Unsubscribe,
            Change,
            End,
            Expired,
            Told,
            Refused,
        ];
        let mut table = String::new();
        for state in [State::Asked, State::Active, State::Ending, State::Over] {
            for input in inputs {
                let (next, does) = step(state, input);
                let does = match does {
                    [] if next == state => "-".to_owned(),
                    does => does.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "),
                };
                let (state, input, next) = (format!("{state:?}"), format!("{input:?}"), format!("{next:?}"));
                writeln!(table, "{}", format!("{state:<7}{input:<12}-> {next:<7}{does}").trim_end()).unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }
}
