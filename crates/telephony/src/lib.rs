//! Calls from dialogs and ports: the only crate that knows SIP and legs. It is a B2BUA: every leg is a dialog of its
//! own with a media port of its own, and what a leg does is told to it by [`LegCommand`](model::LegCommand)s. It
//! knows no queue and no agent.
//!
//! One input, then drain:
//!
//! ```text
//!  handle(Input, now)          a message, a command, something about sound; never blocks
//!  poll_output() -> Option     to be sent, opened, played, told, stored
//!  poll_timeout() -> Option    when to hand in Input::Timeout
//! ```
//!
//! Reading order: [`settings`], [`trunk`], [`health`], [`prompts`], [`input`], [`output`], [`leg`], then the machine with
//! one file for each part of its work: [`protection`] (who is kept out), admission (who may call), [`pass`] (phones in
//! browsers), incoming and outgoing legs, the hunt for a trunk, looking after carriers, offers, sealing, sound, endings, busy lamps,
//! registering, the ladder.

pub mod account;
pub mod carrier_address;
pub mod health;
pub mod input;
pub mod leg;
pub mod numbering;
pub mod output;
pub mod pass;
pub mod prompts;
pub mod protection;
pub mod settings;
pub mod trunk;

mod admission;
mod browsers;
mod carriers;
mod commands;
mod dialing;
mod ending;
mod hunting;
mod ladder;
mod lamps;
mod legs;
mod lines;
mod machine;
mod negotiation;
mod probing;
mod proxying;
pub mod redirecting;
mod refusing;
mod registering;
pub mod sealing;
mod sound;

pub use account::Account;
pub use carrier_address::CarrierAddress;
pub use input::{Input, PortFailure};
pub use machine::Telephony;
pub use numbering::{Numbering, Prefix, Rewriting};
pub use output::Output;
pub use pass::TOKEN_REGISTRATION_MAX;
pub use prompts::Prompts;
pub use protection::Protection;
pub use redirecting::Redirects;
pub use sdp::Codec;
pub use sealing::SrtpRule;
pub use settings::Settings;
pub use trunk::{Network, Trunk};
