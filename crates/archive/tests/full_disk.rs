//! A disk that fills up while calls are recorded, and is emptied again: a real one, of eighty megabytes, in memory.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this test mounts a file system")]

use archive::{Archive, ArchiveError, Ended, Recorder, RecorderOptions};
use base::Timestamp;
use media::{Frame, Law, Recorded, RecordingKey, Side};
use model::record::RecordingKind;
use model::{RecordingId, RecordingRoom};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How long the recorder may take to notice.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_disk_that_is_full_is_told_and_recordings_go_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(folder.path(), "80m") else {
        eprintln!("NOT TESTED: this account may not mount a file system, so there is no full disk to be had");
        return;
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
    let end = Recorded::End { recording: RecordingKey::from_u64(third.as_u64()), samples: 16_000 };
    assert!(recorder.take(&end));
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
        mounted.then_some(Self(at))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
