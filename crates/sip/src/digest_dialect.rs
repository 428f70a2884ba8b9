//! Which digest algorithms a phone can be offered.
//!
//! RFC 8760 §2.4 has the server offer the best algorithm first and the phone pass over what it does not know. Phones
//! older than that give up at the first challenge they do not understand, wherever it stands: libre before 2.0, and so
//! baresip of Debian 12; SIPp. Such a phone is offered MD5 alone, or it could never register. It is known by its
//! User-Agent; who does not say what it is counts as old. An eavesdropper gains nothing by it that leaving out the
//! better challenge on the way would not give as well.

use crate::digest::Algorithm;
use sip_message::{HeaderName, Request};

/// How the names of phones begin that understand MD5 only, in lower case.
const MD5_ONLY: [&str; 6] = ["baresip v0.", "baresip v1.", "libre ", "re/", "sipp", "sipsak"];

/// The algorithms to offer, best first. MD5 is among them only if it is allowed.
pub(crate) fn algorithms(request: &Request, allows_md5: bool) -> &'static [Algorithm] {
    match (allows_md5, is_old(request)) {
        (false, _) => &[Algorithm::Sha256],
        (true, false) => &[Algorithm::Sha256, Algorithm::Md5],
        (true, true) => &[Algorithm::Md5],
    }
}

fn is_old(request: &Request) -> bool {
    let Some(name) = request.headers().get(HeaderName::UserAgent) else { return true };
    let name = name.text().trim().to_ascii_lowercase();
    name.is_empty() || MD5_ONLY.iter().any(|old| name.starts_with(old))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip_message::{Message, Method};

    #[test]
    fn old_phones_are_offered_what_they_understand() {
        const BOTH: &[Algorithm] = &[Algorithm::Sha256, Algorithm::Md5];
        for (name, offered) in [
            (Some("baresip v1.0.0 (x86_64/linux)"), &[Algorithm::Md5][..]),
            (Some("SIPp"), &[Algorithm::Md5]),
            (None, &[Algorithm::Md5]),
            (Some("baresip v3.10.1 (x86_64/Linux)"), BOTH),
            (Some("JsSIP 3.10.1"), BOTH),
            (Some("Yealink SIP-T54W 96.86.0.100"), BOTH),
        ] {
            assert_eq!(algorithms(&register(name), true), offered, "{name:?}");
            assert_eq!(algorithms(&register(name), false), [Algorithm::Sha256], "{name:?}");
        }
    }

    fn register(name: Option<&str>) -> Request {
        let name = name.map(|name| format!("User-Agent: {name}\r\n")).unwrap_or_default();
        let text = format!(
            "REGISTER sip:a.test SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@a.test>;tag=1\r\n\
             To: <sip:a@a.test>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\n{name}Content-Length: 0\r\n\r\n"
        );
        match Message::parse(text.into_bytes().into()) {
            Ok(Message::Request(request)) if *request.method() == Method::Register => request,
            other => panic!("{other:?}"),
        }
    }
}
