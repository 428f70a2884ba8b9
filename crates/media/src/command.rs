//! What `telephony` asks of the sound graph.

use crate::{Clip, Codec, Listening, SampleRate};
use codec::opus;
use rtp::Digit;
use srtp::Sealing;
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
    /// The payload type of what we send.
    pub payload_type: u8,
    /// The payload type of what we receive: the two differ when an answer named another one than our offer.
    pub receive_type: u8,
    /// Milliseconds of sound in a packet that we make; 20 unless the far end asked otherwise. Held to 10 … 60, and to
    /// what the codec has.
    pub ptime_ms: u16,
    /// How we encode, if it is Opus.
    pub opus: opus::Settings,
}

impl Format {
    /// The codec under its static payload type, or 96 if it has none, 20 ms a packet.
    pub fn of(codec: Codec) -> Self {
        let payload_type = match codec {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
            Codec::G722 => 9,
            Codec::Opus => 96,
        };
        Self {
            codec,
            payload_type,
            receive_type: payload_type,
            ptime_ms: 20,
            opus: opus::Settings::default(),
        }
    }

    /// The length of the packets we make.
    pub(crate) fn packet_ms(&self) -> u16 {
        self.codec.packet_ms(self.ptime_ms)
    }
}

/// How keys travel as telephone-events, as agreed in SDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The payload type of what we send.
    pub send: u8,
    /// The payload type of what we receive.
    pub receive: u8,
    /// The clock their durations count on, in Hz.
    pub clock_rate: u32,
}

impl Keys {
    /// One payload type both ways, on the clock of telephone speech.
    pub const fn of(payload_type: u8) -> Self {
        Self { send: payload_type, receive: payload_type, clock_rate: 8_000 }
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
    /// A port begins to exist that has a program at its far end instead of a network: what is heard on it and said on it
    /// goes through [`crate::Outbox`], 20 ms at a time, for as long as it hears somebody or is heard by
    /// [`Command::Hear`] or in a conference. Nothing is ever agreed for it, played to it or recorded of it.
    OpenLine {
        /// The new port.
        port: PortId,
        /// The rate its program speaks and hears at, 8 or 16 kHz.
        rate: SampleRate,
    },
    /// SDP has been agreed, or agreed anew.
    Configure {
        /// The port.
        port: PortId,
        /// Where its media goes, and by the source rules comes from.
        remote: SocketAddr,
        /// How it speaks.
        format: Format,
        /// How keys travel, if the far end knows telephone-events. Otherwise they are heard in its sound, and sent as
        /// tones ([`crate::key_tone`]).
        telephone_event: Option<Keys>,
        /// Whether we may send to the far end.
        send: bool,
        /// Whether we want what the far end sends.
        receive: bool,
        /// The keys, if packets are sealed (SRTP); nothing else is taken then. A key that was there before goes on where
        /// it is, another one begins anew.
        sealing: Option<Sealing>,
        /// Whether reports go by the socket of media (RFC 5761).
        rtcp_mux: bool,
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
    /// A port hears clips over what is playing, which waits and goes on where it was, without a gap on either side. Takes
    /// the place of an announcement that runs. Where nothing is playing, it is a play.
    Announce {
        /// The port.
        port: PortId,
        /// A number that comes back with [`crate::Event::Played`].
        play: u64,
        /// What to play.
        clips: Vec<Arc<Clip>>,
    },
    /// Ends a play early, and what waits beneath it; no `Played` comes for them.
    StopPlay {
        /// The port.
        port: PortId,
    },
    /// Sends a key to the far end as telephone-event, or as a tone if it knows none. Keys queue up, [`crate::keypad::KEYS_WAITING_MAX`] at most.
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
    /// Says which sides of a recording are kept out of it from now on, whichever ports they are: both is a pause. The clock
    /// goes on, and what is kept out is silence. Of a recording that has not begun, nothing is known yet: it says nothing.
    MaskRecord {
        /// The recording.
        recording: RecordingKey,
        /// Whether the left side is kept out.
        left: bool,
        /// Whether the right side is kept out.
        right: bool,
    },
    /// Ends a recording.
    StopRecord {
        /// The recording.
        recording: RecordingKey,
    },
    /// A port enters a conference, which begins with its first port. Ends its bridge or echo. The same conference again:
    /// its rights change, and the sound goes on without a gap. [`crate::Event::JoinRefused`] if it is full.
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
    /// A port hears another one beside what it hears by its bridge or conference, or does so no longer. It goes on,
    /// whatever becomes of bridges and conferences, until it is taken back or one of the two is closed. The one that
    /// speaks is not touched by it: to listen costs those who are listened to nothing.
    /// [`crate::Event::HearRefused`] if there are too many.
    ///
    /// To a call of a caller and an agent, a supervisor *listens* by hearing both; *whispers* when the agent hears the
    /// supervisor too; *barges in* when both do; and *takes over* by a bridge with the caller.
    Hear {
        /// Who listens.
        listener: PortId,
        /// To whom; not itself.
        speaker: PortId,
        /// On or off.
        on: bool,
    },
    /// Listens for something in the sound of the far end, instead of what was listened for before; it is told with
    /// [`crate::Event::Found`]. What is not asked for costs nothing.
    Listen {
        /// The port.
        port: PortId,
        /// For what.
        wanted: Listening,
    },
    /// A port ends: out of its bridge, conference and recordings. [`crate::Event::Closed`] is the last that is heard of it.
    Close {
        /// The port.
        port: PortId,
    },
}
