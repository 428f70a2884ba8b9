//! Records to write.

#![allow(dead_code, reason = "each test file uses its part of these")]

use base::{Duration, Timestamp};
use model::decision::{PassedOver, SelectionRule, SkillMatch};
use model::record::RecordingKind;
use model::timeline::LegRole;
use model::{
    AgentId, AgentState, Channel, EndCause, FlowId, InteractionId, InteractionRecord, LegId, NotReadyReason,
    OfferReason, Outcome, Party, Quality, QueueId, Record, RecordingId, RecordingRecord, SipUser, SkillId,
    StepId, TimelineEntry, TimelineEvent, WaitReason,
};

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// An interaction under construction.
pub(crate) struct Sample(InteractionRecord);

pub(crate) fn interaction(number: u64) -> Sample {
    Sample(InteractionRecord {
        id: InteractionId::from_u64(number),
        channel: Channel::Voice,
        state: "arrived".into(),
        from: Party::number("200"),
        to: "4000".into(),
        origin: "trunk:carrier".into(),
        arrived_at: at(1_000),
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
    })
}

impl Sample {
    pub(crate) fn arriving(mut self, at: Timestamp) -> Self {
        self.0.arrived_at = at;
        self
    }

    pub(crate) fn from(mut self, number: &str) -> Self {
        self.0.from.number = number.into();
        self
    }

    pub(crate) fn queue(mut self, queue: &str) -> Self {
        self.0.queue = Some(QueueId::new(queue));
        self
    }

    pub(crate) fn agent(mut self, agent: &str) -> Self {
        self.0.agent = Some(AgentId::new(agent));
        self
    }

    pub(crate) fn outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = Some(outcome);
        self
    }

    /// Nothing but what every interaction has.
    pub(crate) fn bare(self) -> InteractionRecord {
        self.0
    }

    pub(crate) fn record(self) -> Record {
        Record::Interaction(Box::new(self.0))
    }

    /// Every field filled.
    pub(crate) fn whole(self) -> InteractionRecord {
        InteractionRecord {
            state: "closed".into(),
            from: Party {
                number: "+8610123".into(),
                display: Some("李明".into()),
                user: Some(SipUser::new("1001")),
            },
            queue: Some(QueueId::new("support")),
            queued_at: Some(at(2_000)),
            agent: Some(AgentId::new("anna")),
            connected_at: Some(at(3_000)),
            ended_at: Some(at(4_000)),
            closed_at: Some(at(5_000)),
            outcome: Some(Outcome::Handled),
            waited: Duration::from_millis(1_000),
            talked: Duration::from_millis(900),
            held: Duration::from_millis(100),
            wrapped_up: Duration::from_millis(1_000),
            offers: 2,
            legs: vec![LegId::from_u64(1), LegId::from_u64(u64::MAX)],
            ..self.0
        }
    }
}

pub(crate) fn recording(number: u64, interaction: u64) -> RecordingRecord {
    RecordingRecord {
        id: RecordingId::from_u64(number),
        interaction: InteractionId::from_u64(interaction),
        kind: RecordingKind::Call,
        started_at: at(3_000),
        length: Some(Duration::from_millis(900)),
        bytes: Some(28_844),
    }
}

pub(crate) fn line(seq: u64, interaction: u64) -> TimelineEntry {
    TimelineEntry {
        seq,
        at: at(1_000 + seq as i64),
        interaction: Some(InteractionId::from_u64(interaction)),
        event: TimelineEvent::Digit { digit: '2' },
    }
}

