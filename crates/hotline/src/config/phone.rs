//! Phones that register.

use super::{CodecList, SrtpChoice};
use serde::{Deserialize, Serialize};

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
    /// Whether its sound goes straight to another such phone when they call each other.
    #[serde(default)]
    pub(crate) direct_media: bool,
    /// The codecs spoken with it, best first; those of `[media]` if there is none.
    #[serde(default)]
    pub(crate) codecs: CodecList,
    /// Whether sound is sealed with it (SRTP): `"off"`, `"offered"`, `"preferred"`, `"required"`; as `[media]` says
    /// if nothing is said.
    pub(crate) srtp: Option<SrtpChoice>,
    /// How much of that, where it differs from `[calls_out]`.
    pub(crate) limits: Option<super::OwnCallsOut>,
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
            direct_media: false,
            codecs: CodecList::default(),
            srtp: None,
            limits: None,
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
