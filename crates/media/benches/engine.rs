//! What 20 ms of a bridged call cost in the engine: two packets in, two out. `cargo bench -p media`; times 3 000 it is a
//! call-minute, without the sockets (`cargo bench -p net --bench relay` has those). Only figures of the same run compare.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use base::{Duration, IdSource, Instant, Now, Timestamp};
use codec::{Encoder, Resampler, SampleRate};
use criterion::{Bencher, Criterion, criterion_group, criterion_main};
use media::{
    Channel, Codec, Command, ConferenceKey, Engine, Format, Keying, Outbox, PortId, Profile, Recorded,
    RecordingKey, Sealing,
};
use rtp::{Header, RtpTime, SeqNumber, Ssrc};
use std::hint::black_box;
use std::net::SocketAddr;

struct Nowhere;

impl Outbox for Nowhere {
    fn send(&mut self, _: PortId, _: Channel, _: SocketAddr, datagram: &[u8]) {
        black_box(datagram);
    }

    fn record(&mut self, recorded: &Recorded) -> bool {
        black_box(recorded);
        true
    }
}

/// A far end that repeats a spoken prompt.
struct Phone {
    port: PortId,
    address: SocketAddr,
    codec: Codec,
    packets: Vec<Vec<u8>>,
    /// As its port is told it, if its sound is sealed.
    sealing: Option<Sealing>,
}

fn calls(criterion: &mut Criterion) {
    use Codec::{G722, Opus, Pcma, Pcmu};
    for (left, right, recorded) in [
        (Pcmu, Pcmu, false),
        (Pcmu, Pcma, false),
        (Pcmu, Pcmu, true),
        (Opus, Opus, false),
        (Opus, Opus, true),
        (Pcmu, G722, false),
        (Pcmu, Opus, false),
        (G722, Opus, false),
    ] {
        let name = format!("{} {}{}", left.name(), right.name(), if recorded { " recorded" } else { "" });
        criterion.bench_function(&name, |bench| {
            let phones = [(1, left), (2, right)].map(|(number, codec)| phone(number, codec));
            let mut engine = engine_with(&phones);
            let [a, b] = [phones[0].port, phones[1].port];
            engine.handle_command(Command::Bridge { a, b }, START);
            if recorded {
                let recording = RecordingKey::from_u64(1);
                engine.handle_command(Command::Record { recording, left: a, right: Some(b) }, START);
            }
            run(bench, engine, &phones);
        });
    }
}

/// What sealing adds. Where a phone is sealed, its own sealing is measured too: a third of what is added
/// (`cargo bench -p srtp` says what one packet costs).
fn sealed_calls(criterion: &mut Criterion) {
    for profile in [None, Some(Profile::AesCm128HmacSha1Tag80), Some(Profile::AeadAes128Gcm)] {
        let name = profile.map_or("in the clear", Profile::name);
        criterion.bench_function(&format!("PCMU PCMU, both {name}"), |bench| {
            let phones = [1, 2].map(|number| {
                let keying = |profile, byte| {
                    Keying::new(profile, &vec![byte; Keying::bytes(profile)])
                        .expect("as long as it should be")
                };
                let sealing = profile.map(|profile| Sealing {
                    ours: keying(profile, number as u8),
                    theirs: keying(profile, number as u8 + 8),
                });
                Phone { sealing, ..phone(number, Codec::Pcmu) }
            });
            let mut engine = engine_with(&phones);
            let [a, b] = [phones[0].port, phones[1].port];
            engine.handle_command(Command::Bridge { a, b }, START);
            run(bench, engine, &phones);
        });
    }
}

/// What 20 ms of a conference of twenty cost, packets and mix: divided by twenty, what a member costs.
fn conferences(criterion: &mut Criterion) {
    use Codec::{G722, Opus, Pcmu};
    for (name, codecs) in [
        ("conference of 20, PCMU", &[Pcmu][..]),
        ("conference of 20, PCMU and G722", &[Pcmu, G722]),
        ("conference of 20, PCMU, G722, Opus", &[Pcmu, G722, Opus]),
    ] {
        criterion.bench_function(name, |bench| {
            let phones: Vec<_> =
                (0..20).map(|at| phone(at + 1, codecs[at as usize % codecs.len()])).collect();
            let mut engine = engine_with(&phones);
            for phone in &phones {
                let conference = ConferenceKey::from_u64(1);
                let join = Command::Join { port: phone.port, conference, speaks: true, listens: true };
                engine.handle_command(join, START);
            }
            run(bench, engine, &phones);
        });
    }
    criterion.bench_function("PCMU PCMU, listened to", |bench| {
        let phones = [1, 2, 3].map(|number| phone(number, Pcmu));
        let mut engine = engine_with(&phones);
        let [a, b, listener] = [0, 1, 2].map(|at| phones[at].port);
        engine.handle_command(Command::Bridge { a, b }, START);
        for speaker in [a, b] {
            engine.handle_command(Command::Hear { listener, speaker, on: true }, START);
        }
        run(bench, engine, &phones[..2]);
    });
}

