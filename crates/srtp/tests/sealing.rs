//! What a sealer and an opener promise each other, and an intruder.

use proptest::prelude::*;
use srtp::{Keying, OpenError, Opener, Profile, SEAL_ROOM, STREAMS_MAX, SealError, Sealer};

proptest! {
    #[test]
    fn what_was_sealed_is_opened(
        profile in a_profile(),
        secret in any::<[u8; 44]>(),
        csrcs in 0u8..16,
        extension in prop::option::of(prop::collection::vec(any::<[u8; 4]>(), 0..8)),
        payload in prop::collection::vec(any::<u8>(), 0..600),
        number in any::<u16>(),
    ) {
        let (mut sealer, mut opener) = sides(profile, &secret);
        let mut packet = media(7, number, &[]);
        packet[0] |= csrcs;
        packet.extend(vec![0xc5; 4 * usize::from(csrcs)]);
        if let Some(words) = extension {
            packet[0] |= 0x10;
            packet.extend([0xbe, 0xde, 0, words.len() as u8]);
            packet.extend(words.as_flattened());
        }
        let header = packet.len();
        packet.extend(&payload);
        let mut sealed = seal(&mut sealer, &packet);
        prop_assert_eq!(&sealed[..header], &packet[..header], "the header stays readable");
        prop_assert_eq!(sealed.len(), packet.len() + profile.rtp_overhead());
        if payload.len() > 8 {
            prop_assert_ne!(&sealed[header..packet.len()], &payload[..]);
        }
        let length = opener.open_rtp(&mut sealed).unwrap();
        prop_assert_eq!(&sealed[..length], &packet[..]);
    }

    #[test]
    fn nothing_makes_an_opener_panic(
        profile in a_profile(),
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..20),
    ) {
        let (_, mut opener) = sides(profile, &[1; 44]);
        for packet in packets {
            prop_assert!(opener.open_rtp(&mut packet.clone()).is_err());
            prop_assert!(opener.open_rtcp(&mut packet.clone()).is_err());
        }
    }

    /// Packets that overtake each other, within the window and across the wrap, are all opened, once.
    #[test]
    fn packets_out_of_order_are_opened_once(
        profile in a_profile(),
        first in prop::sample::select(vec![0u16, 1, 65_400, 65_500, 30_000]),
        delays in prop::collection::vec(0u32..30, 300),
    ) {
        let (mut sealer, mut opener) = sides(profile, &[2; 44]);
        let mut sent: Vec<(u32, Vec<u8>, Vec<u8>)> = Vec::new();
        for (number, delay) in delays.iter().enumerate() {
            let packet = media(7, first.wrapping_add(number as u16), &[number as u8; 20]);
            let sealed = seal(&mut sealer, &packet);
            // The first one comes first: where a stream begins is where its first packet is.
            let due = if number == 0 { 0 } else { number as u32 + delay };
            sent.push((due, packet, sealed));
        }
        sent.sort_by_key(|(due, ..)| *due);
        for (_, packet, sealed) in sent {
            let mut once = sealed.clone();
            let length = opener.open_rtp(&mut once).unwrap();
            prop_assert_eq!(&once[..length], &packet[..]);
            prop_assert_eq!(opener.open_rtp(&mut sealed.clone()), Err(OpenError::Replayed));
        }
    }
}

#[test]
fn a_packet_with_any_bit_flipped_is_refused_and_left_as_it_is() {
    for profile in Profile::ALL {
        let (mut sealer, mut opener) = sides(profile, &[3; 44]);
        let sealed = seal(&mut sealer, &media(7, 500, &[0xd5; 40]));
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let before = changed.clone();
            let refused = opener.open_rtp(&mut changed).unwrap_err();
            assert_ne!(refused, OpenError::Replayed, "{profile:?} bit {bit}: nothing is known of the stream");
            assert_eq!(changed, before, "{profile:?} bit {bit}");
        }
        assert!(opener.open_rtp(&mut sealed.clone()).is_ok(), "and nothing was learned from any of them");
    }
}

#[test]
fn a_report_with_any_bit_flipped_is_refused() {
    for profile in Profile::ALL {
        let (mut sealer, mut opener) = sides(profile, &[3; 44]);
        let sealed = seal_report(&mut sealer, &report());
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(opener.open_rtcp(&mut changed).is_err(), "{profile:?} bit {bit}");
        }
        let mut opened = sealed.clone();
        let length = opener.open_rtcp(&mut opened).unwrap();
        assert_eq!(opened[..length], report());
        assert_eq!(opener.open_rtcp(&mut sealed.clone()), Err(OpenError::Replayed));
    }
}

