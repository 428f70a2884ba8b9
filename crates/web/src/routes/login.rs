//! `POST /login`: from a password to a token.

use crate::caller::COOKIE;
use crate::error::{ApiError, ErrorBody};
use crate::input::Body;
use crate::library::Session;
use crate::peer::Peer;
use crate::session;
use crate::state::Web;
use access::Deed;
use axum::extract::State;
use axum::http::{Extensions, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::sync::PoisonError;
use utoipa::ToSchema;

/// The longest login looked at.
const LOGIN_BYTES_MAX: usize = 128;

/// Who wants to log in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The login, in any case.
    #[schema(example = "sara")]
    pub login: String,
    /// The password.
    pub password: String,
}

/// Somebody is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoginAnswer {
    /// To be sent as `Authorization: Bearer`. The same stands in the cookie.
    pub token: String,
    /// When it ends, in milliseconds UTC.
    pub expires_at: i64,
    /// Who.
    pub user: UserJson,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserJson {
    /// The login.
    pub login: String,
    /// The name people see.
    pub name: String,
    /// `agent`, `supervisor`, `planner`, `marketing` or `admin`.
    pub role: &'static str,
}

impl From<&access::User> for UserJson {
    fn from(user: &access::User) -> Self {
        Self { login: user.login.clone(), name: user.name.clone(), role: user.role.as_str() }
    }
}

/// Logs in.
///
/// The answer to a wrong password and to a login that does not exist is the same, and takes as long. Too many failures
/// lock the login for that address.
#[utoipa::path(post, path = "/login", tag = "session", request_body = LoginRequest, security(()), responses(
    (status = 200, description = "Logged in; the cookie `hotline_session` is set too.", body = LoginAnswer),
    (status = 400, description = "The body cannot be understood.", body = ErrorBody),
    (status = 401, description = "`wrong_login`", body = ErrorBody),
    (status = 403, description = "`needs_https`: plain HTTP, and not from the server's own machine.", body = ErrorBody),
    (status = 413, description = "`too_large`", body = ErrorBody),
    (status = 415, description = "`unsupported_media_type`", body = ErrorBody),
    (status = 429, description = "`locked`, with `retry_after_ms`", body = ErrorBody),
    (status = 503, description = "The library does not answer, or too many log in at once.", body = ErrorBody),
))]
pub async fn login(
    State(web): State<Web>,
    extensions: Extensions,
    Body(request): Body<LoginRequest>,
) -> Result<Response, ApiError> {
    let peer = Peer::of(&extensions);
    let now = web.clock().now();
    if request.login.len() > LOGIN_BYTES_MAX {
        return Err(ApiError::field("login", format!("a login has at most {LOGIN_BYTES_MAX} bytes")));
    }
    if !(peer.encrypted || peer.address.is_loopback() || web.options().plain_login) {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "needs_https",
            "a password from another machine is taken over HTTPS only; open the https:// address, or set \
             plain_login = true in [http] if a proxy before this server encrypts",
        ));
    }
    let guess =
        web.lockout().lock().unwrap_or_else(PoisonError::into_inner).guess(peer.address, &request.login, now);
    guess.map_err(ApiError::locked)?;

    let found = web.library().user(&request.login).await?.filter(|found| !found.user.disabled);
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    let right = web
        .passwords()
        .check(request.password, hash)
        .await
        .map_err(|crowded| ApiError::busy(crowded.to_string()))?;
    let Some(found) = found.filter(|_| right) else {
        let entry = web.deed(&request.login, Deed::LoginFailed, "", peer.address);
        if let Err(error) = web.library().audit(&entry).await {
            tracing::error!(%error, "a failed log-in could not be written down");
        }
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "wrong_login",
            "login and password do not fit together",
        ));
    };
    web.lockout().lock().unwrap_or_else(PoisonError::into_inner).right(peer.address, &request.login);

    let token = session::new_token(&mut web.secrets().lock().unwrap_or_else(PoisonError::into_inner));
    let session = Session {
        token_hash: session::hash(&token),
        login: found.user.login.clone(),
        created_at: now,
        expires_at: now + web.options().session,
    };
    web.library().open_session(&session).await?;
    web.library().audit(&web.deed(&found.user.login, Deed::LoggedIn, "", peer.address)).await?;
    tracing::info!(user = %found.user.login, "logged in");

    let cookie = cookie(&token, web.options().session.as_secs(), peer.encrypted);
    let answer =
        LoginAnswer { token, expires_at: session.expires_at.as_millis(), user: (&found.user).into() };
    Ok(([(header::SET_COOKIE, cookie)], axum::Json(answer)).into_response())
}

/// The cookie that holds a token; an empty token takes it away.
pub(crate) fn cookie(token: &str, seconds: u64, encrypted: bool) -> HeaderValue {
    let secure = if encrypted { "; Secure" } else { "" };
    let text = format!("{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    // A token is letters and digits.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
