//! `GET /alerts`: what supervisors have to know of. `DELETE /alerts/{id}`: one of them has taken notice.

use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::InPath;
use crate::json::AlertJson;
use crate::state::Web;
use access::{Deed, Permission};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::AlertId;
use serde::Serialize;
use utoipa::ToSchema;

/// The alerts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alerts {
    /// Those that nobody has taken notice of, the oldest first.
    pub alerts: Vec<AlertJson>,
}

/// Lists the alerts that nobody has taken notice of.
#[utoipa::path(get, path = "/alerts", tag = "live", responses(
    (status = 200, description = "The alerts.", body = Alerts),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
))]
pub async fn alerts(State(web): State<Web>, caller: Caller) -> Result<Json<Alerts>, ApiError> {
    caller.reach(Permission::HandleAlerts)?;
    Ok(Json(Alerts { alerts: web.board().alerts() }))
}

/// Says that one has taken notice: the alert goes from every board, and the audit trail tells who it was.
#[utoipa::path(delete, path = "/alerts/{id}", tag = "live",
    params(("id" = String, Path, description = "The alert: `AL-…`")), responses(
    (status = 204, description = "It is gone."),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
    (status = 404, description = "`not_found`: there is no such alert, or somebody else was faster.", body = ErrorBody),
    (status = 503, description = "`busy`: the center did not answer.", body = ErrorBody),
))]
pub async fn close_alert(
    State(web): State<Web>,
    caller: Caller,
    InPath(id): InPath<String>,
) -> Result<StatusCode, ApiError> {
    caller.reach(Permission::HandleAlerts)?;
    let gone = || ApiError::not_found("there is no such alert, or somebody else was faster");
    let alert: AlertId = id.parse().map_err(|_| gone())?;
    match web.center().close_alert(alert).await {
        Ok(true) => {}
        Ok(false) => return Err(gone()),
        Err(_) => return Err(ApiError::busy("the center did not answer")),
    }
    let entry = web.deed(&caller.user.login, Deed::ClosedAlert, alert.to_string(), caller.peer.address);
    if let Err(error) = web.library().audit(&entry).await {
        // Notice is taken, and the board shows it, while the library is away.
        tracing::error!(%error, "that an alert was closed could not be written down");
    }
    Ok(StatusCode::NO_CONTENT)
}
