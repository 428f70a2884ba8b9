//! Users, and who of them is logged in.

use crate::database::on;
use crate::row::json;
use crate::{Store, StoreError};
use access::{Role, User};
use base::Timestamp;
use model::QueueId;

/// A user with the hash of the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: User,
    /// argon2id, in the PHC string form.
    pub password_hash: String,
}

/// Somebody who is logged in. The token itself is known to its holder only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token, in hexadecimal.
    pub token_hash: String,
    /// Whose it is.
    pub login: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// Login, name, role, queues, password hash, time of adding, disabled.
type UserRow = (String, String, String, Option<String>, String, i64, bool);

impl Store {
    /// Adds a user.
    pub async fn add_user(&self, user: &User, password_hash: &str) -> Result<(), StoreError> {
        let queues = user
            .queues
            .as_ref()
            .map(|queues| serde_json::Value::from_iter(queues.iter().map(ToString::to_string)).to_string());
        let added = on!(self.database, pool => {
            sqlx::query(
                "INSERT INTO users (login_key, login, name, role, queues, password_hash, created_at, disabled) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (login_key) DO NOTHING",
            )
            .bind(key(&user.login))
            .bind(&user.login)
            .bind(&user.name)
            .bind(user.role.as_str())
            .bind(queues)
            .bind(password_hash)
            .bind(user.created_at.as_millis())
            .bind(user.disabled)
            .execute(pool)
            .await?
            .rows_affected()
        });
        if added == 1 { Ok(()) } else { Err(StoreError::UserExists(user.login.clone())) }
    }

    /// Every user, by login.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let rows: Vec<UserRow> = on!(self.database, pool => {
            sqlx::query_as(
                "SELECT login, name, role, queues, password_hash, created_at, disabled FROM users ORDER BY login_key",
            )
            .fetch_all(pool)
            .await?
        });
        rows.into_iter().map(|row| credentials(row).map(|found| found.user)).collect()
    }

    /// The user with this login, whatever its case.
    pub async fn user(&self, login: &str) -> Result<Option<Credentials>, StoreError> {
        // No login holds a NUL, and PostgreSQL would refuse to look for one.
        if login.contains('\0') {
            return Ok(None);
        }
        let row: Option<UserRow> = on!(self.database, pool => {
            sqlx::query_as(
                "SELECT login, name, role, queues, password_hash, created_at, disabled FROM users \
                 WHERE login_key = $1",
            )
            .bind(key(login))
            .fetch_optional(pool)
            .await?
        });
        row.map(credentials).transpose()
    }

    /// Sets a user's password, and ends every session the user has.
    pub async fn set_password(&self, login: &str, password_hash: &str) -> Result<(), StoreError> {
        let changed = on!(self.database, pool => {
            let mut transaction = pool.begin().await?;
            let changed = sqlx::query("UPDATE users SET password_hash = $2 WHERE login_key = $1")
                .bind(key(login))
                .bind(password_hash)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            sqlx::query("DELETE FROM sessions WHERE login_key = $1")
                .bind(key(login))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            changed
        });
        if changed == 1 { Ok(()) } else { Err(StoreError::NoSuchUser(login.to_owned())) }
    }

    /// Lets a user log in, or not any more; the latter ends every session the user has.
    pub async fn set_disabled(&self, login: &str, disabled: bool) -> Result<(), StoreError> {
        let changed = on!(self.database, pool => {
            let mut transaction = pool.begin().await?;
            let changed = sqlx::query("UPDATE users SET disabled = $2 WHERE login_key = $1")
                .bind(key(login))
                .bind(disabled)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            if disabled {
                sqlx::query("DELETE FROM sessions WHERE login_key = $1")
                    .bind(key(login))
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await?;
            changed
        });
        if changed == 1 { Ok(()) } else { Err(StoreError::NoSuchUser(login.to_owned())) }
    }

    /// Remembers that somebody logged in.
    pub async fn open_session(&self, session: &Session) -> Result<(), StoreError> {
        on!(self.database, pool => {
            sqlx::query(
                "INSERT INTO sessions (token_hash, login_key, created_at, expires_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (token_hash) DO NOTHING",
            )
            .bind(&session.token_hash)
            .bind(key(&session.login))
            .bind(session.created_at.as_millis())
            .bind(session.expires_at.as_millis())
            .execute(pool)
            .await?;
        });
        Ok(())
    }

    /// The user who holds the token with this hash, unless the session is over or the user disabled.
    pub async fn session(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<(User, Session)>, StoreError> {
        /// A session's begin and end, and its user's login, name, role, queues, password hash, begin and state.
        type Row = (i64, i64, String, String, String, Option<String>, String, i64, bool);
        let row: Option<Row> = on!(self.database, pool => {
            sqlx::query_as(
                "SELECT sessions.created_at, sessions.expires_at, users.login, users.name, users.role, users.queues, \
                 users.password_hash, users.created_at, users.disabled \
                 FROM sessions JOIN users ON users.login_key = sessions.login_key \
                 WHERE sessions.token_hash = $1 AND sessions.expires_at > $2",
            )
            .bind(token_hash)
            .bind(now.as_millis())
            .fetch_optional(pool)
            .await?
        });
        let Some((created_at, expires_at, login, name, role, queues, hash, added_at, disabled)) = row else {
            return Ok(None);
        };
        let user = credentials((login, name, role, queues, hash, added_at, disabled))?.user;
        if user.disabled {
            return Ok(None);
        }
        let session = Session {
            token_hash: token_hash.to_owned(),
            login: user.login.clone(),
            created_at: Timestamp::from_millis(created_at),
            expires_at: Timestamp::from_millis(expires_at),
        };
        Ok(Some((user, session)))
    }

    /// Ends a session.
    pub async fn close_session(&self, token_hash: &str) -> Result<(), StoreError> {
        on!(self.database, pool => {
            sqlx::query("DELETE FROM sessions WHERE token_hash = $1").bind(token_hash).execute(pool).await?;
        });
        Ok(())
    }

    /// Forgets the sessions that are over.
    pub async fn forget_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        Ok(on!(self.database, pool => {
            sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
                .bind(now.as_millis())
                .execute(pool)
                .await?
                .rows_affected()
        }))
    }
}

/// The form in which two logins that differ only in case are one.
fn key(login: &str) -> String {
    login.to_lowercase()
}

fn credentials(row: UserRow) -> Result<Credentials, StoreError> {
    let (login, name, role, queues, password_hash, created_at, disabled) = row;
    let role = Role::parse(&role).ok_or(StoreError::Value { what: "a role", value: role })?;
    let queues = queues.map(|text| json::<Vec<String>>("a list of queues", &text)).transpose()?;
    let user = User {
        login,
        name,
        role,
        queues: queues.map(|names| names.iter().map(|name| QueueId::new(name)).collect()),
        created_at: Timestamp::from_millis(created_at),
        disabled,
    };
    Ok(Credentials { user, password_hash })
}
