//! What is said when a database cannot be opened or is not the one this program needs, and the form of stored lines.

#![allow(clippy::disallowed_methods, reason = "these tests meet real files")]

mod sample;

use store::{Store, StoreError};

#[tokio::test]
async fn an_address_of_no_known_kind_is_refused_without_its_password() {
    let refused = Store::open("mysql://root:secret@db/hotline").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "database address \"…@db/hotline\" is neither sqlite:PATH nor postgres://USER@HOST/NAME"
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let refused = open(&folder.path().join("file/deeper/hotline.db")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Folder { .. }), "{refused}");
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("hotline.db")).unwrap();
    let refused = open(&folder.path().join("hotline.db")).await.unwrap_err();
    assert!(matches!(refused, StoreError::File { .. }), "{refused}");
    assert!(refused.to_string().contains("hotline.db"), "{refused}");
}

#[tokio::test]
async fn nobody_else_reads_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("hotline.db")).await.unwrap();
    store.migrate().await.unwrap();
    for name in ["hotline.db", "hotline.db-wal", "hotline.db-shm"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hotline.db");
    std::fs::write(
        &file,
        "this is a shopping list, and it is longer than a database header would be".repeat(20),
    )
    .unwrap();
    let refused = match open(&file).await {
        Ok(store) => store.migrate().await.unwrap_err(),
        Err(refused) => refused,
    };
    assert!(matches!(refused, StoreError::Damaged(_)), "{refused}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_to_be_unreachable() {
    let refused = Store::open("postgres://postgres@127.0.0.1:1/hotline").await.unwrap_err();
    assert!(matches!(refused, StoreError::Unreachable(_)), "{refused}");
}

#[tokio::test]
async fn a_database_that_another_process_holds_is_said_to_be_locked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hotline.db");
    let store = open(&file).await.unwrap();
    store.migrate().await.unwrap();

    let other = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let mut held = other.acquire().await.unwrap();
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut *held).await.unwrap();
    let refused = store.write(&[sample::interaction(1).record()]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Locked(_)), "{refused}");
    assert!(refused.is_passing());

    sqlx::query("ROLLBACK").execute(&mut *held).await.unwrap();
    store.write(&[sample::interaction(1).record()]).await.unwrap();
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hotline.db");
    let store = open(&file).await.unwrap();
    assert!(matches!(store.check_version().await.unwrap_err(), StoreError::Older { found: 0, .. }));
    store.migrate().await.unwrap();

    let other = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', TRUE, x'00', 0)",
    )
    .execute(&other)
    .await
    .unwrap();
    assert!(matches!(store.migrate().await.unwrap_err(), StoreError::Newer { found: 9999, .. }));
    assert!(matches!(store.check_version().await.unwrap_err(), StoreError::Newer { found: 9999, .. }));
}

/// A changed line here means that lines written by earlier programs cannot be read any more: write a migration.
#[test]
fn lines_are_stored_in_this_form() {
    let lines: Vec<String> = sample::every_kind_of_line(model::InteractionId::from_u64(7))
        .iter()
        .map(|line| format!("{}: {}", line.event.kind(), serde_json::to_string(&line.event).unwrap()))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

async fn open(file: &std::path::Path) -> Result<Store, StoreError> {
    Store::open(&format!("sqlite:{}", file.display())).await
}