/// What it costs to move a call of two to another engine, or a conference of twenty, where many others stay.
fn moves(criterion: &mut Criterion) {
    use Codec::{Opus, Pcmu};
    for (name, codecs, members) in [
        ("move PCMU PCMU recorded", [Pcmu, Pcmu], 2),
        ("move PCMU Opus recorded", [Pcmu, Opus], 2),
        ("move a conference of 20, PCMU", [Pcmu, Pcmu], 20),
    ] {
        criterion.bench_function(name, |bench| {
            let phones: Vec<_> =
                (0..members).map(|at| phone(at + 1, codecs[at as usize % codecs.len()])).collect();
            let ports: Vec<_> = phones.iter().map(|phone| phone.port).collect();
            let mut engines = [engine_with(&phones), Engine::new(IdSource::new(2))];
            if let [a, b] = ports[..] {
                engines[0].handle_command(Command::Bridge { a, b }, START);
            } else {
                for port in ports.iter().copied() {
                    let conference = ConferenceKey::from_u64(1);
                    let join = Command::Join { port, conference, speaks: true, listens: true };
                    engines[0].handle_command(join, START);
                }
            }
            let recording = RecordingKey::from_u64(1);
            let record = Command::Record { recording, left: ports[0], right: Some(ports[1]) };
            engines[0].handle_command(record, START);
            for (engine, first) in engines.iter_mut().zip([1_000, 2_000]) {
                for number in first..first + 500 {
                    engine.handle_command(Command::Open { port: PortId::from_u64(number) }, START);
                }
            }
            let [mut here, mut there] = engines;
            bench.iter(|| {
                there.adopt(here.release(black_box(&ports), START), START);
                core::mem::swap(&mut here, &mut there);
            });
        });
    }
}

const START: Now = Now { mono: Instant::START, utc: Timestamp::from_millis(0) };

fn engine_with(phones: &[Phone]) -> Engine {
    let mut engine = Engine::new(IdSource::new(1));
    for phone in phones {
        engine.handle_command(Command::Open { port: phone.port }, START);
        let (port, remote, format) = (phone.port, phone.address, Format::of(phone.codec));
        let command = Command::Configure {
            port,
            remote,
            format,
            telephone_event: None,
            send: true,
            receive: true,
            sealing: phone.sealing.clone(),
            rtcp_mux: false,
        };
        engine.handle_command(command, START);
    }
    engine
}

/// Lets the phones talk, 20 ms at a time.
fn run(bench: &mut Bencher<'_>, mut engine: Engine, phones: &[Phone]) {
    let mut now = START;
    let mut number = 0u32;
    let mut sealers: Vec<_> = phones
        .iter()
        .map(|phone| phone.sealing.as_ref().map(|keys| srtp::Sealer::new(&keys.theirs)))
        .collect();
    bench.iter(|| {
        for (phone, sealer) in phones.iter().zip(&mut sealers) {
            let payload = &phone.packets[number as usize % phone.packets.len()];
            let mut datagram = [0; 512];
            let header = Header {
                marker: false,
                payload_type: Format::of(phone.codec).receive_type,
                sequence: SeqNumber(number as u16),
                timestamp: RtpTime(number.wrapping_mul(phone.codec.clock_rate() / 50)),
                ssrc: Ssrc(phone.port.as_u64() as u32),
            };
            if let Some(fixed) = datagram.first_chunk_mut() {
                header.write(fixed);
            }
            let mut end = 12 + payload.len();
            datagram[12..end].copy_from_slice(payload);
            if let Some(sealer) = sealer {
                end = sealer.seal_rtp(&mut datagram, end).expect("it can be sealed");
            }
            engine.handle_packet(phone.port, phone.address, &mut datagram[..end], now, &mut Nowhere);
        }
        number = number.wrapping_add(1);
        now = now.after(Duration::from_millis(20));
        if engine.poll_timeout().is_some_and(|at| at <= now.mono) {
            engine.handle_timeout(now, &mut Nowhere);
        }
        while engine.poll_event().is_some() {}
    });
}

fn phone(number: u64, codec: Codec) -> Phone {
    let wav = include_bytes!("../../../media/en/menu-main.wav");
    let speech: Vec<i16> =
        wav[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    let rate = codec.sample_rate();
    let mut sound = vec![0; speech.len() * 2];
    let length = Resampler::new(SampleRate::Narrow, rate).process(&speech, &mut sound);
    let mut encoder = Encoder::new(codec, rate, Format::of(codec).opus).expect("there is memory");
    let packets = sound[..length]
        .chunks_exact(rate.samples_in(20))
        .map(|frame| {
            let mut payload = [0; 500];
            let length = encoder.encode(frame, &mut payload);
            payload[..length].to_vec()
        })
        .collect();
    let address = SocketAddr::from(([127, 0, 0, number as u8], 4_000));
    Phone { port: PortId::from_u64(number), address, codec, packets, sealing: None }
}

criterion_group!(benches, calls, sealed_calls, conferences, moves);
criterion_main!(benches);
