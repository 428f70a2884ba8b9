//! Everything that can happen to telephony.

use crate::{CarrierAddress, Prompts, Settings};
use base::Duration;
use browser_peer::Door;
use bytes::Bytes;
use media::PortId;
use model::LegCommand;
use sip::{ConnectionId, Destination, SavedBinding, Source};
use sip_message::ParseError;
use std::net::SocketAddr;

/// Why there is no port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortFailure {
    /// All are in use: a limit, and one that calls leave again as they end.
    NoneFree,
    /// The system gives no socket, or a media thread takes no orders. Who opens ports has told the operator.
    Broken,
}

/// One thing that happened.
#[derive(Debug)]
pub enum Input {
    /// A SIP message came, whole and unparsed.
    Message {
        /// Its bytes.
        bytes: Bytes,
        /// Where it came from.
        source: Source,
    },
    /// A stream held something that cannot be cut into messages.
    Broken {
        /// What is wrong, and what may be answered.
        error: Box<ParseError>,
        /// Where it came from.
        source: Source,
    },
    /// Nothing can be sent there: a connection closed, a port is unreachable.
    Unreachable {
        /// Where.
        remote: SocketAddr,
        /// The connection that closed.
        connection: Option<ConnectionId>,
    },
    /// The center wants something.
    Command(LegCommand),
    /// Something happened to sound.
    Media(media::Event),
    /// A port is open.
    PortOpened {
        /// Which.
        port: PortId,
        /// Where it listens.
        address: SocketAddr,
        /// Where its browser comes to, should it have one.
        door: Option<Door>,
    },
    /// A port could not be opened.
    PortFailed {
        /// Which.
        port: PortId,
        /// Why.
        why: PortFailure,
    },
    /// Phones and trunks are these from now on.
    Config(Box<Settings>),
    /// The sounds are these from now on.
    Prompts(Prompts),
    /// The name service was asked for a carrier, and this is what it said.
    Resolved {
        /// For what.
        address: CarrierAddress,
        /// The places to try, the first one first; or why there are none.
        found: Result<Vec<Destination>, String>,
        /// How long this may be believed.
        good_for: Duration,
    },
    /// Phones registered with an earlier process and can be reached still.
    Registrations(Vec<SavedBinding>),
    /// A log-in that tokens were given to has ended.
    LoginOver {
        /// Which, as [`crate::Telephony::issue_token`] was told.
        login: u64,
    },
    /// How the driver's work goes, before the messages that it is about.
    Pressure(guard::Pressure),
    /// No new calls are taken any more: carriers that we are registered at are told.
    Drain,
    /// A deadline may have passed.
    Timeout,
}
