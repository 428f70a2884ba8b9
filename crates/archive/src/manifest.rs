//! The manifest of a recording: what its file holds, who spoke when, what was kept out, and its place in the chain.
//!
//! It lies beside the sound as `RC-….json`. `hash` is the SHA-256 of everything else in it, as this module prints it, and
//! `previous` is the hash of the recording finished before: whoever changes one has to change all that follow.

use crate::finish::Placed;
use crate::format::SoundFormat;
use crate::speech::Span;
use crate::wav::millis_of;
use crate::{ArchiveError, folder};
use base::Timestamp;
use model::record::RecordingKind;
use model::{RecordingId, RecordingMark, RecordingState, Voice};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The version of the form.
pub const VERSION: u32 = 1;

/// A recording as told beside its sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form.
    pub version: u32,
    /// The recording: `RC-…`.
    pub recording: String,
    /// The interaction: `IX-…`; absent in recordings older than manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<String>,
    /// `call` or `message`.
    pub kind: String,
    /// When it began, in milliseconds UTC.
    pub started_at: i64,
    /// How long it is.
    pub length_ms: u64,
    /// How its sound is kept.
    pub sound: SoundFile,
    /// Who was on which side, from when to when.
    pub parts: Vec<Part>,
    /// What was kept out.
    pub kept_out: Vec<KeptOut>,
    /// Who spoke when: pairs of the begin and the end in milliseconds.
    pub spoke: Spoke,
    /// Its place in the chain.
    pub chain: Link,
    /// SHA-256 of all of the above.
    pub hash: String,
}

/// The file with the sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundFile {
    /// Its name in the folder of the manifest.
    pub file: String,
    /// `wav` or `opus`.
    pub format: String,
    /// `pcm_s16le` or `opus`.
    pub codec: String,
    /// Samples in a second.
    pub rate: u32,
    /// 2 for a call, the customer left; 1 for a message.
    pub channels: u8,
    /// How large it is.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// A time in which the same two were on the sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Since the recording began.
    pub from_ms: u64,
    /// Since the recording began.
    pub to_ms: u64,
    /// On the left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Party>,
    /// On the right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Party>,
}

/// Who is on a side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// `customer`, `agent` or `outside`.
    pub role: String,
    /// A number, or an agent's login.
    pub name: String,
}

/// A time in which something was kept out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptOut {
    /// Since the recording began.
    pub from_ms: u64,
    /// Since the recording began.
    pub to_ms: u64,
    /// `paused`, `customer_masked` or `agent_masked`.
    pub state: String,
    /// The login of whoever wanted it so.
    pub by: String,
}

/// Who spoke when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoke {
    /// On the left.
    pub left: Vec<Span>,
    /// On the right.
    pub right: Vec<Span>,
}

/// A place in the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Counted from 1.
    pub number: u64,
    /// The hash of the manifest before; empty for the first.
    pub previous: String,
}

/// What a manifest is made of, besides its marks.
pub(crate) struct Facts {
    pub(crate) recording: RecordingId,
    pub(crate) kind: RecordingKind,
    pub(crate) started_at: Timestamp,
    pub(crate) samples: u64,
    pub(crate) format: SoundFormat,
    pub(crate) bytes: u64,
    pub(crate) sha256: [u8; 32],
    pub(crate) spoke: Spoke,
}

impl Manifest {
    pub(crate) fn new(facts: Facts, marks: &[Placed], chain: Link) -> Self {
        let end = millis_of(facts.samples);
        let interaction = marks.iter().find_map(|placed| match &placed.mark {
            RecordingMark::Belongs(interaction) => Some(interaction.to_string()),
            RecordingMark::Sides { .. } | RecordingMark::State { .. } => None,
        });
        let (codec, rate) = facts.format.codec_and_rate();
        let mut manifest = Self {
            version: VERSION,
            recording: facts.recording.to_string(),
            interaction,
            kind: facts.kind.as_str().to_owned(),
            started_at: facts.started_at.as_millis(),
            length_ms: end,
            sound: SoundFile {
                file: format!("{}.{}", facts.recording, facts.format.extension()),
                format: facts.format.extension().to_owned(),
                codec: codec.to_owned(),
                rate,
                channels: if facts.kind == RecordingKind::Call { 2 } else { 1 },
                bytes: facts.bytes,
                sha256: hex(&facts.sha256),
            },
            parts: parts(marks, end),
            kept_out: kept_out(marks, end),
            spoke: facts.spoke,
            chain,
            hash: String::new(),
        };
        manifest.hash = manifest.reckoned_hash();
        manifest
    }

    /// Reads a manifest.
    pub fn read(path: &Path) -> Result<Self, ArchiveError> {
        let text = std::fs::read(path).map_err(ArchiveError::of(path))?;
        Self::parse(&text).map_err(|source| ArchiveError::Manifest { file: path.to_owned(), source })
    }

    /// Reads a manifest that is in memory.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    /// Writes it durably: whole, or not at all.
    pub(crate) fn write(&self, path: &Path) -> Result<(), ArchiveError> {
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        folder::write_whole(path, &text)
    }

    /// The hash as it should be.
    pub fn reckoned_hash(&self) -> String {
        let bare = Self { hash: String::new(), ..self.clone() };
        hex(&Sha256::digest(serde_json::to_vec(&bare).unwrap_or_default()).into())
    }
}

fn parts(marks: &[Placed], end: u64) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for Placed { at, mark } in marks {
        let RecordingMark::Sides { left, right } = mark else { continue };
        let from_ms = millis_of(*at).min(end);
        if let Some(before) = parts.last_mut() {
            before.to_ms = from_ms;
        }
        let party = |voice: &Voice| Party { role: voice.role.as_str().to_owned(), name: voice.name.clone() };
        let (left, right) = (left.as_ref().map(party), right.as_ref().map(party));
        parts.push(Part { from_ms, to_ms: end, left, right });
    }
    parts
}

fn kept_out(marks: &[Placed], end: u64) -> Vec<KeptOut> {
    let mut kept_out: Vec<KeptOut> = Vec::new();
    let mut open = false;
    for Placed { at, mark } in marks {
        let RecordingMark::State { state, by } = mark else { continue };
        let from_ms = millis_of(*at).min(end);
        if let Some(before) = kept_out.last_mut().filter(|_| open) {
            before.to_ms = from_ms;
        }
        open = *state != RecordingState::Running;
        if open {
            let (state, by) = (state.as_str().to_owned(), by.clone());
            kept_out.push(KeptOut { from_ms, to_ms: end, state, by });
        }
    }
    kept_out
}

/// A hash in letters.
pub(crate) fn hex(hash: &[u8; 32]) -> String {
    use std::fmt::Write;
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
