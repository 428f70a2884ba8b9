//! What crosses to people and programs outside: counterparts of the model's types, in snake_case, with times in
//! milliseconds UTC and ids as texts.

pub mod agent;
pub mod alert;
pub mod ban;
pub mod conference;
pub mod interaction;
pub mod limit;
pub mod line;
pub mod live;
pub mod queue;
mod sip_summary;
pub mod stream;
pub mod trunk;

pub use agent::AgentJson;
pub use alert::AlertJson;
pub use ban::BanJson;
pub use conference::{ConferenceJson, MemberJson};
pub use interaction::{InteractionJson, LiveInteractionJson, PartyJson, RecordingJson};
pub use limit::LimitJson;
pub use line::{LegSoundJson, LineBody, LineJson, WaitWhyJson, story_lines, without_listeners};
pub use live::{GoneInteractionJson, GoneJson, LiveMessage};
pub use queue::QueueJson;
pub use stream::{StreamMessage, StreamOrder, StreamParty};
pub use trunk::TrunkJson;

use base::{Duration, Timestamp};

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn at(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_millis)
}
