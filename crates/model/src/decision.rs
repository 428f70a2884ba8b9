//! Why an interaction went to this agent, or still waits: as data, from the code that decided.

use crate::skill::Level;
use crate::{AgentId, QueueId, SkillId};
use base::Duration;
use serde::{Deserialize, Serialize};

/// Why this interaction was offered to this agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferReason {
    /// The queue it came from.
    pub queue: QueueId,
    /// How agents are chosen there.
    pub rule: SelectionRule,
    /// How long the agent had been idle.
    pub idle: Duration,
    /// Agents who were ready and fitted, this one among them.
    pub candidates: u32,
    /// How long the interaction had waited.
    pub waited: Duration,
    /// Its place among those waiting for the queue when it was taken: 1 is the front.
    pub position: u32,
    /// Its priority: higher goes first.
    pub priority: i32,
    /// What was needed and what the agent has.
    pub skills: Vec<SkillMatch>,
    /// Ready agents of this queue who were not chosen, and why not. At most [`PASSED_OVER_MAX`].
    pub passed_over: Vec<(AgentId, PassedOver)>,
}

/// How many passed-over agents are kept with a decision.
pub const PASSED_OVER_MAX: usize = 8;

/// How the agent is chosen among those who fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelectionRule {
    /// Who has been idle for the longest time.
    LongestIdle,
}

impl SelectionRule {
    /// The word used in timelines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LongestIdle => "longest_idle",
        }
    }
}

/// A skill that was needed, and how well the agent has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillMatch {
    /// The skill.
    pub skill: SkillId,
    /// The least level that would do.
    pub needed: Level,
    /// The agent's level.
    pub has: Level,
}

/// Why a ready agent was not chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PassedOver {
    /// Idle for a shorter time.
    IdleLess {
        /// How long.
        idle: Duration,
    },
    /// Lacks a skill, or has it below the level needed.
    Lacks {
        /// The skill.
        skill: SkillId,
        /// The level needed.
        needed: Level,
        /// The agent's level; 0 when the skill is absent.
        has: Level,
    },
    /// Was asked for this interaction already and did not take it.
    AskedBefore,
}

/// Why an interaction still waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitReason {
    /// Nobody who serves the queue is logged in.
    NobodyLoggedIn,
    /// Nobody logged in has what it needs.
    NobodyFits {
        /// The first skill that nobody has at the level needed.
        skill: SkillId,
        /// That level.
        needed: Level,
    },
    /// All who fit are at something else.
    AllBusy {
        /// Talking or being rung.
        talking: u32,
        /// In wrap-up.
        wrap_up: u32,
        /// Not ready.
        not_ready: u32,
    },
}

impl WaitReason {
    /// The word used on the board.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NobodyLoggedIn => "nobody_logged_in",
            Self::NobodyFits { .. } => "nobody_fits",
            Self::AllBusy { .. } => "all_busy",
        }
    }
}
