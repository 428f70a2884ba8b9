//! What is done to one packet, whose number is known: RFC 3711 §4.1.1 and §4.2 (counter mode and HMAC-SHA1), RFC 7714 §8
//! and §9 (AES-GCM).
//!
//! ```text
//!  counter mode   RTP   header | encrypted | tag                tag over all before it and the rollover counter
//!                 RTCP  8 bytes | encrypted | E, index | tag    tag over all before it
//!  AES-GCM        RTP   header | encrypted | tag                header is authenticated as well
//!                 RTCP  8 bytes | encrypted | tag | E, index    8 bytes and index are authenticated as well
//! ```

use crate::derivation::{Label, Sort, derive};
use crate::packet::RTCP_HEADER_BYTES;
use crate::{Keying, Profile};
use aes::cipher::{InnerIvInit, KeyInit, StreamCipherCore};
use aes::{Aes128Enc, Aes256Enc};
use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadCore, AeadInOut};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

/// The tag of AES-GCM.
const GCM_TAG: usize = 16;

/// The tag of a report in counter mode, whatever that of media is (RFC 4568 §6.2.2, RFC 5764 §4.1.2).
const CM_RTCP_TAG: usize = 10;

/// The word behind a report: whether it is encrypted, and its number.
const INDEX_BYTES: usize = 4;

/// The bit of that word which says that the report is encrypted.
pub(crate) const ENCRYPTED: u32 = 1 << 31;

/// Session keys for one sort of packets.
pub(crate) enum Transform {
    Counter { cipher: Aes128Enc, salt: Zeroizing<[u8; 14]>, mac: Hmac<Sha1>, tag: usize },
    Gcm128 { cipher: AesGcm<Aes128Enc, U12>, salt: Zeroizing<[u8; 12]> },
    Gcm256 { cipher: AesGcm<Aes256Enc, U12>, salt: Zeroizing<[u8; 12]> },
}

/// The tag is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

