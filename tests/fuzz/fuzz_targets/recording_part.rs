//! The file of a recording that goes on, as a crash leaves it: what is read of it was written so, frame by frame.

#![no_main]

use archive::part::PartReader;
use libfuzzer_sys::fuzz_target;

/// The head of a file, without its check.
const HEAD_BYTES: usize = 23;
/// The head of a frame, without its check.
const FRAME_BYTES: usize = 11;

fuzz_target!(|data: &[u8]| {
    if let Some((_, mut reader)) = PartReader::new(data).expect("bytes can be read") {
        while reader.next_piece().expect("bytes can be read").is_some() {}
    }
    // Nobody guesses a check: the same bytes as heads and frames that are whole.
    let Some((head, mut rest)) = data.split_at_checked(HEAD_BYTES) else { return };
    let mut file = checked(head, &[]);
    while let Some((head, more)) = rest.split_at_checked(FRAME_BYTES) {
        let length = usize::from(u16::from_le_bytes([head[9], head[10]]));
        let Some((payload, more)) = more.split_at_checked(length) else { break };
        file.extend(checked(head, payload));
        rest = more;
    }
    let Some((_, mut reader)) = PartReader::new(&file[..]).expect("bytes can be read") else { return };
    let mut pieces = 0;
    while reader.next_piece().expect("bytes can be read").is_some() {
        pieces += 1;
    }
    assert!(pieces <= file.len() / (FRAME_BYTES + 4));
});

/// A head, its check, and what follows it.
fn checked(head: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(payload);
    [head, &hasher.finalize().to_le_bytes(), payload].concat()
}
