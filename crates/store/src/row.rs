//! Rows as they lie in the tables, and their way to the records and back.

use crate::StoreError;
use base::{Duration, Timestamp};
use model::query::SipMessage;
use model::record::RecordingKind;
use model::{
    AgentId, Channel, InteractionId, InteractionRecord, LegId, Outcome, Party, QueueId, RecordingRecord,
    SipUser, TimelineEntry,
};
use sqlx::{ColumnIndex, Database, Decode, FromRow, Row, Type};

/// The columns of an interaction, in the order in which they are read and written.
pub(crate) const INTERACTION_COLUMNS: &str = "id, channel, state, from_number, from_display, from_user, to_number, \
     origin, arrived_at, queue, queued_at, agent, connected_at, ended_at, closed_at, outcome, waited_ms, talked_ms, \
     held_ms, wrapped_up_ms, offers, legs";

/// An interaction as it lies in its table.
pub(crate) struct InteractionRow {
    pub(crate) id: String,
    pub(crate) channel: String,
    pub(crate) state: String,
    pub(crate) from_number: String,
    pub(crate) from_display: Option<String>,
    pub(crate) from_user: Option<String>,
    pub(crate) to_number: String,
    pub(crate) origin: String,
    pub(crate) arrived_at: i64,
    pub(crate) queue: Option<String>,
    pub(crate) queued_at: Option<i64>,
    pub(crate) agent: Option<String>,
    pub(crate) connected_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) closed_at: Option<i64>,
    pub(crate) outcome: Option<String>,
    pub(crate) waited_ms: i64,
    pub(crate) talked_ms: i64,
    pub(crate) held_ms: i64,
    pub(crate) wrapped_up_ms: i64,
    pub(crate) offers: i64,
    pub(crate) legs: String,
}

impl<'r, R> FromRow<'r, R> for InteractionRow
where
    R: Row,
    usize: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
    R::Database: Database,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            channel: row.try_get(1)?,
            state: row.try_get(2)?,
            from_number: row.try_get(3)?,
            from_display: row.try_get(4)?,
            from_user: row.try_get(5)?,
            to_number: row.try_get(6)?,
            origin: row.try_get(7)?,
            arrived_at: row.try_get(8)?,
            queue: row.try_get(9)?,
            queued_at: row.try_get(10)?,
            agent: row.try_get(11)?,
            connected_at: row.try_get(12)?,
            ended_at: row.try_get(13)?,
            closed_at: row.try_get(14)?,
            outcome: row.try_get(15)?,
            waited_ms: row.try_get(16)?,
            talked_ms: row.try_get(17)?,
            held_ms: row.try_get(18)?,
            wrapped_up_ms: row.try_get(19)?,
            offers: row.try_get(20)?,
            legs: row.try_get(21)?,
        })
    }
}

impl From<&InteractionRecord> for InteractionRow {
    fn from(record: &InteractionRecord) -> Self {
        let at = |time: Option<Timestamp>| time.map(Timestamp::as_millis);
        Self {
            id: record.id.to_string(),
            channel: record.channel.as_str().to_owned(),
            state: record.state.clone(),
            from_number: without_nul(&record.from.number),
            from_display: record.from.display.as_deref().map(without_nul),
            from_user: record.from.user.as_ref().map(ToString::to_string),
            to_number: without_nul(&record.to),
            origin: without_nul(&record.origin),
            arrived_at: record.arrived_at.as_millis(),
            queue: record.queue.as_ref().map(ToString::to_string),
            queued_at: at(record.queued_at),
            agent: record.agent.as_ref().map(ToString::to_string),
            connected_at: at(record.connected_at),
            ended_at: at(record.ended_at),
            closed_at: at(record.closed_at),
            outcome: record.outcome.map(|outcome| outcome.as_str().to_owned()),
            waited_ms: millis(record.waited),
            talked_ms: millis(record.talked),
            held_ms: millis(record.held),
            wrapped_up_ms: millis(record.wrapped_up),
            offers: i64::from(record.offers),
            legs: serde_json::Value::from_iter(record.legs.iter().map(ToString::to_string)).to_string(),
        }
    }
}

