//! Passing on: a phone in a call asks that whoever it talks with be connected with somebody else (REFER), and leaves.
//!
//! ```text
//!  blind      anna ═ caller            caller ─▶ a dialplan, a colleague, a number outside
//!  attended   anna ═ caller            caller ═ bert
//!             anna ═ bert (a call of her own)
//! ```
//!
//! Whoever passes on is let go at once; an agent's after-contact work begins. The one passed on hears ringing until
//! somebody answers. Comes a blind transfer to nothing, a caller from a queue goes back to it, before others of the same
//! priority: nobody is left in silence, and nobody is sent away because a colleague did not answer.
//!
//! Only phones of ours pass on, and only to whom they could call themselves; callers from outside cannot, and neither
//! can whoever a dialplan has called.

use crate::Center;
use crate::center::Timer;
use crate::direct::Found;
use crate::interaction::{Hearing, OtherLeg, Place};
use base::{Duration, Now};
use model::agent::AgentStep;
use model::interaction::InteractionStep;
use model::leg::Rejection;
use model::timeline::LegRole;
use model::{
    AgentId, FlowId, InteractionId, InteractionState, LegCommand, LegId, Outcome, Party, Prompt, SipUser,
    Target, TimelineEvent,
};

/// How long the one passed on hears ringing.
const RING: Duration = Duration::from_secs(60);

/// What the one passed on hears until somebody answers.
const RINGING: &str = "ringback";

/// Where somebody is passed on to.
enum Goal {
    Flow(FlowId),
    Somebody(Target),
}

impl Center {
    /// A phone asks to pass on whoever it talks with: to `to`, or to the far end of its other call.
    pub(crate) fn asked_to_pass_on(
        &mut self,
        leg: LegId,
        refer: u32,
        to: &str,
        replaces: Option<LegId>,
        now: Now,
    ) {
        let done = match replaces {
            Some(second) => self.join(leg, refer, second, now),
            None => self.pass_on(leg, refer, to, now),
        };
        if let Err(why) = done {
            let id = self.legs.get(&leg).copied();
            self.trouble(id, format!("the call was not passed on to {to}: {}", said(&why)), now);
            self.command(LegCommand::DeclineRefer { leg, refer, why });
        }
    }

    /// The blind transfer.
    fn pass_on(&mut self, leg: LegId, refer: u32, to: &str, now: Now) -> Result<(), Rejection> {
        let id = self.talking_on(leg)?;
        let user = self.passer(id, leg)?;
        let goal = match self.flows.entry(to) {
            Some(flow) => Goal::Flow(flow.clone()),
            None => match self.settings.directory.find(&user, to) {
                Found::Somebody(target) => Goal::Somebody(target),
                Found::Refused(why, _) => return Err(why),
            },
        };
        self.command(LegCommand::TakeRefer { leg, refer });
        self.let_go(id, leg, now);
        self.tell(Some(id), TimelineEvent::PassedOn { leg, to: to.to_owned() }, now);
        match goal {
            Goal::Flow(flow) => {
                if let Some(live) = self.interactions.get_mut(&id) {
                    live.direct = false;
                }
                self.take(id, InteractionStep::EnterFlow(flow.clone()), now);
                self.keep(id);
                self.begin_flow(id, &flow, now);
            }
            Goal::Somebody(target) => {
                let next = LegId::generate(&mut self.ids);
                self.gets(id, OtherLeg { leg: next, role: LegRole::Outside, answered: false, record: false });
                self.take(id, InteractionStep::Transfer(to.to_owned()), now);
                self.keep(id);
                self.tell(Some(id), TimelineEvent::Dialed { number: to.to_owned(), leg: next }, now);
                self.hear_ringing(id);
                self.alert_of(id, &user, &target, now);
                let Some(live) = self.interactions.get(&id) else { return Ok(()) };
                let (caller, beside) = (live.shown(), Some(live.customer));
                self.command(LegCommand::Dial {
                    leg: next,
                    target,
                    caller,
                    beside,
                    ring: RING,
                    charged: Some(user),
                    follows: true,
                });
            }
        }
        Ok(())
    }

