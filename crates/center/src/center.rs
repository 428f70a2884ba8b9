//! The center: its parts, and where each input goes.

use crate::conference::Room;
use crate::desk::Desk;
use crate::guessing::Guesses;
use crate::interaction::Interaction;
use crate::supervision::Supervised;
use crate::{Effect, Input, Settings};
use acd::Acd;
use base::{Deadlines, Duration, IdSource, Instant, Now};
use flow::Flows;
use model::board::QueueFigures;
use model::{
    AgentId, AgentWish, AlertId, AlertView, InteractionId, LegId, Queue, QueueId, RecordingId, SipUser,
    WishRefused,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What the center waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Timer {
    /// A flow asked to be woken.
    Flow(InteractionId, u32),
    /// The place in the queue is to be told again.
    Announce(InteractionId),
    /// An agent's after-contact work is over.
    WrapUp(AgentId),
    /// An agent who declined may be asked again.
    Rest(AgentId),
    /// A sign of life for the journal while interactions are open.
    Heartbeat,
}

/// How often a sign of life is written while interactions are open: what is not known of a talk's end after a
/// crash.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The contact center. See the crate's page for how to drive it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Center {
    pub(crate) settings: Settings,
    #[serde(skip)]
    pub(crate) flows: Flows,
    pub(crate) queues: BTreeMap<QueueId, Queue>,
    pub(crate) figures: BTreeMap<QueueId, QueueFigures>,
    /// The day, in the center's zone, the figures and the agents' counters belong to.
    pub(crate) day: i64,
    pub(crate) desks: BTreeMap<AgentId, Desk>,
    pub(crate) acd: Acd,
    pub(crate) interactions: BTreeMap<InteractionId, Interaction>,
    /// Whose each open leg is.
    pub(crate) legs: BTreeMap<LegId, InteractionId>,
    /// Agents' calls to feature codes, and who is ready when the call is over.
    pub(crate) code_legs: BTreeMap<LegId, Option<AgentId>>,
    /// Conference rooms that somebody is in.
    pub(crate) rooms: BTreeMap<String, Room>,
    /// Who has keyed in wrong numbers for conferences.
    pub(crate) guesses: Guesses,
    /// Interactions in which supervisors take part, and whose each leg of a supervisor is.
    pub(crate) supervised: BTreeMap<InteractionId, Supervised>,
    pub(crate) monitor_legs: BTreeMap<LegId, InteractionId>,
    /// Recordings that are not closed yet; they may outlive their interaction by a moment.
    pub(crate) recordings: BTreeMap<RecordingId, model::RecordingRecord>,
    /// What supervisors have not taken notice of yet.
    pub(crate) alerts: BTreeMap<AlertId, AlertView>,
    pub(crate) draining: bool,
    pub(crate) deadlines: Deadlines<Timer>,
    pub(crate) ids: IdSource,
    /// The number of the last line of the story.
    pub(crate) seq: u64,
    #[serde(skip)]
    pub(crate) effects: VecDeque<Effect>,
    #[serde(skip)]
    pub(crate) changed: Changed,
}

/// Rows of the board that look different now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changed {
    pub(crate) agents: BTreeSet<AgentId>,
    pub(crate) queues: BTreeSet<QueueId>,
    pub(crate) interactions: BTreeSet<InteractionId>,
}

impl Center {
    /// A center without queues and agents, which takes its ids from `ids` and numbers its story after `seq`.
    pub fn new(ids: IdSource, seq: u64) -> Self {
        Self {
            settings: Settings::default(),
            flows: Flows::default(),
            queues: BTreeMap::new(),
            figures: BTreeMap::new(),
            day: 0,
            desks: BTreeMap::new(),
            acd: Acd::new(),
            interactions: BTreeMap::new(),
            legs: BTreeMap::new(),
            code_legs: BTreeMap::new(),
            rooms: BTreeMap::new(),
            guesses: Guesses::default(),
            supervised: BTreeMap::new(),
            monitor_legs: BTreeMap::new(),
            recordings: BTreeMap::new(),
            alerts: BTreeMap::new(),
            draining: false,
            deadlines: Deadlines::new(),
            ids,
            seq,
            effects: VecDeque::new(),
            changed: Changed::default(),
        }
    }

