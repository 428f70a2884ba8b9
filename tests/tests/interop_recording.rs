//! Recordings with real phones: one file through hold and transfer, silent while it is paused, chained, and checked from outside.

#![allow(clippy::disallowed_methods, reason = "this test damages a file of a program it starts")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tests::baresip::Phone;
use tests::library;
use tests::place;
use tests::server::{self, Server};
use tests::sound::Sound;

#[test]
fn a_recording_goes_on_through_hold_and_transfer_and_keeps_a_pause_out() {
    let server = Server::start("recording-whole");
    let http = server.as_admin();
    let agent = server.http().log_in("anna", &server.agent("anna").password);
    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    let mut bert = Phone::of_agent(&server, "bert").playing(880.0).ringing().on(&server).registered();
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = Phone::caller("+15550240").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    anna.hears("three seconds of the caller", 30, |sound| sound.seconds() > 3.0);
    caller.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);

    // A card's number is said; nobody listens to it later.
    let call = library::interaction_where(&http, "+15550240", "connected", |one| one["state"] == "connected");
    let id = call["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/interactions/{id}/recording");
    let paused = agent.put(&format!("{path}/state"), &json!({"state": "paused"}));
    assert_eq!(paused.status, 200, "{}", paused.text());
    let heard = anna.heard().seconds();
    anna.hears("three seconds of the pause", 30, |sound| sound.seconds() > heard + 3.0);
    assert!(anna.heard().last(1.0).tone_share(440.0) > 0.9, "the call itself goes on");
    assert_eq!(agent.put(&format!("{path}/state"), &json!({"state": "running"})).status, 200);

    anna.hold();
    caller.hears("music instead of anna", 30, |sound| {
        let now = sound.last(1.0);
        now.seconds() >= 1.0 && now.tone_share(660.0) < 0.1
    });
    anna.resume();
    caller.hears("anna again", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    anna.pass_on("1002");
    bert.rings(20);
    bert.accept();
    caller.hears("bert", 30, |sound| sound.last(2.0).tone_share(880.0) > 0.9);
    bert.hears("the caller", 30, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    bert.hang_up();
    caller.ended(20);

    let closed = library::closed(&http, "+15550240");
    let sound = library::recording(&http, &id);
    let recordings = http.json(&format!("/api/v1/interactions/{id}"))["recordings"].clone();
    assert_eq!(recordings.as_array().map(Vec::len), Some(1), "one call, one recording: {closed:#}");

    let manifest = http.json(&format!("{path}/manifest"));
    let (kept_out, parts) = (&manifest["kept_out"], &manifest["parts"]);
    assert_eq!(
        (&kept_out[0]["state"], &kept_out[0]["by"]),
        (&json!("paused"), &json!("anna")),
        "{manifest:#}"
    );
    let who = |part: &Value| part["right"]["name"].as_str().unwrap_or_default().to_owned();
    let names: Vec<_> = parts.as_array().expect("parts").iter().map(who).collect();
    assert_eq!(names, ["anna", "", "1002"], "{manifest:#}");
    assert!(parts[0]["left"]["name"] == "+15550240" && manifest["interaction"] == id.as_str());

    let seconds = |value: &Value| value.as_f64().expect("milliseconds") / 1000.0;
    let (from, to) = (seconds(&kept_out[0]["from_ms"]), seconds(&kept_out[0]["to_ms"]));
    assert!(to - from > 2.5, "{manifest:#}");
    // Some hundredths for the way of the order to the media thread, both sides of the pause.
    for side in [0, 1] {
        let pause = sound.only(side).between(from + 0.1, to);
        assert!(pause.channel(0).iter().all(|sample| *sample == 0), "side {side} is silent in the pause");
    }
    assert!(sound.only(0).between(0.5, from - 0.2).tone_share(440.0) > 0.9, "the caller before the pause");
    assert!(sound.only(1).between(0.5, from - 0.2).tone_share(660.0) > 0.9, "anna before the pause");
    assert!(sound.only(0).last(1.0).tone_share(440.0) > 0.8, "the caller to the end");
    assert!(sound.only(1).last(1.0).tone_share(880.0) > 0.8, "bert, not anna, at the end");
    assert!((sound.seconds() - seconds(&manifest["length_ms"])).abs() < 0.05);
    let peaks = http.json(&format!("{path}/peaks?points=50"));
    assert_eq!(peaks["sides"].as_array().map(Vec::len), Some(2));

    let lines = library::timeline(&http, &id);
    library::assert_in_order(
        &lines,
        &[
            "recording_started",
            "recording_changed",
            "recording_changed",
            "held",
            "passed_on",
            "transferred",
            "closed",
        ],
    );

    let folder = server.folder().join("demo");
    let checked = verify(&folder);
    assert!(checked.status.success(), "{checked:?}");
    let sound_file = files_ending(&folder.join("recordings"), "wav").remove(0);
    let mut content = std::fs::read(&sound_file).expect("the sound");
    content[1_000] ^= 1;
    std::fs::write(&sound_file, content).expect("written");
    let checked = verify(&folder);
    assert_eq!(checked.status.code(), Some(1));
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(said.contains("broken at link 1") && said.contains("its sound was changed"), "{said}");
}

#[test]
fn a_recording_kept_as_opus_has_both_sides_through_a_barge_and_the_supervisor_beside_them() {
    let server = Server::start_with(&place::folder("recording-opus"), "[recording]\nformat = \"opus\"\n");
    let http = server.as_admin();
    let sara = server.ready.supervisors[0].clone();
    let desk = server.http().log_in(&sara.login, &sara.password);
    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    let mut ear = Phone::of_user(&sara.sip_user, &sara.sip_password).playing(880.0).on(&server).registered();
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = Phone::caller("+15550241").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    caller.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    let call = library::interaction_where(&http, "+15550241", "connected", |one| one["state"] == "connected");
    let id = call["id"].as_str().expect("an id").to_owned();
    let monitor = format!("/api/v1/interactions/{id}/monitor");
    assert_eq!(desk.post(&monitor, &json!({"mode": "barge"})).status, 200);
    ear.connected(20);
    caller.hears("the supervisor too", 30, |sound| sound.last(1.0).tone_share(880.0) > 0.5);
    let begun = caller.heard().seconds();
    caller.hears("two seconds of them", 30, |sound| sound.seconds() > begun + 2.0);
    ear.hang_up();
    caller.hears("anna alone", 30, |sound| {
        let now = sound.last(1.0);
        now.tone_share(660.0) > 0.9 && now.tone_share(880.0) < 0.05
    });
    caller.hang_up();
    anna.ended(20);

    let sound = library::recording(&http, &id);
    let closed = library::closed(&http, "+15550241");
    let whole = sound.between(0.5, sound.seconds() - 0.5);
    for (side, own, foreign) in [(0, 440.0, 660.0), (1, 660.0, 440.0)] {
        let side = whole.only(side);
        assert!(side.tone_share(own) > 0.95 && side.gaps(0.1).is_empty(), "{own}: {:?}", side.gaps(0.1));
        assert!(side.tone_share(foreign) < 0.05 && side.tone_share(880.0) < 0.05, "each side is one voice");
    }
    let recordings = closed["recordings"].as_array().expect("a list").clone();
    assert_eq!(recordings.len(), 2, "{closed:#}");
    let own = recordings[1]["id"].as_str().expect("an id");
    let path = format!("/api/v1/interactions/{id}/recording");
    let own = Sound::parse(&http.get(&format!("{path}?recording={own}")).body).expect("decoded");
    assert!(own.while_sounding().tone_share(880.0) > 0.9, "the supervisor lies beside it");

    // What is on the disk, and given to whoever asks for it as it is: Opus in Ogg, of two channels.
    let kept = http.get(&format!("{path}?format=opus"));
    assert_eq!((kept.status, kept.header("content-type")), (200, Some("audio/ogg; codecs=opus")));
    assert!(kept.body.starts_with(b"OggS") && kept.body[28..].starts_with(b"OpusHead\x01\x02"));
    let folder = server.folder().join("demo");
    assert_eq!(files_ending(&folder.join("recordings"), "opus").len(), 2);
    assert!(verify(&folder).status.success());
}

fn verify(folder: &Path) -> Output {
    Command::new(server::binary())
        .args(["recordings", "verify", "--dir"])
        .arg(folder)
        .output()
        .expect("the program starts")
}

fn files_ending(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.append(&mut files_ending(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found
}