    /// The attended transfer: the far ends of two calls of one phone are connected, and the phone is out of both.
    fn join(&mut self, leg: LegId, refer: u32, second: LegId, now: Now) -> Result<(), Rejection> {
        let first = self.talking_on(leg)?;
        self.passer(first, leg)?;
        let other = *self.legs.get(&second).ok_or(Rejection::NoSuchNumber)?;
        let direct = |id| self.interactions.get(&id).is_some_and(|live| live.direct && live.ending.is_none());
        // The interaction that came from elsewhere stays; the phone's own call is only the way to the third party.
        let (stays, stays_leg, goes, goes_leg) = if first != other && direct(other) {
            (first, leg, other, second)
        } else if first != other && direct(first) && self.talking_on(second).is_ok() {
            (other, second, first, leg)
        } else {
            return Err(Rejection::Forbidden);
        };
        let joined = self.interactions.get(&goes).and_then(|live| live.far_end(goes_leg));
        let Some((joined, answered, number)) = joined else { return Err(Rejection::Unavailable) };

        self.command(LegCommand::TakeRefer { leg, refer });
        self.let_go(stays, stays_leg, now);
        self.tell(Some(stays), TimelineEvent::PassedOn { leg: stays_leg, to: number.clone() }, now);
        self.hand_over(goes, goes_leg, joined, stays, now);
        let other = OtherLeg { leg: joined, role: LegRole::Outside, answered, record: false };
        self.gets(stays, other);
        self.take(stays, InteractionStep::Transfer(number.clone()), now);
        self.keep(stays);
        self.finish(goes, if answered { Outcome::Direct } else { Outcome::Unanswered }, now);
        if answered {
            self.tell(Some(stays), TimelineEvent::Transferred { number }, now);
            self.connect(stays, other, now);
        } else {
            self.hear_ringing(stays);
        }
        Ok(())
    }

    /// The interaction in which this leg talks with another one.
    fn talking_on(&self, leg: LegId) -> Result<InteractionId, Rejection> {
        let id = *self.legs.get(&leg).ok_or(Rejection::Unavailable)?;
        let live = self.interactions.get(&id).ok_or(Rejection::Unavailable)?;
        let talks = live.ending.is_none()
            && live.customer_present
            && live.other.is_some_and(|other| other.answered)
            && !live.leaving.iter().any(|(leaving, _)| *leaving == leg);
        if talks { Ok(id) } else { Err(Rejection::Unavailable) }
    }

    /// Whose phone the leg is, if it may pass on at all.
    fn passer(&self, id: InteractionId, leg: LegId) -> Result<SipUser, Rejection> {
        let live = self.interactions.get(&id).ok_or(Rejection::Unavailable)?;
        let is_customer = live.customer == leg;
        let user = match &live.state {
            InteractionState::Connected(_, agent) | InteractionState::OnHold(_, agent) if !is_customer => {
                self.desks.get(agent).and_then(|desk| desk.agent.phone.clone())
            }
            InteractionState::Transferred(_) if is_customer => live.record.from.user.clone(),
            InteractionState::Transferred(dialed) => {
                let user = SipUser::new(dialed);
                self.settings.directory.phones.contains_key(&user).then_some(user)
            }
            _ => None,
        };
        user.ok_or(Rejection::Forbidden)
    }

    /// The leg leaves its interaction, which goes on with the far end as its customer.
    pub(crate) fn let_go(&mut self, id: InteractionId, leg: LegId, now: Now) {
        let user = self.passer(id, leg);
        let Some(live) = self.interactions.get_mut(&id) else { return };
        live.hearing = Hearing::Nothing;
        let role = live.leave(leg);
        live.leaving.push((leg, role));
        live.back_to = None;
        if let InteractionState::Connected(queue, agent) | InteractionState::OnHold(queue, agent) =
            live.state.clone()
        {
            live.back_to = live.place.clone();
            self.agent_passed_on(&agent, now);
            self.begin_wrap_up(&agent, &queue, now);
        } else if let Ok(user) = user {
            self.agent_hung_up(&user, id, now);
        }
        self.record_on(id);
        self.command(LegCommand::HangUp { leg });
    }

    fn agent_passed_on(&mut self, agent: &AgentId, now: Now) {
        self.agent_takes(agent, AgentStep::Finish, now);
        if let Some(desk) = self.desks.get_mut(agent) {
            desk.passed_on = true;
        }
    }

