//! What can go wrong with a database, in sentences an operator can act on.

use std::path::PathBuf;
use thiserror::Error;

/// Why the store could not do it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The address of the database is none we know.
    #[error("database address {0:?} is neither sqlite:PATH nor postgres://USER@HOST/NAME")]
    UnknownAddress(String),
    /// The folder of the database file cannot be made.
    #[error("cannot make the folder {folder} for the database: {source}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The database file cannot be opened or written.
    #[error("cannot write the database {file}: {source} (does this user have the right to write there?)")]
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: sqlx::Error,
    },
    /// The server does not answer or does not let us in, or the file cannot be read or written any more.
    #[error("cannot reach the database: {0}")]
    Unreachable(#[source] sqlx::Error),
    /// Another process holds the database.
    #[error("the database is locked by another process; is a second hotline running on it?")]
    Locked(#[source] sqlx::Error),
    /// No room is left.
    #[error("the disk of the database is full")]
    DiskFull(#[source] sqlx::Error),
    /// The file is no database, or a damaged one.
    #[error("the database is damaged, or is no database at all: {0}")]
    Damaged(#[source] sqlx::Error),
    /// The database was made by a newer program.
    #[error(
        "the database is at version {found}, this program knows versions up to {known}: use a newer hotline"
    )]
    Newer {
        /// The version of the database.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The database is older than this program, and was not migrated.
    #[error("the database is at version {found}, this program needs {known}: run `hotline migrate`")]
    Older {
        /// The version of the database; 0 when it is empty.
        found: i64,
        /// The version needed.
        known: i64,
    },
    /// A migration that was applied is not the one this program has.
    #[error("migration {0} was applied to the database in another form than this program's")]
    OtherMigration(i64),
    /// A migration failed.
    #[error("migrating the database failed: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// A stored value cannot be understood.
    #[error("the database holds {what} that this program does not understand: {value:?}")]
    Value {
        /// What it should be.
        what: &'static str,
        /// What it is.
        value: String,
    },
    /// There is such a user already.
    #[error("there is a user {0} already")]
    UserExists(String),
    /// There is no such user.
    #[error("there is no user {0}")]
    NoSuchUser(String),
    /// The database did not answer in time.
    #[error("the database did not answer within {0:?}")]
    Slow(std::time::Duration),
    /// The database refused a statement.
    #[error("the database refused: {0}")]
    Refused(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether the same statement may succeed later: the trouble is with the database, not with what was asked.
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Locked(_) | Self::DiskFull(_) | Self::Slow(_) | Self::File { .. }
        )
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
        match (&error, code.as_deref()) {
            (_, Some(code)) if code.len() == 5 => Self::from_postgres(code, error),
            (_, Some(code)) => Self::from_sqlite(code.parse().unwrap_or(0), error),
            (
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed,
                None,
            ) => Self::Unreachable(error),
            _ => Self::Refused(error),
        }
    }
}

impl StoreError {
    /// By SQLSTATE, five characters whose first two are the class.
    fn from_postgres(code: &str, error: sqlx::Error) -> Self {
        match code {
            "53100" => Self::DiskFull(error),
            // Too many connections; the server starts, stops or recovers; the connection broke.
            "53300" => Self::Unreachable(error),
            _ if code.starts_with("57P") || code.starts_with("08") => Self::Unreachable(error),
            _ => Self::Refused(error),
        }
    }

    /// By SQLite's result code, whose low byte is the kind (<https://sqlite.org/rescode.html>).
    fn from_sqlite(code: u32, error: sqlx::Error) -> Self {
        match code & 0xff {
            5 | 6 => Self::Locked(error),
            // Read-only, input or output failed, cannot be opened.
            8 | 10 | 14 => Self::Unreachable(error),
            13 => Self::DiskFull(error),
            11 | 26 => Self::Damaged(error),
            _ => Self::Refused(error),
        }
    }
}
