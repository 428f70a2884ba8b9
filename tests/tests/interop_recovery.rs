//! Power failures, restarts and orderly ends, with calls going on.

#![allow(
    clippy::disallowed_methods,
    reason = "these tests take ports and files away from a program they start"
)]

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use tests::baresip::Phone;
use tests::library;
use tests::patience;
use tests::place;
use tests::server::{self, Server};

#[test]
fn after_a_kill_in_mid_call_the_interaction_is_closed_and_its_recording_plays_to_the_last_second() {
    let server = Server::start("recovery-kill");
    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = Phone::caller("+15550130").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    // Counted on the agent's side: so many seconds of the caller have passed through the server for certain.
    anna.hears("six seconds of the caller", 30, |sound| sound.seconds() > 6.0);
    let talked_s = anna.heard().seconds();
    let before = library::interaction_where(&server.as_admin(), "+15550130", "connected", |one| {
        one["state"] == "connected"
    });
    let folder = server.kill();

    let server = Server::start_in(&folder);
    let http = server.as_admin();
    let closed = library::closed(&http, "+15550130");
    assert_eq!(closed["id"], before["id"], "the same interaction, not a new one");
    assert_eq!(closed["outcome"], "interrupted", "{closed:#}");
    assert_eq!(closed["agent"], "anna");
    let id = closed["id"].as_str().expect("an id");
    let recording = library::recording(&http, id);
    assert!(recording.seconds() > talked_s - 1.5, "{:.1} s of {talked_s:.1} s", recording.seconds());
    assert!(recording.only(0).last(1.0).tone_share(440.0) > 0.8, "the caller, to the end");
    assert!(recording.only(1).last(1.0).tone_share(660.0) > 0.8, "the agent, to the end");
    library::assert_in_order(
        &library::timeline(&http, id),
        &["arrived", "queued", "offered", "connected", "closed"],
    );

    // The center works on: the same agent, who has done nothing but come back, takes the next call.
    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    let mut next = Phone::caller("+15550131").on(&server);
    next.call(server.number("support"));
    anna.connected(20);
    anna.hears("the next caller", 30, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    next.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    let kept = ["hotline.toml", "passwords.json", "ready.json"];
    for file in kept.map(|name| server.folder().join("demo").join(name)) {
        let mode = fs::metadata(&file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} holds secrets, and others can read it", file.display());
    }
}

#[test]
fn a_server_that_is_asked_to_end_lets_the_live_call_finish_and_takes_no_new_one() {
    let server = Server::start("recovery-drain");
    let ready_file = server.folder().join("demo/ready.json");
    let mut caller = Phone::caller("+15550132").on(&server);
    let mut late = Phone::caller("+15550133").on(&server);
    caller.call(server.number("echo"));
    caller.hears("its own tone", 30, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    server.signal("TERM");
    let number = server.number("echo").to_owned();
    patience::expect("it says that it takes nothing new", 20, || server.http().get("/readyz").status == 503);
    late.dial(&number);
    let refused = late.ended(20);
    assert!(refused["param"].as_str().is_some_and(|reason| reason.contains("503")), "{refused}");
    let so_far = caller.heard().seconds();
    caller.hears("its own tone, still", 20, |sound| {
        sound.seconds() > so_far + 2.0 && sound.last(1.0).tone_share(440.0) > 0.9
    });
    caller.hang_up();
    let status = server.wait();
    assert!(status.success(), "{status}");
    assert!(!ready_file.exists(), "ready.json is gone with the program");
}

#[test]
fn a_second_sigterm_does_not_wait_for_anybody() {
    let server = Server::start("recovery-second-term");
    let mut caller = Phone::caller("+15550134").on(&server);
    caller.call(server.number("music"));
    server.signal("TERM");
    // Two signals at once are one.
    patience::expect("it drains", 20, || server.log().contains("once more to stop now"));
    server.signal("TERM");
    let status = server.wait();
    assert!(status.code().is_some(), "it ended by itself: {status}");
}

#[test]
fn a_port_that_is_taken_is_said_in_a_sentence() {
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port();
    let folder = place::folder("recovery-port-taken");
    let ports = place::rtp_ports();
    let output = Command::new(server::binary())
        .arg("demo")
        .args([
            "--dir",
            &folder.display().to_string(),
            "--listen",
            "127.0.0.1",
            "--http",
            "0",
            "--https",
            "0",
        ])
        .args(["--sip", &port.to_string(), "--rtp", &format!("{}-{}", ports.start(), ports.end())])
        .stdin(Stdio::null())
        .output()
        .expect("hotline can be started");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&port.to_string()), "the port is named: {said}");
    assert!(!said.contains("panicked"), "{said}");
    assert!(!folder.join("ready.json").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_said_in_a_sentence() {
    let folder = place::folder("recovery-no-folder");
    let file = folder.join("a-file");
    std::fs::write(&file, "not a folder").expect("a file");
    let output = Command::new(server::binary())
        .arg("demo")
        .args([
            "--dir",
            &file.join("demo").display().to_string(),
            "--listen",
            "127.0.0.1",
            "--http",
            "0",
            "--sip",
            "0",
        ])
        .stdin(Stdio::null())
        .output()
        .expect("hotline can be started");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("a-file") && !said.contains("panicked"), "{said}");
}

#[test]
fn a_second_start_in_the_same_folder_is_refused_and_harms_nothing() {
    let server = Server::start("recovery-second");
    let mut caller = Phone::caller("+15550139").on(&server);
    caller.call(server.number("echo"));
    caller.hears("its own tone", 30, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    let dir = server.folder().join("demo").display().to_string();
    let second = Command::new(server::binary())
        .args(["demo", "--dir", &dir, "--sip", "0", "--http", "0", "--https", "0"])
        .stdin(Stdio::null())
        .output()
        .expect("hotline can be started");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("runs in") && said.contains(&server.ready.pid.to_string()), "{said}");
    assert!(server.folder().join("demo/ready.json").exists(), "the first one is still to be found");
    let so_far = caller.heard().seconds();
    caller.hears("its own tone, still", 20, |sound| {
        sound.seconds() > so_far + 1.0 && sound.last(1.0).tone_share(440.0) > 0.9
    });
    caller.hang_up();
    assert_eq!(library::closed(&server.as_admin(), "+15550139")["outcome"], "self_served");
}
