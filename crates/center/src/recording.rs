//! Recordings of interactions: begun with the talk, and going on through holds and transfers until the interaction is
//! over, so that a call has one file, one clock and one manifest.
//!
//! ```text
//!  connect ─▶ Record ──hold──▶ (the ports are tapped wherever they are wired)
//!                │  passed on ─▶ RecordFrom { customer, nobody }
//!                │  connect   ─▶ RecordFrom { customer, the next one }
//!                └▶ talk over, interaction over ─▶ StopRecording
//! ```
//!
//! Whoever may pause it (`access`) is decided before; here is only what follows.

use crate::interaction::{Interaction, RunningRecording};
use crate::{Center, Effect};
use base::Now;
use model::record::RecordingKind;
use model::timeline::LegRole;
use model::{
    AgentId, InteractionId, InteractionState, LegCommand, LegId, Record, RecordingId, RecordingMark,
    RecordingRecord, RecordingState, TimelineEvent, Voice,
};

/// Who takes back what could not be done.
const OURSELVES: &str = "hotline";

impl Center {
    /// Begins a recording; what ran before ends.
    pub(crate) fn record(
        &mut self,
        id: InteractionId,
        left: LegId,
        right: Option<LegId>,
        kind: RecordingKind,
        now: Now,
    ) {
        self.stop_recording(id);
        let recording = RecordingId::generate(&mut self.ids);
        let Some(live) = self.interactions.get_mut(&id) else { return };
        live.recording = Some(RunningRecording {
            id: recording,
            kind,
            state: RecordingState::Running,
            before: RecordingState::Running,
        });
        let sides = sides(live);
        self.changed.interactions.insert(id);
        self.begin_recording(id, recording, (left, right), kind, sides, now);
    }

    fn begin_recording(
        &mut self,
        id: InteractionId,
        recording: RecordingId,
        (left, right): (LegId, Option<LegId>),
        kind: RecordingKind,
        sides: RecordingMark,
        now: Now,
    ) {
        let record = RecordingRecord {
            id: recording,
            interaction: id,
            kind,
            started_at: now.utc,
            length: None,
            bytes: None,
        };
        self.recordings.insert(recording, record.clone());
        self.effects.push_back(Effect::Persist(Record::Recording(record)));
        self.tell(Some(id), TimelineEvent::RecordingStarted { recording }, now);
        self.command(LegCommand::Record { recording, left, right });
        self.command(LegCommand::MarkRecording { recording, mark: RecordingMark::Belongs(id) });
        self.command(LegCommand::MarkRecording { recording, mark: sides });
    }

    /// A call that is recorded is so with all who are heard in it: the voice of a supervisor who barges in has a recording
    /// of its own beside the one of the two parties, as a message has that one party speaks.
    pub(crate) fn record_supervisor(
        &mut self,
        id: InteractionId,
        leg: LegId,
        by: &AgentId,
        now: Now,
    ) -> Option<RecordingId> {
        let running = self.interactions.get(&id)?.recording?;
        let recording = RecordingId::generate(&mut self.ids);
        let voice = Voice { role: LegRole::Supervisor, name: by.to_string() };
        let sides = RecordingMark::Sides { left: Some(voice), right: None };
        self.begin_recording(id, recording, (leg, None), RecordingKind::Message, sides, now);
        if running.state == RecordingState::Paused {
            self.command(LegCommand::KeepOfRecording { recording, state: running.state });
        }
        Some(recording)
    }

    /// The talk that is recorded goes on with whoever is there now. Returns whether there is one.
    pub(crate) fn record_on(&mut self, id: InteractionId) -> bool {
        let Some(live) = self.interactions.get(&id) else { return false };
        let Some(running) = live.recording.filter(|running| running.kind == RecordingKind::Call) else {
            return false;
        };
        let (recording, mark) = (running.id, sides(live));
        let (left, right) = (live.customer, heard(live));
        self.command(LegCommand::RecordFrom { recording, left, right });
        self.command(LegCommand::MarkRecording { recording, mark });
        true
    }

    pub(crate) fn stop_recording(&mut self, id: InteractionId) {
        if let Some(live) = self.interactions.get_mut(&id)
            && let Some(running) = live.recording.take()
        {
            self.changed.interactions.insert(id);
            self.command(LegCommand::StopRecording { recording: running.id });
        }
    }

    /// What the recording of an interaction keeps, if one runs.
    pub fn recording_state(&self, id: InteractionId) -> Option<RecordingState> {
        self.interactions.get(&id)?.recording.map(|running| running.state)
    }

