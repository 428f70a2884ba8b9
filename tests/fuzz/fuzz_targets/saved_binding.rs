//! A line of the registrations' file: what is read prints so that it reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sip::SavedBinding;

fuzz_target!(|data: &[u8]| {
    let Ok(line) = std::str::from_utf8(data) else { return };
    let Ok(saved) = line.parse::<SavedBinding>() else { return };
    let printed = saved.to_string();
    assert!(!printed.contains(['\r', '\n']));
    let again: SavedBinding = printed.parse().expect("what was printed");
    assert_eq!(again.to_string(), printed);
});
