//! `GET /trunks`: the ways to carriers as they stand.

use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::json::TrunkJson;
use crate::state::Web;
use access::Permission;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// The trunks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trunks {
    /// By name.
    pub trunks: Vec<TrunkJson>,
}

/// Lists the trunks, live: whether each carrier is there, and how many calls it carries.
#[utoipa::path(get, path = "/trunks", tag = "live", responses(
    (status = 200, description = "The trunks.", body = Trunks),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
))]
pub async fn trunks(State(web): State<Web>, caller: Caller) -> Result<Json<Trunks>, ApiError> {
    caller.reach(Permission::SeeTrunks)?;
    Ok(Json(Trunks { trunks: web.board().trunks() }))
}
