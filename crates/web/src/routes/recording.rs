//! `GET /interactions/{id}/recording`: the sound, whole or in part (RFC 9110 §14); below it the outline and the manifest.

use super::interaction::find;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{InPath, InQuery};
use crate::outlines::NoOutline;
use crate::sounds::{OpenSound, SoundBytes, SoundError, SoundForm, Sounds};
use crate::state::Web;
use access::{Deed, Permission};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use model::record::RecordingKind;
use model::{RecordingId, RecordingRecord};
use serde::{Deserialize, Serialize};
use std::io::{self, SeekFrom};
use utoipa::{IntoParams, ToSchema};

/// How much is read from the file at once.
const PIECE: u64 = 64 * 1024;

/// Which recording.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RecordingQuery {
    /// The recording: `RC-…`; the call itself if not given.
    pub recording: Option<String>,
    /// `wav`, which is the default, or `opus` for a recording that is kept so.
    pub format: Option<String>,
}

/// Which recording, and how fine.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PeaksQuery {
    /// The recording: `RC-…`; the call itself if not given.
    pub recording: Option<String>,
    /// How many values a side at most: 1 to 10000, 1000 if not given.
    pub points: Option<usize>,
}

/// Which recording.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ManifestQuery {
    /// The recording: `RC-…`; the call itself if not given.
    pub recording: Option<String>,
}

/// The outline of a recording, to be drawn.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeaksJson {
    /// The recording.
    pub recording: String,
    /// How long it is.
    pub length_ms: u64,
    /// The loudest sample in each of equally long parts, 0 to 255: a list for each side, the left first.
    pub sides: Vec<Vec<u8>>,
}

/// The most values a side in one answer.
const POINTS_MAX: usize = 10_000;
const POINTS: usize = 1_000;

/// Plays a recording: WAV, caller left and agent right.
///
/// A part can be asked for with `Range: bytes=…`, which is how players jump. A recording that is kept as Opus is given so for
/// `format=opus`, or to whoever accepts nothing else.
#[utoipa::path(get, path = "/interactions/{id}/recording", tag = "interactions",
    params(("id" = String, Path, description = "The interaction: `IX-…`"), RecordingQuery), responses(
    (status = 200, description = "The whole.", content_type = "audio/wav"),
    (status = 206, description = "The part asked for.", content_type = "audio/wav"),
    (status = 304, description = "The asker has it already."),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
    (status = 404, description = "`not_found` or `no_recording`", body = ErrorBody),
    (status = 406, description = "`other_format`: it is not kept as Opus.", body = ErrorBody),
    (status = 409, description = "`still_recording`", body = ErrorBody),
    (status = 416, description = "`no_such_range`", body = ErrorBody),
    (status = 503, description = "`library_unavailable`", body = ErrorBody),
))]
pub async fn recording(
    State(web): State<Web>,
    caller: Caller,
    InPath(id): InPath<String>,
    InQuery(query): InQuery<RecordingQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let as_opus = match query.format.as_deref() {
        Some("wav") => false,
        Some("opus") => true,
        None => accepts_opus_only(&headers),
        Some(_) => return Err(ApiError::field("format", "format is wav or opus")),
    };
    let record = wanted(&web, &caller, &id, query.recording.as_deref()).await?;
    let opened =
        of_sounds(
            &web,
            &record,
            move |sounds, record| {
                if as_opus { sounds.open(record) } else { sounds.open_wav(record) }
            },
        );
    let OpenSound { bytes: file, length: bytes, form, decoded } = opened.await?;
    if as_opus && form != SoundForm::Opus {
        let message = "the recording is not kept as Opus";
        return Err(ApiError::new(StatusCode::NOT_ACCEPTABLE, "other_format", message));
    }

    let tag = match form {
        // The same bytes come from the same decoder only, and parts of two may not be put together.
        SoundForm::Wav if decoded => format!("\"{}-decoded-{}-{bytes}\"", record.id, web.options().version),
        SoundForm::Wav => format!("\"{}-{bytes}\"", record.id),
        SoundForm::Opus => format!("\"{}-opus-{bytes}\"", record.id),
    };
    if names(&headers, header::IF_NONE_MATCH, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    // A part of what the asker does not have any more would be noise.
    let whole = headers.contains_key(header::IF_RANGE) && !names(&headers, header::IF_RANGE, &tag);
    let range = if whole { Ok(None) } else { range(&headers, bytes) };
    let Ok(range) = range else { return Ok(no_such_range(bytes)) };
    let (status, from, to) = match range {
        None => (StatusCode::OK, 0, bytes),
        Some((from, to)) => (StatusCode::PARTIAL_CONTENT, from, to),
    };
    // Players ask for many pieces, from anywhere. Nobody listens unless it is written down.
    let (who, now) = (caller.user.login.as_str(), web.clock().now());
    let is_known = web.hearings().is_known(who, record.id, now);
    if !is_known {
        let entry = web.deed(who, Deed::HeardRecording, record.id.to_string(), caller.peer.address);
        web.library().audit(&entry).await?;
        web.hearings().note(who, record.id, now);
    }
    let disposition = format!("inline; filename=\"{}.{}\"", record.id, form.extension());
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, form.content_type())
        .header(header::VARY, "accept")
        .header(header::CONTENT_LENGTH, to - from)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag)
        .header(header::CACHE_CONTROL, "private, no-cache")
        .header(header::CONTENT_DISPOSITION, disposition);
    if status == StatusCode::PARTIAL_CONTENT {
        response = response.header(header::CONTENT_RANGE, format!("bytes {from}-{}/{bytes}", to - 1));
    }
    Ok(response.body(body(file, from, to)).unwrap_or_default())
}

