//! From frames to a file that plays: tones on the right side, silence where nobody spoke, and whatever a crash or a
//! full disk leaves.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests meet real files")]

use archive::{Archive, ArchiveError, Ended, Finished, Recorder, RecorderOptions};
use base::{Duration, Timestamp};
use media::{Frame, Law, Recorded, RecordingKey, Side};
use model::record::RecordingKind;
use model::{InteractionId, RecordingId, RecordingRecord};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
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
    let options = RecorderOptions { ring_max: 4, recordings_max: 1 };
    let recorder = Recorder::start(place.archive.clone(), &options, on_ended).unwrap();
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
    let refused = archive::wav::finish(&part, &part.with_extension("wav")).unwrap_err();
    assert!(matches!(refused, ArchiveError::DiskFull { .. }), "{refused}");
    assert!(refused.to_string().starts_with("the disk is full"), "{refused}");
    assert!(part.exists(), "the sound is still there");
    assert!(!part.with_extension("wav").exists());

    let ended = archive::recover(&place.archive).unwrap();
    assert!(matches!(&ended[..], [Ended::Finished(finished)] if finished.length == Duration::from_secs(1)));
}

#[test]
fn a_crash_costs_no_sound_that_was_in_the_file() {
    let place = Place::new();
    let part = place.unfinished(ONE, 50);
    // It also came while another file was being finished.
    std::fs::write(part.with_file_name("RC-0000000000009.wav.new"), "half a file").unwrap();
    let ended = archive::recover(&place.archive).unwrap();
    match &ended[..] {
        [Ended::Finished(finished)] => assert_eq!(finished.length, Duration::from_secs(1)),
        other => panic!("{other:?}"),
    }
    let wav = place.wav(ONE);
    assert_eq!(wav.left.len(), 8_000);
    assert!(strength(&wav.left, 440) > 10.0 * strength(&wav.left, 1000));
    let left: Vec<_> = std::fs::read_dir(part.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
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
    assert!(matches!(place.archive.open(&place.entry(ONE)).unwrap_err(), ArchiveError::Unfinished(ONE)));
    archive::wav::finish(&part, &part.with_extension("wav")).unwrap();
    let (mut file, bytes) = place.archive.open(&place.entry(ONE)).unwrap();
    let mut content = Vec::new();
    file.read_to_end(&mut content).unwrap();
    assert_eq!(content.len() as u64, bytes);
    let missing = RecordingId::from_u64(77);
    assert!(
        matches!(place.archive.open(&place.entry(missing)).unwrap_err(), ArchiveError::Missing(id) if id == missing)
    );
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
            [Ended::Finished(finished)] => {
                prop_assert_eq!(finished.length, Duration::from_millis(whole as u64 * 20));
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
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::in_folder(folder.path().join("recordings")).unwrap();
        Self { folder, archive, day: Timestamp::from_millis(1_794_477_604_250) }
    }

    fn listener(&self) -> (archive::OnEnded, mpsc::Receiver<Ended>) {
        let (sender, receiver) = mpsc::channel();
        (Arc::new(move |ended| sender.send(ended).unwrap_or_default()), receiver)
    }

    fn recorder(&self) -> (Recorder, mpsc::Receiver<Ended>) {
        let (on_ended, ended) = self.listener();
        (Recorder::start(self.archive.clone(), &RecorderOptions::default(), on_ended).unwrap(), ended)
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
