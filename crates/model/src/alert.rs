//! What supervisors are alerted of: shown on every board until somebody has taken notice.

use crate::{AgentId, AlertId, CallLimit, InteractionId, LegId, Party, SoundWay};
use base::Timestamp;
use serde::{Deserialize, Serialize};

/// What somebody has to know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alert {
    /// Somebody in the center calls an emergency number.
    Emergency {
        /// Whose phone.
        from: Party,
        /// The agent it belongs to.
        agent: Option<AgentId>,
        /// The number.
        number: String,
        /// The call.
        interaction: InteractionId,
    },
    /// Two are connected, and one of them has not heard the other for seconds.
    OneWay {
        /// The party that is not heard, or does not hear.
        from: Party,
        /// The agent it is, if it is one.
        agent: Option<AgentId>,
        /// The party's leg.
        leg: LegId,
        /// Which of the two.
        way: SoundWay,
        /// The call.
        interaction: InteractionId,
    },
    /// The disk has little room left for recordings.
    RecordingsLow {
        /// How many bytes.
        free_bytes: u64,
    },
    /// The disk has no room for recordings: calls go on and are not recorded.
    RecordingsFull,
    /// A limit of ours turns calls away.
    LimitReached {
        /// Which.
        limit: CallLimit,
        /// How many calls since nobody has taken notice of it.
        calls: u32,
    },
}

impl Alert {
    /// The word used in answers.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Emergency { .. } => "emergency",
            Self::OneWay { .. } => "one_way",
            Self::RecordingsLow { .. } => "recordings_low",
            Self::RecordingsFull => "recordings_full",
            Self::LimitReached { .. } => "limit_reached",
        }
    }
}

/// An alert that nobody has taken notice of yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertView {
    /// Its id.
    pub id: AlertId,
    /// Since when.
    pub at: Timestamp,
    /// What it is.
    pub alert: Alert,
}
