//! A center of its own configuration: calls out by the carrier, reload without touching calls, PostgreSQL.

#![allow(clippy::disallowed_methods, reason = "these tests write configurations and programs' files")]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use tests::baresip::{Line, Phone};
use tests::center::{self, Settings};
use tests::library;
use tests::patience;
use tests::place;
use tests::server::Server;

#[path = "../../crates/store/tests/postgres/mod.rs"]
mod postgres;

/// The number outside.
const OUTSIDE: &str = "90055501";

#[test]
fn a_dialplan_passes_a_caller_on_to_a_number_outside() {
    let folder = place::folder("serve-transfer");
    let mut outside = outside(&folder);
    write_center(&folder, carrier(&outside), "sqlite:data/hotline.db");
    let server = Server::serve(&folder);
    let mut caller = Phone::caller("+15550180").on(&server);
    caller.dial("5000");
    outside.rings(20);
    outside.accept();
    caller.connected(20);
    caller.hears("the party outside", 30, |sound| sound.last(1.0).tone_share(880.0) > 0.9);
    outside.hears("the caller", 30, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    assert!(caller.heard().tone_share(440.0) < 0.05, "the caller hears itself");
    outside.hang_up();
    caller.ended(20);
    let http = server.as_admin();
    let closed = library::closed(&http, "+15550180");
    assert_eq!(closed["outcome"], "transferred", "{closed:#}");
    let lines = library::timeline(&http, closed["id"].as_str().expect("an id"));
    library::assert_in_order(&lines, &["arrived", "dialed", "transferred", "leg_ended", "closed"]);
}

#[test]
fn a_phone_calls_outside_and_a_colleague_and_is_told_when_nobody_takes_it() {
    let folder = place::folder("serve-direct");
    let mut outside = outside(&folder);
    write_center(&folder, carrier(&outside), "sqlite:data/hotline.db");
    let server = Server::serve(&folder);
    let http = server.as_admin();
    let mut anna = Phone::of_user("1001", "anna's").playing(660.0).ringing().on(&server).registered();
    let mut bert = Phone::of_user("1002", "bert's").playing(550.0).ringing().on(&server).registered();
    anna.dial_code("*50");
    library::agent_is(&http, "anna", "ready");

    anna.dial(OUTSIDE);
    outside.rings(20);
    library::agent_is(&http, "anna", "talking");
    outside.accept();
    anna.connected(20);
    anna.hears("the party outside", 30, |sound| sound.last(1.0).tone_share(880.0) > 0.9);
    outside.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    anna.hang_up();
    anna.ended(20);
    outside.ended(20);
    let closed = library::closed(&http, "1001");
    assert_eq!(closed["outcome"], "direct", "{closed:#}");
    assert!(closed["talked_ms"].as_u64().is_some_and(|talked| talked > 200), "{closed:#}");
    library::agent_is(&http, "anna", "ready");

    anna.dial("1002");
    bert.rings(20);
    bert.accept();
    anna.connected(20);
    anna.hears("bert", 30, |sound| sound.last(1.0).tone_share(550.0) > 0.9);
    bert.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    bert.hang_up();
    bert.ended(20);
    anna.ended(20);

    anna.dial("1002");
    bert.rings(20);
    bert.hang_up();
    bert.ended(20);
    let refused = anna.ended(20);
    let said = refused["param"].as_str().unwrap_or_default();
    assert!(said.contains("486") || said.contains("603"), "{refused}");
    library::agent_is(&http, "anna", "ready");

    // This one has not been given the right.
    bert.dial(OUTSIDE);
    let refused = bert.ended(20);
    assert!(refused["param"].as_str().is_some_and(|said| said.contains("403")), "{refused}");
    assert_eq!(library::closed(&http, "1002")["outcome"], "refused");
}

#[test]
fn two_phones_speak_directly_and_their_call_is_on_record() {
    let folder = place::folder("serve-direct-media");
    write_center(&folder, "127.0.0.1:9".parse().expect("an address"), "sqlite:data/hotline.db");
    let file = folder.join("hotline.toml");
    let config = fs::read_to_string(&file).expect("the configuration");
    let config = config.replace("password = \"anna's\"", "password = \"anna's\"\ndirect_media = true");
    let config = config.replace("password = \"bert's\"", "password = \"bert's\"\ndirect_media = true");
    fs::write(&file, config).expect("written");
    let server = Server::serve(&folder);
    let http = server.as_admin();
    let mut anna = Phone::of_user("1001", "anna's").playing(660.0).ringing().on(&server).registered();
    let mut bert =
        Phone::of_user("1002", "bert's").playing(550.0).ringing().over("tcp").on(&server).registered();
    anna.dial("1002");
    bert.rings(20);
    bert.accept();
    anna.connected(20);
    anna.hears("bert", 30, |sound| sound.last(1.0).tone_share(550.0) > 0.9);
    bert.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);

    anna.press('5');
    patience::expect("bert receives what anna presses", 20, || bert.digits().contains('5'));
    bert.hang_up();
    anna.ended(20);
    let closed = library::closed(&http, "1001");
    assert_eq!(closed["outcome"], "direct", "{closed:#}");
    let lines = library::timeline(&http, closed["id"].as_str().expect("an id"));
    library::assert_in_order(&lines, &["arrived", "dialed", "transferred", "leg_ended", "closed"]);
    let messages = lines.iter().filter(|line| line["kind"] == "sip");
    assert!(
        messages
            .filter(|line| line["text"].as_str().is_some_and(|text| text.contains("Record-Route")))
            .count()
            > 1
    );
    for leg in lines.iter().filter(|line| line["kind"] == "leg_ended") {
        assert!(leg["quality"].is_null(), "sound came by here: {leg:#}");
    }
    library::nothing_is_left(&http);
}

