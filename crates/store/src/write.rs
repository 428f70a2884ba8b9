//! Writing: a batch is one transaction, and a batch written twice is a batch written once.

use crate::database::on;
use crate::row::{InteractionRow, millis, optional_text, without_nul};
use crate::writer::Item;
use crate::{Store, StoreError};
use model::query::SipMessage;
use model::{Record, TimelineEntry};

const PUT_INTERACTION: &str = "INSERT INTO interactions (id, channel, state, from_number, from_display, from_user, \
     to_number, origin, arrived_at, queue, queued_at, agent, connected_at, ended_at, closed_at, outcome, waited_ms, \
     talked_ms, held_ms, wrapped_up_ms, offers, legs) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) \
     ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, state = excluded.state, \
     from_number = excluded.from_number, from_display = excluded.from_display, from_user = excluded.from_user, \
     to_number = excluded.to_number, origin = excluded.origin, arrived_at = excluded.arrived_at, \
     queue = excluded.queue, queued_at = excluded.queued_at, agent = excluded.agent, \
     connected_at = excluded.connected_at, ended_at = excluded.ended_at, closed_at = excluded.closed_at, \
     outcome = excluded.outcome, waited_ms = excluded.waited_ms, talked_ms = excluded.talked_ms, \
     held_ms = excluded.held_ms, wrapped_up_ms = excluded.wrapped_up_ms, offers = excluded.offers, \
     legs = excluded.legs";

const PUT_LINE: &str = "INSERT INTO timeline (seq, at, interaction, kind, event) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (seq) DO NOTHING";

const PUT_RECORDING: &str = "INSERT INTO recordings (id, interaction, kind, started_at, length_ms, bytes) \
     VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (id) DO UPDATE SET interaction = excluded.interaction, kind = excluded.kind, \
     started_at = excluded.started_at, length_ms = excluded.length_ms, bytes = excluded.bytes";

const PUT_SIP: &str = "INSERT INTO sip_messages (number, leg, at, sent, transport, remote, text) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (number) DO NOTHING";

/// Writes one record within a transaction of either kind.
macro_rules! put_record {
    ($transaction:expr, $record:expr) => {
        match $record {
            Record::Interaction(record) => {
                let row = InteractionRow::from(record.as_ref());
                sqlx::query(PUT_INTERACTION)
                    .bind(row.id)
                    .bind(row.channel)
                    .bind(row.state)
                    .bind(row.from_number)
                    .bind(row.from_display)
                    .bind(row.from_user)
                    .bind(row.to_number)
                    .bind(row.origin)
                    .bind(row.arrived_at)
                    .bind(row.queue)
                    .bind(row.queued_at)
                    .bind(row.agent)
                    .bind(row.connected_at)
                    .bind(row.ended_at)
                    .bind(row.closed_at)
                    .bind(row.outcome)
                    .bind(row.waited_ms)
                    .bind(row.talked_ms)
                    .bind(row.held_ms)
                    .bind(row.wrapped_up_ms)
                    .bind(row.offers)
                    .bind(row.legs)
                    .execute(&mut *$transaction)
                    .await?;
            }
            Record::Timeline(entry) => {
                sqlx::query(PUT_LINE)
                    .bind(signed(entry.seq))
                    .bind(entry.at.as_millis())
                    .bind(optional_text(entry.interaction))
                    .bind(entry.event.kind())
                    .bind(event_text(entry)?)
                    .execute(&mut *$transaction)
                    .await?;
            }
            Record::Recording(record) => {
                sqlx::query(PUT_RECORDING)
                    .bind(record.id.to_string())
                    .bind(record.interaction.to_string())
                    .bind(record.kind.as_str())
                    .bind(record.started_at.as_millis())
                    .bind(record.length.map(millis))
                    .bind(record.bytes.map(signed))
                    .execute(&mut *$transaction)
                    .await?;
            }
        }
    };
}

impl Store {
    /// Writes records in one transaction: all of them or none.
    pub async fn write(&self, records: &[Record]) -> Result<(), StoreError> {
        on!(self.database, pool => {
            let mut transaction = pool.begin().await?;
            for record in records {
                put_record!(transaction, record);
            }
            transaction.commit().await?;
        });
        Ok(())
    }

    /// Writes SIP messages in one transaction, in the order given. Unlike records they have no id: a message handed
    /// in twice is there twice, so the [`Writer`](crate::Writer) numbers them once and for all.
    pub async fn write_ladder(&self, messages: &[SipMessage]) -> Result<(), StoreError> {
        let items: Vec<Item> = messages.iter().map(|message| self.numbered(message.clone())).collect();
        self.write_items(&items).await
    }

    /// Writes what a [`Writer`](crate::Writer) gathered, in one transaction.
    pub async fn write_items(&self, items: &[Item]) -> Result<(), StoreError> {
        on!(self.database, pool => {
            let mut transaction = pool.begin().await?;
            for item in items {
                match item {
                    Item::Record(record) => put_record!(transaction, record),
                    Item::Sip { number, message } => {
                        sqlx::query(PUT_SIP)
                            .bind(number)
                            .bind(message.leg.to_string())
                            .bind(message.at.as_millis())
                            .bind(message.sent)
                            .bind(&message.transport)
                            .bind(&message.remote)
                            .bind(without_nul(&message.text))
                            .execute(&mut *transaction)
                            .await?;
                    }
                }
            }
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
