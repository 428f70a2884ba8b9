//! An alert as the API shows it.

use super::{LimitJson, PartyJson};
use model::{Alert, AlertView};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that a supervisor has to know of, until one has taken notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AlertView)]
pub struct AlertJson {
    /// The id: `AL-…`.
    pub id: String,
    /// Since when, in milliseconds UTC.
    pub at: i64,
    /// What it is: `emergency`, somebody in the center calls an emergency number; `one_way`, one of two who talk is not
    /// heard, or does not hear; `recordings_low`, the disk has little room left for recordings; `recordings_full`, it has none, and
    /// calls are not recorded; `limit_reached`, a limit of ours turns calls away.
    pub kind: &'static str,
    /// Whose phone; with `one_way`, the party that is not heard, or does not hear. Absent with `recordings_…` and `limit_reached`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PartyJson>,
    /// The agent it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The number called, with `emergency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// With `one_way`: `in` when the party is not heard, `out` when it does not hear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<&'static str>,
    /// With `recordings_low`: how many bytes are free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    /// With `limit_reached`: which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitJson>,
    /// With `limit_reached`: how many calls were turned away since somebody last took notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u32>,
    /// The call. Absent with `recordings_…` and `limit_reached`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<String>,
}

impl From<&AlertView> for AlertJson {
    fn from(view: &AlertView) -> Self {
        let bare = Self {
            id: view.id.to_string(),
            at: view.at.as_millis(),
            kind: view.alert.as_str(),
            from: None,
            agent: None,
            number: None,
            way: None,
            free_bytes: None,
            limit: None,
            calls: None,
            interaction: None,
        };
        match &view.alert {
            Alert::Emergency { from, agent, number, interaction } => Self {
                from: Some(from.into()),
                agent: agent.as_ref().map(ToString::to_string),
                number: Some(number.clone()),
                interaction: Some(interaction.to_string()),
                ..bare
            },
            Alert::OneWay { from, agent, way, interaction, .. } => Self {
                from: Some(from.into()),
                agent: agent.as_ref().map(ToString::to_string),
                way: Some(way.as_str()),
                interaction: Some(interaction.to_string()),
                ..bare
            },
            Alert::RecordingsLow { free_bytes } => Self { free_bytes: Some(*free_bytes), ..bare },
            Alert::RecordingsFull => bare,
            Alert::LimitReached { limit, calls } => {
                Self { limit: Some(limit.into()), calls: Some(*calls), ..bare }
            }
        }
    }
}
