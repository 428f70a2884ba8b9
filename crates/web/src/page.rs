//! The UI, embedded: the page for every path that is not the API's, and its hashed files.

use crate::error::ApiError;
use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::fmt::Write;

#[derive(RustEmbed)]
#[folder = "ui/dist"]
struct Files;

const PAGE: &str = "index.html";
/// Files in this folder carry a hash of their content in their names, so that a browser never asks for them again.
const HASHED: &str = "assets/";
const FOREVER: &str = "public, max-age=31536000, immutable";
const ASK_FIRST: &str = "no-cache";

const NOT_BUILT: &str = "The pages are missing: this program was built before its UI. \
                         Run `make ui` and build again. The API at /api/v1 works.\n";

/// Answers everything that no route answers.
pub(crate) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if path == "/api" || path.starts_with("/api/") {
        return ApiError::not_found("there is nothing at this path").into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return ApiError::method_not_allowed()
            .with_allow(Some(header::HeaderValue::from_static("GET,HEAD")))
            .into_response();
    }
    let name = path.trim_start_matches('/');
    // The build's own notes lie in hidden folders and are nobody's business.
    let hidden = name.split('/').any(|part| part.starts_with('.'));
    if !hidden && !name.is_empty() && name != PAGE && Files::get(name).is_some() {
        return file(name, &headers);
    }
    // What looks like a file and is none is missing; everything else is a page of the UI, which knows its own paths.
    if hidden || name.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return ApiError::not_found("there is nothing at this path").into_response();
    }
    if Files::get(PAGE).is_none() {
        return (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response();
    }
    file(PAGE, &headers)
}

fn file(name: &str, headers: &HeaderMap) -> Response {
    let packed = accepts_brotli(headers).then(|| Files::get(&format!("{name}.br"))).flatten();
    let encoding = packed.is_some().then_some("br");
    let Some(found) = packed.or_else(|| Files::get(name)) else {
        return ApiError::not_found("there is nothing at this path").into_response();
    };
    let tag = entity_tag(&found);
    let caching = if name.starts_with(HASHED) { FOREVER } else { ASK_FIRST };
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
    let mut response = Response::builder()
        .header(header::CACHE_CONTROL, caching)
        .header(header::ETAG, tag)
        .header(header::VARY, "accept-encoding");
    if known {
        return response.status(StatusCode::NOT_MODIFIED).body(Body::empty()).unwrap_or_default();
    }
    if let Some(encoding) = encoding {
        response = response.header(header::CONTENT_ENCODING, encoding);
    }
    response.header(header::CONTENT_TYPE, media_type(name)).body(found.data.into()).unwrap_or_default()
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            parts.next() == Some("br")
                && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
}

fn entity_tag(file: &EmbeddedFile) -> String {
    let mut tag = String::from("\"");
    for byte in &file.metadata.sha256_hash()[..16] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "wav" => "audio/wav",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_sent_to_those_who_take_it() {
        for (accepted, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=0.5", true),
            ("gzip, br;q=0", false),
            ("gzip", false),
            ("brotli", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            assert_eq!(accepts_brotli(&headers), expected, "{accepted}");
        }
        assert!(!accepts_brotli(&HeaderMap::new()));
    }
}
