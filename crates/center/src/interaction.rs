//! One open interaction: its state, its legs, its flow, its clocks.

use base::Now;
use model::interaction::{IllegalInteractionStep, InteractionStep};
use model::record::RecordingKind;
use model::timeline::LegRole;
use model::{
    Channel, InteractionId, InteractionRecord, InteractionState, LegId, Outcome, Party, Prompt, QueueId,
    RecordingId, RecordingState, SkillNeed,
};
use serde::{Deserialize, Serialize};

/// An interaction that is not closed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interaction {
    /// What the library will keep of it.
    pub record: InteractionRecord,
    /// Where it stands.
    pub state: InteractionState,
    /// Since when.
    pub since: Now,
    /// The customer's leg.
    pub customer: LegId,
    /// Whether that leg is still there.
    pub customer_present: bool,
    /// Whether it is a direct call: a phone of ours dialled it, and no flow ever decides about it.
    pub direct: bool,
    /// Whether we answered the customer.
    pub answered: bool,
    /// The leg to an agent or to somebody outside, from the dial to its end.
    pub other: Option<OtherLeg>,
    /// Its position in a flow, while a flow decides about it.
    pub run: Option<flow::Run>,
    /// What the flow waits for.
    pub flow_timers: std::collections::BTreeSet<u32>,
    /// The playlist last begun for the customer.
    pub play: u32,
    /// What the customer is hearing of us.
    pub hearing: Hearing,
    /// The language its customer is spoken to in.
    pub language: String,
    /// When it began to wait in its present queue.
    pub queued: Option<Now>,
    /// Legs that were passed over and are on their way out.
    pub leaving: Vec<(LegId, LegRole)>,
    /// Where and how it waited last.
    pub place: Option<Place>,
    /// Where it goes back to when nobody takes it whom it was passed on to.
    pub back_to: Option<Place>,
    /// The recording that runs.
    pub recording: Option<RunningRecording>,
    /// How it ends, once its last leg is gone.
    pub ending: Option<Outcome>,
}

/// The second leg of an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherLeg {
    /// The leg.
    pub leg: LegId,
    /// Whose.
    pub role: LegRole,
    /// Whether it was answered.
    pub answered: bool,
    /// Whether to record once it is answered; calls with agents always are.
    pub record: bool,
}

/// A recording that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningRecording {
    /// Its id.
    pub id: RecordingId,
    /// What it holds.
    pub kind: RecordingKind,
    /// What it keeps just now.
    pub state: RecordingState,
    /// What it kept before, and keeps still if that could not be changed.
    pub before: RecordingState,
}

/// A place in a queue, as a flow asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Where.
    pub queue: QueueId,
    /// What the agent must be able to do.
    pub needs: Vec<SkillNeed>,
    /// Who is more urgent goes first.
    pub priority: i32,
    /// What is heard meanwhile.
    pub hold: Prompt,
}

/// What we make a customer hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hearing {
    /// Nothing, or somebody else.
    Nothing,
    /// What the flow says.
    Flow,
    /// The place in the queue; music follows.
    Announcement,
    /// Music.
    Music,
}

impl Interaction {
    /// One that arrives now.
    pub fn new(
        id: InteractionId,
        customer: LegId,
        from: Party,
        to: String,
        origin: String,
        language: String,
        now: Now,
    ) -> Self {
        let record = InteractionRecord {
            id,
            channel: Channel::Voice,
            state: InteractionState::Arrived.as_str().to_owned(),
            from,
            to,
            origin,
            arrived_at: now.utc,
            queue: None,
            queued_at: None,
            agent: None,
            connected_at: None,
            ended_at: None,
            closed_at: None,
            outcome: None,
            waited: base::Duration::ZERO,
            talked: base::Duration::ZERO,
            held: base::Duration::ZERO,
            wrapped_up: base::Duration::ZERO,
            offers: 0,
            legs: vec![customer],
        };
        Self {
            record,
            state: InteractionState::Arrived,
            since: now,
            customer,
            customer_present: true,
            direct: false,
            answered: false,
            other: None,
            run: None,
            flow_timers: std::collections::BTreeSet::new(),
            play: 0,
            hearing: Hearing::Nothing,
            language,
            queued: None,
            leaving: Vec::new(),
            place: None,
            back_to: None,
            recording: None,
            ending: None,
        }
    }

    /// The legs of those who take part, and whose they are.
    pub fn parties(&self) -> Vec<(LegId, LegRole)> {
        let customer = self.customer_present.then_some((self.customer, LegRole::Customer));
        customer.into_iter().chain(self.other.map(|other| (other.leg, other.role))).collect()
    }

    /// Whose leg that is.
    pub fn role_of(&self, leg: LegId) -> LegRole {
        let leaving = self.leaving.iter().find(|(leaving, _)| *leaving == leg).map(|(_, role)| *role);
        let other = self.other.filter(|other| other.leg == leg).map(|other| other.role);
        leaving.or(other).unwrap_or(LegRole::Customer)
    }

    /// Takes a step, and books the time spent in the former state.
    pub fn step(&mut self, step: InteractionStep, now: Now) -> Result<(), IllegalInteractionStep> {
        let next = self.state.step(step)?;
        let spent = now.mono.since(self.since.mono);
        match self.state {
            InteractionState::Queued(_) | InteractionState::Offered(..) => self.record.waited += spent,
            InteractionState::Connected(..) => self.record.talked += spent,
            InteractionState::OnHold(..) => self.record.held += spent,
            InteractionState::WrapUp(..) => self.record.wrapped_up += spent,
            InteractionState::Arrived
            | InteractionState::InFlow(_)
            | InteractionState::Transferred(_)
            | InteractionState::Closed(_) => {}
        }
        self.record.state = next.as_str().to_owned();
        self.state = next;
        self.since = now;
        Ok(())
    }

    /// The legs that are still there.
    pub fn open_legs(&self) -> impl Iterator<Item = LegId> {
        let customer = self.customer_present.then_some(self.customer);
        let leaving = self.leaving.iter().map(|(leg, _)| *leg);
        customer.into_iter().chain(self.other.map(|other| other.leg)).chain(leaving)
    }
}
