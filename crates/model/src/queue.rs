//! Interactions waiting for the same sort of agent, as operators configure it.

use crate::{QueueId, SkillNeed};
use base::Duration;
use serde::{Deserialize, Serialize};

/// The promise a queue is measured by: `goal` percent answered within `threshold`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLevelGoal {
    /// Percent of the offered interactions, 0 to 100.
    pub goal: u8,
    /// The wait that still counts as in time.
    pub threshold: Duration,
    /// Callers who leave sooner than this are not counted at all.
    pub short_abandon: Duration,
}

impl Default for ServiceLevelGoal {
    /// 80 percent within 20 seconds, callers gone within 5 seconds not counted.
    fn default() -> Self {
        Self { goal: 80, threshold: Duration::from_secs(20), short_abandon: Duration::from_secs(5) }
    }
}

/// A queue's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Its name.
    pub id: QueueId,
    /// What every interaction here needs from its agent, besides what the flow asks for.
    pub needs: Vec<SkillNeed>,
    /// How long an agent is rung before the offer moves on.
    pub ring: Duration,
    /// After-contact work before the agent is ready again.
    pub wrap_up: Duration,
    /// How often a waiting caller hears the position; `None` for never.
    pub announce: Option<Duration>,
    /// Interactions that may wait at once; one more is turned away.
    pub waiting_max: usize,
    /// The promise it is measured by.
    pub service_level: ServiceLevelGoal,
}

impl Queue {
    /// A queue with everything at its default: 15 s ring, 10 s wrap-up, position every 30 s, at most 1000 waiting.
    pub fn new(id: QueueId) -> Self {
        Self {
            id,
            needs: Vec::new(),
            ring: Duration::from_secs(15),
            wrap_up: Duration::from_secs(10),
            announce: Some(Duration::from_secs(30)),
            waiting_max: 1000,
            service_level: ServiceLevelGoal::default(),
        }
    }
}
