//! Browsers that talk: JsSIP and SIP.js in Chromium with desk phones and with each other, encrypted by DTLS-SRTP. Who hears
//! whom is known by tones.

use std::net::{Ipv6Addr, SocketAddr};
use tests::baresip::Phone;
use tests::browser::PhonePage;
use tests::gate::Gate;
use tests::library;
use tests::patience;
use tests::place;
use tests::router::Router;
use tests::server::Server;
use tests::sound::Sound;

const PAGE_HZ: f64 = 700.0;
const DESK_HZ: f64 = 440.0;

#[test]
fn a_page_calls_a_desk_phone_and_both_hear_each_other() {
    for library in ["jssip", "sipjs"] {
        let server = Server::start(&format!("browser-calls-{library}"));
        let mut desk = Phone::of_agent(&server, "bert").playing(DESK_HZ).on(&server).registered();
        let mut page = PhonePage::of_agent(&server, "anna", library, PAGE_HZ);
        let bert = server.agent("bert").sip_user.clone();
        page.call(&server.uri(&bert));
        desk.connected(20);
        page.noted("talks", 20);
        hear_each_other(&mut page, &desk);
        let state = page.state();
        assert_eq!(
            (&state["dtls"], &state["connection"]),
            (&"connected".into(), &"connected".into()),
            "{state}"
        );
        assert!(state["srtp"].as_str().is_some_and(|suite| !suite.is_empty()), "{state}");

        page.does("hold");
        page.noted("hold local", 20);
        desk.hears("nothing while it is held", 20, |sound| !speaks(&sound.last(1.0), PAGE_HZ));
        page.does("resume");
        page.noted("unhold local", 20);
        hear_each_other(&mut page, &desk);

        page.does("hangUp");
        desk.ended(20);
        page.noted("over", 20);
        library::no_leg_is_left(&server.as_admin());
    }
}

#[test]
fn a_desk_phone_calls_a_page_and_both_hear_each_other() {
    for library in ["jssip", "sipjs"] {
        let server = Server::start(&format!("browser-called-{library}"));
        let mut page = PhonePage::of_agent(&server, "anna", library, PAGE_HZ);
        let mut desk = Phone::of_agent(&server, "bert").playing(DESK_HZ).on(&server).registered();
        let anna = server.agent("anna").sip_user.clone();
        desk.call(&anna);
        page.noted("talks", 20);
        hear_each_other(&mut page, &desk);
        desk.hang_up();
        page.noted("over", 20);
        library::no_leg_is_left(&server.as_admin());
    }
}

#[test]
fn two_pages_talk_with_each_other() {
    let server = Server::start("browser-both");
    let mut anna = PhonePage::of_agent(&server, "anna", "jssip", 700.0);
    let mut bert = PhonePage::of_agent(&server, "bert", "sipjs", 1_000.0);
    let called = server.agent("bert").sip_user.clone();
    anna.call(&server.uri(&called));
    anna.noted("talks", 20);
    bert.noted("talks", 20);
    anna.hears("bert", 20, |sound| speaks(sound, 1_000.0));
    bert.hears("anna", 20, |sound| speaks(sound, 700.0));
    bert.does("hangUp");
    anna.noted("over", 20);
    library::no_leg_is_left(&server.as_admin());
}

#[test]
fn a_page_that_begins_ice_anew_goes_on_talking() {
    let server = Server::start("browser-restart");
    let mut desk = Phone::of_agent(&server, "bert").playing(DESK_HZ).on(&server).registered();
    let mut page = PhonePage::of_agent(&server, "anna", "jssip", PAGE_HZ);
    let bert = server.agent("bert").sip_user.clone();
    page.call(&server.uri(&bert));
    page.noted("talks", 20);
    hear_each_other(&mut page, &desk);
    let before = page.state();
    page.does("restart");
    patience::expect("another name in ICE is in use", 20, || page.state()["ufrag"] != before["ufrag"]);
    hear_each_other(&mut page, &desk);
    let after = page.state();
    assert_eq!((&after["ice"], &after["dtls"]), (&before["ice"], &"connected".into()), "{before} {after}");
    page.does("hangUp");
    desk.ended(20);
    library::no_leg_is_left(&server.as_admin());
}

#[test]
fn a_page_whose_network_lets_no_udp_out_talks_over_a_connection() {
    let server = Server::start("browser-tcp");
    let mut desk = Phone::of_agent(&server, "bert").playing(DESK_HZ).on(&server).registered();
    let mut page = PhonePage::bound_to(&server, "anna", "jssip", PAGE_HZ, "tcp");
    let (anna, bert) = (server.agent("anna").sip_user.clone(), server.agent("bert").sip_user.clone());
    page.call(&server.uri(&bert));
    desk.connected(20);
    page.noted("talks", 20);
    hear_each_other(&mut page, &desk);
    let state = page.state();
    let way = |end: usize| state["way"][end].as_str().unwrap_or_default();
    assert!(way(0).ends_with(" tcp") && way(1) == "host tcp", "{state}");
    page.does("restart");
    patience::expect("another name in ICE is in use", 20, || page.state()["ufrag"] != state["ufrag"]);
    hear_each_other(&mut page, &desk);
    page.does("hangUp");
    desk.ended(20);

    // The other way round as well.
    desk.call(&anna);
    page.noted("talks", 20);
    hear_each_other(&mut page, &desk);
    desk.hang_up();
    library::no_leg_is_left(&server.as_admin());
}

