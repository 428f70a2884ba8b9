//! A trunk as the board shows it: whether calls can go that way, and how many do.

use crate::TrunkId;
use base::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a carrier is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrunkState {
    /// Nobody has looked yet, or nobody is to look: calls are tried.
    Unknown,
    /// The carrier answers.
    Up,
    /// The carrier has failed once; other trunks go first until it answers.
    Shaky,
    /// The carrier does not answer: calls go by other trunks, and here only when there is none.
    Down,
}

impl TrunkState {
    /// The word used in answers and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Shaky => "shaky",
            Self::Down => "down",
        }
    }
}

/// A trunk, live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrunkView {
    /// Its name.
    pub id: TrunkId,
    /// Whether the carrier is there.
    pub state: TrunkState,
    /// Since when.
    pub since: Timestamp,
    /// What was wrong last, while something is.
    pub why: Option<String>,
    /// Where its calls go just now, as `udp 203.0.113.5:5060`; `None` for a trunk that only calls in, or one whose
    /// name leads nowhere.
    pub address: Option<String>,
    /// Whether we are registered there; `None` if we need not be.
    pub registered: Option<bool>,
    /// How long the carrier took to answer when it was last asked, in milliseconds.
    pub answers_in_ms: Option<u32>,
    /// Calls that came by it and are not over.
    pub calls_in: u32,
    /// Calls that went out by it and are not over, those that ring included.
    pub calls_out: u32,
    /// How many calls it may carry at once, both ways together.
    pub calls_max: Option<u32>,
    /// Calls sent to it since the start.
    pub sent: u64,
    /// Calls that it did not take since the start, so that another trunk was tried or the call failed.
    pub failed: u64,
}
