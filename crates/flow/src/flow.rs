//! A flow as it was loaded: every word in it means something.

use crate::step::Step;
use model::{FlowId, StepId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a step leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// To a step of the same flow: `then = "menu"`.
    Step(StepId),
    /// To another flow, from its beginning: `then = "flow:support"`.
    Flow(FlowId),
}

impl Target {
    /// Reads a target as written in a file.
    pub(crate) fn read(text: &str) -> Self {
        match text.strip_prefix("flow:") {
            Some(flow) => Self::Flow(FlowId::new(flow)),
            None => Self::Step(StepId::new(text)),
        }
    }
}

/// A dialplan.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Its name.
    pub id: FlowId,
    /// By which numbers and addresses interactions come in: `tel:4001`.
    pub entries: Vec<String>,
    /// What is spoken to those who come in here, unless the flow changes it; `None` is the center's language.
    pub language: Option<String>,
    /// The first step.
    pub start: StepId,
    /// Whether a caller is answered before anything is heard.
    pub answer: bool,
    /// When it is open, and where those go who come at other times.
    pub hours: Option<FlowHours>,
    /// What it is made of.
    pub steps: BTreeMap<StepId, Step>,
}

/// When a flow is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowHours {
    /// The name of the opening hours.
    pub hours: String,
    /// Where those go who come at other times.
    pub closed_to: Target,
}
