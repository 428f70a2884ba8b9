//! Supervisors who take part in calls of others: they listen, whisper, barge in, take over.
//!
//! ```text
//!  asked ──dial the supervisor's phone──▶ rings ──answered──▶ takes part ⇄ another mode ──hangs up, call over──▶ gone
//!                                                                └──take over──▶ the agent is let go
//! ```
//!
//! Who hears whom is made anew from what is so (the parties, the modes) after every input, and only what differs from what
//! was ordered is ordered: so it follows holds and transfers by itself. The call itself is never touched: what its parties
//! hear of each other is their bridge's.
//!
//! | mode | hears | is heard by |
//! |---|---|---|
//! | listen | both, and whoever barged in | nobody |
//! | whisper | the same | the agent |
//! | barge | the same | everybody |
//!
//! Whether somebody may do it (`access`) is decided before.

use crate::Center;
use crate::interaction::{Interaction, OtherLeg};
use base::{Duration, Now};
use model::interaction::InteractionStep;
use model::supervision::{MONITORS_MAX, OUT_OF_EARSHOT};
use model::timeline::LegRole;
use model::{
    AgentId, EndCause, InteractionId, InteractionState, LegCommand, LegId, MonitorRefused, MonitorView,
    Party, Quality, RecordingId, SipUser, Supervision, Target, TimelineEvent,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long a supervisor's phone rings.
const RING: Duration = Duration::from_secs(30);

/// Those who take part in one call of others.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Supervised {
    /// In the order in which they asked.
    monitors: Vec<Monitor>,
    /// Who hears whom beside the call, as ordered: who listens, and to whom.
    ears: BTreeSet<(LegId, LegId)>,
}

/// One of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Monitor {
    by: AgentId,
    phone: SipUser,
    leg: LegId,
    mode: Supervision,
    state: MonitorState,
    /// Since when it is so.
    since: Now,
    /// The recording of the supervisor's own voice, while it is heard by everybody.
    recording: Option<RecordingId>,
}

/// Where a supervisor's leg stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum MonitorState {
    /// The phone rings.
    Rings,
    /// It was answered.
    TakesPart,
    /// It is being hung up.
    Leaves,
}

/// The parties of a call that can be listened to.
#[derive(Clone, Copy, Debug)]
struct Talk {
    customer: Option<LegId>,
    agent: Option<LegId>,
}

impl Center {
    /// Whether a login may take part in a call just now in any way: the phone that would ring.
    fn check_monitor(&self, id: InteractionId, by: &AgentId) -> Result<&SipUser, MonitorRefused> {
        let live = self.interactions.get(&id).ok_or(MonitorRefused::NotTalking)?;
        talk_of(live).ok_or(MonitorRefused::NotTalking)?;
        let phone = self.phone_of(by).map_err(|_| MonitorRefused::NoPhone(by.clone()))?;
        if self.monitor_of(id, by).is_some() {
            return Ok(phone);
        }
        if !both_talk(live) {
            return Err(MonitorRefused::NotTalking);
        }
        if self.called(live).as_ref() == Some(phone) || live.record.from.user.as_ref() == Some(phone) {
            return Err(MonitorRefused::OwnCall);
        }
        let elsewhere = self.supervised.iter().find(|(_, one)| one.monitors.iter().any(|one| one.by == *by));
        if let Some((elsewhere, _)) = elsewhere {
            return Err(MonitorRefused::Elsewhere(*elsewhere));
        }
        let there = self.supervised.get(&id).map_or(0, |supervised| supervised.monitors.len());
        if there >= MONITORS_MAX { Err(MonitorRefused::TooMany) } else { Ok(phone) }
    }

    /// Whether a login may take part in a call just now in this way. Nobody takes over while one of the parties is being
    /// passed on: there is nobody to be let go, or nobody to talk with.
    pub fn check_supervision(
        &self,
        id: InteractionId,
        by: &AgentId,
        mode: Supervision,
    ) -> Result<&SipUser, MonitorRefused> {
        let phone = self.check_monitor(id, by)?;
        if mode == Supervision::TakeOver && !self.interactions.get(&id).is_some_and(both_talk) {
            return Err(MonitorRefused::NotTalking);
        }
        Ok(phone)
    }

    /// Whether a login takes part in a call of others, or is being rung for it.
    pub fn is_monitoring(&self, id: InteractionId, by: &AgentId) -> bool {
        self.monitor_of(id, by).is_some()
    }

