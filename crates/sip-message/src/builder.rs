//! Writing messages: requests of our own and answers. RFC 3261 §7, §8.1.1, §8.2.6.
//!
//! A builder writes straight into the bytes that go on the wire and keeps the index beside them, so the finished
//! message needs no second parse. A value with a control character is refused when the message is finished: nothing a
//! caller passes in can become a header of its own.

use bytes::Bytes;

use crate::headers::{self, Headers, Line, Verbatim};
use crate::limits;
use crate::method::Method;
use crate::name::{HeaderName, NameKey};
use crate::params;
use crate::request::Request;
use crate::response::Response;
use crate::scan;
use crate::status::StatusCode;
use crate::uri::Uri;
use crate::value::ToValue;

/// Why a message could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A header's name is no token.
    #[error("a header name is not a token")]
    Name,
    /// A value holds a line break or another control character; the header is named if it is a known one.
    #[error("a header value has a control character ({0:?})")]
    ControlCharacter(Option<HeaderName>),
    /// The method is no token, or the Request-URI holds a space or a control character.
    #[error("the request line cannot be written")]
    RequestLine,
    /// The reason phrase holds a control character.
    #[error("the reason phrase has a control character")]
    Reason,
    /// A header or the message is longer than [`crate::limits`] allows.
    #[error("a header or the message is too long")]
    TooLong,
    /// More headers than [`crate::limits::HEADERS`].
    #[error("there are too many headers")]
    TooManyHeaders,
}

/// What both builders share: the bytes so far and their index.
#[derive(Debug)]
struct Draft {
    out: Vec<u8>,
    lines: Vec<Line>,
    body: Bytes,
    error: Option<BuildError>,
}

impl Draft {
    fn new(first: &[&[u8]]) -> Self {
        let mut out = Vec::with_capacity(1024);
        for part in first {
            out.extend_from_slice(part);
        }
        out.extend_from_slice(b"\r\n");
        Self { out, lines: Vec::with_capacity(16), body: Bytes::new(), error: None }
    }

    fn header(&mut self, name: NameKey<'_>, value: &impl ToValue) {
        let length = self.out.len();
        match headers::write_line(&mut self.out, name, value) {
            Ok(line) => self.lines.push(line),
            Err(error) => {
                self.out.truncate(length);
                self.error.get_or_insert(error);
            }
        }
    }

    fn finish(mut self) -> Result<(Headers, Bytes), BuildError> {
        let length = u32::try_from(self.body.len()).map_err(|_| BuildError::TooLong)?;
        self.header(HeaderName::ContentLength.into(), &length);
        if let Some(error) = self.error {
            return Err(error);
        }
        self.out.extend_from_slice(b"\r\n");
        let head = self.out.len();
        self.out.extend_from_slice(&self.body);
        if self.out.len() > limits::MESSAGE_BYTES {
            return Err(BuildError::TooLong);
        }
        if self.lines.len() > limits::HEADERS {
            return Err(BuildError::TooManyHeaders);
        }
        let source = Bytes::from(self.out);
        let body = source.slice(head..);
        Ok((Headers::new(source, self.lines), body))
    }
}

/// Writes a request. Headers go out in the order they are added; Content-Length is added at the end.
#[derive(Debug)]
pub struct RequestBuilder {
    draft: Draft,
    method: Method,
    uri: Uri,
}

impl RequestBuilder {
    /// Begins with the request line. Headers and a `method` parameter in the URI may not stand there and are left
    /// out (RFC 3261 §19.1.1).
    pub fn new(method: Method, uri: Uri) -> Self {
        let uri = uri.for_request_line();
        let mut draft = Draft::new(&[method.as_str().as_bytes(), b" ", uri.as_bytes(), b" SIP/2.0"]);
        // Methods can be made of any text, and a refused request may hold a URI that is none.
        if !scan::is_token(method.as_str().as_bytes())
            || scan::any(uri.as_bytes(), |b| b <= b' ' || b == 0x7f)
        {
            draft.error = Some(BuildError::RequestLine);
        }
        Self { draft, method, uri }
    }

    /// Adds a header line.
    pub fn header<'k>(mut self, name: impl Into<NameKey<'k>>, value: impl ToValue) -> Self {
        self.draft.header(name.into(), &value);
        self
    }

    /// Adds a header line if there is a value.
    pub fn optional<'k>(self, name: impl Into<NameKey<'k>>, value: Option<impl ToValue>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Adds a header line for each value: Route, Via.
    pub fn headers<'k, V: ToValue>(
        mut self,
        name: impl Into<NameKey<'k>>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let name = name.into();
        for value in values {
            self.draft.header(name, &value);
        }
        self
    }

    /// Adds a body and its Content-Type.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.draft.header(HeaderName::ContentType.into(), &content_type);
        self.draft.body = body.into();
        self
    }

    /// Finishes the request. What was refused on the way is said here.
    pub fn build(self) -> Result<Request, BuildError> {
        let (headers, body) = self.draft.finish()?;
        Ok(Request { method: self.method, uri: self.uri, headers, body, changed: false })
    }
}

