//! Whether sound is sealed (SRTP with keys in the description, RFC 4568), and with which keys.
//!
//! A leg gets its keys when it first needs them and keeps them to its end: a re-INVITE, for hold or anything else, finds the
//! same ones.

use crate::Telephony;
use crate::leg::Leg;
use base::SecretSource;
use model::LegId;
use sdp::{Crypto, Sealed, Secret, Session, Srtp, Suite};

/// The suites in the order in which a leg has keys for them. The first [`SUITES_OFFERED`] stand in our offers.
const SUITES: [Suite; 4] =
    [Suite::AeadAes128Gcm, Suite::AesCm128HmacSha1Tag80, Suite::AeadAes256Gcm, Suite::AesCm128HmacSha1Tag32];

/// How many suites are offered: a good one, and the one that everybody has. With a line for each that is spoken, an
/// INVITE would often be too long for a datagram (RFC 3261 §18.1.1).
const SUITES_OFFERED: usize = 2;

/// Whether sound is sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SrtpRule {
    /// Never; who wants it so is refused.
    Off,
    /// When the other side offers it. What we offer is plain.
    #[default]
    Offered,
    /// The same, and what we offer has keys beside plain sound, for the other side to take or leave.
    Preferred,
    /// Always; who does not want it so is refused.
    Required,
}

impl SrtpRule {
    /// The rule with these keys.
    fn with(self, keys: &[Crypto]) -> Srtp<'_> {
        match self {
            Self::Off => Srtp::Off,
            Self::Offered => Srtp::Offered(keys),
            Self::Preferred => Srtp::Preferred(keys),
            Self::Required => Srtp::Required(keys),
        }
    }

    /// What an offer could be answered under this rule, with keys that seal nothing.
    pub(crate) fn tried(self, suites: &[Crypto]) -> Srtp<'_> {
        self.with(suites)
    }
}

/// Keys that are good for asking whether something could be agreed on, and for nothing else.
pub(crate) fn mere_suites() -> Vec<Crypto> {
    keys(|_| {})
}

/// A key for each suite, numbered from one.
fn keys(mut fill: impl FnMut(&mut [u8])) -> Vec<Crypto> {
    SUITES
        .into_iter()
        .zip(1..)
        .map(|(suite, tag)| Crypto { tag, suite, secret: Secret::new(suite, &mut fill) })
        .collect()
}

/// The keys that a leg seals with, once it has some.
#[derive(Debug, Default)]
pub(crate) struct OwnKeys(Vec<Crypto>);

impl OwnKeys {
    fn made(&mut self, secrets: &mut SecretSource) {
        if self.0.is_empty() {
            self.0 = keys(|out| secrets.fill(out));
        }
    }

    /// The keys of an offer.
    fn offered(&self) -> &[Crypto] {
        self.0.get(..SUITES_OFFERED).unwrap_or_default()
    }

    /// The key of a suite, alone.
    fn only(&self, suite: Suite) -> &[Crypto] {
        self.0.iter().find(|key| key.suite == suite).map(core::slice::from_ref).unwrap_or_default()
    }
}

impl Telephony {
    /// Whether sound is sealed on a leg.
    pub(crate) fn srtp_rule(&self, leg: &Leg) -> SrtpRule {
        let rule = match (&leg.seat, &leg.user) {
            (Some(seat), _) => self.srtp_rule_of(&seat.trunk),
            (None, Some(user)) => self.srtp_rule_with(user),
            (None, None) => self.settings.srtp,
        };
        // A call that is up stays as it was agreed, whatever the rule has become meanwhile.
        match (rule, &leg.agreed) {
            (SrtpRule::Off, Some(agreed)) if agreed.sealed.is_some() => SrtpRule::Offered,
            (SrtpRule::Required, Some(agreed)) if agreed.sealed.is_none() && agreed.browser.is_none() => {
                SrtpRule::Preferred
            }
            _ => rule,
        }
    }

    /// Whether sound is sealed on a trunk.
    pub(crate) fn srtp_rule_of(&self, trunk: &model::TrunkId) -> SrtpRule {
        let trunk = self.settings.trunks.iter().find(|one| one.id == *trunk);
        trunk.and_then(|trunk| trunk.srtp).unwrap_or(self.settings.srtp)
    }

    /// Whether sound is sealed with a phone.
    pub(crate) fn srtp_rule_with(&self, user: &model::SipUser) -> SrtpRule {
        self.settings.phone_srtp.get(user).copied().unwrap_or(self.settings.srtp)
    }

