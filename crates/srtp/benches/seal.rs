//! What it costs to seal and to open a packet of 20 ms of G.711. `cargo bench -p srtp`.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use srtp::{Keying, Opener, Profile, SEAL_ROOM, Sealer};
use std::hint::black_box;

const PACKET: usize = 172;

fn packets(criterion: &mut Criterion) {
    for profile in Profile::ALL {
        let keying =
            Keying::new(profile, &[7; 44][..Keying::bytes(profile)]).expect("the length of the profile");
        criterion.bench_function(&format!("seal {}", profile.name()), |bench| {
            let mut sealer = Sealer::new(&keying);
            let mut buffer = [0x55; PACKET + SEAL_ROOM];
            buffer[0] = 0x80;
            let mut number = 0u16;
            bench.iter(|| {
                number = number.wrapping_add(1);
                buffer[2..4].copy_from_slice(&number.to_be_bytes());
                black_box(sealer.seal_rtp(&mut buffer, PACKET))
            });
        });
        criterion.bench_function(&format!("open {}", profile.name()), |bench| {
            let mut sealer = Sealer::new(&keying);
            let mut opener = Opener::new(&keying);
            let mut number = 0u16;
            bench.iter_batched_ref(
                || {
                    number = number.wrapping_add(1);
                    let mut buffer = [0x55; PACKET + SEAL_ROOM];
                    buffer[0] = 0x80;
                    buffer[2..4].copy_from_slice(&number.to_be_bytes());
                    let length = sealer.seal_rtp(&mut buffer, PACKET).expect("a packet");
                    (buffer, length)
                },
                |(buffer, length)| black_box(opener.open_rtp(&mut buffer[..*length])),
                BatchSize::SmallInput,
            );
        });
        criterion.bench_function(&format!("keys of {}", profile.name()), |bench| {
            bench.iter(|| black_box((Sealer::new(&keying), Opener::new(&keying))));
        });
    }
}

criterion_group!(benches, packets);
criterion_main!(benches);
