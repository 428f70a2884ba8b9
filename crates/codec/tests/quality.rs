//! How near the sound that comes out is to the sound that went in, asserted codec by codec.
//!
//! The speech is a prompt of the house at 8 kHz, and, where `HOTLINE_SPEECH` names a WAV file of speech at 16 kHz, that
//! file: only then is the upper half of the band measured with a real voice.

#![allow(clippy::print_stdout, reason = "the figures themselves are worth reading")]

use codec::opus::Settings;
use codec::{Codec, Decoder, Encoder, Resampler, SampleRate};
use core::f64::consts::TAU;

#[test]
fn a_tone_comes_back_from_every_codec() {
    for (codec, rate, least_db) in [
        (Codec::Pcmu, SampleRate::Narrow, 36.0),
        (Codec::Pcma, SampleRate::Narrow, 36.0),
        (Codec::G722, SampleRate::Wide, 40.0),
        (Codec::Opus, SampleRate::Narrow, 28.0),
        (Codec::Opus, SampleRate::Wide, 28.0),
    ] {
        let sound: Vec<i16> = (0..rate.hz() * 2)
            .map(|at| ((TAU * 1_004.0 * f64::from(at) / f64::from(rate.hz())).sin() * 10_000.0) as i16)
            .collect();
        let db = segmental_snr(&sound[8_000..], &round_trip(codec, rate, &sound, 20)[8_000..]);
        println!("{} at {} Hz: {db:.1} dB", codec.name(), rate.hz());
        assert!(db > least_db, "{codec:?} {rate:?}: {db:.1} dB");
    }
}

#[test]
fn speech_comes_back_from_every_codec_in_packets_of_every_length() {
    let sound = prompt();
    for (codec, least_db) in
        [(Codec::Pcmu, 34.0), (Codec::Pcma, 34.0), (Codec::G722, 25.0), (Codec::Opus, 11.0)]
    {
        for packet_ms in [10, 20, 30, 40, 50, 60] {
            let packet_ms = codec.packet_ms(packet_ms);
            let db = segmental_snr(&sound, &round_trip(codec, SampleRate::Narrow, &sound, packet_ms));
            println!("{} in {packet_ms} ms: {db:.1} dB", codec.name());
            assert!(db > least_db, "{codec:?} in {packet_ms} ms: {db:.1} dB");
        }
    }
}

#[test]
fn wideband_speech_comes_back_with_both_halves_of_its_band() {
    let Some(sound) = wideband_speech() else {
        println!("NOT MEASURED: HOTLINE_SPEECH names no WAV file of speech at 16 kHz");
        return;
    };
    for (codec, least_db) in [(Codec::G722, 30.0), (Codec::Opus, 8.0)] {
        let heard = round_trip(codec, SampleRate::Wide, &sound, 20);
        let db = segmental_snr(&sound, &heard);
        let upper = level(&upper_half(&heard)) - level(&upper_half(&sound));
        println!("{}: {db:.1} dB, upper half of the band {upper:+.1} dB", codec.name());
        assert!(db > least_db, "{codec:?}: {db:.1} dB");
        assert!(upper.abs() < 3.0, "{codec:?}: the upper half is {upper:+.1} dB off");
    }
}

#[test]
fn every_codec_leads_to_every_other() {
    let sound = prompt();
    for from in Codec::ALL {
        for to in Codec::ALL {
            let first = round_trip(from, SampleRate::Narrow, &sound, 20);
            let second = round_trip(to, SampleRate::Narrow, &first, 20);
            let db = segmental_snr(&sound, &second);
            println!("{} then {}: {db:.1} dB", from.name(), to.name());
            // Opus twice in a row is the farthest from the first waveform, not from the first sound.
            assert!(db > 6.0, "{from:?} to {to:?}: {db:.1} dB");
        }
    }
}

/// Encodes and decodes sound that begins and ends at `rate`, and takes the delay of the way out.
fn round_trip(codec: Codec, rate: SampleRate, sound: &[i16], packet_ms: u16) -> Vec<i16> {
    let mut encoder = Encoder::new(codec, rate, Settings::default()).unwrap();
    let mut decoder = Decoder::new(codec, rate).unwrap();
    let mut there = Resampler::new(rate, encoder.rate());
    let mut back = Resampler::new(decoder.rate(), rate);
    let mut heard = vec![];
    for frame in sound.chunks_exact(rate.samples_in(usize::from(packet_ms))) {
        let (mut samples, mut bytes) = ([0; 2_880], [0; 1_500]);
        let length = there.process(frame, &mut samples);
        let length = encoder.encode(&samples[..length], &mut bytes);
        assert_eq!(codec.units(&bytes[..length]), Some(codec.clock_rate() / 1_000 * u32::from(packet_ms)));
        let length = decoder.decode(codec, &bytes[..length], &mut samples);
        let mut out = [0; 2_880];
        let length = back.process(&samples[..length], &mut out);
        heard.extend_from_slice(&out[..length]);
    }
    let late = (0..rate.samples_in(20))
        .max_by(|a, b| {
            let likeness = |late: usize| -> f64 {
                sound.iter().zip(&heard[late..]).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
            };
            likeness(*a).total_cmp(&likeness(*b))
        })
        .unwrap_or(0);
    heard.split_off(late)
}

/// How far the difference lies below the sound, in dB, in the mean over pieces of 20 ms that can be heard.
fn segmental_snr(wanted: &[i16], heard: &[i16]) -> f64 {
    let figures: Vec<f64> = wanted
        .chunks_exact(160)
        .zip(heard.chunks_exact(160))
        .filter_map(|(wanted, heard)| {
            let energy: f64 = wanted.iter().map(|sample| f64::from(*sample).powi(2)).sum();
            let difference: f64 =
                wanted.iter().zip(heard).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
            (energy > 160.0 * 200f64.powi(2))
                .then(|| (10.0 * (energy / difference.max(1.0)).log10()).clamp(-10.0, 45.0))
        })
        .collect();
    assert!(figures.len() > 20, "too little can be heard");
    figures.iter().sum::<f64>() / figures.len() as f64
}

/// What lies above 4 kHz: the sound less what comes through 8 kHz.
fn upper_half(sound: &[i16]) -> Vec<i16> {
    let mut narrow = vec![0; sound.len()];
    let length = Resampler::new(SampleRate::Wide, SampleRate::Narrow).process(sound, &mut narrow);
    let mut low = vec![0; sound.len()];
    Resampler::new(SampleRate::Narrow, SampleRate::Wide).process(&narrow[..length], &mut low);
    // Both filters together are late by 4 ms.
    sound.iter().zip(&low[64..]).map(|(all, low)| all.saturating_sub(*low)).collect()
}

fn level(sound: &[i16]) -> f64 {
    10.0 * (sound.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / sound.len() as f64).log10()
}

/// A spoken prompt at 8 kHz, from its beginning.
fn prompt() -> Vec<i16> {
    samples_of(include_bytes!("../../../media/en/menu-main.wav"))
}

#[allow(clippy::disallowed_methods, reason = "the sample is a file of whoever runs the tests")]
fn wideband_speech() -> Option<Vec<i16>> {
    let path = std::env::var_os("HOTLINE_SPEECH")?;
    Some(samples_of(&std::fs::read(path).expect("HOTLINE_SPEECH names a file that can be read")))
}

fn samples_of(wav: &[u8]) -> Vec<i16> {
    let data = wav.windows(4).position(|chunk| chunk == b"data").expect("a WAV file has data") + 8;
    wav[data..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}
