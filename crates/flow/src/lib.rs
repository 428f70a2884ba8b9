//! Dialplans: loaded from text, checked whole, stepped through by what happens.
//!
//! [`Flows::load`] reads every file at once and either knows that each word in them means something, or says what is
//! wrong where, and how to cure it. A [`Run`] is one interaction's position in a flow; it takes an [`Event`] and
//! answers with [`Action`]s. What a step does is in the file of its verb, `step/<verb>.rs`.
//!
//! ```text
//!  Run::start(flow, language)
//!  run.handle(&flows, event, now) -> Vec<Action>     Begin first; carry the actions out in order
//! ```
//!
//! There are no files, clocks or sockets here: texts, the time, and what happened are handed in; what is to be done
//! is handed out.
//!
//! Reading order: [`source`], [`wording`], [`finding`], [`flow`](mod@flow), [`hours`], [`step`], [`event`], [`action`], [`run`],
//! [`load`], `check`, `reader`, `spelling`.

pub mod action;
mod check;
pub mod event;
pub mod finding;
pub mod flow;
pub mod hours;
pub mod load;
mod reader;
pub mod run;
pub mod source;
mod spelling;
pub mod step;
pub mod wording;
pub mod zone;

pub use action::Action;
pub use event::Event;
pub use finding::Finding;
pub use flow::{Flow, Target};
pub use hours::Hours;
pub use load::Flows;
pub use run::Run;
pub use source::{MUSIC, Source, TONES, World};
pub use wording::Wording;
pub use zone::Zone;