impl Transform {
    pub(crate) fn new(keying: &Keying, sort: Sort) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        let key = &mut key[..keying.profile().key_bytes()];
        derive(keying, sort, Label::Encryption, key);
        let mut salt = Zeroizing::new([0; 14]);
        derive(keying, sort, Label::Salt, &mut salt[..keying.profile().salt_bytes()]);
        let mut authentication = Zeroizing::new([0; 20]);
        derive(keying, sort, Label::Authentication, authentication.as_mut());
        Self::with_session_keys(keying.profile(), sort, key, &salt, &authentication)
    }

    /// `key` is as long as the profile wants it; `salt` is cut to what it wants.
    fn with_session_keys(
        profile: Profile,
        sort: Sort,
        key: &[u8],
        salt: &[u8; 14],
        authentication: &[u8; 20],
    ) -> Self {
        let mut short = Zeroizing::new([0; 12]);
        short.copy_from_slice(&salt[..12]);
        let tag = match (profile, sort) {
            (Profile::AesCm128HmacSha1Tag32, Sort::Rtp) => 4,
            _ => CM_RTCP_TAG,
        };
        match profile {
            Profile::AesCm128HmacSha1Tag80 | Profile::AesCm128HmacSha1Tag32 => Self::Counter {
                cipher: Aes128Enc::new_from_slice(key).expect("the profile's length"),
                salt: Zeroizing::new(*salt),
                mac: Hmac::new_from_slice(authentication).expect("HMAC takes any length"),
                tag,
            },
            Profile::AeadAes128Gcm => Self::Gcm128 {
                cipher: AesGcm::new_from_slice(key).expect("the profile's length"),
                salt: short,
            },
            Profile::AeadAes256Gcm => Self::Gcm256 {
                cipher: AesGcm::new_from_slice(key).expect("the profile's length"),
                salt: short,
            },
        }
    }

    /// Seals the media packet in the first `length` bytes, whose payload begins at `payload`; behind it there is room for
    /// the tag. Returns the new length.
    pub(crate) fn seal_rtp(
        &self,
        buffer: &mut [u8],
        payload: usize,
        length: usize,
        ssrc: u32,
        index: u64,
    ) -> usize {
        match self {
            Self::Counter { cipher, salt, mac, tag } => {
                apply_counter(cipher, salt, ssrc, index, &mut buffer[payload..length]);
                let (packet, room) = buffer.split_at_mut(length);
                let mac = mac.clone().chain_update(packet).chain_update(round(index)).finalize().into_bytes();
                room[..*tag].copy_from_slice(&mac[..*tag]);
                length + tag
            }
            Self::Gcm128 { cipher, salt } => {
                seal_gcm(cipher, nonce(salt, ssrc, index), buffer, payload, length)
            }
            Self::Gcm256 { cipher, salt } => {
                seal_gcm(cipher, nonce(salt, ssrc, index), buffer, payload, length)
            }
        }
    }

    /// Opens a media packet and returns its length without the tag. If it is not authentic, nothing is changed.
    pub(crate) fn open_rtp(
        &self,
        packet: &mut [u8],
        payload: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, NotAuthentic> {
        let tag = match self {
            Self::Counter { tag, .. } => *tag,
            Self::Gcm128 { .. } | Self::Gcm256 { .. } => GCM_TAG,
        };
        let end = packet.len().checked_sub(tag).filter(|end| *end >= payload).ok_or(NotAuthentic)?;
        let (packet, tag) = packet.split_at_mut(end);
        match self {
            Self::Counter { cipher, salt, mac, .. } => {
                let mac = mac.clone().chain_update(&*packet).chain_update(round(index));
                mac.verify_truncated_left(tag).map_err(|_| NotAuthentic)?;
                apply_counter(cipher, salt, ssrc, index, &mut packet[payload..]);
            }
            Self::Gcm128 { cipher, salt } => {
                let (header, body) = packet.split_at_mut(payload);
                open_gcm(cipher, nonce(salt, ssrc, index), header, body, tag)?;
            }
            Self::Gcm256 { cipher, salt } => {
                let (header, body) = packet.split_at_mut(payload);
                open_gcm(cipher, nonce(salt, ssrc, index), header, body, tag)?;
            }
        }
        Ok(end)
    }

    /// Seals and encrypts the report in the first `length` bytes; behind it there is room for tag and index. Returns
    /// the new length.
    pub(crate) fn seal_rtcp(&self, buffer: &mut [u8], length: usize, ssrc: u32, index: u32) -> usize {
        let word = (ENCRYPTED | index).to_be_bytes();
        let number = u64::from(index);
        match self {
            Self::Counter { cipher, salt, mac, tag } => {
                apply_counter(cipher, salt, ssrc, number, &mut buffer[RTCP_HEADER_BYTES..length]);
                let end = length + INDEX_BYTES;
                buffer[length..end].copy_from_slice(&word);
                let mac = mac.clone().chain_update(&buffer[..end]).finalize().into_bytes();
                buffer[end..end + tag].copy_from_slice(&mac[..*tag]);
                end + tag
            }
            Self::Gcm128 { cipher, salt } => {
                seal_report(cipher, nonce(salt, ssrc, number), buffer, length, word)
            }
            Self::Gcm256 { cipher, salt } => {
                seal_report(cipher, nonce(salt, ssrc, number), buffer, length, word)
            }
        }
    }

    /// The word behind a report; `None` if the packet is too short to be a sealed report.
    pub(crate) fn rtcp_word(&self, packet: &[u8]) -> Option<u32> {
        let behind = match self {
            Self::Counter { tag, .. } => *tag,
            Self::Gcm128 { .. } | Self::Gcm256 { .. } => 0,
        };
        let end = packet.len().checked_sub(behind)?;
        let word = packet.get(end.checked_sub(INDEX_BYTES)?..end)?.first_chunk()?;
        Some(u32::from_be_bytes(*word))
    }

    /// Opens a report, whose word has been read, and returns its length without tag and index. If it is not authentic, its
    /// sealing may have been moved, and nothing else has changed.
    pub(crate) fn open_rtcp(&self, packet: &mut [u8], ssrc: u32, word: u32) -> Result<usize, NotAuthentic> {
        let encrypted = word & ENCRYPTED != 0;
        let number = u64::from(word & !ENCRYPTED);
        match self {
            Self::Counter { cipher, salt, mac, tag } => {
                let end = packet.len().checked_sub(*tag).ok_or(NotAuthentic)?;
                let length = end
                    .checked_sub(INDEX_BYTES)
                    .filter(|length| *length >= RTCP_HEADER_BYTES)
                    .ok_or(NotAuthentic)?;
                let (signed, tag) = packet.split_at_mut(end);
                mac.clone().chain_update(&*signed).verify_truncated_left(tag).map_err(|_| NotAuthentic)?;
                if encrypted {
                    let body = &mut signed[RTCP_HEADER_BYTES..length];
                    apply_counter(cipher, salt, ssrc, number, body);
                }
                Ok(length)
            }
            Self::Gcm128 { cipher, salt } => {
                open_report(cipher, nonce(salt, ssrc, number), packet, encrypted)
            }
            Self::Gcm256 { cipher, salt } => {
                open_report(cipher, nonce(salt, ssrc, number), packet, encrypted)
            }
        }
    }
}