/// One line of every kind there is.
pub(crate) fn every_kind_of_line(interaction: InteractionId) -> Vec<TimelineEntry> {
    let leg = LegId::from_u64(1);
    let agent_leg = LegId::from_u64(2);
    let anna = AgentId::new("anna");
    let chinese = SkillId::new("chinese");
    let recording = RecordingId::from_u64(5);
    [
        TimelineEvent::Started,
        TimelineEvent::Arrived {
            leg,
            from: Party { number: "200".into(), display: Some("Ann".into()), user: None },
            to: "4000".into(),
            origin: "trunk:carrier".into(),
        },
        TimelineEvent::Answered,
        TimelineEvent::Step { flow: FlowId::new("main"), step: StepId::new("greet"), verb: "say".into() },
        TimelineEvent::Digit { digit: '#' },
        TimelineEvent::Queued {
            queue: QueueId::new("support"),
            position: 1,
            why: Some(WaitReason::AllBusy { talking: 1, wrap_up: 2, not_ready: 3 }),
        },
        TimelineEvent::Queued {
            queue: QueueId::new("support"),
            position: 1,
            why: Some(WaitReason::NobodyFits { skill: chinese.clone(), needed: 3 }),
        },
        TimelineEvent::Queued {
            queue: QueueId::new("support"),
            position: 1,
            why: Some(WaitReason::NobodyLoggedIn),
        },
        TimelineEvent::PositionTold { position: 2 },
        TimelineEvent::Offered {
            agent: anna.clone(),
            leg: agent_leg,
            why: OfferReason {
                queue: QueueId::new("support"),
                rule: SelectionRule::LongestIdle,
                idle: Duration::from_millis(42_000),
                candidates: 2,
                waited: Duration::from_micros(1_234_567),
                position: 1,
                priority: -1,
                skills: vec![SkillMatch { skill: chinese.clone(), needed: 3, has: 5 }],
                passed_over: vec![
                    (AgentId::new("bert"), PassedOver::IdleLess { idle: Duration::from_secs(1) }),
                    (AgentId::new("dora"), PassedOver::Lacks { skill: chinese, needed: 3, has: 0 }),
                    (AgentId::new("emil"), PassedOver::AskedBefore),
                ],
            },
        },
        TimelineEvent::NotTaken { agent: anna.clone(), cause: EndCause::NoAnswer },
        TimelineEvent::Connected { agent: anna.clone(), waited: Duration::from_secs(3) },
        TimelineEvent::Held,
        TimelineEvent::Resumed,
        TimelineEvent::OneWay { leg: LegId::from_u64(1), role: LegRole::Customer, way: model::SoundWay::In },
        TimelineEvent::WayRestored {
            leg: LegId::from_u64(1),
            role: LegRole::Customer,
            way: model::SoundWay::In,
        },
        TimelineEvent::EmergencyCalled { number: "112".to_owned() },
        TimelineEvent::PassedOn { leg: LegId::from_u64(3), to: "1002".into() },
        TimelineEvent::Dialed { number: "912345".into(), leg: LegId::from_u64(3) },
        TimelineEvent::Transferred { number: "912345".into() },
        TimelineEvent::LegEnded {
            leg,
            role: LegRole::Customer,
            cause: EndCause::Refused(486),
            quality: Some(Quality {
                received: 100,
                lost: 1,
                sent: 99,
                jitter_us: 120,
                mos_x100: 430,
                ..Quality::default()
            }),
        },
        TimelineEvent::RecordingStarted { recording },
        TimelineEvent::RecordingStopped { recording, length: Duration::from_secs(3) },
        TimelineEvent::RecordingFailed { recording, why: "the disk is full".into() },
        TimelineEvent::AgentChanged {
            agent: anna,
            from: AgentState::Talking(interaction),
            to: AgentState::NotReady(NotReadyReason::Chosen(Some("lunch".into()))),
            lasted: Duration::from_secs(60),
        },
        TimelineEvent::Trouble { what: "the prompt welcome is missing".into() },
        TimelineEvent::Closed { outcome: Outcome::Handled },
    ]
    .into_iter()
    .enumerate()
    .map(|(index, event)| TimelineEntry {
        seq: index as u64 + 1,
        at: at(1_000 + index as i64),
        interaction: (index > 0).then_some(interaction),
        event,
    })
    .collect()
}
