//! The statements that write, for one row and for many.
//!
//! Only a few sizes exist, so that each is prepared once per connection and then known by its text.

use core::fmt::Write;
use std::sync::OnceLock;

/// How many rows a statement may have. Any number is a sum of these.
pub(crate) const ROWS: [usize; 6] = [32, 16, 8, 4, 2, 1];

/// A table that is written row by row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    /// One row for each interaction; the last state stays.
    Interactions,
    /// The center's story; a line is written once.
    Timeline,
    /// One row for each recording; the last state stays.
    Recordings,
    /// SIP messages; each is written once.
    SipMessages,
}

/// What there is to say of a table.
struct Shape {
    name: &'static str,
    /// The first is the key.
    columns: &'static [&'static str],
    /// Whether a row that is there takes the new values.
    replaces: bool,
}

impl Table {
    const fn shape(self) -> Shape {
        match self {
            Self::Interactions => Shape {
                name: "interactions",
                columns: &[
                    "id",
                    "channel",
                    "state",
                    "from_number",
                    "from_display",
                    "from_user",
                    "to_number",
                    "origin",
                    "arrived_at",
                    "queue",
                    "queued_at",
                    "agent",
                    "connected_at",
                    "ended_at",
                    "closed_at",
                    "outcome",
                    "waited_ms",
                    "talked_ms",
                    "held_ms",
                    "wrapped_up_ms",
                    "offers",
                    "legs",
                ],
                replaces: true,
            },
            Self::Timeline => Shape {
                name: "timeline",
                columns: &["seq", "at", "interaction", "kind", "event"],
                replaces: false,
            },
            Self::Recordings => Shape {
                name: "recordings",
                columns: &["id", "interaction", "kind", "started_at", "length_ms", "bytes"],
                replaces: true,
            },
            Self::SipMessages => Shape {
                name: "sip_messages",
                columns: &["number", "leg", "at", "sent", "transport", "remote", "text"],
                replaces: false,
            },
        }
    }

    /// The statement that writes `rows` rows; `rows` is one of [`ROWS`].
    pub(crate) fn statement(self, rows: usize) -> &'static str {
        static KNOWN: [[OnceLock<String>; ROWS.len()]; 4] =
            [const { [const { OnceLock::new() }; ROWS.len()] }; 4];
        let size = ROWS.iter().position(|known| *known == rows).unwrap_or(ROWS.len() - 1);
        KNOWN[self as usize][size].get_or_init(|| self.shape().insert(ROWS[size]))
    }
}

impl Shape {
    fn insert(&self, rows: usize) -> String {
        let mut text = format!("INSERT INTO {} ({}) VALUES ", self.name, self.columns.join(", "));
        let width = self.columns.len();
        for row in 0..rows {
            let places: Vec<_> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
            let comma = if row == 0 { "" } else { ", " };
            let _ = write!(text, "{comma}({})", places.join(", "));
        }
        let _ = write!(text, " ON CONFLICT ({}) DO ", self.columns[0]);
        if self.replaces {
            let set: Vec<_> =
                self.columns[1..].iter().map(|column| format!("{column} = excluded.{column}")).collect();
            let _ = write!(text, "UPDATE SET {}", set.join(", "));
        } else {
            text.push_str("NOTHING");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_names_every_place_of_every_row() {
        insta::assert_snapshot!(Table::Recordings.statement(2), @"INSERT INTO recordings (id, interaction, kind, started_at, length_ms, bytes) VALUES ($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO UPDATE SET interaction = excluded.interaction, kind = excluded.kind, started_at = excluded.started_at, length_ms = excluded.length_ms, bytes = excluded.bytes");
        insta::assert_snapshot!(Table::Timeline.statement(1), @"INSERT INTO timeline (seq, at, interaction, kind, event) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (seq) DO NOTHING");
        for table in [Table::Interactions, Table::Timeline, Table::Recordings, Table::SipMessages] {
            for rows in ROWS {
                let places = table.statement(rows).matches('$').count();
                assert_eq!(places, rows * table.shape().columns.len(), "{table:?}, {rows} rows");
            }
        }
    }
}
