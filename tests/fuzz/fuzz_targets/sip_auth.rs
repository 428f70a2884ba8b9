//! Challenges and credentials: read, and read again after printing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sip_message::ToValue;
use sip_message::header::{AuthParams, AuthValue};

fuzz_target!(|data: &[u8]| {
    if let Ok(value) = AuthValue::parse(data) {
        let _ = (value.is_digest(), value.param("realm"), value.param("nonce"), value.param("uri"));
        let mut text = Vec::new();
        value.write_value(&mut text);
        let again = AuthValue::parse(&text).expect("what was printed");
        assert_eq!(again.scheme(), value.scheme());
        assert!(again.params().iter().eq(value.params().iter()));
    }
    if let Ok(params) = AuthParams::parse(data) {
        for (name, value) in params.iter() {
            assert_eq!(params.get(name), Some(value));
        }
    }
});
