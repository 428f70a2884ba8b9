//! `GET /live`: the board, over a WebSocket.

use super::events::RECHECK;
use crate::board::{Also, Watcher};
use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::json::LiveMessage;
use crate::origin::check_origin;
use crate::serve::{Held, said};
use crate::state::Web;
use access::Permission;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::Response;
use base::Duration;
use model::AgentId;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// The shortest time between two messages about changes.
const PACE: Duration = Duration::from_millis(100);
/// How often the server speaks when nothing happens.
const ALIVE: Duration = Duration::from_secs(5);
/// How long a message may take to leave. A watcher behind a dead line is let go.
const SEND_TIME_MAX: Duration = Duration::from_secs(10);
/// The largest message a watcher may send; there is nothing to say anyway.
const INCOMING_BYTES_MAX: usize = 1024;
/// How many messages a watcher may send in all.
const INCOMING_MAX: u32 = 1_000;

/// The server closes.
const GOING_AWAY: u16 = 1001;
/// The watcher says things we do not want to hear.
const POLICY: u16 = 1008;
/// The watcher is not logged in any more.
const NOT_LOGGED_IN: u16 = 4401;

/// Follows the live board over a WebSocket: a `snapshot` first, then a `delta` when something changed, at most ten in a
/// second, and `alive` every five seconds. The cookie or a bearer token says who watches; a page of another origin is
/// refused.
#[utoipa::path(get, path = "/live", tag = "live", responses(
    (status = 101, description = "The WebSocket; each text message is a LiveMessage.", body = LiveMessage),
    (status = 400, description = "`not_a_websocket`", body = ErrorBody),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
))]
pub async fn live(
    State(web): State<Web>,
    caller: Caller,
    headers: HeaderMap,
    extensions: Extensions,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let reach = caller.reach(Permission::SeeBoard)?;
    check_origin(&headers, &web.options().origins)?;
    let upgrade = upgrade.map_err(|rejection| {
        ApiError::new(StatusCode::BAD_REQUEST, "not_a_websocket", rejection.body_text())
    })?;
    let also = Also {
        trunks: caller.reach(Permission::SeeTrunks).is_ok(),
        alerts: caller.reach(Permission::HandleAlerts).is_ok(),
        own: Some(AgentId::new(&caller.user.login)),
    };
    let watcher = web.board().watch(reach, also);
    let place = extensions.get::<Held>().cloned();
    Ok(upgrade.max_message_size(INCOMING_BYTES_MAX).max_frame_size(INCOMING_BYTES_MAX).on_upgrade(
        async move |socket| {
            watch(web, caller, watcher, socket).await;
            drop(place);
        },
    ))
}

async fn watch(web: Web, caller: Caller, mut watcher: Watcher, mut socket: WebSocket) {
    let watching = web.metrics().gauge("hotline_live_watchers", "Open live connections to the board.", &[]);
    watching.increment();
    let reason = follow(&web, &caller, &mut watcher, &mut socket).await;
    watching.decrement();
    if let Some((code, why)) = reason {
        let close = Message::Close(Some(CloseFrame { code, reason: why.into() }));
        let _ = tokio::time::timeout(SEND_TIME_MAX, socket.send(close)).await;
    }
}

/// Tells what happens until it is over; why, if the watcher is still there to be told.
async fn follow(
    web: &Web,
    caller: &Caller,
    watcher: &mut Watcher,
    socket: &mut WebSocket,
) -> Option<(u16, &'static str)> {
    let mut closing = web.closing();
    let begin = Instant::now();
    let mut alive = interval_at(begin + ALIVE, ALIVE);
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut recheck = interval_at(begin + RECHECK, RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = 0;
    let mut next = begin;
    loop {
        let message = tokio::select! {
            () = said(&mut closing) => return Some((GOING_AWAY, "the server closes")),
            incoming = socket.recv() => match incoming {
                None | Some(Err(_) | Ok(Message::Close(_))) => return None,
                Some(Ok(_)) => {
                    heard += 1;
                    if heard > INCOMING_MAX {
                        return Some((POLICY, "there is nothing to say here"));
                    }
                    continue;
                }
            },
            _ = recheck.tick() => {
                if !web.still_allowed(&caller.token_hash, Permission::SeeBoard).await {
                    return Some((NOT_LOGGED_IN, "log in again"));
                }
                continue;
            }
            _ = alive.tick() => LiveMessage::Alive { at: web.clock().now().as_millis() },
            () = due(watcher, next, begin) => {
                next = Instant::now() + PACE;
                match watcher.look(web.clock().now()) {
                    Some(message) => message,
                    None => continue,
                }
            }
        };
        let Ok(text) = serde_json::to_string(&message) else { return None };
        match tokio::time::timeout(SEND_TIME_MAX, socket.send(Message::Text(text.into()))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return None,
        }
    }
}

/// Waits until there may be something to tell and it is time to tell it: at once in the beginning.
async fn due(watcher: &mut Watcher, next: Instant, begin: Instant) {
    if next == begin {
        return;
    }
    watcher.changed().await;
    tokio::time::sleep_until(next).await;
}