/// Writes a response. Headers go out in the order they are added; Content-Length is added at the end.
#[derive(Debug)]
pub struct ResponseBuilder {
    draft: Draft,
    status: StatusCode,
    reason: Bytes,
    /// What is copied from the request, held back until the reason phrase is known.
    copied: Vec<(HeaderName, Bytes)>,
}

impl ResponseBuilder {
    /// Begins a response that answers nothing; for tests and stateless uses.
    pub fn new(status: StatusCode) -> Self {
        Self {
            draft: Draft {
                out: Vec::with_capacity(1024),
                lines: Vec::with_capacity(16),
                body: Bytes::new(),
                error: None,
            },
            status,
            reason: Bytes::from_static(status.reason().as_bytes()),
            copied: Vec::new(),
        }
    }

    /// Begins an answer: every Via, From, To, Call-ID, CSeq copied as they came, unfolded, and Timestamp into a 100.
    /// RFC 3261 §8.2.6.2.
    pub fn answer(request: &Request, status: StatusCode) -> Self {
        let mut builder = Self::new(status);
        let headers = request.headers();
        builder.copy(headers, HeaderName::Via);
        for name in [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
            // A second one is what a 400 is about; the answer carries the first.
            if let Some(value) = headers.get(name) {
                builder.copied.push((name, unfolded(headers, value.as_bytes())));
            }
        }
        if status == StatusCode::TRYING {
            builder.copy(headers, HeaderName::Timestamp);
        }
        builder
    }

    fn copy(&mut self, headers: &Headers, name: HeaderName) {
        for value in headers.all(name) {
            self.copied.push((name, unfolded(headers, value.as_bytes())));
        }
    }

    /// Adds our tag to the To, unless it has one already or could not be read.
    pub fn to_tag(mut self, tag: &str) -> Self {
        if tag.bytes().any(scan::is_control) {
            self.draft.error.get_or_insert(BuildError::ControlCharacter(Some(HeaderName::To)));
        } else if let Some((_, value)) = self.copied.iter_mut().find(|(name, _)| *name == HeaderName::To)
            && let Ok(shape) = crate::name_addr::Shape::read(value)
            && params::find(shape.params, "tag").is_none()
        {
            let mut tagged = Vec::with_capacity(value.len() + tag.len() + 5);
            tagged.extend_from_slice(value);
            tagged.extend_from_slice(b";tag=");
            params::write_value(tag.as_bytes(), &mut tagged);
            *value = tagged.into();
        }
        self
    }

    /// Copies Record-Route, as an answer that makes a dialog must. RFC 3261 §12.1.1.
    pub fn record_routes(mut self, request: &Request) -> Self {
        self.copy(request.headers(), HeaderName::RecordRoute);
        self
    }

    /// Puts another reason phrase in place of the usual one.
    pub fn reason(mut self, reason: &str) -> Self {
        if reason.bytes().any(scan::is_control) {
            self.draft.error.get_or_insert(BuildError::Reason);
        } else {
            self.reason = Bytes::copy_from_slice(reason.as_bytes());
        }
        self
    }

    /// Adds a header line.
    pub fn header<'k>(mut self, name: impl Into<NameKey<'k>>, value: impl ToValue) -> Self {
        self.draft.header(name.into(), &value);
        self
    }

    /// Adds a header line if there is a value.
    pub fn optional<'k>(self, name: impl Into<NameKey<'k>>, value: Option<impl ToValue>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Adds a header line for each value: Contact, Unsupported.
    pub fn headers<'k, V: ToValue>(
        mut self,
        name: impl Into<NameKey<'k>>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let name = name.into();
        for value in values {
            self.draft.header(name, &value);
        }
        self
    }

    /// Adds a body and its Content-Type.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.draft.header(HeaderName::ContentType.into(), &content_type);
        self.draft.body = body.into();
        self
    }

    /// Finishes the response. What was refused on the way is said here.
    pub fn build(self) -> Result<Response, BuildError> {
        let code = self.status.to_string();
        let mut draft = Draft::new(&[b"SIP/2.0 ", code.as_bytes(), b" ", &self.reason]);
        draft.error = self.draft.error;
        for (name, value) in &self.copied {
            draft.header((*name).into(), &Verbatim(value));
        }
        draft.append(&self.draft);
        let (headers, body) = draft.finish()?;
        Ok(Response { status: self.status, reason: self.reason, headers, body, changed: false })
    }
}

impl Draft {
    /// Adds the lines of another draft that has no first line.
    fn append(&mut self, other: &Self) {
        let offset = self.out.len();
        self.out.extend_from_slice(&other.out);
        self.lines.extend(other.lines.iter().map(|line| line.moved(offset)));
        self.body = other.body.clone();
    }
}

fn unfolded(headers: &Headers, value: &[u8]) -> Bytes {
    match scan::unfold(value) {
        std::borrow::Cow::Borrowed(value) => headers.share(value),
        std::borrow::Cow::Owned(value) => value.into(),
    }
}
