//! The life of one forwarded request over all its branches: the response context of RFC 3261 §16.7.
//!
//! ```text
//!  request ─▶ Searching ──2xx──────────────────────────────▶ Answered
//!              │  │  └─ all have failed ─────────────────────▶ Over
//!              │  └──6xx, rung long enough──▶ Settled ──2xx──▶ Answered
//!              │ CANCEL                          └─ all done ▶ Over
//!              ▼
//!           Canceled ──2xx that crossed it──▶ Answered
//!              └─ all done ─────────────────▶ Over
//! ```
//!
//! Branches of equal preference are tried at once, those of lower preference when all before them have failed.

/// Where a forwarded request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is decided.
    Searching,
    /// It is decided that nobody else is tried, and not by the caller.
    Settled,
    /// The caller takes it back.
    Canceled,
    /// The way back to the caller is closed.
    Lost,
    /// A 2xx went back. Further ones follow it.
    Answered,
    /// Something else went back, or nothing ever will.
    Over,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A branch has a 101–199.
    Provisional,
    /// A branch has a 2xx.
    Success,
    /// A branch has a 6xx.
    Decline,
    /// All branches so far have failed, and there are others to be tried.
    GroupDone,
    /// All branches have failed.
    AllDone,
    /// The caller's CANCEL.
    Cancel,
    /// These have rung long enough, and there are others to be tried.
    NextPlease,
    /// They have rung long enough.
    RungOut,
    /// Nothing can be answered any more.
    WayLost,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// The provisional response goes back.
    PassProvisional,
    /// The 2xx goes back.
    PassSuccess,
    /// The best of all failures goes back.
    PassBest,
    /// Whoever is still tried is canceled.
    CancelBranches,
    /// The next ones are tried.
    TryNext,
    /// Who has not been tried will not be.
    ForgetOthers,
    /// The owner hears that somebody rings.
    TellRinging,
    /// The owner hears that somebody has answered.
    TellAnswered,
    /// The owner hears that nobody did.
    TellRefused,
    /// The owner hears that the caller gave up.
    TellCanceled,
    /// The owner hears that the caller is out of reach.
    TellLost,
}

/// The table.
pub fn step(state: State, input: Input) -> (State, &'static [Do]) {
    use Do::*;
    use Input::*;
    use State::*;

    match (state, input) {
        (Searching, Provisional) => (Searching, &[PassProvisional, TellRinging]),
        (Searching, Success) => (Answered, &[PassSuccess, ForgetOthers, CancelBranches, TellAnswered]),
        (Searching, Decline) => (Settled, &[ForgetOthers, CancelBranches]),
        (Searching, GroupDone) => (Searching, &[TryNext]),
        (Searching, AllDone) => (Over, &[PassBest, TellRefused]),
        (Searching, Cancel) => (Canceled, &[ForgetOthers, CancelBranches]),
        (Searching, NextPlease) => (Searching, &[CancelBranches, TryNext]),
        (Searching, RungOut) => (Settled, &[CancelBranches]),
        (Searching, WayLost) => (Lost, &[ForgetOthers, CancelBranches]),

        (Settled | Canceled, Success) => (Answered, &[PassSuccess, TellAnswered]),
        (Settled, AllDone) => (Over, &[PassBest, TellRefused]),
        (Canceled, AllDone) => (Over, &[PassBest, TellCanceled]),
        (Settled, Cancel) => (Canceled, &[]),
        (Settled | Canceled, WayLost) => (Lost, &[]),

        (Lost, AllDone) => (Over, &[TellLost]),

        (Answered, Success) => (Answered, &[PassSuccess]),

        // Nobody is to ring any more, so nobody is told that somebody does.
        (Settled | Canceled | Lost | Answered | Over, Provisional) => (state, &[]),
        // Who answers now answers nobody: the callee's own timers see to it.
        (Lost | Over, Success) => (state, &[]),
        (Settled | Canceled | Lost | Answered | Over, Decline | GroupDone | NextPlease | RungOut) => {
            (state, &[])
        }
        (Answered | Over, AllDone) => (state, &[]),
        (Canceled | Lost | Answered | Over, Cancel) => (state, &[]),
        (Lost | Answered | Over, WayLost) => (state, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    const STATES: [State; 6] =
        [State::Searching, State::Settled, State::Canceled, State::Lost, State::Answered, State::Over];

    const INPUTS: [Input; 9] = [
        Input::Provisional,
        Input::Success,
        Input::Decline,
        Input::GroupDone,
        Input::AllDone,
        Input::Cancel,
        Input::NextPlease,
        Input::RungOut,
        Input::WayLost,
    ];

    #[test]
    fn the_whole_table() {
        let mut table = String::new();
        for (state, input) in STATES.iter().flat_map(|state| INPUTS.map(|input| (*state, input))) {
            let (next, does) = step(state, input);
            let does = match does {
                [] if next == state => "-".to_owned(),
                does => does.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "),
            };
            let (state, input, next) = (format!("{state:?}"), format!("{input:?}"), format!("{next:?}"));
            writeln!(table, "{}", format!("{state:<11}{input:<13}-> {next:<11}{does}").trim_end()).unwrap();
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn the_owner_hears_of_one_answer_or_one_end() {
        for (state, input) in STATES.iter().flat_map(|state| INPUTS.map(|input| (*state, input))) {
            let (next, does) = step(state, input);
            let told = does
                .iter()
                .filter(|one| {
                    matches!(one, Do::TellAnswered | Do::TellRefused | Do::TellCanceled | Do::TellLost)
                })
                .count();
            let is_decided = |state| matches!(state, State::Answered | State::Over);
            let expected = usize::from(!is_decided(state) && is_decided(next));
            assert_eq!(told, expected, "{state:?} {input:?}");
        }
    }
}
