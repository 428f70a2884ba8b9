//! Who is at the other end of a leg.

use crate::SipUser;
use serde::{Deserialize, Serialize};

/// A party of a call, as signalled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The number or user name that identifies the party; empty when it was withheld.
    pub number: String,
    /// The name shown with it, free of control characters.
    pub display: Option<String>,
    /// The registrar's user this party proved to be.
    pub user: Option<SipUser>,
}

impl Party {
    /// A party known by its number only.
    pub fn number(number: impl Into<String>) -> Self {
        Self { number: number.into(), display: None, user: None }
    }
}
