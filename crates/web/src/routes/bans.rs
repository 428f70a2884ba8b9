//! `GET /bans`: who is kept out. `DELETE /bans/{address}`: somebody is let in again.

use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::InPath;
use crate::json::BanJson;
use crate::state::Web;
use access::{Deed, Permission, Scope};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::net::IpAddr;
use utoipa::ToSchema;

/// Everybody who is kept out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bans {
    /// Addresses, and those that are locked out for one phone's user.
    pub bans: Vec<BanJson>,
}

/// Lists the addresses that are kept out: scanners and guessers, and those locked out for one phone's user.
#[utoipa::path(get, path = "/bans", tag = "protection", responses(
    (status = 200, description = "Everybody who is kept out.", body = Bans),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
    (status = 503, description = "`busy`: the center did not answer.", body = ErrorBody),
))]
pub async fn bans(State(web): State<Web>, caller: Caller) -> Result<Json<Bans>, ApiError> {
    caller.may(Permission::HandleBans, &Scope::Center)?;
    let kept_out = web.center().kept_out().await.map_err(|_| ApiError::busy("the center did not answer"))?;
    Ok(Json(Bans { bans: kept_out.into_iter().map(BanJson::from).collect() }))
}

/// Lets an address in again, whatever it was kept out for, and forgets the wrong passwords that came from it.
#[utoipa::path(delete, path = "/bans/{address}", tag = "protection",
    params(("address" = String, Path, description = "The address: `203.0.113.9`")), responses(
    (status = 204, description = "It is heard again."),
    (status = 400, description = "That is not an address.", body = ErrorBody),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
    (status = 404, description = "`not_found`: it is not kept out.", body = ErrorBody),
    (status = 503, description = "`busy`: the center did not answer.", body = ErrorBody),
))]
pub async fn lift_ban(
    State(web): State<Web>,
    caller: Caller,
    InPath(address): InPath<String>,
) -> Result<StatusCode, ApiError> {
    caller.may(Permission::HandleBans, &Scope::Center)?;
    let address: IpAddr =
        address.parse().map_err(|_| ApiError::field("address", "this is not an IPv4 or IPv6 address"))?;
    match web.center().let_in(address).await {
        Ok(true) => {}
        Ok(false) => return Err(ApiError::not_found("this address is not kept out")),
        Err(_) => return Err(ApiError::busy("the center did not answer")),
    }
    let entry = web.deed(&caller.user.login, Deed::LiftedBan, address.to_string(), caller.peer.address);
    if let Err(error) = web.library().audit(&entry).await {
        // The address is let in while the library is away.
        tracing::error!(%error, "that an address was let in could not be written down");
    }
    Ok(StatusCode::NO_CONTENT)
}