    /// Takes in what happened. Poll all effects before the next one.
    pub fn handle(&mut self, input: Input, now: Now) {
        self.roll_over_day(now);
        match input {
            Input::Leg(event) => self.leg_event(event, now),
            Input::Agent { agent, wish } => self.agent_wishes(&agent, wish, now),
            Input::Phone { user, registered } => self.phone_changed(&user, registered, now),
            Input::Config(settings) => self.configure(*settings, now),
            Input::Restarted => self.restarted(now),
            Input::AlertClosed(alert) => self.notice_alert(alert),
            Input::Drain(draining) => self.draining = draining,
            Input::Timeout => {}
            Input::RecordingRoom { room, free_bytes } => self.recording_room(room, free_bytes, now),
            Input::Recording { interaction, state, by } => {
                self.keep_of_recording(interaction, state, by, now);
            }
            Input::Monitor { interaction, by, mode } => self.supervise(interaction, by, mode, now),
            Input::Conference { room, order, by } => {
                // What has gone meanwhile need not be ordered.
                let _ = self.order_conference(&room, order, &by, now);
            }
            Input::EndMonitor { interaction, by } => self.end_monitor(interaction, &by),
        }
        self.fire_timers(now);
        self.listeners_are_busy(now);
        self.make_offers(now);
        self.arrange_ears();
        self.arrange_rooms();
        self.keep_heartbeat(now);
        self.publish_changes();
    }

    /// The next thing to be done.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Input::Timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Whether a wish would be granted, now or as soon as the present interaction is over.
    pub fn check_wish(&self, agent: &AgentId, wish: &AgentWish) -> Result<(), WishRefused> {
        let desk = self.desks.get(agent).ok_or_else(|| WishRefused::NoSuchAgent(agent.clone()))?;
        match wish {
            AgentWish::Ready if desk.agent.phone.is_none() => Err(WishRefused::NoPhone(agent.clone())),
            AgentWish::Ready | AgentWish::NotReady(_) | AgentWish::LogOut => Ok(()),
        }
    }

    /// The phone of an agent, or of a supervisor.
    pub fn phone_of(&self, agent: &AgentId) -> Result<&SipUser, WishRefused> {
        if let Some(phone) = self.settings.supervisors.get(agent) {
            return Ok(phone);
        }
        let desk = self.desks.get(agent).ok_or_else(|| WishRefused::NoSuchAgent(agent.clone()))?;
        desk.agent.phone.as_ref().ok_or_else(|| WishRefused::NoPhone(agent.clone()))
    }

    /// How many interactions are open.
    pub fn open_interactions(&self) -> usize {
        self.interactions.len()
    }

    /// How many legs are open, agents' calls to feature codes included.
    pub fn open_legs(&self) -> usize {
        self.legs.len() + self.code_legs.len() + self.monitor_legs.len()
    }

    /// Whether nothing is left of any call: no interaction, no leg, no recording.
    pub fn is_idle(&self) -> bool {
        self.interactions.is_empty()
            && self.legs.is_empty()
            && self.code_legs.is_empty()
            && self.rooms.is_empty()
            && self.supervised.is_empty()
            && self.monitor_legs.is_empty()
            && self.recordings.is_empty()
    }

    /// The agents at their desks, by login.
    pub fn desks(&self) -> impl Iterator<Item = &Desk> {
        self.desks.values()
    }

    /// The open interactions.
    pub fn interactions(&self) -> impl Iterator<Item = &Interaction> {
        self.interactions.values()
    }

    /// The number of the last line of the story.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    fn fire_timers(&mut self, now: Now) {
        while let Some(timer) = self.deadlines.expire(now.mono) {
            match timer {
                Timer::Flow(interaction, timer) => {
                    self.flow_event(interaction, flow::Event::TimedOut(timer), now)
                }
                Timer::Announce(interaction) => self.announce(interaction, now),
                Timer::WrapUp(agent) => self.wrap_up_over(&agent, now),
                Timer::Rest(agent) => self.rest_over(&agent),
                Timer::Heartbeat => {}
            }
        }
    }

    fn keep_heartbeat(&mut self, now: Now) {
        if self.interactions.is_empty() {
            self.deadlines.stop(&Timer::Heartbeat);
        } else if self.deadlines.due(&Timer::Heartbeat).is_none() {
            self.deadlines.set(Timer::Heartbeat, now.mono + HEARTBEAT);
        }
    }

    fn configure(&mut self, settings: Settings, now: Now) {
        match Flows::load(&settings.dialplans, &settings.world) {
            Ok(flows) => self.flows = flows,
            Err(findings) => {
                let first = findings.first().map(ToString::to_string).unwrap_or_default();
                self.trouble(None, format!("the new settings were refused: {first}"), now);
                return;
            }
        }
        self.acd.configure(&settings.queues, &settings.agents);
        self.queues = settings.queues.iter().map(|queue| (queue.id.clone(), queue.clone())).collect();
        for queue in self.queues.keys() {
            self.figures.entry(queue.clone()).or_default();
            self.changed.queues.insert(queue.clone());
        }
        let queues = &self.queues;
        let gone_queues: Vec<_> =
            self.figures.keys().filter(|queue| !queues.contains_key(*queue)).cloned().collect();
        for queue in gone_queues {
            self.figures.remove(&queue);
            self.effects.push_back(Effect::Publish(model::BoardEvent::QueueGone(queue)));
        }
        self.seat_agents(&settings, now);
        self.show_alerts();
        self.settings = settings;
    }
}
