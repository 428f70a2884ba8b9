//! Checks of ICE at the socket of the browsers: nobody is let in without the password, and no answer is long.

#![no_main]

use base::{Instant, SecretSource};
use browser_peer::stun::{Check, write_check};
use browser_peer::{Credentials, Kind, Peers, Place};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Kind::of(data);
    let _ = Check::parse(data).map(|check| check.is_signed_with("password"));
    let (here, there) =
        (Place::Udp("192.0.2.1:32853".parse().expect("a place")), Place::Tcp("[2001:db8::1]:9".parse().expect("a place")));
    let ours = Credentials::generate(&mut SecretSource::fixed(1));
    let mut peers = Peers::new();
    assert!(peers.expect(1, ours.clone()));
    assert!(peers.check(here, data, Instant::START).is_none(), "nobody knows the password");
    // A check of ours that was changed on its way is none, unless it was not changed.
    let user = format!("{}:them", ours.ufrag);
    let good = write_check(&user, &ours.password, true, [7; 12]);
    let mut changed = good.clone();
    for two in data.chunks_exact(2) {
        let at = usize::from(two[0]) % changed.len();
        changed[at] ^= two[1];
    }
    let answered = peers.check(there, &changed, Instant::START);
    assert_eq!(answered.is_some(), changed == good);
    assert!(answered.is_none_or(|checked| checked.answer.len() <= good.len() + 12));
});
