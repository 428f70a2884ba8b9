//! The floors of `crates/ARCHITECTURE.md`, read from the manifests: down only, and floors 0 to 3 deaf and blind.

use std::collections::BTreeMap;

use tests::floors::{LAST_BLIND_FLOOR, floor, is_blind};
use tests::tree;

/// Crates that bring sockets, clocks, threads, chance or JSON, with what to use instead. They may not stand anywhere in
/// the dependency tree of floors 0 to 3.
const WORLDLY: &[(&str, &str)] = &[
    ("tokio", "machines are polled, the runtime crate has the executor"),
    ("mio", "sockets live in net"),
    ("socket2", "sockets live in net"),
    ("hyper", "HTTP lives in web and integrations"),
    ("reqwest", "HTTP lives in web and integrations"),
    ("axum", "HTTP lives in web"),
    ("sqlx", "SQL lives in store"),
    ("serde_json", "JSON begins on floor 4"),
    ("rand", "chance enters as base::IdSource and base::SecretSource"),
    ("getrandom", "chance enters as base::IdSource and base::SecretSource"),
    ("rayon", "machines have no threads"),
    ("crossbeam-channel", "machines have no threads"),
    ("tempfile", "machines have no files"),
];

/// Crates that floors 0 to 3 may not name themselves. A leaf below may use them for facts about the processor.
const NOT_BY_NAME: &[(&str, &str)] =
    &[("libc", "system calls begin on floor 4"), ("nix", "system calls begin on floor 4")];

#[test]
fn every_crate_has_a_floor() {
    for name in tree::crates() {
        assert!(floor(&name).is_some(), "crates/{name} is not in the table of floors");
    }
}

#[test]
fn crates_use_only_floors_below() {
    let mut wrong = Vec::new();
    for name in tree::crates() {
        for used in dependencies(&name, &["dependencies", "dev-dependencies", "build-dependencies"]) {
            if let (Some(above), Some(below)) = (floor(&name), floor(&used))
                && below >= above
            {
                wrong.push(format!("{name} (floor {above}) uses {used} (floor {below})"));
            }
        }
    }
    assert!(wrong.is_empty(), "up or sideways:\n  {}", wrong.join("\n  "));
}

#[test]
fn the_blind_floors_depend_on_nothing_worldly() {
    let mut wrong = Vec::new();
    for name in blind_crates() {
        for used in dependencies(&name, &["dependencies", "build-dependencies"]) {
            for (banned, instead) in NOT_BY_NAME {
                if used == *banned {
                    wrong.push(format!("{name} names {banned}: {instead}"));
                }
            }
        }
        let tree = tree::linked_into(&name);
        for (banned, instead) in WORLDLY {
            if tree.contains(*banned) {
                wrong.push(format!(
                    "{name} depends on {banned}: {instead} (cargo tree -e normal -p {name} -i {banned})"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "floors 0 to {LAST_BLIND_FLOOR} are deaf and blind:\n  {}", wrong.join("\n  "));
}

#[test]
fn the_blind_floors_do_not_switch_their_lints_off() {
    // clippy.toml bans the clock, files, threads and unordered maps by name. Tests may read a sample file.
    let mut wrong = Vec::new();
    for name in blind_crates() {
        for path in tree::files(&[".rs"]) {
            if !path.starts_with(format!("crates/{name}/src")) {
                continue;
            }
            let text = tree::text(&path);
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            let whole_file_is_tests = path.file_name().is_some_and(|n| n == "tests.rs");
            if !whole_file_is_tests && product.contains("clippy::disallowed_") {
                wrong.push(path.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "these files allow what clippy.toml forbids:\n  {}", wrong.join("\n  "));
}

#[test]
fn every_crate_follows_the_lints_of_the_workspace() {
    for name in tree::crates() {
        let manifest = manifest(&name);
        let inherits = manifest.get("lints").and_then(|l| l.get("workspace")).and_then(toml::Value::as_bool);
        assert_eq!(inherits, Some(true), "crates/{name}/Cargo.toml lacks `[lints] workspace = true`");
    }
}

fn blind_crates() -> Vec<String> {
    tree::crates().into_iter().filter(|name| is_blind(name)).collect()
}

fn manifest(name: &str) -> toml::Table {
    tree::text(format!("crates/{name}/Cargo.toml"))
        .parse()
        .unwrap_or_else(|e| panic!("crates/{name}/Cargo.toml: {e}"))
}

/// The packages a crate names in these sections, under their real names, for all targets.
fn dependencies(name: &str, sections: &[&str]) -> Vec<String> {
    let manifest = manifest(name);
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(|t| t.values());
    let tables: Vec<&toml::Table> =
        std::iter::once(&manifest).chain(targets.filter_map(toml::Value::as_table)).collect();
    let workspace = workspace_names();
    let mut used = Vec::new();
    for table in tables {
        for section in sections {
            let Some(entries) = table.get(*section).and_then(toml::Value::as_table) else { continue };
            for (key, value) in entries {
                let renamed = value.get("package").and_then(toml::Value::as_str);
                used.push(
                    renamed
                        .map(str::to_owned)
                        .or_else(|| workspace.get(key).cloned())
                        .unwrap_or_else(|| key.clone()),
                );
            }
        }
    }
    used
}

/// The real names behind the keys of `[workspace.dependencies]`.
fn workspace_names() -> BTreeMap<String, String> {
    let root: toml::Table = tree::text("Cargo.toml").parse().expect("the root manifest");
    let shared = root["workspace"]["dependencies"].as_table().expect("workspace dependencies").clone();
    shared
        .into_iter()
        .map(|(key, value)| {
            let name = value.get("package").and_then(toml::Value::as_str).unwrap_or(&key).to_owned();
            (key, name)
        })
        .collect()
}
