//! Records of a handshake with a browser, as received: nothing makes it panic, and whoever has no certificate of the
//! description gets no keys. A real handshake, changed on its way, ends or ends well.

#![no_main]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "the modules stand alone, so that the sockets of their crate need not be built"
)]

use base::Instant;
use browser_peer::Role;
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

#[path = "../../../crates/net/src/rtp/browser/handshake.rs"]
mod handshake;
#[path = "../../../crates/net/src/rtp/browser/identity.rs"]
mod identity;

use handshake::{Handshake, Step, Terms};

static TERMS: OnceLock<[Terms; 2]> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    let terms = TERMS.get_or_init(|| {
        [(); 2].map(|()| {
            let identity = identity::Identity::generate().expect("a certificate");
            Terms::new(identity, std::time::Instant::now()).expect("terms")
        })
    });
    let [us, them] = terms;
    let now = Instant::START;
    // Records of nobody's, each behind its length.
    let mut stranger = Handshake::new(us, Role::Passive, [7; 32], now);
    let mut rest = data;
    while let [kind, length, more @ ..] = rest {
        let (record, more) = more.split_at(more.len().min(usize::from(*length)));
        rest = more;
        let record = [&[20 + kind % 8, 0xfe, 0xfd][..], record].concat();
        match stranger.handle(&record, now, |_| {}) {
            Ok(Step::On) => {}
            Ok(Step::Done(_)) => panic!("a stranger has keys"),
            Err(_) => break,
        }
    }
    // A hello of somebody's, changed.
    let mut caller = Handshake::new(them, Role::Active, us.fingerprint(), now);
    let mut hello = Vec::new();
    let _ = caller.handle_timeout(now, |record| hello.push(record.to_vec()));
    let mut callee = Handshake::new(us, Role::Passive, them.fingerprint(), now);
    for mut record in hello {
        for two in data.chunks_exact(2) {
            let at = usize::from(two[0]) % record.len();
            record[at] ^= two[1];
        }
        let _ = callee.handle(&record, now, |_| {});
    }
});
