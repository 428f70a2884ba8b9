//! `GET /interactions/{id}`: one interaction.

use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::InPath;
use crate::json::InteractionJson;
use crate::state::Web;
use access::{Permission, Scope};
use axum::Json;
use axum::extract::State;
use model::{InteractionId, InteractionRecord};

/// Shows one interaction.
#[utoipa::path(get, path = "/interactions/{id}", tag = "interactions",
    params(("id" = String, Path, description = "The interaction: `IX-…`")), responses(
    (status = 200, description = "The interaction.", body = InteractionJson),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
    (status = 404, description = "`not_found`", body = ErrorBody),
    (status = 503, description = "`library_unavailable`", body = ErrorBody),
))]
pub async fn interaction(
    State(web): State<Web>,
    caller: Caller,
    InPath(id): InPath<String>,
) -> Result<Json<InteractionJson>, ApiError> {
    let record = find(&web, &caller, Permission::ReadInteractions, &id).await?;
    let recordings = web.library().recordings(&[record.id]).await?;
    Ok(Json(InteractionJson::new(&record, &recordings)))
}

/// The interaction with this id, if the caller may do with it what is named.
pub(crate) async fn find(
    web: &Web,
    caller: &Caller,
    permission: Permission,
    id: &str,
) -> Result<InteractionRecord, ApiError> {
    // The role is asked first, so that who may not look learns nothing from looking.
    caller.may(permission, &Scope::Center)?;
    let record = match id.parse::<InteractionId>() {
        Ok(id) => web.library().interaction(id).await?,
        Err(_) => None,
    };
    let record = record.ok_or_else(|| ApiError::not_found("there is no such interaction"))?;
    caller.may(permission, &scope(&record))?;
    Ok(record)
}

/// An interaction as something to be decided about.
pub(crate) fn scope(record: &InteractionRecord) -> Scope<'_> {
    Scope::Interaction { queue: record.queue.as_ref(), agents: record.agent.as_slice() }
}
