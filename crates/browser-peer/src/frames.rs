//! Packets on a connection: each stands behind its length (RFC 4571 §2).
//!
//! Bytes go in as they come, cut anywhere, and whole packets come out in order.

/// The longest packet: what a datagram may be. Who announces a longer one is not gone on with, for there is no finding the
/// next.
pub const FRAME_BYTES_MAX: usize = 2_048;

/// Bytes of a length.
pub const HEAD_BYTES: usize = 2;

/// What has come over one connection and was not taken yet. It holds a packet and what came with it, as long as whoever feeds
/// it takes what is whole before feeding more.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    came: Vec<u8>,
}

/// A packet is announced that is longer than [`FRAME_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTooLong;

impl Frames {
    /// Bytes have come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.came.extend_from_slice(bytes);
    }

    /// The next whole packet: its length in the buffer. Costs a move of what came behind it.
    ///
    /// # Errors
    ///
    /// Fails if a packet is announced that is too long: the connection is to be closed.
    pub fn pop(&mut self, buffer: &mut [u8; FRAME_BYTES_MAX]) -> Result<Option<usize>, FrameTooLong> {
        let Some(head) = self.came.first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes(*head));
        let Some(packet) = buffer.get_mut(..length) else { return Err(FrameTooLong) };
        let Some(came) = self.came.get(HEAD_BYTES..HEAD_BYTES + length) else { return Ok(None) };
        packet.copy_from_slice(came);
        self.came.drain(..HEAD_BYTES + length);
        Ok(Some(length))
    }
}

/// Writes a packet behind its length. `false`, and nothing is written, if it is longer than a length can say.
pub fn write_frame(packet: &[u8], into: &mut Vec<u8>) -> bool {
    let Ok(length) = u16::try_from(packet.len()) else { return false };
    into.extend_from_slice(&length.to_be_bytes());
    into.extend_from_slice(packet);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_packet_that_is_too_long_is_not_waited_for() {
        let mut frames = Frames::default();
        frames.push(&[0x08, 0x01]);
        assert_eq!(frames.pop(&mut [0; FRAME_BYTES_MAX]), Err(FrameTooLong));
        let mut frames = Frames::default();
        frames.push(&[0x08, 0x00]);
        assert_eq!(frames.pop(&mut [0; FRAME_BYTES_MAX]), Ok(None));
        assert!(!write_frame(&vec![0; 65_536], &mut Vec::new()));
    }

    proptest! {
        #[test]
        fn packets_come_out_as_they_went_in_wherever_the_bytes_are_cut(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8),
            cuts in prop::collection::vec(1usize..700, 1..20),
        ) {
            let mut bytes = Vec::new();
            for packet in &packets {
                prop_assert!(write_frame(packet, &mut bytes));
            }
            let (mut frames, mut found, mut buffer) = (Frames::default(), Vec::new(), [0; FRAME_BYTES_MAX]);
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                frames.push(now);
                rest = later;
                while let Some(length) = frames.pop(&mut buffer).expect("short packets") {
                    found.push(buffer[..length].to_vec());
                }
            }
            prop_assert_eq!(found, packets);
            prop_assert!(frames.came.is_empty());
        }

        #[test]
        fn no_bytes_make_it_panic_or_hold_more_than_a_packet(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..12)) {
            let (mut frames, mut buffer) = (Frames::default(), [0; FRAME_BYTES_MAX]);
            for piece in pieces {
                frames.push(&piece);
                loop {
                    match frames.pop(&mut buffer) {
                        Ok(Some(length)) => prop_assert!(length <= FRAME_BYTES_MAX),
                        Ok(None) => break,
                        Err(FrameTooLong) => return Ok(()),
                    }
                }
                prop_assert!(frames.came.len() < HEAD_BYTES + FRAME_BYTES_MAX);
            }
        }
    }
}