    /// A supervisor wants to take part in a call, or to do so in another way.
    pub(crate) fn supervise(&mut self, id: InteractionId, by: AgentId, mode: Supervision, now: Now) {
        let Ok(phone) = self.check_supervision(id, &by, mode).cloned() else { return };
        self.changed.interactions.insert(id);
        let there = self.supervised.get_mut(&id).map(|one| &mut one.monitors).into_iter().flatten();
        if let Some(monitor) = there.into_iter().find(|monitor| monitor.by == by) {
            if monitor.mode != mode {
                monitor.mode = mode;
                if monitor.state == MonitorState::TakesPart {
                    let leg = monitor.leg;
                    self.takes_part(id, leg, now);
                }
            }
            return;
        }
        let leg = LegId::generate(&mut self.ids);
        let (state, since) = (MonitorState::Rings, now);
        let monitor =
            Monitor { by: by.clone(), phone: phone.clone(), leg, mode, state, since, recording: None };
        self.supervised.entry(id).or_default().monitors.push(monitor);
        self.monitor_legs.insert(leg, id);
        let shown = self.settings.agents_see_monitors;
        self.tell(Some(id), TimelineEvent::MonitorRung { by: by.clone(), mode, leg, shown }, now);
        let Some(live) = self.interactions.get(&id) else { return };
        let (caller, beside) = (self.shown_to_supervisor(live, mode), Some(live.customer));
        let target = Target::User(phone);
        self.command(LegCommand::Dial {
            leg,
            target,
            caller,
            beside,
            ring: RING,
            charged: None,
            follows: false,
        });
    }

    /// A supervisor has had enough. The call goes on.
    pub(crate) fn end_monitor(&mut self, id: InteractionId, by: &AgentId) {
        if let Some(leg) = self.monitor_of(id, by).map(|monitor| monitor.leg) {
            self.monitor_leaves(id, leg);
        }
    }

    /// A supervisor's phone was answered.
    pub(crate) fn monitor_answered(&mut self, leg: LegId, now: Now) {
        let Some(id) = self.monitor_legs.get(&leg).copied() else { return };
        let Some(monitor) = self.monitor_mut(id, leg) else { return };
        if monitor.state == MonitorState::Rings {
            (monitor.state, monitor.since) = (MonitorState::TakesPart, now);
            self.takes_part(id, leg, now);
        }
    }

    /// A supervisor cannot be let hear, or be heard: better gone than in silence.
    pub(crate) fn hear_refused(&mut self, listener: LegId, speaker: LegId, now: Now) {
        for leg in [listener, speaker] {
            let Some(id) = self.monitor_legs.get(&leg).copied() else { continue };
            // One whose call has just ended is on its way out, and no trouble.
            let stays =
                self.monitor_mut(id, leg).is_some_and(|monitor| monitor.state != MonitorState::Leaves);
            if stays && self.interactions.get(&id).and_then(talk_of).is_some() {
                self.trouble(Some(id), OUT_OF_EARSHOT.to_owned(), now);
            }
            self.monitor_leaves(id, leg);
        }
    }

    /// The leg of a supervisor is gone. Returns whether it was one.
    pub(crate) fn monitor_gone(
        &mut self,
        leg: LegId,
        cause: &EndCause,
        quality: Option<Quality>,
        now: Now,
    ) -> bool {
        let Some(id) = self.monitor_legs.remove(&leg) else { return false };
        self.tell(
            Some(id),
            TimelineEvent::LegEnded { leg, role: LegRole::Supervisor, cause: cause.clone(), quality },
            now,
        );
        if let Some(monitor) = self.take_out(id, leg) {
            let (by, shown) = (monitor.by, self.settings.agents_see_monitors);
            self.tell(Some(id), TimelineEvent::MonitorEnded { by, cause: cause.clone(), shown }, now);
            if !self.is_party(id, &monitor.phone) {
                self.agent_hung_up(&monitor.phone, id, now);
            }
        }
        self.close_if_over(id, now);
        true
    }

    /// Whoever listens gets nothing from the queues meanwhile, whatever they were when it began: somebody who writes up a
    /// call or is not at work yet becomes busy as soon as they would be asked. Done after every input, before offers.
    pub(crate) fn listeners_are_busy(&mut self, now: Now) {
        let stay = |monitor: &&Monitor| monitor.state != MonitorState::Leaves;
        let listening: Vec<_> = self
            .supervised
            .iter()
            .flat_map(|(id, one)| one.monitors.iter().filter(stay).map(|one| (*id, one.phone.clone())))
            .collect();
        for (id, phone) in listening {
            self.agent_calls(&phone, id, now);
        }
    }

