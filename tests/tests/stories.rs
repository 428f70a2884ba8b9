//! Every story comes out as it says: those of the whole in `stories/`, and the one beside each dialplan.
//!
//! `UPDATE_STORIES=1` writes down how they come out instead; look at the difference before you keep it.

#![allow(clippy::disallowed_methods, reason = "stories are files")]

use std::path::{Path, PathBuf};

#[test]
fn every_story_comes_out_as_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = [root.join("stories"), root.join("../dialplans")];
    let stories: Vec<_> = files.iter().flat_map(|folder| stories_in(folder)).collect();
    assert!(stories.len() > 1, "the stories are gone");
    let untrue: Vec<_> = stories.iter().filter_map(|story| check(story).err()).collect();
    assert!(untrue.is_empty(), "{}", untrue.join("\n\n"));
}

fn check(file: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let setup = hotline::simulate::demo_setup().map_err(|error| error.to_string())?;
    if std::env::var_os("UPDATE_STORIES").is_some() {
        let head: String =
            text.lines().take_while(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
        let told =
            sim::story::run(&text, setup, 1).map_err(|untrue| format!("{}: {untrue}", file.display()))?;
        return std::fs::write(file, head + &told).map_err(|error| error.to_string());
    }
    sim::story::check(&text, setup, 1).map_err(|untrue| format!("{}: {untrue}", file.display()))
}

fn stories_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut stories: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "story")).collect();
    stories.sort();
    stories
}
