//! The test vectors of RFC 5769, and what must not count as a check.

use super::*;
use proptest::prelude::*;

/// RFC 5769 §2.1: a request as ICE makes it.
pub(crate) const REQUEST: [u8; 108] = [
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa,
    0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20,
    0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00,
    0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a,
    0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf,
    0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28,
    0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
];
pub(crate) const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";
const SOURCE: &str = "192.0.2.1:32853";

#[test]
fn the_request_of_rfc_5769_is_a_check_signed_with_its_password() {
    let check = Check::parse(&REQUEST).expect("a check");
    assert_eq!((check.ours, check.theirs), ("evtj", "h6vY"));
    assert!(check.is_signed_with(PASSWORD));
    assert!(!check.is_signed_with("VOkJxbRl1RmTxUk/WvJxBT"));
    assert!(check.is_controlled && !check.nominates);
    assert_eq!(check.unknown(), []);
}

#[test]
fn the_answer_is_that_of_rfc_5769_without_its_maker() {
    let answer =
        Check::parse(&REQUEST).expect("a check").answer(SOURCE.parse().expect("an address"), PASSWORD);
    assert!(answer.len() <= REQUEST.len());
    assert_eq!(answer[..2], BINDING_SUCCESS);
    assert_eq!(answer[8..20], REQUEST[8..20]);
    // The mapped address of §2.2.
    assert_eq!(answer[20..32], [0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
    assert_eq!(signature_of(&answer), Some(hmac(PASSWORD, &answer[..32]).finalize().into_bytes().to_vec()));
    assert_eq!(answer[answer.len() - 4..], checksum(&answer[..answer.len() - 8]).to_be_bytes());
}

#[test]
fn an_answer_names_an_address_of_the_other_family_as_well() {
    let source = "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().expect("an address");
    let answer = Check::parse(&REQUEST).expect("a check").answer(source, PASSWORD);
    // RFC 5769 §2.3.
    assert_eq!(
        answer[20..44],
        [
            0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79,
            0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9
        ]
    );
}

#[test]
fn errors_are_signed_too_and_say_which_attribute_was_not_known() {
    let check = Check::parse(&REQUEST).expect("a check");
    let conflict = check.conflict(PASSWORD);
    assert_eq!(conflict[..2], BINDING_ERROR);
    assert_eq!(conflict[20..28], [0x00, 0x09, 0x00, 0x04, 0, 0, 4, 87]);
    assert!(signature_of(&conflict).is_some());

    let mut strange = Answer::new(BINDING_REQUEST, [7; 12]);
    strange.put(USERNAME, b"us:them");
    strange.put(0x7ffe, &[1, 2, 3]);
    let strange = strange.sealed("pw");
    let check = Check::parse(&strange).expect("a check");
    assert_eq!(check.unknown(), [0x7ffe]);
    let misunderstood = check.misunderstood("pw");
    assert_eq!(misunderstood[20..34], [0x00, 0x09, 0, 4, 0, 0, 4, 20, 0x00, 0x0a, 0, 2, 0x7f, 0xfe]);
}

#[test]
fn what_is_not_signed_summed_and_named_is_no_check() {
    let mut unsigned = Answer::new(BINDING_REQUEST, [7; 12]);
    unsigned.put(USERNAME, b"us:them");
    let without_sum = unsigned.bytes.clone();
    unsigned.count(8);
    let sum = checksum(&unsigned.bytes).to_be_bytes();
    unsigned.put(FINGERPRINT, &sum);
    let unnamed = Answer::new(BINDING_REQUEST, [7; 12]).sealed("pw");
    let mut half_named = Answer::new(BINDING_REQUEST, [7; 12]);
    half_named.put(USERNAME, b"us");
    let mut long = Answer::new(BINDING_REQUEST, [7; 12]);
    long.put(USERNAME, &[b'a'; 600]);
    for (what, bytes) in [
        ("unsigned", unsigned.bytes),
        ("unsigned and unsummed", without_sum),
        ("without a user", unnamed),
        ("with half a user", half_named.sealed("pw")),
        ("too long", long.sealed("pw")),
        ("an answer", Check::parse(&REQUEST).expect("a check").conflict(PASSWORD)),
        ("cut short", REQUEST[..100].to_vec()),
        ("with something behind it", [&REQUEST[..], &[0; 4]].concat()),
    ] {
        assert!(Check::parse(&bytes).is_none(), "{what}");
    }
}

#[test]
fn nothing_behind_the_signature_counts() {
    let mut forged = Answer::new(BINDING_REQUEST, [7; 12]);
    forged.put(USERNAME, b"us:them");
    let signature = hmac("pw", &forged.bytes).finalize().into_bytes();
    forged.put(MESSAGE_INTEGRITY, &signature);
    forged.put(USE_CANDIDATE, &[]);
    forged.count(8);
    let sum = checksum(&forged.bytes).to_be_bytes();
    forged.put(FINGERPRINT, &sum);
    let check = Check::parse(&forged.bytes).expect("a check");
    assert!(check.is_signed_with("pw"));
    assert!(!check.nominates);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        let _ = Check::parse(&bytes);
    }

    #[test]
    fn a_changed_bit_is_never_a_check_of_ours(at in 0usize..108 * 8) {
        let mut changed = REQUEST;
        changed[at / 8] ^= 1 << (at % 8);
        let counts = Check::parse(&changed).is_some_and(|check| check.is_signed_with(PASSWORD));
        prop_assert!(!counts);
    }

    #[test]
    fn what_is_written_is_read(ours in "[a-z0-9]{4,12}", theirs in "[a-zA-Z0-9+/]{4,32}", password in "[ -~]{22,60}", nominates: bool, transaction: [u8; 12]) {
        let written = write_check(&format!("{ours}:{theirs}"), &password, nominates, transaction);
        let check = Check::parse(&written).expect("a check");
        prop_assert_eq!((check.ours, check.theirs, check.nominates), (ours.as_str(), theirs.as_str(), nominates));
        prop_assert!(check.is_signed_with(&password));
        for answer in [check.answer("[2001:db8::1]:9".parse().unwrap(), &password), check.conflict(&password)] {
            prop_assert!(answer.len() <= written.len() + 16, "{} for {}", answer.len(), written.len());
        }
    }
}

/// What a message is signed with.
fn signature_of(message: &[u8]) -> Option<Vec<u8>> {
    let mut at = HEADER;
    loop {
        let (kind, value, next) = attribute(message, at)?;
        if kind == MESSAGE_INTEGRITY {
            return Some(value.to_vec());
        }
        at = next;
    }
}
