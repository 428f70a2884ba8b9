//! `GET /healthz` and `GET /readyz`: for whoever watches over the process.

use crate::center::Readiness;
use crate::state::Web;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// How the process is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`; `ready`, `starting` or `draining`.
    pub status: &'static str,
}

/// Says that the process lives.
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()), responses(
    (status = 200, description = "It lives.", body = Health),
))]
pub async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Says whether calls are taken.
#[utoipa::path(get, path = "/readyz", tag = "operation", security(()), responses(
    (status = 200, description = "Calls are taken.", body = Health),
    (status = 503, description = "It starts, or drains.", body = Health),
))]
pub async fn readyz(State(web): State<Web>) -> Response {
    let readiness = web.center().readiness();
    let status = match readiness {
        Readiness::Ready => StatusCode::OK,
        Readiness::Starting | Readiness::Draining => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(Health { status: readiness.as_str() })).into_response()
}
