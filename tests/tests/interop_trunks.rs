//! Two carriers, one of which dies: calls go to the other, and everybody can see it. And a call for help.

#![allow(clippy::disallowed_methods, reason = "these tests write configurations and start the program")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tests::baresip::{Line, Phone};
use tests::center;
use tests::http::Http;
use tests::server::{self, Server};
use tests::{library, patience, place};

/// The number outside, as the carriers know it.
const OUTSIDE: &str = "+4930555";

#[test]
fn stopping_one_trunk_moves_the_next_call_to_the_other() {
    let folder = place::folder("trunks");
    let mut first = carrier(&folder, "first", OUTSIDE, 880.0, place::free_port());
    let mut second = carrier(&folder, "second", OUTSIDE, 770.0, place::free_port());
    write_center(&folder, first.sip_port(), second.sip_port());
    let server = Server::serve(&folder);
    let http = server.as_admin();
    let mut anna = Phone::of_user("1001", "anna's").playing(660.0).ringing().on(&server).registered();
    trunk_is(&http, "first", "up");
    trunk_is(&http, "second", "up");

    // The lower priority number goes first, and the number is written as carriers want it.
    anna.dial("9030555");
    first.rings(20);
    assert_eq!(
        (trunk(&http, "first")["calls_out"].as_u64(), trunk(&http, "second")["calls_out"].as_u64()),
        (Some(1), Some(0))
    );
    talk(&mut anna, &mut first, 880.0);

    // The carrier dies, silently for whoever does not ask. Nobody who calls waits for the probes.
    first.cut_off();
    anna.dial("9030555");
    second.rings(20);
    talk(&mut anna, &mut second, 770.0);
    trunk_is(&http, "first", "down");
    let said = hotline(&["trunks", "--config", &folder.join("hotline.toml").display().to_string()]);
    let row = said.lines().find(|line| line.starts_with("first")).expect("a row of its own");
    assert!(row.contains("down"), "{said}");
    assert!(server.log().contains("trunk first is down"), "{}", server.log());

    // It comes back, and gets the calls again.
    let mut first = carrier(&folder, "first", OUTSIDE, 880.0, first.sip_port());
    trunk_is(&http, "first", "up");
    anna.dial("9030555");
    first.rings(20);
    talk(&mut anna, &mut first, 880.0);
    without_probes(&folder, &server);
    library::no_leg_is_left(&http);
    let trunks = [trunk(&http, "first"), trunk(&http, "second")];
    assert!(trunks.iter().all(|trunk| trunk["calls_out"] == 0 && trunk["calls_in"] == 0), "{trunks:?}");
}

#[test]
fn help_is_called_from_every_phone_and_supervisors_are_alerted() {
    let folder = place::folder("trunks-emergency");
    let mut help = carrier(&folder, "second", "112", 880.0, place::free_port());
    write_center(&folder, place::free_port(), help.sip_port());
    let server = Server::serve(&folder);
    let http = server.as_admin();
    // This phone may not call outside.
    let mut bert = Phone::of_user("1002", "bert's").playing(550.0).ringing().on(&server).registered();
    bert.dial("9030555");
    assert!(bert.ended(20)["param"].as_str().is_some_and(|said| said.contains("403")));

    bert.dial("112");
    help.rings(20);
    let alerts = http.json("/api/v1/alerts");
    let [alert] = alerts["alerts"].as_array().expect("a list").as_slice() else { panic!("{alerts:#}") };
    assert_eq!((&alert["kind"], &alert["number"]), (&Value::from("emergency"), &Value::from("112")));
    assert_eq!(alert["from"]["number"], "1002");
    help.accept();
    bert.connected(20);
    bert.hears("those who help", 30, |sound| sound.last(1.0).tone_share(880.0) > 0.9);
    help.hears("bert", 30, |sound| sound.last(1.0).tone_share(550.0) > 0.9);
    bert.hang_up();
    help.ended(20);

    // A second look finds it still there, until somebody takes notice; nobody takes notice twice.
    let id = alert["id"].as_str().expect("an id");
    assert_eq!(http.delete(&format!("/api/v1/alerts/{id}")).status, 204);
    assert_eq!(http.delete(&format!("/api/v1/alerts/{id}")).status, 404);
    assert_eq!(http.json("/api/v1/alerts")["alerts"].as_array().map(Vec::len), Some(0));
    let closed = library::closed(&http, "1002");
    let lines = library::timeline(&http, alert["interaction"].as_str().expect("an id"));
    library::assert_in_order(&lines, &["arrived", "dialed", "emergency_called", "leg_ended", "closed"]);
    assert_eq!(closed["outcome"], "direct", "{closed:#}");
    without_probes(&folder, &server);
    library::nothing_is_left(&http);
}

/// Both answer, hear each other and nobody else, and hang up.
fn talk(anna: &mut Line, outside: &mut Line, hz: f64) {
    outside.accept();
    anna.connected(20);
    anna.hears("the party outside", 30, |sound| sound.last(1.0).tone_share(hz) > 0.9);
    outside.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    anna.hang_up();
    anna.ended(20);
    outside.ended(20);
}

/// A phone where a carrier takes calls for a number.
fn carrier(folder: &Path, name: &str, number: &str, hz: f64, port: u16) -> Line {
    let folder = folder.join(name);
    fs::create_dir_all(&folder).expect("a folder");
    Phone::caller(number).playing(hz).at(port).on_at("carrier.test", None, &folder)
}

fn trunk(http: &Http, name: &str) -> Value {
    let trunks = http.json("/api/v1/trunks");
    let found = trunks["trunks"].as_array().into_iter().flatten().find(|trunk| trunk["id"] == name);
    found.unwrap_or_else(|| panic!("there is no trunk {name}: {trunks:#}")).clone()
}

fn trunk_is(http: &Http, name: &str, state: &str) {
    patience::expect(&format!("trunk {name} is {state}"), 30, || trunk(http, name)["state"] == state);
}

/// Stops asking the carriers, so that what is left is left of calls.
fn without_probes(folder: &Path, server: &Server) {
    let file = folder.join("hotline.toml");
    let config = fs::read_to_string(&file).expect("the configuration");
    fs::write(&file, config.replace("probe = \"1s\"", "probe = \"0s\"")).expect("written");
    server.signal("HUP");
    patience::expect("it says that it has read them", 20, || server.log().contains("are read anew"));
}

fn hotline(arguments: &[&str]) -> String {
    let output = Command::new(server::binary()).args(arguments).output().expect("hotline can be started");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn write_center(folder: &Path, first: u16, second: u16) {
    let trunk = |name: &str, port: u16, priority: u8| {
        format!(
            "[[trunk]]\nname = \"{name}\"\nsend_to = \"127.0.0.1:{port}\"\nprefixes = [\"9\"]\npriority = {priority}\n\
             probe = \"1s\"\ndialed_out = [{{ from = \"90\", to = \"+49\" }}]\n\n"
        )
    };
    let more = format!(
        "[emergency]\nnumbers = [\"112\"]\ntrunks = [\"first\", \"second\"]\n\n\
         [[phone]]\nuser = \"1001\"\npassword = \"anna's\"\ncalls_out = true\n\n\
         [[phone]]\nuser = \"1002\"\npassword = \"bert's\"\n\n{}{}",
        trunk("first", first, 1),
        trunk("second", second, 2),
    );
    center::write(folder, &more);
}
