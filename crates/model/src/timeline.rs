//! The story of the center, line by line: what is written once, in order, and never changed.
//!
//! One sequence of numbers runs through all lines, so a reader who has seen line 41 asks for what came after 41.

use crate::conference::LeftConference;
use crate::decision::{OfferReason, WaitReason};
use crate::{
    AgentId, AgentState, EndCause, FlowId, InteractionId, LegId, Outcome, Party, Quality, QueueId,
    RecordingId, RecordingState, SoundWay, StepId, Supervision,
};
use base::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Its place in the story of the whole center; no number is missing and none comes twice.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The interaction it belongs to.
    pub interaction: Option<InteractionId>,
    /// What happened.
    pub event: TimelineEvent,
}

/// The two sides of a call, as seen by the center.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LegRole {
    /// The customer's leg.
    Customer,
    /// An agent's leg.
    Agent,
    /// Somebody outside the center.
    Outside,
    /// A supervisor who takes part in a call of others.
    Supervisor,
}

impl LegRole {
    /// The word used in timelines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Outside => "outside",
            Self::Supervisor => "supervisor",
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimelineEvent {
    /// An interaction came in.
    Arrived {
        /// The customer's leg.
        leg: LegId,
        /// Who.
        from: Party,
        /// The number dialled.
        to: String,
        /// `trunk:carrier` or `user:1001`.
        origin: String,
    },
    /// We answered the customer.
    Answered,
    /// The flow took a step.
    Step {
        /// The flow.
        flow: FlowId,
        /// The step.
        step: StepId,
        /// What it does: `say`, `ask` …
        verb: String,
    },
    /// The customer pressed a key.
    Digit {
        /// The key.
        digit: char,
    },
    /// It began to wait.
    Queued {
        /// Where.
        queue: QueueId,
        /// Its place: 1 is the front.
        position: u32,
        /// Why nobody takes it at once; `None` when somebody does.
        why: Option<WaitReason>,
    },
    /// The customer was told the place.
    PositionTold {
        /// The place.
        position: u32,
    },
    /// An agent is asked.
    Offered {
        /// Who.
        agent: AgentId,
        /// The leg that is dialled to the agent.
        leg: LegId,
        /// Why this one.
        why: OfferReason,
    },
    /// The agent asked did not take it.
    NotTaken {
        /// Who.
        agent: AgentId,
        /// Why not.
        cause: EndCause,
    },
    /// Customer and agent talk.
    Connected {
        /// With whom.
        agent: AgentId,
        /// How long the customer had waited in the queue.
        waited: Duration,
    },
    /// The agent put the customer on hold.
    Held,
    /// The agent took the customer off hold.
    Resumed,
    /// A number outside is called for the customer.
    Dialed {
        /// The number.
        number: String,
        /// The leg that is dialled.
        leg: LegId,
    },
    /// The number is an emergency number: supervisors were alerted.
    EmergencyCalled {
        /// The number.
        number: String,
    },
    /// A party's phone passed the other one on, and left.
    PassedOn {
        /// The leg that leaves.
        leg: LegId,
        /// To whom.
        to: String,
    },
    /// Customer and outside party talk.
    Transferred {
        /// The number.
        number: String,
    },
    /// A leg is over.
    LegEnded {
        /// Which.
        leg: LegId,
        /// Whose.
        role: LegRole,
        /// Why.
        cause: EndCause,
        /// How the sound was.
        quality: Option<Quality>,
    },
    /// A recording began.
    RecordingStarted {
        /// Which.
        recording: RecordingId,
    },
    /// A recording is closed.
    RecordingStopped {
        /// Which.
        recording: RecordingId,
        /// How long it is.
        length: Duration,
    },
    /// A recording went wrong.
    RecordingFailed {
        /// Which.
        recording: RecordingId,
        /// What happened.
        why: String,
    },
    /// An agent's state changed.
    AgentChanged {
        /// Who.
        agent: AgentId,
        /// From what.
        from: AgentState,
        /// Into what.
        to: AgentState,
        /// How long the former state had lasted.
        lasted: Duration,
    },
    /// Something went wrong that an operator should know.
    Trouble {
        /// What, in a sentence.
        what: String,
    },
    /// The interaction is over.
    Closed {
        /// How.
        outcome: Outcome,
    },
    /// The server started; what was open before is closed by the lines that follow.
    Started,
    /// Two parties are connected, and one of them has not heard the other for seconds.
    OneWay {
        /// The leg of the party that is not heard, or does not hear.
        leg: LegId,
        /// Whose.
        role: LegRole,
        /// Which of the two.
        way: SoundWay,
    },
    /// They hear each other again.
    WayRestored {
        /// The leg.
        leg: LegId,
        /// Whose.
        role: LegRole,
        /// What is well.
        way: SoundWay,
    },
    /// What a recording keeps changed: it was paused, masked, or runs again.
    RecordingChanged {
        /// Which.
        recording: RecordingId,
        /// What it keeps from now on.
        state: RecordingState,
        /// The login of whoever wanted it so.
        by: String,
    },
    /// The phone of a supervisor is rung, who wants to take part in the call.
    MonitorRung {
        /// The login.
        by: AgentId,
        /// How.
        mode: Supervision,
        /// The leg that is dialled.
        leg: LegId,
        /// Whether the agent may know.
        shown: bool,
    },
    /// A supervisor takes part in the call so from now on.
    Monitored {
        /// The login.
        by: AgentId,
        /// How.
        mode: Supervision,
        /// Whether the agent may know.
        shown: bool,
    },
    /// A supervisor does not take part any more, or never did.
    MonitorEnded {
        /// The login.
        by: AgentId,
        /// How it ended.
        cause: EndCause,
        /// Whether the agent may know.
        shown: bool,
    },
    /// The customer is in a conference from now on.
    Conferring {
        /// The room.
        room: String,
        /// Whether as one who may order the others.
        moderator: bool,
    },
    /// The others hear the customer no more, or again.
    ConferenceMuted {
        /// The room.
        room: String,
        /// Which of the two.
        muted: bool,
        /// The login of a supervisor, or the number of a moderator.
        by: String,
    },
    /// The customer was not let into a conference, or was taken out of it.
    LeftConference {
        /// The room.
        room: String,
        /// Why.
        why: LeftConference,
        /// The login of a supervisor, or the number of a moderator, who wanted it so.
        by: Option<String>,
    },
}

impl TimelineEvent {
    /// The word for this kind of line.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Arrived { .. } => "arrived",
            Self::Answered => "answered",
            Self::Step { .. } => "step",
            Self::Digit { .. } => "digit",
            Self::Queued { .. } => "queued",
            Self::PositionTold { .. } => "position_told",
            Self::Offered { .. } => "offered",
            Self::NotTaken { .. } => "not_taken",
            Self::Connected { .. } => "connected",
            Self::Held => "held",
            Self::Resumed => "resumed",
            Self::Dialed { .. } => "dialed",
            Self::EmergencyCalled { .. } => "emergency_called",
            Self::PassedOn { .. } => "passed_on",
            Self::Transferred { .. } => "transferred",
            Self::LegEnded { .. } => "leg_ended",
            Self::RecordingStarted { .. } => "recording_started",
            Self::RecordingStopped { .. } => "recording_stopped",
            Self::RecordingFailed { .. } => "recording_failed",
            Self::AgentChanged { .. } => "agent_changed",
            Self::Trouble { .. } => "trouble",
            Self::Closed { .. } => "closed",
            Self::Started => "started",
            Self::OneWay { .. } => "one_way",
            Self::WayRestored { .. } => "way_restored",
            Self::RecordingChanged { .. } => "recording_changed",
            Self::MonitorRung { .. } => "monitor_rung",
            Self::Monitored { .. } => "monitored",
            Self::MonitorEnded { .. } => "monitor_ended",
            Self::Conferring { .. } => "conferring",
            Self::ConferenceMuted { .. } => "conference_muted",
            Self::LeftConference { .. } => "left_conference",
        }
    }

    /// The leg that first appears with this line, so that its SIP messages can be found.
    pub const fn new_leg(&self) -> Option<LegId> {
        match self {
            Self::Arrived { leg, .. }
            | Self::Offered { leg, .. }
            | Self::Dialed { leg, .. }
            | Self::MonitorRung { leg, .. } => Some(*leg),
            _ => None,
        }
    }
}
