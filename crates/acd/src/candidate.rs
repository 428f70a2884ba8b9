//! Who could take an interaction.

use base::Instant;
use model::skill::Level;
use model::{Agent, SkillLevels, SkillNeed};
use serde::{Deserialize, Serialize};

/// What matters of an agent's state to routing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Availability {
    /// Not at work.
    LoggedOut,
    /// At work, taking nothing.
    NotReady,
    /// Free since then.
    Ready(Instant),
    /// Free since then, but left alone for a moment after an offer that came to nothing.
    Resting(Instant),
    /// Being asked, or talking.
    Busy,
    /// In after-contact work.
    WrapUp,
}

/// An agent as routing sees one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Candidate {
    pub(crate) agent: Agent,
    pub(crate) availability: Availability,
}

/// The first need that `skills` does not meet, with the level there is; 0 for a skill that is absent.
pub(crate) fn first_lack<'a>(
    skills: &SkillLevels,
    needs: impl IntoIterator<Item = &'a SkillNeed>,
) -> Option<(&'a SkillNeed, Level)> {
    needs
        .into_iter()
        .map(|need| (need, skills.get(&need.skill).copied().unwrap_or(0)))
        .find(|(need, has)| *has < need.level)
}
