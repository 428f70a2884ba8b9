//! The manifest of a recording: what is read prints so that it reads the same, and its hash is of everything but itself.

#![no_main]

use archive::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(manifest) = Manifest::parse(data) else { return };
    let hash = manifest.reckoned_hash();
    assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let printed = serde_json::to_vec(&manifest).expect("it prints");
    let again = Manifest::parse(&printed).expect("what was printed");
    assert_eq!(again, manifest);
    let other = Manifest { hash: "of something else".to_owned(), ..again.clone() };
    assert_eq!(other.reckoned_hash(), hash);
    let longer = Manifest { length_ms: manifest.length_ms ^ 1, ..again };
    assert_ne!(longer.reckoned_hash(), hash);
});
