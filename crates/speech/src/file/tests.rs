//! Files of every kind hold the same tone.

use super::*;
use std::f64::consts::TAU;

/// The tone in all of them.
const HZ: f64 = 1_000.0;

#[test]
fn wav_files_of_every_common_rate_width_and_number_of_channels_are_read() {
    use Kind::{Float32, Signed16, Signed24, Signed32, Unsigned8};
    let rates =
        [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000].map(|rate| (rate, Signed16));
    let widths = [Unsigned8, Signed24, Signed32, Float32].map(|kind| (16_000, kind));
    for (rate, kind) in rates.into_iter().chain(widths) {
        for channels in [1, 2] {
            let sound = read(wav(rate, channels, kind), "wav").expect("it is a WAV file");
            check(&sound, rate > 8_000, &format!("{rate} Hz, {channels}, {kind:?}"));
        }
    }
    for law in [codec::Law::Mu, codec::Law::A] {
        let bytes: Vec<_> = tone(8_000).iter().map(|sample| law.encode((sample * 32_767.0) as i16)).collect();
        let tag = if law == codec::Law::A { 6 } else { 7 };
        check(&read(riff(tag, 8_000, 1, 8, &bytes), "wav").expect("G.711"), false, "G.711");
    }
}

#[test]
fn ogg_with_opus_is_read_and_its_beginning_is_cut_off() {
    let mut encoder =
        opus::Encoder::new(SampleRate::Wide, opus::Settings::default()).expect("there is memory");
    let samples: Vec<i16> = tone(16_000).iter().map(|sample| (sample * 32_767.0) as i16).collect();
    let mut pages = vec![];
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(312u16.to_le_bytes());
    head.extend(16_000u32.to_le_bytes());
    head.extend([0, 0, 0]);
    pages.extend(page(0, 2, 0, &head));
    pages.extend(page(1, 0, 0, b"OpusTags\x04\0\0\0test\0\0\0\0"));
    let frames: Vec<_> = samples.chunks_exact(320).collect();
    for (number, frame) in frames.iter().enumerate() {
        let mut packet = [0; 500];
        let length = encoder.encode(frame, &mut packet);
        let flags = if number + 1 == frames.len() { 4 } else { 0 };
        pages.extend(page(number as u32 + 2, flags, (number as u64 + 1) * 960, &packet[..length]));
    }
    let sound = read(pages, "opus").expect("it is Ogg with Opus");
    check(&sound, true, "Opus");
    assert!(sound.narrow.len() < 8_000, "the decoder's winding up is not heard");
}

#[test]
fn mp3_vorbis_and_flac_are_read() {
    for (ending, bytes) in [
        ("mp3", include_bytes!("../../tests/data/tone.mp3").as_slice()),
        ("ogg", include_bytes!("../../tests/data/tone.ogg")),
        ("flac", include_bytes!("../../tests/data/tone.flac")),
    ] {
        check(&read(bytes.to_vec(), ending).expect("it is a sound"), true, ending);
        // The ending is a hint and no more.
        check(&read(bytes.to_vec(), "wav").expect("it is a sound still"), true, ending);
    }
}

#[test]
fn what_is_no_sound_is_refused_with_the_reason_and_what_is_cut_short_is_short() {
    assert!(matches!(read(b"hello, this is a text".to_vec(), "wav"), Err(FileError::Unknown(_))));
    assert!(matches!(read(Vec::new(), "mp3"), Err(FileError::Unknown(_))));
    assert!(matches!(read(riff(1, 8_000, 1, 16, &[]), "wav"), Err(FileError::Empty)));
    assert!(matches!(read(riff(1, 100, 1, 16, &[0; 400]), "wav"), Err(FileError::Rate(100))));
    let mut whole = wav(16_000, 1, Kind::Signed16);
    whole.truncate(whole.len() / 2);
    let half = read(whole, "wav").expect("half of it is a sound");
    assert!((3_500..4_500).contains(&half.narrow.len()), "{}", half.narrow.len());
}

#[test]
fn a_file_over_which_its_reader_gives_up_is_a_damaged_one() {
    // Found by fuzzing: a code book of more dimensions than its entries can be of.
    let bytes = include_bytes!("../../tests/data/broken.ogg").to_vec();
    let refused = read(bytes, "ogg").expect_err("nobody can read it");
    assert!(matches!(refused, FileError::Damaged(_)), "{refused}");
}