    /// Lets everybody hear whom they shall hear, as things are now. Done after every input.
    pub(crate) fn arrange_ears(&mut self) {
        if self.supervised.is_empty() {
            return;
        }
        let supervised: Vec<_> = self.supervised.keys().copied().collect();
        for id in supervised {
            self.parties_leave(id);
            let talk = self.interactions.get(&id).and_then(talk_of);
            let Some(talk) = talk else {
                self.everybody_leaves(id);
                continue;
            };
            let Some(supervised) = self.supervised.get_mut(&id) else { continue };
            let wanted = ears(talk, &supervised.monitors);
            let before = std::mem::replace(&mut supervised.ears, wanted.clone());
            for (listener, speaker) in before.difference(&wanted).copied() {
                self.command(LegCommand::Hear { listener, speaker, on: false });
            }
            for (listener, speaker) in wanted.difference(&before).copied() {
                self.command(LegCommand::Hear { listener, speaker, on: true });
            }
        }
    }

    /// The process began anew: the legs of supervisors are gone with all others.
    pub(crate) fn monitors_lost(&mut self, now: Now) {
        let legs: Vec<_> = self.monitor_legs.keys().copied().collect();
        for leg in legs {
            self.monitor_gone(leg, &EndCause::Lost, None, now);
        }
        self.supervised.clear();
    }

    /// Those who take part in a call of others.
    pub(crate) fn monitors(&self, id: InteractionId) -> Vec<MonitorView> {
        let monitors = self.supervised.get(&id).map(|one| one.monitors.as_slice()).unwrap_or_default();
        let stay = monitors.iter().filter(|monitor| monitor.state != MonitorState::Leaves);
        stay.map(|monitor| MonitorView {
            by: monitor.by.clone(),
            mode: monitor.mode,
            rings: monitor.state == MonitorState::Rings,
            since: monitor.since.utc,
            shown: self.settings.agents_see_monitors,
        })
        .collect()
    }

    /// What a recording of a call keeps is kept of the supervisor's voice too: nothing, while it is paused.
    pub(crate) fn recordings_of_supervisors(&self, id: InteractionId) -> Vec<RecordingId> {
        let monitors = self.supervised.get(&id).map(|one| one.monitors.as_slice()).unwrap_or_default();
        monitors.iter().filter_map(|monitor| monitor.recording).collect()
    }

    /// A supervisor's own voice is recorded no longer; what was recorded is kept.
    pub(crate) fn end_recording_of_supervisor(&mut self, id: InteractionId, recording: RecordingId) {
        let monitors =
            self.supervised.get_mut(&id).map(|one| one.monitors.as_mut_slice()).unwrap_or_default();
        if let Some(monitor) = monitors.iter_mut().find(|monitor| monitor.recording == Some(recording)) {
            monitor.recording = None;
            self.command(LegCommand::StopRecording { recording });
        }
    }

    /// The legs of supervisors of a call.
    pub(crate) fn legs_of_supervisors(&self, id: InteractionId) -> Vec<(LegId, LegRole)> {
        let monitors = self.supervised.get(&id).map(|one| one.monitors.as_slice()).unwrap_or_default();
        monitors.iter().map(|monitor| (monitor.leg, LegRole::Supervisor)).collect()
    }

    fn takes_part(&mut self, id: InteractionId, leg: LegId, now: Now) {
        let shown = self.settings.agents_see_monitors;
        let can_take_over = self.interactions.get(&id).is_some_and(both_talk);
        let Some(monitor) = self.monitor_mut(id, leg) else { return };
        if monitor.mode == Supervision::TakeOver && !can_take_over {
            // The call was passed on while the phone rang: whoever answers hears what becomes of it.
            monitor.mode = Supervision::Monitor;
        }
        let (by, mode, recording) = (monitor.by.clone(), monitor.mode, monitor.recording);
        monitor.since = now;
        self.changed.interactions.insert(id);
        self.tell(Some(id), TimelineEvent::Monitored { by: by.clone(), mode, shown }, now);
        match (mode, recording) {
            (Supervision::TakeOver, _) => self.take_over(id, leg, now),
            (Supervision::Barge, None) => {
                let recording = self.record_supervisor(id, leg, &by, now);
                if let Some(monitor) = self.monitor_mut(id, leg) {
                    monitor.recording = recording;
                }
            }
            (Supervision::Monitor | Supervision::Whisper, Some(recording)) => {
                monitor_silent(self.monitor_mut(id, leg));
                self.command(LegCommand::StopRecording { recording });
            }
            (Supervision::Monitor | Supervision::Whisper | Supervision::Barge, _) => {}
        }
    }

