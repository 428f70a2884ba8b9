//! A request: RFC 3261 §7.1.

use std::fmt;

use bytes::Bytes;

use crate::builder::{BuildError, RequestBuilder, ResponseBuilder};
use crate::headers::Headers;
use crate::message;
use crate::method::Method;
use crate::multipart::{self, MultipartError, Part};
use crate::name::HeaderName;
use crate::status::StatusCode;
use crate::uri::Uri;

/// A request, received or built.
///
/// One that came from [`crate::Message::parse`] has a readable Request-URI and readable Via, From, To, Call-ID and
/// CSeq, and its CSeq has its method.
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
    pub(crate) changed: bool,
}

impl Request {
    /// Begins a request of our own.
    pub fn builder(method: Method, uri: Uri) -> RequestBuilder {
        RequestBuilder::new(method, uri)
    }

    /// Begins an answer to this request: Via, From, To, Call-ID, CSeq as they came. RFC 3261 §8.2.6.
    pub fn answer(&self, status: StatusCode) -> ResponseBuilder {
        ResponseBuilder::answer(self, status)
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The Request-URI.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Puts another Request-URI in place.
    pub fn set_uri(&mut self, uri: Uri) {
        self.uri = uri;
        self.changed = true;
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
        set_body(&mut self.headers, content_type, &body)?;
        self.body = body;
        Ok(())
    }

    /// The request as it goes on the wire; the very bytes it came in if it was not changed.
    pub fn to_bytes(&self) -> Bytes {
        if !self.changed && !self.headers.is_changed() {
            return self.headers.source.clone();
        }
        let first: [&[u8]; 4] = [self.method.as_str().as_bytes(), b" ", self.uri.as_bytes(), b" SIP/2.0"];
        message::print(&first, &self.headers, &self.body)
    }
}

/// Makes the two headers that describe the body fit it.
pub(crate) fn set_body(headers: &mut Headers, content_type: &str, body: &Bytes) -> Result<(), BuildError> {
    let length = u32::try_from(body.len()).map_err(|_| BuildError::TooLong)?;
    if body.is_empty() {
        headers.remove(HeaderName::ContentType);
    } else {
        headers.set(HeaderName::ContentType, content_type)?;
    }
    headers.set(HeaderName::ContentLength, length)
}

impl fmt::Display for Request {
    /// The whole message as text for a log or a timeline; bytes that are not UTF-8 are replaced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("uri", &self.uri)
            .field("headers", &self.headers)
            .field("body", &self.body.len())
            .finish()
    }
}
