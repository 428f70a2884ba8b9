//! Where what the center says goes: records to the writer, rows to the board, recordings to the archive.

use crate::control::Audience;
use crate::registrations::Registrations;
use archive::Recorder;
use base::Timestamp;
use model::query::SipMessage;
use model::record::RecordingKind;
use model::{AgentId, BoardEvent, Record, RecordingId, RecordingMark, SipUser};
use sip::SavedBinding;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Writer;

/// The real audience.
pub struct Listeners {
    /// Stores records and SIP messages.
    pub writer: Arc<Writer>,
    /// Shows rows.
    pub board: web::Board,
    /// Writes recordings.
    pub recorder: Recorder,
    /// Whose phone is whose.
    pub phones: BTreeMap<SipUser, AgentId>,
    /// Keeps registrations for the next process.
    pub registrations: Registrations,
    /// What each agent was last seen doing.
    pub states: BTreeMap<AgentId, &'static str>,
}

impl Audience for Listeners {
    fn record(&mut self, record: Record) {
        self.writer.send(record);
    }

    fn sip_message(&mut self, message: SipMessage) {
        self.writer.send_sip(message);
    }

    fn board(&mut self, events: Vec<BoardEvent>) {
        for event in &events {
            if let BoardEvent::Agent(view) = event {
                let state = view.state.as_str();
                // At the start everybody is logged out; that is no news.
                if self.states.insert(view.id.clone(), state).unwrap_or("logged_out") != state {
                    tracing::info!(agent = %view.id, state, "agent");
                }
            }
        }
        self.board.apply(events);
    }

    fn recording_begins(&mut self, recording: RecordingId, stereo: bool, at: Timestamp) -> Option<String> {
        let kind = if stereo { RecordingKind::Call } else { RecordingKind::Message };
        self.recorder.begin(recording, kind, at).err().map(|error| error.to_string())
    }

    fn recording_mark(&mut self, recording: RecordingId, mark: RecordingMark, at: Timestamp) {
        self.recorder.mark(recording, mark, at);
    }

    fn registration(&mut self, user: &SipUser, registered: bool) {
        if let Some(agent) = self.phones.get(user) {
            self.board.set_phone_registered(agent, registered);
        }
    }

    fn bindings(&mut self, user: SipUser, saved: Vec<SavedBinding>) {
        self.registrations.changed(user, saved);
    }

    fn phones(&mut self, phones: BTreeMap<SipUser, AgentId>) {
        self.phones = phones;
    }
}
