//! What operators configure of phones and trunks.

use crate::trunk::Trunk;
use base::Duration;
use model::SipUser;
use sip::digest::DigestSecret;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Telephony's settings, replaced as a whole; live calls go on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The domain phones register with: `hotline.test`.
    pub domain: String,
    /// Our SIP address as others see it, for Contact and Via.
    pub address: SocketAddr,
    /// Our media address as others see it; the port is each leg's own.
    pub media_address: IpAddr,
    /// Who may register, and with what secret.
    pub phones: BTreeMap<SipUser, DigestSecret>,
    /// The ways to carriers, in the order they are tried.
    pub trunks: Vec<Trunk>,
    /// How long an agent's or carrier's phone may take to begin ringing before we give up.
    pub answer_patience: Duration,
}
