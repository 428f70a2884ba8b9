//! `POST /me/phone`: what the page of an agent needs to have the agent's phone in it. No password is among it.

use crate::caller::Caller;
use crate::center::WishError;
use crate::error::{ApiError, ErrorBody};
use crate::ice::IceServer;
use crate::peer::Peer;
use crate::session;
use crate::state::Web;
use access::{Permission, Scope};
use axum::Json;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use model::{AgentId, WishRefused};
use serde::Serialize;
use utoipa::ToSchema;

/// How a page becomes a phone.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnPhone {
    /// The address of the phone.
    #[schema(example = "sip:1001@hotline.test")]
    pub uri: String,
    /// Where to connect: SIP over a WebSocket, RFC 7118.
    #[schema(example = "wss://127.0.0.1:8443/sip")]
    pub server: String,
    /// To be sent with REGISTER as `Authorization: Bearer`.
    pub token: String,
    /// For how many seconds the token can be shown.
    pub expires_in: u64,
    /// What its `RTCPeerConnection` is given as `iceServers`. None are needed where the center can be reached directly.
    pub ice_servers: Vec<IceServer>,
}

/// Gives a page a token with which it registers the phone of the agent who is logged in, and may call with it over the same
/// connection. A registration by token lasts five minutes; each one takes a new token. All of them end with the log-in.
#[utoipa::path(post, path = "/me/phone", tag = "phone", responses(
    (status = 200, description = "A token, good for a minute.", body = OwnPhone),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
    (status = 409, description = "`not_an_agent` or `no_phone`", body = ErrorBody),
    (status = 503, description = "`busy`: the center did not answer.", body = ErrorBody),
))]
pub async fn own_phone(
    State(web): State<Web>,
    caller: Caller,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Json<OwnPhone>, ApiError> {
    let agent = AgentId::new(&caller.user.login);
    caller.may(Permission::UseOwnPhone, &Scope::Agent(&agent))?;
    let login = session::number(&caller.token_hash);
    let pass = web.center().phone_pass(agent, login).await.map_err(refusal)?;
    let ice_servers = web.pages().ice_servers.told_to(pass.user.as_str(), web.clock().now());
    Ok(Json(OwnPhone {
        uri: format!("sip:{}@{}", pass.user, web.options().domain),
        server: server(&headers, &Peer::of(&extensions)),
        token: pass.token,
        expires_in: pass.good_for.as_secs(),
        ice_servers,
    }))
}

/// The WebSocket beside the page that asks. A proxy in front may encrypt what comes here plain; the page's own address
/// tells.
fn server(headers: &HeaderMap, peer: &Peer) -> String {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let encrypted = text(header::ORIGIN).map_or(peer.encrypted, |origin| origin.starts_with("https:"));
    let host = text(header::HOST).map_or_else(|| peer.local.to_string(), str::to_owned);
    format!("{}://{host}/sip", if encrypted { "wss" } else { "ws" })
}

fn refusal(error: WishError) -> ApiError {
    match error {
        WishError::Refused(refused @ WishRefused::NoSuchAgent(_)) => {
            ApiError::new(StatusCode::CONFLICT, "not_an_agent", refused.to_string())
        }
        WishError::Refused(WishRefused::NoPhone(agent)) => {
            ApiError::new(StatusCode::CONFLICT, "no_phone", format!("{agent} has no phone"))
        }
        WishError::Unavailable => ApiError::busy("the center did not answer"),
    }
}
