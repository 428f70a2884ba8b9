//! Session descriptions (RFC 8866), and an answer from an offer (RFC 3264).
//!
//! A description is parsed into a [`Session`], whose `Display` prints it. Negotiation is for one audio stream:
//! [`answer()`] answers an offer that came, [`offer()`] makes one, [`accept`] reads the answer to it, and [`reoffer`]
//! changes what was agreed. All of them end in [`Negotiated`]: whom to send to, and what.
//!
//! What is not here: SIP, sockets, name look-ups. A host name where an address should be is therefore no address.
//! The codecs are G.711, G.722 and Opus, with telephone-events on the clock of each. SRTP has its keys in the description
//! ([`crypto`]); ICE and DTLS are refused as a transport we do not speak.
//!
//! Reading order: [`session`], [`parse`], [`direction`], [`codec`], [`opus`], [`format`](mod@format), [`crypto`],
//! [`offer`](mod@offer), [`answer`](mod@answer), [`negotiated`].

pub mod answer;
pub mod browser;
pub mod codec;
pub mod crypto;
pub mod direction;
pub mod format;
pub mod negotiated;
pub mod offer;
pub mod opus;
pub mod parse;
pub mod session;

pub use answer::{Answer, Refusal, answer};
pub use browser::{BrowserError, BrowserSide, OurBrowserSide, is_browsers};
pub use codec::Codec;
pub use crypto::{Crypto, CryptoError, Sealed, Secret, Srtp, Suite};
pub use direction::Direction;
pub use negotiated::{Negotiated, PayloadTypes};
pub use offer::{AnswerError, Local, Order, accept, offer, reoffer};
pub use opus::Opus;
pub use parse::SdpError;
pub use session::{Attribute, Connection, Media, Origin, Session};
