//! The words of a contact center: what an interaction, a leg, an agent, a queue is, their states and legal steps,
//! the commands and events that floors exchange, and the records that are stored.
//!
//! Knows no protocol, no database and no JSON. The types derive serde's traits because the center's journal, and
//! the seam between nodes, carry them as they are in a binary form; what crosses to people and programs outside has
//! a counterpart in its adapter.
//!
//! Reading order: [`id`], [`channel`], [`party`], [`skill`], [`queue`], [`agent`], [`interaction`], [`leg`], [`limit`],
//! [`decision`], [`timeline`], [`record`], [`recording`],
//! [`board`], [`query`], [`kept_out`].

pub mod agent;
pub mod alert;
pub mod board;
pub mod channel;
pub mod conference;
pub mod decision;
pub mod id;
pub mod interaction;
pub mod kept_out;
pub mod leg;
pub mod limit;
pub mod party;
pub mod query;
pub mod queue;
pub mod record;
pub mod recording;
pub mod skill;
pub mod supervision;
pub mod timeline;
pub mod trunk;

pub use agent::{Agent, AgentState, AgentWish, NotReadyReason, WishRefused};
pub use alert::{Alert, AlertView};
pub use board::{AgentView, BoardEvent, FarEnd, InteractionView, QueueView};
pub use channel::Channel;
pub use conference::{ConferenceOrder, ConferenceRefused, ConferenceView};
pub use decision::{OfferReason, WaitReason};
pub use id::*;
pub use interaction::{InteractionState, Outcome};
pub use kept_out::{KeptOut, KeptOutWhat};
pub use leg::{EndCause, LegCommand, LegEvent, Origin, Prompt, Quality, SoundWay, Target};
pub use limit::{CallLimit, LimitKind};
pub use party::Party;
pub use queue::Queue;
pub use record::{InteractionRecord, Record, RecordingRecord};
pub use recording::{RecordingMark, RecordingRoom, RecordingState, Voice};
pub use skill::{SkillLevels, SkillNeed};
pub use supervision::{MonitorRefused, MonitorView, Supervision};
pub use timeline::{TimelineEntry, TimelineEvent};
pub use trunk::{TrunkState, TrunkView};
