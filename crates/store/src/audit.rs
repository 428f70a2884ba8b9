//! The audit trail: added to, never changed.

use crate::database::on;
use crate::row::without_nul;
use crate::{Store, StoreError};
use access::{AuditEntry, Deed};
use base::Timestamp;

/// The most entries that one question brings.
pub const ENTRIES_MAX: u32 = 1_000;

impl Store {
    /// Adds an entry.
    pub async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        // Another process, such as `hotline user add`, may take the same number in the same millisecond.
        loop {
            let number = self.number(entry.at);
            let added = on!(self.database, pool => {
                sqlx::query(
                    "INSERT INTO audit (number, at, who, deed, object, from_address) \
                     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (number) DO NOTHING",
                )
                .bind(number)
                .bind(entry.at.as_millis())
                .bind(without_nul(&entry.who))
                .bind(entry.deed.as_str())
                .bind(without_nul(&entry.object))
                .bind(&entry.from)
                .execute(pool)
                .await?
                .rows_affected()
            });
            if added == 1 {
                return Ok(());
            }
        }
    }

    /// The latest entries, newest first.
    pub async fn audit_entries(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<(i64, String, String, String, String)> = on!(self.database, pool => {
            sqlx::query_as("SELECT at, who, deed, object, from_address FROM audit ORDER BY number DESC LIMIT $1")
                .bind(i64::from(limit.min(ENTRIES_MAX)))
                .fetch_all(pool)
                .await?
        });
        rows.into_iter()
            .map(|(at, who, deed, object, from)| {
                let deed = Deed::parse(&deed).ok_or(StoreError::Value { what: "a deed", value: deed })?;
                Ok(AuditEntry { at: Timestamp::from_millis(at), who, deed, object, from })
            })
            .collect()
    }
}
