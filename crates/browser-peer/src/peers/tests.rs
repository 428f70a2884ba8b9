//! Who may send what, and who may not.

use super::*;
use crate::agent::{ADDRESSES_MAX, CONSENT};
use crate::stun::tests::{PASSWORD, REQUEST};
use crate::stun::write_check;
use base::{Duration, SecretSource};
use core::net::SocketAddr;
use core::sync::atomic::{AtomicU32, Ordering};
use proptest::prelude::*;

const ANNA: u32 = 1;
const BERT: u32 = 2;

#[test]
fn a_browser_that_checks_and_nominates_is_paired() {
    let mut peers = Peers::new();
    let anna = expected(&mut peers, ANNA);
    assert_eq!(peers.sender(here()), None);

    let checked = peers.check(here(), &check(&anna, false), at(1)).expect("an answer");
    assert_eq!(checked.news, None);
    assert_eq!((peers.sender(here()), peers.remote(ANNA)), (Some(ANNA), None));

    let checked = peers.check(here(), &check(&anna, true), at(1)).expect("an answer");
    assert_eq!(checked.news, Some(News::Paired { key: ANNA, remote: here() }));
    assert_eq!(peers.remote(ANNA), Some(here()));
    // Said once.
    assert_eq!(peers.check(here(), &check(&anna, true), at(2)).expect("an answer").news, None);
}

#[test]
fn a_check_with_another_password_or_for_nobody_is_ignored() {
    let mut peers = Peers::new();
    let anna = expected(&mut peers, ANNA);
    let bert = expected(&mut peers, BERT);
    let mixed = Credentials { ufrag: anna.ufrag.clone(), password: bert.password.clone() };
    let nobody = Credentials { ufrag: "nobody".to_owned(), password: anna.password.clone() };
    for wrong in [mixed, nobody] {
        assert_eq!(peers.check(here(), &check(&wrong, true), at(1)), None);
    }
    assert_eq!((peers.sender(here()), peers.remote(ANNA)), (None, None));
}

#[test]
fn a_browser_that_moves_is_followed() {
    let mut peers = Peers::new();
    let anna = expected(&mut peers, ANNA);
    peers.check(here(), &check(&anna, true), at(1));
    // It tries another way, and goes on using the first.
    assert_eq!(peers.check(there(), &check(&anna, false), at(2)).expect("an answer").news, None);
    assert_eq!(peers.remote(ANNA), Some(here()));
    let moved = peers.check(there(), &check(&anna, true), at(3)).expect("an answer");
    assert_eq!(moved.news, Some(News::Paired { key: ANNA, remote: there() }));
    assert_eq!(peers.remote(ANNA), Some(there()));
    // What is still under way from the old address is listened to.
    assert_eq!(peers.sender(here()), Some(ANNA));
}

#[test]
fn a_check_that_is_sent_again_moves_nothing_and_renews_no_consent() {
    let mut peers = Peers::new();
    let anna = expected(&mut peers, ANNA);
    let captured = check(&anna, true);
    let first = peers.check(here(), &captured, at(1)).expect("an answer");
    // The answer was lost, and the browser says it once more.
    let again = peers.check(here(), &captured, at(2)).expect("an answer");
    assert_eq!((again.answer, again.news), (first.answer, None));

    // Somebody else says it, from elsewhere: nobody answers, and nothing is sent there.
    assert_eq!(peers.check(there(), &captured, at(3)), None);
    assert_eq!((peers.sender(there()), peers.remote(ANNA)), (None, Some(here())));
    // Nor does it keep the sound of a browser going that has gone, whatever address it claims to come from.
    assert!(peers.check(here(), &captured, at(29)).is_some());
    assert_eq!(peers.handle_timeout(at(31)), Some(News::Lapsed { key: ANNA }));
    assert!(peers.check(here(), &captured, at(32)).expect("an answer").news.is_none());
    assert_eq!(peers.remote(ANNA), None);
    // The browser itself comes back by a check of its own.
    assert!(peers.check(here(), &check(&anna, true), at(33)).expect("an answer").news.is_some());
}

#[test]
fn a_browser_that_is_silent_for_thirty_seconds_is_sent_nothing_more() {
    let mut peers = Peers::new();
    let anna = expected(&mut peers, ANNA);
    peers.check(here(), &check(&anna, true), at(1));
    peers.check(here(), &check(&anna, false), at(10));
    assert_eq!(peers.poll_timeout(), Some(at(10) + CONSENT));
    assert_eq!(peers.handle_timeout(at(39)), None);
    assert_eq!(peers.handle_timeout(at(40)), Some(News::Lapsed { key: ANNA }));
    assert_eq!(peers.handle_timeout(at(40)), None);
    assert_eq!((peers.remote(ANNA), peers.poll_timeout()), (None, None));
    // It comes back.
    let back = peers.check(here(), &check(&anna, false), at(50)).expect("an answer");
    assert_eq!(back.news, Some(News::Paired { key: ANNA, remote: here() }));
}

#[test]
fn ice_begun_anew_keeps_the_old_pair_until_a_new_one_is_chosen() {
    let mut peers = Peers::new();
    let old = expected(&mut peers, ANNA);
    peers.check(here(), &check(&old, true), at(1));
    let new = credentials(77);
    assert!(peers.expect(ANNA, new.clone()));
    assert_eq!(peers.remote(ANNA), Some(here()));
    assert!(peers.check(here(), &check(&old, false), at(2)).is_some(), "the old name is known still");

    let moved = peers.check(there(), &check(&new, true), at(3)).expect("an answer");
    assert_eq!(moved.news, Some(News::Paired { key: ANNA, remote: there() }));
    assert!(peers.check(here(), &check(&old, true), at(4)).is_none(), "the old name is forgotten");
    assert_eq!(peers.sizes(), (1, 1, 2));

    // Begun anew three times without a check: only the last two names are known.
    for seed in 80..83 {
        assert!(peers.expect(ANNA, credentials(seed)));
    }
    assert_eq!(peers.sizes(), (1, 2, 2));
    assert!(peers.check(here(), &check(&credentials(80), true), at(5)).is_none());
    assert!(peers.check(here(), &check(&credentials(81), true), at(5)).is_some());
}

