//! One customer matter from arrival to its end.
//!
//! ```text
//!  Arrived ─▶ InFlow ─▶ Queued ─▶ Offered ─▶ Connected ⇄ OnHold ─▶ WrapUp ─▶ Closed
//!                │        │ ▲        │           │
//!                │        │ └─no answer          └─ transferred: back to InFlow or Queued
//!                └────────┴──────────┴──▶ Closed: abandoned, self-served, voicemail …
//! ```

use crate::{AgentId, FlowId, QueueId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where an interaction stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InteractionState {
    /// It is here, and nothing was done with it yet.
    Arrived,
    /// A flow talks with it.
    InFlow(FlowId),
    /// It waits for an agent.
    Queued(QueueId),
    /// It is presented to an agent, who has not answered; the customer still waits.
    Offered(QueueId, AgentId),
    /// Customer and agent talk.
    Connected(QueueId, AgentId),
    /// The customer hears music while the agent does something else.
    OnHold(QueueId, AgentId),
    /// The flow connected the customer with somebody outside the center.
    Transferred(String),
    /// The customer is gone, the agent writes it up.
    WrapUp(QueueId, AgentId),
    /// It is over.
    Closed(Outcome),
}

/// How an interaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// An agent handled it.
    Handled,
    /// The customer left while waiting for an agent.
    Abandoned,
    /// The flow served the customer to its end, or the customer had heard enough.
    SelfServed,
    /// It came outside the opening hours.
    ClosedHours,
    /// The customer left a message.
    Voicemail,
    /// The customer was connected with somebody outside the center.
    Transferred,
    /// One of our phones talked with a colleague or with somebody outside, past the queues.
    Direct,
    /// One of our phones called somebody who did not take it.
    Unanswered,
    /// We could not serve it: no such number, queue full, nobody there.
    Refused,
    /// The connection broke while an agent handled it, or the server went down.
    Interrupted,
}

/// What can happen to an interaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InteractionStep {
    /// A flow takes it.
    EnterFlow(FlowId),
    /// It begins to wait.
    Enqueue(QueueId),
    /// An agent is asked.
    Offer(AgentId),
    /// The agent asked did not take it.
    Decline,
    /// The agent took it.
    Connect,
    /// The agent put it on hold.
    Hold,
    /// The agent took it off hold.
    Resume,
    /// It is connected to a number outside, or, dialled by a phone of ours, to a colleague.
    Transfer(String),
    /// The talk is over, the agent's work is not.
    BeginWrapUp,
    /// It is over.
    Close(Outcome),
}

/// A step that an interaction's state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("an interaction that is {state} cannot {step}")]
pub struct IllegalInteractionStep {
    /// The state, as a word.
    pub state: &'static str,
    /// The step, as a word.
    pub step: &'static str,
}

impl InteractionState {
    /// The state after `step`.
    pub fn step(&self, step: InteractionStep) -> Result<Self, IllegalInteractionStep> {
        use InteractionState as State;
        use InteractionStep as Step;

        Ok(match (self, step) {
            (State::Closed(_), step) => return Err(self.refuse(&step)),
            (_, Step::Close(outcome)) => State::Closed(outcome),
            (
                State::Arrived | State::InFlow(_) | State::Queued(_) | State::Transferred(_),
                Step::EnterFlow(flow),
            ) => State::InFlow(flow),
            (State::Connected(..) | State::OnHold(..), Step::EnterFlow(flow)) => State::InFlow(flow),
            (
                State::InFlow(_) | State::Connected(..) | State::OnHold(..) | State::Transferred(_),
                Step::Enqueue(queue),
            ) => State::Queued(queue),
            (
                State::Arrived
                | State::InFlow(_)
                | State::Connected(..)
                | State::OnHold(..)
                | State::Transferred(_),
                Step::Transfer(number),
            ) => State::Transferred(number),
            (State::Queued(queue), Step::Offer(agent)) => State::Offered(queue.clone(), agent),
            (State::Offered(queue, _), Step::Decline) => State::Queued(queue.clone()),
            (State::Offered(queue, agent), Step::Connect) => State::Connected(queue.clone(), agent.clone()),
            (State::Connected(queue, agent), Step::Hold) => State::OnHold(queue.clone(), agent.clone()),
            (State::OnHold(queue, agent), Step::Resume) => State::Connected(queue.clone(), agent.clone()),
            (State::Connected(queue, agent) | State::OnHold(queue, agent), Step::BeginWrapUp) => {
                State::WrapUp(queue.clone(), agent.clone())
            }
            (_, step) => return Err(self.refuse(&step)),
        })
    }

