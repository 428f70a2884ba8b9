//! Headless Chromium on the embedded UI: a supervisor watches a call arrive, be answered, end, and reads its story.

use tests::baresip::Phone;
use tests::browser::Page;
use tests::library;
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
