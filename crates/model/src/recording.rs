//! What a recording keeps while it runs, and what is written into it besides sound.

use crate::InteractionId;
use crate::timeline::LegRole;
use serde::{Deserialize, Serialize};

/// What a running recording keeps. Its clock goes on in every state; what is not kept is silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingState {
    /// Everything.
    #[default]
    Running,
    /// Nothing: somebody says the number of a card.
    Paused,
    /// What the agent says, and not what the customer says or keys in.
    CustomerMasked,
    /// What the customer says, and not what the agent says.
    AgentMasked,
}

impl RecordingState {
    /// Every state there is.
    pub const ALL: [Self; 4] = [Self::Running, Self::Paused, Self::CustomerMasked, Self::AgentMasked];

    /// The word used in timelines and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::CustomerMasked => "customer_masked",
            Self::AgentMasked => "agent_masked",
        }
    }

    /// Whether the customer's side, on the left, is kept out.
    pub const fn masks_customer(self) -> bool {
        matches!(self, Self::Paused | Self::CustomerMasked)
    }

    /// Whether the other side, on the right, is kept out.
    pub const fn masks_agent(self) -> bool {
        matches!(self, Self::Paused | Self::AgentMasked)
    }
}

/// Whose voice lies on a side of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// What the party is in the interaction.
    pub role: LegRole,
    /// The number of a customer or of somebody outside, the login of an agent.
    pub name: String,
}

/// Something that is written into a recording besides sound, so that the finished one can tell what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingMark {
    /// The interaction it belongs to.
    Belongs(InteractionId),
    /// Who is on the two sides from here on.
    Sides {
        /// On the left.
        left: Option<Voice>,
        /// On the right.
        right: Option<Voice>,
    },
    /// What is kept from here on.
    State {
        /// What.
        state: RecordingState,
        /// The login of whoever wanted it so.
        by: String,
    },
}

/// How much room the disk has for recordings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingRoom {
    /// Enough.
    #[default]
    Enough,
    /// Less than the operator wants to be warned of.
    Low,
    /// None: what is said now is not recorded.
    Full,
}
