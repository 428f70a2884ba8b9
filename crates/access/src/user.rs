//! Somebody who can log in.

use crate::{Permission, Reach, Role, reach};
use base::Timestamp;
use model::QueueId;

/// A user's settings, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name used to log in; two logins that differ only in case are the same.
    pub login: String,
    /// The name people see.
    pub name: String,
    /// What the user is.
    pub role: Role,
    /// The queues a supervisor looks after; `None` is all of them.
    pub queues: Option<Vec<QueueId>>,
    /// When the user was added.
    pub created_at: Timestamp,
    /// Whether the user may not log in any more.
    pub disabled: bool,
}

/// The one who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The login, which is also the agent's id if there is such an agent.
    pub login: String,
    /// What the asker is.
    pub role: Role,
    /// The queues a supervisor looks after; `None` is all of them.
    pub queues: Option<Vec<QueueId>>,
}

impl User {
    /// The user as the one who asks.
    pub fn subject(&self) -> Subject {
        Subject { login: self.login.clone(), role: self.role, queues: self.queues.clone() }
    }
}

impl Subject {
    /// What the asker may do somewhere in the center.
    pub fn permissions(&self) -> impl Iterator<Item = Permission> + '_ {
        Permission::ALL.into_iter().filter(|permission| reach(self, *permission) != Reach::Nothing)
    }
}