#[test]
fn nobody_takes_the_address_of_somebody_who_talks() {
    let mut peers = Peers::new();
    let anna = expected(&mut peers, ANNA);
    let bert = expected(&mut peers, BERT);
    peers.check(here(), &check(&anna, true), at(1));
    assert_eq!(peers.check(here(), &check(&bert, true), at(2)), None);
    assert_eq!((peers.sender(here()), peers.remote(BERT)), (Some(ANNA), None));

    // Once the call is over, or its browser gone, the address may be anybody's.
    assert!(peers.handle_timeout(at(31)).is_some());
    assert!(peers.check(here(), &check(&bert, true), at(32)).is_some());
    assert_eq!(peers.sender(here()), Some(BERT));
    peers.forget(BERT);
    assert_eq!(peers.sender(here()), None);
}

#[test]
fn a_connection_that_is_closed_is_nobodys_and_the_next_one_from_there_has_to_prove_itself() {
    let mut peers = Peers::new();
    let anna = expected(&mut peers, ANNA);
    let (udp, tcp) = (here(), Place::Tcp(here().address()));
    peers.check(tcp, &check(&anna, true), at(1));
    assert_eq!(
        (peers.sender(tcp), peers.sender(udp)),
        (Some(ANNA), None),
        "the transport is part of the place"
    );
    peers.forget_place(tcp);
    assert_eq!((peers.sender(tcp), peers.sizes()), (None, (1, 1, 0)));
    let back = peers.check(tcp, &check(&anna, true), at(2)).expect("an answer");
    assert_eq!((back.news, peers.sender(tcp)), (None, Some(ANNA)), "it goes on where it was");
}

#[test]
fn who_believes_to_be_on_our_side_is_told_so() {
    let mut peers = Peers::new();
    let ours = Credentials { ufrag: "evtj".to_owned(), password: PASSWORD.to_owned() };
    assert!(peers.expect(ANNA, ours.clone()));
    assert!(!peers.expect(BERT, ours), "a name is one browser's");
    let checked = peers.check(here(), &REQUEST, at(1)).expect("an answer");
    assert_eq!((checked.answer[1], checked.news), (0x11, None), "an error");
    assert_eq!((peers.sender(here()), peers.state(ANNA)), (None, Some(State::Waiting)));
}

#[test]
fn who_is_forgotten_leaves_nothing() {
    let mut peers = Peers::new();
    let anna = expected(&mut peers, ANNA);
    peers.check(here(), &check(&anna, true), at(1));
    peers.check(there(), &check(&anna, false), at(1));
    assert!(peers.expect(ANNA, credentials(9)));
    peers.forget(ANNA);
    assert_eq!(peers.sizes(), (0, 0, 0));
    assert_eq!(peers.check(here(), &check(&anna, true), at(2)), None);
}

proptest! {
    #[test]
    fn tables_stay_small_whatever_comes(steps in prop::collection::vec((0u32..3, 0u64..6, any::<bool>(), 1u16..40, 0u8..10), 0..200)) {
        let mut peers = Peers::new();
        let mut now = Instant::START;
        for (key, name, nominates, port, what) in steps {
            let source = Place::Udp(SocketAddr::new(here().address().ip(), port));
            let ours = credentials(u64::from(key) * 10 + name);
            now += Duration::from_secs(u64::from(what));
            match what {
                0 => peers.forget(key),
                1 => while peers.handle_timeout(now).is_some() {},
                2 => { peers.expect(key, ours); }
                _ => { peers.check(source, &check(&ours, nominates), now); }
            }
            let (browsers, names, addresses) = peers.sizes();
            prop_assert!(names <= 2 * browsers && addresses <= ADDRESSES_MAX * browsers);
            for key in 0..3 {
                // Who may be sent to is known by the address.
                if let Some(remote) = peers.remote(key) {
                    prop_assert_eq!(peers.sender(remote), Some(key));
                }
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut peers = Peers::new();
        let _ = expected(&mut peers, ANNA);
        prop_assert_eq!(peers.check(here(), &bytes, at(1)), None);
        prop_assert_eq!(peers.sizes(), (1, 1, 0));
    }
}

fn expected(peers: &mut Peers<u32>, key: u32) -> Credentials {
    let ours = credentials(u64::from(key) + 1_000);
    assert!(peers.expect(key, ours.clone()));
    ours
}

fn credentials(seed: u64) -> Credentials {
    Credentials::generate(&mut SecretSource::fixed(seed))
}

/// A fresh check.
fn check(ours: &Credentials, nominates: bool) -> Vec<u8> {
    static CHECKS: AtomicU32 = AtomicU32::new(0);
    let number = CHECKS.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let transaction = [&number[..], &[7; 8]].concat().try_into().expect("12 bytes");
    write_check(&format!("{}:them", ours.ufrag), &ours.password, nominates, transaction)
}

fn here() -> Place {
    Place::Udp("192.0.2.1:1000".parse().expect("an address"))
}

fn there() -> Place {
    Place::Udp("198.51.100.1:2000".parse().expect("an address"))
}

fn at(second: u64) -> Instant {
    Instant::START + Duration::from_secs(second)
}
