//! `GET /queues`: the queues as they stand.

use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::json::QueueJson;
use crate::state::Web;
use access::Permission;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// The queues.
#[derive(Debug, Serialize, ToSchema)]
pub struct Queues {
    /// By name.
    pub queues: Vec<QueueJson>,
}

/// Lists the queues one may see, live.
#[utoipa::path(get, path = "/queues", tag = "live", responses(
    (status = 200, description = "The queues.", body = Queues),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
))]
pub async fn queues(State(web): State<Web>, caller: Caller) -> Result<Json<Queues>, ApiError> {
    let reach = caller.reach(Permission::SeeQueues)?;
    Ok(Json(Queues { queues: web.board().queues(&reach) }))
}
