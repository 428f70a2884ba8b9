//! What the sound graph tells `telephony`.

use crate::{Codec, ConferenceKey, Finding, PortId, RecordingKey};
use base::Instant;
use rtp::Digit;
use std::collections::VecDeque;

/// What happened at a port or to a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// The far end pressed a key. Once for each key, when its first packet arrives.
    Digit {
        /// The port.
        port: PortId,
        /// The key.
        digit: Digit,
    },
    /// A play came to its end by itself.
    Played {
        /// The port.
        port: PortId,
        /// The number given with the play.
        play: u64,
    },
    /// The first packet that passed the source rules arrived.
    FirstPacket {
        /// The port.
        port: PortId,
    },
    /// Keys have been agreed on with the browser at a port: what was agreed on sound takes effect. Told by the driver,
    /// which has the handshakes.
    Sealed {
        /// The port.
        port: PortId,
    },
    /// No keys can be agreed on with the browser at a port: it will not be heard. Told by the driver.
    Unsealable {
        /// The port.
        port: PortId,
    },
    /// The browser at a port has not checked for so long that nothing may be sent to it (RFC 7675). Told by the driver.
    ConsentLapsed {
        /// The port.
        port: PortId,
    },
    /// It checks again, and is sent to again. Told by the driver.
    ConsentRenewed {
        /// The port.
        port: PortId,
    },
    /// Nothing came for [`crate::engine::NO_MEDIA_AFTER`] although something should. Told once; comes again after
    /// packets came again.
    NoMedia {
        /// The port.
        port: PortId,
        /// When the last packet came, or should have begun to.
        since: Instant,
    },
    /// Two are bridged, and only one of them can hear the other. Told once for each way; comes again after it was well
    /// again.
    OneWay {
        /// The port whose far end is not heard, or does not hear.
        port: PortId,
        /// The way on which nothing arrives.
        way: Way,
    },
    /// What [`Event::OneWay`] told is well again.
    WayRestored {
        /// The port.
        port: PortId,
        /// The way on which something arrives again.
        way: Way,
    },
    /// How the media of a port is just now. Told of each configured port every [`crate::engine::MEASURED_EVERY`].
    Measured {
        /// The port.
        port: PortId,
        /// How it has been until now.
        quality: Quality,
    },
    /// A port has ended.
    Closed {
        /// The port.
        port: PortId,
        /// How it was.
        quality: Quality,
    },
    /// A recording has ended, and the recorder has been told so.
    RecordingStopped {
        /// The recording.
        recording: RecordingKey,
        /// Frames that the recorder got.
        frames: u64,
        /// Frames that found the recorder's ring full and are missing.
        dropped: u64,
    },
    /// Something that was listened for ([`crate::Command::Listen`]) was in the sound of the far end.
    Found {
        /// The port.
        port: PortId,
        /// What.
        finding: Finding,
    },
    /// A port could not enter a conference: it is full, or there are too many ([`crate::conference`]). It hears what it
    /// heard before.
    JoinRefused {
        /// The port.
        port: PortId,
        /// The conference.
        conference: ConferenceKey,
    },
    /// Two ports cannot be bridged, because the order could not be given to their threads. Told by the driver.
    BridgeRefused {
        /// One port.
        a: PortId,
        /// The other.
        b: PortId,
    },
    /// A port cannot hear another one beside what it hears: too many do, or it hears too many ([`crate::mix`]).
    HearRefused {
        /// Who was to listen.
        listener: PortId,
        /// To whom.
        speaker: PortId,
    },
    /// A port could not be opened: its number is taken or the engine is full.
    OpenFailed {
        /// The port.
        port: PortId,
    },
}

/// One of the two ways between us and a far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the far end to us: for [`crate::engine::ONE_WAY_AFTER`] nothing has come, while the other one in the bridge
    /// is heard.
    In,
    /// From us to the far end: it reports, and its reports say that nothing of ours arrives.
    Out,
}

