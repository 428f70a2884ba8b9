//! A message: a request or a response. RFC 3261 §7.

use bytes::Bytes;

use crate::error::ParseError;
use crate::headers::Headers;
use crate::multipart::{self, MultipartError, Part};
use crate::parse;
use crate::request::Request;
use crate::response::Response;

/// A request or a response.
#[derive(Debug, Clone)]
pub enum Message {
    /// Begins with a method.
    Request(Request),
    /// Begins with the version.
    Response(Response),
}

impl Message {
    /// Reads one message from a datagram, a WebSocket frame, or what [`crate::StreamFramer`] cut out of a stream.
    ///
    /// Without Content-Length the body is what is left; bytes behind the body are dropped (RFC 3261 §18.3). What is
    /// returned has every mandatory header, readable; what cannot be taken says in [`ParseError::answerable`]
    /// whether and how to answer. Costs under a microsecond for an ordinary INVITE; the body is not copied.
    pub fn parse(bytes: Bytes) -> Result<Self, ParseError> {
        parse::message(bytes)
    }

    /// The headers.
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => request.headers(),
            Self::Response(response) => response.headers(),
        }
    }

    /// The headers, to change them.
    pub fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Self::Request(request) => request.headers_mut(),
            Self::Response(response) => response.headers_mut(),
        }
    }

    /// The body; empty where there is none.
    pub fn body(&self) -> &Bytes {
        match self {
            Self::Request(request) => request.body(),
            Self::Response(response) => response.body(),
        }
    }

    /// The parts of the body: one for a plain body, all the leaves of a multipart one. RFC 5621.
    pub fn parts(&self) -> Result<Vec<Part>, MultipartError> {
        multipart::parts(self.headers(), self.body())
    }

    /// The message as it goes on the wire; the very bytes it came in if it was not changed.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

/// Prints a changed message: its first line, its header lines as they stand, its body.
pub(crate) fn print(first: &[&[u8]], headers: &Headers, body: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(headers.source.len() + 256);
    for part in first {
        out.extend_from_slice(part);
    }
    out.extend_from_slice(b"\r\n");
    for field in headers.iter() {
        out.extend_from_slice(field.raw());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out.into()
}
