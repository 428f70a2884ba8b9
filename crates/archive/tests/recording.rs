//! From frames to a file that plays: tones on the right side, silence where nobody spoke, and whatever a crash or a
//! full disk leaves.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests meet real files")]

use archive::speech::Span;
use archive::{
    Archive, ArchiveError, Checked, Ended, Finished, Finishing, Form, Manifest, Recorder, RecorderOptions,
    SoundFormat, Wanted,
};
use base::{Duration, Timestamp};
use media::{Frame, Law, Recorded, RecordingKey, Side};
use model::record::RecordingKind;
use model::timeline::LegRole;
use model::{InteractionId, RecordingId, RecordingMark, RecordingRecord, RecordingState, Voice};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

const ONE: RecordingId = RecordingId::from_u64(1);

#[test]
fn the_caller_is_heard_left_and_the_agent_right() {
    let place = Place::new();
    let finished = place.record(ONE, RecordingKind::Call, |take| {
        for packet in 0..100 {
            take(sound(ONE, Side::Left, Law::Mu, packet * 160, &tone(440, packet * 160, 160)));
            take(sound(ONE, Side::Right, Law::A, packet * 160, &tone(1000, packet * 160, 160)));
        }
        take(end(ONE, 16_000));
    });
    let finished = finished.unwrap();
    assert_eq!(finished.length, Duration::from_secs(2));

    let wav = place.wav(ONE);
    assert_eq!((wav.channels, wav.left.len(), wav.right.len()), (2, 16_000, 16_000));
    assert!(strength(&wav.left, 440) > 10.0 * strength(&wav.left, 1000));
    assert!(strength(&wav.right, 1000) > 10.0 * strength(&wav.right, 440));

    let content = std::fs::read(place.path(ONE, "wav")).unwrap();
    assert_eq!(finished.bytes, content.len() as u64);
    assert_eq!(finished.sha256, <[u8; 32]>::from(Sha256::digest(&content)));
    assert!(!place.path(ONE, "part").exists());
    let mode = std::fs::metadata(place.path(ONE, "wav")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else may listen");
}

#[test]
fn what_nobody_said_is_silence_and_every_word_keeps_its_place() {
    let place = Place::new();
    place
        .record(ONE, RecordingKind::Call, |take| {
            // The agent begins a second later than the caller; a packet of the caller comes late, another never.
            take(sound(ONE, Side::Left, Law::Mu, 0, &[1000; 160]));
            take(sound(ONE, Side::Left, Law::Mu, 320, &[3000; 160]));
            take(sound(ONE, Side::Left, Law::Mu, 160, &[2000; 160]));
            take(sound(ONE, Side::Right, Law::Mu, 8_000, &[4000; 160]));
            take(sound(ONE, Side::Left, Law::Mu, 640, &[5000; 160]));
            take(end(ONE, 24_000));
        })
        .unwrap();
    let wav = place.wav(ONE);
    assert_eq!(wav.left.len(), 24_000, "it lasted until its end");
    for (range, expected) in [
        (0..160, 1000),
        (160..320, 2000),
        (320..480, 3000),
        (480..640, 0),
        (640..800, 5000),
        (800..24_000, 0),
    ] {
        let about = wav.left[range.clone()].iter().all(|sample| (i32::from(*sample) - expected).abs() <= 130);
        assert!(about, "left {range:?}");
    }
    assert!(wav.right[..8_000].iter().all(|sample| *sample == 0));
    assert!(wav.right[8_000..8_160].iter().all(|sample| (i32::from(*sample) - 4000).abs() <= 130));
}

#[test]
fn a_silence_longer_than_the_window_is_written_whole() {
    let place = Place::new();
    let minute = 60 * 8_000;
    place
        .record(ONE, RecordingKind::Call, |take| {
            take(sound(ONE, Side::Left, Law::Mu, 0, &[1000; 160]));
            take(sound(ONE, Side::Right, Law::Mu, minute, &[2000; 160]));
            take(sound(ONE, Side::Left, Law::Mu, u64::MAX - 10, &[2000; 160]));
            take(end(ONE, minute + 160));
        })
        .unwrap();
    let wav = place.wav(ONE);
    assert_eq!(wav.left.len() as u64, minute + 160, "a position gone mad adds nothing");
    assert!(wav.left[0] > 800);
    assert!(wav.left[160..].iter().all(|sample| *sample == 0));
    assert!(wav.right[minute as usize] > 1800);
}

#[test]
fn a_message_has_one_channel() {
    let place = Place::new();
    place
        .record(ONE, RecordingKind::Message, |take| {
            take(sound(ONE, Side::Left, Law::A, 0, &tone(440, 0, 160)));
            take(end(ONE, 160));
        })
        .unwrap();
    assert_eq!(place.wav(ONE).channels, 1);
}

#[test]
fn recordings_side_by_side_do_not_mix() {
    let place = Place::new();
    let (recorder, ended) = place.recorder();
    let many: Vec<RecordingId> = (1..=50).map(RecordingId::from_u64).collect();
    for recording in &many {
        recorder.begin(*recording, RecordingKind::Call, place.day).unwrap();
    }
    for packet in 0..20u64 {
        for recording in &many {
            let level = 300 * recording.as_u64() as i16;
            assert!(recorder.take(&sound(*recording, Side::Left, Law::Mu, packet * 160, &[level; 160])));
        }
    }
    for recording in &many {
        recorder.take(&end(*recording, 3_200));
    }
    drop(recorder);
    assert_eq!(ended.iter().filter(|ended| matches!(ended, Ended::Finished(_))).count(), 50);
    for recording in many {
        let expected = 300 * recording.as_u64() as i32;
        let wav = place.wav(recording);
        assert_eq!(wav.left.len(), 3_200);
        assert!(wav.left.iter().all(|sample| (i32::from(*sample) - expected).abs() <= expected / 16 + 8));
    }
}

#[test]
fn the_recorder_counts_what_it_cannot_take_and_what_belongs_to_nobody() {
    let place = Place::new();
    let (on_ended, ended) = place.listener();
    let options = RecorderOptions { ring_max: 4, recordings_max: 1, ..RecorderOptions::default() };
    let recorder = Recorder::start(place.archive.clone(), &options, on_ended, Arc::new(|_, _| {})).unwrap();
    let stray = RecordingId::from_u64(9);
    // No recording goes on, so that nobody empties the ring.
    let taken =
        (0..10).filter(|at| recorder.take(&sound(stray, Side::Left, Law::Mu, at * 160, &[0; 160]))).count();
    assert_eq!(taken, 4);
    assert_eq!(recorder.stats().dropped, 6);

    recorder.begin(ONE, RecordingKind::Call, place.day).unwrap();
    let refused = recorder.begin(RecordingId::from_u64(2), RecordingKind::Call, place.day).unwrap_err();
    assert_eq!(refused.to_string(), "1 recordings go on already");
    recorder.finish(ONE);
    assert!(matches!(ended.recv().unwrap(), Ended::Finished(_)));
    let stats = recorder.stats();
    assert_eq!((stats.active, stats.finished, stats.stray), (0, 1, 4));
}

#[test]
fn a_recording_that_cannot_be_written_fails_alone() {
    let place = Place::new();
    // A file stands where the folder of the other day should be.
    std::fs::write(place.folder.path().join("recordings/2027"), "").unwrap();
    let next_year = Timestamp::from_millis(1_800_000_000_000);
    assert!(next_year.to_string().starts_with("2027"));
    let (recorder, ended) = place.recorder();
    let other = RecordingId::from_u64(2);
    recorder.begin(other, RecordingKind::Call, next_year).unwrap();
    recorder.begin(ONE, RecordingKind::Call, place.day).unwrap();
    recorder.take(&sound(ONE, Side::Left, Law::Mu, 0, &[1000; 160]));
    recorder.take(&sound(other, Side::Left, Law::Mu, 0, &[1000; 160]));
    recorder.take(&end(ONE, 160));
    match ended.recv().unwrap() {
        Ended::Saved(_) => panic!("there was room"),
        Ended::Failed { recording, why } => {
            assert_eq!(recording, other);
            assert!(why.to_string().contains(&other.to_string()), "{why}");
        }
        Ended::Finished(finished) => panic!("{finished:?}"),
    }
    assert!(matches!(ended.recv().unwrap(), Ended::Finished(Finished { recording: ONE, .. })));
    assert_eq!(recorder.stats().failed, 1);
}

#[test]
fn a_full_disk_leaves_what_was_written_and_says_so() {
    let place = Place::new();
    let part = place.unfinished(ONE, 50);
    // Everything written to this device fails for want of room.
    std::os::unix::fs::symlink("/dev/full", part.with_extension("wav.new")).unwrap();
    let refused = place.finish(&part).unwrap_err();
    assert!(matches!(refused, ArchiveError::DiskFull { .. }), "{refused}");
    assert!(refused.to_string().starts_with("the disk is full"), "{refused}");
    assert!(part.exists(), "the sound is still there");
    assert!(!part.with_extension("wav").exists());

    let ended = archive::recover(&place.archive).unwrap();
    assert!(matches!(&ended[..], [Ended::Saved(manifest)] if manifest.length_ms == 1_000));
}

#[test]
fn a_crash_costs_no_sound_that_was_in_the_file() {
    let place = Place::new();
    let part = place.unfinished(ONE, 50);
    // It also came while another file was being finished.
    std::fs::write(part.with_file_name("RC-0000000000009.wav.new"), "half a file").unwrap();
    let ended = archive::recover(&place.archive).unwrap();
    match &ended[..] {
        [Ended::Saved(manifest)] => assert_eq!(manifest.length_ms, 1_000),
        other => panic!("{other:?}"),
    }
    let wav = place.wav(ONE);
    assert_eq!(wav.left.len(), 8_000);
    assert!(strength(&wav.left, 440) > 10.0 * strength(&wav.left, 1000));
    let mut left: Vec<_> = std::fs::read_dir(part.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path().extension().unwrap().to_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["json", "peaks", "wav"]);
    assert!(archive::recover(&place.archive).unwrap().is_empty());
}

#[test]
fn a_file_cut_within_its_head_is_removed() {
    let place = Place::new();
    let part = place.unfinished(ONE, 1);
    std::fs::write(&part, &std::fs::read(&part).unwrap()[..10]).unwrap();
    assert!(archive::recover(&place.archive).unwrap().is_empty());
    assert!(!part.exists());
}

#[test]
fn a_recording_is_opened_by_its_record_and_nothing_else() {
    let place = Place::new();
    let part = place.unfinished(ONE, 50);
    assert!(matches!(place.open(ONE).err().unwrap(), ArchiveError::Unfinished(ONE)));
    place.finish(&part).unwrap();
    let mut opened = place.open(ONE).unwrap();
    let mut content = Vec::new();
    opened.sound.read_to_end(&mut content).unwrap();
    assert_eq!((content.len() as u64, opened.format), (opened.bytes, Form::Wav));
    let missing = RecordingId::from_u64(77);
    assert!(matches!(place.open(missing).err().unwrap(), ArchiveError::Missing(id) if id == missing));
}

#[test]
fn the_manifest_tells_who_was_there_who_spoke_and_what_was_kept_out() {
    let place = Place::new();
    let (recorder, ended) = place.recorder();
    let after = |millis: u64| place.day + Duration::from_millis(millis);
    recorder.begin(ONE, RecordingKind::Call, place.day).unwrap();
    let interaction = InteractionId::from_u64(77);
    recorder.mark(ONE, RecordingMark::Belongs(interaction), place.day);
    recorder.mark(ONE, sides("4711", Some("anna")), place.day);
    // The caller speaks in the first second and in the fourth, the agents in the second and in the fifth.
    for (side, second) in [(Side::Left, 0), (Side::Right, 1), (Side::Left, 3), (Side::Right, 4)] {
        for packet in second * 50..(second + 1) * 50 {
            assert!(recorder.take(&sound(ONE, side, Law::Mu, packet * 160, &tone(440, packet * 160, 160))));
        }
    }
    recorder.mark(ONE, state(RecordingState::Paused), after(2_000));
    recorder.mark(ONE, sides("4711", None), after(2_200));
    recorder.mark(ONE, state(RecordingState::CustomerMasked), after(2_500));
    recorder.mark(ONE, sides("4711", Some("bert")), after(2_800));
    recorder.mark(ONE, state(RecordingState::Running), after(3_000));
    assert!(recorder.take(&end(ONE, 40_000)));
    drop(recorder);
    assert!(matches!(ended.recv().unwrap(), Ended::Finished(_)));

    let manifest = Manifest::read(&place.path(ONE, "json")).unwrap();
    assert_eq!(manifest.interaction, Some(interaction.to_string()));
    let parts: Vec<_> = manifest
        .parts
        .iter()
        .map(|part| (part.from_ms, part.to_ms, part.right.as_ref().map_or("", |party| party.name.as_str())))
        .collect();
    assert_eq!(parts, [(0, 2_200, "anna"), (2_200, 2_800, ""), (2_800, 5_000, "bert")]);
    assert!(manifest.parts.iter().all(|part| part.left.as_ref().unwrap().name == "4711"));
    let kept_out: Vec<_> = manifest
        .kept_out
        .iter()
        .map(|out| (out.from_ms, out.to_ms, out.state.as_str(), out.by.as_str()))
        .collect();
    assert_eq!(kept_out, [(2_000, 2_500, "paused", "anna"), (2_500, 3_000, "customer_masked", "anna")]);
    assert_eq!(manifest.spoke.left, [Span(0, 1_000), Span(3_000, 4_000)]);
    assert_eq!(manifest.spoke.right, [Span(1_000, 2_000), Span(4_000, 5_000)]);
    assert_eq!((manifest.length_ms, manifest.sound.channels, manifest.sound.rate), (5_000, 2, 8_000));

    let peaks = place.archive.peaks(&place.entry(ONE)).unwrap().expect("it has an outline");
    let loud = |side: usize| peaks.at_most(5).sides[side].iter().map(|value| *value > 50).collect::<Vec<_>>();
    assert_eq!(loud(0), [true, false, false, true, false]);
    assert_eq!(loud(1), [false, true, false, false, true]);
    assert_eq!(peaks.sides[0].len(), 100, "one for each 50 ms");

    // Recordings of before there were outlines get the same one when somebody asks, and keep it.
    std::fs::remove_file(place.path(ONE, "peaks")).unwrap();
    assert_eq!(place.archive.peaks(&place.entry(ONE)).unwrap(), None);
    assert_eq!(place.archive.outline(&place.entry(ONE)).unwrap(), peaks);
    assert_eq!(place.archive.peaks(&place.entry(ONE)).unwrap(), Some(peaks), "it is not made a second time");
}

#[test]
fn whoever_touches_a_recording_breaks_the_chain_there() {
    let many: Vec<RecordingId> = (1..=5).map(RecordingId::from_u64).collect();
    let chained = || {
        let place = Place::new();
        for recording in &many {
            let part = place.unfinished(*recording, 10);
            place.finish(&part).unwrap();
        }
        place
    };
    let whole = chained();
    let checked = archive::check(&whole.archive).unwrap();
    assert_eq!((checked.links, checked.broken), (5, vec![]));
    let whole_hash = Manifest::read(&whole.path(many[4], "json")).unwrap().hash;
    assert_eq!(checked.hash, whole_hash);

    let third = many[2];
    type Touch = fn(&Place, RecordingId);
    // What is done, the link that breaks, why, and how many hold.
    let touches: [(Touch, u64, &str, u64); 7] = [
        (|place, it| flip(&place.path(it, "wav"), 500), 3, "its sound was changed", 4),
        (|place, it| std::fs::remove_file(place.path(it, "wav")).unwrap(), 3, "its sound is missing", 4),
        (
            |place, it| edit(&place.path(it, "json"), "\"length_ms\": 200", "\"length_ms\": 100"),
            3,
            "its manifest was changed",
            4,
        ),
        (
            |place, it| {
                // Somebody who knows how makes a manifest anew that holds in itself.
                let path = place.path(it, "json");
                let mut manifest = Manifest::read(&path).unwrap();
                manifest.length_ms = 100;
                manifest.hash = manifest.reckoned_hash();
                std::fs::write(&path, serde_json::to_vec(&manifest).unwrap()).unwrap();
            },
            3,
            "its manifest was replaced",
            4,
        ),
        (|place, it| std::fs::remove_file(place.path(it, "json")).unwrap(), 3, "cannot be used", 4),
        (
            |place, it| edit_chain(place, |lines| lines.retain(|line| !line.contains(&it.to_string()))),
            3,
            "its line has the number 4",
            3,
        ),
        (
            |place, it| {
                edit_chain(place, |lines| {
                    let at = lines.iter().position(|line| line.contains(&it.to_string())).unwrap();
                    let other = lines[at + 1].split(' ').nth(1).unwrap().to_owned();
                    lines[at] = lines[at].replace(&it.to_string(), &other);
                });
            },
            3,
            "its manifest follows another recording",
            4,
        ),
    ];
    for (touch, number, why, left) in touches {
        let place = chained();
        touch(&place, third);
        let checked = archive::check(&place.archive).unwrap();
        let [broken] = &checked.broken[..] else { panic!("{why}, told once: {:?}", checked.broken) };
        assert_eq!(broken.number, number, "{why}");
        assert!(broken.why.contains(why), "{} is not {why}", broken.why);
        assert_eq!((checked.links, checked.breaks, checked.hash == whole_hash), (left, 1, true), "{why}");
    }
}

#[test]
fn every_damage_of_the_chain_is_told_and_a_chain_that_is_gone_is_one() {
    let place = Place::new();
    assert_eq!(archive::check(&place.archive).unwrap(), Checked::default(), "nothing was recorded yet");
    let many: Vec<RecordingId> = (1..=6).map(RecordingId::from_u64).collect();
    for recording in &many {
        let part = place.unfinished(*recording, 10);
        place.finish(&part).unwrap();
    }
    let told = |place: &Place| -> Vec<(u64, String)> {
        let checked = archive::check(&place.archive).unwrap();
        checked.broken.into_iter().map(|broken| (broken.number, broken.why)).collect()
    };
    flip(&place.path(many[1], "wav"), 500);
    edit_chain(&place, |lines| lines[3] = "what is this".to_owned());
    std::fs::remove_file(place.path(many[4], "wav")).unwrap();
    let [second, fourth, fifth] = &told(&place)[..] else { panic!("{:?}", told(&place)) };
    assert_eq!(*second, (2, "its sound was changed".to_owned()));
    assert_eq!(*fourth, (4, "its line in the chain cannot be read".to_owned()));
    assert_eq!(*fifth, (5, "its sound is missing".to_owned()));

    edit_chain(&place, |lines| lines.truncate(2));
    let cut: Vec<u64> = told(&place).iter().map(|(number, _)| *number).collect();
    assert_eq!(cut, [2, 3, 4, 5, 6], "those behind the cut have no line any more");
    std::fs::remove_file(place.archive.root().join("chain")).unwrap();
    let gone = archive::check(&place.archive).unwrap();
    assert_eq!((gone.links, gone.breaks), (0, 6), "a chain that is gone is no chain that holds");
}

#[test]
fn a_crash_within_finishing_neither_doubles_a_link_nor_breaks_the_chain() {
    let place = Place::new();
    let two = RecordingId::from_u64(2);
    let (one_part, two_part) = (place.unfinished(ONE, 10), place.unfinished(two, 10));
    let content = std::fs::read(&two_part).unwrap();
    place.finish(&one_part).unwrap();
    let first = place.finish(&two_part).unwrap();
    // It came before the part was deleted, and half a line of the next link was written.
    std::fs::write(&two_part, &content).unwrap();
    let chain = place.archive.root().join("chain");
    let lines = std::fs::read_to_string(&chain).unwrap();
    std::fs::write(&chain, format!("{lines}3 RC-00000")).unwrap();
    let ended = archive::recover(&place.archive).unwrap();
    let [Ended::Saved(again)] = &ended[..] else { panic!("{ended:?}") };
    assert_eq!((again.recording.as_str(), again.sound.bytes), (two.to_string().as_str(), first.bytes));
    assert_eq!(again.chain.number, 2, "the link that was made before");
    // It came before the link was made.
    let three = place.unfinished(RecordingId::from_u64(3), 10);
    let content = std::fs::read(&three).unwrap();
    place.finish(&three).unwrap();
    std::fs::write(&three, &content).unwrap();
    std::fs::write(&chain, format!("{lines}3 RC-00000")).unwrap();
    assert_eq!(archive::recover(&place.archive).unwrap().len(), 1);
    let checked = archive::check(&place.archive).unwrap();
    assert_eq!((checked.links, checked.broken), (3, vec![]));
}

#[test]
fn what_the_chain_ends_with_is_known_again_whatever_else_a_crash_has_left() {
    let place = Place::new();
    let last = RecordingId::from_u64(9);
    let part = place.unfinished(last, 10);
    let content = std::fs::read(&part).unwrap();
    place.finish(&part).unwrap();
    std::fs::write(&part, &content).unwrap();
    // Its name comes first.
    place.unfinished(ONE, 10);
    assert_eq!(archive::recover(&place.archive).unwrap().len(), 2);
    let checked = archive::check(&place.archive).unwrap();
    assert_eq!((checked.links, checked.broken), (2, vec![]));
}

#[test]
fn a_chain_that_cannot_be_read_is_put_aside_and_recording_goes_on() {
    for rubbish in ["what is this\n", &"x".repeat(1_000)] {
        let place = Place::new();
        let chain = place.archive.root().join("chain");
        std::fs::create_dir_all(place.archive.root()).unwrap();
        std::fs::write(&chain, rubbish).unwrap();
        let part = place.unfinished(ONE, 10);
        assert!(matches!(&archive::recover(&place.archive).unwrap()[..], [Ended::Saved(_)]), "{part:?}");
        assert_eq!(std::fs::read_to_string(chain.with_extension("broken-1")).unwrap(), rubbish);
        assert_eq!(archive::check(&place.archive).unwrap().links, 1);
    }
}

#[test]
fn opus_keeps_every_moment_in_its_place_and_gives_wav_to_who_wants_it() {
    let place = Place::keeping(SoundFormat::Opus { bitrate: 32_000 });
    let samples = 8_000 * 7 + 77;
    place
        .record(ONE, RecordingKind::Call, |take| {
            for packet in 0..350 {
                let hertz = if packet < 175 { 440 } else { 800 };
                take(sound(ONE, Side::Left, Law::Mu, packet * 160, &tone(hertz, packet * 160, 160)));
            }
            take(sound(ONE, Side::Right, Law::Mu, 40_000, &tone(1000, 0, 160)));
            for packet in 251..300 {
                take(sound(ONE, Side::Right, Law::Mu, packet * 160, &tone(1000, packet * 160, 160)));
            }
            take(end(ONE, samples));
        })
        .unwrap();
    let kept = place.archive.open(&place.entry(ONE), Wanted::AsKept).unwrap();
    assert_eq!(
        (kept.format, kept.bytes),
        (Form::Opus, std::fs::metadata(place.path(ONE, "opus")).unwrap().len())
    );
    assert!(kept.bytes < 40_000, "{} bytes for seven seconds", kept.bytes);
    assert!(!place.path(ONE, "wav").exists());
    assert_eq!(Manifest::read(&place.path(ONE, "json")).unwrap().sound.codec, "opus");

    let mut wav = place.open(ONE).unwrap();
    let mut content = Vec::new();
    wav.sound.read_to_end(&mut content).unwrap();
    assert_eq!((content.len() as u64, wav.format), (wav.bytes, Form::Wav));
    let reader = hound::WavReader::new(&content[..]).unwrap();
    let sides: Vec<i16> = reader.into_samples().map(Result::unwrap).collect();
    let left: Vec<i16> = sides.iter().step_by(2).copied().collect();
    let right: Vec<i16> = sides.iter().skip(1).step_by(2).copied().collect();
    assert_eq!(left.len() as u64, samples);
    assert!(strength(&left[..28_000], 440) > 10.0 * strength(&left[..28_000], 800));
    assert!(strength(&left[28_000..56_000], 800) > 10.0 * strength(&left[28_000..56_000], 440));
    assert!(strength(&right[40_000..48_000], 1000) > 500.0, "the agent speaks in the sixth second");
    assert!(strength(&right[..39_000], 1000) < 50.0 && strength(&right[49_000..], 1000) < 50.0);

    // Whoever jumps hears the same as whoever listens from the beginning, but for what the decoder had not learned yet.
    for second in [3, 0, 6, 1] {
        let at = 44 + second * 32_000;
        wav.sound.seek(SeekFrom::Start(at)).unwrap();
        let mut piece = vec![0; 24_000];
        wav.sound.read_exact(&mut piece).unwrap();
        let there = &content[at as usize..][..24_000];
        let error = |one: &[u8], other: &[u8]| {
            let of = |bytes: &[u8]| i32::from(i16::from_le_bytes([bytes[0], bytes[1]]));
            one.chunks(2).zip(other.chunks(2)).map(|(a, b)| (of(a) - of(b)).abs()).max().unwrap()
        };
        assert!(error(&piece, there) < 400, "second {second}: {}", error(&piece, there));
    }
    assert_eq!(archive::check(&place.archive).unwrap().links, 1);
}

#[test]
fn a_file_that_is_no_opus_is_refused_in_words() {
    let place = Place::keeping(SoundFormat::Opus { bitrate: 24_000 });
    let part = place.unfinished(ONE, 100);
    place.finish(&part).unwrap();
    let path = place.path(ONE, "opus");
    let whole = std::fs::read(&path).unwrap();
    for cut in [0, 10, 27, 40, 60, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        if let Ok(mut opened) = place.open(ONE) {
            let _ = opened.sound.read_to_end(&mut Vec::new());
        }
    }
    std::fs::write(&path, vec![7; 5_000]).unwrap();
    assert!(matches!(place.open(ONE).err().unwrap(), ArchiveError::File { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_recording_cut_anywhere_plays_up_to_the_cut(cut in 27usize..3_000) {
        let place = Place::new();
        let part = place.unfinished(ONE, 12);
        let content = std::fs::read(&part).unwrap();
        let cut = cut.min(content.len());
        std::fs::write(&part, &content[..cut]).unwrap();
        let ended = archive::recover(&place.archive).unwrap();
        let whole = (cut - 27) / (15 + 160);
        match &ended[..] {
            [Ended::Saved(manifest)] => {
                prop_assert_eq!(manifest.length_ms, whole as u64 * 20);
            }
            other => prop_assert!(false, "{:?}", other),
        }
        prop_assert_eq!(place.wav(ONE).left.len(), whole * 160);
    }
}

/// A folder for one test.
struct Place {
    folder: tempfile::TempDir,
    archive: Archive,
    day: Timestamp,
}

/// What a WAV file holds.
struct Wav {
    channels: u16,
    left: Vec<i16>,
    right: Vec<i16>,
}

impl Place {
    fn new() -> Self {
        Self::keeping(SoundFormat::Wav)
    }

    fn keeping(format: SoundFormat) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::in_folder(folder.path().join("recordings")).unwrap().keeping(format);
        Self { folder, archive, day: Timestamp::from_millis(1_794_477_604_250) }
    }

    fn finish(&self, part: &Path) -> Result<Finished, ArchiveError> {
        Finishing::new(&self.archive).unwrap().finish(part)
    }

    fn open(&self, recording: RecordingId) -> Result<archive::Opened, ArchiveError> {
        self.archive.open(&self.entry(recording), Wanted::Wav)
    }

    fn listener(&self) -> (archive::OnEnded, mpsc::Receiver<Ended>) {
        let (sender, receiver) = mpsc::channel();
        (Arc::new(move |ended| sender.send(ended).unwrap_or_default()), receiver)
    }

    fn recorder(&self) -> (Recorder, mpsc::Receiver<Ended>) {
        let (on_ended, ended) = self.listener();
        let options = RecorderOptions::default();
        let on_room = Arc::new(|_, _| {});
        (Recorder::start(self.archive.clone(), &options, on_ended, on_room).unwrap(), ended)
    }

    /// Records what `speak` says and waits until it is finished.
    fn record(
        &self,
        recording: RecordingId,
        kind: RecordingKind,
        speak: impl FnOnce(&mut dyn FnMut(Recorded)),
    ) -> Result<Finished, ArchiveError> {
        let (recorder, ended) = self.recorder();
        recorder.begin(recording, kind, self.day).unwrap();
        speak(&mut |recorded| assert!(recorder.take(&recorded)));
        drop(recorder);
        match ended.recv().unwrap() {
            Ended::Saved(_) => panic!("there was room"),
            Ended::Finished(finished) => Ok(finished),
            Ended::Failed { why, .. } => Err(why),
        }
    }

    /// What a crash leaves of a recording in which a caller whistled for so many packets.
    fn unfinished(&self, recording: RecordingId, packets: u64) -> PathBuf {
        let part = self.path(recording, "part");
        std::fs::create_dir_all(part.parent().unwrap()).unwrap();
        let head = archive::part::Head { recording, kind: RecordingKind::Call, started_at: self.day };
        let mut writer = archive::part::PartWriter::create(&part, &head).unwrap();
        for packet in 0..packets {
            let sound = sound(recording, Side::Left, Law::Mu, packet * 160, &tone(440, packet * 160, 160));
            let Recorded::Sound(frame) = sound else { unreachable!("it is sound") };
            writer.sound(&frame);
        }
        writer.flush().unwrap();
        part
    }

    fn path(&self, recording: RecordingId, extension: &str) -> PathBuf {
        self.folder.path().join("recordings/2026/11/12").join(Path::new(&format!("{recording}.{extension}")))
    }

    fn entry(&self, recording: RecordingId) -> RecordingRecord {
        RecordingRecord {
            id: recording,
            interaction: InteractionId::from_u64(1),
            kind: RecordingKind::Call,
            started_at: self.day,
            length: None,
            bytes: None,
        }
    }

    fn wav(&self, recording: RecordingId) -> Wav {
        let file = File::open(self.path(recording, "wav")).unwrap();
        let reader = hound::WavReader::new(file).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.sample_rate, spec.bits_per_sample), (8_000, 16));
        let samples: Vec<i16> = reader.into_samples().map(Result::unwrap).collect();
        let step = usize::from(spec.channels);
        Wav {
            channels: spec.channels,
            left: samples.iter().step_by(step).copied().collect(),
            right: if step == 2 { samples.iter().skip(1).step_by(2).copied().collect() } else { Vec::new() },
        }
    }
}

fn sides(customer: &str, agent: Option<&str>) -> RecordingMark {
    let voice = |role, name: &str| Voice { role, name: name.to_owned() };
    let right = agent.map(|agent| voice(LegRole::Agent, agent));
    RecordingMark::Sides { left: Some(voice(LegRole::Customer, customer)), right }
}

fn state(state: RecordingState) -> RecordingMark {
    RecordingMark::State { state, by: "anna".to_owned() }
}

fn flip(file: &Path, byte: usize) {
    let mut content = std::fs::read(file).unwrap();
    content[byte] ^= 1;
    std::fs::write(file, content).unwrap();
}

fn edit(file: &Path, from: &str, to: &str) {
    let content = std::fs::read_to_string(file).unwrap();
    assert!(content.contains(from), "{content}");
    std::fs::write(file, content.replace(from, to)).unwrap();
}

fn edit_chain(place: &Place, edit: impl FnOnce(&mut Vec<String>)) {
    let chain = place.archive.root().join("chain");
    let mut lines: Vec<String> =
        std::fs::read_to_string(&chain).unwrap().lines().map(str::to_owned).collect();
    edit(&mut lines);
    std::fs::write(&chain, lines.join("\n") + "\n").unwrap();
}

fn sound(recording: RecordingId, side: Side, law: Law, at: u64, samples: &[i16]) -> Recorded {
    let payload: Vec<u8> = samples.iter().map(|sample| law.encode(*sample)).collect();
    Recorded::Sound(Frame::new(RecordingKey::from_u64(recording.as_u64()), side, law, at, &payload))
}

fn end(recording: RecordingId, samples: u64) -> Recorded {
    Recorded::End { recording: RecordingKey::from_u64(recording.as_u64()), samples }
}

fn tone(hertz: u32, from: u64, count: u64) -> Vec<i16> {
    (from..from + count)
        .map(|at| ((at as f64 * f64::from(hertz) * std::f64::consts::TAU / 8000.0).sin() * 8000.0) as i16)
        .collect()
}

/// How much of a tone is in the sound: Goertzel's sum, by its definition.
fn strength(samples: &[i16], hertz: u32) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let angle = at as f64 * f64::from(hertz) * std::f64::consts::TAU / 8000.0;
        real += f64::from(*sample) * angle.cos();
        imaginary += f64::from(*sample) * angle.sin();
    }
    real.hypot(imaginary) / samples.len() as f64
}
