//! `GET /agents`: the agents as they stand.

use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::json::AgentJson;
use crate::state::Web;
use access::{Permission, Reach, Scope};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// Every agent.
#[derive(Debug, Serialize, ToSchema)]
pub struct Agents {
    /// By login.
    pub agents: Vec<AgentJson>,
}

/// Lists the agents, live. To an agent, `interaction` is told of the own row only.
#[utoipa::path(get, path = "/agents", tag = "live", responses(
    (status = 200, description = "Every agent.", body = Agents),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
))]
pub async fn agents(State(web): State<Web>, caller: Caller) -> Result<Json<Agents>, ApiError> {
    caller.may(Permission::SeeAgents, &Scope::Center)?;
    let reach = caller.reach(Permission::SeeBoard).unwrap_or(Reach::Nothing);
    Ok(Json(Agents { agents: web.board().agents(&reach) }))
}
