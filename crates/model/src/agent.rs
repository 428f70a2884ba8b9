//! The person who handles interactions, and the states of a working day.
//!
//! ```text
//!  LoggedOut ──log in──▶ NotReady ⇄ Ready ──offer──▶ Reserved ──answer──▶ Talking ──end──▶ WrapUp ──▶ Ready
//!                           ▲                          │ no answer (RONA)                    │
//!                           └──────────────────────────┴──── asked not ready meanwhile ◀─────┘
//! ```

use crate::{AgentId, InteractionId, QueueId, SipUser, SkillLevels};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An agent's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The login.
    pub id: AgentId,
    /// The name people see.
    pub name: String,
    /// The phone the agent is rung on.
    pub phone: Option<SipUser>,
    /// The queues the agent serves.
    pub queues: Vec<QueueId>,
    /// What the agent can do, and how well.
    pub skills: SkillLevels,
    /// Whether the agent gets ready when the phone registers, and goes home when it is gone: for those who never dial
    /// a code and never open the desk.
    pub ready_with_phone: bool,
}

/// Why an agent who is logged in takes no interactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotReadyReason {
    /// Just logged in.
    LoggedIn,
    /// The agent chose it, with a word of their own or the center's list: `lunch`.
    Chosen(Option<String>),
    /// An offer rang out (RONA).
    NoAnswer,
    /// The phone could not be reached when it was rung.
    Unreachable,
}

/// What an agent does just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentState {
    /// Not at work.
    LoggedOut,
    /// At work, taking nothing.
    NotReady(NotReadyReason),
    /// Waiting for an interaction.
    Ready,
    /// An interaction is presented.
    Reserved(InteractionId),
    /// Handling an interaction.
    Talking(InteractionId),
    /// After-contact work for an interaction that ended.
    WrapUp(InteractionId),
}

/// What can happen to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentStep {
    /// Begins work, not ready yet.
    LogIn,
    /// Wants interactions.
    GetReady,
    /// Wants none for the reason given.
    GetNotReady(NotReadyReason),
    /// Goes home.
    LogOut,
    /// Is presented an interaction.
    Reserve(InteractionId),
    /// The presented interaction went away, or was declined.
    Release,
    /// Answered.
    Talk(InteractionId),
    /// The interaction ended.
    Finish,
    /// After-contact work is done.
    WrapUpOver,
    /// Is in a call of the agent's own: with a colleague or a number outside.
    Call(InteractionId),
    /// That call is over; the agent is ready, or not ready for the reason given.
    CallOver(Option<NotReadyReason>),
}

/// What an agent, or a supervisor for the agent, asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentWish {
    /// To take interactions.
    Ready,
    /// To take none, for a reason of the center's list or none given.
    NotReady(Option<String>),
    /// To go home.
    LogOut,
}

/// Why a wish could not be granted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WishRefused {
    /// There is no such agent.
    #[error("there is no agent {0}")]
    NoSuchAgent(AgentId),
    /// The agent has no phone to be rung on.
    #[error("{0} has no phone and cannot be made ready")]
    NoPhone(AgentId),
}

/// A step that an agent's state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("an agent who is {state} cannot {step}")]
pub struct IllegalAgentStep {
    /// The state, as a word.
    pub state: &'static str,
    /// The step, as a word.
    pub step: &'static str,
}

