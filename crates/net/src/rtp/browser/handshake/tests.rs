//! Two of our handshakes with each other, on a lossy line too, and whom they do not believe.

use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;

#[test]
fn both_sides_come_to_the_same_keys() {
    let (us, them) = (terms(), terms());
    let (ours, theirs) = shake(&us, &them, them.identity.fingerprint, us.identity.fingerprint, |_| true);
    let (ours, theirs) = (ours.expect("keys"), theirs.expect("keys"));
    assert_eq!((&ours.ours, &ours.theirs), (&theirs.theirs, &theirs.ours));
    assert_ne!(ours.ours, ours.theirs);
    let again = shake(&us, &them, them.identity.fingerprint, us.identity.fingerprint, |_| true);
    assert_ne!(again.0.expect("keys"), ours);
}

#[test]
fn a_browser_with_another_certificate_than_its_description_says_gets_no_keys() {
    let (us, them, other) = (terms(), terms(), terms());
    let wrong = other.identity.fingerprint;
    let (ours, _) = shake(&us, &them, wrong, us.identity.fingerprint, |_| true);
    assert_eq!(ours.err(), Some(HandshakeError::Stranger));
    // Nor do we believe somebody else when we begin.
    let (_, theirs) = shake(&us, &them, them.identity.fingerprint, wrong, |_| true);
    assert_eq!(theirs.err(), Some(HandshakeError::Stranger));
}

#[test]
fn a_handshake_nobody_answers_ends() {
    let us = terms();
    let mut handshake = Handshake::new(&us, Role::Active, [0; 32], Instant::START);
    let mut records = 0;
    let mut now = Instant::START;
    let ended = loop {
        now = now.max(handshake.poll_timeout().expect("it waits"));
        if let Err(error) = handshake.handle_timeout(now, |_| records += 1) {
            break error;
        }
    };
    assert!(matches!(ended, HandshakeError::Failed(dimpl::Error::Timeout(_))), "{ended}");
    assert!(now <= Instant::START + HANDSHAKE_PATIENCE + Duration::from_secs(1), "{now:?}");
    assert!((3..20).contains(&records), "{records}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_lossy_line_only_takes_longer(lost in prop::collection::btree_set(0usize..12, 0..4)) {
        let (us, them) = (terms(), terms());
        let (ours, theirs) =
            shake(&us, &them, them.identity.fingerprint, us.identity.fingerprint, |at| !lost.contains(&at));
        prop_assert_eq!(ours.expect("keys").ours, theirs.expect("keys").theirs);
    }

    #[test]
    fn no_record_makes_it_panic_or_hand_out_keys(records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 0..8), kind in 20u8..24) {
        let us = terms();
        let mut handshake = Handshake::new(&us, Role::Passive, [7; 32], Instant::START);
        for mut record in records {
            if let Some(first) = record.first_mut() {
                *first = kind;
            }
            match handshake.handle(&record, Instant::START, |_| {}) {
                Ok(Step::On) => {}
                Ok(Step::Done(_)) => prop_assert!(false, "keys"),
                Err(_) => break,
            }
        }
    }
}

type Outcome = Result<Sealing, HandshakeError>;

/// `them` begin, `us` answer, until both are done or one gives up. Records are counted in both directions together;
/// those that `arrives` does not let through are lost.
fn shake(
    us: &Terms,
    them: &Terms,
    known_as: Fingerprint,
    we_are_known_as: Fingerprint,
    arrives: impl Fn(usize) -> bool,
) -> (Outcome, Outcome) {
    let mut now = Instant::START;
    let mut sides = [
        Handshake::new(us, Role::Passive, known_as, now),
        Handshake::new(them, Role::Active, we_are_known_as, now),
    ];
    let mut done: [Option<Outcome>; 2] = [None, None];
    let mut line: VecDeque<(usize, Vec<u8>)> = VecDeque::new();
    let mut sent = 0;
    for _ in 0..1_000 {
        let next = line.pop_front();
        let (side, record) = match next {
            Some((side, record)) => (side, Some(record)),
            None => {
                let due = |side: &Handshake| side.poll_timeout().unwrap_or(Instant::from_micros(u64::MAX));
                let side = usize::from(due(&sides[1]) < due(&sides[0]));
                now = now.max(due(&sides[side]));
                (side, None)
            }
        };
        let mut said = Vec::new();
        let step = match record {
            Some(record) => sides[side].handle(&record, now, |record| said.push(record.to_vec())),
            None => sides[side].handle_timeout(now, |record| said.push(record.to_vec())),
        };
        for record in said {
            if arrives(sent) {
                line.push_back((1 - side, record));
            }
            sent += 1;
        }
        match step {
            Ok(Step::On) => {}
            Ok(Step::Done(sealing)) => done[side] = Some(Ok(sealing)),
            Err(error) => {
                done[side] = Some(Err(error));
                break;
            }
        }
        if done.iter().all(Option::is_some) {
            break;
        }
    }
    let [ours, theirs] = done.map(|outcome| outcome.unwrap_or(Err(HandshakeError::Ended)));
    (ours, theirs)
}

fn terms() -> Terms {
    let identity = Identity::generate().expect("a certificate");
    Terms::new(identity, std::time::Instant::now()).expect("terms")
}
