//! What 20 ms of sound cost, codec by codec. `cargo bench -p codec`; only figures of the same run compare.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use codec::opus::Settings;
use codec::{Codec, Decoder, Encoder, Resampler, SampleRate};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn frames(criterion: &mut Criterion) {
    for codec in Codec::ALL {
        for rate in [SampleRate::Narrow, SampleRate::Wide] {
            let mut encoder = Encoder::new(codec, rate, Settings::default()).expect("there is memory");
            if encoder.rate() != rate {
                continue;
            }
            let sound = speech(rate);
            let mut frames = sound.chunks_exact(rate.samples_in(20)).cycle();
            let mut bytes = [0; 1_500];
            let name = format!("{}/{}", codec.name(), rate.hz());
            criterion.bench_function(&format!("encode {name}"), |bench| {
                bench.iter(|| encoder.encode(frames.next().unwrap_or_default(), black_box(&mut bytes)));
            });

            let mut packets = vec![];
            for frame in sound.chunks_exact(rate.samples_in(20)) {
                let length = encoder.encode(frame, &mut bytes);
                packets.push(bytes[..length].to_vec());
            }
            let mut decoder = Decoder::new(codec, rate).expect("there is memory");
            let mut packets = packets.iter().cycle();
            let mut out = [0; 960];
            criterion.bench_function(&format!("decode {name}"), |bench| {
                bench.iter(|| {
                    decoder.decode(codec, packets.next().map_or(&[], Vec::as_slice), black_box(&mut out))
                });
            });
            let frame = rate.samples_in(20);
            criterion.bench_function(&format!("conceal one in ten {name}"), |bench| {
                bench.iter(|| {
                    decoder.conceal(None, black_box(&mut out[..frame]));
                    for _ in 0..9 {
                        let packet = packets.next().map_or(&[][..], Vec::as_slice);
                        decoder.decode(codec, packet, black_box(&mut out));
                    }
                });
            });
        }
    }
    for (from, to) in [(SampleRate::Narrow, SampleRate::Wide), (SampleRate::Wide, SampleRate::Narrow)] {
        let mut resampler = Resampler::new(from, to);
        let sound = speech(from);
        let mut frames = sound.chunks_exact(from.samples_in(20)).cycle();
        let mut out = [0; 960];
        criterion.bench_function(&format!("resample {} to {}", from.hz(), to.hz()), |bench| {
            bench.iter(|| resampler.process(frames.next().unwrap_or_default(), black_box(&mut out)));
        });
    }
    for from in [44_100, 48_000, 44_101] {
        let second: Vec<f32> = (0..from).map(|at| ((at * 37 % 1_000) as f32 - 500.0) / 1_000.0).collect();
        criterion.bench_function(&format!("convert a second of {from} to 16000"), |bench| {
            bench.iter(|| codec::convert(black_box(&second), from, 16_000));
        });
    }
    let sound = speech(SampleRate::Narrow);
    let mut frames = sound.chunks_exact(160).cycle();
    criterion.bench_function("shorten 8000", |bench| {
        bench.iter(|| {
            let mut frame = [0; 160];
            frame.copy_from_slice(frames.next().unwrap_or(&[0; 160]));
            codec::shorten(black_box(&mut frame), SampleRate::Narrow)
        });
    });
}

/// A spoken prompt of the house.
fn speech(rate: SampleRate) -> Vec<i16> {
    let wav = include_bytes!("../../../media/en/menu-main.wav");
    let sound: Vec<i16> =
        wav[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    let mut out = vec![0; sound.len() * 2];
    let written = Resampler::new(SampleRate::Narrow, rate).process(&sound, &mut out);
    out.truncate(written);
    out
}

criterion_group!(benches, frames);
criterion_main!(benches);
