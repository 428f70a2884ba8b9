//! STUN on the SIP port: RFC 5389 §6 and §7.3.1, used as RFC 5626 §4.4.2 says.
//!
//! A phone behind a NAT asks now and then which address its packets come from; the answer keeps the NAT open and tells
//! the phone when its address has changed. Only a plain Binding request is answered, with one attribute and nothing
//! else; there are no credentials, no other methods and no error answers here, so that nothing larger than needed is
//! ever sent to an address that somebody may have made up.

use std::net::{IpAddr, SocketAddr};

const HEADER: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
const XOR_MAPPED_ADDRESS: [u8; 2] = [0x00, 0x20];

/// Attributes from here on may be left unread by who does not know them.
const OPTIONAL_FROM: u16 = 0x8000;

/// The longest request that is looked at. A keep-alive has 20 bytes, with a name for its sender some dozens.
const REQUEST_BYTES_MAX: usize = 548;

/// The answer to a Binding request from `remote`; `None` for everything else.
pub(super) fn answer(request: &[u8], remote: SocketAddr) -> Option<Vec<u8>> {
    if request.len() > REQUEST_BYTES_MAX {
        return None;
    }
    let (header, attributes) = request.split_at_checked(HEADER)?;
    let announced = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header[..2] != BINDING_REQUEST || header[4..8] != COOKIE || announced != attributes.len() {
        return None;
    }
    if !only_optional(attributes)? {
        return None;
    }
    let transaction = &header[8..HEADER];

    let port = remote.port().to_be_bytes();
    let port = [port[0] ^ COOKIE[0], port[1] ^ COOKIE[1]];
    let mask = || COOKIE.iter().chain(transaction);
    let (family, address): (u8, Vec<u8>) = match remote.ip().to_canonical() {
        IpAddr::V4(address) => (1, address.octets().iter().zip(mask()).map(|(a, b)| a ^ b).collect()),
        IpAddr::V6(address) => (2, address.octets().iter().zip(mask()).map(|(a, b)| a ^ b).collect()),
    };
    let value = 4 + address.len();
    let mut answer = Vec::with_capacity(HEADER + 4 + value);
    answer.extend(BINDING_SUCCESS);
    answer.extend(u16::try_from(4 + value).ok()?.to_be_bytes());
    answer.extend(COOKIE);
    answer.extend(transaction);
    answer.extend(XOR_MAPPED_ADDRESS);
    answer.extend(u16::try_from(value).ok()?.to_be_bytes());
    answer.extend([0, family]);
    answer.extend(port);
    answer.extend(address);
    Some(answer)
}

/// Whether every attribute may be left unread; `None` if they are not cut right.
fn only_optional(mut attributes: &[u8]) -> Option<bool> {
    while !attributes.is_empty() {
        let (head, rest) = attributes.split_at_checked(4)?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if u16::from_be_bytes([head[0], head[1]]) < OPTIONAL_FROM {
            return Some(false);
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_phone_learns_the_address_it_is_seen_from() {
        let answered = answer(&request(&[]), "192.0.2.1:32853".parse().unwrap()).expect("an answer");
        // The address and port of RFC 5769 §2.2, whose transaction this is too.
        assert_eq!(
            answered,
            [
                &[0x01, 0x01, 0x00, 0x0c][..],
                &COOKIE,
                &TRANSACTION,
                &[0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]
            ]
            .concat()
        );
        let answered = answer(&request(&[]), "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap())
            .expect("an answer");
        // RFC 5769 §2.3.
        assert_eq!(
            answered[20..],
            [
                0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1,
                0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9
            ]
        );
    }

    #[test]
    fn what_is_no_plain_binding_request_is_left_alone() {
        let remote = "192.0.2.1:32853".parse().unwrap();
        let software = [0x80, 0x22, 0x00, 0x03, b'a', b'b', b'c', 0];
        assert!(answer(&request(&software), remote).is_some(), "a name does no harm");
        let mut indication = request(&[]);
        indication[1] = 0x11;
        let mut other_cookie = request(&[]);
        other_cookie[4] = 0;
        let mut longer = request(&[]);
        longer[3] = 4;
        for (what, bytes) in [
            ("too short", request(&[])[..19].to_vec()),
            ("an indication", indication),
            ("no cookie", other_cookie),
            ("a wrong length", longer),
            ("a user name, which would want a password", request(&[0x00, 0x06, 0x00, 0x04, 1, 2, 3, 4])),
            ("an attribute longer than the rest", request(&[0x80, 0x22, 0x00, 0x09, 1, 2, 3, 4])),
            ("half an attribute", request(&[0x80, 0x22])),
            ("too long", request(&[0x80, 0x22, 0x03, 0xfc].into_iter().chain([0; 1020]).collect::<Vec<_>>())),
        ] {
            assert_eq!(answer(&bytes, remote), None, "{what}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
            let _ = answer(&bytes, "192.0.2.1:1".parse().unwrap());
        }

        #[test]
        fn no_attributes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            let answered = answer(&request(&bytes), "192.0.2.1:1".parse().unwrap());
            prop_assert!(answered.is_none_or(|answered| answered.len() == 32));
        }
    }

    const TRANSACTION: [u8; 12] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

    fn request(attributes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(attributes.len()).unwrap().to_be_bytes();
        [&BINDING_REQUEST[..], &length, &COOKIE, &TRANSACTION, attributes].concat()
    }
}
