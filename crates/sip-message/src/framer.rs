//! Cutting a stream into messages: RFC 3261 §18.3, keep-alives by RFC 5626 §3.5.1.
//!
//! Feed with [`StreamFramer::push`], then take with [`StreamFramer::next_frame`] until it has nothing more. An error
//! is final: where a message ends is unknown from then on, so the connection must be closed.

use bytes::{Buf, Bytes, BytesMut};

use crate::error::{ParseError, ParseErrorKind};
use crate::limits;
use crate::parse;

/// One thing found in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A whole message, for [`crate::Message::parse`].
    Message(Bytes),
    /// Two line ends: the peer asks whether we live, to be answered with [`StreamFramer::PONG`].
    Ping,
    /// One line end: the answer to our ping, or a stray one.
    Pong,
}

/// Why a stream cannot be read on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FrameError {
    /// The head of a message is longer than [`limits::MESSAGE_BYTES`] allows. There is nothing to answer.
    #[error("the head of a message does not end")]
    HeadTooLarge,
    /// The length of a message is unknown. Answer as [`ParseError::answerable`] says, then close.
    #[error(transparent)]
    Message(#[from] ParseError),
}

/// Collects the bytes of one connection.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: BytesMut,
    /// How far the search for the end of the head has come, so that no byte is looked at twice.
    searched: usize,
    /// The length of the message in front, once its head is complete.
    length: Option<usize>,
    /// Whether the last thing taken was a single line end, which may turn out to be the first half of a ping.
    half_ping: bool,
    failed: Option<FrameError>,
}

impl StreamFramer {
    /// What we send to ask a peer for a sign of life.
    pub const PING: &'static [u8] = b"\r\n\r\n";

    /// What we answer to a ping.
    pub const PONG: &'static [u8] = b"\r\n";

    /// An empty one, for a new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was read from the connection; after an error nothing is kept any more.
    ///
    /// Take every frame out before pushing again: then no more than one message and one read are ever held.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// How many bytes wait for the rest of their message; more than none for long means a slow or hostile peer.
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// Takes the next thing out, or `None` until more bytes come. After an error it says the same error for ever.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.next();
        if let Err(error) = &result {
            self.failed = Some(error.clone());
            self.buffer = BytesMut::new();
        }
        result
    }

    fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        if self.length.is_none() {
            if let Some(frame) = self.keep_alive() {
                return Ok(Some(frame));
            }
            match self.head_end() {
                Some(end) if end <= limits::MESSAGE_BYTES => self.length = Some(self.message_length(end)?),
                None if self.buffer.len() <= limits::MESSAGE_BYTES => return Ok(None),
                Some(_) | None => return Err(FrameError::HeadTooLarge),
            }
        }
        match self.length {
            Some(length) if self.buffer.len() >= length => {
                self.length = None;
                self.searched = 0;
                self.half_ping = false;
                Ok(Some(Frame::Message(self.buffer.split_to(length).freeze())))
            }
            _ => Ok(None),
        }
    }

    /// Line ends in front of a message. A lone one is reported at once, since nothing says that a second will come;
    /// if it does, the pair was a ping.
    fn keep_alive(&mut self) -> Option<Frame> {
        let (frame, length) = match &self.buffer[..] {
            [b'\r', b'\n', ..] if self.half_ping => (Frame::Ping, 2),
            [b'\r', b'\n', b'\r', b'\n', ..] => (Frame::Ping, 4),
            // The second line end is on its way.
            [b'\r', b'\n', b'\r'] => return None,
            [b'\r', b'\n', ..] => (Frame::Pong, 2),
            [b'\n', ..] => (Frame::Pong, 1),
            _ => return None,
        };
        self.half_ping = length == 2 && frame == Frame::Pong;
        self.buffer.advance(length);
        self.searched = 0;
        Some(frame)
    }

    /// The place behind the empty line that ends the head.
    fn head_end(&mut self) -> Option<usize> {
        // An empty line may begin up to three bytes before what is new.
        let mut at = self.searched.saturating_sub(3);
        while let Some(found) = memchr::memchr(b'\n', &self.buffer[at..]) {
            let behind = at + found + 1;
            match &self.buffer[behind..] {
                [b'\n', ..] => return Some(behind + 1),
                [b'\r', b'\n', ..] => return Some(behind + 2),
                _ => at = behind,
            }
        }
        self.searched = self.buffer.len();
        None
    }

    /// Head and Content-Length together. A stream that does not say its length once and clearly is refused: the next
    /// message could begin anywhere.
    fn message_length(&self, head: usize) -> Result<usize, ParseError> {
        let refuse = |kind: ParseErrorKind| {
            // The head alone goes through the parser, for the request that the refusal is sent to.
            let text = Bytes::copy_from_slice(&self.buffer[..head]);
            let request = parse::head_of_request(text);
            ParseError { kind, request }
        };
        match parse::content_length(&self.buffer[..head]) {
            Ok(Some(length)) => match head.checked_add(length) {
                Some(total) if total <= limits::MESSAGE_BYTES => Ok(total),
                _ => Err(refuse(ParseErrorKind::TooLarge)),
            },
            Ok(None) => Err(refuse(ParseErrorKind::LengthRequired)),
            Err(kind) => Err(refuse(kind)),
        }
    }
}
