//! Migrations: the numbered files of `migrations/`, embedded in the program.
//!
//! A new file is added to [`FILES`]; a test compares the list with the folder. sqlx's own macro would do the same at
//! the price of building both database drivers a second time, for the compiler.

use crate::database::on;
use crate::{Store, StoreError};
use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

/// Number, name and text of every migration, in order.
const FILES: &[(i64, &str, &str)] = &[
    (1, "library", include_str!("../../../migrations/0001_library.sql")),
    (2, "users", include_str!("../../../migrations/0002_users.sql")),
];

/// The version this program needs.
pub const VERSION: i64 = FILES[FILES.len() - 1].0;

impl Store {
    /// Brings the database to this program's version. Does nothing when it is there already.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let migrator = Migrator::with_migrations(
            FILES
                .iter()
                .map(|&(number, name, text)| {
                    Migration::new(number, name.into(), MigrationType::Simple, text.into_sql_str(), false)
                })
                .collect(),
        );
        let done = on!(self.database, pool => migrator.run(pool).await);
        done.map_err(|error| match error {
            MigrateError::VersionMissing(found) => StoreError::Newer { found, known: VERSION },
            MigrateError::VersionMismatch(number) => StoreError::OtherMigration(number),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                match StoreError::from(error) {
                    StoreError::Refused(error) => StoreError::Migration(MigrateError::Execute(error)),
                    other => other,
                }
            }
            other => StoreError::Migration(other),
        })
    }

    /// The version the database is at; 0 when it is empty.
    pub async fn version(&self) -> Result<i64, StoreError> {
        let found: Result<(Option<i64>,), sqlx::Error> = on!(self.database, pool => {
            sqlx::query_as("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(pool).await
        });
        match found {
            Ok((version,)) => Ok(version.unwrap_or(0)),
            // No such table: nothing was ever migrated here.
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some("42P01") || error.message().contains("no such table") =>
            {
                Ok(0)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses a database that is not at this program's version, for the commands that only read.
    pub async fn check_version(&self) -> Result<(), StoreError> {
        let (found, known) = (self.version().await?, VERSION);
        match found.cmp(&known) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => Err(StoreError::Older { found, known }),
            std::cmp::Ordering::Greater => Err(StoreError::Newer { found, known }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        names.sort();
        let embedded: Vec<String> =
            FILES.iter().map(|(number, name, _)| format!("{number:04}_{name}.sql")).collect();
        assert_eq!(names, embedded);
    }
}
