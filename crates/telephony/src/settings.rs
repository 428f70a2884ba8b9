//! What operators configure of phones and trunks.

use crate::lamps::PACKAGES;
use crate::redirecting::Redirects;
use crate::sealing::SrtpRule;
use crate::trunk::Trunk;
use base::{Duration, Network};
use model::{SipUser, TrunkId};
use sdp::Codec;
use sip::{
    AuthenticatorConfig, DigestSecret, ProxyConfig, RegistrarConfig, SubscriptionConfig, UserAgentConfig,
};
use sip_message::Method;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// Telephony's settings, replaced as a whole; live calls go on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The domain phones register with: `hotline.test`.
    pub domain: String,
    /// Our SIP address as others see it, for Contact and Via.
    pub address: SocketAddr,
    /// Our media address as others see it; the port is each leg's own. Unspecified, or of another family than the
    /// party's signalling: the address that the party's signalling comes to.
    pub media_address: IpAddr,
    /// Who may register, and with what secret.
    pub phones: BTreeMap<SipUser, DigestSecret>,
    /// Where phones of ours may send their calls.
    pub redirects: Redirects,
    /// Phones that may call outside.
    pub calls_out: BTreeSet<SipUser>,
    /// The codecs spoken with everybody for whom nothing else is said, best first.
    pub codecs: Vec<Codec>,
    /// The codecs spoken with a phone, best first, where they are others.
    pub phone_codecs: BTreeMap<SipUser, Vec<Codec>>,
    /// Whether sound is sealed with everybody for whom nothing else is said.
    pub srtp: SrtpRule,
    /// Whether it is with a phone, where that differs.
    pub phone_srtp: BTreeMap<SipUser, SrtpRule>,
    /// Phones whose sound goes straight to each other when they call one another.
    pub direct_media: BTreeSet<SipUser>,
    /// The ways to carriers.
    pub trunks: Vec<Trunk>,
    /// The trunks for emergency calls, in the order they are tried. Empty: every one that calls out.
    pub emergency_trunks: Vec<TrunkId>,
    /// Who is kept out, what is shed, what calls outside may cost.
    pub protection: crate::Protection,
    /// The longest time a registration lasts.
    pub register_max: Duration,
}

impl Settings {
    pub(crate) fn user_agent(&self) -> UserAgentConfig {
        UserAgentConfig {
            methods: vec![Method::Register, Method::Options, Method::Refer, Method::Message],
            subscriptions: SubscriptionConfig {
                packages: PACKAGES.map(str::to_owned).to_vec(),
                ..SubscriptionConfig::default()
            },
            traces: true,
            proxy: ProxyConfig { realm: self.domain.clone(), ..ProxyConfig::default() },
            neighborhoods: self.neighborhoods(),
            ..Default::default()
        }
    }

    /// Addresses that belong together: a carrier may end a call from another machine than it began it.
    pub(crate) fn neighborhoods(&self) -> Vec<Network> {
        self.trunks.iter().flat_map(|trunk| &trunk.accept_from).copied().collect()
    }

    pub(crate) fn registrar(&self) -> RegistrarConfig {
        RegistrarConfig { expires_max: self.register_max, ..RegistrarConfig::new(&self.domain) }
    }

    pub(crate) fn authentication(&self) -> AuthenticatorConfig {
        AuthenticatorConfig { realm: self.domain.clone(), allows_md5: true }
    }
}
