//! What the tests of the whole stand on: the source tree as a thing to be checked, and the means to drive the real
//! binary with real phones, load generators and browsers.
//!
//! Reading order: [`tree`] for the tests of the house itself; [`server`], [`baresip`], [`sipp`], [`websocket`], [`tls`], [`browser`], [`web_phone`], [`web_peer`], [`relay`], [`router`], [`gate`], [`http`],
//! [`library`], [`pair`], [`ear`] and [`sound`] for those that make calls; [`patience`] for how they wait.
//!
//! The tests are in `tests/tests`: `floors`, `tidiness` and `sounds` read files; `interop_*` and `torture` run the binary.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this crate starts programs, opens sockets and waits for them in real time"
)]

pub mod baresip;
pub mod browser;
pub mod center;
pub mod ear;
pub mod floors;
pub mod gate;
pub mod http;
pub mod library;
pub mod name_server;
pub mod pair;
pub mod patience;
pub mod place;
pub mod program;
pub mod relay;
pub mod router;
pub mod server;
pub mod sipp;
pub mod sound;
pub mod stranger;
pub mod tls;
pub mod torture;
pub mod tree;
pub mod web_peer;
pub mod web_phone;
pub mod websocket;
