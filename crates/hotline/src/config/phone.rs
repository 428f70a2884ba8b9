//! Phones that register, and trunks.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// `[[phone]]`: one user of the registrar, or a range of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PhoneSection {
    /// The user: `1001`; or a range that ends in numbers: `u0..u999`.
    pub(crate) user: String,
    /// The password in clear. Better: the two hashes below, as `hotline phone` prints them.
    pub(crate) password: Option<String>,
    /// MD5 of `user:domain:password`, in hexadecimal digits.
    pub(crate) ha1_md5: Option<String>,
    /// SHA-256 of the same.
    pub(crate) ha1_sha256: Option<String>,
    /// Whether it may call numbers outside, by the trunks.
    #[serde(default)]
    pub(crate) calls_out: bool,
}

/// How many users one range may name.
const RANGE_MAX: u64 = 100_000;

impl PhoneSection {
    /// The users named.
    pub(crate) fn users(&self) -> Result<Vec<String>, String> {
        let Some((first, last)) = self.user.split_once("..") else { return Ok(vec![self.user.clone()]) };
        let wrong = || {
            format!(
                "{:?} is not a range of users; write FIRST..LAST with one beginning, like u0..u999",
                self.user
            )
        };
        let numbered = |name: &str| {
            let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
            let (stem, number) = name.split_at(name.len() - digits);
            Some((stem.to_owned(), number.len(), number.parse::<u64>().ok()?, number.starts_with('0')))
        };
        let (stem, width, low, zeros) = numbered(first).ok_or_else(wrong)?;
        let (other_stem, _, high, _) = numbered(last).ok_or_else(wrong)?;
        if stem != other_stem || high < low || high - low >= RANGE_MAX {
            return Err(wrong());
        }
        let width = if zeros { width } else { 0 };
        Ok((low..=high).map(|number| format!("{stem}{number:0width$}")).collect())
    }
}

/// `[[trunk]]`: the way to a carrier.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrunkSection {
    /// Its name.
    pub(crate) name: String,
    /// Addresses that may call in without a password: `192.0.2.0/24`.
    #[serde(default)]
    pub(crate) accept_from: Vec<String>,
    /// Where calls out go: `203.0.113.5:5060`.
    pub(crate) send_to: Option<SocketAddr>,
    /// Numbers that go out here: those that begin with one of these.
    #[serde(default)]
    pub(crate) prefixes: Vec<String>,
    /// The user of our account there. With it we register, and prove who we are when we call.
    pub(crate) user: Option<String>,
    /// The account's password.
    pub(crate) password: Option<String>,
    /// The carrier's domain; the address of `send_to` if there is none.
    pub(crate) domain: Option<String>,
    /// The realm of the carrier's challenges; the domain if there is none.
    pub(crate) realm: Option<String>,
}

impl TrunkSection {
    fn account(&self) -> Result<Option<telephony::Account>, String> {
        let (user, password) = match (&self.user, &self.password) {
            (None, None) => return Ok(None),
            (Some(user), Some(password)) => (user.clone(), password.clone()),
            _ => return Err(format!("trunk {}: user and password belong together", self.name)),
        };
        let Some(carrier) = self.send_to else {
            return Err(format!("trunk {}: an account needs send_to, where it is registered", self.name));
        };
        let domain = self.domain.clone().unwrap_or_else(|| carrier.ip().to_string());
        let realm = self.realm.clone().unwrap_or_else(|| domain.clone());
        Ok(Some(telephony::Account { user, domain, realm, password }))
    }

    pub(crate) fn trunk(&self) -> Result<telephony::Trunk, String> {
        let networks = self.accept_from.iter().map(|text| text.parse::<telephony::Network>());
        Ok(telephony::Trunk {
            id: self.name.as_str().into(),
            accept_from: networks.collect::<Result<_, _>>().map_err(|wrong| wrong.to_string())?,
            send_to: self.send_to,
            prefixes: self.prefixes.clone(),
            account: self.account()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(user: &str) -> Result<Vec<String>, String> {
        PhoneSection {
            user: user.to_owned(),
            password: None,
            ha1_md5: None,
            ha1_sha256: None,
            calls_out: false,
        }
        .users()
    }

    #[test]
    fn a_range_names_every_user_between_its_ends() {
        assert_eq!(users("1001"), Ok(vec!["1001".to_owned()]));
        assert_eq!(users("u8..u11"), Ok(["u8", "u9", "u10", "u11"].map(str::to_owned).to_vec()));
        assert_eq!(users("007..010"), Ok(["007", "008", "009", "010"].map(str::to_owned).to_vec()));
        for wrong in ["u9..u1", "a1..b2", "a..b", "u1..", "..", "u0..u99999999"] {
            assert!(users(wrong).is_err(), "{wrong}");
        }
    }
}
