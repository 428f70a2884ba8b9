//! Headless Chromium on the embedded UI: a supervisor watches a call arrive, be answered, end, and reads its story. And
//! pages that are phones, registered by their log-in.

use serde_json::json;
use tests::baresip::Phone;
use tests::browser::{Page, PhonePage};
use tests::gate::Gate;
use tests::library;
use tests::patience;
use tests::place;
use tests::server::Server;

#[test]
fn a_supervisor_sees_a_call_arrive_and_end_and_plays_its_recording() {
    let server = Server::start("browser-board");
    let http = server.as_admin();
    let sara = server.ready.supervisors[0].clone();
    let mut page = Page::of(&server);
    page.open("/");
    page.log_in(&sara.login, &sara.password);
    page.open("/board");
    page.sees("support");
    page.sees("anna");
    page.picture("board-empty");

    let mut caller = Phone::caller("+15550140").on(&server);
    caller.call(server.number("support"));
    page.sees("+15550140");
    page.picture("board-waiting");
    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    anna.dial_code(&server.ready.codes.ready);
    anna.connected(30);
    let open = library::interaction_where(&http, "+15550140", "connected", |one| one["state"] == "connected");
    page.sees("+15550140");
    anna.hears("three seconds of the caller", 20, |sound| sound.seconds() > 3.0);
    page.picture("board-talking");
    caller.hang_up();
    anna.ended(10);
    let closed = library::closed(&http, "+15550140");
    assert_eq!(closed["id"], open["id"]);
    page.sees_no_more("+15550140", 60);

    page.open(&format!("/interactions/{}", closed["id"].as_str().expect("an id")));
    page.sees("+15550140");
    page.sees("anna");
    page.sees("INVITE");
    assert!(page.plays_audio() > 2.0);
    page.picture("timeline");
    page.dark();
    page.picture("timeline-dark");
    page.must_not_have_complained();
}

#[test]
fn nobody_sees_the_board_without_a_login() {
    let server = Server::start("browser-no-login");
    let mut page = Page::of(&server);
    page.open("/board");
    let admin = server.ready.admin.as_ref().expect("an administrator");
    page.log_in(&admin.login, &admin.password);
    page.sees("support");
    page.must_not_have_complained();
}

#[test]
fn a_page_is_its_agents_phone_by_a_token_for_as_long_as_the_log_in_lasts() {
    let server = Server::start("browser-phone");
    let http = server.as_admin();
    let registered = |wanted: bool| {
        patience::expect(&format!("anna's phone is registered: {wanted}"), 20, || {
            let agents = http.json("/api/v1/agents");
            let all = agents["agents"].as_array().cloned().unwrap_or_default();
            all.iter().any(|agent| agent["id"] == "anna" && agent["phone_registered"] == wanted)
        });
    };
    let anna = server.agent("anna").clone();
    let mut page = PhonePage::of(&server);
    page.log_in(&anna.login, &anna.password);
    let pass = page.pass();
    assert_eq!(pass["uri"], server.uri(&anna.sip_user).as_str());
    assert_eq!(pass["server"].as_str(), server.ready.sip.wss.as_deref());
    assert!(!pass.to_string().contains(&anna.sip_password), "{pass}");

    // However long it asks for, a registration by token is short.
    assert_eq!(page.registers("jssip", &pass), "registered for 300 s");
    registered(true);
    let next = page.pass();
    assert_ne!(next["token"], pass["token"]);
    assert_eq!(page.registers_again(&next), "registered for 300 s");

    // It is rung as every phone is.
    let own = server.http().log_in(&anna.login, &anna.password);
    assert_eq!(own.put("/api/v1/me/state", &json!({ "state": "ready" })).status, 200);
    let mut caller = Phone::caller("+15550270").on(&server);
    caller.call(server.number("support"));
    patience::expect("the page was rung", 20, || page.calls() == json!(["+15550270"]));
    caller.hang_up();

    page.log_out();
    registered(false);
    assert_eq!(page.registers_again(&next), "401", "a token of a log-in that is over");

    page.log_in(&anna.login, &anna.password);
    let pass = page.pass();
    assert_eq!(page.registers("sipjs", &pass), "registered for 300 s");
    registered(true);
    let next = page.pass();
    assert_eq!(page.registers_again(&next), "registered for 300 s");
}

#[test]
fn a_page_with_somebody_elses_token_or_an_invented_one_is_no_phone() {
    let server = Server::start("browser-phone-wrong");
    let (anna, bert) = (server.agent("anna").clone(), server.agent("bert").clone());
    let mut page = PhonePage::of(&server);
    page.log_in(&bert.login, &bert.password);
    let mut pass = page.pass();
    pass["uri"] = json!(server.uri(&anna.sip_user));
    for library in ["jssip", "sipjs"] {
        assert_eq!(page.registers(library, &pass), "403");
    }
    pass["token"] = json!("1.2.3.4");
    for library in ["jssip", "sipjs"] {
        assert_eq!(page.registers(library, &pass), "403");
    }
    let text = server.as_admin().get("/metrics").text();
    assert!(text.contains("hotline_registrations 0"), "{text}");
}

#[test]
fn a_page_of_another_place_is_a_phone_here_if_the_configuration_names_it() {
    let [named, stranger] = [place::free_port(), place::free_port()];
    let origins = format!("[http]\norigins = [\"https://127.0.0.1:{named}\"]\n");
    let server = Server::start_with(&place::folder("browser-origins"), &origins);
    let anna = server.agent("anna").clone();
    // A page of another place has its token from whoever serves that.
    let desk = server.http().log_in(&anna.login, &anna.password);
    let register = |port| {
        let gate = Gate::at(port, server.secure());
        let mut pass = desk.post("/api/v1/me/phone", &json!({})).json();
        pass["server"] = json!(server.ready.sip.wss);
        PhonePage::at(gate.inside()).tries_to_register("jssip", &pass)
    };
    let refused = register(stranger).expect_err("its page is named nowhere");
    assert!(refused.contains("no connection"), "{refused}");
    assert_eq!(register(named), Ok("registered for 300 s".to_owned()));
}
