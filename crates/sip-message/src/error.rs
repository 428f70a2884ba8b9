//! What can be wrong with a message, and what to answer.

use crate::Method;
use crate::header::Reading;
use crate::name::HeaderName;
use crate::request::Request;
use crate::status::StatusCode;

/// What is wrong with one piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Nothing stands where something must.
    #[error("is empty")]
    Empty,
    /// A quoted string has no end.
    #[error("has an unterminated quote")]
    UnterminatedQuote,
    /// A `<` has no `>`.
    #[error("has an unterminated angle bracket")]
    UnterminatedAngle,
    /// A byte that may not stand where it stands.
    #[error("has a character out of place")]
    Character,
    /// No scheme before the colon, or none at all.
    #[error("has no valid scheme")]
    Scheme,
    /// Neither a domain name, nor an IPv4 address, nor a bracketed IPv6 reference.
    #[error("has no valid host")]
    Host,
    /// A port that is no number up to 65535.
    #[error("has no valid port")]
    Port,
    /// A parameter without a name, or with a value that is neither token nor quoted string.
    #[error("has a malformed parameter")]
    Parameter,
    /// A parameter that decides something stands there twice.
    #[error("has a parameter twice")]
    ParameterTwice,
    /// Digits were expected.
    #[error("is not a number")]
    NotANumber,
    /// A number above what the field allows.
    #[error("is too large a number")]
    NumberTooLarge,
    /// Not SIP/2.0.
    #[error("has an unknown protocol version")]
    Version,
    /// Text beyond the end of the value.
    #[error("has text behind its end")]
    Trailing,
    /// Longer than [`crate::limits`] allows.
    #[error("is too long")]
    TooLong,
    /// Headers in a URI where none may be.
    #[error("has headers in its URI")]
    UriHeaders,
}

/// What is wrong with one header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The header is needed and absent.
    #[error("{0} is missing")]
    Missing(HeaderName),
    /// The header is there and cannot be read.
    #[error("{name} {problem}")]
    Malformed {
        /// Which header.
        name: HeaderName,
        /// What is wrong with it.
        problem: Malformed,
    },
}

impl HeaderError {
    /// The header in question.
    pub fn name(&self) -> HeaderName {
        match self {
            Self::Missing(name) | Self::Malformed { name, .. } => *name,
        }
    }
}

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    /// The message is longer than [`crate::limits::MESSAGE_BYTES`].
    #[error("the message is too large")]
    TooLarge,
    /// More header lines than [`crate::limits::HEADERS`].
    #[error("there are too many headers")]
    TooManyHeaders,
    /// A header line longer than [`crate::limits::HEADER_BYTES`].
    #[error("a header is too long")]
    HeaderTooLong,
    /// More Vias than [`crate::limits::VIAS`].
    #[error("there are too many Vias")]
    TooManyVias,
    /// The first line is neither a request line nor a status line.
    #[error("the start line {0}")]
    StartLine(Malformed),
    /// The protocol version is not SIP/2.0: answered 505.
    #[error("the SIP version is not 2.0")]
    Version,
    /// The Request-URI cannot be read.
    #[error("the Request-URI {0}")]
    RequestUri(Malformed),
    /// A line of the head is no header: no colon, no name, or a carriage return on its own.
    #[error("a header line is malformed")]
    HeaderLine,
    /// No empty line ends the head: the datagram is torn, and its last header may be too.
    #[error("the head has no end")]
    HeadUnfinished,
    /// A header that may stand there once stands there twice.
    #[error("{0} is there more than once")]
    Duplicate(HeaderName),
    /// A mandatory header is missing or cannot be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Content-Length promises more than came.
    #[error("the body is shorter than Content-Length says")]
    BodyTooShort,
    /// A stream message does not say how long it is.
    #[error("Content-Length is missing on a stream")]
    LengthRequired,
    /// The method of CSeq is not the method of the request.
    #[error("the method of CSeq differs")]
    CSeqMethod,
}

impl ParseErrorKind {
    /// The status a request with this mistake is answered with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Version => StatusCode::VERSION_NOT_SUPPORTED,
            Self::TooLarge | Self::TooManyHeaders | Self::HeaderTooLong => StatusCode::MESSAGE_TOO_LARGE,
            Self::TooManyVias => StatusCode::TOO_MANY_HOPS,
            Self::RequestUri(Malformed::TooLong) => StatusCode::URI_TOO_LONG,
            Self::StartLine(_)
            | Self::RequestUri(_)
            | Self::HeaderLine
            | Self::HeadUnfinished
            | Self::Duplicate(_)
            | Self::Header(_)
            | Self::BodyTooShort
            | Self::LengthRequired
            | Self::CSeqMethod => StatusCode::BAD_REQUEST,
        }
    }

    /// The reason phrase that tells the peer's administrator what to mend, without repeating anything of theirs.
    pub fn reason(&self) -> String {
        match self.status() {
            StatusCode::BAD_REQUEST => format!("Bad Request: {self}"),
            other => other.reason().to_owned(),
        }
    }
}

/// A message that cannot be taken, with what is needed to say so to its sender.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}")]
pub struct ParseError {
    /// The first mistake found; a wrong version is always the first.
    pub kind: ParseErrorKind,
    /// As much of the request as could be read; `None` for responses and for what is no SIP at all.
    pub request: Option<Box<Request>>,
}

impl ParseError {
    pub(crate) fn new(kind: ParseErrorKind) -> Self {
        Self { kind, request: None }
    }

    /// The request and the status to answer it with, if it may be answered at all.
    ///
    /// An ACK is never answered, nor a response, nor what came without a Via: there would be no transaction at the
    /// other end to take the answer.
    pub fn answerable(&self) -> Option<(&Request, StatusCode, String)> {
        let request = self.request.as_deref()?;
        if *request.method() == Method::Ack || !request.headers().contains(HeaderName::Via) {
            return None;
        }
        // RFC 4475 §3.1.2.18: that a method is unknown says more than that CSeq names another one.
        if self.kind == ParseErrorKind::CSeqMethod && matches!(request.method(), Method::Other(_)) {
            return Some((
                request,
                StatusCode::NOT_IMPLEMENTED,
                StatusCode::NOT_IMPLEMENTED.reason().to_owned(),
            ));
        }
        Some((request, self.kind.status(), self.kind.reason()))
    }
}

impl HeaderError {
    pub(crate) fn of(name: HeaderName) -> impl Fn(Malformed) -> Self {
        move |problem| Self::Malformed { name, problem }
    }

    pub(crate) fn missing<T>(name: HeaderName, found: Reading<Option<T>>) -> Reading<T> {
        found?.ok_or(Self::Missing(name))
    }
}
