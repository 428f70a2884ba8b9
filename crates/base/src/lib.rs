//! The ground floor: typed ids, time as an input, the deadline table, seeded sources of ids and secrets, blocks
//! of addresses.
//!
//! No domain word lives here, and nothing here looks at a clock or at the machine's randomness: time comes in as
//! [`Now`] with every input, randomness comes in as a seed.
//!
//! Reading order: [`time`], [`deadline`], [`seed`], [`id`], [`network`].

pub mod deadline;
pub mod id;
pub mod network;
pub mod seed;
pub mod time;

pub use deadline::Deadlines;
pub use network::Network;
pub use seed::{IdSource, SecretSource};
pub use time::{Duration, Instant, Now, Timestamp};
