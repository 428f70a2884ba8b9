//! Credentials and tokens that a phone sends, and challenges that a carrier sends.

#![no_main]

use base::{Instant, Now, SecretSource, Timestamp};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sip::{Authenticator, AuthenticatorConfig, Credentials, DigestSecret, Source, Transport, Verdict};
use sip_message::Message;
use std::collections::BTreeMap;

fuzz_target!(|data: &[u8]| {
    let config = AuthenticatorConfig { realm: "hotline.test".to_owned(), allows_md5: true };
    let mut authenticator = Authenticator::new(config, SecretSource::fixed(1));
    let phones = BTreeMap::from([("1001".to_owned(), DigestSecret::new("1001", "hotline.test", "secret"))]);
    let mut text = b"REGISTER sip:hotline.test SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\
        From: <sip:1001@hotline.test>;tag=1\r\nTo: <sip:1001@hotline.test>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n\
        Authorization: "
        .to_vec();
    text.extend_from_slice(data);
    text.extend_from_slice(b"\r\n\r\n");
    if let Ok(Message::Request(request)) = Message::parse(Bytes::from(text)) {
        let home = "192.0.2.1:5060".parse().expect("an address");
        let source = Source { transport: Transport::Udp, local: home, remote: home, connection: None };
        let now = Now { mono: Instant::START, utc: Timestamp::from_millis(0) };
        let verdict = authenticator.check(&request, &source, &phones, now);
        // Nobody who was never challenged has credentials that are good.
        assert!(!matches!(verdict, Verdict::Accept { .. }));
        assert!(authenticator.watched() <= 1);
        let page = Source { transport: Transport::Wss, ..source };
        let holder = authenticator.check_token(&request, &page, &phones, now);
        assert!(!matches!(holder, Some(Ok(_))));
    }
    if let Ok(challenge) = std::str::from_utf8(data) {
        let credentials = Credentials::new("1001", "hotline.test", "secret");
        if let Some(mut digest) = credentials.answer([challenge]) {
            let _ = digest.is_stale();
            let answer = digest.authorize("REGISTER", "sip:hotline.test", &mut base::IdSource::new(1));
            assert!(!answer.contains(['\r', '\n']));
        }
    }
});
