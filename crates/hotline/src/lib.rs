//! What the one binary is made of: configuration, the demo center, the sub-commands. `main.rs` only calls it; the
//! tests of the whole use it too.
//!
//! Reading order: [`cli`], then each sub-command in its file: `serve`, `demo`, `check`, [`simulate`], `users`,
//! `lists`; below them `config`, `wiring` (from configuration to a running node), `ready`, [`sounds`].
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "floor 6 reads files, the clock and the environment"
)]
#![allow(clippy::print_stdout, reason = "sub-commands answer on standard output")]

pub mod cli;
pub mod demo_center;
pub mod simulate;
pub mod sounds;

mod assets;
mod bans;
mod check;
mod config;
mod demo;
mod lists;
mod ready;
mod recordings;
mod serve;
mod users;
mod wiring;
