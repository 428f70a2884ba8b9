//! Where the first offer stands: the one in the INVITE, or the one that an INVITE without it asks for. RFC 3261 §13.2.1,
//! RFC 3262 §5, RFC 6337 §2.
//!
//! ```text
//!  INVITE with an offer:     Offered ──reliable 1xx with the answer──▶ Said ──PRACK──▶ Agreed
//!  INVITE without an offer:  Wanted ──reliable 1xx with the offer──▶ Countered ──PRACK with the answer──▶ Agreed
//! ```
//!
//! Before Agreed nobody may make another offer. What a final answer agrees is not noted here: with it the opening is
//! over. A description in a provisional response that nobody acknowledges is a preview and moves nothing.

/// Where the first offer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The INVITE holds an offer.
    Offered,
    /// The INVITE holds none: the called side makes it.
    Wanted,
    /// A reliable provisional response holds the answer and waits for its PRACK.
    Said,
    /// A reliable provisional response holds the offer; the answer comes in its PRACK.
    Countered,
    /// Both sides know what they agreed on.
    Agreed,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A reliable provisional response with a description.
    Description,
    /// Its PRACK, with a description.
    PrackWithDescription,
    /// Its PRACK, without one.
    Prack,
}

/// The table.
pub fn step(state: Opening, input: Input) -> Opening {
    use Input::{Description, Prack, PrackWithDescription};
    use Opening::{Agreed, Countered, Offered, Said, Wanted};

    match (state, input) {
        (Offered, Description) => Said,
        (Wanted, Description) => Countered,
        (Said, Prack | PrackWithDescription) | (Countered, PrackWithDescription) => Agreed,
        // The answer is missing: the offer has to be made once more.
        (Countered, Prack) => Wanted,
        // A PRACK of a response that held no description.
        (Offered | Wanted, Prack | PrackWithDescription) => state,
        // A second description before the first one is acknowledged changes nothing.
        (Said | Countered, Description) => state,
        (Agreed, Description | Prack | PrackWithDescription) => Agreed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn the_whole_table() {
        use Input::*;
        use Opening::*;
        let mut table = String::new();
        for state in [Offered, Wanted, Said, Countered, Agreed] {
            for input in [Description, PrackWithDescription, Prack] {
                let (next, state, input) = (step(state, input), format!("{state:?}"), format!("{input:?}"));
                writeln!(table, "{state:<10}{input:<21}-> {next:?}").unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }
}
