//! `GET /openapi.json`: the description of all this.

use axum::Json;
use std::sync::LazyLock;
use utoipa::openapi::OpenApi;

static DESCRIPTION: LazyLock<OpenApi> = LazyLock::new(crate::router::openapi);

/// Describes every route.
#[utoipa::path(get, path = "/openapi.json", tag = "operation", security(()), responses(
    (status = 200, description = "This description.", content_type = "application/json"),
))]
pub async fn openapi() -> Json<&'static OpenApi> {
    Json(&DESCRIPTION)
}
