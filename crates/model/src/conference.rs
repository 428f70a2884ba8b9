//! Conferences: rooms of a name, who is in them, and what a moderator may do there.

use crate::{InteractionId, Party, PromptId};
use base::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How many one room takes at most, whatever its dialplan says: as many as are mixed in time.
pub const MEMBERS_MAX: u32 = 256;

/// What holds in a room; whoever comes first brings it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRules {
    /// How many it takes; a further one hears that it is full.
    pub members_max: u32,
    /// Whether its members hear music until a moderator is there.
    pub waits: bool,
    /// That music.
    pub music: PromptId,
    /// Whether a tone tells who is inside that somebody came or went.
    pub tones: bool,
}

/// Why somebody is not in a room any more, or never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeftConference {
    /// It takes no more.
    Full,
    /// A moderator has locked it.
    Locked,
    /// A moderator or a supervisor has removed them.
    Removed,
    /// The caller has keyed in too many wrong numbers for it.
    Guessed,
}

impl LeftConference {
    /// The word used in timelines, and the prompt that says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Locked => "locked",
            Self::Removed => "removed",
            Self::Guessed => "guessed",
        }
    }
}

/// What is to be done in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConferenceOrder {
    /// Lets a member be heard no more, or again.
    Mute {
        /// Whose call.
        member: InteractionId,
        /// Whether the others hear nothing of it.
        muted: bool,
    },
    /// Takes a member out.
    Remove {
        /// Whose call.
        member: InteractionId,
    },
    /// Lets nobody in any more but moderators, or everybody again.
    Lock(bool),
}

/// Why it cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConferenceRefused {
    /// Nobody is in a room of that name.
    #[error("nobody is in a conference of that name")]
    NoSuchRoom,
    /// That call is not in it.
    #[error("this call is not in the conference")]
    NoSuchMember,
}

/// A room, live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConferenceView {
    /// Its name.
    pub room: String,
    /// Whether nobody is let in but moderators.
    pub locked: bool,
    /// Whether its members wait for a moderator and hear music.
    pub waits: bool,
    /// How many it takes.
    pub members_max: u32,
    /// Who is in it, in the order of coming.
    pub members: Vec<MemberView>,
}

/// Somebody in a room, live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberView {
    /// The call.
    pub interaction: InteractionId,
    /// Who.
    pub from: Party,
    /// Whether this one may order the others.
    pub moderator: bool,
    /// Whether the others hear nothing of this one.
    pub muted: bool,
    /// Whether a moderator or a supervisor has ordered it, so that the own keys change nothing about it.
    pub muted_by_order: bool,
    /// Whether this one speaks just now.
    pub speaks: bool,
    /// Since when.
    pub since: Timestamp,
}
