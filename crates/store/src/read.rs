//! Reading: lists by filter, one interaction with its whole story, the lines after a number.

use crate::database::on;
use crate::row::{self, INTERACTION_COLUMNS, InteractionRow, RecordingRow, SipRow, TimelineRow};
use crate::{Store, StoreError};
use base::Timestamp;
use model::query::{Cursor, InteractionFilter, Page, SipMessage, Story};
use model::{InteractionId, InteractionRecord, LegId, RecordingId, RecordingRecord, TimelineEntry};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

/// The longest page of a list.
pub const PAGE_MAX: u32 = 500;
/// The most lines that one question about the timeline brings.
pub const LINES_MAX: u32 = 10_000;
/// The most SIP messages shown with one interaction.
pub const LADDER_MAX: u32 = 5_000;

/// Runs a statement under construction, and gives its rows.
macro_rules! fetch {
    ($store:expr, $statement:expr) => {
        on!($store.database, pool => {
            let mut query = sqlx::query_as(AssertSqlSafe($statement.text));
            for value in $statement.values {
                query = match value {
                    Value::Text(text) => query.bind(text),
                    Value::Number(number) => query.bind(number),
                };
            }
            query.fetch_all(pool).await?
        })
    };
}

impl Store {
    /// The interactions that fit, newest first.
    pub async fn interactions(
        &self,
        filter: &InteractionFilter,
    ) -> Result<Page<InteractionRecord>, StoreError> {
        let limit = filter.limit.clamp(1, PAGE_MAX) as usize;
        let mut statement =
            Statement::new(format!("SELECT {INTERACTION_COLUMNS} FROM interactions WHERE 1 = 1"));
        statement.narrow(filter);
        statement.text.push_str(" ORDER BY arrived_at DESC, id DESC LIMIT ");
        // One more than asked for tells whether there is a next page.
        statement.bind(Value::Number(limit as i64 + 1));

        let mut rows: Vec<InteractionRow> = fetch!(self, statement);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let rows: Vec<InteractionRecord> =
            rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        let next =
            rows.last().filter(|_| more).map(|last| Cursor { arrived_at: last.arrived_at, id: last.id });
        Ok(Page { rows, next })
    }