impl AgentState {
    /// The state after `step`.
    ///
    /// A wish to be not ready or to log out while an interaction is presented or handled is refused here: the
    /// center remembers it and carries it out when the interaction is over.
    pub fn step(&self, step: AgentStep) -> Result<Self, IllegalAgentStep> {
        use AgentState as State;
        use AgentStep as Step;

        Ok(match (self, step) {
            (State::LoggedOut, Step::LogIn) => State::NotReady(NotReadyReason::LoggedIn),
            (State::LoggedOut | State::NotReady(_) | State::Ready | State::WrapUp(_), Step::GetReady) => {
                State::Ready
            }
            (
                State::LoggedOut | State::NotReady(_) | State::Ready | State::WrapUp(_),
                Step::GetNotReady(reason),
            ) => State::NotReady(reason),
            (State::LoggedOut | State::NotReady(_) | State::Ready | State::WrapUp(_), Step::LogOut) => {
                State::LoggedOut
            }
            (State::Ready, Step::Reserve(interaction)) => State::Reserved(interaction),
            (State::Reserved(_), Step::Release) => State::Ready,
            (State::Reserved(_), Step::GetNotReady(reason)) => State::NotReady(reason),
            (State::Reserved(offered), Step::Talk(interaction)) if *offered == interaction => {
                State::Talking(interaction)
            }
            (State::Talking(interaction), Step::Finish) => State::WrapUp(*interaction),
            (State::WrapUp(_), Step::WrapUpOver) => State::Ready,
            // A talk may become another one: the far ends of two calls are connected.
            (State::Ready | State::NotReady(_) | State::Talking(_), Step::Call(interaction)) => {
                State::Talking(interaction)
            }
            (State::Talking(_), Step::CallOver(None)) => State::Ready,
            (State::Talking(_), Step::CallOver(Some(reason))) => State::NotReady(reason),
            (state, step) => return Err(IllegalAgentStep { state: state.as_str(), step: step.as_str() }),
        })
    }

    /// The word used in records, on the board and in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::NotReady(_) => "not_ready",
            Self::Ready => "ready",
            Self::Reserved(_) => "reserved",
            Self::Talking(_) => "talking",
            Self::WrapUp(_) => "wrap_up",
        }
    }

    /// The interaction this state belongs to.
    pub const fn interaction(&self) -> Option<InteractionId> {
        match self {
            Self::Reserved(id) | Self::Talking(id) | Self::WrapUp(id) => Some(*id),
            Self::LoggedOut | Self::NotReady(_) | Self::Ready => None,
        }
    }
}

impl NotReadyReason {
    /// The word used in records, on the board and in the API.
    pub fn as_str(&self) -> &str {
        match self {
            Self::LoggedIn => "logged_in",
            Self::Chosen(Some(word)) => word,
            Self::Chosen(None) => "not_ready",
            Self::NoAnswer => "no_answer",
            Self::Unreachable => "unreachable",
        }
    }
}

impl AgentStep {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::LogIn => "log in",
            Self::GetReady => "get ready",
            Self::GetNotReady(_) => "get not ready",
            Self::LogOut => "log out",
            Self::Reserve(_) => "be reserved",
            Self::Release => "be released",
            Self::Talk(_) => "talk",
            Self::Finish => "finish",
            Self::WrapUpOver => "end the wrap-up",
            Self::Call(_) => "call",
            Self::CallOver(_) => "end the call",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn the_whole_table() {
        let one = InteractionId::from_u64(1);
        let other = InteractionId::from_u64(2);
        let states = [
            AgentState::LoggedOut,
            AgentState::NotReady(NotReadyReason::LoggedIn),
            AgentState::Ready,
            AgentState::Reserved(one),
            AgentState::Talking(one),
            AgentState::WrapUp(one),
        ];
        let steps = [
            AgentStep::LogIn,
            AgentStep::GetReady,
            AgentStep::GetNotReady(NotReadyReason::NoAnswer),
            AgentStep::LogOut,
            AgentStep::Reserve(one),
            AgentStep::Release,
            AgentStep::Talk(one),
            AgentStep::Talk(other),
            AgentStep::Finish,
            AgentStep::WrapUpOver,
            AgentStep::Call(one),
            AgentStep::CallOver(None),
            AgentStep::CallOver(Some(NotReadyReason::NoAnswer)),
        ];
        let mut table = String::new();
        for state in &states {
            for step in &steps {
                let next = state.step(step.clone()).map_or("–".to_owned(), |next| format!("{next:?}"));
                let _ = writeln!(table, "{:<28} {:<28} {next}", format!("{state:?}"), format!("{step:?}"));
            }
        }
        insta::assert_snapshot!(table.replace("IX-0000000000001", "1").replace("IX-0000000000002", "2"));
    }
}
