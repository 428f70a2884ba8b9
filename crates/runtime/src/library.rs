//! The web's library is the store; its sounds are the archive's.

use access::{AuditEntry, User};
use archive::{Archive, ArchiveError, Form, Opened, Wanted};
use base::Timestamp;
use model::query::{InteractionFilter, Page, Story};
use model::{InteractionId, InteractionRecord, RecordingId, RecordingRecord, TimelineEntry};
use store::{Store, StoreError};
use web::{Answer, Library, LibraryError, OpenSound, SoundError, SoundForm, Sounds};

/// The store, as the web wants it.
#[derive(Clone, Debug)]
pub struct StoreLibrary {
    /// The store.
    pub store: Store,
    /// The hash of the token that the operator's sub-commands use; it lives as long as the process.
    pub operator: String,
}

/// Who the operator's sub-commands are.
fn operator() -> User {
    User {
        login: "operator".to_owned(),
        name: "Operator".to_owned(),
        role: access::Role::Admin,
        queues: None,
        created_at: Timestamp::default(),
        disabled: false,
    }
}

fn failed(error: StoreError) -> LibraryError {
    tracing::error!(%error, "the library");
    LibraryError(error.to_string())
}

impl Library for StoreLibrary {
    fn interactions<'a>(&'a self, filter: &'a InteractionFilter) -> Answer<'a, Page<InteractionRecord>> {
        Box::pin(async move { self.store.interactions(filter).await.map_err(failed) })
    }

    fn interaction(&self, id: InteractionId) -> Answer<'_, Option<InteractionRecord>> {
        Box::pin(async move { self.store.interaction(id).await.map_err(failed) })
    }

    fn story(&self, id: InteractionId) -> Answer<'_, Option<Story>> {
        Box::pin(async move { self.store.story(id).await.map_err(failed) })
    }

    fn recordings<'a>(&'a self, interactions: &'a [InteractionId]) -> Answer<'a, Vec<RecordingRecord>> {
        Box::pin(async move { self.store.recordings_of(interactions).await.map_err(failed) })
    }

    fn recording(&self, id: RecordingId) -> Answer<'_, Option<RecordingRecord>> {
        Box::pin(async move { self.store.recording(id).await.map_err(failed) })
    }

    fn timeline_after(&self, seq: u64, limit: u32) -> Answer<'_, Vec<TimelineEntry>> {
        Box::pin(async move { self.store.timeline_after(seq, limit).await.map_err(failed) })
    }

    fn last_seq(&self) -> Answer<'_, u64> {
        Box::pin(async move { self.store.last_seq().await.map_err(failed) })
    }

    fn user<'a>(&'a self, login: &'a str) -> Answer<'a, Option<web::Credentials>> {
        Box::pin(async move {
            let found = self.store.user(login).await.map_err(failed)?;
            Ok(found.map(|found| web::Credentials { user: found.user, password_hash: found.password_hash }))
        })
    }

    fn open_session<'a>(&'a self, session: &'a web::Session) -> Answer<'a, ()> {
        Box::pin(async move {
            let session = store::Session {
                token_hash: session.token_hash.clone(),
                login: session.login.clone(),
                created_at: session.created_at,
                expires_at: session.expires_at,
            };
            self.store.open_session(&session).await.map_err(failed)
        })
    }

    fn session<'a>(
        &'a self,
        token_hash: &'a str,
        now: Timestamp,
    ) -> Answer<'a, Option<(User, web::Session)>> {
        Box::pin(async move {
            if token_hash == self.operator {
                let session = web::Session {
                    token_hash: token_hash.to_owned(),
                    login: operator().login,
                    created_at: now,
                    expires_at: now + base::Duration::from_secs(60),
                };
                return Ok(Some((operator(), session)));
            }
            let found = self.store.session(token_hash, now).await.map_err(failed)?;
            Ok(found.map(|(user, session)| {
                let session = web::Session {
                    token_hash: session.token_hash,
                    login: session.login,
                    created_at: session.created_at,
                    expires_at: session.expires_at,
                };
                (user, session)
            }))
        })
    }

    fn close_session<'a>(&'a self, token_hash: &'a str) -> Answer<'a, ()> {
        Box::pin(async move { self.store.close_session(token_hash).await.map_err(failed) })
    }

    fn audit<'a>(&'a self, entry: &'a AuditEntry) -> Answer<'a, ()> {
        Box::pin(async move { self.store.audit(entry).await.map_err(failed) })
    }
}

/// The archive, as the web wants it.
#[derive(Clone, Debug)]
pub struct ArchiveSounds(pub Archive);

impl Sounds for ArchiveSounds {
    fn open(&self, recording: &RecordingRecord) -> Result<OpenSound, SoundError> {
        self.0.open(recording, Wanted::AsKept).map(open_sound).map_err(not_heard)
    }

    fn open_wav(&self, recording: &RecordingRecord) -> Result<OpenSound, SoundError> {
        self.0.open(recording, Wanted::Wav).map(open_sound).map_err(not_heard)
    }

    fn peaks(&self, recording: &RecordingRecord, points: usize) -> Result<Option<Vec<Vec<u8>>>, SoundError> {
        let kept = self.0.peaks(recording).map_err(not_heard)?;
        Ok(kept.map(|peaks| peaks.at_most(points).sides))
    }

    fn outline(&self, recording: &RecordingRecord, points: usize) -> Result<Vec<Vec<u8>>, SoundError> {
        self.0.outline(recording).map(|peaks| peaks.at_most(points).sides).map_err(not_heard)
    }

    fn manifest(&self, recording: &RecordingRecord) -> Result<Vec<u8>, SoundError> {
        self.0.manifest(recording).map_err(not_heard)
    }
}

fn open_sound(opened: Opened) -> OpenSound {
    let form = match opened.format {
        Form::Wav => SoundForm::Wav,
        Form::Opus => SoundForm::Opus,
    };
    OpenSound { bytes: Box::new(opened.sound), length: opened.bytes, form, decoded: opened.decoded }
}

fn not_heard(error: ArchiveError) -> SoundError {
    match error {
        ArchiveError::Unfinished(_) => SoundError::Unfinished,
        ArchiveError::Missing(_) => SoundError::Missing,
        other => SoundError::Unreadable(other.to_string()),
    }
}
