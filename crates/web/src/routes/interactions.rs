//! `GET /interactions`: what came in, newest first.

use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::InQuery;
use crate::json::InteractionJson;
use crate::state::Web;
use access::{Permission, Reach};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base::Timestamp;
use model::query::{Cursor, InteractionFilter};
use model::{AgentId, Outcome, QueueId};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::{IntoParams, ToSchema};

/// How many a page has if nobody says.
const LIMIT: u32 = 50;
/// How many a page has at most.
const LIMIT_MAX: u32 = 500;
/// The longest number searched for.
const NUMBER_BYTES_MAX: usize = 64;

/// Which interactions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct InteractionsQuery {
    /// Arrived at or after, in milliseconds UTC.
    #[param(value_type = Option<i64>)]
    pub from: Option<String>,
    /// Arrived before, in milliseconds UTC.
    #[param(value_type = Option<i64>)]
    pub to: Option<String>,
    /// Waited in this queue last.
    pub queue: Option<String>,
    /// Taken by this agent.
    pub agent: Option<String>,
    /// Ended so: `handled`, `abandoned`, `self_served`, `closed_hours`, `voicemail`, `transferred`, `direct`,
    /// `unanswered`, `refused` or `interrupted`.
    pub outcome: Option<String>,
    /// The customer's number or the number dialled contains this.
    pub number: Option<String>,
    /// Where to go on: `next` of the page before.
    pub cursor: Option<String>,
    /// How many at most, 1 to 500; 50 if not given.
    #[param(value_type = Option<u32>)]
    pub limit: Option<String>,
}

/// A page of interactions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Interactions {
    /// Newest first.
    pub interactions: Vec<InteractionJson>,
    /// What to send as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Lists interactions. Agents see those they took, supervisors those of their queues.
#[utoipa::path(get, path = "/interactions", tag = "interactions", params(InteractionsQuery), responses(
    (status = 200, description = "A page.", body = Interactions),
    (status = 400, description = "`bad_request`, with the parameter in `field`", body = ErrorBody),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
    (status = 503, description = "`library_unavailable`", body = ErrorBody),
))]
pub async fn interactions(
    State(web): State<Web>,
    caller: Caller,
    InQuery(query): InQuery<InteractionsQuery>,
) -> Result<Json<Interactions>, ApiError> {
    let reach = caller.reach(Permission::ReadInteractions)?;
    let filter = narrow(filter(&query)?, reach)?;
    let page = web.library().interactions(&filter).await?;
    let ids: Vec<_> = page.rows.iter().map(|row| row.id).collect();
    let recordings = web.library().recordings(&ids).await?;
    Ok(Json(Interactions {
        interactions: page.rows.iter().map(|row| InteractionJson::new(row, &recordings)).collect(),
        next: page.next.map(|cursor| format!("{}.{}", cursor.arrived_at.as_millis(), cursor.id)),
    }))
}

fn filter(query: &InteractionsQuery) -> Result<InteractionFilter, ApiError> {
    let time = |field, text: &Option<String>| {
        Ok::<_, ApiError>(number::<i64>(field, text.as_deref())?.map(Timestamp::from_millis))
    };
    let limit = match number::<u32>("limit", query.limit.as_deref())? {
        None => LIMIT,
        Some(limit @ 1..=LIMIT_MAX) => limit,
        Some(_) => return Err(ApiError::field("limit", format!("limit is 1 to {LIMIT_MAX}"))),
    };
    if query.number.as_ref().is_some_and(|number| number.len() > NUMBER_BYTES_MAX) {
        return Err(ApiError::field("number", format!("number has at most {NUMBER_BYTES_MAX} bytes")));
    }
    Ok(InteractionFilter {
        from: time("from", &query.from)?,
        to: time("to", &query.to)?,
        queue: text(&query.queue).map(QueueId::new),
        queues_allowed: None,
        agent: text(&query.agent).map(AgentId::new),
        outcome: text(&query.outcome)
            .map(|word| {
                Outcome::parse(word)
                    .ok_or_else(|| ApiError::field("outcome", format!("there is no outcome {word:?}")))
            })
            .transpose()?,
        number: text(&query.number).map(str::to_owned),
        cursor: text(&query.cursor).map(cursor).transpose()?,
        limit,
    })
}

/// Keeps the list within reach.
fn narrow(filter: InteractionFilter, reach: Reach) -> Result<InteractionFilter, ApiError> {
    match reach {
        Reach::Everything => Ok(filter),
        Reach::Queues(queues) => match &filter.queue {
            Some(queue) if !queues.contains(queue) => Err(out_of_reach("queue")),
            _ => Ok(InteractionFilter { queues_allowed: Some(queues), ..filter }),
        },
        Reach::Own(me) => match &filter.agent {
            Some(agent) if *agent != me => Err(out_of_reach("agent")),
            _ => Ok(InteractionFilter { agent: Some(me), ..filter }),
        },
        Reach::Nothing => Err(out_of_reach("interactions")),
    }
}

fn out_of_reach(what: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "forbidden", format!("this {what} is not among what you may see"))
}

fn cursor(text: &str) -> Result<Cursor, ApiError> {
    text.split_once('.')
        .and_then(|(at, id)| {
            Some(Cursor { arrived_at: Timestamp::from_millis(at.parse().ok()?), id: id.parse().ok()? })
        })
        .ok_or_else(|| ApiError::field("cursor", "cursor is what a page gave as next"))
}

fn number<T: FromStr>(field: &'static str, value: Option<&str>) -> Result<Option<T>, ApiError> {
    match value {
        None | Some("") => Ok(None),
        Some(value) => {
            value.parse().map(Some).map_err(|_| ApiError::field(field, format!("{field} is a whole number")))
        }
    }
}

fn text(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.is_empty())
}
