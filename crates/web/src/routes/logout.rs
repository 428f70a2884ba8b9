//! `POST /logout`: the end of a session.

use super::login::cookie;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::session;
use crate::state::Web;
use access::{Deed, Permission, Scope};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Logs out: the token is worth nothing any more, and a phone that the page registered is so no more.
#[utoipa::path(post, path = "/logout", tag = "session", responses(
    (status = 204, description = "Logged out."),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`foreign_page`: the cookie came without the header X-Hotline.", body = ErrorBody),
))]
pub async fn logout(State(web): State<Web>, caller: Caller) -> Result<Response, ApiError> {
    caller.may(Permission::SeeSelf, &Scope::Center)?;
    web.library().close_session(&caller.token_hash).await?;
    web.sessions().forget(&caller.token_hash);
    web.center().login_over(session::number(&caller.token_hash)).await;
    let entry = web.deed(&caller.user.login, Deed::LoggedOut, "", caller.peer.address);
    if let Err(error) = web.library().audit(&entry).await {
        tracing::error!(%error, "a log-out could not be written down");
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie("", 0, caller.peer.encrypted))]).into_response())
}
