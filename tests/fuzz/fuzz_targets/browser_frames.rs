//! What comes over a browser's connection, cut anywhere: packets as they went in, none too long, and nothing is hoarded.

#![no_main]

use browser_peer::frames::{FRAME_BYTES_MAX, Frames, write_frame};
use browser_peer::{Kind, stun::Check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut buffer = [0; FRAME_BYTES_MAX];
    // Raw bytes in two pieces, cut where the first byte says.
    let mut frames = Frames::default();
    let cut = data.first().map_or(0, |at| usize::from(*at).min(data.len()));
    let (one, other) = data.split_at(cut);
    for piece in [one, other] {
        frames.push(piece);
        while let Ok(Some(length)) = frames.pop(&mut buffer) {
            let _ = (Kind::of(&buffer[..length]), Check::parse(&buffer[..length]).is_some());
        }
    }
    // Packets of the same bytes, written and read again.
    let packets: Vec<&[u8]> = data.chunks(1 + cut).collect();
    let mut bytes = Vec::new();
    for packet in &packets {
        assert!(write_frame(packet, &mut bytes));
    }
    let mut frames = Frames::default();
    let mut found = Vec::new();
    for piece in bytes.chunks(1 + cut / 3) {
        frames.push(piece);
        while let Some(length) = frames.pop(&mut buffer).expect("short packets") {
            found.push(buffer[..length].to_vec());
        }
    }
    assert_eq!(found, packets);
});
