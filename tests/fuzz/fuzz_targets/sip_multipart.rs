//! A multipart body: its parts are slices of it, few and in order.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sip_message::{Message, limits};

const HEAD: &[u8] =
    b"MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:x@y>;tag=1\r\nTo: <sip:a@b>\r\n\
Call-ID: c\r\nCSeq: 1 MESSAGE\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n";

fuzz_target!(|data: &[u8]| {
    let Ok(message) = Message::parse(Bytes::from([HEAD, data].concat())) else { return };
    if let Ok(parts) = message.parts() {
        assert!(parts.len() <= limits::MULTIPART_PARTS);
        assert!(parts.iter().map(|part| part.body.len()).sum::<usize>() <= data.len());
    }
});
