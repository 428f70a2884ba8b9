//! A queue as the API shows it.

use super::{at, millis};
use model::QueueView;
use model::board::QueueFigures;
use serde::Serialize;
use utoipa::ToSchema;

/// A queue, live.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = QueueView)]
pub struct QueueJson {
    /// The name.
    pub id: String,
    /// Interactions waiting, those being offered included.
    pub waiting: u32,
    /// When the one that has waited longest came, in milliseconds UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_since: Option<i64>,
    /// The agents who serve it, by state.
    pub agents: AgentCountsJson,
    /// The promise it is measured by.
    pub service_level: ServiceLevelJson,
    /// What it did today.
    pub today: QueueFiguresJson,
}

/// Agents by state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AgentCounts)]
pub struct AgentCountsJson {
    /// Waiting for an interaction.
    pub ready: u32,
    /// Being asked.
    pub reserved: u32,
    /// Talking.
    pub talking: u32,
    /// In wrap-up.
    pub wrap_up: u32,
    /// Not ready.
    pub not_ready: u32,
    /// Not at work.
    pub logged_out: u32,
}

/// `goal` percent answered within `threshold_ms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ServiceLevel)]
pub struct ServiceLevelJson {
    /// Percent.
    pub goal: u8,
    /// The wait that still counts as in time.
    pub threshold_ms: u64,
    /// Callers who leave sooner are not counted at all.
    pub short_abandon_ms: u64,
}

/// What a queue did since midnight in the center's zone or since the start, whichever was later.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = QueueFigures)]
pub struct QueueFiguresJson {
    /// Interactions that came.
    pub offered: u32,
    /// Answered by an agent.
    pub answered: u32,
    /// Answered within the threshold.
    pub in_time: u32,
    /// Left while waiting, short abandons not counted.
    pub abandoned: u32,
    /// Left within the short-abandon time.
    pub abandoned_short: u32,
    /// Left after the threshold had passed.
    pub abandoned_late: u32,
    /// Sum of the waits of the answered ones.
    pub wait_ms: u64,
    /// Sum of talk, hold and wrap-up of the handled ones.
    pub handle_ms: u64,
    /// Interactions whose handling is over.
    pub handled: u32,
    /// Percent answered in time of those answered or abandoned, short abandons not counted; null when there were none.
    pub service_level: Option<f64>,
}

impl From<&QueueView> for QueueJson {
    fn from(view: &QueueView) -> Self {
        let goal = &view.queue.service_level;
        Self {
            id: view.queue.id.to_string(),
            waiting: view.waiting,
            longest_since: at(view.longest_since),
            agents: AgentCountsJson {
                ready: view.agents.ready,
                reserved: view.agents.reserved,
                talking: view.agents.talking,
                wrap_up: view.agents.wrap_up,
                not_ready: view.agents.not_ready,
                logged_out: view.agents.logged_out,
            },
            service_level: ServiceLevelJson {
                goal: goal.goal,
                threshold_ms: millis(goal.threshold),
                short_abandon_ms: millis(goal.short_abandon),
            },
            today: (&view.today).into(),
        }
    }
}

impl From<&QueueFigures> for QueueFiguresJson {
    fn from(today: &QueueFigures) -> Self {
        Self {
            offered: today.offered,
            answered: today.answered,
            in_time: today.in_time,
            abandoned: today.abandoned,
            abandoned_short: today.abandoned_short,
            abandoned_late: today.abandoned_late,
            wait_ms: today.wait_ms,
            handle_ms: today.handle_ms,
            handled: today.handled,
            service_level: service_level(today),
        }
    }
}

fn service_level(today: &QueueFigures) -> Option<f64> {
    let counted = u64::from(today.answered) + u64::from(today.abandoned);
    // One place behind the point is what anybody reads.
    (counted > 0).then(|| (f64::from(today.in_time) * 1000.0 / counted as f64).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_level_counts_the_answered_and_the_abandoned_but_not_the_short_ones() {
        let today = QueueFigures {
            answered: 8,
            in_time: 6,
            abandoned: 1,
            abandoned_short: 5,
            ..QueueFigures::default()
        };
        assert_eq!(service_level(&today), Some(66.7));
        assert_eq!(service_level(&QueueFigures::default()), None);
    }
}
