//! The ways to carriers: whom we take calls from, and who takes ours.

use crate::{Account, CarrierAddress, Numbering, SrtpRule};
use base::Duration;
pub use base::network::{Network, NotANetwork};
use model::TrunkId;
use sdp::Codec;
use std::net::IpAddr;

/// A carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Its name.
    pub id: TrunkId,
    /// Addresses that may call in without a password.
    pub accept_from: Vec<Network>,
    /// Where calls out go; `None` for a trunk that only calls in.
    pub send_to: Option<CarrierAddress>,
    /// Numbers that go out here: those that begin with one of these, as our people dial them.
    pub prefixes: Vec<String>,
    /// Trunks with a lower number are tried before those with a higher one.
    pub priority: u16,
    /// This trunk's share of the calls among those of the same priority; 0 counts as 1.
    pub weight: u16,
    /// How many calls it may carry at once, both ways together; `None` is without end.
    pub calls_max: Option<u32>,
    /// How many calls may go out in a second; `None` is without end.
    pub calls_per_second: Option<u32>,
    /// How often the carrier is asked whether it is there (OPTIONS); `None` is never.
    pub probe: Option<Duration>,
    /// How numbers are written over there.
    pub numbering: Numbering,
    /// The number shown to those who are called, instead of that of the phone that calls.
    pub show: Option<String>,
    /// Headers put into every call out.
    pub headers: Vec<(String, String)>,
    /// The codecs spoken with the carrier, best first. Empty: those spoken with everybody.
    pub codecs: Vec<Codec>,
    /// Whether sound is sealed, where it is not as with everybody.
    pub srtp: Option<SrtpRule>,
    /// Our account there, if the carrier wants us to register.
    pub account: Option<Account>,
}

impl Trunk {
    /// A trunk of that name that takes no call and sends none yet.
    pub fn new(id: TrunkId) -> Self {
        Self {
            id,
            accept_from: Vec::new(),
            send_to: None,
            prefixes: Vec::new(),
            priority: 1,
            weight: 1,
            calls_max: None,
            calls_per_second: None,
            probe: None,
            numbering: Numbering::default(),
            show: None,
            headers: Vec::new(),
            codecs: Vec::new(),
            srtp: None,
            account: None,
        }
    }

    /// Whether calls from this address may come without a password.
    pub fn accepts(&self, address: IpAddr) -> bool {
        self.accept_from.iter().any(|network| network.contains(address))
    }

    /// Whether this number goes out here.
    pub fn carries(&self, number: &str) -> bool {
        self.send_to.is_some() && self.prefixes.iter().any(|prefix| number.starts_with(prefix.as_str()))
    }
}
