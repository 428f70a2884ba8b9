//! A disk that fills up while calls are recorded, and is emptied again: a real one, of eighty megabytes, in memory, mounted by
//! this account or, where it may not, in a user namespace; and one that refuses though it has free bytes, as with a quota.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these tests limit files and mount a disk"
)]

use archive::{Archive, ArchiveError, Ended, Recorder, RecorderOptions};
use base::Timestamp;
use media::{Frame, Law, Recorded, RecordingKey, Side};
use model::record::RecordingKind;
use model::{RecordingId, RecordingRoom};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How long the recorder may take to notice.
const PATIENCE: Duration = Duration::from_secs(30);

/// Set in the process that may write small files only.
const LIMITED: &str = "HOTLINE_TEST_FILES_ARE_LIMITED";
/// Set in the process that has a user namespace, and so may mount what nobody else sees.
const MOUNTING: &str = "HOTLINE_TEST_MAY_MOUNT";
/// How small: less than the disk is tried with, and than three seconds of sound.
const FILE_BYTES_MAX: u64 = 48 << 10;

#[test]
fn what_a_disk_refuses_is_told_once_and_saved_when_it_takes_files_again() {
    if std::env::var_os(LIMITED).is_none() {
        // A process that tries is not killed for it. The limit is one of the process, so it would be of the other tests too.
        return in_a_process_of_its_own(
            "what_a_disk_refuses_is_told_once_and_saved_when_it_takes_files_again",
            LIMITED,
            &["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""],
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::in_folder(folder.path().join("recordings")).unwrap();
    let (told, rooms) = mpsc::channel();
    let on_room = Arc::new(move |room, _| told.send(room).unwrap_or_default());
    let (told, ended) = mpsc::channel();
    let on_ended = Arc::new(move |one| told.send(one).unwrap_or_default());
    let options = RecorderOptions { low_below: 0, ..RecorderOptions::default() };
    let recorder = Recorder::start(archive.clone(), &options, on_ended, on_room).unwrap();
    let day = Timestamp::from_millis(1_794_477_604_250);

    // One cannot be written any further, the other one cannot be finished.
    let before = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: Some(FILE_BYTES_MAX), ..before }).unwrap();
    let [long, short] = [1, 2].map(RecordingId::from_u64);
    for (recording, packets) in [(long, 2_000), (short, 100)] {
        recorder.begin(recording, RecordingKind::Call, day).unwrap();
        speak(&recorder, recording, 0..packets);
        assert!(recorder.take(&end(recording, packets * 160)));
    }
    let mut failed = Vec::new();
    for _ in 0..2 {
        match ended.recv_timeout(PATIENCE).unwrap() {
            Ended::Failed { recording, why: ArchiveError::DiskFull { .. } } => failed.push(recording),
            other => panic!("{other:?}"),
        }
    }
    failed.sort();
    assert_eq!(failed, [long, short]);
    assert_eq!(rooms.recv_timeout(PATIENCE), Ok(RecordingRoom::Full));

    setrlimit(Resource::Fsize, before).unwrap();
    assert_eq!(rooms.recv_timeout(PATIENCE), Ok(RecordingRoom::Enough), "it takes files again");
    let saved = [(); 2].map(|()| match ended.recv_timeout(PATIENCE).unwrap() {
        Ended::Saved(manifest) => (manifest.recording.parse().unwrap(), manifest.length_ms / 1000),
        other => panic!("{other:?}"),
    });
    assert_eq!(saved, [(long, 5), (short, 2)], "each as far as it was written");
    drop(recorder);

    assert!(ended.try_recv().is_err() && rooms.try_recv().is_err(), "nothing is told twice");
    assert!(archive::recover(&archive).unwrap().is_empty(), "nothing is left for the next start");
    let checked = archive::check(&archive).unwrap();
    assert_eq!((checked.links, checked.broken), (2, vec![]));
}

#[test]
fn a_disk_that_is_full_is_told_and_recordings_go_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(folder.path(), "80m") else {
        let without = std::env::var("HOTLINE_TESTS_WITHOUT").unwrap_or_default();
        if without.split(',').any(|name| name == "mounts") {
            return;
        }
        let by = ["unshare", "--user", "--map-root-user", "--mount"];
        assert!(
            std::env::var_os(MOUNTING).is_none()
                && Command::new(by[0]).args(&by[1..]).arg("true").status().is_ok_and(|it| it.success()),
            "neither this account nor one in a user namespace may mount a file system: allow user namespaces, or leave this \
             out with HOTLINE_TESTS_WITHOUT=mounts"
        );
        return in_a_process_of_its_own(
            "a_disk_that_is_full_is_told_and_recordings_go_on_when_there_is_room",
            MOUNTING,
            &by,
        );
    };
    let archive = Archive::in_folder(disk.0.join("recordings")).unwrap();
    let (told, rooms) = mpsc::channel();
    let on_room = Arc::new(move |room, _| told.send(room).unwrap_or_default());
    let (told, ended) = mpsc::channel();
    let on_ended = Arc::new(move |one| told.send(one).unwrap_or_default());
    let options = RecorderOptions { low_below: 3 << 20, ..RecorderOptions::default() };
    let recorder = Recorder::start(archive.clone(), &options, on_ended, on_room).unwrap();
    let day = Timestamp::from_millis(1_794_477_604_250);

    // Something else fills the disk, to the last page.
    let [first, second, third] = [1, 2, 3].map(RecordingId::from_u64);
    recorder.begin(first, RecordingKind::Call, day).unwrap();
    speak(&recorder, first, 0..50);
    let filler = disk.0.join("filler");
    std::fs::write(&filler, vec![1; 78 << 20]).unwrap();
    assert_eq!(rooms.recv_timeout(PATIENCE), Ok(RecordingRoom::Low));
    let rest = disk.0.join("rest");
    let _ = std::fs::write(&rest, vec![1; 4 << 20]).unwrap_err();
    assert_eq!(rooms.recv_timeout(PATIENCE), Ok(RecordingRoom::Full));

    // What goes on fails by itself, what is begun then fails too, and the recorder lives.
    speak(&recorder, first, 50..2_000);
    recorder.begin(second, RecordingKind::Call, day).unwrap();
    speak(&recorder, second, 0..2_000);
    let mut failed = Vec::new();
    for _ in 0..2 {
        match ended.recv_timeout(PATIENCE).unwrap() {
            Ended::Failed { recording, why } => {
                assert!(matches!(why, ArchiveError::DiskFull { .. }), "{why}");
                failed.push(recording);
            }
            other => panic!("{other:?}"),
        }
    }
    failed.sort();
    assert_eq!(failed, [first, second]);
    assert!(recorder.stats().free_bytes < 1 << 20);

    std::fs::remove_file(&rest).unwrap();
    std::fs::remove_file(&filler).unwrap();
    assert_eq!(rooms.recv_timeout(PATIENCE), Ok(RecordingRoom::Enough), "there is room again");
    recorder.begin(third, RecordingKind::Call, day).unwrap();
    speak(&recorder, third, 0..100);
    assert!(recorder.take(&end(third, 16_000)));
    // What was written of the others is saved as soon as there is room: it stands before what was recorded since.
    let mut saved = Vec::new();
    while saved.last().is_none_or(|(recording, _)| *recording != third) {
        match ended.recv_timeout(PATIENCE).unwrap() {
            Ended::Finished(finished) => saved.push((finished.recording, finished.length.as_secs())),
            Ended::Saved(manifest) => {
                saved.push((manifest.recording.parse().unwrap(), manifest.length_ms / 1000))
            }
            Ended::Failed { why, .. } => panic!("{why}"),
        }
    }
    assert!(saved[0].0 == first && saved[0].1 >= 1, "{saved:?}");
    drop(recorder);

    assert!(archive::recover(&archive).unwrap().is_empty(), "nothing is left for the next start");
    let checked = archive::check(&archive).unwrap();
    assert_eq!((checked.links, checked.broken), (saved.len() as u64, vec![]));
}

/// Runs a test of this file alone, by a program that changes what its process may; `sign` tells it that it is there.
fn in_a_process_of_its_own(test: &str, sign: &str, by: &[&str]) {
    let run = Command::new(by[0])
        .args(&by[1..])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(sign, "1")
        .output()
        .unwrap();
    let [out, err] = [&run.stdout, &run.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(run.status.success() && out.contains("1 passed"), "{}\n{out}\n{err}", run.status);
}

fn end(recording: RecordingId, samples: u64) -> Recorded {
    Recorded::End { recording: RecordingKey::from_u64(recording.as_u64()), samples }
}

/// A caller whistles for so many packets.
fn speak(recorder: &Recorder, recording: RecordingId, packets: std::ops::Range<u64>) {
    let key = RecordingKey::from_u64(recording.as_u64());
    for packet in packets {
        let frame = Frame::new(key, Side::Left, Law::Mu, packet * 160, &[0x11; 160]);
        assert!(recorder.take(&Recorded::Sound(frame)));
    }
}

/// A small file system; it goes with the value.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a Path, size: &str) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(at)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then(|| Self(at))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