#[test]
fn a_reload_changes_the_dialplans_and_no_call() {
    let folder = place::folder("serve-reload");
    write_center(&folder, "127.0.0.1:9".parse().expect("an address"), "sqlite:data/hotline.db");
    let server = Server::serve(&folder);
    let mut caller = Phone::caller("+15550182").on(&server);
    caller.call("5001");
    caller.hears("its own tone", 30, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    let mut other = Phone::caller("+15550183").playing(600.0).on(&server);
    other.dial("5002");
    assert!(other.ended(20)["param"].as_str().is_some_and(|said| said.contains("404")));

    let echo = folder.join("dialplans/echo.toml");
    let plan = fs::read_to_string(&echo).expect("the dialplan");
    fs::write(&echo, plan.replace("[\"tel:5001\"]", "[\"tel:5002\"]")).expect("written");
    server.signal("HUP");
    patience::expect("it says that it has read them", 20, || server.log().contains("are read anew"));
    other.call("5002");
    other.hears("its own tone", 30, |sound| sound.last(1.0).tone_share(600.0) > 0.9);
    let so_far = caller.heard().seconds();
    caller.hears("its own tone, without a gap", 20, |sound| {
        let now = sound.last(2.0);
        sound.seconds() > so_far + 2.0 && now.tone_share(440.0) > 0.9 && now.gaps(0.1).is_empty()
    });

    // What is wrong changes nothing, and is said.
    fs::write(&echo, "name = \"echo\"\n").expect("written");
    server.signal("HUP");
    patience::expect("it says what is wrong", 20, || server.log().contains("nothing was changed"));
    assert!(server.log().contains("echo.toml"), "{}", server.log());
    let mut third = Phone::caller("+15550184").playing(500.0).on(&server);
    third.call("5002");
    third.hears("its own tone", 30, |sound| sound.last(1.0).tone_share(500.0) > 0.9);
}

#[test]
fn on_postgresql_a_call_is_queued_answered_recorded_and_found_again() {
    let postgres = postgres::Postgres::start();
    let folder = place::folder("serve-postgres");
    write_center(&folder, "127.0.0.1:9".parse().expect("an address"), &postgres.fresh_database("center"));
    let server = Server::serve(&folder);
    let http = server.as_admin();
    let mut anna = Phone::of_user("1001", "anna's").on(&server).registered();
    anna.dial_code("*50");
    library::agent_is(&http, "anna", "ready");
    let mut caller = Phone::caller("+15550185").on(&server);
    caller.call("5003");
    anna.connected(30);
    caller.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    anna.hears("the caller", 30, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    caller.hang_up();
    let closed = library::closed(&http, "+15550185");
    assert_eq!((&closed["outcome"], &closed["agent"]), (&"handled".into(), &"anna".into()), "{closed:#}");
    let id = closed["id"].as_str().expect("an id");
    let recording = library::recording(&http, id);
    assert!(recording.only(0).tone_share(440.0) > 0.8 && recording.only(1).tone_share(660.0) > 0.8);
    library::assert_in_order(
        &library::timeline(&http, id),
        &["arrived", "queued", "offered", "connected", "recording_started", "closed"],
    );
}

#[test]
fn a_registered_phone_is_rung_right_after_a_kill_and_a_restart() {
    let folder = place::folder("serve-registrations");
    write_center(&folder, "127.0.0.1:9".parse().expect("an address"), "sqlite:data/hotline.db");
    let port = place::free_port();
    let config = folder.join("hotline.toml");
    let text = fs::read_to_string(&config).expect("the configuration");
    let text = text.replacen("port = 0", &format!("port = {port}"), 1);
    fs::write(&config, text).expect("written");
    let server = Server::serve(&folder);
    let mut bert = Phone::of_user("1002", "bert's").playing(550.0).ringing().on(&server).registered();
    let kept = folder.join("data/registrations");
    patience::expect("the registration is on the disk", 20, || {
        fs::read_to_string(&kept).is_ok_and(|text| text.contains("1002"))
    });
    server.kill();

    let server = Server::serve(&folder);
    let mut anna = Phone::of_user("1001", "anna's").ringing().on(&server).registered();
    anna.dial("1002");
    bert.rings(20);
    bert.accept();
    anna.connected(20);
    anna.hears("bert", 30, |sound| sound.last(1.0).tone_share(550.0) > 0.9);
    bert.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
}

#[test]
fn a_trunk_with_an_account_is_registered_and_calls_go_both_ways() {
    // The carrier is a center of its own: 2000 is our account there, 3001 somebody else's phone.
    let far = place::folder("serve-account-carrier");
    write_center(&far, "127.0.0.1:9".parse().expect("an address"), "sqlite:data/hotline.db");
    let config = far.join("hotline.toml");
    let text = fs::read_to_string(&config).expect("the configuration");
    let text = text.replace("center.test", "carrier.test").replace("accept_from = [\"127.0.0.0/8\"]\n", "")
        + "\n[[phone]]\nuser = \"2000\"\npassword = \"ours\"\n\n[[phone]]\nuser = \"3001\"\npassword = \"theirs\"\n";
    fs::write(&config, text).expect("written");
    let carrier = Server::serve(&far);

    let near = place::folder("serve-account");
    write_center(&near, carrier.ready.sip.udp, "sqlite:data/hotline.db");
    let config = near.join("hotline.toml");
    let text = fs::read_to_string(&config).expect("the configuration");
    let account = "prefixes = [\"3\"]\nuser = \"2000\"\npassword = \"ours\"\ndomain = \"carrier.test\"";
    let text = text.replace("accept_from = [\"127.0.0.0/8\"]\n", "").replace("prefixes = [\"9\"]", account);
    fs::write(&config, text).expect("written");
    let echo = near.join("dialplans/echo.toml");
    let plan = fs::read_to_string(&echo).expect("the dialplan").replace("tel:5001", "tel:2000");
    fs::write(&echo, plan).expect("written");
    let server = Server::serve(&near);
    patience::expect("it is registered", 30, || server.log().contains("trunk carrier is registered"));

    let mut theirs = Phone::of_user("3001", "theirs").playing(700.0).ringing().on(&carrier).registered();
    theirs.dial("2000");
    theirs.connected(20);
    theirs.hears("its own tone, by way of both", 30, |sound| sound.last(1.0).tone_share(700.0) > 0.9);
    theirs.hang_up();
    theirs.ended(20);
    let came = library::interactions(&server.as_admin());
    assert!(came.iter().any(|one| one["origin"] == "trunk:carrier" && one["to"] == "2000"), "{came:#?}");

    let mut anna = Phone::of_user("1001", "anna's").ringing().on(&server).registered();
    anna.dial("3001");
    theirs.rings(20);
    theirs.accept();
    anna.connected(20);
    anna.hears("the phone at the carrier", 30, |sound| sound.last(1.0).tone_share(700.0) > 0.9);
    theirs.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    theirs.hang_up();
    anna.ended(20);
    assert_eq!(library::closed(&server.as_admin(), "1001")["outcome"], "direct");
}

/// A phone in the telephone network outside, which the carrier's number leads to.
fn outside(folder: &Path) -> Line {
    Phone::caller(OUTSIDE).playing(880.0).on_at("outside.test", None, folder)
}

/// Where the carrier takes calls: at the outside phone's door.
fn carrier(outside: &Line) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], outside.sip_port()))
}

