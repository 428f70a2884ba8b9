//! The whole center in virtual time: the same telephony and the same center as in production, with a seeded network,
//! scripted callers and agents, and every invariant checked after every step. A failure repeats from its seed.
//!
//! [`World`] holds it all together and moves from one moment to the next. [`story`] tells one course of events in
//! lines and checks that it comes out so; [`crowd`] lets many callers come at random and gives [`Figures`].
//!
//! Reading order: [`setup`], [`weather`], [`network`], [`nat`], [`phone`], [`world`], [`watch`], [`story`], [`crowd`], [`figures`].

pub mod crowd;
pub mod figures;
pub mod nat;
pub mod network;
pub mod phone;
pub mod setup;
pub mod story;
pub mod watch;
pub mod weather;
pub mod world;

pub use figures::Figures;
pub use network::Network;
pub use setup::Setup;
pub use weather::Weather;
pub use world::World;
