//! What somebody is in the center.

/// A role. A user has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Handles interactions.
    Agent,
    /// Looks after agents and queues.
    Supervisor,
    /// Plans shifts.
    Planner,
    /// Runs campaigns.
    Marketing,
    /// Runs the center itself.
    Admin,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Self; 5] = [Self::Agent, Self::Supervisor, Self::Planner, Self::Marketing, Self::Admin];

    /// The word used in the library and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Planner => "planner",
            Self::Marketing => "marketing",
            Self::Admin => "admin",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}