    /// Makes a leg's keys if it has none: to answer an offer, if one is handed in, or for an offer of ours.
    pub(crate) fn prepare_keys(&mut self, id: LegId, offer: Option<&Session>) {
        let Some(leg) = self.legs.get(&id) else { return };
        let rule = self.srtp_rule(leg);
        let needed = match (offer, rule) {
            (_, SrtpRule::Off) => false,
            (Some(offer), _) => offer.media.iter().any(|media| media.has("crypto")),
            (None, SrtpRule::Offered) => is_sealed(leg),
            (None, SrtpRule::Preferred | SrtpRule::Required) => true,
        };
        if let Some(leg) = self.legs.get_mut(&id).filter(|_| needed) {
            if !goes_on(leg, offer) {
                leg.own_keys = OwnKeys::default();
            }
            leg.own_keys.made(&mut self.secrets);
        }
    }

    /// What we say of SRTP to an offer on a leg.
    pub(crate) fn srtp_answering<'a>(&self, leg: &'a Leg) -> Srtp<'a> {
        self.srtp_rule(leg).with(&leg.own_keys.0)
    }

    /// What we say of SRTP in an offer of ours. What is sealed stays so, and over the transport it was agreed over: who
    /// offered keys beside plain RTP may refuse another one, and the call would be lost by it.
    pub(crate) fn srtp_offering<'a>(&self, leg: &'a Leg) -> Srtp<'a> {
        let sealed = leg.agreed.as_ref().and_then(|agreed| agreed.sealed.as_ref());
        match (self.srtp_rule(leg), sealed) {
            (SrtpRule::Off, _) => Srtp::Off,
            (_, Some(sealed)) if sealed.is_beside_plain => Srtp::Preferred(leg.own_keys.only(sealed.suite)),
            (_, Some(sealed)) => Srtp::Required(leg.own_keys.only(sealed.suite)),
            (rule, None) => rule.with(leg.own_keys.offered()),
        }
    }
}

/// Whether the keys of a leg seal what they sealed before, or nothing yet. A key that is put away is never taken again: its
/// numbers would begin anew, and a number that is used twice gives the key away (RFC 3711 §9.1). Another far end gets
/// another key, because it cannot know how often the numbers of the old one have gone round.
fn goes_on(leg: &Leg, offer: Option<&Session>) -> bool {
    let Some(agreed) = &leg.agreed else { return true };
    let Some(sealed) = &agreed.sealed else { return false };
    let is_known = |offer: &Session| {
        let lines = offer.media.iter().flat_map(|media| media.values_of("crypto"));
        let mut keys = lines.filter_map(|line| Crypto::parse(line).ok());
        keys.any(|key| key.suite == sealed.suite && key.secret == sealed.theirs)
    };
    offer.is_none_or(is_known)
}

/// Whether sound on a leg has been agreed to be sealed.
pub(crate) fn is_sealed(leg: &Leg) -> bool {
    leg.agreed.as_ref().is_some_and(|agreed| agreed.sealed.is_some())
}

/// How the keys of a leg came about.
pub(crate) fn keying_of(leg: &Leg) -> model::leg::Keying {
    match &leg.agreed {
        Some(agreed) if agreed.browser.is_some() => model::leg::Keying::Dtls,
        Some(agreed) if agreed.sealed.is_some() => model::leg::Keying::Sdes,
        _ => model::leg::Keying::None,
    }
}

/// What was agreed, in the words of the sound graph.
pub(crate) fn sealing_of(sealed: &Sealed) -> media::Sealing {
    let profile = match sealed.suite {
        Suite::AeadAes256Gcm => media::Profile::AeadAes256Gcm,
        Suite::AeadAes128Gcm => media::Profile::AeadAes128Gcm,
        Suite::AesCm128HmacSha1Tag80 => media::Profile::AesCm128HmacSha1Tag80,
        Suite::AesCm128HmacSha1Tag32 => media::Profile::AesCm128HmacSha1Tag32,
    };
    let keying = |secret: &Secret| {
        media::Keying::new(profile, secret.as_bytes()).expect("a suite's length is its profile's")
    };
    media::Sealing { ours: keying(&sealed.ours), theirs: keying(&sealed.theirs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_is_a_profile_of_the_same_name_and_length() {
        for key in mere_suites() {
            let Crypto { tag, suite, secret } = key;
            let sealed = Sealed { tag, suite, ours: secret.clone(), theirs: secret, is_beside_plain: false };
            assert_eq!(sealing_of(&sealed).ours.profile().name(), suite.name());
        }
    }

    #[test]
    fn keys_differ_from_suite_to_suite_and_stay_for_the_leg() {
        let mut secrets = SecretSource::fixed(1);
        let mut own = OwnKeys::default();
        own.made(&mut secrets);
        let first = own.0.clone();
        own.made(&mut secrets);
        assert_eq!(own.0, first);
        let starts: std::collections::BTreeSet<_> =
            first.iter().map(|key| key.secret.as_bytes()[..8].to_vec()).collect();
        assert_eq!(starts.len(), 4);
        let mut other = OwnKeys::default();
        other.made(&mut secrets);
        assert!(other.0.iter().zip(&first).all(|(other, first)| other.secret != first.secret));
    }
}
