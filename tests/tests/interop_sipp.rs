//! SIPp against the center: exact digest exchanges, and many calls at once.

use tests::http::Http;
use tests::library;
use tests::server::Server;
use tests::sipp::Sipp;

#[test]
fn a_phone_registers_with_digest_over_udp_and_tcp() {
    let server = Server::start("sipp-register");
    let anna = server.agent("anna");
    let (user, password) = (anna.sip_user.clone(), anna.sip_password.clone());
    Sipp::new("register", &user).with_password(&password).run(&server).must_be_well();
    Sipp::new("register", &user).with_password(&password).over_tcp().run(&server).must_be_well();
}

#[test]
fn a_wrong_password_is_refused_and_the_right_one_still_works() {
    let server = Server::start("sipp-wrong-password");
    let anna = server.agent("anna");
    let (user, password) = (anna.sip_user.clone(), anna.sip_password.clone());
    Sipp::new("refused", &user).with_password("not-the-password").run(&server).must_be_well();
    Sipp::new("register", &user).with_password(&password).run(&server).must_be_well();
}

#[test]
fn an_unknown_user_is_refused_like_a_wrong_password() {
    let server = Server::start("sipp-unknown-user");
    Sipp::new("refused", "7777").with_password("whatever").run(&server).must_be_well();
}

#[test]
fn two_hundred_registrations_in_two_seconds_all_succeed() {
    let server = Server::start("sipp-many-registrations");
    let anna = server.agent("anna");
    let run = Sipp::new("register", &anna.sip_user).with_password(&anna.sip_password).calls(200, 100);
    run.run(&server).must_be_well();
}

#[test]
fn twenty_calls_with_sound_all_go_through_and_leave_nothing_behind() {
    let server = Server::start("sipp-calls");
    let http = server.as_admin();
    Sipp::new("call", server.number("echo")).calls(20, 10).run(&server).must_be_well();
    tests::patience::expect("all interactions are closed", 20, || {
        let all = library::interactions(&http);
        all.len() == 20 && all.iter().all(|one| one["state"] == "closed")
    });
    for one in library::interactions(&http) {
        sound_arrived(&http, one["id"].as_str().expect("an id"));
    }
}

#[test]
fn calls_over_tcp_carry_sound_too() {
    let server = Server::start("sipp-calls-tcp");
    let http = server.as_admin();
    Sipp::new("call", server.number("music")).calls(5, 5).over_tcp().run(&server).must_be_well();
    tests::patience::expect("all interactions are closed", 20, || {
        let all = library::interactions(&http);
        all.len() == 5 && all.iter().all(|one| one["state"] == "closed")
    });
    for one in library::interactions(&http) {
        sound_arrived(&http, one["id"].as_str().expect("an id"));
    }
}

/// Three seconds are 150 packets; a loaded machine may start late.
fn sound_arrived(http: &Http, id: &str) {
    let lines = library::timeline(http, id);
    let quality = &library::line(&lines, "leg_ended")["quality"];
    let count = |name: &str| quality[name].as_u64().unwrap_or_default();
    assert!(count("received") > 75 && count("sent") > 75, "{quality}");
}
