//! `GET /interactions/{id}/timeline`: the whole story.

use super::interaction::find;
use crate::caller::Caller;
use crate::center::LegSound;
use crate::error::{ApiError, ErrorBody};
use crate::input::InPath;
use crate::json::{InteractionJson, LegSoundJson, LineJson, story_lines, without_listeners};
use crate::state::Web;
use access::{Deed, Permission, Reach};
use axum::Json;
use axum::extract::State;
use model::timeline::LegRole;
use serde::Serialize;
use utoipa::ToSchema;

/// An interaction and its story.
#[derive(Debug, Serialize, ToSchema)]
pub struct Timeline {
    /// The interaction.
    pub interaction: InteractionJson,
    /// Flow steps, decisions with their reasons, states, sound and SIP messages, in time order.
    pub lines: Vec<LineJson>,
    /// How it sounds now: the legs of an interaction that goes on, measured seconds ago.
    pub sound: Vec<LegSoundJson>,
}

/// Tells an interaction's story: what happened, in time order, with the SIP messages and the reasons.
#[utoipa::path(get, path = "/interactions/{id}/timeline", tag = "interactions",
    params(("id" = String, Path, description = "The interaction: `IX-…`")), responses(
    (status = 200, description = "The story.", body = Timeline),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
    (status = 404, description = "`not_found`", body = ErrorBody),
    (status = 503, description = "`library_unavailable`", body = ErrorBody),
))]
pub async fn timeline(
    State(web): State<Web>,
    caller: Caller,
    InPath(id): InPath<String>,
) -> Result<Json<Timeline>, ApiError> {
    let record = find(&web, &caller, Permission::ReadTimelines, &id).await?;
    let story = web.library().story(record.id).await?;
    let story = story.ok_or_else(|| ApiError::not_found("there is no such interaction"))?;
    let is_agents = matches!(caller.reach(Permission::ReadTimelines)?, Reach::Own(_));
    let story = if is_agents { without_listeners(story) } else { story };
    let recordings = web.library().recordings(&[record.id]).await?;
    let entry = web.deed(&caller.user.login, Deed::ReadTimeline, record.id.to_string(), caller.peer.address);
    web.library().audit(&entry).await?;
    // A center that does not answer is no reason to keep the story back.
    let sound = match record.closed_at {
        None => web.center().sound(record.id).await.unwrap_or_default(),
        Some(_) => Vec::new(),
    };
    let is_told = |leg: &&LegSound| !is_agents || leg.role != LegRole::Supervisor;
    Ok(Json(Timeline {
        interaction: InteractionJson::new(&story.interaction, &recordings),
        lines: story_lines(&story),
        sound: sound.iter().filter(is_told).map(Into::into).collect(),
    }))
}