#[test]
fn damage_anywhere_does_no_harm() {
    let files = [
        ("mp3", include_bytes!("../../tests/data/tone.mp3").to_vec()),
        ("ogg", include_bytes!("../../tests/data/tone.ogg").to_vec()),
        ("wav", wav(16_000, 2, Kind::Signed24)),
    ];
    for (ending, bytes) in files {
        for at in (0..bytes.len()).step_by(bytes.len() / 60) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            damaged.truncate(bytes.len() - at / 3);
            let _ = read(damaged, ending);
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Unsigned8,
    Signed16,
    Signed24,
    Signed32,
    Float32,
}

fn tone(rate: u32) -> Vec<f32> {
    (0..rate).map(|at| ((f64::from(at) * HZ / f64::from(rate) * TAU).sin() * 0.25) as f32).collect()
}

fn wav(rate: u32, channels: u16, kind: Kind) -> Vec<u8> {
    let mut data = vec![];
    for sample in tone(rate) {
        for _ in 0..channels {
            match kind {
                Kind::Unsigned8 => data.push((sample * 127.0 + 128.0) as u8),
                Kind::Signed16 => data.extend(((sample * 32_767.0) as i16).to_le_bytes()),
                Kind::Signed24 => data.extend(&((sample * 8_388_607.0) as i32).to_le_bytes()[..3]),
                Kind::Signed32 => data.extend(((f64::from(sample) * 2_147_483_647.0) as i32).to_le_bytes()),
                Kind::Float32 => data.extend(sample.to_le_bytes()),
            }
        }
    }
    let (tag, bits) = match kind {
        Kind::Unsigned8 => (1, 8),
        Kind::Signed16 => (1, 16),
        Kind::Signed24 => (1, 24),
        Kind::Signed32 => (1, 32),
        Kind::Float32 => (3, 32),
    };
    riff(tag, rate, channels, bits, &data)
}

fn riff(tag: u16, rate: u32, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    let block = channels * bits / 8;
    let mut format = vec![];
    format.extend(tag.to_le_bytes());
    format.extend(channels.to_le_bytes());
    format.extend(rate.to_le_bytes());
    format.extend((rate * u32::from(block)).to_le_bytes());
    format.extend(block.to_le_bytes());
    format.extend(bits.to_le_bytes());
    if tag > 3 {
        format.extend([0, 0]);
    }
    let mut file = b"RIFF".to_vec();
    file.extend((20 + format.len() as u32 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend((format.len() as u32).to_le_bytes());
    file.extend(format);
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// A page of Ogg with one packet of less than 255 × 255 bytes (RFC 3533 §6).
fn page(number: u32, flags: u8, position: u64, packet: &[u8]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(position.to_le_bytes());
    page.extend(7u32.to_le_bytes());
    page.extend(number.to_le_bytes());
    page.extend([0; 4]);
    page.push((packet.len() / 255 + 1) as u8);
    page.extend(std::iter::repeat_n(255, packet.len() / 255));
    page.push((packet.len() % 255) as u8);
    page.extend(packet);
    let mut sum = 0u32;
    for byte in &page {
        sum ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            sum = if sum & 0x8000_0000 == 0 { sum << 1 } else { (sum << 1) ^ 0x04c1_1db7 };
        }
    }
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

/// About a second of the tone, at a quarter of full scale.
fn check(sound: &Sound, is_wide: bool, what: &str) {
    assert_eq!(sound.wide.is_some(), is_wide, "{what}");
    for (samples, rate) in [(Some(&sound.narrow), 8_000.0), (sound.wide.as_ref(), 16_000.0)] {
        let Some(samples) = samples else { continue };
        let seconds = samples.len() as f64 / rate;
        assert!((0.95..1.1).contains(&seconds), "{what}: {seconds} s at {rate} Hz");
        let steady = &samples[samples.len() / 4..samples.len() * 3 / 4];
        let (mut sine, mut cosine, mut energy) = (0.0, 0.0, 0.0);
        for (at, sample) in steady.iter().enumerate() {
            let (sample, turn) = (f64::from(*sample), at as f64 * HZ / rate * TAU);
            sine += sample * turn.sin();
            cosine += sample * turn.cos();
            energy += sample * sample;
        }
        let share = 2.0 * (sine * sine + cosine * cosine) / (energy * steady.len() as f64);
        let level = (energy / steady.len() as f64).sqrt();
        assert!(share > 0.97, "{what}: {share} of it is the tone");
        assert!((level - 8_192.0 / 2f64.sqrt()).abs() < 500.0, "{what}: {level}");
    }
}
