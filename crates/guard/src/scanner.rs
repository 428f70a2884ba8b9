//! The marks of programs that look for telephone systems to break into.
//!
//! They call themselves by these names unless somebody takes the trouble to change them; most do not. A name is believed
//! only against its bearer: nobody gains anything by it.

/// What scanners' `User-Agent` begins with, in lower case.
const MARKS: [&str; 10] = [
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sipcli",
    "sip-scan",
    "sipscan",
    "sundayddr",
    "pplsip",
    "vaxsipuseragent",
    "siparmyknife",
];

/// The scanner whose mark this `User-Agent` bears.
pub fn mark(device: &str) -> Option<&'static str> {
    let device = device.trim_start().as_bytes();
    MARKS.into_iter().find(|mark| {
        device.get(..mark.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(mark.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanners_are_known_by_their_names_and_phones_are_not_scanners() {
        for (device, known) in [
            ("friendly-scanner", Some("friendly-scanner")),
            ("  SIPVicious 0.3.4", Some("sipvicious")),
            ("sipcli/v1.8", Some("sipcli")),
            ("pplsip", Some("pplsip")),
            ("VaxSIPUserAgent/3.5", Some("vaxsipuseragent")),
            ("baresip v1.0.0 (x86_64/linux)", None),
            ("Yealink SIP-T46S 66.85.0.5", None),
            ("é", None),
            ("", None),
        ] {
            assert_eq!(mark(device), known, "{device}");
        }
    }
}
