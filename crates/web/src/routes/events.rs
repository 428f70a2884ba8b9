//! `GET /events`: the story of the center as it is written, as server-sent events.

use super::interaction::scope;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::feed::Follower;
use crate::input::InQuery;
use crate::json::LineJson;
use crate::serve::said;
use crate::state::Web;
use access::{Permission, Reach, Scope};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use base::Duration;
use futures_util::{Stream, stream};
use model::TimelineEntry;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};
use utoipa::{IntoParams, ToSchema};

/// How often a comment is sent when nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often it is looked at whether the listener is still logged in.
pub(crate) const RECHECK: Duration = Duration::from_secs(30);

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EventsQuery {
    /// The number of the last line known; 0 for everything. The header `Last-Event-ID` goes before it. Without either,
    /// the stream begins now.
    pub after: Option<u64>,
}

/// One line, with the interaction it belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventJson {
    /// The line.
    #[serde(flatten)]
    pub line: LineJson,
    /// The interaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<String>,
}

/// Follows the story of the whole center: `id` is the line's number, `event` its kind, `data` the line in JSON.
///
/// A stream that broke is taken up again after the last number, and nothing is lost between.
#[utoipa::path(get, path = "/events", tag = "live", params(EventsQuery,
    ("last-event-id" = Option<u64>, Header, description = "The number of the last line known.")), responses(
    (status = 200, description = "Lines, one after the other.", body = EventJson, content_type = "text/event-stream"),
    (status = 400, description = "`bad_request`", body = ErrorBody),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
    (status = 503, description = "`library_unavailable`", body = ErrorBody),
))]
pub async fn events(
    State(web): State<Web>,
    caller: Caller,
    InQuery(query): InQuery<EventsQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let reach = caller.reach(Permission::FollowEvents)?;
    let after = match headers.get("last-event-id").map(|value| value.to_str().unwrap_or_default().trim()) {
        None | Some("") => query.after,
        Some(text) => Some(
            text.parse().map_err(|_| ApiError::field("last-event-id", "Last-Event-ID is a whole number"))?,
        ),
    };
    let follower = web.feed().follow(web.library().clone(), after).await?;
    let mut recheck = tokio::time::interval_at(tokio::time::Instant::now() + RECHECK, RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listener = Listener { closing: web.closing(), web, caller, reach, follower, recheck };
    let lines = stream::unfold(listener, |mut listener| async move {
        let line = listener.next().await?;
        Some((Ok(event(&line)), listener))
    });
    Ok(Sse::new(lines).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("alive")))
}

/// Somebody who listens.
struct Listener {
    web: Web,
    caller: Caller,
    reach: Reach,
    follower: Follower,
    recheck: Interval,
    closing: watch::Receiver<bool>,
}

impl Listener {
    /// The next line the listener may see; `None` when it is over.
    async fn next(&mut self) -> Option<TimelineEntry> {
        loop {
            let line = tokio::select! {
                line = self.follower.next() => line,
                () = said(&mut self.closing) => return None,
                _ = self.recheck.tick() => {
                    if !self.web.still_allowed(&self.caller.token_hash, Permission::FollowEvents).await {
                        return None;
                    }
                    continue;
                }
            };
            match line {
                Ok(line) => {
                    if self.may_see(&line).await {
                        return Some(line);
                    }
                }
                Err(error) => {
                    // The listener comes again and goes on after the last number.
                    tracing::error!(%error, "an event stream ended early");
                    return None;
                }
            }
        }
    }

    async fn may_see(&self, line: &TimelineEntry) -> bool {
        let (Reach::Queues(_), Some(id)) = (&self.reach, line.interaction) else { return true };
        if let Some(queue) = self.web.board().queue_of(id) {
            let scope = Scope::Interaction { queue: queue.as_ref(), agents: &[] };
            return self.caller.may(Permission::FollowEvents, &scope).is_ok();
        }
        match self.web.library().interaction(id).await {
            Ok(Some(record)) => self.caller.may(Permission::FollowEvents, &scope(&record)).is_ok(),
            Ok(None) | Err(_) => false,
        }
    }
}

fn event(line: &TimelineEntry) -> Event {
    let data = EventJson { line: line.into(), interaction: line.interaction.map(|id| id.to_string()) };
    let event = Event::default().id(line.seq.to_string()).event(line.event.kind());
    match event.json_data(&data) {
        Ok(event) => event,
        Err(error) => {
            debug_assert!(false, "{error}");
            Event::default().comment("a line that has no JSON form")
        }
    }
}
