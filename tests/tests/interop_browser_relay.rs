//! Browsers whose network lets nothing out but to a TURN server: coturn, with the names and passwords that the center gives
//! to each page. Who hears whom is known by tones.

use serde_json::json;
use tests::baresip::{Line, Phone};
use tests::browser::PhonePage;
use tests::place;
use tests::relay::Relay;
use tests::server::Server;
use tests::sound::Sound;

const PAGE_HZ: f64 = 700.0;
const DESK_HZ: f64 = 440.0;

#[test]
fn a_page_that_gets_nowhere_but_to_a_turn_server_talks_by_it() {
    for (transport, library) in [("udp", "jssip"), ("tcp", "sipjs")] {
        let folder = place::folder(&format!("browser-relay-{transport}"));
        let relay = Relay::start(&folder);
        let server = told_of(&relay, &relay.secret, transport, &folder);
        let mut desk = Phone::of_agent(&server, "bert").playing(DESK_HZ).on(&server).registered();
        let mut page = PhonePage::bound_to(&server, "anna", library, PAGE_HZ, "relay");
        page.call(&server.uri(&server.agent("bert").sip_user));
        desk.connected(30);
        page.noted("talks", 30);
        hear_each_other(&mut page, &desk);
        let state = page.state();
        assert_eq!(state["way"][0].as_str().and_then(|way| way.split(' ').next()), Some("relay"), "{state}");
        page.does("hangUp");
        desk.ended(20);
    }
}

#[test]
fn a_page_with_a_password_that_the_turn_server_does_not_know_is_hung_up() {
    let folder = place::folder("browser-relay-wrong");
    let relay = Relay::start(&folder);
    let server = told_of(&relay, "another secret", "udp", &folder);
    let mut desk = Phone::of_agent(&server, "bert").on(&server).registered();
    let mut page = PhonePage::bound_to(&server, "anna", "jssip", PAGE_HZ, "relay");
    page.call(&server.uri(&server.agent("bert").sip_user));
    desk.connected(30);
    page.noted("over", 60);
    desk.ended(20);
}

/// A center that tells its pages of a TURN server, and has this secret with it.
fn told_of(relay: &Relay, secret: &str, transport: &str, folder: &std::path::Path) -> Server {
    let (url, secret) = (json!(relay.url(transport)), json!(secret));
    let turn = format!("[[browsers.turn]]\nurls = [{url}]\nsecret = {secret}\nlifetime = \"10m\"\n");
    Server::start_with(folder, &turn)
}

fn hear_each_other(page: &mut PhonePage, desk: &Line) {
    page.hears("the desk phone", 20, |sound| speaks(sound, DESK_HZ));
    desk.hears("the page", 20, |sound| speaks(&sound.last(1.0), PAGE_HZ));
}

fn speaks(sound: &Sound, hz: f64) -> bool {
    sound.tone_share(hz) > 0.5
}