    fn refuse(&self, step: &InteractionStep) -> IllegalInteractionStep {
        IllegalInteractionStep { state: self.as_str(), step: step.as_str() }
    }

    /// The word used in records, on the board and in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::InFlow(_) => "in_flow",
            Self::Queued(_) => "queued",
            Self::Offered(..) => "offered",
            Self::Connected(..) => "connected",
            Self::OnHold(..) => "on_hold",
            Self::Transferred(_) => "transferred",
            Self::WrapUp(..) => "wrap_up",
            Self::Closed(_) => "closed",
        }
    }

    /// The agent asked, talking or writing it up.
    pub const fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Offered(_, agent)
            | Self::Connected(_, agent)
            | Self::OnHold(_, agent)
            | Self::WrapUp(_, agent) => Some(agent),
            _ => None,
        }
    }

    /// The queue it waits in, or came from.
    pub const fn queue(&self) -> Option<&QueueId> {
        match self {
            Self::Queued(queue)
            | Self::Offered(queue, _)
            | Self::Connected(queue, _)
            | Self::OnHold(queue, _)
            | Self::WrapUp(queue, _) => Some(queue),
            _ => None,
        }
    }
}

impl InteractionStep {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::EnterFlow(_) => "enter a flow",
            Self::Enqueue(_) => "be queued",
            Self::Offer(_) => "be offered",
            Self::Decline => "be declined",
            Self::Connect => "be connected",
            Self::Hold => "be held",
            Self::Resume => "be resumed",
            Self::Transfer(_) => "be transferred",
            Self::BeginWrapUp => "be wrapped up",
            Self::Close(_) => "be closed",
        }
    }
}

impl Outcome {
    /// Every outcome there is.
    pub const ALL: [Self; 10] = [
        Self::Handled,
        Self::Abandoned,
        Self::SelfServed,
        Self::ClosedHours,
        Self::Voicemail,
        Self::Transferred,
        Self::Direct,
        Self::Unanswered,
        Self::Refused,
        Self::Interrupted,
    ];

    /// The word used in records, on the board and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Abandoned => "abandoned",
            Self::SelfServed => "self_served",
            Self::ClosedHours => "closed_hours",
            Self::Voicemail => "voicemail",
            Self::Transferred => "transferred",
            Self::Direct => "direct",
            Self::Unanswered => "unanswered",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn the_whole_table() {
        let (queue, agent) = (|| QueueId::from("q"), || AgentId::from("a"));
        let states = [
            InteractionState::Arrived,
            InteractionState::InFlow("f".into()),
            InteractionState::Queued(queue()),
            InteractionState::Offered(queue(), agent()),
            InteractionState::Connected(queue(), agent()),
            InteractionState::OnHold(queue(), agent()),
            InteractionState::Transferred("9".to_owned()),
            InteractionState::WrapUp(queue(), agent()),
            InteractionState::Closed(Outcome::Handled),
        ];
        let steps = [
            InteractionStep::EnterFlow("g".into()),
            InteractionStep::Enqueue(queue()),
            InteractionStep::Offer(agent()),
            InteractionStep::Decline,
            InteractionStep::Connect,
            InteractionStep::Hold,
            InteractionStep::Resume,
            InteractionStep::Transfer("9".to_owned()),
            InteractionStep::BeginWrapUp,
            InteractionStep::Close(Outcome::Handled),
        ];
        let mut table = String::new();
        for state in &states {
            for step in &steps {
                let next = state.step(step.clone()).map_or("–".to_owned(), |next| format!("{next:?}"));
                let _ = writeln!(table, "{:<22} {:<18} {next}", format!("{state:?}"), format!("{step:?}"));
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn every_outcome_survives_its_word() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Outcome::parse("lost"), None);
    }
}
