//! Browsers that talk: JsSIP and SIP.js in Chromium with desk phones and with each other, encrypted by DTLS-SRTP. Who hears
//! whom is known by tones.

use tests::baresip::Phone;
use tests::browser::PhonePage;
use tests::patience;
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
        nothing_is_left(&server);
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
        nothing_is_left(&server);
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
    nothing_is_left(&server);
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
    nothing_is_left(&server);
}

fn hear_each_other(page: &mut PhonePage, desk: &tests::baresip::Line) {
    page.hears("the desk phone", 20, |sound| speaks(sound, DESK_HZ));
    desk.hears("the page", 20, |sound| speaks(&sound.last(1.0), PAGE_HZ));
}

fn speaks(sound: &Sound, hz: f64) -> bool {
    sound.tone_share(hz) > 0.5
}

/// No leg, no port, no dialog.
fn nothing_is_left(server: &Server) {
    let http = server.as_admin();
    patience::expect("no leg is left", 20, || http.get("/metrics").text().contains("hotline_legs_open 0"));
}
