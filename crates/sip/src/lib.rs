//! Transactions, dialogs, sessions, registrar, digest.

pub mod binding;
pub mod digest;
pub mod locations;
pub mod session;
pub mod transaction;
pub mod transport;

pub use binding::{AddressOfRecord, Binding};
pub use locations::Locations;
pub use transport::{ConnectionId, Destination, Source, Transport};
