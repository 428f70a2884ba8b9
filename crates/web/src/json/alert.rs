//! An alert as the API shows it.

use super::PartyJson;
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
    /// heard, or does not hear.
    pub kind: &'static str,
    /// Whose phone; with `one_way`, the party that is not heard, or does not hear.
    pub from: PartyJson,
    /// The agent it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The number called, with `emergency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// With `one_way`: `in` when the party is not heard, `out` when it does not hear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<&'static str>,
    /// The call.
    pub interaction: String,
}

impl From<&AlertView> for AlertJson {
    fn from(view: &AlertView) -> Self {
        let (from, agent, number, way, interaction) = match &view.alert {
            Alert::Emergency { from, agent, number, interaction } => {
                (from, agent, Some(number.clone()), None, interaction)
            }
            Alert::OneWay { from, agent, way, interaction, .. } => {
                (from, agent, None, Some(way.as_str()), interaction)
            }
        };
        Self {
            id: view.id.to_string(),
            at: view.at.as_millis(),
            kind: view.alert.as_str(),
            from: from.into(),
            agent: agent.as_ref().map(ToString::to_string),
            number,
            way,
            interaction: interaction.to_string(),
        }
    }
}
