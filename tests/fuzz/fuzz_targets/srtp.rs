//! Sealed packets: nothing makes an opener panic, what is not authentic changes nothing, and what is sealed is opened.

#![no_main]

use libfuzzer_sys::fuzz_target;
use srtp::{Keying, Opener, Profile, SEAL_ROOM, Sealer};

fuzz_target!(|data: &[u8]| {
    let Some((choice, mut rest)) = data.split_first() else { return };
    let profile = Profile::ALL[usize::from(*choice) % Profile::ALL.len()];
    let keying = Keying::new(profile, &[7; 44][..Keying::bytes(profile)]).expect("as long as it should be");
    let (mut sealer, mut opener) = (Sealer::new(&keying), Opener::new(&keying));
    // Packets, each with what becomes of it and its length in front.
    while let [fate, length, more @ ..] = rest {
        let (packet, more) = more.split_at(more.len().min(usize::from(*length)));
        rest = more;
        let mut buffer = packet.to_vec();
        if opener.open_rtp(&mut buffer).is_err() {
            assert_eq!(buffer, packet, "what is refused stays as it is");
        }
        let _ = opener.open_rtcp(&mut buffer);
        buffer = packet.to_vec();
        buffer.resize(packet.len() + SEAL_ROOM, 0);
        let is_report = fate & 1 == 1;
        let sealed = match is_report {
            true => sealer.seal_rtcp(&mut buffer, packet.len()),
            false => sealer.seal_rtp(&mut buffer, packet.len()),
        };
        let Ok(sealed) = sealed else { continue };
        let changed = fate & 2 == 2;
        if changed {
            let at = usize::from(fate >> 2) * 7 % sealed;
            buffer[at] ^= 1 << (fate >> 5);
        }
        let opened = match is_report {
            true => opener.open_rtcp(&mut buffer[..sealed]),
            false => opener.open_rtp(&mut buffer[..sealed]),
        };
        match opened {
            Ok(length) => {
                assert!(!changed, "a packet that was changed has been opened");
                assert_eq!(&buffer[..length], packet);
            }
            // The far end may know less of the stream than the sealer: it can be late, never wrong.
            Err(why) => assert!(changed || why != srtp::OpenError::Malformed, "{why}"),
        }
    }
});
