//! What a UDP datagram holds: a message, or a sign of life that must not reach the parser. RFC 3261 §18, RFC 5626
//! §3.5, RFC 5389 §6.

/// What a datagram is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datagram {
    /// Parse it.
    Message,
    /// Two line ends or more, or nothing but white space and zeros: phones keep their NAT open with these. To be dropped.
    KeepAlive,
    /// A STUN request, by its two zero bits and magic cookie: some phones learn their address with it.
    Stun,
}

/// Says what a datagram is. Looks at the first bytes only, unless they are all empty.
pub fn classify(bytes: &[u8]) -> Datagram {
    const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

    if bytes.len() >= 20 && bytes[0] & 0xc0 == 0 && bytes[4..8] == COOKIE {
        Datagram::Stun
    } else if bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | b' ' | b'\t' | 0)) {
        Datagram::KeepAlive
    } else {
        Datagram::Message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_life_are_told_from_messages() {
        assert_eq!(classify(b""), Datagram::KeepAlive);
        assert_eq!(classify(b"\r\n\r\n"), Datagram::KeepAlive);
        assert_eq!(classify(b"\0\0\0\0"), Datagram::KeepAlive);
        assert_eq!(classify(b"OPTIONS sip:a@b SIP/2.0\r\n"), Datagram::Message);
        let mut stun = [0; 20];
        stun[1] = 1;
        stun[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
        assert_eq!(classify(&stun), Datagram::Stun);
    }
}
