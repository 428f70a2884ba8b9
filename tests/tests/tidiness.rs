//! The rules of the house that a machine can check: sizes, leftovers, maps that are true.

use std::path::Path;

use tests::floors::is_blind;
use tests::tree;

/// How long a file may get before somebody has to ask which noun is missing.
const LINES_MAX: usize = 800;

/// Files that may be longer, each with its reason.
const LONGER: &[(&str, &str)] = &[];

/// Tests that may wait for time to pass, each with its reason. None of them is on floors 0 to 3.
const REAL_TIME: &[(&str, &str)] = &[];

/// What people write by hand and what is checked line by line.
const WRITTEN: &[&str] = &[".rs", ".ts", ".tsx", ".mjs", ".py", ".sh", ".toml", ".sql", ".css", ".html"];

#[test]
fn no_file_is_too_long_to_read() {
    let mut wrong = Vec::new();
    for path in tree::files(WRITTEN) {
        let lines = tree::text(&path).lines().count();
        let excused = LONGER.iter().any(|(name, _)| Path::new(name) == path);
        if lines > LINES_MAX && !excused {
            wrong.push(format!("{} has {lines} lines", path.display()));
        }
    }
    assert!(wrong.is_empty(), "over {LINES_MAX} lines, which noun is missing?\n  {}", wrong.join("\n  "));
}

#[test]
fn nothing_is_left_for_later() {
    // Written in two halves, so that this file does not find itself.
    let notes = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
    ];
    refuse(WRITTEN, |_| true, &notes, "a note for later is an issue, not a comment");
}

#[test]
fn every_test_runs() {
    let rust = [concat!("#[ig", "nore"), concat!("#[cfg(any", "())]")];
    refuse(
        &[".rs"],
        |_| true,
        &rust,
        "a test that does not run proves nothing: assert the wrong behavior and say so",
    );
    let script = [
        concat!("it.sk", "ip("),
        concat!("test.sk", "ip("),
        concat!("describe.sk", "ip("),
        concat!("test.to", "do("),
        concat!(".on", "ly("),
    ];
    refuse(&[".ts", ".tsx", ".mjs"], |_| true, &script, "a test that does not run proves nothing");
}

#[test]
fn no_test_sleeps() {
    let words = [concat!("thread::sl", "eep"), concat!("time::sl", "eep"), concat!("waitFor", "Timeout")];
    let is_test = |path: &Path| {
        let excused = REAL_TIME.iter().any(|(name, _)| Path::new(name) == path);
        !excused && path.components().any(|c| c.as_os_str() == "tests")
    };
    refuse(&[".rs", ".ts", ".tsx", ".mjs"], is_test, &words, "move the time, or wait for the event");
    let is_deterministic = |path: &Path| {
        let name = path
            .strip_prefix("crates")
            .ok()
            .and_then(|rest| rest.iter().next())
            .and_then(|name| name.to_str());
        name.is_some_and(|name| is_blind(name) || name == "sim")
    };
    refuse(&[".rs"], is_deterministic, &words, "time is moved here, never slept");
}

#[test]
fn the_guide_names_every_package_that_is_installed() {
    let script = tree::text(Path::new(".ci/install"));
    let guide = tree::text(Path::new("docs/install.md"));
    let lists = script.split("\npackages_for_").skip(1).filter_map(|list| list.split('\'').nth(1));
    let packages: Vec<_> =
        lists.flat_map(str::lines).filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert!(packages.len() > 8, "{packages:?}");
    let unnamed: Vec<_> =
        packages.iter().filter(|name| !guide.split([' ', '`']).any(|word| word == **name)).collect();
    assert!(unnamed.is_empty(), "docs/install.md says nothing of {unnamed:?}");
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let places = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/fa", "rm/"), concat!("/ho", "me/")];
    refuse(
        &[
            ".rs",
            ".ts",
            ".tsx",
            ".mjs",
            ".py",
            ".sh",
            ".toml",
            ".md",
            ".json",
            ".yml",
            "Makefile",
            "Dockerfile",
        ],
        |_| true,
        &places,
        "write the path relative to the project",
    );
}

#[test]
fn the_maps_name_every_crate() {
    let map = tree::text("crates/ARCHITECTURE.md");
    let readme = tree::text("README.md");
    let mut wrong = Vec::new();
    for name in tree::crates() {
        let word = format!("`{name}`");
        if !map.contains(&word) {
            wrong.push(format!("crates/ARCHITECTURE.md does not name {word}"));
        }
        if !readme.lines().any(|line| line.starts_with('|') && line.contains(&word)) {
            wrong.push(format!("the table of crates in README.md has no line for {word}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_readme_names_every_dependency_we_chose() {
    let manifest: toml::Table = tree::text("Cargo.toml").parse().expect("the root manifest");
    let readme = tree::text("README.md");
    let mut wrong = Vec::new();
    for (key, value) in manifest["workspace"]["dependencies"].as_table().expect("workspace dependencies") {
        let ours = value.get("path").is_some();
        let name = value.get("package").and_then(toml::Value::as_str).unwrap_or(key);
        if !ours && !readme.contains(&format!("`{name}`")) {
            wrong.push(name.to_owned());
        }
    }
    assert!(wrong.is_empty(), "README.md says nothing about these dependencies: {}", wrong.join(", "));
}

/// Refuses `words` in every file with one of the endings that `concerns` picks, and lists each place.
fn refuse(endings: &[&str], concerns: impl Fn(&Path) -> bool, words: &[&str], why: &str) {
    let mut places = Vec::new();
    for path in tree::files(endings) {
        if !concerns(&path) || path.file_name().is_some_and(|n| n == "package-lock.json") {
            continue;
        }
        for (number, line) in tree::text(&path).lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                places.push(format!("{}:{}: {word}", path.display(), number + 1));
            }
        }
    }
    assert!(places.is_empty(), "{why}:\n  {}", places.join("\n  "));
}
