//! Which pages may open a WebSocket. A browser says where the page comes from; other programs say nothing.

use crate::error::ApiError;
use axum::http::{HeaderMap, StatusCode, header};

/// Only pages of ours may, and those of `others`.
pub(crate) fn check_origin(headers: &HeaderMap, others: &[String]) -> Result<(), ApiError> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let ours = ["http://", "https://"]
        .iter()
        .any(|scheme| origin.strip_prefix(scheme).is_some_and(|rest| rest.eq_ignore_ascii_case(host)));
    if ours || others.iter().any(|other| other == origin) {
        return Ok(());
    }
    Err(ApiError::new(StatusCode::FORBIDDEN, "foreign_page", "pages of this origin may not connect"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_our_own_origin_may_connect() {
        let check = |origin: Option<&str>, host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            check_origin(&headers, &["https://wall.example.org".to_owned()]).is_ok()
        };
        assert!(check(None, "desk.test:8080"), "a program is no page");
        assert!(check(Some("http://desk.test:8080"), "desk.test:8080"));
        assert!(check(Some("https://DESK.test"), "desk.test"));
        assert!(check(Some("https://wall.example.org"), "desk.test"));
        assert!(!check(Some("http://desk.test:8081"), "desk.test:8080"));
        assert!(!check(Some("https://evil.test"), "desk.test"));
        assert!(!check(Some("https://desk.test.evil.test"), "desk.test"));
        assert!(!check(Some("null"), "desk.test"));
        assert!(!check(Some(""), ""));
    }
}
