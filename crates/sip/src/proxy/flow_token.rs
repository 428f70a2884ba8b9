//! What our Record-Route says to ourselves: which proxied call, which side of it, and the way there. RFC 3261 §16.6 step 4,
//! after the flow tokens of RFC 5626 §5.3.
//!
//! A phone sends the requests of its dialog to the address in our Record-Route, and this token comes back with each. It is
//! signed together with our address, the Call-ID and the caller's tag, so nobody can make one, and one of another call is
//! worth nothing: we carry requests between the two sides of calls that we have carried, and to nobody else.

use crate::digest::{equal_in_constant_time, nonce::hmac_sha256};
use crate::endpoint::detour::Hop;
use crate::token;
use crate::transport::{ConnectionId, Destination, Transport};
use base::IdSource;
use core::fmt;
use std::net::{IpAddr, SocketAddr};

use super::Side;
use crate::token::SessionId;

/// Bytes of the signature: 80 bits.
const MAC_LENGTH: usize = 10;

/// The longest token there is: kind, address, port, call, connection, signature.
const BYTES_MAX: usize = 1 + 16 + 2 + 8 + 8 + MAC_LENGTH;

/// The ways of travel, by their number in a token.
const TRANSPORTS: [Transport; 5] =
    [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];

const IS_CALLEE: u8 = 1 << 3;
const IS_FLOW: u8 = 1 << 4;
const IS_CONNECTED: u8 = 1 << 5;
const IS_V6: u8 = 1 << 6;

/// The way to one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) destination: Destination,
    pub(crate) hop: Hop,
}

/// One of our Record-Routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) call: SessionId,
    /// Whom it leads to.
    pub(super) side: Side,
    pub(super) flow: Flow,
}

/// What a token belongs to, beside what is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialog<'a> {
    pub(super) call_id: &'a str,
    pub(super) caller_tag: &'a str,
}

/// What tokens are signed with.
#[derive(Clone)]
pub(super) struct TokenKey([u8; 32]);

impl TokenKey {
    /// A key that nobody knows, and that is gone with this process, as are the connections that tokens name.
    pub(super) fn new(ids: &mut IdSource) -> Self {
        let mut key = [0; 32];
        for word in key.chunks_exact_mut(8) {
            word.copy_from_slice(&ids.next_u64().to_be_bytes());
        }
        Self(key)
    }

    /// The token as letters and digits.
    pub(super) fn write(&self, token: &Token, dialog: Dialog<'_>) -> String {
        let Destination { transport, local, remote, connection } = token.flow.destination;
        let mut bytes = Vec::with_capacity(BYTES_MAX);
        let number = TRANSPORTS.iter().position(|one| *one == transport).unwrap_or_default() as u8;
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let address = remote.ip().to_canonical();
        bytes.push(
            number
                | flag(token.side == Side::Callee, IS_CALLEE)
                | flag(token.flow.hop == Hop::Flow, IS_FLOW)
                | flag(connection.is_some(), IS_CONNECTED)
                | flag(address.is_ipv6(), IS_V6),
        );
        match address {
            IpAddr::V4(address) => bytes.extend(address.octets()),
            IpAddr::V6(address) => bytes.extend(address.octets()),
        }
        bytes.extend(remote.port().to_be_bytes());
        bytes.extend(token.call.as_u64().to_be_bytes());
        if let Some(ConnectionId(connection)) = connection {
            bytes.extend(connection.to_be_bytes());
        }
        let mac = self.mac(&bytes, local, dialog);
        bytes.extend(mac);
        token::write_bytes(&bytes)
    }

