//! `GET /interactions/{id}/stream`: a program hears a call as it goes on, and speaks in it, over a WebSocket.
//!
//! ```text
//!  program ── binary: sound ──▶ Speech (30 s at most) ──▶ line ──▶ who hears it
//!          ── text: mark, clear, stop
//!  program ◀── binary: 20 ms ────────────────────────────── line ◀── whom it hears
//!          ◀── text: start, digit, mark, lost, stop
//! ```
//!
//! The line is looked at every [`LOOK`]: the threads that carry sound wake nobody. A program that is slow loses what it
//! does not take, and is told so; the call never waits.

use super::events::RECHECK;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{InPath, InQuery};
use crate::json::stream::{StreamMessage, StreamOrder, StreamParty};
use crate::lines::{LineNews, LineRefused, LineWish, SoundLine};
use crate::origin::check_origin;
use crate::serve::{Held, said};
use crate::state::Web;
use access::{Deed, Permission, Scope};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::Response;
use base::Duration;
use model::InteractionId;
use model::timeline::LegRole;
use serde::Deserialize;
use std::collections::VecDeque;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use utoipa::IntoParams;

/// How often the line is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// How long a frame is.
const FRAME_MS: u32 = 20;
/// The most samples in a frame.
const FRAME_SAMPLES_MAX: usize = 320;
/// How much sound of the program waits to be said, in seconds; what is more is left out, and told.
const SPEECH_SECONDS_MAX: usize = 30;
/// The largest message: two seconds of sound at 16 kHz.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// The most marks that wait for what is before them to be said.
const MARKS_MAX: usize = 64;
/// The longest name of a mark, in characters.
const MARK_NAME_MAX: usize = 100;
/// How long a message may take to leave. A program behind a dead line is let go.
const SEND_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a program may take to close its side after ours.
const GOODBYE_TIME_MAX: Duration = Duration::from_secs(2);

/// It is over as it should be.
const NORMAL: u16 = 1000;
/// The server closes.
const GOING_AWAY: u16 = 1001;
/// The program says things that nobody understands, or nothing at all.
const POLICY: u16 = 1008;
/// The program is not logged in any more.
const NOT_LOGGED_IN: u16 = 4401;
/// The call has gone where the program's user may not listen.
const FORBIDDEN: u16 = 4403;
/// There is no room beside the parties.
const AGAIN_LATER: u16 = 1013;
/// How often it is looked at whether the call is still one the program's user may listen to.
const REACH_LOOK: Duration = Duration::from_secs(1);

/// Whom a program hears and speaks to.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// Whose voices come, mixed: some of `customer`, `agent`, `outside`, `supervisor`, with commas between them, or `none`. `customer` if
    /// it is not there.
    hears: Option<String>,
    /// Who hears the program, likewise. `none` if it is not there.
    speaks_to: Option<String>,
    /// Samples a second, `8000` or `16000`. 16000 if it is not there.
    rate: Option<u32>,
}

impl StreamQuery {
    fn wish(&self) -> Result<LineWish, ApiError> {
        let hears = parties("hears", self.hears.as_deref().unwrap_or("customer"))?;
        let speaks_to = parties("speaks_to", self.speaks_to.as_deref().unwrap_or("none"))?;
        let rate = self.rate.unwrap_or(16_000);
        if ![8_000, 16_000].contains(&rate) {
            return Err(ApiError::bad_request("rate is 8000 or 16000"));
        }
        if hears.is_empty() && speaks_to.is_empty() {
            return Err(ApiError::bad_request("whoever hears nobody and speaks to nobody needs no stream"));
        }
        Ok(LineWish { hears, speaks_to, rate })
    }
}

