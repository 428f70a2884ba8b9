//! The live contact center: owns every open interaction and every agent's state, runs flows, asks the ACD, and says
//! what must happen. It knows no SIP, no HTTP and no SQL.
//!
//! One input, then drain:
//!
//! ```text
//!  handle(Input, now)          something happened; never blocks, never fails because of a peer
//!  poll_effect() -> Option     what is to be done; drain fully after every input
//!  poll_timeout() -> Option    when to hand in Input::Timeout
//!  audit()                     what is wrong inside, for the simulator: always empty
//! ```
//!
//! The center is deterministic: the same inputs at the same times give the same state and the same effects, byte
//! for byte. That is what the [`journal`] rests on.
//!
//! Reading order: [`input`] is the table of contents; then [`settings`], [`effect`], [`interaction`], [`desk`], and
//! the center itself with one file for each part of its work: arrivals, the course of a flow, waiting, offers,
//! talks, direct calls, passing on, supervision, recordings, endings.

pub mod audit;
pub mod desk;
pub mod effect;
pub mod input;
pub mod interaction;
pub mod journal;
pub mod settings;

mod alerts;
mod announcement;
mod arrival;
mod board;
mod center;
mod conference;
mod course;
mod direct;
mod duty;
mod ending;
mod feature_code;
mod guessing;
mod offering;
mod passing;
mod recording;
mod restart;
mod story;
mod supervision;
mod talk;
mod waiting;

pub use center::Center;
pub use direct::Directory;
pub use effect::Effect;
pub use input::Input;
pub use settings::{Codes, Settings};