/// Writes a small center: two phones, one of which may call outside; dialplans for each thing a test wants.
fn write_center(folder: &Path, carrier: SocketAddr, database: &str) {
    let more = format!(
        "[[queue]]\nname = \"help\"\nwrap_up = \"0s\"\n\n\
         [[trunk]]\nname = \"carrier\"\naccept_from = [\"127.0.0.0/8\"]\nsend_to = \"{carrier}\"\nprefixes = [\"9\"]\nprobe = \"0s\"\n\n\
         [[phone]]\nuser = \"1001\"\npassword = \"anna's\"\ncalls_out = true\n\n\
         [[phone]]\nuser = \"1002\"\npassword = \"bert's\"\n\n\
         [[agent]]\nlogin = \"anna\"\nphone = \"1001\"\nqueues = [\"help\"]\n",
    );
    Settings { database, more: &more, ..Settings::default() }.write(folder);
    for (name, entry, steps) in [
        ("out", "5000", "[step.go]\ntransfer = \"90055501\"\nring = \"60s\"\n"),
        (
            "echo",
            "5001",
            "[step.go]\necho = \"echo-test\"\nthen = \"end\"\n\n[step.end]\nend = \"self_served\"\n",
        ),
        ("help", "5003", "[step.go]\nqueue = \"help\"\nhold = \"calm\"\n"),
    ] {
        center::dialplan(folder, name, entry, steps);
    }
}
