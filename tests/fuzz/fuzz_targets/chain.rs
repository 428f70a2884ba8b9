//! The chain of recordings: whatever stands in its file, each line holds or is told as broken, and another link can be added.

#![no_main]

use archive::{Archive, Finishing, check};
use libfuzzer_sys::fuzz_target;
use std::fs;
use std::sync::LazyLock;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

fuzz_target!(|data: &[u8]| {
    let file = FOLDER.path().join("chain");
    fs::write(&file, data).expect("written");
    let archive = Archive::in_folder(FOLDER.path()).expect("a folder");
    let checked = check(&archive).expect("it can be read");
    let lines = data.split(|byte| *byte == b'\n').count() + data.len() / 256;
    assert!(checked.links == 0, "there is no recording that could hold");
    assert!(checked.breaks <= lines as u64 && checked.broken.len() as u64 <= checked.breaks);
    assert!(checked.hash.is_empty() || checked.hash.len() == 64);
    // The center begins with this: it goes on with the end of it, or puts it aside.
    Finishing::new(&archive).expect("recording goes on");
    if !file.exists() {
        let aside = FOLDER.path().join("chain.broken-1");
        assert_eq!(fs::read(&aside).expect("it was put aside"), data);
        fs::remove_file(aside).expect("removed");
    }
});
