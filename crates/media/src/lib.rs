//! The sound graph: ports, relays, players, recorder taps, conferences. Floor 2: no sockets, no clock, no threads.
//!
//! One [`Engine`] runs on each media thread and owns the ports of that thread. It is fed [`Command`]s from `telephony`,
//! packets from the sockets and the time; it sends through an [`Outbox`] and tells [`Event`]s. It does not know SIP, nor
//! why anybody talks to anybody.
//!
//! ```text
//!  Command ──▶ ┌────────┐ ──▶ Event: Digit, Played, FirstPacket, NoMedia, Closed …
//!  packet  ──▶ │ Engine │ ──▶ Outbox: packets to send, sound to record
//!  time    ──▶ └────────┘ ──▶ routes(): who hears whom
//! ```
//!
//! **Relay path.** A packet of one end of a bridge is checked, its header rewritten into the stream of the other end,
//! its payload mapped from law to law if need be, and sent: nothing is decoded, allocated, locked or awaited.
//! **Tick path.** Every 20 ms, and only for ports that have a player, a key to send or a [`mix`] to hear, or whose sound is
//! wanted in another codec than it comes in or by more than one: such a port has an [`ear`] (jitter buffer, decoder), and
//! who hears it a [`mouth`] (resampler, encoder). Both are made by the command that makes them necessary, never by a packet.
//! Who is only listened to stays on the relay path; the ear gets a copy.
//!
//! Reading order: [`command`], [`event`], [`clip`], [`outbox`], [`engine`]; then the parts of a port: [`gate`] (who may
//! send to it), `seals` (SRTP), [`incoming`], [`outgoing`]; what it can hear: [`player`], [`keypad`], [`conference`], [`mix`],
//! in the turns of the [`metronome`]; [`ear`] and [`mouth`] for what must be decoded; [`recording`],
//! [`listening`], [`key_tone`] and [`attention`] for what is in the sound; `line` for programs that hear and speak;
//! [`report`], [`route`], and [`tone`] to hear whether it is so. Ports move from engine to engine in a [`parcel`].

pub mod attention;
pub mod clip;
pub mod clipping;
pub mod command;
pub mod conference;
pub mod ear;
pub mod engine;
pub mod event;
pub mod gate;
pub mod incoming;
pub mod key_tone;
pub mod keypad;
pub mod listening;
pub mod metronome;
pub mod mix;
pub mod mouth;
pub mod outbox;
pub mod outgoing;
pub mod parcel;
pub mod player;
pub mod progress_tone;
pub mod recording;
pub mod report;
pub mod route;
pub mod tone;
pub mod voice_activity;

mod line;
mod port;
mod seals;

pub use clip::{Clip, ClipId};
pub use codec::{Codec, Law, SampleRate};
pub use command::{Command, ConferenceKey, Format, Keys, PortId, RecordingKey};
pub use engine::Engine;
pub use event::{Decoding, Dropped, Event, Quality, Way};
pub use listening::{Finding, Listening};
pub use outbox::{Channel, Frame, Outbox, Recorded, Side};
pub use parcel::Parcel;
pub use route::{Hears, Route};
pub use rtp::Digit;
pub use srtp::{Keying, Profile, Sealing};
