//! The center's inputs and state as bytes: what makes a crash repeatable.
//!
//! The driver writes every input with its time before it hands it in. A journal begins with a snapshot; from there
//! the same inputs give the same state and the same effects. The bytes are postcard's, and belong to one version of
//! the program: a journal of another version is never guessed at; a start puts it aside and begins anew.

use crate::{Center, Input};
use base::Now;
use flow::Flows;

/// Changes whenever the shape of an input or of the state changes.
pub const VERSION: u16 = 14;

/// Bytes that are not what they should be.
#[derive(Debug, thiserror::Error)]
#[error("the journal holds something that this version does not write")]
pub struct Unreadable(#[source] postcard::Error);

/// Appends an input and its time to `bytes`.
pub fn write_input(input: &Input, now: Now, bytes: &mut Vec<u8>) {
    match postcard::to_extend(&(now, input), std::mem::take(bytes)) {
        Ok(longer) => *bytes = longer,
        // Inputs hold plain data; there is nothing in them that could refuse to be written.
        Err(error) => debug_assert!(false, "an input was not written: {error}"),
    }
}

/// Reads what [`write_input`] wrote.
pub fn read_input(bytes: &[u8]) -> Result<(Now, Input), Unreadable> {
    postcard::from_bytes(bytes).map_err(Unreadable)
}

impl Center {
    /// The state as bytes, to begin a journal with.
    pub fn save(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// The center that was saved.
    pub fn restore(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut center: Self = postcard::from_bytes(bytes).map_err(Unreadable)?;
        // The dialplans were loaded from these texts before, so they load again.
        center.flows = Flows::load(&center.settings.dialplans, &center.settings.world).unwrap_or_default();
        Ok(center)
    }
}