    /// Reads what [`TokenKey::write`] wrote for this address of ours and this dialog.
    pub(super) fn read(&self, text: &str, local: SocketAddr, dialog: Dialog<'_>) -> Option<Token> {
        let bytes = token::read_bytes(text, BYTES_MAX)?;
        let (said, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_LENGTH)?)?;
        if !equal_in_constant_time(&self.mac(said, local, dialog), mac) {
            return None;
        }
        let mut reader = Reader(said);
        let [kind] = reader.take()?;
        let address = if kind & IS_V6 == 0 {
            IpAddr::from(reader.take::<4>()?)
        } else {
            IpAddr::from(reader.take::<16>()?)
        };
        let port = u16::from_be_bytes(reader.take()?);
        let call = SessionId::from_u64(u64::from_be_bytes(reader.take()?));
        let connection = if kind & IS_CONNECTED == 0 {
            None
        } else {
            Some(ConnectionId(u64::from_be_bytes(reader.take()?)))
        };
        let transport = *TRANSPORTS.get(usize::from(kind & 7))?;
        let remote = SocketAddr::new(address, port);
        let destination = Destination { transport, local, remote, connection };
        let hop = if kind & IS_FLOW == 0 { Hop::Address } else { Hop::Flow };
        let side = if kind & IS_CALLEE == 0 { Side::Caller } else { Side::Callee };
        reader.0.is_empty().then_some(Token { call, side, flow: Flow { destination, hop } })
    }

    fn mac(&self, said: &[u8], local: SocketAddr, dialog: Dialog<'_>) -> [u8; MAC_LENGTH] {
        let local = local.to_string();
        let Dialog { call_id, caller_tag } = dialog;
        // None of these can hold a zero byte but the first, and its length follows from its first byte.
        let parts: [&[u8]; 7] =
            [said, b"\0", local.as_bytes(), b"\0", call_id.as_bytes(), b"\0", caller_tag.as_bytes()];
        let mut mac = [0; MAC_LENGTH];
        mac.copy_from_slice(&hmac_sha256(&self.0, &parts)[..MAC_LENGTH]);
        mac
    }
}

/// Shows nothing of the key.
impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DIALOG: Dialog<'_> = Dialog { call_id: "call", caller_tag: "tag" };

    proptest! {
        #[test]
        fn a_token_survives_its_text(token in tokens()) {
            let key = key(1);
            let text = key.write(&token, DIALOG);
            prop_assert_eq!(key.read(&text, token.flow.destination.local, DIALOG), Some(token));
        }

        #[test]
        fn a_changed_token_is_none(token in tokens(), place in any::<prop::sample::Index>(), letter in "[a-z0-9]") {
            let key = key(1);
            let text = key.write(&token, DIALOG);
            let place = place.index(text.len());
            let mut changed = text.clone();
            changed.replace_range(place..=place, &letter);
            let read = key.read(&changed, token.flow.destination.local, DIALOG);
            prop_assert!(changed == text || read.is_none(), "{} {}", text, changed);
        }

        #[test]
        fn nothing_else_is_a_token(text in "\\PC{0,100}", letters in "[0-9a-z]{0,100}") {
            let local = "192.0.2.1:5060".parse().unwrap();
            prop_assert_eq!(key(1).read(&text, local, DIALOG), None);
            prop_assert_eq!(key(1).read(&letters, local, DIALOG), None);
        }
    }

    #[test]
    fn a_token_is_worth_nothing_in_another_call_at_another_address_or_to_another_process() {
        let flow = Flow {
            destination: Destination {
                transport: Transport::Udp,
                local: "192.0.2.1:5060".parse().unwrap(),
                remote: "192.0.2.7:5060".parse().unwrap(),
                connection: None,
            },
            hop: Hop::Address,
        };
        let local = flow.destination.local;
        let token = Token { call: SessionId::from_u64(7), side: Side::Callee, flow };
        let text = key(1).write(&token, DIALOG);
        assert_eq!(key(1).read(&text, local, DIALOG), Some(token));
        assert_eq!(key(2).read(&text, local, DIALOG), None);
        assert_eq!(key(1).read(&text, "192.0.2.1:5062".parse().unwrap(), DIALOG), None);
        assert_eq!(key(1).read(&text, local, Dialog { call_id: "other", ..DIALOG }), None);
        assert_eq!(key(1).read(&text, local, Dialog { caller_tag: "other", ..DIALOG }), None);
    }

    fn key(seed: u64) -> TokenKey {
        TokenKey::new(&mut IdSource::new(seed))
    }

    prop_compose! {
        fn tokens()(
            call in any::<u64>(),
            is_callee in any::<bool>(),
            is_flow in any::<bool>(),
            transport in 0..5usize,
            v4 in any::<[u8; 4]>(),
            v6 in any::<Option<[u8; 16]>>(),
            port in any::<u16>(),
            connection in any::<Option<u64>>(),
        ) -> Token {
            let address = v6.map_or(IpAddr::from(v4), |v6| IpAddr::from(v6).to_canonical());
            Token {
                call: SessionId::from_u64(call),
                side: if is_callee { Side::Callee } else { Side::Caller },
                flow: Flow {
                    destination: Destination {
                        transport: TRANSPORTS[transport],
                        local: "192.0.2.1:5060".parse().unwrap(),
                        remote: SocketAddr::new(address, port),
                        connection: connection.map(ConnectionId),
                    },
                    hop: if is_flow { Hop::Flow } else { Hop::Address },
                },
            }
        }
    }
}
