//! Talk-off: speech is no key. The speech is that of the project's prompts, and of a person where the shared data are
//! (`shared/data/speech`, or `HOTLINE_SHARED_DATA`).

#![allow(clippy::disallowed_methods, reason = "a test reads the sounds beside it")]

use media::key_tone::KeyListener;
use std::path::PathBuf;

#[test]
fn speech_is_no_key() {
    let mut seconds = 0;
    let mut told = String::new();
    for (name, sound) in speech() {
        // Slower and faster, so that the voices are those of many.
        for speed in [80, 90, 100, 110, 120] {
            let sound: Vec<_> = (0..sound.len() * 100 / speed).map(|at| sound[at * speed / 100]).collect();
            seconds += sound.len() / 8_000;
            for digit in found(&sound).chars() {
                told += &format!("{digit} in {name} at {speed} %\n");
            }
        }
    }
    assert!(seconds > 300, "only {seconds} s of speech");
    assert_eq!(told, "", "in {seconds} s of speech");
}

fn found(sound: &[i16]) -> String {
    let mut listener = KeyListener::new();
    let mut keys = String::new();
    for piece in sound.chunks(160) {
        listener.push(piece, |digit| keys.push(digit.as_char()));
    }
    keys
}

/// The spoken prompts of the project, and the speech beside it where that is.
#[expect(clippy::print_stderr, reason = "who runs the tests must hear that a sample was passed over")]
fn speech() -> Vec<(String, Vec<i16>)> {
    let home = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut sounds = vec![];
    for language in ["en", "zh"] {
        for entry in std::fs::read_dir(home.join("../../media").join(language)).unwrap() {
            let path = entry.unwrap().path();
            sounds.push((path.display().to_string(), samples(&std::fs::read(path).unwrap()[44..])));
        }
    }
    let data = std::env::var_os("HOTLINE_SHARED_DATA")
        .map_or_else(|| home.join("../../../shared/data"), PathBuf::from);
    let file = data.join("speech/jfk.wav");
    match std::fs::read(&file) {
        Ok(bytes) => {
            let wide = samples(&bytes[44..]);
            let mut narrow = vec![0; wide.len()];
            let length = codec::Resampler::new(codec::SampleRate::Wide, codec::SampleRate::Narrow)
                .process(&wide, &mut narrow);
            narrow.truncate(length);
            // A man's voice, and what is left of it on a line.
            for shift in [0, 1, 2] {
                let quieter = narrow.iter().map(|sample| sample >> shift).collect();
                sounds.push((format!("jfk.wav, quieter by {shift} bits"), quieter));
            }
        }
        Err(_) => {
            eprintln!("PASSED OVER: no speech of a person, because {} is not there", file.display())
        }
    }
    sounds
}

fn samples(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}
