//! Everything that can happen to the center.

use crate::Settings;
use model::{
    AgentId, AgentWish, AlertId, ConferenceOrder, InteractionId, LegEvent, RecordingRoom, RecordingState,
    SipUser, Supervision,
};
use serde::{Deserialize, Serialize};

/// One thing that happened. Handed to [`Center::handle`](crate::Center::handle) together with the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// Something happened to a leg, or to a recording of legs.
    Leg(LegEvent),
    /// An agent, or a supervisor for the agent, asks for a state.
    Agent {
        /// Who.
        agent: AgentId,
        /// What for.
        wish: AgentWish,
    },
    /// A user has a phone that can be rung from now on, or none any more.
    Phone {
        /// Whose.
        user: SipUser,
        /// Whether there is a phone.
        registered: bool,
    },
    /// Queues, agents, codes or dialplans are these from now on. Live interactions go on.
    Config(Box<Settings>),
    /// The process began anew: every leg that was there is gone, and with it what depended on it.
    Restarted,
    /// Somebody has taken notice of an alert.
    AlertClosed(AlertId),
    /// New interactions are turned away from now on, or taken again.
    Drain(bool),
    /// A deadline may have passed; also written to the journal every second while interactions are open, so that
    /// it shows when the process was last alive.
    Timeout,
    /// Somebody wants the recording of an interaction paused, masked, or running again.
    Recording {
        /// Whose recording.
        interaction: InteractionId,
        /// What it is to keep.
        state: RecordingState,
        /// The login of whoever wants it.
        by: String,
    },
    /// A supervisor wants to take part in a call of others, or to do so in another way.
    Monitor {
        /// The call.
        interaction: InteractionId,
        /// The supervisor's login.
        by: AgentId,
        /// How.
        mode: Supervision,
    },
    /// A supervisor takes part no longer.
    EndMonitor {
        /// The call.
        interaction: InteractionId,
        /// The supervisor's login.
        by: AgentId,
    },
    /// A supervisor wants something done in a conference.
    Conference {
        /// The room.
        room: String,
        /// What.
        order: ConferenceOrder,
        /// The supervisor's login.
        by: String,
    },
    /// The disk has more or less room for recordings than before.
    RecordingRoom {
        /// How much.
        room: RecordingRoom,
        /// In bytes.
        free_bytes: u64,
    },
}
