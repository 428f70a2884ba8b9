//! The files under `media/` are what callers will hear: the right form, loud enough, none missing.

use std::collections::BTreeSet;

use tests::sound::Sound;
use tests::tree;

/// Prompts are made to -20 dBFS; this is the room a replaced recording has around it.
const PROMPT_DBFS: std::ops::RangeInclusive<f64> = -28.0..=-14.0;

#[test]
fn every_prompt_exists_in_every_language() {
    let table = tree::text("media/prompts.tsv");
    for language in ["en", "zh"] {
        let named: BTreeSet<String> = table
            .lines()
            .skip(1)
            .filter_map(|line| line.split('\t').next())
            .map(|name| format!("{name}.wav"))
            .collect();
        let there: BTreeSet<String> = tree::files(&[".wav"])
            .iter()
            .filter_map(|path| path.strip_prefix(format!("media/{language}")).ok())
            .map(|path| path.display().to_string())
            .collect();
        let missing: Vec<_> = named.difference(&there).collect();
        assert!(missing.is_empty(), "media/{language} lacks {missing:?}: run media/make.py");
    }
}

#[test]
fn every_sound_has_the_form_of_a_telephone() {
    for path in tree::files(&[".wav"]).into_iter().filter(|path| path.starts_with("media")) {
        let sound = Sound::read(&tree::root().join(&path)).expect("a WAV file");
        assert_eq!((sound.rate(), sound.channels()), (8000, 1), "{}", path.display());
    }
}

#[test]
fn every_prompt_is_short_and_loud_enough_to_understand() {
    for path in tree::files(&[".wav"]) {
        if !path.starts_with("media/en") && !path.starts_with("media/zh") {
            continue;
        }
        let sound = Sound::read(&tree::root().join(&path)).expect("a WAV file");
        assert!((0.2..=20.0).contains(&sound.seconds()), "{}: {:.1} s", path.display(), sound.seconds());
        let loudness = sound.loudness_while_sounding_dbfs();
        assert!(PROMPT_DBFS.contains(&loudness), "{}: {loudness:.1} dBFS", path.display());
        assert!(sound.gaps(1.0).is_empty(), "{} falls silent in between", path.display());
    }
}

#[test]
fn the_hold_music_never_pauses_and_closes_its_circle() {
    let music = Sound::read(&tree::root().join("media/music/calm.wav")).expect("the hold music");
    assert!((30.0..=60.0).contains(&music.seconds()));
    assert!((-20.0..=-16.0).contains(&music.loudness_dbfs()), "{:.1} dBFS", music.loudness_dbfs());
    assert!(music.gaps(0.2).is_empty());
    let samples = music.channel(0);
    let steps = samples.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs());
    let widest = steps.max().expect("samples");
    let seam = (i32::from(samples[0]) - i32::from(samples[samples.len() - 1])).abs();
    assert!(seam <= widest, "the loop jumps by {seam}, the music itself never by more than {widest}");
}
