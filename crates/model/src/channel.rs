//! How a customer reaches us.

use serde::{Deserialize, Serialize};

/// The way an interaction travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Channel {
    /// A telephone call, from a trunk, a SIP phone or a browser.
    Voice,
}

impl Channel {
    /// The word used in records, entries and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Voice => "voice",
        }
    }
}
