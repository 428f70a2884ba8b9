//! Who asks: found out from a bearer token or the cookie, before any route does anything.
//!
//! A cookie is sent by the browser whatever page made the request, so whoever changes something with one has to show
//! that the page is ours: by a header and a content type that no foreign page can send without asking first.

use crate::error::ApiError;
use crate::peer::Peer;
use crate::session;
use crate::state::Web;
use access::{Permission, Reach, Scope, Subject, User};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

/// The cookie that holds the token.
pub const COOKIE: &str = "hotline_session";
/// The header that our own pages send with everything that changes something.
pub const OURS: &str = "x-hotline";

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub user: User,
    /// The same for decisions.
    pub subject: Subject,
    /// The hash of the token used.
    pub token_hash: String,
    /// From where.
    pub peer: Peer,
}

/// How a token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Bearer,
    Cookie,
}

impl Caller {
    /// Refuses what the caller may not do.
    pub fn may(&self, permission: Permission, scope: &Scope<'_>) -> Result<(), ApiError> {
        Ok(access::decide(&self.subject, permission, scope)?)
    }

    /// How far the caller's permission reaches; an error if nowhere.
    pub fn reach(&self, permission: Permission) -> Result<Reach, ApiError> {
        self.may(permission, &Scope::Center)?;
        Ok(access::reach(&self.subject, permission))
    }
}

impl FromRequestParts<Web> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, ApiError> {
        let (token, by) = token(&parts.headers).ok_or_else(ApiError::not_logged_in)?;
        if by == By::Cookie && !parts.method.is_safe() {
            check_ours(&parts.headers)?;
        }
        let token_hash = session::hash(token);
        let user = web
            .sessions()
            .user(&**web.library(), &token_hash, web.clock().now())
            .await?
            .ok_or_else(ApiError::not_logged_in)?;
        Ok(Self { subject: user.subject(), user, token_hash, peer: Peer::of(&parts.extensions) })
    }
}

/// The token of a request. One that names a bearer is not looked at for a cookie.
fn token(headers: &HeaderMap) -> Option<(&str, By)> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then_some((token.trim(), By::Bearer));
    }
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, token)| (token, By::Cookie))
}

fn check_ours(headers: &HeaderMap) -> Result<(), ApiError> {
    let marked = headers.get(OURS).is_some_and(|value| value == "1");
    if marked && is_json(headers) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::FORBIDDEN,
        "foreign_page",
        "a change made with the cookie needs the header X-Hotline: 1 and the content type application/json",
    ))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
}
