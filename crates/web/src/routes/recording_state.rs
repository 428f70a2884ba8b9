//! `PUT /interactions/{id}/recording/state`: a running recording is paused, masked, or runs again.

use crate::caller::Caller;
use crate::center::RecordingError;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Body, InPath};
use crate::state::Web;
use access::{Deed, Permission, Scope};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{InteractionId, RecordingState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a recording is to keep from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WantedRecording {
    /// Everything.
    Running,
    /// Nothing: the file has silence of the same length.
    Paused,
    /// The agent's side; the customer's is silence.
    CustomerMasked,
    /// The customer's side; the agent's is silence.
    AgentMasked,
}

/// What a running recording keeps.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingStateJson {
    /// The state.
    pub state: WantedRecording,
}

impl From<WantedRecording> for RecordingState {
    fn from(wanted: WantedRecording) -> Self {
        match wanted {
            WantedRecording::Running => Self::Running,
            WantedRecording::Paused => Self::Paused,
            WantedRecording::CustomerMasked => Self::CustomerMasked,
            WantedRecording::AgentMasked => Self::AgentMasked,
        }
    }
}

/// Pauses the recording of a call, masks one side of it, or lets it run again.
///
/// Once the answer is there, nothing that is kept out comes into the file any more. It stays so through holds and
/// transfers until somebody says otherwise; the timeline and the recording's manifest tell who said what, and when.
#[utoipa::path(put, path = "/interactions/{id}/recording/state", tag = "interactions",
    request_body = RecordingStateJson,
    params(("id" = String, Path, description = "The interaction: `IX-…`")), responses(
    (status = 200, description = "What the recording keeps now.", body = RecordingStateJson),
    (status = 400, description = "The body cannot be understood.", body = ErrorBody),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
    (status = 404, description = "`not_found`: no such interaction is open.", body = ErrorBody),
    (status = 409, description = "`not_recording`: the interaction is not recorded just now.", body = ErrorBody),
    (status = 503, description = "`busy`: the center did not answer; `recording_unchanged`: it keeps what it kept before.",
        body = ErrorBody),
))]
pub async fn recording_state(
    State(web): State<Web>,
    caller: Caller,
    InPath(id): InPath<String>,
    Body(wanted): Body<RecordingStateJson>,
) -> Result<Json<RecordingStateJson>, ApiError> {
    // The role is asked first, so that who may not do it learns nothing from trying.
    caller.may(Permission::PauseRecordings, &Scope::Center)?;
    let gone = || ApiError::not_found("no such interaction is open");
    let id: InteractionId = id.parse().map_err(|_| gone())?;
    let (queue, agents) = web.board().hands_of(id).ok_or_else(gone)?;
    let scope = Scope::Interaction { queue: queue.as_ref(), agents: &agents };
    caller.may(Permission::PauseRecordings, &scope)?;

    let state = RecordingState::from(wanted.state);
    if let Err(error) = web.center().keep_of_recording(id, state, caller.user.login.clone()).await {
        let (status, code) = match error {
            RecordingError::NotRecording => (StatusCode::CONFLICT, "not_recording"),
            RecordingError::Unchanged => (StatusCode::SERVICE_UNAVAILABLE, "recording_unchanged"),
            RecordingError::Unavailable => return Err(ApiError::busy(error.to_string())),
        };
        return Err(ApiError::new(status, code, error.to_string()));
    }
    let object = format!("{id} {}", state.as_str());
    let entry = web.deed(&caller.user.login, Deed::ChangedRecording, object, caller.peer.address);
    if let Err(error) = web.library().audit(&entry).await {
        // The card's number is kept out, and the timeline tells by whom, while the library is away.
        tracing::error!(%error, "that a recording was changed could not be written down");
    }
    Ok(Json(wanted))
}
