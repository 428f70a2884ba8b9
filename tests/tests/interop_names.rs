//! Carriers that are known by a name: where the name service says they are, the next place when one is dead, and nobody
//! else over TLS.

#![allow(clippy::disallowed_methods, reason = "these tests write configurations and start the program")]

use std::fs;
use std::path::Path;

use serde_json::Value;
use tests::baresip::{Line, Phone};
use tests::center::Settings;
use tests::http::Http;
use tests::name_server::NameServer;
use tests::server::Server;
use tests::{library, patience, place};

/// The number outside.
const OUTSIDE: &str = "9030555";

#[test]
fn a_carrier_is_found_where_its_records_say_and_its_next_place_tried_when_one_is_dead() {
    let folder = place::folder("names");
    let mut first = carrier(&folder, "first", 880.0);
    let mut second = carrier(&folder, "second", 770.0);
    let mut third = carrier(&folder, "third", 990.0);
    let names = NameServer::with(&zone(&[(10, &first), (20, &second)]));
    write_center(&folder, &names, "carrier.test", "");
    let server = Server::serve(&folder);
    let http = server.as_admin();
    let mut anna = Phone::of_user("1001", "anna's").playing(660.0).ringing().on(&server).registered();
    trunk_is(&http, "state", "up");
    trunk_is(&http, "address", &format!("udp 127.0.0.1:{}", first.sip_port()));

    talk(&mut anna, &mut first, 880.0);
    // The place to be tried first is dead: the second one is, and the caller hears nothing of it.
    first.cut_off();
    talk(&mut anna, &mut second, 770.0);

    // The carrier moves; nobody says so but the name service, when it is asked again.
    let asked = names.asked();
    names.says(&zone(&[(10, &third), (20, &second)]));
    trunk_is(&http, "address", &format!("udp 127.0.0.1:{}", third.sip_port()));
    assert!(names.asked() > asked);
    talk(&mut anna, &mut third, 990.0);

    // A name service without an answer takes nothing away.
    drop(names);
    talk(&mut anna, &mut third, 990.0);
    let closed = library::closed(&http, "1001");
    assert_eq!(closed["outcome"], "direct", "{closed:#}");
}

#[test]
fn over_tls_a_carrier_has_to_show_the_name_that_was_looked_for() {
    // The carrier is a demo center, whose certificate is for hotline.test. Its number 4600 gives back what it hears.
    let carrier = Server::start("names-tls-carrier");
    let authority = carrier.ready.ca_file.clone().expect("the demo's authority");
    let tls = carrier.ready.sip.tls.expect("the demo speaks TLS");
    let names = NameServer::with(&format!(
        "_sips._tcp.hotline.test srv 300 0 0 {port} host.test\n_sips._tcp.other.test srv 300 0 0 {port} host.test\n\
         host.test a 300 127.0.0.1\n",
        port = tls.port()
    ));
    let mut reached = Vec::new();
    for name in ["hotline.test", "other.test"] {
        let folder = place::folder(&format!("names-tls-{name}"));
        for file in ["server.pem", "server.key"] {
            let from = authority.parent().expect("a folder").join(file);
            fs::copy(&from, folder.join(file)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
        let tls = format!(
            "tls_port = 0\ntls_certificate = \"server.pem\"\ntls_key = \"server.key\"\ntls_authorities = \"{}\"\n",
            authority.display()
        );
        write_center(&folder, &names, &format!("sips:{name}"), &tls);
        let server = Server::serve(&folder);
        let mut anna = Phone::of_user("1001", "anna's").playing(660.0).ringing().on(&server).registered();
        if name == "hotline.test" {
            trunk_is(&server.as_admin(), "state", "up");
            anna.dial("4600");
            anna.connected(20);
            anna.hears("itself, by way of the carrier", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
        } else {
            trunk_is(&server.as_admin(), "state", "down");
            anna.dial("4600");
            anna.ended(30);
        }
        reached.push(library::interactions(&carrier.as_admin()).len());
    }
    assert_eq!(reached, [1, 1], "nothing was said to somebody of another name");
}

/// Anna calls outside, and both hear each other.
fn talk(anna: &mut Line, outside: &mut Line, hz: f64) {
    anna.dial(OUTSIDE);
    outside.rings(30);
    outside.accept();
    anna.connected(20);
    anna.hears("the party outside", 30, |sound| sound.last(1.0).tone_share(hz) > 0.9);
    outside.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    anna.hang_up();
    anna.ended(20);
    outside.ended(20);
}

/// A phone where a carrier takes calls.
fn carrier(folder: &Path, name: &str, hz: f64) -> Line {
    let folder = folder.join(name);
    fs::create_dir_all(&folder).expect("a folder");
    Phone::caller(OUTSIDE).playing(hz).on_at("carrier.test", None, &folder)
}

/// Where the carrier is, each place with its priority; to be believed for no longer than can be asked for.
fn zone(places: &[(u16, &Line)]) -> String {
    let srv = places.iter().map(|(priority, line)| {
        format!("_sip._udp.carrier.test srv 1 {priority} 0 {} host.carrier.test\n", line.sip_port())
    });
    srv.chain(["host.carrier.test a 1 127.0.0.1\n".to_owned()]).collect()
}

fn trunk_is(http: &Http, key: &str, value: &str) {
    let look = || {
        let trunks: Value = http.json("/api/v1/trunks");
        trunks["trunks"][0][key] == value
    };
    patience::expect(&format!("the trunk's {key} is {value}"), 40, look);
}

fn write_center(folder: &Path, names: &NameServer, carrier: &str, sip: &str) {
    let more = format!(
        "[[trunk]]\nname = \"carrier\"\nsend_to = \"{carrier}\"\nprefixes = [\"9\", \"4\"]\nprobe = \"1s\"\n\n\
         [[phone]]\nuser = \"1001\"\npassword = \"anna's\"\ncalls_out = true\n",
    );
    let sip = format!("name_servers = [\"{}\"]\n{sip}", names.address());
    Settings { sip: &sip, more: &more, ..Settings::default() }.write(folder);
}
