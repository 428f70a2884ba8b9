//! Whether a carrier is there: what its answers and its silence make of it.
//!
//! ```text
//!  Unknown ──answers──▶ Up ──fails──▶ Shaky ──fails──▶ Down
//!     │                 ▲               │ answers        │ answers
//!     └──fails─────▶ Shaky              └──────▶ Up ◀────┘
//! ```
//!
//! Calls go to trunks that are not shaky or down as long as there are such. What is shaky is asked again soon, what is
//! down every few seconds: one answer is enough to be up again. A trunk that is never asked (its probe is off) is given
//! another chance after a while.

use base::Duration;
use model::TrunkState;
use sip_message::StatusCode;

/// How soon a carrier that failed once is asked again.
pub const SHAKY_AGAIN: Duration = Duration::from_secs(2);

/// How often a carrier that is down is asked.
pub const DOWN_AGAIN: Duration = Duration::from_secs(10);

/// How long a carrier may take to answer when it is asked.
pub const PROBE_PATIENCE: Duration = Duration::from_secs(4);

/// How long a trunk that is never asked is passed over after it failed.
pub const CHANCE_AFTER: Duration = Duration::from_secs(60);

/// What was seen of a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It answered something that shows it works.
    Answered,
    /// It did not answer, could not be reached, or said that it does not work.
    Failed,
    /// Time has passed, and nobody asks it.
    Forgotten,
}

/// Whether a response says that the carrier, and not the party, cannot take a call.
pub(crate) fn says_failed(status: StatusCode) -> bool {
    matches!(status.code(), 408 | 500 | 502 | 503 | 504)
}

/// Every sign, for the table's snapshot.
#[cfg(test)]
const SIGNS: [Sign; 3] = [Sign::Answered, Sign::Failed, Sign::Forgotten];

/// What a sign makes of a state.
pub const fn step(state: TrunkState, sign: Sign) -> TrunkState {
    match (state, sign) {
        (_, Sign::Answered) => TrunkState::Up,
        (TrunkState::Unknown | TrunkState::Up, Sign::Failed) => TrunkState::Shaky,
        (TrunkState::Shaky | TrunkState::Down, Sign::Failed) => TrunkState::Down,
        (TrunkState::Up, Sign::Forgotten) => TrunkState::Up,
        (TrunkState::Unknown | TrunkState::Shaky | TrunkState::Down, Sign::Forgotten) => TrunkState::Unknown,
    }
}

/// Whether calls go there while there are others.
pub const fn is_preferred(state: TrunkState) -> bool {
    matches!(state, TrunkState::Unknown | TrunkState::Up)
}

/// When a carrier in this state is asked next, if it is asked every `usual` while all is well.
pub fn next_probe(state: TrunkState, usual: Duration) -> Duration {
    match state {
        TrunkState::Unknown | TrunkState::Up => usual,
        TrunkState::Shaky => usual.min(SHAKY_AGAIN),
        TrunkState::Down => usual.min(DOWN_AGAIN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_carriers_health() {
        let states = [TrunkState::Unknown, TrunkState::Up, TrunkState::Shaky, TrunkState::Down];
        let lines = states.iter().flat_map(|state| {
            SIGNS.iter().map(move |sign| format!("{state:?} + {sign:?} -> {:?}", step(*state, *sign)))
        });
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
    }
}
