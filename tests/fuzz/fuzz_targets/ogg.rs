//! Ogg: a prompt that somebody uploads, and a recording of ours that something has damaged.

#![no_main]

use archive::opus::OpusAsWav;
use libfuzzer_sys::fuzz_target;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::panic;
use std::sync::LazyLock;

static FILE: LazyLock<File> = LazyLock::new(|| tempfile::tempfile().expect("a file"));

fuzz_target!(|data: &[u8]| {
    // Nobody guesses a check: each page gets the one that is right.
    let mut bytes = data.to_vec();
    repair(&mut bytes);
    as_a_recording(&bytes);
    // The reader of prompts is other people's and panics now and then, which is caught; here a panic would end the process.
    let ends_all = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let read = panic::catch_unwind(|| speech::file::read(bytes, "ogg"));
    panic::set_hook(ends_all);
    if let Ok(sound) = read.expect("what panics is a damaged file") {
        let wide = sound.wide.as_ref().map_or(sound.narrow.len() * 2, Vec::len);
        assert!(wide.abs_diff(sound.narrow.len() * 2) <= 2);
    }
});

fn as_a_recording(bytes: &[u8]) {
    let mut file = &*FILE;
    file.set_len(0).and_then(|()| file.rewind()).expect("emptied");
    file.write_all(bytes).expect("written");
    let Ok(mut wav) = OpusAsWav::new(file.try_clone().expect("the same file")) else { return };
    let length = wav.length();
    let mut sound = Vec::new();
    for from in [0, length / 3, length.saturating_sub(1_000)] {
        wav.seek(SeekFrom::Start(from)).expect("a place in it");
        sound.clear();
        let _ = (&mut wav).take(1 << 16).read_to_end(&mut sound);
        assert!(sound.len() as u64 <= length - from);
    }
}

/// Writes the check of each page (RFC 3533 §6).
fn repair(bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(head) = bytes[at..].first_chunk::<27>().filter(|head| head.starts_with(b"OggS")) {
        let count = usize::from(head[26]);
        let Some(lengths) = bytes.get(at + 27..at + 27 + count) else { return };
        let end = at + 27 + count + lengths.iter().map(|length| usize::from(*length)).sum::<usize>();
        let Some(page) = bytes.get_mut(at..end) else { return };
        page[22..26].fill(0);
        let check = page.iter().fold(0_u32, |check, byte| {
            (0..8).fold(check ^ u32::from(*byte) << 24, |check, _| {
                if check & 0x8000_0000 == 0 { check << 1 } else { check << 1 ^ 0x04c1_1db7 }
            })
        });
        page[22..26].copy_from_slice(&check.to_le_bytes());
        at = end;
    }
}
