//! What must never be: looked for after every step of the simulator.

use crate::Center;
use model::{AgentState, InteractionState};
use std::collections::BTreeMap;

impl Center {
    /// Everything that is wrong inside, in sentences. Costs O(everything); for tests and the simulator.
    pub fn audit(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        self.audit_agents(&mut wrong);
        self.audit_legs(&mut wrong);
        self.audit_waiting(&mut wrong);
        self.audit_supervision(&mut wrong);
        self.audit_rooms(&mut wrong);
        wrong
    }

    fn audit_agents(&self, wrong: &mut Vec<String>) {
        let mut handling = BTreeMap::new();
        for desk in self.desks.values() {
            let agent = &desk.agent.id;
            let Some(id) = desk.state.interaction() else { continue };
            if desk.passed_on {
                // The interaction lives on without this agent, or is over.
                continue;
            }
            let Some(live) = self.interactions.get(&id) else {
                wrong.push(format!("{agent} is {} with {id}, which is not open", desk.state.as_str()));
                continue;
            };
            if desk.own_call.is_some() {
                // One of the two who talk past the queues; or a colleague who was passed on to a dialplan, and is a
                // customer there like any other.
                if !matches!(desk.state, AgentState::Talking(_)) {
                    wrong.push(format!("{agent} is in a call of their own and {}", desk.state.as_str()));
                }
                continue;
            }
            if let Some(other) = handling.insert(id, agent) {
                wrong.push(format!("{other} and {agent} both have {id}"));
            }
            let fits = match desk.state {
                AgentState::Reserved(_) => live.other.is_some_and(|other| !other.answered),
                AgentState::Talking(_) => {
                    matches!(live.state, InteractionState::Connected(..) | InteractionState::OnHold(..))
                        || live.ending.is_some()
                }
                AgentState::WrapUp(_) => matches!(live.state, InteractionState::WrapUp(..)),
                _ => true,
            };
            if !fits {
                wrong.push(format!("{agent} is {} and {id} is {}", desk.state.as_str(), live.state.as_str()));
            }
        }
        for (id, live) in &self.interactions {
            if let Some(agent) = live.state.agent()
                && live.ending.is_none()
                && handling.get(id) != Some(&agent)
            {
                wrong.push(format!("{id} is {} with {agent}, who knows nothing of it", live.state.as_str()));
            }
        }
    }

    fn audit_legs(&self, wrong: &mut Vec<String>) {
        let mut owned = BTreeMap::new();
        for (id, live) in &self.interactions {
            for leg in live.open_legs() {
                if owned.insert(leg, *id).is_some() {
                    wrong.push(format!("leg {leg} is owned twice"));
                }
            }
            let is_left = live.open_legs().next().is_none() && !self.supervised.contains_key(id);
            if live.ending.is_some() && is_left && live.state.as_str() != "closed" {
                wrong.push(format!("{id} ends, has no leg left and is still open"));
            }
        }
        if owned != self.legs {
            wrong.push(format!("legs {:?} are owned and {:?} are known", owned, self.legs));
        }
    }

    fn audit_waiting(&self, wrong: &mut Vec<String>) {
        for (id, live) in &self.interactions {
            let waits = matches!(live.state, InteractionState::Queued(_) | InteractionState::Offered(..));
            let has_ticket = self.acd.ticket(*id).is_some();
            if waits && live.ending.is_none() && !has_ticket {
                wrong.push(format!("{id} is {} and has no ticket", live.state.as_str()));
            }
            if has_ticket && (!waits || live.ending.is_some()) {
                wrong.push(format!("{id} has a ticket and is {}", live.state.as_str()));
            }
        }
        for (interaction, agent) in self.acd.missed() {
            wrong.push(format!("{interaction} waits while {agent} is ready and fits"));
        }
    }
}
