//! Conferences as the API shows them.

use super::interaction::PartyJson;
use model::ConferenceView;
use model::conference::MemberView;
use serde::Serialize;
use utoipa::ToSchema;

/// A conference that somebody is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Conference)]
pub struct ConferenceJson {
    /// The room's name.
    pub name: String,
    /// Whether nobody is let in but moderators.
    pub locked: bool,
    /// Whether its members hear music until a moderator comes.
    pub waits: bool,
    /// How many it takes.
    pub members_max: u32,
    /// Who is in it, in the order of coming.
    pub members: Vec<MemberJson>,
}

/// Somebody in a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberJson {
    /// The interaction: `IX-…`.
    pub id: String,
    /// Who.
    pub from: PartyJson,
    /// Whether this one may order the others.
    pub moderator: bool,
    /// Whether the others hear nothing of this one.
    pub muted: bool,
    /// Whether a moderator or a supervisor has ordered it; otherwise it was the member's own keys.
    pub muted_by_order: bool,
    /// Whether this one speaks just now.
    pub speaks: bool,
    /// Since when, in milliseconds UTC.
    pub since: i64,
}

impl From<&ConferenceView> for ConferenceJson {
    fn from(view: &ConferenceView) -> Self {
        Self {
            name: view.room.clone(),
            locked: view.locked,
            waits: view.waits,
            members_max: view.members_max,
            members: view.members.iter().map(Into::into).collect(),
        }
    }
}

impl From<&MemberView> for MemberJson {
    fn from(view: &MemberView) -> Self {
        Self {
            id: view.interaction.to_string(),
            from: (&view.from).into(),
            moderator: view.moderator,
            muted: view.muted,
            muted_by_order: view.muted_by_order,
            speaks: view.speaks,
            since: view.since.as_millis(),
        }
    }
}
