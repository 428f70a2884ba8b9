//! A limit of ours as the API shows it.

use model::{CallLimit, LimitKind};
use serde::Serialize;
use utoipa::ToSchema;

/// A limit that turned a call away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CallLimit)]
pub struct LimitJson {
    /// The key of the configuration: `calls_max`, `calls_per_second` of a trunk; `at_once`, `per_hour`, `per_day` of what a
    /// phone may call outside; `ports`, all ports for sound are taken.
    pub key: &'static str,
    /// The trunk it is set for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trunk: Option<String>,
    /// The phone it is set for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// How many there may be. Absent with `ports`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

impl From<&CallLimit> for LimitJson {
    fn from(limit: &CallLimit) -> Self {
        let is_of_trunk = matches!(limit.kind, LimitKind::TrunkCalls | LimitKind::TrunkRate);
        Self {
            key: limit.kind.as_str(),
            trunk: is_of_trunk.then(|| limit.of.clone()),
            phone: limit.kind.is_of_phone().then(|| limit.of.clone()),
            max: (limit.kind != LimitKind::MediaPorts).then_some(limit.max),
        }
    }
}
