//! What `telephony` asks of the sound graph.

use crate::{Clip, Codec};
use rtp::Digit;
use std::net::SocketAddr;
use std::sync::Arc;

base::number_ids! {
    /// One leg's end in the sound graph. Made by `telephony`.
    PortId = "PT";
    /// One recording: two sides, one clock.
    RecordingKey = "RC";
    /// One conference: a mixer and its ports.
    ConferenceKey = "CF";
}

/// How one side of a port speaks, as agreed in SDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// The codec.
    pub codec: Codec,
    /// The payload type that was agreed for it.
    pub payload_type: u8,
    /// Milliseconds of sound in a packet that we make; 20 unless the far end asked otherwise. Held to 10 … 60.
    pub ptime_ms: u16,
}

impl Format {
    /// The codec under its static payload type, 20 ms a packet.
    pub const fn of(codec: Codec) -> Self {
        Self { codec, payload_type: codec.static_payload_type(), ptime_ms: 20 }
    }
}

/// One order. Orders for a port that is closed (orders cross with hang-ups) do nothing.
#[derive(Clone, Debug)]
pub enum Command {
    /// A port begins to exist. It neither sends nor hears before it is configured, but a player on it runs in time.
    Open {
        /// The new port.
        port: PortId,
    },
    /// SDP has been agreed, or agreed anew.
    Configure {
        /// The port.
        port: PortId,
        /// Where its media goes, and by the source rules comes from.
        remote: SocketAddr,
        /// How it speaks.
        format: Format,
        /// The payload type of telephone-events, if the far end knows them.
        telephone_event: Option<u8>,
        /// Whether we may send to the far end.
        send: bool,
        /// Whether we want what the far end sends.
        receive: bool,
    },
    /// Two ports hear each other. Whatever else they heard of bridges, echoes and conferences ends.
    Bridge {
        /// One of the two.
        a: PortId,
        /// The other; not the same.
        b: PortId,
    },
    /// A port and its other half no longer hear each other.
    Unbridge {
        /// Either of the two.
        port: PortId,
    },
    /// A port hears clips one after the other, without gap. Takes the place of what was playing; goes before a bridge.
    Play {
        /// The port.
        port: PortId,
        /// A number that comes back with [`crate::Event::Played`].
        play: u64,
        /// What to play.
        clips: Vec<Arc<Clip>>,
        /// Whether to begin anew at the end, for ever. Such a play never ends by itself.
        repeat: bool,
    },
    /// Ends a play early; no `Played` comes for it.
    StopPlay {
        /// The port.
        port: PortId,
    },
    /// Sends a key to the far end as telephone-event. Keys queue up, [`crate::keypad::KEYS_WAITING_MAX`] at most.
    SendDigit {
        /// The port.
        port: PortId,
        /// The key.
        digit: Digit,
        /// How long it is held down.
        duration_ms: u16,
    },
    /// A port hears itself.
    Echo {
        /// The port.
        port: PortId,
        /// On or off.
        on: bool,
    },
    /// Records what comes from `left` and from `right`. The same recording again: the sides change, the clock goes on.
    Record {
        /// The recording.
        recording: RecordingKey,
        /// Whose voice goes to the left.
        left: PortId,
        /// Whose voice goes to the right.
        right: Option<PortId>,
    },
    /// Ends a recording.
    StopRecord {
        /// The recording.
        recording: RecordingKey,
    },
    /// A port enters a conference, which begins with its first port. Ends its bridge or echo.
    Join {
        /// The port.
        port: PortId,
        /// The conference.
        conference: ConferenceKey,
        /// Whether the others hear it.
        speaks: bool,
        /// Whether it hears the others.
        listens: bool,
    },
    /// A port leaves its conference, which ends with its last port.
    Leave {
        /// The port.
        port: PortId,
    },
    /// A port ends: out of its bridge, conference and recordings. [`crate::Event::Closed`] is the last that is heard of it.
    Close {
        /// The port.
        port: PortId,
    },
}
