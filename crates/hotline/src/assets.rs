//! What is built into the program: sounds and the demo's dialplans. One binary needs nothing beside it.

use rust_embed::RustEmbed;

/// Sounds: `en/welcome.wav`, `music/calm.wav`, `tones/beep.wav`.
#[derive(RustEmbed)]
#[folder = "../../media/"]
#[include = "*.wav"]
pub(crate) struct Sounds;

/// Dialplans: `main.toml`, `hours/office.toml`, and a story beside some.
#[derive(RustEmbed)]
#[folder = "../../dialplans/"]
#[include = "*.toml"]
#[include = "*.story"]
pub(crate) struct Dialplans;
