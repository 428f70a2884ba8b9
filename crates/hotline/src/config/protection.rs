//! Who is kept out, what is shed, and what calls outside may cost.

use super::{PhoneSection, Span};
use base::{Duration, Network};
use guard::{Limits, Rate, TollLimits};
use model::SipUser;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use telephony::Protection;

/// The shortest lag at which something may be shed: below it any hiccup of the machine would turn callers away.
const LAG_MIN: Duration = Duration::from_millis(20);

/// `[protection]`: who is kept out, and what is shed when there is too much.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProtectionSection {
    /// Addresses that are never counted and never banned: `192.0.2.0/24`. Trunks' are not, in any case.
    pub(crate) allow: Vec<String>,
    /// Addresses that are dropped unread, unless they are allowed or a trunk's.
    pub(crate) deny: Vec<String>,
    /// How often a stranger may ask as one user, for one kind of thing.
    pub(crate) user: RateSection,
    /// How often one strange address may ask.
    pub(crate) address: RateSection,
    /// How often an address may ask from which a phone has proven itself lately, before it proves itself again.
    pub(crate) office: RateSection,
    /// How often all strange addresses together may ask.
    pub(crate) strangers: RateSection,
    /// How long a scanner is kept out; `0s`: nobody is.
    pub(crate) ban: Span,
    /// How long a message may wait before something is shed; `0s`: nothing ever is.
    pub(crate) lag: Span,
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateSection {
    /// In a second, lastingly …
    pub(crate) per_second: u32,
    /// … and at once.
    pub(crate) at_once: u32,
}

/// `[calls_out]`: how much a phone may call outside.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CallsOutSection {
    /// Calls at once.
    pub(crate) at_once: u32,
    /// Calls begun within an hour.
    pub(crate) per_hour: u32,
    /// Calls begun within a day.
    pub(crate) per_day: u32,
    /// Numbers that are refused: those that begin so, as phones dial them.
    pub(crate) forbidden: Vec<String>,
    /// If there are any, all other numbers are refused.
    pub(crate) allowed: Vec<String>,
}

/// What one `[[phone]]` has instead of `[calls_out]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OwnCallsOut {
    at_once: Option<u32>,
    per_hour: Option<u32>,
    per_day: Option<u32>,
    forbidden: Option<Vec<String>>,
    allowed: Option<Vec<String>>,
}

impl From<Rate> for RateSection {
    fn from(Rate { per_second, burst }: Rate) -> Self {
        Self { per_second, at_once: burst }
    }
}

impl From<RateSection> for Rate {
    fn from(section: RateSection) -> Self {
        Self { per_second: section.per_second, burst: section.at_once }
    }
}

impl Default for ProtectionSection {
    fn default() -> Self {
        let Protection { limits, ban, lag, .. } = Protection::default();
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            user: limits.name.into(),
            address: limits.place.into(),
            office: limits.office.into(),
            strangers: limits.strangers.into(),
            ban: Span(ban),
            lag: Span(lag),
        }
    }
}

impl Default for CallsOutSection {
    fn default() -> Self {
        let TollLimits { at_once, per_hour, per_day, forbidden, allowed } = TollLimits::default();
        Self { at_once, per_hour, per_day, forbidden, allowed }
    }
}

impl CallsOutSection {
    fn limits(&self, own: &OwnCallsOut) -> TollLimits {
        TollLimits {
            at_once: own.at_once.unwrap_or(self.at_once),
            per_hour: own.per_hour.unwrap_or(self.per_hour),
            per_day: own.per_day.unwrap_or(self.per_day),
            forbidden: own.forbidden.as_ref().unwrap_or(&self.forbidden).clone(),
            allowed: own.allowed.as_ref().unwrap_or(&self.allowed).clone(),
        }
    }
}

/// Why these limits make no sense, if they make none.
fn nonsense(limits: &TollLimits) -> Option<String> {
    for (key, value) in
        [("at_once", limits.at_once), ("per_hour", limits.per_hour), ("per_day", limits.per_day)]
    {
        if value == 0 {
            return Some(format!(
                "{key} = 0 lets no phone call outside; calls_out = false at the phone says so"
            ));
        }
    }
    if limits.per_day > guard::toll::PER_DAY_MAX {
        return Some(format!("per_day is more than {}", guard::toll::PER_DAY_MAX));
    }
    if limits.forbidden.iter().chain(&limits.allowed).any(String::is_empty) {
        return Some("every number begins with nothing; write what the numbers begin with".to_owned());
    }
    None
}

impl ProtectionSection {
    /// What telephony wants to know, or what is wrong.
    pub(crate) fn protection(
        &self,
        calls_out: &CallsOutSection,
        phones: &[PhoneSection],
        emergency: &[String],
    ) -> Result<Protection, String> {
        let networks = |texts: &[String]| {
            let read = texts.iter().map(|text| text.parse::<Network>());
            read.collect::<Result<Vec<_>, _>>().map_err(|wrong| format!("[protection]: {wrong}"))
        };
        let rates = [
            ("user", self.user),
            ("address", self.address),
            ("office", self.office),
            ("strangers", self.strangers),
        ];
        if let Some((key, _)) = rates.iter().find(|(_, rate)| rate.per_second == 0 || rate.at_once == 0) {
            return Err(format!("[protection]: {key} with 0 would keep every new phone out"));
        }
        if !self.lag.0.is_zero() && self.lag.0 < LAG_MIN {
            return Err(format!(
                "[protection]: lag is shorter than {} ms, which would turn callers away for nothing; 0s is never",
                LAG_MIN.as_millis()
            ));
        }
        let toll = calls_out.limits(&OwnCallsOut::default());
        if let Some(why) = nonsense(&toll) {
            return Err(format!("[calls_out]: {why}"));
        }
        let mut toll_of = BTreeMap::new();
        for (section, own) in phones.iter().filter_map(|phone| Some((phone, phone.limits.as_ref()?))) {
            let limits = calls_out.limits(own);
            if let Some(why) = nonsense(&limits) {
                return Err(format!("phone {}: limits: {why}", section.user));
            }
            for user in section.users()? {
                toll_of.insert(SipUser::new(&user), limits.clone());
            }
        }
        Ok(Protection {
            allow: networks(&self.allow)?,
            deny: networks(&self.deny)?,
            limits: Limits {
                name: self.user.into(),
                place: self.address.into(),
                office: self.office.into(),
                strangers: self.strangers.into(),
            },
            ban: self.ban.0,
            lag: self.lag.0,
            emergency: emergency.to_vec(),
            toll,
            toll_of,
        })
    }
}