#[test]
fn every_length_of_a_cut_packet_is_refused() {
    for profile in Profile::ALL {
        let (mut sealer, mut opener) = sides(profile, &[3; 44]);
        let (media, report) =
            (seal(&mut sealer, &media(7, 1, &[1; 30])), seal_report(&mut sealer, &report()));
        for length in 0..media.len() {
            assert!(opener.open_rtp(&mut media[..length].to_vec()).is_err(), "{profile:?} {length}");
        }
        for length in 0..report.len() {
            assert!(opener.open_rtcp(&mut report[..length].to_vec()).is_err(), "{profile:?} {length}");
        }
    }
}

#[test]
fn another_key_opens_nothing() {
    for profile in Profile::ALL {
        for other in Profile::ALL {
            let (mut sealer, _) = sides(profile, &[4; 44]);
            let (_, mut opener) = sides(other, &[5; 44]);
            assert!(opener.open_rtp(&mut seal(&mut sealer, &media(7, 1, &[1; 30]))).is_err());
            assert!(opener.open_rtcp(&mut seal_report(&mut sealer, &report())).is_err());
        }
    }
}

#[test]
fn a_forged_packet_moves_no_window_and_no_round() {
    for profile in Profile::ALL {
        let (mut sealer, mut opener) = sides(profile, &[6; 44]);
        let sealed: Vec<_> = (0..100).map(|number| seal(&mut sealer, &media(7, number, &[1; 30]))).collect();
        opener.open_rtp(&mut sealed[0].clone()).unwrap();
        // Far ahead, where it would push everything out of the window.
        let mut forged = sealed[1].clone();
        forged[2..4].copy_from_slice(&30_000u16.to_be_bytes());
        assert_eq!(opener.open_rtp(&mut forged), Err(OpenError::NotAuthentic));
        // And of so many streams that there would be no place for the honest one.
        for ssrc in 0..100 {
            let mut forged = sealed[1].clone();
            forged[8..12].copy_from_slice(&(1_000u32 + ssrc).to_be_bytes());
            assert_eq!(opener.open_rtp(&mut forged), Err(OpenError::NotAuthentic));
        }
        for sealed in &sealed[1..] {
            assert!(opener.open_rtp(&mut sealed.clone()).is_ok());
        }
    }
}

#[test]
fn what_is_late_by_more_than_the_window_is_refused() {
    let (mut sealer, mut opener) = sides(Profile::AeadAes128Gcm, &[6; 44]);
    let sealed: Vec<_> = (0..=100).map(|number| seal(&mut sealer, &media(7, number, &[1; 30]))).collect();
    opener.open_rtp(&mut sealed[0].clone()).unwrap();
    opener.open_rtp(&mut sealed[100].clone()).unwrap();
    assert_eq!(opener.open_rtp(&mut sealed[36].clone()), Err(OpenError::Replayed));
    assert!(opener.open_rtp(&mut sealed[37].clone()).is_ok());
}

#[test]
fn the_rounds_go_on_through_loss_and_a_pause() {
    for profile in Profile::ALL {
        let (mut sealer, mut opener) = sides(profile, &[7; 44]);
        // Every fifth comes, and for a while none.
        for number in (0..200_000u32).step_by(5).filter(|number| !(80_000..110_000).contains(number)) {
            let mut sealed = seal(&mut sealer, &media(7, number as u16, &[1; 4]));
            assert!(opener.open_rtp(&mut sealed).is_ok(), "{profile:?} {number}");
        }
    }
}

#[test]
fn no_number_is_sealed_twice() {
    let (mut sealer, _) = sides(Profile::AesCm128HmacSha1Tag80, &[8; 44]);
    for number in [10u16, 11, 13] {
        seal(&mut sealer, &media(7, number, &[1; 30]));
    }
    let again = |sealer: &mut Sealer, number| {
        let mut buffer = room(&media(7, number, &[2; 30]));
        let before = buffer.clone();
        let sealed = sealer.seal_rtp(&mut buffer, 42);
        assert!(sealed.is_ok() || buffer == before, "what is refused is left as it is");
        sealed
    };
    assert_eq!(again(&mut sealer, 11), Err(SealError::Repeated));
    assert_eq!(again(&mut sealer, 13), Err(SealError::Repeated));
    assert_eq!(again(&mut sealer, 65_535), Err(SealError::Repeated), "before the first of all");
    assert_eq!(again(&mut sealer, 12), Ok(52), "one that was overtaken");
    assert_eq!(again(&mut sealer, 12), Err(SealError::Repeated));
}

