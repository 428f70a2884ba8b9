//! An agent's phone dials a code: `*50` and the agent is ready. The phone hears what became of it and is let go; the
//! agent gets ready when the phone is free again.

use crate::Center;
use base::Now;
use model::leg::Rejection;
use model::{AgentWish, LegCommand, LegId, Prompt, SipUser};

impl Center {
    /// Does what the code says, if `to` is one. Returns whether it was.
    pub(crate) fn feature_code(&mut self, leg: LegId, user: &SipUser, to: &str, now: Now) -> bool {
        let codes = &self.settings.codes;
        let (wish, heard) = if to == codes.ready {
            (AgentWish::Ready, "agent-ready")
        } else if to == codes.not_ready {
            (AgentWish::NotReady(None), "agent-not-ready")
        } else if to == codes.log_out {
            (AgentWish::LogOut, "agent-logged-out")
        } else {
            return false;
        };
        let agent = self
            .desks
            .values()
            .find(|desk| desk.agent.phone.as_ref() == Some(user))
            .map(|desk| desk.agent.id.clone());
        let Some(agent) = agent else {
            self.reject(leg, Rejection::Forbidden);
            return true;
        };
        // The phone is in this call; one that is ready must be free to ring.
        let ready_after = (wish == AgentWish::Ready).then(|| agent.clone());
        if ready_after.is_none() {
            self.agent_wishes(&agent, wish, now);
        }
        self.code_legs.insert(leg, ready_after);
        self.command(LegCommand::Answer { leg });
        let prompts = vec![Prompt { prompt: heard.into(), language: self.settings.language.clone() }];
        self.command(LegCommand::Play { leg, play: 1, prompts, repeat: false });
        true
    }
}