    /// One interaction.
    pub async fn interaction(&self, id: InteractionId) -> Result<Option<InteractionRecord>, StoreError> {
        let text = format!("SELECT {INTERACTION_COLUMNS} FROM interactions WHERE id = $1");
        let row: Option<InteractionRow> = on!(self.database, pool => {
            sqlx::query_as(AssertSqlSafe(text)).bind(id.to_string()).fetch_optional(pool).await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// Everything that is known of one interaction's course.
    pub async fn story(&self, id: InteractionId) -> Result<Option<Story>, StoreError> {
        let Some(interaction) = self.interaction(id).await? else { return Ok(None) };
        let rows: Vec<TimelineRow> = on!(self.database, pool => {
            sqlx::query_as(
                "SELECT seq, at, interaction, event FROM timeline WHERE interaction = $1 ORDER BY seq LIMIT $2",
            )
            .bind(id.to_string())
            .bind(i64::from(LINES_MAX))
            .fetch_all(pool)
            .await?
        });
        let lines: Vec<TimelineEntry> =
            rows.into_iter().map(row::timeline_entry).collect::<Result<_, _>>()?;
        // While an interaction is open its record may lag behind its lines.
        let legs: BTreeSet<LegId> = interaction
            .legs
            .iter()
            .copied()
            .chain(lines.iter().filter_map(|line| line.event.new_leg()))
            .collect();
        let ladder = self.ladder(&legs).await?;
        Ok(Some(Story { interaction, lines, ladder }))
    }

    async fn ladder(&self, legs: &BTreeSet<LegId>) -> Result<Vec<SipMessage>, StoreError> {
        if legs.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = Statement::new(
            "SELECT leg, at, sent, transport, remote, text FROM sip_messages WHERE leg".to_owned(),
        );
        statement.one_of(legs.iter().map(ToString::to_string));
        statement.text.push_str(" ORDER BY number LIMIT ");
        statement.bind(Value::Number(i64::from(LADDER_MAX)));
        let rows: Vec<SipRow> = fetch!(self, statement);
        rows.into_iter().map(row::sip_message).collect()
    }

    /// The recordings of an interaction, in the order in which they began.
    pub async fn recordings(&self, interaction: InteractionId) -> Result<Vec<RecordingRecord>, StoreError> {
        let rows: Vec<RecordingRow> = on!(self.database, pool => {
            sqlx::query_as(
                "SELECT id, interaction, kind, started_at, length_ms, bytes FROM recordings \
                 WHERE interaction = $1 ORDER BY started_at, id",
            )
            .bind(interaction.to_string())
            .fetch_all(pool)
            .await?
        });
        rows.into_iter().map(row::recording).collect()
    }

    /// The recordings of these interactions, in the order in which they began.
    pub async fn recordings_of(
        &self,
        interactions: &[InteractionId],
    ) -> Result<Vec<RecordingRecord>, StoreError> {
        if interactions.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = Statement::new(
            "SELECT id, interaction, kind, started_at, length_ms, bytes FROM recordings WHERE interaction"
                .to_owned(),
        );
        statement.one_of(interactions.iter().map(ToString::to_string));
        statement.text.push_str(" ORDER BY started_at, id");
        let rows: Vec<RecordingRow> = fetch!(self, statement);
        rows.into_iter().map(row::recording).collect()
    }

    /// The next recordings that began at `since` or later, in the order of their ids, which says nothing of time.
    pub async fn recordings_since(
        &self,
        since: Timestamp,
        after: Option<RecordingId>,
        limit: u32,
    ) -> Result<Vec<RecordingRecord>, StoreError> {
        let rows: Vec<RecordingRow> = on!(self.database, pool => {
            sqlx::query_as(
                "SELECT id, interaction, kind, started_at, length_ms, bytes FROM recordings \
                 WHERE id > $1 AND started_at >= $2 ORDER BY id LIMIT $3",
            )
            .bind(after.map(|after| after.to_string()).unwrap_or_default())
            .bind(since.as_millis())
            .bind(i64::from(limit))
            .fetch_all(pool)
            .await?
        });
        rows.into_iter().map(row::recording).collect()
    }

    /// One recording.
    pub async fn recording(&self, id: RecordingId) -> Result<Option<RecordingRecord>, StoreError> {
        let found: Option<RecordingRow> = on!(self.database, pool => {
            sqlx::query_as(
                "SELECT id, interaction, kind, started_at, length_ms, bytes FROM recordings WHERE id = $1",
            )
            .bind(id.to_string())
            .fetch_optional(pool)
            .await?
        });
        found.map(row::recording).transpose()
    }

    /// The lines that came after `seq`, at most `limit` of them.
    pub async fn timeline_after(&self, seq: u64, limit: u32) -> Result<Vec<TimelineEntry>, StoreError> {
        let rows: Vec<TimelineRow> = on!(self.database, pool => {
            sqlx::query_as("SELECT seq, at, interaction, event FROM timeline WHERE seq > $1 ORDER BY seq LIMIT $2")
                .bind(i64::try_from(seq).unwrap_or(i64::MAX))
                .bind(i64::from(limit.min(LINES_MAX)))
                .fetch_all(pool)
                .await?
        });
        rows.into_iter().map(row::timeline_entry).collect()
    }

    /// The number of the last line; 0 when there is none.
    pub async fn last_seq(&self) -> Result<u64, StoreError> {
        let (last,): (Option<i64>,) = on!(self.database, pool => {
            sqlx::query_as("SELECT MAX(seq) FROM timeline").fetch_one(pool).await?
        });
        Ok(last.and_then(|last| u64::try_from(last).ok()).unwrap_or(0))
    }
}

/// A statement under construction. Values never become part of the text.
struct Statement {
    text: String,
    values: Vec<Value>,
}

enum Value {
    Text(String),
    Number(i64),
}

impl Statement {
    const fn new(text: String) -> Self {
        Self { text, values: Vec::new() }
    }

    /// Appends a place holder for `value`.
    fn bind(&mut self, value: Value) {
        self.values.push(value);
        self.text.push_str(&format!("${}", self.values.len()));
    }

    fn and(&mut self, condition: &str, value: Value) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.text.push(' ');
        self.bind(value);
    }

    /// Appends ` IN ($4, $5)`.
    fn one_of(&mut self, texts: impl Iterator<Item = String>) {
        self.text.push_str(" IN (");
        for (at, text) in texts.enumerate() {
            if at > 0 {
                self.text.push_str(", ");
            }
            self.bind(Value::Text(text));
        }
        self.text.push(')');
    }

    fn narrow(&mut self, filter: &InteractionFilter) {
        if let Some(from) = filter.from {
            self.and("arrived_at >=", Value::Number(from.as_millis()));
        }
        if let Some(to) = filter.to {
            self.and("arrived_at <", Value::Number(to.as_millis()));
        }
        if let Some(queue) = &filter.queue {
            self.and("queue =", Value::Text(queue.to_string()));
        }
        match filter.queues_allowed.as_deref() {
            None => {}
            Some([]) => self.text.push_str(" AND queue IS NULL"),
            Some(queues) => {
                self.text.push_str(" AND (queue IS NULL OR queue");
                self.one_of(queues.iter().map(ToString::to_string));
                self.text.push(')');
            }
        }
        if let Some(agent) = &filter.agent {
            self.and("agent =", Value::Text(agent.to_string()));
        }
        if let Some(outcome) = filter.outcome {
            self.and("outcome =", Value::Text(outcome.as_str().to_owned()));
        }
        if let Some(number) = &filter.number {
            let pattern = contains(number);
            self.text.push_str(" AND (LOWER(from_number) LIKE ");
            self.bind(Value::Text(pattern.clone()));
            self.text.push_str(" ESCAPE '!' OR LOWER(to_number) LIKE ");
            self.bind(Value::Text(pattern));
            self.text.push_str(" ESCAPE '!')");
        }
        if let Some(cursor) = filter.cursor {
            let at = cursor.arrived_at.as_millis();
            self.text.push_str(" AND (arrived_at < ");
            self.bind(Value::Number(at));
            self.text.push_str(" OR (arrived_at = ");
            self.bind(Value::Number(at));
            self.text.push_str(" AND id < ");
            self.bind(Value::Text(cursor.id.to_string()));
            self.text.push_str("))");
        }
    }
}

/// The LIKE pattern for "contains": what the asker typed is taken literally.
fn contains(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for letter in part.to_lowercase().chars().filter(|letter| *letter != '\0') {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
