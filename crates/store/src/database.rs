//! The database behind the library: opened by its address, one of two kinds.

use crate::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Connections kept to one database for everything but records, which are written through one of their own: it keeps
/// what it knows of the tables, where a connection that finds another one's pages changed must read them again.
pub const CONNECTIONS_MAX: u32 = 7;
/// How long SQLite waits for another process that writes, before the database counts as locked.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);
/// How long a free connection is waited for, before the database counts as away.
pub const CONNECTION_WAIT: Duration = Duration::from_secs(5);

/// The library, and everything else that is stored. A clone is another handle on the same connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) database: Database,
    /// The one connection that records are written through.
    pub(crate) writing: Database,
    /// Makes numbers unique that are given within the same millisecond.
    counter: Arc<AtomicU32>,
}

/// The connections, by the kind of database.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Stamps out one piece of code for both kinds of database: the statements are the same text, the types are not.
macro_rules! on {
    ($database:expr, $pool:ident => $body:expr) => {
        match &$database {
            $crate::database::Database::Sqlite($pool) => $body,
            $crate::database::Database::Postgres($pool) => $body,
        }
    };
}
pub(crate) use on;

impl Store {
    /// Opens the database at `address`: `sqlite:PATH`, made if it does not exist, or `postgres://USER@HOST/NAME`.
    ///
    /// Nothing is created in it before [`migrate`](Self::migrate).
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        let database = connect(address, CONNECTIONS_MAX).await?;
        let writing = connect(address, 1).await?;
        Ok(Self { database, writing, counter: Arc::default() })
    }

    /// Which kind of database it is: `sqlite` or `postgres`.
    pub const fn kind(&self) -> &'static str {
        match self.database {
            Database::Sqlite(_) => "sqlite",
            Database::Postgres(_) => "postgres",
        }
    }

    /// Whether the database answers.
    pub async fn check(&self) -> Result<(), StoreError> {
        on!(self.database, pool => sqlx::query("SELECT 1").execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Closes every connection; SQLite's log file is folded back into the database.
    pub async fn close(&self) {
        on!(self.writing, pool => pool.close().await);
        on!(self.database, pool => pool.close().await);
    }

    /// A number for a row that has no id of its own. It grows with time, also over restarts, as far as the clock does.
    ///
    /// Forty-three bits hold the milliseconds for the next 270 years, twenty tell rows of one millisecond apart.
    pub(crate) fn number(&self, at: base::Timestamp) -> i64 {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        (at.as_millis() << 20) | i64::from(count & 0xF_FFFF)
    }
}

async fn connect(address: &str, connections: u32) -> Result<Database, StoreError> {
    match address.split_once(':') {
        Some(("sqlite", path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            Ok(Database::Sqlite(open_file(path, connections).await?))
        }
        Some(("postgres" | "postgresql", _)) => {
            Ok(Database::Postgres(open_server(address, connections).await?))
        }
        _ => Err(StoreError::UnknownAddress(without_password(address))),
    }
}

async fn open_file(path: &str, connections: u32) -> Result<SqlitePool, StoreError> {
    let file = Path::new(path);
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|source| StoreError::Folder { folder: folder.to_owned(), source })?;
    }
    make_private(file)?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A written batch is on the disk when it is acknowledged, also when the power fails right after.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(LOCK_WAIT)
        .foreign_keys(true);
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECTION_WAIT)
        .connect_with(options)
        .await
        .map_err(|source| match StoreError::from(source) {
            StoreError::Unreachable(source) | StoreError::Refused(source) => {
                StoreError::File { file: file.to_owned(), source }
            }
            other => other,
        })
}

/// Makes the file for nobody but the account the program runs under; SQLite gives its side files the same rights.
fn make_private(file: &Path) -> Result<(), StoreError> {
    let made = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file);
    match made {
        Ok(_) => Ok(()),
        Err(error) => Err(StoreError::File { file: file.to_owned(), source: sqlx::Error::Io(error) }),
    }
}

async fn open_server(address: &str, connections: u32) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(address).map_err(StoreError::Unreachable)?;
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECTION_WAIT)
        .connect_with(options)
        .await
        .map_err(StoreError::Unreachable)
}

/// The address as it may be shown: what stands before the `@` may hold a password.
fn without_password(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => address.to_owned(),
    }
}
