//! What the owner of a proxied request says and is told.

use super::flow_token::Flow;
use crate::binding::Binding;
use crate::dialog;
use crate::endpoint::detour::Hop;
use crate::transport::Destination;
use base::Duration;
use sip_message::{NameAddr, Response, StatusCode, Uri};
use std::net::SocketAddr;

/// How many phones one request is forwarded to. Of more, those with the highest q are tried, among equals the first.
pub const TARGETS_MAX: usize = 8;

/// One place a request is forwarded to.
#[derive(Clone, Debug)]
pub struct ProxyTarget {
    /// Its Request-URI.
    pub uri: Uri,
    /// Proxies to go through (RFC 3327), the first one next to us.
    pub routes: Vec<NameAddr>,
    /// Where it is sent.
    pub destination: Destination,
    /// How much it wants to be tried, 0 to 1 in thousandths: equals at once, the others in falling order.
    pub q: u16,
}

impl ProxyTarget {
    /// A phone behind a NAT, or on a connection of its own, is reached back the way it registered, and no other.
    pub(super) fn flow(&self) -> Flow {
        let named = dialog::address_of(&self.uri).map(|(host, port)| SocketAddr::new(host, port));
        let is_elsewhere = named.is_some_and(|named| named != self.destination.remote);
        let is_flow = self.routes.is_empty() && (is_elsewhere || self.uri.has_param(dialog::OUTBOUND));
        Flow { destination: self.destination, hop: if is_flow { Hop::Flow } else { Hop::Address } }
    }
}

impl From<&Binding> for ProxyTarget {
    fn from(binding: &Binding) -> Self {
        Self {
            uri: binding.contact().clone(),
            routes: binding.routes().to_vec(),
            destination: binding.destination(),
            q: binding.q,
        }
    }
}

/// How a request is forwarded.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// How long targets of equal q may ring before the next ones are tried, or the caller hears that nobody answers.
    /// For INVITE alone.
    pub ring: Duration,
    /// Whether to stay on the way of the dialog that begins. Without it only phones that reach each other by themselves
    /// can go on talking, and the end of the call is not told.
    pub record_route: bool,
    /// Headers to be added, such as P-Asserted-Identity, which is otherwise taken out, or Alert-Info.
    pub headers: Vec<(String, String)>,
}

impl Default for ProxyOptions {
    fn default() -> Self {
        Self { ring: Duration::from_secs(120), record_route: true, headers: Vec::new() }
    }
}

/// Why a request is not forwarded. It still wants its owner's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProxied {
    /// It is gone, or has its answer.
    #[error("there is no such request")]
    Gone,
    /// Nobody is to get it.
    #[error("there is nobody to forward it to")]
    NoTargets,
    /// As many calls as may be are watched already: 503.
    #[error("{0} calls are forwarded already")]
    Full(usize),
}

/// One of the two sides of a proxied call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Who sent the INVITE.
    Caller,
    /// Who answered it.
    Callee,
}

impl Side {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

/// Something happened to a proxied request. `Ended` is told once for each and last; before it `Answered` at most once.
#[derive(Clone, Debug)]
pub enum ProxyEvent {
    /// A phone rings, or says something before it answers. Told once for each target.
    Ringing {
        /// Its place in the list of targets.
        target: usize,
        /// 180, 183 or another 1xx.
        status: StatusCode,
    },
    /// A phone has answered: both sides are busy until `Ended`.
    Answered {
        /// Its place in the list of targets.
        target: usize,
        /// The 2xx as it goes to the caller.
        response: Box<Response>,
    },
    /// It is over.
    Ended(ProxyEnd),
}

/// How a proxied request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyEnd {
    /// Nobody answered the call, or somebody declined it.
    Refused {
        /// What the caller was told.
        status: StatusCode,
        /// Whose word it is; ours without.
        target: Option<usize>,
    },
    /// The caller gave up before anybody answered.
    Canceled,
    /// A side of the call hung up.
    HungUp {
        /// Which.
        by: Side,
    },
    /// A side of the call knows nothing of it any more, or the caller's connection broke before the answer.
    Lost,
    /// Nothing was heard of the call for as long as the two sides had agreed on (RFC 4028), or for
    /// [`super::WATCH_MAX`].
    Expired,
    /// The call was answered, and goes on without us: there is no Record-Route of ours in it.
    Released,
    /// What was no INVITE has its answer.
    Completed {
        /// What the sender was told; 408 if nothing.
        status: StatusCode,
    },
}
