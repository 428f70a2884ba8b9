//! The web: REST, the live board, the event stream, and the embedded UI.
//!
//! ```text
//!  browser, script ──▶ serve ──▶ router ──▶ caller (who?) ──▶ access (may they?) ──▶ route
//!                                                                                      │
//!           Library (what was)   Sounds (what was said)   CenterDoor (wishes)   Board, Feed (what is)
//! ```
//!
//! Lists and stories are asked of the [`library`], live rows come from the [`board`], wishes go to the [`center`]; who
//! implements these doors is the business of whoever starts the server. Nothing here knows SIP or SQL.
//!
//! Reading order: [`options`], [`library`], [`sounds`], [`center`], [`phones`], [`lines`], [`board`], [`feed`], [`metrics`], [`state`],
//! [`caller`], [`routes`], [`router`], [`serve`], [`tls`].

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this crate is where the center meets HTTP: sockets, files and the clock belong to it"
)]

pub mod board;
pub mod caller;
pub mod center;
pub mod clock;
pub mod error;
pub mod feed;
pub mod hearing;
pub mod ice;
pub mod input;
pub mod json;
pub mod library;
pub mod lines;
pub mod lockout;
pub mod metrics;
pub mod options;
mod origin;
pub mod outlines;
pub mod page;
pub mod password;
pub mod patience;
pub mod peer;
pub mod phones;
pub mod router;
pub mod routes;
pub mod serve;
pub mod session;
pub mod shield;
pub mod sounds;
pub mod state;
pub mod tls;

pub use board::Board;
pub use center::{
    CenterDoor, ConferenceError, LegSound, MonitorError, PhonePass, Readiness, RecordingError, Unavailable,
    WishError,
};
pub use clock::Clock;
pub use feed::Feed;
pub use ice::{IceServer, IceServers, Turn, TurnAccess};
pub use library::{Answer, Credentials, Library, LibraryError, Session};
pub use lines::{LineDoor, LineNews, LineOpening, LineRefused, LineWish, SoundLine};
pub use metrics::Metrics;
pub use options::{PageSettings, PhoneLimits, WebOptions};
pub use peer::Peer;
pub use phones::{Opening, PhoneDoor, PhoneLine};
pub use router::{metrics_router, openapi, router};
pub use serve::{Listener, ServeLimits, serve};
pub use sounds::{OpenSound, SoundBytes, SoundError, SoundForm, Sounds};
pub use state::{Doors, Web};