/// The rollover counter, which is authenticated without being sent.
fn round(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

fn apply_counter(cipher: &Aes128Enc, salt: &[u8; 14], ssrc: u32, index: u64, body: &mut [u8]) {
    let mut counter = [0; 16];
    counter[..14].copy_from_slice(salt);
    mix_in(&mut counter[4..14], ssrc, index);
    CtrCore::<_, Ctr128BE>::inner_iv_init(cipher, &counter.into()).apply_keystream_partial(body.into());
}

fn nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> [u8; 12] {
    let mut nonce = *salt;
    mix_in(&mut nonce[2..12], ssrc, index);
    nonce
}

/// Mixes the stream's 32 bits and the number's 48 into ten bytes.
fn mix_in(bytes: &mut [u8], ssrc: u32, index: u64) {
    let packet = ssrc.to_be_bytes().into_iter().chain(index.to_be_bytes().into_iter().skip(2));
    for (byte, of_packet) in bytes.iter_mut().zip(packet) {
        *byte ^= of_packet;
    }
}

fn seal_gcm<C>(cipher: &C, nonce: [u8; 12], buffer: &mut [u8], payload: usize, length: usize) -> usize
where
    C: AeadInOut + AeadCore<NonceSize = U12>,
{
    let (packet, room) = buffer.split_at_mut(length);
    let (header, body) = packet.split_at_mut(payload);
    let tag = cipher
        .encrypt_inout_detached(&nonce.into(), header, body.into())
        .expect("a datagram is shorter than 64 gigabytes");
    room[..GCM_TAG].copy_from_slice(&tag);
    length + GCM_TAG
}

fn open_gcm<C>(
    cipher: &C,
    nonce: [u8; 12],
    associated: &[u8],
    body: &mut [u8],
    tag: &[u8],
) -> Result<(), NotAuthentic>
where
    C: AeadInOut + AeadCore<NonceSize = U12>,
{
    let tag = tag.try_into().map_err(|_| NotAuthentic)?;
    cipher.decrypt_inout_detached(&nonce.into(), associated, body.into(), tag).map_err(|_| NotAuthentic)
}

/// What of an encrypted report is authenticated in the clear: its first eight bytes and the word behind it.
fn in_the_clear(header: &[u8], word: [u8; INDEX_BYTES]) -> [u8; RTCP_HEADER_BYTES + INDEX_BYTES] {
    let mut clear = [0; RTCP_HEADER_BYTES + INDEX_BYTES];
    clear[..RTCP_HEADER_BYTES].copy_from_slice(header);
    clear[RTCP_HEADER_BYTES..].copy_from_slice(&word);
    clear
}

fn seal_report<C>(
    cipher: &C,
    nonce: [u8; 12],
    buffer: &mut [u8],
    length: usize,
    word: [u8; INDEX_BYTES],
) -> usize
where
    C: AeadInOut + AeadCore<NonceSize = U12>,
{
    let (packet, room) = buffer.split_at_mut(length);
    let (header, body) = packet.split_at_mut(RTCP_HEADER_BYTES);
    let tag = cipher
        .encrypt_inout_detached(&nonce.into(), &in_the_clear(header, word), body.into())
        .expect("a datagram is shorter than 64 gigabytes");
    room[..GCM_TAG].copy_from_slice(&tag);
    room[GCM_TAG..GCM_TAG + INDEX_BYTES].copy_from_slice(&word);
    length + GCM_TAG + INDEX_BYTES
}

fn open_report<C>(
    cipher: &C,
    nonce: [u8; 12],
    packet: &mut [u8],
    encrypted: bool,
) -> Result<usize, NotAuthentic>
where
    C: AeadInOut + AeadCore<NonceSize = U12>,
{
    let length = packet
        .len()
        .checked_sub(GCM_TAG + INDEX_BYTES)
        .filter(|length| *length >= RTCP_HEADER_BYTES)
        .ok_or(NotAuthentic)?;
    let mut tag = [0; GCM_TAG];
    tag.copy_from_slice(&packet[length..length + GCM_TAG]);
    let mut word = [0; INDEX_BYTES];
    word.copy_from_slice(&packet[length + GCM_TAG..]);
    if encrypted {
        let (header, rest) = packet.split_at_mut(RTCP_HEADER_BYTES);
        let body = &mut rest[..length - RTCP_HEADER_BYTES];
        open_gcm(cipher, nonce, &in_the_clear(header, word), body, &tag)?;
    } else {
        // All of it is in the clear, and the word has to stand right behind it to be authenticated with it.
        packet[length..length + INDEX_BYTES].copy_from_slice(&word);
        open_gcm(cipher, nonce, &packet[..length + INDEX_BYTES], &mut [], &tag)?;
    }
    Ok(length)
}

/// Shows which cipher and nothing of its keys.
impl core::fmt::Debug for Transform {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Counter { .. } => "Transform::Counter(…)",
            Self::Gcm128 { .. } => "Transform::Gcm128(…)",
            Self::Gcm256 { .. } => "Transform::Gcm256(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SEAL_ROOM;

    const GALLIA: &str = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
    const MARS: &str = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

    #[test]
    fn the_key_stream_of_rfc_3711_b_2() {
        let cipher = Aes128Enc::new_from_slice(&hex("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
        let mut salt = [0; 14];
        salt.copy_from_slice(&hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"));
        let mut stream = vec![0; 0xff02 * 16];
        apply_counter(&cipher, &salt, 0, 0, &mut stream);
        for (block, wanted) in [
            (0, "E03EAD0935C95E80E166B16DD92B4EB4"),
            (1, "D23513162B02D0F72A43A2FE4A5F97AB"),
            (2, "41E95B3BB0A2E8DD477901E4FCA894C0"),
            (0xfeff, "EC8CDF7398607CB0F2D21675EA9EA1E4"),
            (0xff00, "362B7C3C6773516318A077D7FC5073AE"),
            (0xff01, "6A2CC3787889374FBEB4C81B17BA6C44"),
        ] {
            assert_eq!(stream[block * 16..][..16], hex(wanted), "block {block:x}");
        }
    }

    #[test]
    fn the_media_packets_of_rfc_7714_16() {
        for (profile, sealed) in [
            (
                Profile::AeadAes128Gcm,
                "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
            ),
            (
                Profile::AeadAes256Gcm,
                "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
            ),
        ] {
            let transform = of_the_rfc(profile, Sort::Rtp);
            let (mut buffer, length) = with_room(GALLIA);
            let end = transform.seal_rtp(&mut buffer, 12, length, 0x5501_a0b2, 0xf17b);
            assert_eq!(buffer[..end], hex(sealed), "{profile:?}");
            assert_eq!(transform.open_rtp(&mut buffer[..end], 12, 0x5501_a0b2, 0xf17b), Ok(length));
            assert_eq!(buffer[..length], hex(GALLIA), "{profile:?}");
        }
    }

    #[test]
    fn the_reports_of_rfc_7714_17() {
        for (profile, sealed) in [
            (
                Profile::AeadAes128Gcm,
                "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
            ),
            (
                Profile::AeadAes256Gcm,
                "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
            ),
        ] {
            let transform = of_the_rfc(profile, Sort::Rtcp);
            let (mut buffer, length) = with_room(MARS);
            let end = transform.seal_rtcp(&mut buffer, length, 0x4d61_7273, 0x5d4);
            assert_eq!(buffer[..end], hex(sealed), "{profile:?}");
            let word = transform.rtcp_word(&buffer[..end]).unwrap();
            assert_eq!(word, 0x8000_05d4);
            assert_eq!(transform.open_rtcp(&mut buffer[..end], 0x4d61_7273, word), Ok(length));
            assert_eq!(buffer[..length], hex(MARS), "{profile:?}");
        }
    }

    #[test]
    fn a_report_that_is_only_authenticated_is_opened_as_in_rfc_7714_17_3() {
        let transform = of_the_rfc(Profile::AeadAes128Gcm, Sort::Rtcp);
        let mut report = hex(MARS);
        report.extend(hex("841dd9683dd78ec92ae58790125f62b3000005d4"));
        let word = transform.rtcp_word(&report).unwrap();
        assert_eq!(transform.open_rtcp(&mut report.clone(), 0x4d61_7273, word), Ok(52));
        report[20] ^= 1;
        assert_eq!(transform.open_rtcp(&mut report, 0x4d61_7273, word), Err(NotAuthentic));
    }

    #[test]
    fn a_short_tag_is_for_media_only() {
        let keying = Keying::new(Profile::AesCm128HmacSha1Tag32, &[7; 30]).unwrap();
        let (mut buffer, length) = with_room(GALLIA);
        let media = Transform::new(&keying, Sort::Rtp);
        assert_eq!(media.seal_rtp(&mut buffer, 12, length, 1, 0), length + 4);
        let (mut buffer, length) = with_room(MARS);
        let reports = Transform::new(&keying, Sort::Rtcp);
        assert_eq!(reports.seal_rtcp(&mut buffer, length, 1, 0), length + 14);
    }

    #[test]
    fn a_transform_does_not_show_itself() {
        for profile in Profile::ALL {
            let shown = format!("{:?}", of_the_rfc(profile, Sort::Rtp));
            assert!(shown.ends_with("(…)"), "{shown}");
        }
    }

    /// The RFC gives session keys and no master keys.
    fn of_the_rfc(profile: Profile, sort: Sort) -> Transform {
        let key: [u8; 32] = core::array::from_fn(|at| at as u8);
        Transform::with_session_keys(
            profile,
            sort,
            &key[..profile.key_bytes()],
            b"Quid pro quo\0\0",
            &[0; 20],
        )
    }

    fn with_room(packet: &str) -> (Vec<u8>, usize) {
        let mut buffer = hex(packet);
        let length = buffer.len();
        buffer.resize(length + SEAL_ROOM, 0);
        (buffer, length)
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
        digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }
}
