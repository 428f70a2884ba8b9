//! The ways to carriers, and the numbers that help.

use super::{CodecList, Span, SrtpChoice};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use telephony::{CarrierAddress, Numbering, Prefix, Rewriting, Trunk};

/// `[[trunk]]`: the way to a carrier.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrunkSection {
    /// Its name.
    pub(crate) name: String,
    /// Addresses that may call in without a password: `192.0.2.0/24`.
    #[serde(default)]
    pub(crate) accept_from: Vec<String>,
    /// Where calls out go: `sip.carrier.example`, `203.0.113.5:5060`.
    pub(crate) send_to: Option<String>,
    /// Numbers that go out here: those that begin with one of these.
    #[serde(default)]
    pub(crate) prefixes: Vec<String>,
    /// Trunks with a lower number are tried first.
    #[serde(default = "one")]
    pub(crate) priority: u16,
    /// The share of calls among trunks of the same priority.
    #[serde(default = "one")]
    pub(crate) weight: u16,
    /// How many calls it may carry at once, both ways together.
    pub(crate) calls_max: Option<u32>,
    /// How many calls may go out in a second.
    pub(crate) calls_per_second: Option<u32>,
    /// How often the carrier is asked whether it is there; `0s` is never.
    #[serde(default = "probe")]
    pub(crate) probe: Span,
    /// How called numbers are written when they go out.
    #[serde(default)]
    pub(crate) dialed_out: Vec<PrefixRule>,
    /// How callers' numbers are written when they go out.
    #[serde(default)]
    pub(crate) caller_out: Vec<PrefixRule>,
    /// How called numbers are written when they come in.
    #[serde(default)]
    pub(crate) dialed_in: Vec<PrefixRule>,
    /// How callers' numbers are written when they come in.
    #[serde(default)]
    pub(crate) caller_in: Vec<PrefixRule>,
    /// The number shown to those who are called, instead of the phone's.
    pub(crate) show: Option<String>,
    /// Headers put into every call out.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// The codecs spoken with the carrier, best first; those of `[media]` if there is none.
    #[serde(default)]
    pub(crate) codecs: CodecList,
    /// Whether sound is sealed with the carrier (SRTP): `"off"`, `"offered"`, `"preferred"`, `"required"`; as `[media]`
    /// says if nothing is said.
    pub(crate) srtp: Option<SrtpChoice>,
    /// The user of our account there. With it we register, and prove who we are when we call.
    pub(crate) user: Option<String>,
    /// The account's password.
    pub(crate) password: Option<String>,
    /// The carrier's domain; the host of `send_to` if there is none.
    pub(crate) domain: Option<String>,
    /// The realm of the carrier's challenges; the domain if there is none.
    pub(crate) realm: Option<String>,
}

/// Numbers that begin so are made to begin otherwise.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrefixRule {
    pub(crate) from: String,
    pub(crate) to: String,
}

/// `[emergency]`: numbers that every phone may call at any time.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EmergencySection {
    /// The numbers, as phones dial them and as carriers know them.
    pub(crate) numbers: Vec<String>,
    /// The trunks, in the order they are tried; every one that calls out if there is none.
    pub(crate) trunks: Vec<String>,
}

fn one() -> u16 {
    1
}

fn probe() -> Span {
    Span::seconds(30)
}

/// What we write ourselves, and nobody may write over.
const OUR_HEADERS: [&str; 19] = [
    "via",
    "from",
    "to",
    "call-id",
    "cseq",
    "contact",
    "route",
    "record-route",
    "max-forwards",
    "content-type",
    "content-length",
    "authorization",
    "proxy-authorization",
    "supported",
    "require",
    "session-expires",
    "min-se",
    "allow",
    "privacy",
];

impl TrunkSection {
    fn account(&self) -> Result<Option<telephony::Account>, String> {
        let (user, password) = match (&self.user, &self.password) {
            (None, None) => return Ok(None),
            (Some(user), Some(password)) => (user.clone(), password.clone()),
            _ => return Err("user and password belong together".to_owned()),
        };
        let Some(carrier) = self.address()? else {
            return Err("an account needs send_to, where it is registered".to_owned());
        };
        let domain = self.domain.clone().unwrap_or(carrier.host);
        let realm = self.realm.clone().unwrap_or_else(|| domain.clone());
        Ok(Some(telephony::Account { user, domain, realm, password }))
    }

    fn address(&self) -> Result<Option<CarrierAddress>, String> {
        self.send_to
            .as_ref()
            .map(|text| text.parse::<CarrierAddress>())
            .transpose()
            .map_err(|wrong| wrong.to_string())
    }

    fn headers(&self) -> Result<Vec<(String, String)>, String> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
        for (name, value) in &self.headers {
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(format!("{name:?} is no name of a header"));
            }
            if OUR_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(format!("the header {name} is written by this program and cannot be set"));
            }
            if value.chars().any(char::is_control) {
                return Err(format!("the header {name} has a line break or another control character in it"));
            }
        }
        Ok(self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    pub(crate) fn trunk(&self) -> Result<Trunk, String> {
        let networks = self.accept_from.iter().map(|text| text.parse::<telephony::Network>());
        for (key, max) in [("calls_max", self.calls_max), ("calls_per_second", self.calls_per_second)] {
            if max == Some(0) {
                return Err(format!("{key} = 0 lets no call through; leave it out for no limit"));
            }
        }
        let rules = |rules: &[PrefixRule]| {
            Rewriting(
                rules.iter().map(|rule| Prefix { from: rule.from.clone(), to: rule.to.clone() }).collect(),
            )
        };
        Ok(Trunk {
            accept_from: networks.collect::<Result<_, _>>().map_err(|wrong| wrong.to_string())?,
            send_to: self.address()?,
            prefixes: self.prefixes.clone(),
            priority: self.priority,
            weight: self.weight,
            calls_max: self.calls_max,
            calls_per_second: self.calls_per_second,
            probe: Some(self.probe.0).filter(|every| !every.is_zero()),
            numbering: Numbering {
                dialed_out: rules(&self.dialed_out),
                caller_out: rules(&self.caller_out),
                dialed_in: rules(&self.dialed_in),
                caller_in: rules(&self.caller_in),
            },
            show: self.show.clone(),
            headers: self.headers()?,
            codecs: self.codecs.0.clone(),
            srtp: self.srtp.map(Into::into),
            account: self.account()?,
            ..Trunk::new(self.name.as_str().into())
        })
    }
}
