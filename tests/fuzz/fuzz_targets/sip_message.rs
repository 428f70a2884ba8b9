//! A datagram: parsed, printed, edited, answered.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sip_message::{HeaderName, Message, StatusCode, classify};

fuzz_target!(|data: &[u8]| {
    let _ = classify(data);
    match Message::parse(Bytes::copy_from_slice(data)) {
        Ok(message) => {
            // What is taken prints as it came, from its start line on.
            let printed = message.to_bytes();
            let start = data.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(0);
            assert!(data[start..].starts_with(&printed));

            // What every message must have is readable.
            let headers = message.headers();
            assert!(headers.vias().all(|via| via.is_ok()) && headers.top_via().is_ok());
            assert!(headers.from().is_ok() && headers.to().is_ok() && headers.contacts().is_ok());
            assert!(headers.call_id().is_ok() && headers.cseq().is_ok() && headers.max_forwards().is_ok());

            // An edited one reads back with all its lines and its body.
            let mut edited = message.clone();
            edited.headers_mut().append("X-Passed", "1").expect("a plain value");
            if edited.headers().len() <= sip_message::limits::HEADERS
                && edited.to_bytes().len() <= sip_message::limits::MESSAGE_BYTES
            {
                let again = Message::parse(edited.to_bytes()).expect("an edited message");
                assert_eq!(again.headers().len(), message.headers().len() + 1);
                assert_eq!(again.body(), message.body());
            }
            if let Message::Request(request) = &message {
                let answer = request.answer(StatusCode::OK).record_routes(request).to_tag("t").build();
                if let Ok(answer) = answer {
                    let read = Message::parse(answer.to_bytes()).expect("our own answer");
                    assert_eq!(read.headers().top_branch(), headers.top_branch());
                    assert!(read.headers().contains(HeaderName::To));
                }
            }
        }
        Err(error) => {
            if let Some((request, status, reason)) = error.answerable() {
                let _ = request.answer(status).reason(&reason).to_tag("t").build();
            }
        }
    }
});
