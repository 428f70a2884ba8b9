//! What we seal another implementation opens, and the other way round.

use proptest::prelude::*;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;
use srtp::{Keying, Opener, Profile, SEAL_ROOM, Sealer};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_seal_media_alike(
        profile in a_profile(),
        secret in any::<[u8; 44]>(),
        first in any::<u16>(),
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..40),
    ) {
        let (mut ours, mut opener, mut theirs) = sides(profile, &secret);
        let mut they_open = theirs_of(profile, &secret);
        for (number, payload) in payloads.iter().enumerate() {
            let packet = media(first.wrapping_add(number as u16), payload);
            let their_sealed = theirs.encrypt_rtp(&packet).unwrap();
            let mut buffer = room(&packet);
            let length = ours.seal_rtp(&mut buffer, packet.len()).unwrap();
            prop_assert_eq!(&buffer[..length], &their_sealed[..]);
            prop_assert_eq!(&they_open.decrypt_rtp(&buffer[..length]).unwrap()[..], &packet[..]);
            let length = opener.open_rtp(&mut buffer[..length]).unwrap();
            prop_assert_eq!(&buffer[..length], &packet[..]);
        }
    }

    #[test]
    fn both_open_each_others_reports(
        profile in a_profile(),
        secret in any::<[u8; 44]>(),
        words in prop::collection::vec(any::<[u8; 4]>(), 1..20),
    ) {
        let (mut ours, mut opener, mut theirs) = sides(profile, &secret);
        let mut they_open = theirs_of(profile, &secret);
        for _ in 0..5 {
            let report = report(&words);
            let mut buffer = room(&report);
            let length = ours.seal_rtcp(&mut buffer, report.len()).unwrap();
            prop_assert_eq!(&they_open.decrypt_rtcp(&buffer[..length]).unwrap()[..], &report[..]);
            let mut sealed = theirs.encrypt_rtcp(&report).unwrap().to_vec();
            let length = opener.open_rtcp(&mut sealed).unwrap();
            prop_assert_eq!(&sealed[..length], &report[..]);
        }
    }
}

#[test]
fn both_count_the_rounds_alike() {
    for profile in Profile::ALL {
        let secret = [0x5a; 44];
        let (mut ours, mut opener, mut theirs) = sides(profile, &secret);
        for number in 65_400..140_000u32 {
            // The wraps are what is of interest; the numbers between are passed over in strides.
            if number % 65_536 > 100 && number % 65_536 < 65_400 && number % 1_000 != 0 {
                continue;
            }
            let packet = media(number as u16, &[0xd5; 20]);
            let mut buffer = room(&packet);
            let length = ours.seal_rtp(&mut buffer, packet.len()).unwrap();
            assert_eq!(buffer[..length], theirs.encrypt_rtp(&packet).unwrap()[..], "{profile:?} {number}");
            assert_eq!(opener.open_rtp(&mut buffer[..length]), Ok(packet.len()));
        }
    }
}

fn a_profile() -> impl Strategy<Value = Profile> {
    prop::sample::select(Profile::ALL.to_vec())
}

fn sides(profile: Profile, secret: &[u8; 44]) -> (Sealer, Opener, Context) {
    let keying = Keying::new(profile, &secret[..Keying::bytes(profile)]).unwrap();
    (Sealer::new(&keying), Opener::new(&keying), theirs_of(profile, secret))
}

fn theirs_of(profile: Profile, secret: &[u8; 44]) -> Context {
    let theirs = match profile {
        Profile::AesCm128HmacSha1Tag80 => ProtectionProfile::Aes128CmHmacSha1_80,
        Profile::AesCm128HmacSha1Tag32 => ProtectionProfile::Aes128CmHmacSha1_32,
        Profile::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
        Profile::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
    };
    let (key, rest) = secret.split_at(profile.key_bytes());
    let crypto = rtc_srtp::crypto::default_provider().unwrap();
    Context::new(key, &rest[..profile.salt_bytes()], theirs, None, None, crypto.crypto()).unwrap()
}

fn room(packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + SEAL_ROOM, 0);
    buffer
}

fn media(number: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 0x08];
    packet.extend(number.to_be_bytes());
    packet.extend([0, 1, 2, 3, 0xca, 0xfe, 0xba, 0xbe]);
    packet.extend(payload);
    packet
}

/// A sender report whose body nobody reads here.
fn report(words: &[[u8; 4]]) -> Vec<u8> {
    let mut packet = vec![0x80, 200, 0, words.len() as u8 + 1, 0xca, 0xfe, 0xba, 0xbe];
    packet.extend(words.as_flattened());
    packet
}
