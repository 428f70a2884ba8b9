//! `GET /metrics`: the program's own figures.

use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::metrics::Metrics;
use crate::session;
use crate::state::Web;
use access::{Permission, Scope};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Shows the program's own figures, to an administrator or the holder of the metrics token.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses(
    (status = 200, description = "In the text form that Prometheus reads.", body = String, content_type = "text/plain"),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
))]
pub async fn metrics(State(web): State<Web>, request: Request) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    if !holds_token(&parts.headers, web.options().metrics_token.as_deref()) {
        let caller = Caller::from_request_parts(&mut parts, &web).await?;
        caller.may(Permission::ReadMetrics, &Scope::Center)?;
    }
    Ok(show(web.metrics()))
}

/// The same without a question, for a listener of its own.
pub(crate) async fn open_metrics(State(metrics): State<Metrics>) -> Response {
    show(&metrics)
}

fn show(metrics: &Metrics) -> Response {
    ([(header::CONTENT_TYPE, TEXT)], metrics.render()).into_response()
}

fn holds_token(headers: &header::HeaderMap, token: Option<&str>) -> bool {
    let held = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    match (held, token) {
        // Hashes are compared, so that the time it takes tells nothing about the token.
        (Some(held), Some(token)) => session::hash(held) == session::hash(token),
        _ => false,
    }
}
