//! A trunk as the API shows it.

use model::TrunkView;
use serde::Serialize;
use utoipa::ToSchema;

/// A trunk, live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrunkView)]
pub struct TrunkJson {
    /// The name.
    pub id: String,
    /// Whether the carrier is there: `up`, `shaky` (it failed once, others go first), `down`, or `unknown` when nobody
    /// has looked.
    pub state: &'static str,
    /// Since when, in milliseconds UTC.
    pub since: i64,
    /// What is wrong, while something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Where its calls go just now: `udp 203.0.113.5:5060`. Absent for a trunk that only calls in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whether we are registered there. Absent if we need not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered: Option<bool>,
    /// How long the carrier took to answer when it was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers_in_ms: Option<u32>,
    /// Calls that came by it and are not over.
    pub calls_in: u32,
    /// Calls that went out by it and are not over.
    pub calls_out: u32,
    /// How many calls it may carry at once. Absent for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_max: Option<u32>,
    /// Calls sent to it since the start.
    pub sent: u64,
    /// Calls of those that it did not take.
    pub failed: u64,
}

impl From<&TrunkView> for TrunkJson {
    fn from(view: &TrunkView) -> Self {
        Self {
            id: view.id.to_string(),
            state: view.state.as_str(),
            since: view.since.as_millis(),
            why: view.why.clone(),
            address: view.address.clone(),
            registered: view.registered,
            answers_in_ms: view.answers_in_ms,
            calls_in: view.calls_in,
            calls_out: view.calls_out,
            calls_max: view.calls_max,
            sent: view.sent,
            failed: view.failed,
        }
    }
}
