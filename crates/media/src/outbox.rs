//! Where packets and recorded sound go. The driver implements [`Outbox`]; the engine borrows it for each input.

use crate::{Law, PortId, RecordingKey};
use std::net::SocketAddr;

/// Which of a port's two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Media.
    Rtp,
    /// Reports.
    Rtcp,
}

/// Takes what the engine has to give, without waiting.
pub trait Outbox {
    /// Sends a datagram from one of the sockets of `port`. The bytes are the engine's again when this returns.
    fn send(&mut self, port: PortId, channel: Channel, destination: SocketAddr, datagram: &[u8]);

    /// Takes the next 20 ms that a program says on a line into `frame`, which is as long as they are at the line's rate;
    /// `false` when it says nothing. A driver without programs need not know of lines.
    fn take_from_line(&mut self, _line: PortId, _frame: &mut [i16]) -> bool {
        false
    }

    /// Hands 20 ms of what is heard on a line to its program, at the line's rate.
    fn give_to_line(&mut self, _line: PortId, _frame: &[i16]) {}

    /// Hands something to the recorder; `false` when its ring is full. A frame refused is counted and gone, an end
    /// refused comes again with the next `handle_timeout`.
    fn record(&mut self, recorded: &Recorded) -> bool;
}

/// Which side of a stereo recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The caller.
    Left,
    /// The agent.
    Right,
}

/// What the recorder gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// A piece of sound.
    Sound(Frame),
    /// A recording is complete; nothing of it follows.
    End {
        /// The recording.
        recording: RecordingKey,
        /// How long it ran, in samples; the sound may end before.
        samples: u64,
    },
}

/// The most samples in one frame, 20 ms; longer packets make several frames.
pub const FRAME_SAMPLES_MAX: usize = 160;

/// A piece of one side of a recording. Owned and of fixed size, so that a bounded ring can carry it without allocation.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// The recording.
    pub recording: RecordingKey,
    /// The side.
    pub side: Side,
    /// How the sound is encoded: at 8 kHz, whatever the port speaks.
    pub law: Law,
    /// Where its first sample lies: samples since the recording began. On one side, frames may come out of order when
    /// packets did, and leave gaps, which are silence; they overlap only if a peer's timestamps do.
    pub at: u64,
    length: u8,
    payload: [u8; FRAME_SAMPLES_MAX],
}

impl Frame {
    /// A frame of the first [`FRAME_SAMPLES_MAX`] bytes of `payload`.
    pub fn new(recording: RecordingKey, side: Side, law: Law, at: u64, payload: &[u8]) -> Self {
        let payload = &payload[..payload.len().min(FRAME_SAMPLES_MAX)];
        let mut bytes = [0; FRAME_SAMPLES_MAX];
        bytes[..payload.len()].copy_from_slice(payload);
        Self { recording, side, law, at, length: payload.len() as u8, payload: bytes }
    }

    /// The encoded sound, one byte a sample.
    pub fn payload(&self) -> &[u8] {
        &self.payload[..usize::from(self.length)]
    }
}

/// Shows where the frame lies, not how it sounds.
impl core::fmt::Debug for Frame {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Frame({} {:?} {:?} at {} × {})", self.recording, self.side, self.law, self.at, self.length)
    }
}
