//! Who is kept out, and what is shed when there is too much.
//!
//! It knows addresses, names that are claimed, and what became of requests; it knows no SIP, no sockets and no calls.
//! Whoever reads messages asks it twice about each one and tells it afterwards what the request was worth:
//!
//! ```text
//!  knock(address)    before anything is read: kept out, or a standing
//!  admit(Asked)      when it is read: passed, dropped, or refused for some seconds
//!  outcome(…)        when it was decided upon: a phone of ours, a wrong password, nobody we know
//!  may_answer(…)     before bytes go back to a stranger over UDP
//! ```
//!
//! The rules, in the order in which they decide:
//!
//! 1. What belongs to a call or a request that is under way always passes. So does an emergency call.
//! 2. Carriers and addresses of the operator's own list are never counted and never banned.
//! 3. Phones are judged by what they prove. A place from which one has proven itself lately is never banned, and its
//!    requests count only until they are proven.
//! 4. Strangers have a rate for each (place, name, kind of request), one for each place, and one for all of them together.
//!    Guessing, asking for many users and the marks of known scanners get a place banned.
//! 5. Under pressure strangers are shed first, then new calls of phones, then new calls of carriers, and refreshes of
//!    registrations last: they cost little, and without them nobody can be rung.
//!
//! **Whom could a forger harm?** Anybody can write any sender on a UDP packet. What was only seen in such packets
//! therefore bans a place for UDP alone; a TCP or TLS connection, which cannot be forged, still gets through. Wrong
//! passwords answer a challenge that only the true address has seen, so they ban wholly. Carriers, the operator's list
//! and places of phones cannot be banned at all. What is left to a forger is to keep a place without a phone from
//! registering over UDP for as long as the forger goes on.
//!
//! Wrong passwords for one user from one address are locked out by `sip::Authenticator`; here they only count towards
//! the place's ban. A "place" is an IPv4 address or the /64 of an IPv6 one.
//!
//! Reading order: [`settings`], [`asked`], [`guard`], then its parts: [`bucket`], [`lists`], `place`, [`visitor`], [`suspicion`],
//! [`scanner`], [`ban`], [`lane`], [`valve`], and, for calls that cost money, [`toll`].

pub mod asked;
pub mod ban;
pub mod bucket;
pub mod guard;
pub mod lane;
pub mod lists;
mod place;
pub mod scanner;
pub mod settings;
pub mod suspicion;
pub mod toll;
pub mod valve;
pub mod visitor;

pub use asked::{Asked, Kind, Outcome, Standing, Verdict, Way};
pub use ban::{Ban, Why};
pub use bucket::Rate;
pub use guard::{Guard, Output, Snapshot, Tally};
pub use lists::Networks;
pub use settings::{Limits, Settings};
pub use toll::{Toll, TollLimits, TollRefusal};
pub use valve::Pressure;
