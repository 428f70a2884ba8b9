//! What agents can do, how well, and what an interaction needs.

use crate::SkillId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How well somebody does something: 1 (a little) to 5 (best). A skill not had is absent, not 0.
pub type Level = u8;

/// The best level there is.
pub const LEVEL_MAX: Level = 5;

/// What an agent can do, and how well.
pub type SkillLevels = BTreeMap<SkillId, Level>;

/// One thing an interaction needs from its agent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SkillNeed {
    /// The skill.
    pub skill: SkillId,
    /// The least level that will do.
    pub level: Level,
}
