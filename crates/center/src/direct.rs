//! Direct calls: a phone of ours dials a colleague or a number outside, and no dialplan decides about it.
//!
//! ```text
//!  Arrived ──a phone rings──▶ Transferred { number } ──somebody hangs up──▶ Closed { direct }
//!     │                             └──busy, no answer, nobody there──▶ Closed { unanswered }
//!     └──not allowed, no such number──▶ Closed { refused }
//! ```
//!
//! The caller hears the ringing of the far end and, if it comes to nothing, the reason from the caller's own phone:
//! the call is answered only when the other party answers. Agents who talk so are talking, and get nothing from the
//! queues meanwhile; afterwards they are what they were.

use crate::Center;
use crate::interaction::{Hearing, OtherLeg};
use base::{Duration, Now};
use model::agent::AgentStep;
use model::interaction::InteractionStep;
use model::leg::Rejection;
use model::timeline::LegRole;
use model::{
    AgentId, AgentState, Alert, EndCause, InteractionId, InteractionState, LegCommand, LegId, NotReadyReason,
    Outcome, Party, SipUser, Target, TimelineEvent,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a direct call rings.
const RING: Duration = Duration::from_secs(60);

/// Whom our phones may call without a dialplan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// Every phone of ours, and whether it may call outside.
    pub phones: BTreeMap<SipUser, bool>,
    /// What numbers outside begin with: the prefixes of all carriers.
    pub outside: Vec<String>,
    /// Numbers that help: every phone may call them, at any time, before any dialplan.
    pub emergency: Vec<String>,
}

/// What a phone of ours gets when it dials.
pub(crate) enum Found {
    Somebody(Target),
    Refused(Rejection, &'static str),
}

impl Directory {
    /// Whether this is a number that helps.
    pub(crate) fn is_emergency(&self, number: &str) -> bool {
        self.emergency.iter().any(|one| one == number)
    }

    /// A number that a dialplan calls.
    pub(crate) fn outside(&self, number: String) -> Target {
        if self.is_emergency(&number) { Target::Emergency(number) } else { Target::Number(number) }
    }

    pub(crate) fn find(&self, caller: &SipUser, dialed: &str) -> Found {
        if self.is_emergency(dialed) {
            return Found::Somebody(Target::Emergency(dialed.to_owned()));
        }
        let colleague = SipUser::new(dialed);
        if self.phones.contains_key(&colleague) {
            return Found::Somebody(Target::User(colleague));
        }
        if !self.outside.iter().any(|prefix| dialed.starts_with(prefix.as_str())) {
            return Found::Refused(Rejection::NoSuchNumber, "no dialplan, phone or carrier has this number");
        }
        if self.phones.get(caller).copied().unwrap_or(false) {
            Found::Somebody(Target::Number(dialed.to_owned()))
        } else {
            Found::Refused(
                Rejection::Forbidden,
                "this phone may not call outside: calls_out is not set for it",
            )
        }
    }
}

/// What an agent was before a call of the agent's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnCall {
    /// `None` for ready.
    pub(crate) not_ready: Option<NotReadyReason>,
}

impl Center {
    /// A phone of ours dialled what no dialplan answers.
    pub(crate) fn direct_call(&mut self, id: InteractionId, user: &SipUser, dialed: &str, now: Now) {
        let target = match self.settings.directory.find(user, dialed) {
            Found::Somebody(target) => target,
            Found::Refused(rejection, why) => {
                return self.turn_away(id, rejection, format!("{dialed}: {why}"), now);
            }
        };
        let leg = LegId::generate(&mut self.ids);
        if !self.take(id, InteractionStep::Transfer(dialed.to_owned()), now) {
            return;
        }
        let Some(live) = self.interactions.get_mut(&id) else { return };
        live.direct = true;
        live.other = Some(OtherLeg { leg, role: LegRole::Outside, answered: false, record: false });
        live.record.legs.push(leg);
        let (caller, beside) = (live.record.from.clone(), Some(live.customer));
        self.legs.insert(leg, id);
        self.keep(id);
        self.tell(Some(id), TimelineEvent::Dialed { number: dialed.to_owned(), leg }, now);
        self.agent_calls(user, id, now);
        self.alert_of(id, user, &target, now);
        self.command(LegCommand::Dial {
            leg,
            target,
            caller,
            beside,
            ring: RING,
            charged: Some(user.clone()),
            follows: true,
        });
    }

    /// Supervisors are alerted when a phone calls for help.
    pub(crate) fn alert_of(&mut self, id: InteractionId, user: &SipUser, target: &Target, now: Now) {
        let Target::Emergency(number) = target else { return };
        let desk = self.desks.values().find(|desk| desk.agent.phone.as_ref() == Some(user));
        let from = Party { user: Some(user.clone()), ..Party::number(user.to_string()) };
        let agent = desk.map(|desk| desk.agent.id.clone());
        let from = Party { display: desk.map(|desk| desk.agent.name.clone()), ..from };
        self.alert(Alert::Emergency { from, agent, number: number.clone(), interaction: id }, now);
    }

