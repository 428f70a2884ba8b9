//! What the center wants done.

use model::{BoardEvent, LegCommand, Record};

/// One thing to be done, in the order polled.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// For the leg's node.
    Leg(LegCommand),
    /// To be stored; the center does not wait for it.
    Persist(Record),
    /// For those who watch.
    Publish(BoardEvent),
}
