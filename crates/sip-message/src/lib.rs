//! Parses and prints SIP messages: RFC 3261 §7, §19.1, §20 and §25, with the leniency RFC 4475 asks for.
//!
//! Lenient in what RFC 4475 calls valid: compact names, folding, odd spacing, comma-combined lists, unknown methods
//! and headers, text that is not UTF-8. Exact in what it does not understand: every header keeps its bytes, and a
//! message that was not changed prints as the bytes it came in. The body is never copied while parsing.
//!
//! There is no socket, no clock, no state and no randomness here. Branches, tags and Call-IDs come from the caller;
//! transactions and dialogs live in the crate `sip`.
//!
//! ```
//! use sip_message::{HeaderName, Message, StatusCode};
//!
//! let datagram = "OPTIONS sip:4000@hotline.test SIP/2.0\r\nv: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK1\r\n\
//!                 f: \"Anna\" <sip:anna@hotline.test>;tag=1\r\nt: <sip:4000@hotline.test>\r\ni: c1\r\n\
//!                 CSeq: 1 OPTIONS\r\n\r\n";
//! let Message::Request(options) = Message::parse(datagram.into()).unwrap() else { unreachable!() };
//! assert_eq!(options.headers().from().unwrap().display().unwrap(), "Anna");
//!
//! let answer = options.answer(StatusCode::OK).to_tag("t1").header(HeaderName::Allow, "INVITE, ACK, BYE");
//! assert!(answer.build().unwrap().to_string().starts_with("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.7;"));
//! ```
//!
//! Reading order: [`Message`] (parse), [`Request`] and [`Response`], [`Headers`] (the index and its typed views),
//! [`Uri`], [`NameAddr`], [`Via`], [`CSeq`], the smaller headers in [`header`], [`RequestBuilder`] and
//! [`ResponseBuilder`] (print), [`Part`] (multipart bodies), [`StreamFramer`] (TCP), [`limits`].

mod builder;
mod cseq;
mod datagram;
mod error;
mod framer;
pub mod header;
mod headers;
mod host;
pub mod limits;
mod message;
mod method;
mod multipart;
mod name;
mod name_addr;
mod params;
mod parse;
mod request;
mod response;
mod scan;
mod status;
mod uri;
mod value;
mod via;

pub use builder::{BuildError, RequestBuilder, ResponseBuilder};
pub use cseq::CSeq;
pub use datagram::{Datagram, classify};
pub use error::{HeaderError, Malformed, ParseError, ParseErrorKind};
pub use framer::{Frame, FrameError, StreamFramer};
pub use headers::{Field, Headers, Value};
pub use host::Host;
pub use message::Message;
pub use method::Method;
pub use multipart::{MultipartError, Part};
pub use name::{HeaderName, NameKey};
pub use name_addr::{ContactList, NameAddr};
pub use params::{Param, Params};
pub use request::Request;
pub use response::Response;
pub use status::StatusCode;
pub use uri::{Scheme, Uri};
pub use value::ToValue;
pub use via::{Transport, Via};
