//! `GET /interactions/{id}/recording`: the sound, whole or in part (RFC 9110 §14).

use super::interaction::find;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::{InPath, InQuery};
use crate::sounds::SoundError;
use crate::state::Web;
use access::{Deed, Permission};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use model::record::RecordingKind;
use model::{RecordingId, RecordingRecord};
use serde::Deserialize;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use utoipa::IntoParams;

/// How much is read from the file at once.
const PIECE: u64 = 64 * 1024;

/// Which recording.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RecordingQuery {
    /// The recording: `RC-…`; the call itself if not given.
    pub recording: Option<String>,
}

/// Plays a recording: WAV, caller left and agent right.
///
/// A part can be asked for with `Range: bytes=…`, which is how players jump.
#[utoipa::path(get, path = "/interactions/{id}/recording", tag = "interactions",
    params(("id" = String, Path, description = "The interaction: `IX-…`"), RecordingQuery), responses(
    (status = 200, description = "The whole.", content_type = "audio/wav"),
    (status = 206, description = "The part asked for.", content_type = "audio/wav"),
    (status = 304, description = "The asker has it already."),
    (status = 401, description = "`not_logged_in`", body = ErrorBody),
    (status = 403, description = "`forbidden`", body = ErrorBody),
    (status = 404, description = "`not_found` or `no_recording`", body = ErrorBody),
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
    let interaction = find(&web, &caller, Permission::HearRecordings, &id).await?;
    let recordings = web.library().recordings(&[interaction.id]).await?;
    let record = choose(&recordings, query.recording.as_deref())?.clone();

    let sounds = web.sounds().clone();
    let wanted = record.clone();
    let opened = tokio::task::spawn_blocking(move || sounds.open(&wanted))
        .await
        .map_err(|error| ApiError::busy(error.to_string()))?;
    let (file, bytes) = opened.map_err(refusal)?;

    let tag = format!("\"{}-{bytes}\"", record.id);
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
    if from == 0 {
        // Players ask for the beginning once, and for many pieces after it. Nobody listens unless it is written down.
        let entry =
            web.deed(&caller.user.login, Deed::HeardRecording, record.id.to_string(), caller.peer.address);
        web.library().audit(&entry).await?;
    }
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "audio/wav")
        .header(header::CONTENT_LENGTH, to - from)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag)
        .header(header::CACHE_CONTROL, "private, no-cache")
        .header(header::CONTENT_DISPOSITION, format!("inline; filename=\"{}.wav\"", record.id));
    if status == StatusCode::PARTIAL_CONTENT {
        response = response.header(header::CONTENT_RANGE, format!("bytes {from}-{}/{bytes}", to - 1));
    }
    Ok(response.body(body(file, from, to)).unwrap_or_default())
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
fn body(file: File, from: u64, to: u64) -> Body {
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

fn read(mut file: File, at: u64, length: u64) -> io::Result<(File, Bytes)> {
    file.seek(SeekFrom::Start(at))?;
    let mut piece = vec![0; length as usize];
    file.read_exact(&mut piece)?;
    Ok((file, piece.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
