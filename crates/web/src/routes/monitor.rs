//! `POST` and `DELETE /interactions/{id}/monitor`: a supervisor listens to a call, whispers, barges in, takes over.

use crate::caller::Caller;
use crate::center::MonitorError;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Body, InPath};
use crate::state::Web;
use access::{Deed, Permission, Scope};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{AgentId, InteractionId, Supervision};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How to take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WantedMode {
    /// Hear both, and be heard by nobody.
    Listen,
    /// Hear both, and be heard by the agent.
    Whisper,
    /// Hear both, and be heard by both.
    Barge,
    /// Talk with the customer from then on; the agent is let go.
    TakeOver,
}

/// How a supervisor takes part in a call.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitorJson {
    /// How.
    pub mode: WantedMode,
}

impl From<WantedMode> for Supervision {
    fn from(wanted: WantedMode) -> Self {
        match wanted {
            WantedMode::Listen => Self::Monitor,
            WantedMode::Whisper => Self::Whisper,
            WantedMode::Barge => Self::Barge,
            WantedMode::TakeOver => Self::TakeOver,
        }
    }
}

/// Takes part in a call of others: the asker's own phone rings, and when it is answered the asker listens, whispers to the
/// agent, is heard by both, or takes over.
///
/// Asked again, the way of taking part changes at once, without a gap for anybody and without ringing again. It ends with the
/// call, when the asker hangs up, or by `DELETE`; the call itself is not touched by any of it. Every request is in the audit
/// trail before anything happens, and the timeline tells what came of it.
#[utoipa::path(post, path = "/interactions/{id}/monitor", tag = "interactions",
    request_body = MonitorJson,
    params(("id" = String, Path, description = "The interaction: `IX-…`")), responses(
    (status = 200, description = "The asker's phone rings, or takes part so from now on.", body = MonitorJson),
    (status = 400, description = "The body cannot be understood.", body = ErrorBody),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
    (status = 404, description = "`not_found`: no such interaction is open.", body = ErrorBody),
    (status = 409, description = "`not_talking`, `own_call`, `no_phone`, `phone_not_registered`, `monitoring_elsewhere` (with \
        another call), `too_many_monitors`", body = ErrorBody),
    (status = 503, description = "`library_unavailable` (nobody listens unless it is written down) or `busy`", body = ErrorBody),
))]
pub async fn monitor(
    State(web): State<Web>,
    caller: Caller,
    InPath(id): InPath<String>,
    Body(wanted): Body<MonitorJson>,
) -> Result<Json<MonitorJson>, ApiError> {
    let id = reached(&web, &caller, &id)?;
    let mode = Supervision::from(wanted.mode);
    written_down(&web, &caller, format!("{id} {}", mode.as_str())).await?;
    let by = AgentId::new(&caller.user.login);
    web.center().monitor(id, by, mode).await.map_err(refusal)?;
    Ok(Json(wanted))
}

/// Takes part in a call no longer. The call goes on as it was.
#[utoipa::path(delete, path = "/interactions/{id}/monitor", tag = "interactions",
    params(("id" = String, Path, description = "The interaction: `IX-…`")), responses(
    (status = 204, description = "The asker's phone is let go."),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
    (status = 404, description = "`not_found`: no such interaction is open.", body = ErrorBody),
    (status = 409, description = "`not_monitoring`: the asker takes no part in it.", body = ErrorBody),
    (status = 503, description = "`busy`: the center did not answer.", body = ErrorBody),
))]
pub async fn end_monitor(
    State(web): State<Web>,
    caller: Caller,
    InPath(id): InPath<String>,
) -> Result<StatusCode, ApiError> {
    let id = reached(&web, &caller, &id)?;
    let by = AgentId::new(&caller.user.login);
    web.center().end_monitor(id, by).await.map_err(refusal)?;
    if let Err(error) = written_down(&web, &caller, format!("{id} end")).await {
        // Whoever listens no longer does so while the library is away too, and the timeline tells it.
        tracing::error!(?error, "that somebody listens no longer could not be written down");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The interaction, if the caller may listen to it.
fn reached(web: &Web, caller: &Caller, id: &str) -> Result<InteractionId, ApiError> {
    // The role is asked first, so that who may not do it learns nothing from trying.
    caller.may(Permission::MonitorCalls, &Scope::Center)?;
    let gone = || ApiError::not_found("no such interaction is open");
    let id: InteractionId = id.parse().map_err(|_| gone())?;
    let (queue, agents) = web.board().hands_of(id).ok_or_else(gone)?;
    caller.may(Permission::MonitorCalls, &Scope::Interaction { queue: queue.as_ref(), agents: &agents })?;
    Ok(id)
}

async fn written_down(web: &Web, caller: &Caller, object: String) -> Result<(), ApiError> {
    let entry = web.deed(&caller.user.login, Deed::Monitored, object, caller.peer.address);
    Ok(web.library().audit(&entry).await?)
}

fn refusal(error: MonitorError) -> ApiError {
    match error {
        MonitorError::Refused(refused) => {
            ApiError::new(StatusCode::CONFLICT, refused.as_str(), refused.to_string())
        }
        MonitorError::Unavailable => ApiError::busy(error.to_string()),
    }
}
