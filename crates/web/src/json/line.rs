//! One line of a story as the API shows it, and the SIP messages between the lines.

use super::agent::reason;
use super::interaction::PartyJson;
use super::sip_summary::summary;
use super::{LimitJson, millis};
use crate::center::LegSound;
use model::decision::PassedOver;
use model::query::{SipMessage, Story};
use model::supervision::OUT_OF_EARSHOT;
use model::timeline::LegRole;
use model::{EndCause, LegId, OfferReason, Quality, TimelineEntry, TimelineEvent, WaitReason};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One line of a story.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Line)]
pub struct LineJson {
    /// When, in milliseconds UTC.
    pub at: i64,
    /// Its number in the story of the whole center; SIP messages have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub body: LineBody,
}

/// What happened; `kind` says which fields there are.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = LineBody)]
pub enum LineBody {
    /// An interaction came in.
    Arrived {
        /// The customer's leg.
        leg: String,
        /// Who.
        from: PartyJson,
        /// The number dialled.
        to: String,
        /// `trunk:carrier` or `user:1001`.
        origin: String,
    },
    /// We answered the customer.
    Answered,
    /// The flow took a step.
    Step {
        /// The flow.
        flow: String,
        /// The step.
        step: String,
        /// What it does.
        verb: String,
    },
    /// The customer pressed a key.
    Digit {
        /// The key.
        digit: String,
    },
    /// It began to wait.
    Queued {
        /// Where.
        queue: String,
        /// Its place.
        position: u32,
        /// Why nobody takes it at once.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<WaitWhyJson>,
    },
    /// The customer was told the place.
    PositionTold {
        /// The place.
        position: u32,
    },
    /// An agent is asked.
    Offered {
        /// Who.
        agent: String,
        /// The leg that is dialled.
        leg: String,
        /// Why this one.
        why: OfferWhyJson,
    },
    /// The agent asked did not take it.
    NotTaken {
        /// Who.
        agent: String,
        /// Why not.
        cause: &'static str,
        /// The SIP status, when the cause is `refused`.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// Which limit of ours, when the cause is `limit`.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<LimitJson>,
    },
    /// Customer and agent talk.
    Connected {
        /// With whom.
        agent: String,
        /// How long the customer had waited.
        waited_ms: u64,
    },
    /// The agent put the customer on hold.
    Held,
    /// The agent took the customer off hold.
    Resumed,
    /// A number outside is called.
    Dialed {
        /// The number.
        number: String,
        /// The leg that is dialled.
        leg: String,
    },
    /// The number is an emergency number: supervisors were alerted.
    EmergencyCalled {
        /// The number.
        number: String,
    },
    /// Two parties are connected, and one of them has not heard the other for seconds.
    OneWay {
        /// The leg of the party that is not heard, or does not hear.
        leg: String,
        /// Whose: `customer`, `agent`, `outside`.
        role: &'static str,
        /// `in`: it is not heard; `out`: it does not hear.
        way: &'static str,
    },
    /// They hear each other again.
    WayRestored {
        /// The leg.
        leg: String,
        /// Whose.
        role: &'static str,
        /// What is well: `in` or `out`.
        way: &'static str,
    },
    /// A party's phone passed the other one on, and left.
    PassedOn {
        /// The leg that leaves.
        leg: String,
        /// The number or user to whom.
        to: String,
    },
    /// Customer and outside party talk.
    Transferred {
        /// The number.
        number: String,
    },
    /// A leg is over.
    LegEnded {
        /// Which.
        leg: String,
        /// `customer`, `agent` or `outside`.
        role: &'static str,
        /// Why.
        cause: &'static str,
        /// The SIP status, when the cause is `refused`.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// Which limit of ours, when the cause is `limit`.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<LimitJson>,
        /// How the sound was.
        #[serde(skip_serializing_if = "Option::is_none")]
        quality: Option<QualityJson>,
    },
    /// A recording began.
    RecordingStarted {
        /// Which.
        recording: String,
    },
    /// A recording is closed.
    RecordingStopped {
        /// Which.
        recording: String,
        /// How long it is.
        length_ms: u64,
    },
    /// What a recording keeps changed.
    RecordingChanged {
        /// The recording.
        recording: String,
        /// What it keeps from now on: `running`, `paused`, `customer_masked`, `agent_masked`.
        state: &'static str,
        /// Who wanted it so, by login.
        by: String,
    },
    /// The phone of a supervisor is rung, who wants to take part in the call.
    MonitorRung {
        /// The login.
        by: String,
        /// `listen`, `whisper`, `barge` or `take_over`.
        mode: &'static str,
        /// The leg that is dialled.
        leg: String,
    },
    /// A supervisor takes part in the call so from now on.
    Monitored {
        /// The login.
        by: String,
        /// `listen`, `whisper`, `barge` or `take_over`.
        mode: &'static str,
    },
    /// A supervisor does not take part any more, or never did.
    MonitorEnded {
        /// The login.
        by: String,
        /// How it ended.
        cause: &'static str,
    },
    /// The customer is in a conference from now on.
    Conferring {
        /// The room.
        room: String,
        /// Whether as one who may order the others.
        moderator: bool,
    },
    /// The others hear the customer no more, or again.
    ConferenceMuted {
        /// The room.
        room: String,
        /// Which of the two.
        muted: bool,
        /// The login of a supervisor, or the number of a moderator.
        by: String,
    },
    /// The customer was not let into a conference, or was taken out of it.
    LeftConference {
        /// The room.
        room: String,
        /// `full`, `locked` or `removed`.
        why: &'static str,
        /// Who wanted it so.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A recording went wrong.
    RecordingFailed {
        /// Which.
        recording: String,
        /// What happened.
        why: String,
    },
    /// An agent's state changed.
    AgentChanged {
        /// Who.
        agent: String,
        /// From what.
        from: &'static str,
        /// Into what.
        to: &'static str,
        /// Why not ready.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// How long the former state had lasted.
        lasted_ms: u64,
    },
    /// Something went wrong that an operator should know.
    Trouble {
        /// What.
        what: String,
    },
    /// The interaction is over.
    Closed {
        /// How.
        outcome: &'static str,
    },
    /// The server started.
    Started,
    /// A SIP message was sent or received.
    Sip {
        /// The leg.
        leg: String,
        /// `customer`, `agent` or `outside`.
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<&'static str>,
        /// Whether we sent it.
        sent: bool,
        /// `udp`, `tcp` …
        transport: String,
        /// Whom it was sent to, or who sent it.
        remote: String,
        /// `INVITE sip:1001@…` or `200 OK (INVITE)`.
        summary: String,
        /// The whole message, credentials blotted out.
        text: String,
    },
}

/// Why an interaction waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
#[schema(as = WaitWhy)]
pub enum WaitWhyJson {
    /// Nobody who serves the queue is logged in.
    NobodyLoggedIn,
    /// Nobody logged in has what it needs.
    NobodyFits {
        /// The skill.
        skill: String,
        /// The level needed.
        needed: u8,
    },
    /// All who fit are at something else.
    AllBusy {
        /// Talking or being rung.
        talking: u32,
        /// In wrap-up.
        wrap_up: u32,
        /// Not ready.
        not_ready: u32,
    },
}

/// Why an interaction was offered to this agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OfferWhy)]
pub struct OfferWhyJson {
    /// The queue it came from.
    pub queue: String,
    /// How agents are chosen there.
    pub rule: &'static str,
    /// How long the agent had been idle.
    pub idle_ms: u64,
    /// Agents who were ready and fitted.
    pub candidates: u32,
    /// How long the interaction had waited.
    pub waited_ms: u64,
    /// Its place when it was taken.
    pub position: u32,
    /// Its priority.
    pub priority: i32,
    /// What was needed and what the agent has.
    pub skills: Vec<SkillMatchJson>,
    /// Ready agents who were not chosen.
    pub passed_over: Vec<PassedOverJson>,
}

/// A skill that was needed, and how well the agent has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SkillMatch)]
pub struct SkillMatchJson {
    /// The skill.
    pub skill: String,
    /// The level needed.
    pub needed: u8,
    /// The agent's level.
    pub has: u8,
}

/// A ready agent who was not chosen, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PassedOver)]
pub struct PassedOverJson {
    /// Who.
    pub agent: String,
    /// `idle_less`, `lacks` or `asked_before`.
    pub code: &'static str,
    /// How long idle, for `idle_less`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u64>,
    /// The skill, for `lacks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skill: Option<String>,
    /// The level needed, for `lacks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<u8>,
    /// The agent's level, for `lacks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has: Option<u8>,
}

/// How the sound of a leg was.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Quality)]
pub struct QualityJson {
    /// Packets that came.
    pub received: u64,
    /// Packets that should have come and did not.
    pub lost: u64,
    /// Packets sent.
    pub sent: u64,
    /// Jitter at the end.
    pub jitter_us: u32,
    /// What was spoken: `PCMU`, `PCMA`, `G722`, `opus`. Absent if nothing was agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<&'static str>,
    /// Whether sound was sealed, and where the keys came from: `none`, `sdes`, `dtls`. Absent if nothing was agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keying: Option<&'static str>,
    /// Whether what was sent had to be made of sound in another codec.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub transcoded: bool,
    /// The last round trip, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_trip_us: Option<u32>,
    /// Estimated mean opinion score, 1 to 4.5; absent when nothing was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mos: Option<f64>,
}

/// How a leg sounds now.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = LegSound)]
pub struct LegSoundJson {
    /// The leg.
    pub leg: String,
    /// Whose: `customer`, `agent`, `outside`.
    pub role: &'static str,
    /// From its beginning until now.
    pub quality: QualityJson,
}

impl From<&LegSound> for LegSoundJson {
    fn from(sound: &LegSound) -> Self {
        let LegSound { leg, role, quality } = sound;
        Self { leg: leg.to_string(), role: role.as_str(), quality: quality.into() }
    }
}

/// The lines of a story with the SIP messages between them, in time order.
///
/// SIP messages keep their order. What the center did within the same millisecond stands before the first message that
/// was sent in it, and after what was received before: cause and effect.
pub fn story_lines(story: &Story) -> Vec<LineJson> {
    let roles: BTreeMap<LegId, LegRole> =
        story.lines.iter().filter_map(|line| Some((line.event.new_leg()?, new_role(&line.event)?))).collect();
    let mut lines = story.lines.iter().peekable();
    let mut merged = Vec::with_capacity(story.lines.len() + story.ladder.len());
    for message in &story.ladder {
        let goes_before = |line: &TimelineEntry| match message.sent {
            true => line.at <= message.at,
            false => line.at < message.at,
        };
        while let Some(line) = lines.next_if(|line| goes_before(line)) {
            merged.push(LineJson::from(line));
        }
        merged.push(LineJson::sip(message, roles.get(&message.leg)));
    }
    merged.extend(lines.map(LineJson::from));
    merged
}

/// The story as the agent may read it: without those who listened and their phones, unless agents may know.
pub fn without_listeners(mut story: Story) -> Story {
    let mut hidden = (Vec::new(), Vec::new());
    for line in &story.lines {
        if let TimelineEvent::MonitorRung { by, leg, shown: false, .. } = &line.event {
            hidden.0.push(*leg);
            hidden.1.push(by.clone());
        }
    }
    let (legs, listeners) = hidden;
    story.lines.retain(|line| match &line.event {
        TimelineEvent::MonitorRung { shown, .. }
        | TimelineEvent::Monitored { shown, .. }
        | TimelineEvent::MonitorEnded { shown, .. } => *shown,
        TimelineEvent::LegEnded { leg, .. } => !legs.contains(leg),
        TimelineEvent::AgentChanged { agent, .. } => !listeners.contains(agent),
        TimelineEvent::Trouble { what } => legs.is_empty() || what != OUT_OF_EARSHOT,
        _ => true,
    });
    story.ladder.retain(|message| !legs.contains(&message.leg));
    story
}

/// Whose leg first appears with an event.
fn new_role(event: &TimelineEvent) -> Option<LegRole> {
    match event {
        TimelineEvent::Arrived { .. } => Some(LegRole::Customer),
        TimelineEvent::Offered { .. } => Some(LegRole::Agent),
        TimelineEvent::Dialed { .. } => Some(LegRole::Outside),
        TimelineEvent::MonitorRung { .. } => Some(LegRole::Supervisor),
        _ => None,
    }
}

impl LineJson {
    fn sip(message: &SipMessage, role: Option<&LegRole>) -> Self {
        Self {
            at: message.at.as_millis(),
            seq: None,
            body: LineBody::Sip {
                leg: message.leg.to_string(),
                role: role.map(|role| role.as_str()),
                sent: message.sent,
                transport: message.transport.clone(),
                remote: message.remote.clone(),
                summary: summary(&message.text),
                text: message.text.clone(),
            },
        }
    }
}

impl From<&TimelineEntry> for LineJson {
    fn from(entry: &TimelineEntry) -> Self {
        Self { at: entry.at.as_millis(), seq: Some(entry.seq), body: (&entry.event).into() }
    }
}

impl From<&TimelineEvent> for LineBody {
    fn from(event: &TimelineEvent) -> Self {
        use TimelineEvent as Event;

        match event {
            Event::Arrived { leg, from, to, origin } => Self::Arrived {
                leg: leg.to_string(),
                from: from.into(),
                to: to.clone(),
                origin: origin.clone(),
            },
            Event::Answered => Self::Answered,
            Event::Step { flow, step, verb } => {
                Self::Step { flow: flow.to_string(), step: step.to_string(), verb: verb.clone() }
            }
            Event::Digit { digit } => Self::Digit { digit: digit.to_string() },
            Event::Queued { queue, position, why } => Self::Queued {
                queue: queue.to_string(),
                position: *position,
                why: why.as_ref().map(Into::into),
            },
            Event::PositionTold { position } => Self::PositionTold { position: *position },
            Event::Offered { agent, leg, why } => {
                Self::Offered { agent: agent.to_string(), leg: leg.to_string(), why: why.into() }
            }
            Event::NotTaken { agent, cause } => Self::NotTaken {
                agent: agent.to_string(),
                cause: cause.as_str(),
                status: status(cause),
                limit: limit(cause),
            },
            Event::Connected { agent, waited } => {
                Self::Connected { agent: agent.to_string(), waited_ms: millis(*waited) }
            }
            Event::Held => Self::Held,
            Event::Resumed => Self::Resumed,
            Event::Dialed { number, leg } => Self::Dialed { number: number.clone(), leg: leg.to_string() },
            Event::OneWay { leg, role, way } => {
                Self::OneWay { leg: leg.to_string(), role: role.as_str(), way: way.as_str() }
            }
            Event::WayRestored { leg, role, way } => {
                Self::WayRestored { leg: leg.to_string(), role: role.as_str(), way: way.as_str() }
            }
            Event::EmergencyCalled { number } => Self::EmergencyCalled { number: number.clone() },
            Event::PassedOn { leg, to } => Self::PassedOn { leg: leg.to_string(), to: to.clone() },
            Event::Transferred { number } => Self::Transferred { number: number.clone() },
            Event::LegEnded { leg, role, cause, quality } => Self::LegEnded {
                leg: leg.to_string(),
                role: role.as_str(),
                cause: cause.as_str(),
                status: status(cause),
                limit: limit(cause),
                quality: quality.as_ref().map(Into::into),
            },
            Event::RecordingStarted { recording } => {
                Self::RecordingStarted { recording: recording.to_string() }
            }
            Event::RecordingStopped { recording, length } => {
                Self::RecordingStopped { recording: recording.to_string(), length_ms: millis(*length) }
            }
            Event::MonitorRung { by, mode, leg, shown: _ } => {
                Self::MonitorRung { by: by.to_string(), mode: mode.as_str(), leg: leg.to_string() }
            }
            Event::Monitored { by, mode, shown: _ } => {
                Self::Monitored { by: by.to_string(), mode: mode.as_str() }
            }
            Event::MonitorEnded { by, cause, shown: _ } => {
                Self::MonitorEnded { by: by.to_string(), cause: cause.as_str() }
            }
            Event::Conferring { room, moderator } => {
                Self::Conferring { room: room.clone(), moderator: *moderator }
            }
            Event::ConferenceMuted { room, muted, by } => {
                Self::ConferenceMuted { room: room.clone(), muted: *muted, by: by.clone() }
            }
            Event::LeftConference { room, why, by } => {
                Self::LeftConference { room: room.clone(), why: why.as_str(), by: by.clone() }
            }
            Event::RecordingFailed { recording, why } => {
                Self::RecordingFailed { recording: recording.to_string(), why: why.clone() }
            }
            Event::AgentChanged { agent, from, to, lasted } => Self::AgentChanged {
                agent: agent.to_string(),
                from: from.as_str(),
                to: to.as_str(),
                reason: reason(to),
                lasted_ms: millis(*lasted),
            },
            Event::Trouble { what } => Self::Trouble { what: what.clone() },
            Event::Closed { outcome } => Self::Closed { outcome: outcome.as_str() },
            Event::Started => Self::Started,
            Event::RecordingChanged { recording, state, by } => Self::RecordingChanged {
                recording: recording.to_string(),
                state: state.as_str(),
                by: by.clone(),
            },
        }
    }
}

fn status(cause: &EndCause) -> Option<u16> {
    match cause {
        EndCause::Refused(status) => Some(*status),
        _ => None,
    }
}

fn limit(cause: &EndCause) -> Option<LimitJson> {
    match cause {
        EndCause::Limit(limit) => Some((&**limit).into()),
        _ => None,
    }
}

impl From<&WaitReason> for WaitWhyJson {
    fn from(why: &WaitReason) -> Self {
        match why {
            WaitReason::NobodyLoggedIn => Self::NobodyLoggedIn,
            WaitReason::NobodyFits { skill, needed } => {
                Self::NobodyFits { skill: skill.to_string(), needed: *needed }
            }
            WaitReason::AllBusy { talking, wrap_up, not_ready } => {
                Self::AllBusy { talking: *talking, wrap_up: *wrap_up, not_ready: *not_ready }
            }
        }
    }
}

impl From<&OfferReason> for OfferWhyJson {
    fn from(why: &OfferReason) -> Self {
        Self {
            queue: why.queue.to_string(),
            rule: why.rule.as_str(),
            idle_ms: millis(why.idle),
            candidates: why.candidates,
            waited_ms: millis(why.waited),
            position: why.position,
            priority: why.priority,
            skills: why
                .skills
                .iter()
                .map(|skill| SkillMatchJson {
                    skill: skill.skill.to_string(),
                    needed: skill.needed,
                    has: skill.has,
                })
                .collect(),
            passed_over: why
                .passed_over
                .iter()
                .map(|(agent, why)| passed_over(agent.to_string(), why))
                .collect(),
        }
    }
}

fn passed_over(agent: String, why: &PassedOver) -> PassedOverJson {
    let bare = PassedOverJson { agent, ..PassedOverJson::default() };
    match why {
        PassedOver::IdleLess { idle } => {
            PassedOverJson { code: "idle_less", idle_ms: Some(millis(*idle)), ..bare }
        }
        PassedOver::Lacks { skill, needed, has } => PassedOverJson {
            code: "lacks",
            skill: Some(skill.to_string()),
            needed: Some(*needed),
            has: Some(*has),
            ..bare
        },
        PassedOver::AskedBefore => PassedOverJson { code: "asked_before", ..bare },
    }
}

impl From<&Quality> for QualityJson {
    fn from(quality: &Quality) -> Self {
        Self {
            received: quality.received,
            lost: quality.lost,
            sent: quality.sent,
            jitter_us: quality.jitter_us,
            codec: quality.codec.map(model::leg::Codec::as_str),
            keying: quality.codec.map(|_| quality.keying.as_str()),
            transcoded: quality.transcoded > 0,
            round_trip_us: quality.round_trip_us,
            mos: (quality.mos_x100 > 0).then(|| f64::from(quality.mos_x100) / 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Duration, Timestamp};
    use model::{AgentId, Channel, InteractionId, InteractionRecord, Party, Supervision};

    #[test]
    fn an_agent_does_not_read_that_somebody_could_not_listen_unless_agents_may_know() {
        for (shown, wanted) in
            [(false, ["trouble"].as_slice()), (true, &["monitor_rung", "trouble", "trouble"])]
        {
            let by = AgentId::new("sara");
            let rung =
                TimelineEvent::MonitorRung { by, mode: Supervision::Monitor, leg: LegId::from_u64(2), shown };
            let told =
                without_listeners(story([rung, trouble(OUT_OF_EARSHOT), trouble("the connection broke")]));
            let kinds: Vec<_> = told.lines.iter().map(|line| line.event.kind()).collect();
            assert_eq!(kinds, wanted);
            assert_eq!(told.lines.last().unwrap().event, trouble("the connection broke"));
        }
    }

    fn trouble(what: &str) -> TimelineEvent {
        TimelineEvent::Trouble { what: what.to_owned() }
    }

    fn story(events: impl IntoIterator<Item = TimelineEvent>) -> Story {
        let (id, at) = (InteractionId::from_u64(1), Timestamp::from_millis(1));
        let lines = (1..).zip(events);
        let lines = lines.map(|(seq, event)| TimelineEntry { seq, at, interaction: Some(id), event });
        let interaction = InteractionRecord {
            id,
            channel: Channel::Voice,
            state: "closed".to_owned(),
            from: Party::number("200"),
            to: "1001".to_owned(),
            origin: "user:1002".to_owned(),
            arrived_at: at,
            queue: None,
            queued_at: None,
            agent: None,
            connected_at: None,
            ended_at: None,
            closed_at: None,
            outcome: None,
            waited: Duration::ZERO,
            talked: Duration::ZERO,
            held: Duration::ZERO,
            wrapped_up: Duration::ZERO,
            offers: 0,
            legs: Vec::new(),
        };
        Story { interaction, lines: lines.collect(), ladder: Vec::new() }
    }
}