    /// The supervisor talks with the customer from now on; the agent is let go.
    fn take_over(&mut self, id: InteractionId, leg: LegId, now: Now) {
        let Some(live) = self.interactions.get(&id) else { return };
        let agent = talk_of(live).and_then(|talk| talk.agent);
        let Some(agent) = agent else { return };
        let Some(monitor) = self.take_out(id, leg) else { return };
        self.monitor_legs.remove(&leg);
        let number = monitor.phone.to_string();
        self.let_go(id, agent, now);
        if let Some(live) = self.interactions.get_mut(&id) {
            // Nobody asked to be sent back to a queue; the one who takes over is there.
            live.back_to = None;
        }
        let other = OtherLeg { leg, role: LegRole::Outside, answered: true, record: false };
        self.gets(id, other);
        self.take(id, InteractionStep::Transfer(number.clone()), now);
        self.keep(id);
        self.tell(Some(id), TimelineEvent::Transferred { number }, now);
        self.agent_calls(&monitor.phone, id, now);
        self.connect(id, other, now);
    }

    /// Whoever has become a party of the call, since it was passed on to the own phone, listens to it no longer.
    fn parties_leave(&mut self, id: InteractionId) {
        let monitors = self.supervised.get(&id).map(|one| one.monitors.as_slice()).unwrap_or_default();
        let parties = monitors.iter().filter(|monitor| self.is_party(id, &monitor.phone));
        let legs: Vec<_> = parties.map(|monitor| monitor.leg).collect();
        for leg in legs {
            self.monitor_leaves(id, leg);
        }
    }

    /// Whether a phone is one of the two that talk.
    pub(crate) fn is_party(&self, id: InteractionId, phone: &SipUser) -> bool {
        let Some(live) = self.interactions.get(&id).filter(|live| live.ending.is_none()) else {
            return false;
        };
        let called =
            live.other.is_some_and(|other| other.answered) && self.called(live).as_ref() == Some(phone);
        // Who passed the own call on is not there any more, and another leg is the customer's.
        let is_first = live.customer_present && live.record.legs.first() == Some(&live.customer);
        called || (is_first && live.record.from.user.as_ref() == Some(phone))
    }

    /// The phone at the second leg, if it may be one of ours.
    fn called(&self, live: &Interaction) -> Option<SipUser> {
        match &live.state {
            InteractionState::Transferred(dialed) => Some(SipUser::new(dialed)),
            _ => live.state.agent().and_then(|agent| self.phone_of(agent).ok().cloned()),
        }
    }

    fn everybody_leaves(&mut self, id: InteractionId) {
        let monitors = self.supervised.get(&id).map(|one| one.monitors.as_slice()).unwrap_or_default();
        let legs: Vec<_> = monitors.iter().map(|monitor| monitor.leg).collect();
        for leg in legs {
            self.monitor_leaves(id, leg);
        }
    }

    fn monitor_leaves(&mut self, id: InteractionId, leg: LegId) {
        let Some(monitor) = self.monitor_mut(id, leg) else { return };
        if std::mem::replace(&mut monitor.state, MonitorState::Leaves) != MonitorState::Leaves {
            self.changed.interactions.insert(id);
            self.command(LegCommand::HangUp { leg });
        }
    }

    /// Takes a supervisor out of the list. The recording of the own voice ends with it.
    fn take_out(&mut self, id: InteractionId, leg: LegId) -> Option<Monitor> {
        self.changed.interactions.insert(id);
        let supervised = self.supervised.get_mut(&id)?;
        let at = supervised.monitors.iter().position(|monitor| monitor.leg == leg)?;
        let monitor = supervised.monitors.remove(at);
        let gone: Vec<_> =
            supervised.ears.iter().filter(|(to, from)| *to == leg || *from == leg).copied().collect();
        for ear in &gone {
            supervised.ears.remove(ear);
        }
        if supervised.monitors.is_empty() {
            self.supervised.remove(&id);
        }
        for (listener, speaker) in gone {
            self.command(LegCommand::Hear { listener, speaker, on: false });
        }
        if let Some(recording) = monitor.recording {
            self.command(LegCommand::StopRecording { recording });
        }
        Some(monitor)
    }