#[test]
fn a_sealer_refuses_more_streams_than_it_can_remember_and_an_opener_forgets_the_oldest() {
    let (mut sealer, mut opener) = sides(Profile::AesCm128HmacSha1Tag80, &[8; 44]);
    let streams = STREAMS_MAX as u32;
    for ssrc in 0..streams {
        assert!(opener.open_rtp(&mut seal(&mut sealer, &media(ssrc, 5, &[1; 30]))).is_ok());
    }
    assert_eq!(sealer.seal_rtp(&mut room(&media(streams, 5, &[1; 30])), 42), Err(SealError::TooManyStreams));
    assert!(opener.open_rtp(&mut seal(&mut sealer, &media(0, 6, &[1; 30]))).is_ok());
    let (mut another, _) = sides(Profile::AesCm128HmacSha1Tag80, &[8; 44]);
    let new = seal(&mut another, &media(streams, 5, &[1; 30]));
    assert!(opener.open_rtp(&mut new.clone()).is_ok());
    assert_eq!(opener.open_rtp(&mut new.clone()), Err(OpenError::Replayed));
    let remembered = seal(&mut sealer, &media(0, 7, &[1; 30]));
    assert!(opener.open_rtp(&mut remembered.clone()).is_ok());
    assert_eq!(opener.open_rtp(&mut remembered.clone()), Err(OpenError::Replayed));
}

#[test]
fn under_a_new_key_a_stream_may_begin_its_rounds_anew_or_go_on() {
    for profile in Profile::ALL {
        for goes_on in [false, true] {
            let (mut sealer, mut opener) = sides(profile, &[1; 44]);
            // Both sides of the old key are in the second round.
            for number in [65_535u16, 0, 1] {
                opener.open_rtp(&mut seal(&mut sealer, &media(7, number, &[1; 30]))).unwrap();
            }
            let keying = Keying::new(profile, &[2; 44][..Keying::bytes(profile)]).unwrap();
            let mut opener = Opener::succeeding(&keying, &opener);
            let mut sealer = Sealer::new(&keying);
            if goes_on {
                seal(&mut sealer, &media(7, 65_535, &[1; 30]));
            }
            for number in 2..100 {
                let mut sealed = seal(&mut sealer, &media(7, number, &[1; 30]));
                assert!(opener.open_rtp(&mut sealed).is_ok(), "{profile:?} {goes_on} {number}");
            }
        }
    }
}

#[test]
fn what_has_no_room_or_is_no_packet_is_not_sealed() {
    let (mut sealer, _) = sides(Profile::AeadAes256Gcm, &[8; 44]);
    let packet = media(7, 1, &[1; 30]);
    assert_eq!(sealer.seal_rtp(&mut packet.clone(), packet.len()), Err(SealError::NoRoom));
    assert_eq!(sealer.seal_rtcp(&mut report(), report().len()), Err(SealError::NoRoom));
    assert_eq!(sealer.seal_rtp(&mut packet.clone(), packet.len() + 1), Err(SealError::Malformed));
    assert_eq!(sealer.seal_rtp(&mut [0; 64], 12), Err(SealError::Malformed));
    assert_eq!(sealer.seal_rtp(&mut [0x8f; 64], 44), Err(SealError::Malformed));
    assert_eq!(sealer.seal_rtcp(&mut [0x80; 64], 7), Err(SealError::Malformed));
}

fn a_profile() -> impl Strategy<Value = Profile> {
    prop::sample::select(Profile::ALL.to_vec())
}

fn sides(profile: Profile, secret: &[u8; 44]) -> (Sealer, Opener) {
    let keying = Keying::new(profile, &secret[..Keying::bytes(profile)]).unwrap();
    (Sealer::new(&keying), Opener::new(&keying))
}

fn seal(sealer: &mut Sealer, packet: &[u8]) -> Vec<u8> {
    let mut buffer = room(packet);
    let length = sealer.seal_rtp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(length);
    buffer
}

fn seal_report(sealer: &mut Sealer, packet: &[u8]) -> Vec<u8> {
    let mut buffer = room(packet);
    let length = sealer.seal_rtcp(&mut buffer, packet.len()).unwrap();
    buffer.truncate(length);
    buffer
}

fn room(packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + SEAL_ROOM, 0);
    buffer
}

fn media(ssrc: u32, number: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(number.to_be_bytes());
    packet.extend([0, 0, 0, 0]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

fn report() -> Vec<u8> {
    let mut packet = vec![0x80, 200, 0, 6, 0, 0, 0, 7];
    packet.extend([0x11; 20]);
    packet
}
