//! `/conferences`: who is in them, who is heard, who is let in.

use crate::caller::Caller;
use crate::center::ConferenceError;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Body, InPath};
use crate::json::ConferenceJson;
use crate::state::Web;
use access::{Deed, Permission, Scope};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{ConferenceOrder, InteractionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The conferences that somebody is in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Conferences {
    /// By name.
    pub conferences: Vec<ConferenceJson>,
}

/// Who is let into a conference.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConferenceLock {
    /// Whether nobody but moderators.
    pub locked: bool,
}

/// How a member takes part.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberMute {
    /// Whether the others hear nothing of the member.
    pub muted: bool,
}

/// Lists the conferences that somebody is in: the members, who speaks, who is muted.
#[utoipa::path(get, path = "/conferences", tag = "conferences", responses(
    (status = 200, description = "The conferences.", body = Conferences),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
    (status = 503, description = "`busy`: the center did not answer.", body = ErrorBody),
))]
pub async fn conferences(State(web): State<Web>, caller: Caller) -> Result<Json<Conferences>, ApiError> {
    caller.may(Permission::HandleConferences, &Scope::Center)?;
    let views = web.center().conferences().await.map_err(|error| ApiError::busy(error.to_string()))?;
    Ok(Json(Conferences { conferences: views.iter().map(Into::into).collect() }))
}

/// Locks a conference, so that nobody is let in any more but moderators, or opens it again.
#[utoipa::path(put, path = "/conferences/{name}", tag = "conferences", request_body = ConferenceLock,
    params(("name" = String, Path, description = "The room.")), responses(
    (status = 200, description = "It is so.", body = ConferenceLock),
    (status = 400, description = "The body cannot be understood.", body = ErrorBody),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
    (status = 404, description = "`not_found`: nobody is in a conference of that name.", body = ErrorBody),
    (status = 503, description = "`busy`: the center did not answer.", body = ErrorBody),
))]
pub async fn conference(
    State(web): State<Web>,
    caller: Caller,
    InPath(name): InPath<String>,
    Body(wanted): Body<ConferenceLock>,
) -> Result<Json<ConferenceLock>, ApiError> {
    let what = if wanted.locked { "locked" } else { "opened" };
    order(&web, &caller, name, ConferenceOrder::Lock(wanted.locked), what).await?;
    Ok(Json(wanted))
}

/// Mutes a member of a conference, or lets it be heard again.
#[utoipa::path(put, path = "/conferences/{name}/members/{id}", tag = "conferences", request_body = MemberMute,
    params(("name" = String, Path, description = "The room."),
        ("id" = String, Path, description = "The interaction: `IX-…`")), responses(
    (status = 200, description = "It is so.", body = MemberMute),
    (status = 400, description = "The body cannot be understood.", body = ErrorBody),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
    (status = 404, description = "`not_found`: no such conference, or the call is not in it.", body = ErrorBody),
    (status = 503, description = "`busy`: the center did not answer.", body = ErrorBody),
))]
pub async fn member(
    State(web): State<Web>,
    caller: Caller,
    InPath((name, id)): InPath<(String, String)>,
    Body(wanted): Body<MemberMute>,
) -> Result<Json<MemberMute>, ApiError> {
    let member = member_of(&caller, &id)?;
    let what = format!("{} {member}", if wanted.muted { "muted" } else { "unmuted" });
    order(&web, &caller, name, ConferenceOrder::Mute { member, muted: wanted.muted }, &what).await?;
    Ok(Json(wanted))
}

/// Takes a member out of a conference: it is told so, and hung up on.
#[utoipa::path(delete, path = "/conferences/{name}/members/{id}", tag = "conferences",
    params(("name" = String, Path, description = "The room."),
        ("id" = String, Path, description = "The interaction: `IX-…`")), responses(
    (status = 204, description = "It is out."),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
    (status = 404, description = "`not_found`: no such conference, or the call is not in it.", body = ErrorBody),
    (status = 503, description = "`busy`: the center did not answer.", body = ErrorBody),
))]
pub async fn remove_member(
    State(web): State<Web>,
    caller: Caller,
    InPath((name, id)): InPath<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let member = member_of(&caller, &id)?;
    order(&web, &caller, name, ConferenceOrder::Remove { member }, &format!("removed {member}")).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn member_of(caller: &Caller, id: &str) -> Result<InteractionId, ApiError> {
    // The role is asked first, so that who may not do it learns nothing from trying.
    caller.may(Permission::HandleConferences, &Scope::Center)?;
    id.parse().map_err(|_| ApiError::not_found("this call is not in the conference"))
}

async fn order(
    web: &Web,
    caller: &Caller,
    name: String,
    order: ConferenceOrder,
    what: &str,
) -> Result<(), ApiError> {
    caller.may(Permission::HandleConferences, &Scope::Center)?;
    let object = format!("{name} {what}");
    let ordered = web.center().order_conference(name, order, caller.user.login.clone()).await;
    ordered.map_err(|error| match error {
        ConferenceError::Refused(refused) => ApiError::not_found(refused.to_string()),
        ConferenceError::Unavailable => ApiError::busy(error.to_string()),
    })?;
    let entry = web.deed(&caller.user.login, Deed::OrderedConference, object, caller.peer.address);
    if let Err(error) = web.library().audit(&entry).await {
        // Whoever disturbs a conference is out while the library is away too, and the timeline tells by whom.
        tracing::error!(%error, "what was done in a conference could not be written down");
    }
    Ok(())
}