    /// Who is shown on the supervisor's phone: the agent, so that a call back leads there.
    fn shown_to_supervisor(&self, live: &Interaction, mode: Supervision) -> Party {
        let agent = live.state.agent().and_then(|agent| self.desks.get(agent));
        let phone = agent.and_then(|desk| desk.agent.phone.clone());
        match (agent, phone) {
            (Some(desk), Some(phone)) => Party {
                number: phone.to_string(),
                display: Some(format!("{}: {}", mode.as_str(), desk.agent.name)),
                user: None,
            },
            _ => live.record.from.clone(),
        }
    }

    fn monitor_of(&self, id: InteractionId, by: &AgentId) -> Option<&Monitor> {
        let mut monitors = self.supervised.get(&id)?.monitors.iter();
        monitors.find(|monitor| monitor.by == *by && monitor.state != MonitorState::Leaves)
    }

    fn monitor_mut(&mut self, id: InteractionId, leg: LegId) -> Option<&mut Monitor> {
        self.supervised.get_mut(&id)?.monitors.iter_mut().find(|monitor| monitor.leg == leg)
    }

    /// Whether an agent is there only to listen.
    pub(crate) fn only_monitors(&self, id: InteractionId, agent: &AgentId) -> bool {
        self.supervised.get(&id).is_some_and(|one| one.monitors.iter().any(|monitor| monitor.by == *agent))
    }

    pub(crate) fn audit_supervision(&self, wrong: &mut Vec<String>) {
        for (leg, id) in &self.monitor_legs {
            let known =
                self.supervised.get(id).is_some_and(|one| one.monitors.iter().any(|one| one.leg == *leg));
            if !known {
                wrong.push(format!("leg {leg} of a supervisor of {id} belongs to nobody"));
            }
        }
        for (id, supervised) in &self.supervised {
            if !self.interactions.contains_key(id) {
                wrong.push(format!("{id} is not open and has supervisors"));
            }
            for monitor in &supervised.monitors {
                if self.monitor_legs.get(&monitor.leg) != Some(id) {
                    wrong.push(format!("{} listens to {id} on a leg that nobody knows", monitor.by));
                }
            }
        }
    }
}

fn monitor_silent(monitor: Option<&mut Monitor>) {
    if let Some(monitor) = monitor {
        monitor.recording = None;
    }
}

/// The parties of a call, while they talk or one of them is being passed on.
fn talk_of(live: &Interaction) -> Option<Talk> {
    let talks = matches!(
        live.state,
        InteractionState::Connected(..) | InteractionState::OnHold(..) | InteractionState::Transferred(_)
    );
    if !talks || live.ending.is_some() {
        return None;
    }
    let customer = live.customer_present.then_some(live.customer);
    let other = live.other.filter(|other| other.answered).map(|other| other.leg);
    // Past the queues it is the caller who is one of ours.
    Some(match live.direct {
        true => Talk { customer: other, agent: customer },
        false => Talk { customer, agent: other },
    })
}

/// Whether both parties are there, and none of them is being passed on.
fn both_talk(live: &Interaction) -> bool {
    talk_of(live).is_some_and(|talk| talk.customer.is_some() && talk.agent.is_some())
}

/// Who hears whom beside the call.
fn ears(talk: Talk, monitors: &[Monitor]) -> BTreeSet<(LegId, LegId)> {
    let mut ears = BTreeSet::new();
    let there = || monitors.iter().filter(|monitor| monitor.state == MonitorState::TakesPart);
    for monitor in there() {
        let parties = [talk.customer, talk.agent].into_iter().flatten();
        ears.extend(parties.map(|party| (monitor.leg, party)));
        let is_heard_by = match monitor.mode {
            Supervision::Monitor | Supervision::TakeOver => [None, None],
            Supervision::Whisper => [talk.agent, None],
            Supervision::Barge => [talk.agent, talk.customer],
        };
        ears.extend(is_heard_by.into_iter().flatten().map(|party| (party, monitor.leg)));
        if monitor.mode == Supervision::Barge {
            let others = there().filter(|other| other.leg != monitor.leg);
            ears.extend(others.map(|other| (other.leg, monitor.leg)));
        }
    }
    ears
}
