//! `GET /sip`: a phone in a browser, over a WebSocket (RFC 7118). What its messages mean is not known here.
//!
//! Nobody is asked to log in: the phone proves who it is in what it says, as every phone does. A page of another origin
//! is refused all the same, so that no stranger's page can use what this browser may reach.

use crate::error::{ApiError, ErrorBody};
use crate::origin::check_origin;
use crate::peer::Peer;
use crate::phones::PhoneLine;
use crate::serve::{Held, said};
use crate::state::Web;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::Response;
use base::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

/// The word for what is spoken (RFC 7118 §4).
const PROTOCOL: &str = "sip";
/// The largest message, which is also the largest that phones may send over other ways.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// How long a message may take to leave. A phone behind a dead line is let go.
const SEND_TIME_MAX: Duration = Duration::from_secs(10);

/// The server closes.
const GOING_AWAY: u16 = 1001;
/// The phone does not speak, or nobody wants to hear it any more.
const POLICY: u16 = 1008;

/// Connects a phone in a browser: SIP over a WebSocket, RFC 7118. Each message is one SIP message, text or binary, of at
/// most 64 kB; the phone registers with its own password, or with a token of `POST /me/phone`. A page of another origin is refused.
#[utoipa::path(get, path = "/sip", tag = "phone", security(()), responses(
    (status = 101, description = "The WebSocket, with the protocol `sip`."),
    (status = 400, description = "`not_a_websocket` or `wrong_protocol`", body = ErrorBody),
    (status = 403, description = "`foreign_page`", body = ErrorBody),
))]
pub async fn phone(
    State(web): State<Web>,
    headers: HeaderMap,
    extensions: Extensions,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    check_origin(&headers, &web.options().origins)?;
    let upgrade = upgrade.map_err(|rejection| {
        ApiError::new(StatusCode::BAD_REQUEST, "not_a_websocket", rejection.body_text())
    })?;
    let upgrade = upgrade.protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let message = "phones offer the protocol sip (RFC 7118)";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "wrong_protocol", message));
    }
    let peer = Peer::of(&extensions);
    let place = extensions.get::<Held>().cloned();
    Ok(upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX).on_upgrade(
        async move |socket| {
            connect(web, peer, socket).await;
            drop(place);
        },
    ))
}

async fn connect(web: Web, peer: Peer, mut socket: WebSocket) {
    let connected = web.metrics().gauge("hotline_phone_websockets", "Phones connected over WebSockets.", &[]);
    connected.increment();
    let reason = match web.phones().open(peer).await {
        Some(mut line) => carry(&web, &mut *line, &mut socket).await,
        None => Some((POLICY, "there is no room for one more phone")),
    };
    connected.decrement();
    if let Some((code, why)) = reason {
        let close = Message::Close(Some(CloseFrame { code, reason: why.into() }));
        let _ = timeout(SEND_TIME_MAX, socket.send(close)).await;
    }
}

/// Carries messages until it is over; why, if the phone is still there to be told.
async fn carry(web: &Web, line: &mut dyn PhoneLine, socket: &mut WebSocket) -> Option<(u16, &'static str)> {
    let mut closing = web.closing();
    let limits = web.options().phones;
    let mut ping = interval_at(Instant::now() + limits.ping_every, limits.ping_every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Until its first message a phone has little time, whatever else it sends; then every sign of life counts.
    let mut limit = Instant::now() + limits.first_message_max;
    let mut proven = false;
    loop {
        let outgoing = tokio::select! {
            () = said(&mut closing) => return Some((GOING_AWAY, "the server closes")),
            () = sleep_until(limit) => return Some((POLICY, "nothing was heard for too long")),
            incoming = socket.recv() => {
                let incoming = match incoming {
                    None | Some(Err(_) | Ok(Message::Close(_))) => return None,
                    Some(Ok(Message::Text(text))) => Some(Bytes::from(text)),
                    Some(Ok(Message::Binary(bytes))) => Some(bytes),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                };
                let answer = match incoming {
                    Some(bytes) if is_blank(&bytes) => pong(&bytes),
                    Some(bytes) => {
                        proven = true;
                        if !line.deliver(bytes).await {
                            return Some((GOING_AWAY, "the server closes"));
                        }
                        None
                    }
                    None => None,
                };
                if proven {
                    limit = Instant::now() + limits.silence_max;
                }
                answer
            }
            outgoing = line.next() => match outgoing {
                Some(bytes) => Some(message(bytes)),
                None => return Some((POLICY, "what is said is not read")),
            },
            _ = ping.tick() => Some(Message::Ping(Bytes::new())),
        };
        let Some(outgoing) = outgoing else { continue };
        match timeout(SEND_TIME_MAX, socket.send(outgoing)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return None,
        }
    }
}

/// What phones send to be heard and to keep the way open (RFC 5626 §4.4.1); it is no message.
fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

/// Two line ends ask for one.
fn pong(bytes: &[u8]) -> Option<Message> {
    (bytes == b"\r\n\r\n").then(|| Message::Text(Utf8Bytes::from_static("\r\n")))
}

/// As text where it is text: many phones in browsers understand nothing else.
fn message(bytes: Bytes) -> Message {
    match Utf8Bytes::try_from(bytes.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(bytes),
    }
}
