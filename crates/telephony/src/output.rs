//! What telephony wants done, and what it tells.

use crate::CarrierAddress;
use browser_peer::Pairing;
use media::PortId;
use model::query::SipMessage;
use model::{LegEvent, RecordingId, RecordingMark, SipUser, TrunkId, TrunkView};
use sip::{SavedBinding, Transmit};

/// One thing, in the order polled.
#[derive(Debug)]
pub enum Output {
    /// To be sent.
    Send(Transmit),
    /// A port is to be opened, on the media thread of that group; answered by `PortOpened` or `PortFailed`.
    OpenPort {
        /// The port.
        port: PortId,
        /// Ports of one group can be bridged.
        group: u64,
    },
    /// A port is a browser's from now on, or ICE begins anew there. What is agreed on its sound follows.
    Pair {
        /// The port.
        port: PortId,
        /// Who the browser is.
        pairing: Pairing,
    },
    /// A port is no browser's any more: another phone has it.
    Unpair {
        /// The port.
        port: PortId,
    },
    /// For the sound graph.
    Media(media::Command),
    /// A recording begins: its file is to be made ready.
    RecordingBegins {
        /// Which.
        recording: RecordingId,
        /// Whether it has two sides.
        stereo: bool,
    },
    /// Something is to be written into a recording that has begun.
    RecordingMark {
        /// Which.
        recording: RecordingId,
        /// What.
        mark: RecordingMark,
    },
    /// For the center.
    Leg(LegEvent),
    /// To be stored for the leg's story.
    Ladder(SipMessage),
    /// A user has a phone that can be rung from now on, or none any more.
    Registration {
        /// Whose.
        user: SipUser,
        /// Whether there is a phone.
        registered: bool,
    },
    /// Where a user's phones are, to be kept for the next process.
    Bindings {
        /// Whose.
        user: SipUser,
        /// All of them that a restart does not cut off.
        saved: Vec<SavedBinding>,
    },
    /// The name service is to be asked where this carrier is; answered by `Resolved`.
    Resolve {
        /// The carrier.
        address: CarrierAddress,
    },
    /// A trunk looks like this now.
    Trunk(Box<TrunkView>),
    /// A trunk is not of the settings any more.
    TrunkGone(TrunkId),
    /// For the operator's log: something goes well that did not, or that nobody knew of.
    News(String),
    /// For the operator's log: something is wrong outside of this program, with a carrier or a name.
    Alarm(String),
    /// For the operator's log: something is wrong.
    Trouble(String),
}
