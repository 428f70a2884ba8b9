//! An address that is kept out, as the API shows it.

use model::{KeptOut, KeptOutWhat};
use serde::Serialize;
use utoipa::ToSchema;

/// An address that is kept out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Ban)]
pub struct BanJson {
    /// The address; for IPv6 the first one of a /64, all of which is meant.
    #[schema(example = "203.0.113.9")]
    pub address: String,
    /// What of it is kept out: `everything`, `udp`, or `user`: what claims to be one phone's user.
    pub what: &'static str,
    /// That user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Why, as the rest of a sentence about the address.
    pub why: String,
    /// Since when, in milliseconds UTC.
    pub since: i64,
    /// Until when.
    pub until: i64,
}

impl From<KeptOut> for BanJson {
    fn from(kept_out: KeptOut) -> Self {
        Self {
            address: kept_out.address.to_string(),
            what: kept_out.what.as_str(),
            user: match kept_out.what {
                KeptOutWhat::User(user) => Some(user),
                KeptOutWhat::Everything | KeptOutWhat::Udp => None,
            },
            why: kept_out.why,
            since: kept_out.since.as_millis(),
            until: kept_out.until.as_millis(),
        }
    }
}
