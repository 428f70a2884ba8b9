//! Writing: a batch is one transaction, and a batch written twice is a batch written once.
//!
//! Rows of one table go into the database many to a statement: what a row costs is mostly the way there and back.

use crate::database::on;
use crate::row::{InteractionRow, millis, optional_text, without_nul};
use crate::statement::{ROWS, Table};
use crate::writer::Item;
use crate::{Store, StoreError};
use model::query::SipMessage;
use model::{InteractionRecord, Record, RecordingRecord, TimelineEntry};

/// A batch, sorted by table. The order within a table is kept; between tables there is none.
#[derive(Default)]
struct Batch<'a> {
    interactions: Vec<&'a InteractionRecord>,
    lines: Vec<&'a TimelineEntry>,
    recordings: Vec<&'a RecordingRecord>,
    sip: Vec<(i64, &'a SipMessage)>,
}

impl<'a> Batch<'a> {
    fn add(&mut self, record: &'a Record) {
        match record {
            Record::Interaction(record) => {
                // A later state of a row takes the place of the earlier: one statement cannot write a row twice.
                match self.interactions.iter_mut().find(|known| known.id == record.id) {
                    Some(known) => *known = record,
                    None => self.interactions.push(record),
                }
            }
            Record::Timeline(entry) => self.lines.push(entry),
            Record::Recording(record) => {
                match self.recordings.iter_mut().find(|known| known.id == record.id) {
                    Some(known) => *known = record,
                    None => self.recordings.push(record),
                }
            }
        }
    }
}

/// Writes all rows of one table within a transaction of either kind: as many to a statement as there are, in steps.
macro_rules! put {
    ($transaction:expr, $table:expr, $rows:expr, |$query:ident, $row:ident| $bound:expr) => {
        let mut rest = &$rows[..];
        for count in ROWS {
            while let Some((now, later)) = rest.split_at_checked(count) {
                let mut $query = sqlx::query($table.statement(count));
                for $row in now {
                    $query = $bound;
                }
                $query.execute(&mut *$transaction).await?;
                rest = later;
            }
        }
    };
}

impl Store {
    /// Writes records in one transaction: all of them or none.
    pub async fn write(&self, records: &[Record]) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        records.iter().for_each(|record| batch.add(record));
        self.write_batch(batch).await
    }

    /// Writes SIP messages in one transaction, in the order given. Unlike records they have no id: a message handed
    /// in twice is there twice, so the [`Writer`](crate::Writer) numbers them once and for all.
    pub async fn write_ladder(&self, messages: &[SipMessage]) -> Result<(), StoreError> {
        let items: Vec<Item> = messages.iter().map(|message| self.numbered(message.clone())).collect();
        self.write_items(&items).await
    }

    /// Writes what a [`Writer`](crate::Writer) gathered, in one transaction.
    pub async fn write_items(&self, items: &[Item]) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for item in items {
            match item {
                Item::Record(record) => batch.add(record),
                Item::Sip { number, message } => batch.sip.push((*number, message)),
            }
        }
        self.write_batch(batch).await
    }

    async fn write_batch(&self, batch: Batch<'_>) -> Result<(), StoreError> {
        let interactions: Vec<InteractionRow> =
            batch.interactions.iter().map(|record| InteractionRow::from(*record)).collect();
        let events = batch.lines.iter().map(|entry| event_text(entry)).collect::<Result<Vec<_>, _>>()?;
        let lines: Vec<(&TimelineEntry, String)> = batch.lines.iter().copied().zip(events).collect();
        on!(self.writing, pool => {
            let mut transaction = pool.begin().await?;
            put!(transaction, Table::Interactions, interactions, |query, row| query
                .bind(&row.id)
                .bind(&row.channel)
                .bind(&row.state)
                .bind(&row.from_number)
                .bind(&row.from_display)
                .bind(&row.from_user)
                .bind(&row.to_number)
                .bind(&row.origin)
                .bind(row.arrived_at)
                .bind(&row.queue)
                .bind(row.queued_at)
                .bind(&row.agent)
                .bind(row.connected_at)
                .bind(row.ended_at)
                .bind(row.closed_at)
                .bind(&row.outcome)
                .bind(row.waited_ms)
                .bind(row.talked_ms)
                .bind(row.held_ms)
                .bind(row.wrapped_up_ms)
                .bind(row.offers)
                .bind(&row.legs));
            put!(transaction, Table::Timeline, lines, |query, line| query
                .bind(signed(line.0.seq))
                .bind(line.0.at.as_millis())
                .bind(optional_text(line.0.interaction))
                .bind(line.0.event.kind())
                .bind(&line.1));
            put!(transaction, Table::Recordings, batch.recordings, |query, record| query
                .bind(record.id.to_string())
                .bind(record.interaction.to_string())
                .bind(record.kind.as_str())
                .bind(record.started_at.as_millis())
                .bind(record.length.map(millis))
                .bind(record.bytes.map(signed)));
            put!(transaction, Table::SipMessages, batch.sip, |query, row| query
                .bind(row.0)
                .bind(row.1.leg.to_string())
                .bind(row.1.at.as_millis())
                .bind(row.1.sent)
                .bind(&row.1.transport)
                .bind(&row.1.remote)
                .bind(without_nul(&row.1.text)));
            transaction.commit().await?;
        });
        Ok(())
    }

    /// Gives a SIP message the number it is stored under.
    pub fn numbered(&self, message: SipMessage) -> Item {
        Item::Sip { number: self.number(message.at), message }
    }
}

/// Both databases know signed numbers only; none of ours comes near the top bit.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn event_text(entry: &TimelineEntry) -> Result<String, StoreError> {
    serde_json::to_string(&entry.event).map_err(|error| StoreError::Value {
        what: "an event that cannot be written",
        value: error.to_string(),
    })
}