/// Tells how loud a recording is from its begin to its end, for drawing it without loading it.
#[utoipa::path(get, path = "/interactions/{id}/recording/peaks", tag = "interactions",
    params(("id" = String, Path, description = "The interaction: `IX-…`"), PeaksQuery), responses(
    (status = 200, description = "The outline.", body = PeaksJson),
    (status = 400, description = "`bad_request`", body = ErrorBody),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
    (status = 404, description = "`not_found` or `no_recording`", body = ErrorBody),
    (status = 409, description = "`still_recording`", body = ErrorBody),
    (status = 503, description = "`library_unavailable`, or `busy`: outlines of other recordings are being made.", body = ErrorBody),
))]
pub async fn peaks(
    State(web): State<Web>,
    caller: Caller,
    InPath(id): InPath<String>,
    InQuery(query): InQuery<PeaksQuery>,
) -> Result<Json<PeaksJson>, ApiError> {
    let points = query.points.unwrap_or(POINTS);
    if !(1..=POINTS_MAX).contains(&points) {
        return Err(ApiError::field("points", format!("points is 1 to {POINTS_MAX}")));
    }
    let record = wanted(&web, &caller, &id, query.recording.as_deref()).await?;
    let kept = of_sounds(&web, &record, move |sounds, record| sounds.peaks(record, points)).await?;
    let sides = match kept {
        Some(sides) => sides,
        None => {
            let made = web.outlines().make(web.sounds().clone(), record.clone(), points, web.clock().now());
            made.await.map_err(no_outline)?
        }
    };
    let length_ms = record.length.map_or(0, |length| u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
    Ok(Json(PeaksJson { recording: record.id.to_string(), length_ms, sides }))
}

/// Shows the manifest of a recording: who was on which side and spoke when, what was kept out and by whom, the hash of its
/// sound, and its place in the chain of all recordings.
#[utoipa::path(get, path = "/interactions/{id}/recording/manifest", tag = "interactions",
    params(("id" = String, Path, description = "The interaction: `IX-…`"), ManifestQuery), responses(
    (status = 200, description = "The manifest.", content_type = "application/json"),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
    (status = 404, description = "`not_found` or `no_recording`", body = ErrorBody),
    (status = 409, description = "`still_recording`", body = ErrorBody),
    (status = 503, description = "`library_unavailable`", body = ErrorBody),
))]
pub async fn manifest(
    State(web): State<Web>,
    caller: Caller,
    InPath(id): InPath<String>,
    InQuery(query): InQuery<ManifestQuery>,
) -> Result<Response, ApiError> {
    let record = wanted(&web, &caller, &id, query.recording.as_deref()).await?;
    let manifest = of_sounds(&web, &record, |sounds, record| sounds.manifest(record)).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], manifest).into_response())
}

/// The recording asked for, if the caller may hear it.
async fn wanted(
    web: &Web,
    caller: &Caller,
    id: &str,
    recording: Option<&str>,
) -> Result<RecordingRecord, ApiError> {
    let interaction = find(web, caller, Permission::HearRecordings, id).await?;
    let recordings = web.library().recordings(&[interaction.id]).await?;
    choose(&recordings, recording).cloned()
}

/// Asks the archive, off the async threads.
async fn of_sounds<T: Send + 'static>(
    web: &Web,
    record: &RecordingRecord,
    ask: impl FnOnce(&dyn Sounds, &RecordingRecord) -> Result<T, SoundError> + Send + 'static,
) -> Result<T, ApiError> {
    let (sounds, record) = (web.sounds().clone(), record.clone());
    let answer = tokio::task::spawn_blocking(move || ask(&*sounds, &record)).await;
    answer.map_err(|error| ApiError::busy(error.to_string()))?.map_err(refusal)
}

/// Whether Opus is taken and WAV is not. Browsers name Opus among others; they get WAV, as everybody does.
fn accepts_opus_only(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |kind: &str| {
        accepted
            .split(',')
            .any(|one| one.split(';').next().is_some_and(|one| one.trim().eq_ignore_ascii_case(kind)))
    };
    (takes("audio/ogg") || takes("audio/opus"))
        && !["audio/wav", "audio/x-wav", "audio/wave", "audio/*", "*/*"].into_iter().any(takes)
}

