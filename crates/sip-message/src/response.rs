//! A response: RFC 3261 §7.2.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use crate::builder::BuildError;
use crate::headers::Headers;
use crate::message;
use crate::multipart::{self, MultipartError, Part};
use crate::request;
use crate::scan;
use crate::status::StatusCode;

/// A response, received or built.
///
/// One that came from [`crate::Message::parse`] has readable Via, From, To, Call-ID and CSeq.
#[derive(Clone)]
pub struct Response {
    pub(crate) status: StatusCode,
    pub(crate) reason: Bytes,
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
    pub(crate) changed: bool,
}

impl Response {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason phrase for people; it may be empty.
    pub fn reason(&self) -> Cow<'_, str> {
        scan::display(&self.reason)
    }

    /// The headers.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The headers, to change them.
    pub fn headers_mut(&mut self) -> &mut Headers {
        &mut self.headers
    }

    /// The body; empty where there is none.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Puts another status in place, with its usual reason phrase.
    pub fn set_status(&mut self, status: StatusCode) {
        self.status = status;
        self.reason = Bytes::from_static(status.reason().as_bytes());
        self.changed = true;
    }

    /// The parts of the body: one for a plain body, all the leaves of a multipart one. RFC 5621.
    pub fn parts(&self) -> Result<Vec<Part>, MultipartError> {
        multipart::parts(&self.headers, &self.body)
    }

    /// The first part of a type: `part("application/sdp")`. `None` also where the body does not come apart.
    pub fn part(&self, media: &str) -> Option<Bytes> {
        let parts = self.parts().ok()?;
        parts.into_iter().find(|part| part.content_type.is(media)).map(|part| part.body)
    }

    /// Puts another body in place, with its Content-Type and Content-Length; an empty one takes Content-Type away.
    pub fn set_body(&mut self, content_type: &str, body: Bytes) -> Result<(), BuildError> {
        request::set_body(&mut self.headers, content_type, &body)?;
        self.body = body;
        Ok(())
    }

    /// The response as it goes on the wire; the very bytes it came in if it was not changed.
    pub fn to_bytes(&self) -> Bytes {
        if !self.changed && !self.headers.is_changed() {
            return self.headers.source.clone();
        }
        let code = self.status.to_string();
        message::print(&[b"SIP/2.0 ", code.as_bytes(), b" ", &self.reason], &self.headers, &self.body)
    }
}

impl fmt::Display for Response {
    /// The whole message as text for a log or a timeline; bytes that are not UTF-8 are replaced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &self.body.len())
            .finish()
    }
}
