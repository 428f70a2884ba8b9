//! Interactions as the API shows them: the live row and the record.

use super::line::WaitWhyJson;
use super::{at, millis};
use model::{InteractionRecord, InteractionState, InteractionView, MonitorView, Party, RecordingRecord};
use serde::Serialize;
use utoipa::ToSchema;

/// A party of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Party)]
pub struct PartyJson {
    /// The number; empty when it was withheld.
    pub number: String,
    /// The name shown with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
}

/// An open interaction, live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = InteractionView)]
pub struct LiveInteractionJson {
    /// The id.
    pub id: String,
    /// Where it stands: `arrived`, `in_flow`, `queued`, `offered`, `connected`, `on_hold`, `transferred`, `wrap_up`.
    pub state: &'static str,
    /// The flow that talks with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The queue it waits in or came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The agent asked, talking or writing it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Since when it stands there.
    pub since: i64,
    /// When it came.
    pub arrived_at: i64,
    /// The customer.
    pub from: PartyJson,
    /// The number dialled.
    pub to: String,
    /// Its place in the queue, 1 is the front.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// Since when it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_at: Option<i64>,
    /// Why nobody takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<WaitWhyJson>,
    /// Whether it is being recorded.
    pub recording: bool,
    /// What its recording keeps, if one runs: `running`, `paused`, `customer_masked`, `agent_masked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording_state: Option<&'static str>,
    /// Who takes part in it without having it; for agents, only if they may know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub monitors: Vec<MonitorViewJson>,
    /// Past the queues (`transferred`): who has it, once they talk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<FarEndJson>,
    /// The logins, of agents and supervisors, whose phones talk in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub talks: Vec<String>,
}

/// Who has an interaction past the queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FarEnd)]
pub struct FarEndJson {
    /// The login, if it is a phone of an agent or a supervisor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// The phone or the number.
    pub number: String,
}

/// A supervisor who takes part in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MonitorView)]
pub struct MonitorViewJson {
    /// The login.
    pub by: String,
    /// `listen`, `whisper`, `barge` or `take_over`.
    pub mode: &'static str,
    /// Whether the supervisor's phone rings and was not answered yet.
    pub rings: bool,
    /// Since when.
    pub since: i64,
}

/// An interaction as the library keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Interaction)]
pub struct InteractionJson {
    /// The id.
    pub id: String,
    /// `voice`.
    pub channel: &'static str,
    /// Where it stands, or `closed`.
    pub state: String,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
    /// The customer.
    pub from: PartyJson,
    /// The number dialled.
    pub to: String,
    /// `trunk:carrier` or `user:1001`.
    pub origin: String,
    /// The last queue it waited in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The agent who took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// When it came.
    pub arrived_at: i64,
    /// When it began to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_at: Option<i64>,
    /// When the agent took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_at: Option<i64>,
    /// When the call was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<i64>,
    /// When everything was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<i64>,
    /// Time spent waiting in queues.
    pub waited_ms: u64,
    /// Time spent talking with agents.
    pub talked_ms: u64,
    /// Time on hold.
    pub held_ms: u64,
    /// After-contact work.
    pub wrapped_up_ms: u64,
    /// How often an agent was asked.
    pub offers: u32,
    /// The ids of its legs, in order.
    pub legs: Vec<String>,
    /// Its recordings, in order.
    pub recordings: Vec<RecordingJson>,
}

/// A recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Recording)]
pub struct RecordingJson {
    /// The id.
    pub id: String,
    /// `call` (caller left, agent right) or `message`.
    pub kind: &'static str,
    /// When it began.
    pub started_at: i64,
    /// How long it is; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_ms: Option<u64>,
    /// How large its file is; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Where it is heard.
    pub url: String,
}

impl From<&Party> for PartyJson {
    fn from(party: &Party) -> Self {
        Self { number: party.number.clone(), display: party.display.clone() }
    }
}

impl From<&InteractionView> for LiveInteractionJson {
    fn from(view: &InteractionView) -> Self {
        Self {
            id: view.id.to_string(),
            state: view.state.as_str(),
            flow: match &view.state {
                InteractionState::InFlow(flow) => Some(flow.to_string()),
                _ => None,
            },
            queue: match &view.state {
                InteractionState::Transferred(_) => view.queue.as_ref(),
                state => state.queue(),
            }
            .map(ToString::to_string),
            agent: view.state.agent().map(ToString::to_string),
            since: view.since.as_millis(),
            arrived_at: view.arrived_at.as_millis(),
            from: (&view.from).into(),
            to: view.to.clone(),
            position: view.position,
            queued_at: at(view.queued_at),
            why: view.why.as_ref().map(Into::into),
            recording: view.recording.is_some(),
            recording_state: view.recording.map(model::RecordingState::as_str),
            monitors: view.monitors.iter().map(Into::into).collect(),
            with: view.with.as_ref().map(|end| FarEndJson {
                login: end.login.as_ref().map(ToString::to_string),
                number: end.number.clone(),
            }),
            talks: view.talks.iter().map(ToString::to_string).collect(),
        }
    }
}

impl LiveInteractionJson {
    /// The row as its agent sees it: who listens is told only if agents may know.
    pub fn for_agent(view: &InteractionView) -> Self {
        let shown = view.monitors.iter().filter(|monitor| monitor.shown);
        Self { monitors: shown.map(Into::into).collect(), ..view.into() }
    }
}

impl From<&MonitorView> for MonitorViewJson {
    fn from(view: &MonitorView) -> Self {
        Self {
            by: view.by.to_string(),
            mode: view.mode.as_str(),
            rings: view.rings,
            since: view.since.as_millis(),
        }
    }
}

impl InteractionJson {
    /// The record with those of `recordings` that belong to it.
    pub fn new(record: &InteractionRecord, recordings: &[RecordingRecord]) -> Self {
        Self {
            id: record.id.to_string(),
            channel: record.channel.as_str(),
            state: record.state.clone(),
            outcome: record.outcome.map(model::Outcome::as_str),
            from: (&record.from).into(),
            to: record.to.clone(),
            origin: record.origin.clone(),
            queue: record.queue.as_ref().map(ToString::to_string),
            agent: record.agent.as_ref().map(ToString::to_string),
            arrived_at: record.arrived_at.as_millis(),
            queued_at: at(record.queued_at),
            connected_at: at(record.connected_at),
            ended_at: at(record.ended_at),
            closed_at: at(record.closed_at),
            waited_ms: millis(record.waited),
            talked_ms: millis(record.talked),
            held_ms: millis(record.held),
            wrapped_up_ms: millis(record.wrapped_up),
            offers: record.offers,
            legs: record.legs.iter().map(ToString::to_string).collect(),
            recordings: recordings
                .iter()
                .filter(|recording| recording.interaction == record.id)
                .map(Into::into)
                .collect(),
        }
    }
}

impl From<&RecordingRecord> for RecordingJson {
    fn from(record: &RecordingRecord) -> Self {
        Self {
            id: record.id.to_string(),
            kind: record.kind.as_str(),
            started_at: record.started_at.as_millis(),
            length_ms: record.length.map(millis),
            bytes: record.bytes,
            url: format!("/api/v1/interactions/{}/recording?recording={}", record.interaction, record.id),
        }
    }
}