/// The recording asked for, or the first of the call.
fn choose<'a>(
    recordings: &'a [RecordingRecord],
    wanted: Option<&str>,
) -> Result<&'a RecordingRecord, ApiError> {
    let found = match wanted {
        // The id only chooses among those of an interaction the caller may hear.
        Some(id) => id
            .parse::<RecordingId>()
            .ok()
            .and_then(|id| recordings.iter().find(|recording| recording.id == id)),
        None => {
            recordings.iter().find(|recording| recording.kind == RecordingKind::Call).or(recordings.first())
        }
    };
    let found = found.ok_or_else(no_recording)?;
    if found.length.is_none() { Err(refusal(SoundError::Unfinished)) } else { Ok(found) }
}

fn no_recording() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no_recording", "there is no such recording")
}

fn refusal(error: SoundError) -> ApiError {
    match error {
        SoundError::Unfinished => ApiError::new(StatusCode::CONFLICT, "still_recording", error.to_string()),
        SoundError::Missing => no_recording(),
        SoundError::Unreadable(why) => {
            tracing::error!(%why, "a recording cannot be read");
            ApiError::busy("the recording cannot be read just now")
        }
    }
}

fn no_outline(why: NoOutline) -> ApiError {
    match why {
        NoOutline::Failed(error) => refusal(error),
        NoOutline::FailedBefore => ApiError::busy("the recording cannot be read just now"),
        NoOutline::Crowded => ApiError::busy("outlines of other recordings are being made"),
    }
}

fn no_such_range(bytes: u64) -> Response {
    let refused =
        ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "no_such_range", "the recording is not that long");
    ([(header::CONTENT_RANGE, format!("bytes */{bytes}"))], refused).into_response()
}

/// Whether a header names this entity tag, or any.
fn names(headers: &HeaderMap, name: header::HeaderName, tag: &str) -> bool {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag || known.trim() == "*"))
}

/// The first byte asked for and the one behind the last; `None` for all of them. Several ranges at once, other units and
/// what cannot be understood get the whole, as the RFC lets us.
fn range(headers: &HeaderMap, bytes: u64) -> Result<Option<(u64, u64)>, ()> {
    let asked = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("bytes="));
    let Some((first, last)) = asked.and_then(|asked| asked.trim().split_once('-')) else { return Ok(None) };
    let (from, to) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(bytes)),
        (Ok(first), Err(_)) if last.is_empty() => (first, bytes),
        (Err(_), Ok(0)) if first.is_empty() => return Err(()),
        (Err(_), Ok(tail)) if first.is_empty() => (bytes.saturating_sub(tail), bytes),
        _ => return Ok(None),
    };
    if from < bytes { Ok(Some((from, to))) } else { Err(()) }
}

/// The bytes of a file from one place to another, read off the async threads as they are wanted.
fn body(file: Box<dyn SoundBytes>, from: u64, to: u64) -> Body {
    Body::from_stream(stream::unfold(Some((file, from)), move |state| async move {
        let (file, at) = state?;
        if at >= to {
            return None;
        }
        let read = tokio::task::spawn_blocking(move || read(file, at, (to - at).min(PIECE))).await;
        match read.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok((file, piece)) => {
                let next = at + piece.len() as u64;
                Some((Ok(piece), Some((file, next))))
            }
            Err(error) => Some((Err(error), None)),
        }
    }))
}

fn read(mut file: Box<dyn SoundBytes>, at: u64, length: u64) -> io::Result<(Box<dyn SoundBytes>, Bytes)> {
    file.seek(SeekFrom::Start(at))?;
    let mut piece = vec![0; length as usize];
    file.read_exact(&mut piece)?;
    Ok((file, piece.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_takes_nothing_but_opus_is_given_opus_unasked() {
        for (accept, expected) in [
            ("audio/ogg", true),
            ("audio/opus;q=0.9", true),
            ("Audio/Ogg; codecs=opus, application/ogg", true),
            ("audio/webm,audio/ogg,audio/wav,audio/*;q=0.9", false),
            ("audio/ogg, */*;q=0.1", false),
            ("*/*", false),
            ("application/json", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(accepts_opus_only(&headers), expected, "{accept}");
        }
        assert!(!accepts_opus_only(&HeaderMap::new()));
    }

    #[test]
    fn ranges_are_understood_as_the_rfc_says() {
        for (asked, expected) in [
            ("bytes=0-99", Ok(Some((0, 100)))),
            ("bytes=100-", Ok(Some((100, 1000)))),
            ("bytes=-1", Ok(Some((999, 1000)))),
            ("bytes=-5000", Ok(Some((0, 1000)))),
            ("bytes=0-5000", Ok(Some((0, 1000)))),
            ("bytes=999-999", Ok(Some((999, 1000)))),
            ("bytes=0-18446744073709551615", Ok(Some((0, 1000)))),
            ("bytes=1000-", Err(())),
            ("bytes=-0", Err(())),
            ("bytes=5-4", Ok(None)),
            ("bytes=0-1,5-6", Ok(None)),
            ("bytes=x-y", Ok(None)),
            ("bytes=-", Ok(None)),
            ("seconds=0-1", Ok(None)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, asked.parse().unwrap());
            assert_eq!(range(&headers, 1000), expected, "{asked}");
        }
        assert_eq!(range(&HeaderMap::new(), 1000), Ok(None));
    }
}