    /// The after-contact work of an agent begins: the clock runs.
    pub(crate) fn begin_wrap_up(&mut self, agent: &AgentId, queue: &model::QueueId, now: Now) {
        let wrap_up = self.queues.get(queue).map_or(Duration::ZERO, |queue| queue.wrap_up);
        if let Some(desk) = self.desks.get_mut(agent) {
            desk.handled += 1;
            desk.wrap_up_until = Some(now.after(wrap_up));
        }
        self.deadlines.set(Timer::WrapUp(agent.clone()), now.mono + wrap_up);
    }

    /// A leg moves from the call that brought it here to the one it is joined with, and its agent with it.
    fn hand_over(&mut self, from: InteractionId, asking: LegId, joined: LegId, to: InteractionId, now: Now) {
        let Some(live) = self.interactions.get_mut(&from) else { return };
        let user = if live.customer == joined {
            live.record.from.user.clone()
        } else {
            match &live.state {
                InteractionState::Transferred(dialed) => Some(SipUser::new(dialed)),
                _ => None,
            }
        };
        live.leave(joined);
        live.customer = asking;
        self.legs.insert(joined, to);
        let agent = self.desks.values().find(|desk| {
            desk.state == model::AgentState::Talking(from)
                && desk.agent.phone.is_some()
                && desk.agent.phone == user
        });
        if let Some(agent) = agent.map(|desk| desk.agent.id.clone()) {
            self.agent_takes(&agent, AgentStep::Call(to), now);
        }
    }

    /// The interaction gets a new second leg.
    pub(crate) fn gets(&mut self, id: InteractionId, other: OtherLeg) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        live.other = Some(other);
        live.answered = true;
        live.record.legs.push(other.leg);
        self.legs.insert(other.leg, id);
    }

    fn hear_ringing(&mut self, id: InteractionId) {
        let prompt = Prompt { prompt: RINGING.into(), language: flow::TONES.to_owned() };
        self.play(id, vec![prompt], true, Hearing::Music);
    }

    /// Nobody took the caller who was passed on: back to the queue the caller came from, if it was one.
    pub(crate) fn back_to_queue(&mut self, id: InteractionId, now: Now) -> bool {
        let Some(place) = self.interactions.get_mut(&id).and_then(|live| live.back_to.take()) else {
            return false;
        };
        let Place { queue, needs, priority, hold } = place;
        self.enqueue(id, &queue, needs, priority.saturating_add(1), hold, now);
        self.interactions.get(&id).is_some_and(|live| {
            matches!(live.state, InteractionState::Queued(_) | InteractionState::Offered(..))
        })
    }
}

impl crate::interaction::Interaction {
    /// The party at the other end of `leg`: its leg, whether it has answered, and its number.
    fn far_end(&self, leg: LegId) -> Option<(LegId, bool, String)> {
        let other = self.other?;
        if leg == self.customer {
            let InteractionState::Transferred(number) = &self.state else { return None };
            Some((other.leg, other.answered, number.clone()))
        } else if leg == other.leg && self.customer_present {
            Some((self.customer, true, self.record.from.number.clone()))
        } else {
            None
        }
    }

    /// A leg is taken out. If it was the customer's, the other party is the customer from now on.
    fn leave(&mut self, leg: LegId) -> LegRole {
        if leg != self.customer {
            let role = self.other.map_or(LegRole::Outside, |other| other.role);
            self.other = None;
            return role;
        }
        if let Some(other) = self.other.take() {
            self.customer = other.leg;
        }
        LegRole::Customer
    }

    /// Who is shown to the one called next: the first caller, or whoever that one had called.
    fn shown(&self) -> Party {
        match (&self.state, self.record.legs.first() == Some(&self.customer)) {
            (InteractionState::Transferred(dialed), false) => {
                Party { number: dialed.clone(), display: None, user: None }
            }
            _ => self.record.from.clone(),
        }
    }
}

/// Why somebody was not passed on, for whoever reads the timeline.
fn said(why: &Rejection) -> String {
    let words = match why {
        Rejection::NoSuchNumber => "no dialplan, phone or carrier has this number",
        Rejection::Forbidden => "this phone may not do that",
        Rejection::Unavailable => "the two do not talk",
        Rejection::Limit(limit) => return format!("{limit} is reached"),
        Rejection::Busy | Rejection::Declined | Rejection::Draining => "it was refused",
    };
    words.to_owned()
}
