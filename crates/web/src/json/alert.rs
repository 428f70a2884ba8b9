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
    /// What it is: `emergency`, somebody in the center calls an emergency number.
    pub kind: &'static str,
    /// Whose phone.
    pub from: PartyJson,
    /// The agent it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The number called.
    pub number: String,
    /// The call.
    pub interaction: String,
}

impl From<&AlertView> for AlertJson {
    fn from(view: &AlertView) -> Self {
        let Alert::Emergency { from, agent, number, interaction } = &view.alert;
        Self {
            id: view.id.to_string(),
            at: view.at.as_millis(),
            kind: view.alert.as_str(),
            from: from.into(),
            agent: agent.as_ref().map(ToString::to_string),
            number: number.clone(),
            interaction: interaction.to_string(),
        }
    }
}