/// Connects a program with a call that goes on: it hears the voices of those it names, mixed, and those it names hear it.
///
/// After `101` come a text message `start`, then binary messages of 20 ms: samples of 16 bits with sign, the low byte
/// first, one channel. The program may send the same in messages of any even length up to 64 kB; up to 30 s wait to be
/// said. Parties who come later, after a transfer for one, are heard as well. Needs the right to stream sound, and is
/// written into the audit trail.
#[utoipa::path(get, path = "/interactions/{id}/stream", tag = "interactions",
    params(("id" = String, Path, description = "The interaction: `IX-…`"), StreamQuery), responses(
    (status = 101, description = "The WebSocket; text messages are StreamMessage, and StreamOrder from the program.",
        body = StreamMessage),
    (status = 400, description = "`bad_request` or `not_a_websocket`", body = ErrorBody),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden` or `foreign_page`", body = ErrorBody),
    (status = 404, description = "`not_found`: no such interaction is open.", body = ErrorBody),
    (status = 409, description = "`no_sound`: nobody is connected, or the sound does not come by here.", body = ErrorBody),
    (status = 503, description = "`too_many_streams`, or `busy`: the center did not answer.", body = ErrorBody),
))]
pub async fn stream(
    State(web): State<Web>,
    caller: Caller,
    InPath(id): InPath<String>,
    InQuery(query): InQuery<StreamQuery>,
    headers: HeaderMap,
    extensions: Extensions,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    // The role is asked first, so that who may not do it learns nothing from trying.
    caller.may(Permission::StreamSound, &Scope::Center)?;
    check_origin(&headers, &web.options().origins)?;
    let gone = || ApiError::not_found("no such interaction is open");
    let id: InteractionId = id.parse().map_err(|_| gone())?;
    let (queue, agents) = web.board().hands_of(id).ok_or_else(gone)?;
    let scope = Scope::Interaction { queue: queue.as_ref(), agents: &agents };
    caller.may(Permission::StreamSound, &scope)?;
    let wish = query.wish()?;
    let upgrade = upgrade.map_err(|rejection| {
        ApiError::new(StatusCode::BAD_REQUEST, "not_a_websocket", rejection.body_text())
    })?;

    // Who listens in is written down before anything is heard.
    let object = format!("{id} hears {} speaks to {}", words(&wish.hears), words(&wish.speaks_to));
    let entry = web.deed(&caller.user.login, Deed::StreamedSound, object, caller.peer.address);
    web.library().audit(&entry).await?;
    let line = web.lines().open(id, wish.clone()).await.map_err(|refused| match refused {
        LineRefused::NoSuchInteraction => gone(),
        LineRefused::NoSound => ApiError::new(StatusCode::CONFLICT, "no_sound", refused.to_string()),
        LineRefused::TooMany => {
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", refused.to_string())
        }
        LineRefused::Unavailable => ApiError::busy(refused.to_string()),
    })?;
    let place = extensions.get::<Held>().cloned();
    Ok(upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX).on_upgrade(
        async move |socket| {
            connect(web, caller, id, &wish, line, socket).await;
            drop(place);
        },
    ))
}

async fn connect(
    web: Web,
    caller: Caller,
    id: InteractionId,
    wish: &LineWish,
    line: Box<dyn SoundLine>,
    mut socket: WebSocket,
) {
    let connected =
        web.metrics().gauge("hotline_sound_streams", "Programs that hear or speak in calls.", &[]);
    connected.increment();
    let start = StreamMessage::Start {
        interaction: id.to_string(),
        hears: wish.hears.iter().copied().map(StreamParty::from).collect(),
        speaks_to: wish.speaks_to.iter().copied().map(StreamParty::from).collect(),
        rate: wish.rate,
        frame_ms: FRAME_MS,
        format: "s16le".to_owned(),
    };
    let frame = (wish.rate / 1_000 * FRAME_MS) as usize;
    let speech = Speech::new(frame, wish.rate as usize * SPEECH_SECONDS_MAX);
    if tell(&mut socket, &start).await
        && let Some((code, reason)) = carry(&web, &caller, id, line, speech, &mut socket).await
    {
        let stop = StreamMessage::Stop { reason: reason.to_owned() };
        if tell(&mut socket, &stop).await {
            let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            let _ = timeout(SEND_TIME_MAX, socket.send(close)).await;
            // A connection that is dropped with something unread in it may take the last words with it.
            let goes = async { while let Some(Ok(_)) = socket.recv().await {} };
            let _ = timeout(GOODBYE_TIME_MAX, goes).await;
        }
    }
    connected.decrement();
}

/// Carries sound until it is over; why, if the program is still there to be told.
async fn carry(
    web: &Web,
    caller: &Caller,
    id: InteractionId,
    mut line: Box<dyn SoundLine>,
    mut speech: Speech,
    socket: &mut WebSocket,
) -> Option<(u16, &'static str)> {
    let mut closing = web.closing();
    let limits = web.options().phones;
    let begin = Instant::now();
    let mut look = interval_at(begin, LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ping = interval_at(begin + limits.ping_every, limits.ping_every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut recheck = interval_at(begin + RECHECK, RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reach = interval_at(begin + REACH_LOOK, REACH_LOOK);
    reach.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut alive, mut lost) = (begin, 0);
    loop {
        tokio::select! {
            () = said(&mut closing) => return Some((GOING_AWAY, "closing")),
            incoming = socket.recv() => {
                alive = Instant::now();
                match incoming {
                    None | Some(Err(_) | Ok(Message::Close(_))) => return None,
                    Some(Ok(Message::Binary(bytes))) => {
                        if !speech.add(&bytes) {
                            return Some((POLICY, "misunderstood"));
                        }
                    }
                    Some(Ok(Message::Text(text))) => match serde_json::from_str(text.as_str()) {
                        Ok(StreamOrder::Mark { name }) if name.chars().count() <= MARK_NAME_MAX => {
                            if !speech.mark(name) {
                                return Some((POLICY, "misunderstood"));
                            }
                        }
                        Ok(StreamOrder::Clear) => {
                            line.clear();
                            speech.clear();
                        }
                        Ok(StreamOrder::Stop) => return Some((NORMAL, "asked")),
                        Ok(StreamOrder::Mark { .. }) | Err(_) => return Some((POLICY, "misunderstood")),
                    },
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                }
            }
            _ = recheck.tick() => {
                if !web.still_allowed(&caller.token_hash, Permission::StreamSound).await {
                    return Some((NOT_LOGGED_IN, "login_over"));
                }
            }
            _ = reach.tick() => {
                // A call goes on to other queues, which are other people's.
                let hands = web.board().hands_of(id);
                let is_reached = hands.is_none_or(|(queue, agents)| {
                    let scope = Scope::Interaction { queue: queue.as_ref(), agents: &agents };
                    caller.may(Permission::StreamSound, &scope).is_ok()
                });
                if !is_reached {
                    return Some((FORBIDDEN, "out_of_reach"));
                }
            }
            _ = ping.tick() => {
                if alive.elapsed() >= limits.silence_max {
                    return None;
                }
                if !send(socket, Message::Ping(Bytes::new())).await {
                    return None;
                }
            }
            _ = look.tick() => {
                speech.say(&mut *line);
                for message in speech.told(line.unsaid()) {
                    if !tell(socket, &message).await {
                        return None;
                    }
                }
                let frames = line.lost();
                if frames != lost && !tell(socket, &StreamMessage::Lost { frames }).await {
                    return None;
                }
                lost = frames;
                let mut frame = [0; FRAME_SAMPLES_MAX];
                while let Some(length) = line.hear(&mut frame) {
                    if !send(socket, Message::Binary(bytes_of(&frame[..length]))).await {
                        return None;
                    }
                }
                match line.news() {
                    Some(LineNews::Digit { leg, role, digit }) => {
                        let (from, leg) = (role.into(), leg.to_string());
                        let digit = StreamMessage::Digit { from, leg, digit: digit.to_string() };
                        if !tell(socket, &digit).await {
                            return None;
                        }
                    }
                    Some(LineNews::Ended) => return Some((NORMAL, "over")),
                    Some(LineNews::Crowded) => return Some((AGAIN_LATER, "crowded")),
                    None => {}
                }
            }
        }
    }
}

/// What the program has sent and nobody has heard yet.
#[derive(Debug)]
struct Speech {
    frame: usize,
    most: usize,
    waiting: VecDeque<i16>,
    /// Samples that were handed on, from the beginning.
    handed: u64,
    /// Marks, and how many samples were there before them.
    marks: VecDeque<(u64, String)>,
    left_out: u64,
}

impl Speech {
    fn new(frame: usize, most: usize) -> Self {
        Self { frame, most, waiting: VecDeque::new(), handed: 0, marks: VecDeque::new(), left_out: 0 }
    }

    /// Takes a message of sound; `false` if it is none.
    fn add(&mut self, bytes: &[u8]) -> bool {
        let (samples, rest) = bytes.as_chunks::<2>();
        let room = (self.most - self.waiting.len()).min(samples.len());
        self.waiting.extend(samples[..room].iter().map(|sample| i16::from_le_bytes(*sample)));
        self.left_out += (samples.len() - room) as u64;
        rest.is_empty()
    }

    /// Remembers a mark; `false` if there are too many.
    fn mark(&mut self, name: String) -> bool {
        let has_room = self.marks.len() < MARKS_MAX;
        if has_room {
            self.marks.push_back((self.handed + self.waiting.len() as u64, name));
        }
        has_room
    }

    /// Forgets what waits; its marks are reached.
    fn clear(&mut self) {
        self.waiting.clear();
        for (at, _) in &mut self.marks {
            *at = 0;
        }
    }

    /// Hands on as much as there is room for.
    fn say(&mut self, line: &mut dyn SoundLine) {
        loop {
            let length = self.waiting.len().min(self.frame);
            // The end of what was sent is a short frame, if nothing has followed it by the time it is needed.
            if length == 0 || (length < self.frame && line.unsaid() > 0) {
                return;
            }
            let mut frame = [0; FRAME_SAMPLES_MAX];
            for (sample, said) in frame.iter_mut().zip(self.waiting.iter().take(length)) {
                *sample = *said;
            }
            if !line.say(&frame[..self.frame]) {
                return;
            }
            self.waiting.drain(..length);
            self.handed += length as u64;
        }
    }

    /// What there is to tell, while so many frames that were handed on have not been said.
    fn told(&mut self, unsaid: usize) -> Vec<StreamMessage> {
        let said = self.handed.saturating_sub((unsaid * self.frame) as u64);
        let mut told = Vec::new();
        while let Some((_, name)) = self.marks.pop_front_if(|(at, _)| *at <= said) {
            told.push(StreamMessage::Mark { name });
        }
        if self.left_out > 0 {
            told.push(StreamMessage::Overflow { samples: std::mem::take(&mut self.left_out) });
        }
        told
    }
}

impl From<LegRole> for StreamParty {
    fn from(role: LegRole) -> Self {
        match role {
            LegRole::Customer => Self::Customer,
            LegRole::Agent => Self::Agent,
            LegRole::Outside => Self::Outside,
            LegRole::Supervisor => Self::Supervisor,
        }
    }
}

fn parties(name: &str, list: &str) -> Result<Vec<LegRole>, ApiError> {
    let mut roles = Vec::new();
    for word in list.split(',').map(str::trim).filter(|word| !matches!(*word, "none" | "")) {
        let role = [LegRole::Customer, LegRole::Agent, LegRole::Outside, LegRole::Supervisor];
        let role = role.into_iter().find(|role| role.as_str() == word).ok_or_else(|| {
            ApiError::bad_request(format!("{name} lists customer, agent, outside, supervisor, or is none"))
        })?;
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    Ok(roles)
}

fn words(roles: &[LegRole]) -> String {
    match roles {
        [] => "nobody".to_owned(),
        roles => roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(","),
    }
}

fn bytes_of(sound: &[i16]) -> Bytes {
    sound.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

async fn tell(socket: &mut WebSocket, message: &StreamMessage) -> bool {
    match serde_json::to_string(message) {
        Ok(text) => send(socket, Message::Text(text.into())).await,
        Err(_) => false,
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(SEND_TIME_MAX, socket.send(message)).await, Ok(Ok(())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_is_cut_into_frames_and_its_end_is_filled_up() {
        let (mut speech, mut line) = (Speech::new(160, 1_000), Ring::default());
        assert!(speech.add(&[1, 0].repeat(400)));
        speech.say(&mut line);
        assert_eq!(line.said.len(), 2, "the end waits for more");
        line.said.clear();
        speech.say(&mut line);
        assert_eq!((line.said[0][79], line.said[0][80]), (1, 0));
        assert!(!speech.add(&[1]), "half a sample is none");
    }

    #[test]
    fn marks_are_told_when_what_was_before_them_is_said_or_cleared() {
        let (mut speech, mut line) = (Speech::new(160, 1_000), Ring::default());
        let mark = |name: &str| StreamMessage::Mark { name: name.to_owned() };
        assert!(speech.mark("begin".to_owned()));
        assert_eq!(speech.told(0), [mark("begin")]);
        speech.add(&[0, 0].repeat(320));
        assert!(speech.mark("end".to_owned()));
        speech.say(&mut line);
        assert_eq!(speech.told(2), []);
        assert_eq!(speech.told(1), []);
        assert_eq!(speech.told(0), [mark("end")]);
        speech.add(&[0, 0].repeat(320));
        assert!(speech.mark("never said".to_owned()));
        speech.clear();
        assert_eq!(speech.told(2), [mark("never said")]);
        let taken = (0..MARKS_MAX + 1).filter(|_| speech.mark(String::new())).count();
        assert_eq!(taken, MARKS_MAX);
    }

    #[test]
    fn more_than_can_wait_is_left_out_and_told() {
        let mut speech = Speech::new(160, 1_000);
        speech.add(&[0, 0].repeat(1_200));
        assert_eq!(speech.told(0), [StreamMessage::Overflow { samples: 200 }]);
        assert_eq!(speech.told(0), []);
    }

    #[test]
    fn a_wish_names_parties_and_a_rate() {
        let query = |hears: &str, speaks_to: &str, rate| StreamQuery {
            hears: Some(hears.to_owned()),
            speaks_to: Some(speaks_to.to_owned()),
            rate,
        };
        let (customer, agent) = (LegRole::Customer, LegRole::Agent);
        let wish = query("customer, agent,customer", "none", None).wish().unwrap();
        assert_eq!((wish.hears, wish.speaks_to, wish.rate), (vec![customer, agent], vec![], 16_000));
        let wish = StreamQuery { hears: None, speaks_to: None, rate: Some(8_000) }.wish().unwrap();
        assert_eq!((wish.hears, wish.rate), (vec![customer], 8_000));
        for wrong in
            [query("everybody", "none", None), query("none", "none", None), query("agent", "", Some(1))]
        {
            assert!(wrong.wish().is_err(), "{wrong:?}");
        }
    }

    /// A line that takes what it is given.
    #[derive(Default)]
    struct Ring {
        said: Vec<Vec<i16>>,
    }

    impl SoundLine for Ring {
        fn hear(&mut self, _: &mut [i16]) -> Option<usize> {
            None
        }

        fn say(&mut self, frame: &[i16]) -> bool {
            self.said.push(frame.to_vec());
            true
        }

        fn unsaid(&self) -> usize {
            self.said.len()
        }

        fn clear(&mut self) {
            self.said.clear();
        }

        fn lost(&self) -> u64 {
            0
        }

        fn news(&mut self) -> Option<LineNews> {
            None
        }
    }
}
