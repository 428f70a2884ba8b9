//! Every path and who answers it.

use crate::error::ApiError;
use crate::input::BODY_BYTES_MAX;
use crate::metrics::Metrics;
use crate::page;
use crate::routes::{
    agents, alerts, bans, conferences, events, health, interaction, interactions, live, login, logout, me,
    metrics, monitor, openapi as description, own_phone, own_state, phone, queues, recording,
    recording_state, stream, timeline, trunks,
};
use crate::shield::shield;
use crate::state::Web;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::Response;
use axum::{Router, routing};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContactBuilder, InfoBuilder, OpenApi, OpenApiBuilder, SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Where the API begins.
pub const API: &str = "/api/v1";

/// The routes of the API and of the page, on `web`.
pub fn router(web: Web) -> Router {
    let (routes, _) = described().split_for_parts();
    routes
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(page::page)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(web.clone(), shield))
        .with_state(web)
}

/// The program's figures alone, for a listener that only the watchers reach.
pub fn metrics_router(figures: Metrics) -> Router {
    Router::new().route("/metrics", routing::get(metrics::open_metrics)).with_state(figures)
}

/// The description of every route.
pub fn openapi() -> OpenApi {
    described().into_openapi()
}

fn described() -> OpenApiRouter<Web> {
    let api = OpenApiRouter::new()
        .routes(routes!(login::login))
        .routes(routes!(logout::logout))
        .routes(routes!(me::me))
        .routes(routes!(own_state::own_state))
        .routes(routes!(own_phone::own_phone))
        .routes(routes!(agents::agents))
        .routes(routes!(queues::queues))
        .routes(routes!(trunks::trunks))
        .routes(routes!(alerts::alerts))
        .routes(routes!(alerts::close_alert))
        .routes(routes!(bans::bans))
        .routes(routes!(bans::lift_ban))
        .routes(routes!(interactions::interactions))
        .routes(routes!(interaction::interaction))
        .routes(routes!(timeline::timeline))
        .routes(routes!(recording::recording))
        .routes(routes!(recording::peaks))
        .routes(routes!(recording::manifest))
        .routes(routes!(recording_state::recording_state))
        .routes(routes!(monitor::monitor))
        .routes(routes!(conferences::conferences))
        .routes(routes!(conferences::conference))
        .routes(routes!(conferences::member))
        .routes(routes!(conferences::remove_member))
        .routes(routes!(monitor::end_monitor))
        .routes(routes!(stream::stream))
        .routes(routes!(events::events))
        .routes(routes!(live::live));
    let phones = OpenApiRouter::new().routes(routes!(phone::phone));
    OpenApiRouter::with_openapi(head()).nest(API, api.merge(operation())).merge(operation()).merge(phones)
}

/// What those ask for who watch over the process, with the API's prefix and without.
fn operation() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(description::openapi))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
}

fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("hotline")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The contact center's API. Times are milliseconds UTC, durations end in `_ms`. Every refusal has the form \
             `{\"error\":{\"code\",\"message\",\"field\"?}}`. A request that changes something with the cookie needs the \
             header `X-Hotline: 1` and the content type application/json.",
        ))
        .contact(Some(ContactBuilder::new().name(Some("hotline")).build()))
        .build();
    let mut head = OpenApiBuilder::new()
        .info(info)
        .security(Some([
            SecurityRequirement::new("bearer", [] as [&str; 0]),
            SecurityRequirement::new("cookie", [] as [&str; 0]),
        ]))
        .build();
    let components = head.components.get_or_insert_default();
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    components.add_security_scheme(
        "cookie",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(crate::caller::COOKIE))),
    );
    head
}

async fn method_not_allowed() -> Result<Response, ApiError> {
    Err(ApiError::method_not_allowed())
}
