//! `GET /me`: who one is, what one may do, and where.

use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::json::AgentJson;
use crate::state::Web;
use access::{Permission, Scope};
use axum::Json;
use axum::extract::State;
use model::AgentId;
use serde::Serialize;
use utoipa::ToSchema;

/// Who one is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The login.
    pub login: String,
    /// The name people see.
    pub name: String,
    /// `agent`, `supervisor`, `planner`, `marketing` or `admin`.
    pub role: &'static str,
    /// What one may do.
    pub permissions: Vec<&'static str>,
    /// Oneself as an agent; null for those who are none.
    pub agent: Option<AgentJson>,
    /// Where one is.
    pub center: CenterJson,
}

/// The center.
#[derive(Debug, Serialize, ToSchema)]
pub struct CenterJson {
    /// Its name.
    pub name: String,
    /// Its SIP domain.
    pub domain: String,
    /// The time zone in which its days begin: `Europe/Berlin`.
    pub zone: String,
    /// The program's version.
    pub version: String,
}

/// Tells who one is.
#[utoipa::path(get, path = "/me", tag = "session", responses(
    (status = 200, description = "Who one is.", body = Me),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
))]
pub async fn me(State(web): State<Web>, caller: Caller) -> Result<Json<Me>, ApiError> {
    caller.may(Permission::SeeSelf, &Scope::Center)?;
    let options = web.options();
    Ok(Json(Me {
        agent: web.board().agent(&AgentId::new(&caller.user.login)),
        permissions: caller.subject.permissions().map(Permission::as_str).collect(),
        role: caller.user.role.as_str(),
        login: caller.user.login,
        name: caller.user.name,
        center: CenterJson {
            name: options.name.clone(),
            domain: options.domain.clone(),
            zone: web.pages().zone.clone(),
            version: options.version.clone(),
        },
    }))
}
