//! Which interaction goes to which agent, when, and why.
//!
//! [`Acd`] knows who waits for which queue with what needs, and who is free since when; it does not know what a
//! channel is made of, how an agent is reached, or what time it is beyond what it is told. Its decisions come with
//! their reasons as data.
//!
//! ```text
//!  enqueue · leave · give_back · agent_is            something happened
//!  next_offer(now) -> Option<Offer>                  drain fully after every one of them
//!  position · why_waiting                            a look inside, costing O(line) and O(agents of the queue)
//! ```
//!
//! Reading order: [`line`], [`candidate`], [`router`].

pub mod candidate;
pub mod line;
pub mod router;

pub use candidate::Availability;
pub use line::Ticket;
pub use router::{Acd, Offer};
