//! One browser at the other end of a call, without sockets: which packet is what, who may send, and where to.
//!
//! A browser reaches us by ICE (RFC 8445), keys its sound by DTLS (RFC 5764) and sends everything over one pair of
//! addresses. We are the lite side of ICE: we have one address, over UDP and over TCP, and say it in the description, we
//! check nothing ourselves and answer the browser's checks. What comes of it is the one address that the browser chose, proven by the password
//! of the description.
//!
//! ```text
//!  datagram ─▶ Kind::of ─┬─ Stun ──▶ Peers::check ──▶ an answer, and perhaps: paired, moved
//!                        ├─ Dtls ──▶ Peers::sender ──▶ a handshake, for those only who passed a check
//!                        └─ Media ─▶ Peers::sender ──▶ the sound graph
//! ```
//!
//! Handshakes themselves are not here: their library draws chance from the system, so that `net` has it, which has the
//! sockets too. What a description says of all this is `sdp`'s, how packets are sealed is `srtp`'s.
//!
//! Reading order: [`kind`], [`frames`], [`stun`], [`credentials`], [`pairing`], [`place`], [`heard`], [`agent`], [`peers`].

pub mod agent;
pub mod credentials;
pub mod frames;
pub mod heard;
pub mod kind;
pub mod pairing;
pub mod peers;
pub mod place;
pub mod stun;

pub use credentials::Credentials;
pub use kind::Kind;
pub use pairing::{Door, Fingerprint, Pairing, Role};
pub use peers::{Checked, News, Peers};
pub use place::Place;