/// How the media of one port was, over its whole life.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// Packets that passed the source rules, without duplicates.
    pub received: u64,
    /// Packets that by their numbers should have come and did not.
    pub lost: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Jitter at the end, in microseconds.
    pub jitter_us: u64,
    /// The largest jitter, in microseconds.
    pub jitter_us_max: u64,
    /// Packets sent.
    pub sent: u64,
    /// Packets refused, by cause.
    pub dropped: Dropped,
    /// The last round trip that the far end's reports allowed to reckon, in microseconds.
    pub round_trip_us: Option<u64>,
    /// Packets of ours that the far end missed, by its last report.
    pub far_lost: Option<i32>,
    /// Jitter that the far end saw, in microseconds, by its last report.
    pub far_jitter_us: Option<u64>,
    /// What the far end speaks, as agreed; `None` before anything was.
    pub codec: Option<Codec>,
    /// Packets sent that were made of sound in another codec: more than none says that the leg was transcoded.
    pub transcoded: u64,
    /// The last way on which nothing arrived while two were bridged.
    pub one_way: Option<Way>,
    /// What the jitter buffer did while the sound of this port was decoded.
    pub decoding: Decoding,
    /// Estimated mean opinion score × 100 of what was received (`rtp::mos`); `None` when nothing was to be heard.
    pub mos_x100: Option<u16>,
}

/// How it went with decoding what came to a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoding {
    /// Packets that were decoded.
    pub packets: u64,
    /// Packets that came too late to be heard.
    pub late: u64,
    /// Packets for which there was no room or no time.
    pub overflowed: u64,
    /// Gaps of 20 ms or less that were concealed.
    pub concealed: u64,
    /// How long sound was held at the end, in milliseconds.
    pub held_ms: u32,
}

/// Packets that were refused, by cause. They change nothing but these counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Not RTP version 2, cut short, or announcing more than there was.
    pub malformed: u64,
    /// More payload than any packet of speech has.
    pub oversized: u64,
    /// From an address that the source rules do not admit.
    pub foreign_source: u64,
    /// Not sealed with the key agreed on, or not at all, where packets are to be sealed.
    pub not_authentic: u64,
    /// Sealed packets that came again, or far too late.
    pub replayed: u64,
    /// Of a stream that is not the one this port listens to.
    pub foreign_stream: u64,
    /// With numbers far from where the stream is.
    pub stray: u64,
    /// In a format that was not agreed.
    pub foreign_format: u64,
    /// While the port was not to receive.
    pub unwanted: u64,
    /// Keys beyond [`crate::incoming::KEYS_PER_SECOND_MAX`].
    pub keys: u64,
}

/// How many events wait for `poll_event` before what can be missed is left out.
pub const EVENTS_MAX: usize = 4_096;

/// Events in order.
///
/// When [`EVENTS_MAX`] wait, the oldest `FirstPacket`, `Found`, `NoMedia`, `OneWay` or `Measured` makes room, or the new event
/// itself if it is one of these. All others are kept whatever happens: each answers one command, except keys, and those a peer can send no
/// faster than [`crate::incoming::KEYS_PER_SECOND_MAX`].
#[derive(Clone, Debug, Default)]
pub struct EventQueue {
    waiting: VecDeque<Event>,
    left_out: u64,
}

impl EventQueue {
    /// Adds an event.
    pub fn push(&mut self, event: Event) {
        if self.waiting.len() >= EVENTS_MAX {
            if let Some(at) = self.waiting.iter().position(can_be_missed) {
                self.waiting.remove(at);
                self.left_out += 1;
            } else if can_be_missed(&event) {
                self.left_out += 1;
                return;
            }
        }
        self.waiting.push_back(event);
    }

    /// Takes the oldest event.
    pub fn pop(&mut self) -> Option<Event> {
        self.waiting.pop_front()
    }

    /// How many events were left out because nobody polled.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

fn can_be_missed(event: &Event) -> bool {
    matches!(
        event,
        Event::FirstPacket { .. }
            | Event::Found { .. }
            | Event::NoMedia { .. }
            | Event::OneWay { .. }
            | Event::Measured { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_leaves_out_only_what_can_be_missed() {
        let port = PortId::from_u64(1);
        let mut queue = EventQueue::default();
        for number in 0..EVENTS_MAX as u64 {
            queue.push(if number % 2 == 0 {
                Event::FirstPacket { port }
            } else {
                Event::Played { port, play: number }
            });
        }
        for number in 0..EVENTS_MAX as u64 {
            queue.push(Event::Played { port, play: number });
        }
        queue.push(Event::FirstPacket { port });
        assert_eq!(queue.left_out(), EVENTS_MAX as u64 / 2 + 1);
        let mut played = 0;
        while let Some(event) = queue.pop() {
            assert!(matches!(event, Event::Played { .. }));
            played += 1;
        }
        assert_eq!(played, EVENTS_MAX + EVENTS_MAX / 2);
    }
}
