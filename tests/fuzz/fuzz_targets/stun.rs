//! STUN on the SIP port: whatever is answered is a short answer to that request.

#![no_main]

use libfuzzer_sys::fuzz_target;

// The module stands alone, so that the sockets of its crate need not be built for it.
#[path = "../../../crates/net/src/sip/stun.rs"]
mod stun;

fuzz_target!(|data: &[u8]| {
    for remote in ["192.0.2.1:32853", "[2001:db8::1]:32853"] {
        let Some(answer) = stun::answer(data, remote.parse().expect("an address")) else { continue };
        assert_eq!(answer[8..20], data[8..20]);
        assert!(answer.len() <= 44 && answer[..2] == [1, 1]);
    }
});
