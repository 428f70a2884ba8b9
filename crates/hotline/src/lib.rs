//! What the one binary is made of: configuration, the demo center, the sub-commands. `main.rs` only calls it; the
//! tests of the whole use it too.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "floor 6 reads files, the clock and the environment"
)]

mod assets;
mod config;
pub mod demo_center;
pub mod simulate;
pub mod sounds;