#[test]
fn a_page_whose_address_changes_in_a_call_goes_on_talking() {
    let port = place::free_port();
    let media = format!("[media]\nthreads = 1\nbrowser_port = {port}\n");
    let server = Server::start_with(&place::folder("browser-moves"), &media);
    let router = Router::before(SocketAddr::from(([127, 0, 0, 1], port)));
    let mut desk = Phone::of_agent(&server, "bert").playing(DESK_HZ).on(&server).registered();
    let inside = router.inside();
    let via = format!("via {} {}", inside.ip(), inside.port());
    let mut page = PhonePage::bound_to(&server, "anna", "jssip", PAGE_HZ, &via);
    page.call(&server.uri(&server.agent("bert").sip_user));
    desk.connected(20);
    page.noted("talks", 20);
    hear_each_other(&mut page, &desk);
    assert!(router.came_back() > 0, "the sound goes through the router");

    // The page knows nothing of it; its checks come from elsewhere, and the sound follows them.
    for _ in 0..2 {
        router.moves();
        patience::expect("the sound goes to the new address", 20, || router.came_back() > 50);
        hear_each_other(&mut page, &desk);
    }
    // Nor does ICE begun anew mind that it moves meanwhile.
    let before = page.state();
    page.does("restart");
    router.moves();
    patience::expect("another name in ICE is in use", 20, || page.state()["ufrag"] != before["ufrag"]);
    patience::expect("the sound goes to the new address", 20, || router.came_back() > 50);
    hear_each_other(&mut page, &desk);
    page.does("hangUp");
    desk.ended(20);
    library::no_leg_is_left(&server.as_admin());
}

#[test]
fn a_page_that_came_over_ipv6_talks_over_ipv6() {
    if !place::has_ipv6() {
        return;
    }
    let server = Server::start_on(&place::folder("browser-ipv6"), Ipv6Addr::LOCALHOST.into());
    let mut page = PhonePage::of_agent(&server, "anna", "jssip", PAGE_HZ);
    page.call(&server.uri(server.number("echo")));
    page.noted("talks", 20);
    page.hears("itself", 20, |sound| speaks(sound, PAGE_HZ));
    let state = page.state();
    let to = state["to"].as_str().unwrap_or_default().trim_matches(['[', ']']);
    assert_eq!(to.parse(), Ok(Ipv6Addr::LOCALHOST), "{state}");
    page.does("hangUp");
    library::no_leg_is_left(&server.as_admin());
}

#[test]
fn a_page_that_loses_its_websocket_with_the_network_is_in_its_call_again() {
    let port = place::free_port();
    let media = format!("[media]\nthreads = 1\nbrowser_port = {port}\n");
    let server = Server::start_with(&place::folder("browser-network"), &media);
    for library in ["jssip", "sipjs"] {
        let router = Router::before(SocketAddr::from(([127, 0, 0, 1], port)));
        let gate = Gate::before(server.secure());
        let mut desk = Phone::of_agent(&server, "bert").playing(DESK_HZ).on(&server).registered();
        let inside = router.inside();
        let via = format!("via {} {}", inside.ip(), inside.port());
        let mut page = PhonePage::through(gate.inside(), &server, "anna", library, PAGE_HZ, &via);
        page.call(&server.uri(&server.agent("bert").sip_user));
        desk.connected(20);
        page.noted("talks", 20);
        hear_each_other(&mut page, &desk);

        // Sound and signalling come from elsewhere, and the old connection is gone.
        gate.moves();
        router.moves();
        page.noted("back", 30);
        hear_each_other(&mut page, &desk);
        let pass = page.pass();
        assert_eq!(page.registers_again(&pass), "registered for 300 s");
        let before = page.state();
        page.does("restart");
        patience::expect("another name in ICE is in use", 20, || page.state()["ufrag"] != before["ufrag"]);
        hear_each_other(&mut page, &desk);

        // Once more; this time the page says nothing, and the far end's good-bye has to find it.
        gate.moves();
        patience::expect("the page is back", 30, || page.times("back") == 2);
        let pass = page.pass();
        assert_eq!(page.registers_again(&pass), "registered for 300 s");
        if library == "jssip" {
            desk.hang_up()
        } else {
            page.does("hangUp")
        }
        desk.ended(20);
        page.noted("over", 20);
        library::no_leg_is_left(&server.as_admin());
    }
}

fn hear_each_other(page: &mut PhonePage, desk: &tests::baresip::Line) {
    page.hears("the desk phone", 20, |sound| speaks(sound, DESK_HZ));
    desk.hears("the page", 20, |sound| speaks(&sound.last(1.0), PAGE_HZ));
}

fn speaks(sound: &Sound, hz: f64) -> bool {
    sound.tone_share(hz) > 0.5
}