    /// Somebody wants the recording paused, masked, or running again. It stays so through holds and transfers, until
    /// somebody says otherwise.
    pub(crate) fn keep_of_recording(
        &mut self,
        id: InteractionId,
        state: RecordingState,
        by: String,
        now: Now,
    ) {
        let running = self.interactions.get_mut(&id).and_then(|live| live.recording.as_mut());
        let Some(running) = running.filter(|running| running.state != state) else { return };
        running.before = std::mem::replace(&mut running.state, state);
        let recording = running.id;
        self.changed.interactions.insert(id);
        self.command(LegCommand::KeepOfRecording { recording, state });
        let kept = if state == RecordingState::Paused { state } else { RecordingState::Running };
        for recording in self.recordings_of_supervisors(id) {
            self.command(LegCommand::KeepOfRecording { recording, state: kept });
        }
        let mark = RecordingMark::State { state, by: by.clone() };
        self.command(LegCommand::MarkRecording { recording, mark });
        self.tell(Some(id), TimelineEvent::RecordingChanged { recording, state, by }, now);
    }

    /// What somebody wanted of a recording did not reach the sound: everybody is told that it is as it was.
    pub(crate) fn recording_unchanged(&mut self, recording: RecordingId, why: String, now: Now) {
        let Some(id) = self.recordings.get(&recording).map(|record| record.interaction) else { return };
        let running = self.interactions.get_mut(&id).and_then(|live| live.recording.as_mut());
        let Some(running) = running.filter(|running| running.id == recording) else {
            if self.recordings_of_supervisors(id).contains(&recording) {
                // It would keep what was to be kept out. The call's own recording has what both parties heard of it.
                self.trouble(
                    Some(id),
                    format!("the recording of a supervisor's voice ends, it could not be changed: {why}"),
                    now,
                );
                self.end_recording_of_supervisor(id, recording);
            }
            return;
        };
        running.state = running.before;
        let (state, by) = (running.state, OURSELVES.to_owned());
        self.changed.interactions.insert(id);
        self.trouble(Some(id), format!("the recording could not be changed: {why}"), now);
        let mark = RecordingMark::State { state, by: by.clone() };
        self.command(LegCommand::MarkRecording { recording, mark });
        self.tell(Some(id), TimelineEvent::RecordingChanged { recording, state, by }, now);
    }

    pub(crate) fn recorded(&mut self, recording: RecordingId, length: base::Duration, bytes: u64, now: Now) {
        if let Some(mut record) = self.recordings.remove(&recording) {
            record.length = Some(length);
            record.bytes = Some(bytes);
            let interaction = record.interaction;
            self.effects.push_back(Effect::Persist(Record::Recording(record)));
            self.tell(Some(interaction), TimelineEvent::RecordingStopped { recording, length }, now);
        }
    }

    pub(crate) fn recording_failed(&mut self, recording: RecordingId, why: String, now: Now) {
        if let Some(mut record) = self.recordings.remove(&recording) {
            // Nothing to be heard, and nothing more will come.
            record.length = Some(base::Duration::ZERO);
            record.bytes = Some(0);
            self.effects.push_back(Effect::Persist(Record::Recording(record.clone())));
            self.tell(Some(record.interaction), TimelineEvent::RecordingFailed { recording, why }, now);
            let live = self.interactions.get_mut(&record.interaction);
            if let Some(live) =
                live.filter(|live| live.recording.is_some_and(|running| running.id == recording))
            {
                live.recording = None;
                self.changed.interactions.insert(record.interaction);
            }
        }
    }
}

/// The leg heard on the right.
fn heard(live: &Interaction) -> Option<LegId> {
    live.other.filter(|other| other.answered).map(|other| other.leg)
}

/// Who is on the sides just now.
fn sides(live: &Interaction) -> RecordingMark {
    let left = Voice { role: LegRole::Customer, name: live.record.from.number.clone() };
    let right = live.other.filter(|other| other.answered).and_then(|other| {
        let name = match &live.state {
            InteractionState::Connected(_, agent)
            | InteractionState::OnHold(_, agent)
            | InteractionState::Offered(_, agent) => agent.to_string(),
            InteractionState::Transferred(number) => number.clone(),
            _ => return None,
        };
        Some(Voice { role: other.role, name })
    });
    RecordingMark::Sides { left: Some(left), right }
}
