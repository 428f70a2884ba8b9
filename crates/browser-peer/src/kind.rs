//! What a datagram is, by its first byte: RFC 7983 §7.

/// What comes over the one pair of addresses of a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A check of ICE.
    Stun,
    /// A record of a handshake.
    Dtls,
    /// Sound, sealed.
    Media,
    /// A report on sound, sealed (RFC 5761 §4: by its second byte).
    Report,
}

impl Kind {
    /// The kind of a datagram; `None` for what nobody should send here.
    pub fn of(datagram: &[u8]) -> Option<Self> {
        match datagram {
            [0..=3, ..] => Some(Self::Stun),
            [20..=63, ..] => Some(Self::Dtls),
            [128..=191, second, ..] if (192..=223).contains(second) => Some(Self::Report),
            [128..=191, _, ..] => Some(Self::Media),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_says_what_a_datagram_is_and_the_second_what_of_rtp() {
        let counted = |kind| (0..=255).filter(|first| Kind::of(&[*first, 0]) == kind).collect::<Vec<u8>>();
        assert_eq!(counted(Some(Kind::Stun)), (0..=3).collect::<Vec<_>>());
        assert_eq!(counted(Some(Kind::Dtls)), (20..=63).collect::<Vec<_>>());
        assert_eq!(counted(Some(Kind::Media)), (128..=191).collect::<Vec<_>>());
        assert_eq!(counted(None).len(), 256 - 4 - 44 - 64);
        assert_eq!(Kind::of(&[]), None);
        assert_eq!(Kind::of(&[0x80]), None);

        // Sender report 200 to 204; payload type 111 with its marker is 239, 0 with it 128.
        assert_eq!(Kind::of(&[0x80, 200]), Some(Kind::Report));
        assert_eq!(Kind::of(&[0x80, 239]), Some(Kind::Media));
        assert_eq!(Kind::of(&[0x80, 128]), Some(Kind::Media));
    }
}
