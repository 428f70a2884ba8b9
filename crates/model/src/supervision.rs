//! Taking part in a call of others: a supervisor who listens, whispers, barges in, takes over.

use crate::{AgentId, InteractionId, SipUser};
use base::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How many may take part in one call of others at once; a further one is refused.
pub const MONITORS_MAX: usize = 4;

/// What the timeline tells, as trouble, when a supervisor cannot hear a call. Agents who may not know who listens do not
/// read it.
pub const OUT_OF_EARSHOT: &str = "a supervisor cannot take part: the call's sound does not come by here";

/// How somebody takes part in a call of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Supervision {
    /// Hears both, and is heard by nobody.
    Monitor,
    /// Hears both, and is heard by the agent.
    Whisper,
    /// Hears both, and is heard by both.
    Barge,
    /// Talks with the customer from then on, and the agent is let go.
    TakeOver,
}

impl Supervision {
    /// Every way there is.
    pub const ALL: [Self; 4] = [Self::Monitor, Self::Whisper, Self::Barge, Self::TakeOver];

    /// The word used in timelines and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Monitor => "listen",
            Self::Whisper => "whisper",
            Self::Barge => "barge",
            Self::TakeOver => "take_over",
        }
    }
}

/// Somebody who takes part in a call of others, live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitorView {
    /// The login.
    pub by: AgentId,
    /// How.
    pub mode: Supervision,
    /// Whether the supervisor's phone rings and has not been answered yet.
    pub rings: bool,
    /// Since when it rings, or since when the supervisor takes part.
    pub since: Timestamp,
    /// Whether the agent is told.
    pub shown: bool,
}

/// Why somebody cannot take part in a call of others.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MonitorRefused {
    /// Nobody talks in it just now, or it is over.
    #[error("nobody talks in this interaction just now")]
    NotTalking,
    /// The supervisor has no phone.
    #[error("{0} has no phone to listen on")]
    NoPhone(AgentId),
    /// The supervisor's phone is not there.
    #[error("the phone {0} is not registered")]
    NotRegistered(SipUser),
    /// The supervisor is one of those who talk.
    #[error("this is your own call")]
    OwnCall,
    /// The supervisor has only one pair of ears.
    #[error("you take part in {0} already")]
    Elsewhere(InteractionId),
    /// There are enough already.
    #[error("{MONITORS_MAX} take part in this call already")]
    TooMany,
    /// The supervisor does not take part in it.
    #[error("you do not take part in this call")]
    NotThere,
}

impl MonitorRefused {
    /// The word used in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotTalking => "not_talking",
            Self::NoPhone(_) => "no_phone",
            Self::NotRegistered(_) => "phone_not_registered",
            Self::OwnCall => "own_call",
            Self::Elsewhere(_) => "monitoring_elsewhere",
            Self::TooMany => "too_many_monitors",
            Self::NotThere => "not_monitoring",
        }
    }
}