    /// A call that nobody takes: the caller's phone is told why, and the interaction is over.
    pub(crate) fn turn_away(&mut self, id: InteractionId, rejection: Rejection, why: String, now: Now) {
        self.keep(id);
        self.trouble(Some(id), why, now);
        let leg = self.interactions.get(&id).map(|live| live.customer);
        if let Some(leg) = leg {
            self.reject(leg, rejection);
        }
        self.finish(id, Outcome::Refused, now);
    }

    /// The other party answered a direct call.
    pub(crate) fn direct_answered(&mut self, id: InteractionId, now: Now) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        live.hearing = Hearing::Nothing;
        live.record.connected_at = Some(now.utc);
        if let InteractionState::Transferred(dialed) = live.state.clone() {
            self.tell(Some(id), TimelineEvent::Transferred { number: dialed.clone() }, now);
            self.agent_calls(&SipUser::new(&dialed), id, now);
        }
    }

    /// The other party of a direct call is gone.
    pub(crate) fn direct_over(&mut self, id: InteractionId, answered: bool, cause: &EndCause, now: Now) {
        let Some(live) = self.interactions.get(&id) else { return };
        if !answered {
            let rejection = match cause {
                EndCause::Busy => Rejection::Busy,
                EndCause::Declined => Rejection::Declined,
                EndCause::Refused(403) => Rejection::Forbidden,
                EndCause::Limit(limit) => Rejection::Limit(limit.clone()),
                _ => Rejection::Unavailable,
            };
            let leg = live.customer;
            self.reject(leg, rejection);
        }
        let outcome = match cause {
            _ if answered => Outcome::Direct,
            EndCause::Limit(_) => Outcome::Refused,
            _ => Outcome::Unanswered,
        };
        self.finish(id, outcome, now);
    }

    /// An agent's own phone is in a direct call.
    pub(crate) fn agent_calls(&mut self, user: &SipUser, id: InteractionId, now: Now) {
        let Some(desk) = self.desks.values_mut().find(|desk| desk.agent.phone.as_ref() == Some(user)) else {
            return;
        };
        let not_ready = match &desk.state {
            AgentState::Ready => None,
            AgentState::NotReady(reason) => Some(reason.clone()),
            // Somebody at home, or on a second line beside an interaction of the queues.
            AgentState::LoggedOut
            | AgentState::Reserved(_)
            | AgentState::Talking(_)
            | AgentState::WrapUp(_) => return,
        };
        desk.own_call = Some(OwnCall { not_ready });
        let agent = desk.agent.id.clone();
        self.agent_takes(&agent, AgentStep::Call(id), now);
    }

    /// Somebody got ready who talks in a call of their own, begun in a wrap-up or before work: they are busy with it, and get
    /// nothing from the queues meanwhile.
    pub(crate) fn stays_in_own_call(&mut self, agent: &AgentId, now: Now) {
        let Some(phone) = self.desks.get(agent).and_then(|desk| desk.agent.phone.clone()) else { return };
        let mut own = self.interactions.iter().filter(|(id, live)| {
            matches!(live.state, InteractionState::Transferred(_)) && self.is_party(**id, &phone)
        });
        let own = own.next().map(|(id, _)| *id);
        if let Some(id) = own {
            self.agent_calls(&phone, id, now);
        }
    }

    /// A direct call is over: its agents are what they were, or what they wished to be meanwhile.
    pub(crate) fn agents_hung_up(&mut self, id: InteractionId, now: Now) {
        self.agents_leave(id, now, |_| true);
    }

    /// One phone leaves a call that goes on without it.
    pub(crate) fn agent_hung_up(&mut self, user: &SipUser, id: InteractionId, now: Now) {
        self.agents_leave(id, now, |phone| phone == Some(user));
    }

    fn agents_leave(&mut self, id: InteractionId, now: Now, leaves: impl Fn(Option<&SipUser>) -> bool) {
        let talking: Vec<(AgentId, OwnCall)> = self
            .desks
            .values_mut()
            .filter(|desk| desk.state == AgentState::Talking(id) && leaves(desk.agent.phone.as_ref()))
            .filter_map(|desk| desk.own_call.take().map(|call| (desk.agent.id.clone(), call)))
            .collect();
        for (agent, OwnCall { not_ready }) in talking {
            self.agent_takes(&agent, AgentStep::CallOver(not_ready), now);
            let wish = self.desks.get_mut(&agent).and_then(|desk| desk.next.take());
            if let Some(wish) = wish {
                // Who talks on another line by now has to wait for that one too.
                self.agent_wishes(&agent, wish, now);
            }
        }
    }
}