impl TryFrom<InteractionRow> for InteractionRecord {
    type Error = StoreError;

    fn try_from(row: InteractionRow) -> Result<Self, StoreError> {
        let at = |millis: Option<i64>| millis.map(Timestamp::from_millis);
        Ok(Self {
            id: id("an interaction's id", &row.id)?,
            channel: match row.channel.as_str() {
                "voice" => Channel::Voice,
                _ => return Err(StoreError::Value { what: "a channel", value: row.channel }),
            },
            state: row.state,
            from: Party {
                number: row.from_number,
                display: row.from_display,
                user: row.from_user.map(|user| SipUser::new(&user)),
            },
            to: row.to_number,
            origin: row.origin,
            arrived_at: Timestamp::from_millis(row.arrived_at),
            queue: row.queue.map(|queue| QueueId::new(&queue)),
            queued_at: at(row.queued_at),
            agent: row.agent.map(|agent| AgentId::new(&agent)),
            connected_at: at(row.connected_at),
            ended_at: at(row.ended_at),
            closed_at: at(row.closed_at),
            outcome: row
                .outcome
                .map(|word| {
                    Outcome::parse(&word).ok_or(StoreError::Value { what: "an outcome", value: word })
                })
                .transpose()?,
            waited: duration(row.waited_ms),
            talked: duration(row.talked_ms),
            held: duration(row.held_ms),
            wrapped_up: duration(row.wrapped_up_ms),
            offers: u32::try_from(row.offers).unwrap_or(0),
            legs: json::<Vec<String>>("a list of legs", &row.legs)?
                .iter()
                .map(|leg| id("a leg's id", leg))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Sequence, time, interaction and event of a line.
pub(crate) type TimelineRow = (i64, i64, Option<String>, String);

pub(crate) fn timeline_entry(
    (seq, at, interaction, event): TimelineRow,
) -> Result<TimelineEntry, StoreError> {
    Ok(TimelineEntry {
        seq: u64::try_from(seq).unwrap_or(0),
        at: Timestamp::from_millis(at),
        interaction: interaction.as_deref().map(|text| id("an interaction's id", text)).transpose()?,
        event: json("a line of a story", &event)?,
    })
}

/// Id, interaction, kind, begin, length and size of a recording.
pub(crate) type RecordingRow = (String, String, String, i64, Option<i64>, Option<i64>);

pub(crate) fn recording(row: RecordingRow) -> Result<RecordingRecord, StoreError> {
    let (recording, interaction, kind, started_at, length_ms, bytes) = row;
    Ok(RecordingRecord {
        id: id("a recording's id", &recording)?,
        interaction: id("an interaction's id", &interaction)?,
        kind: match kind.as_str() {
            "call" => RecordingKind::Call,
            "message" => RecordingKind::Message,
            _ => return Err(StoreError::Value { what: "a recording's kind", value: kind }),
        },
        started_at: Timestamp::from_millis(started_at),
        length: length_ms.map(duration),
        bytes: bytes.and_then(|bytes| u64::try_from(bytes).ok()),
    })
}

/// Leg, time, direction, transport, remote address and text of a SIP message.
pub(crate) type SipRow = (String, i64, bool, String, String, String);

pub(crate) fn sip_message(
    (leg, at, sent, transport, remote, text): SipRow,
) -> Result<SipMessage, StoreError> {
    let leg: LegId = id("a leg's id", &leg)?;
    Ok(SipMessage { leg, at: Timestamp::from_millis(at), sent, transport, remote, text })
}

pub(crate) fn id<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Value { what, value: text.to_owned() })
}

pub(crate) fn json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Value { what, value: text.to_owned() })
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn duration(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// PostgreSQL keeps no NUL in a text; what a peer sent may hold one.
pub(crate) fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The id of an interaction that a line belongs to, as stored.
pub(crate) fn optional_text(id: Option<InteractionId>) -> Option<String> {
    id.map(|id| id.to_string())
}
