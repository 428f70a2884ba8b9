//! A URI: taken apart, compared, changed. Two, separated by a line feed, are compared with each other.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sip_message::Uri;

fuzz_target!(|data: &[u8]| {
    let mut texts = data.splitn(2, |b| *b == b'\n');
    let first = texts.next().map(Uri::parse);
    let second = texts.next().map(Uri::parse);
    let Some(Ok(uri)) = first else { return };

    let start = data.len().min(uri.as_bytes().len());
    assert_eq!(uri.as_bytes(), &data[..start]);
    assert!(uri.equivalent(&uri));
    assert_eq!(uri.is_sip(), uri.host().is_some());
    let _ = (uri.user(), uri.raw_password(), uri.port(), uri.opaque(), uri.scheme(), uri.transport());
    for (name, _) in uri.params() {
        assert!(uri.has_param(name));
        assert!(uri.param(name).is_some());
        assert!(!uri.is_sip() || !uri.without_param(name).has_param(name));
    }
    for (name, _) in uri.headers() {
        assert!(uri.header(name).is_some());
    }
    for changed in [uri.for_request_line(), uri.without_params(), uri.detached()] {
        assert_eq!(Uri::parse(changed.as_bytes()).as_ref(), Ok(&changed));
    }
    if let Ok(changed) = uri.with_param("x", Some("a b")) {
        assert_eq!(changed.param("x").as_deref(), Some("a b"));
    }
    if let Ok(changed) = uri.with_user("a@b") {
        assert_eq!(changed.user().as_deref(), Some("a@b"));
    }
    if let Some(Ok(other)) = second {
        assert_eq!(uri.equivalent(&other), other.equivalent(&uri));
    }
});
