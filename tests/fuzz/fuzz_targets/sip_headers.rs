//! Header lines inside an otherwise ordinary request: every view, every edit.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sip_message::header::UserToUser;
use sip_message::{BuildError, HeaderName, Headers, Message, NameAddr, Params, Via};

const HEAD: &[u8] =
    b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:x@y>;tag=1\r\n\
To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n";

fuzz_target!(|data: &[u8]| {
    if let Ok(address) = NameAddr::parse(data) {
        let mut text = Vec::new();
        address.write(&mut text);
        let again = NameAddr::parse(&text).expect("what was printed");
        assert_eq!(again.uri(), address.uri());
        // A quoted tag, which no message may have, can lose control characters on the way.
        let plain = address.tag().is_none_or(|tag| !tag.starts_with('"'));
        assert!(!plain || again.tag() == address.tag());
        let _ = (address.display(), address.q(), address.expires());
        // Whoever wrote it, it can go into a message of ours.
        let mut headers = Headers::default();
        let written = headers.append(HeaderName::To, &address);
        assert!(matches!(written, Ok(()) | Err(BuildError::TooLong)));
    }
    if let Ok(mut via) = Via::parse(data) {
        let again = Via::parse(via.to_string().as_bytes());
        assert!(
            again.is_ok() || via.params().as_bytes().iter().any(|b| !b.is_ascii() || b.is_ascii_control())
        );
        assert!(matches!(
            Headers::default().append(HeaderName::Via, &via),
            Ok(()) | Err(BuildError::TooLong)
        ));
        via.stamp("192.0.2.1".parse().expect("an address"), 5060);
        assert!(!via.wants_rport() || via.rport() == Some(5060));
    }
    if let Ok(mut params) = Params::parse(data) {
        params.set("x", Some("y z")).expect("a plain value");
        assert_eq!(params.text("x").as_deref(), Some("y z"));
        params.remove("x");
        assert!(!params.has("x"));
    }

    let text = [HEAD, data, b"\r\n\r\n"].concat();
    let message = Message::parse(Bytes::from(text));
    let headers = match &message {
        Ok(message) => message.headers(),
        Err(error) => match &error.request {
            Some(request) => request.headers(),
            None => return,
        },
    };
    let _ = (headers.contacts(), headers.routes(), headers.record_routes(), headers.paths());
    let _ = (headers.refer_to(), headers.referred_by(), headers.replaces(), headers.reasons());
    let _ = (headers.session_expires(), headers.min_se(), headers.expires(), headers.min_expires());
    let _ = (headers.content_type(), headers.accept(), headers.event(), headers.subscription_state());
    let _ = (headers.rack(), headers.rseq(), headers.retry_after(), headers.user_agent(), headers.subject());
    let _ = (headers.allow().count(), headers.require().count(), headers.supports("x"));
    let _ = (headers.asserted_identities(), headers.preferred_identities(), headers.service_routes());
    let _ = (headers.diversions(), headers.history(), headers.privacy(), headers.allow_events().count());
    for value in headers.user_to_user().unwrap_or_default() {
        assert_eq!(UserToUser::parse(value.to_string().as_bytes()).as_ref(), Ok(&value));
        let _ = value.bytes();
    }

    let mut edited = headers.clone();
    let names: Vec<String> = headers.iter().map(|field| field.name().to_owned()).collect();
    for name in names.iter().filter(|name| !name.is_empty()).take(8) {
        // An empty value, as behind a last comma, may go with the line it stands in.
        let before: Vec<bool> =
            edited.list(name.as_str()).map(|value| !value.as_bytes().is_empty()).collect();
        if edited.remove_first(name.as_str()) == Ok(true) {
            let left = edited.list(name.as_str()).filter(|value| !value.as_bytes().is_empty()).count();
            assert_eq!(left, before.iter().skip(1).filter(|filled| **filled).count());
        }
        let _ = edited.replace_first(name.as_str(), "x");
        if edited.set(name.as_str(), "y").is_ok() {
            assert_eq!(edited.all(name.as_str()).count(), 1);
        }
    }
});
