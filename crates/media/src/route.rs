//! Who hears whom, as data: what boards show and the simulator's invariants check.
//!
//! The picture is a matrix, written line by line: a listener has a line for each voice that it hears, the one of its
//! bridge, echo or conference first. A listener without any, or with a play in its ear, has one line that says so.

use crate::{ConferenceKey, PortId};

/// What one port hears just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hears {
    /// Nothing: not configured, on hold, or nobody there.
    Nothing,
    /// Another port.
    Port(PortId),
    /// Itself.
    Itself,
    /// The play of this number.
    Play(u64),
    /// The others in a conference.
    Conference(ConferenceKey),
}

/// One line of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// Who listens.
    pub listener: PortId,
    /// To what.
    pub hears: Hears,
}
