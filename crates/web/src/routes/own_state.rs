//! `PUT /me/state`: an agent gets ready, not ready, or goes home.

use crate::caller::Caller;
use crate::center::WishError;
use crate::error::{ApiError, ErrorBody};
use crate::input::Body;
use crate::json::AgentJson;
use crate::state::Web;
use access::{Deed, Permission, Scope};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{AgentId, AgentWish, WishRefused};
use serde::Deserialize;
use utoipa::ToSchema;

/// The longest reason.
const REASON_BYTES_MAX: usize = 64;

/// What an agent wants to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StateRequest {
    /// The state.
    pub state: WantedState,
    /// Why not ready, in a word: `lunch`.
    pub reason: Option<String>,
}

/// A state that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WantedState {
    /// To take interactions.
    Ready,
    /// To take none.
    NotReady,
    /// To go home.
    LoggedOut,
}

/// Changes one's own state as an agent. While an interaction is presented or handled the wish is kept until it is over,
/// and shows in `next`.
#[utoipa::path(put, path = "/me/state", tag = "agents", request_body = StateRequest, responses(
    (status = 200, description = "How the agent stands now.", body = AgentJson),
    (status = 400, description = "The body cannot be understood.", body = ErrorBody),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
    (status = 409, description = "`not_an_agent` or `no_phone`", body = ErrorBody),
    (status = 503, description = "`busy`: the center did not answer.", body = ErrorBody),
))]
pub async fn own_state(
    State(web): State<Web>,
    caller: Caller,
    Body(request): Body<StateRequest>,
) -> Result<Json<AgentJson>, ApiError> {
    let agent = AgentId::new(&caller.user.login);
    caller.may(Permission::ChangeOwnState, &Scope::Agent(&agent))?;
    let (wish, word) = wish(request)?;
    let view = web.center().wish(agent, wish).await.map_err(refusal)?;
    let entry = web.deed(&caller.user.login, Deed::ChangedState, word, caller.peer.address);
    if let Err(error) = web.library().audit(&entry).await {
        // The wish is granted, and calls go on while the library is away.
        tracing::error!(%error, "a change of state could not be written down");
    }
    Ok(Json(web.board().describe(&view)))
}

fn wish(request: StateRequest) -> Result<(AgentWish, &'static str), ApiError> {
    let reason = request.reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    if let Some(reason) = &reason {
        if request.state != WantedState::NotReady {
            return Err(ApiError::field("reason", "a reason belongs to not_ready only"));
        }
        if reason.len() > REASON_BYTES_MAX || reason.chars().any(char::is_control) {
            return Err(ApiError::field(
                "reason",
                format!("a reason has at most {REASON_BYTES_MAX} bytes and no control characters"),
            ));
        }
    }
    Ok(match request.state {
        WantedState::Ready => (AgentWish::Ready, "ready"),
        WantedState::NotReady => (AgentWish::NotReady(reason), "not_ready"),
        WantedState::LoggedOut => (AgentWish::LogOut, "logged_out"),
    })
}

fn refusal(error: WishError) -> ApiError {
    match error {
        WishError::Refused(refused @ WishRefused::NoSuchAgent(_)) => {
            ApiError::new(StatusCode::CONFLICT, "not_an_agent", refused.to_string())
        }
        WishError::Refused(refused @ WishRefused::NoPhone(_)) => {
            ApiError::new(StatusCode::CONFLICT, "no_phone", refused.to_string())
        }
        WishError::Unavailable => ApiError::busy("the center did not answer"),
    }
}
