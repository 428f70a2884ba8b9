//! Passing callers on, with real phones.

use tests::baresip::Phone;
use tests::library;
use tests::patience;
use tests::server::Server;

#[test]
fn a_blind_transfer_connects_the_caller_with_a_colleague_and_frees_the_agent() {
    let server = Server::start("transfer-blind");
    let http = server.as_admin();
    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    let mut bert = Phone::of_agent(&server, "bert").playing(880.0).ringing().on(&server).registered();
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = Phone::caller("+15550190").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    caller.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);

    anna.pass_on("1002");
    bert.rings(20);
    anna.ended(20);
    library::agent_is(&http, "anna", "wrap_up");
    caller.hears("ringing, and anna no more", 30, |sound| {
        let now = sound.last(3.0);
        now.seconds_sounding() > 0.5 && now.tone_share(660.0) < 0.05
    });
    bert.accept();
    caller.hears("bert", 30, |sound| sound.last(1.0).tone_share(880.0) > 0.9);
    bert.hears("the caller", 30, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    assert!(caller.heard().tone_share(440.0) < 0.05, "the caller hears itself");

    bert.hang_up();
    caller.ended(20);
    let closed = library::closed(&http, "+15550190");
    assert_eq!((&closed["outcome"], &closed["agent"]), (&"transferred".into(), &"anna".into()), "{closed:#}");
    let lines = library::timeline(&http, closed["id"].as_str().expect("an id"));
    library::assert_in_order(&lines, &["connected", "passed_on", "dialed", "transferred", "closed"]);
    assert_eq!(library::line(&lines, "passed_on")["to"], "1002");
    patience::expect("nothing is left", 40, || {
        let text = http.get("/metrics").text();
        ["hotline_legs_open 0", "hotline_interactions_open 0"].iter().all(|line| text.contains(line))
    });
}

#[test]
fn a_caller_whom_nobody_takes_comes_back_to_the_queue() {
    let server = Server::start("transfer-busy");
    let http = server.as_admin();
    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = Phone::caller("+15550191").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    caller.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    // Nobody has registered as 1002.
    anna.pass_on("1002");
    anna.ended(20);
    let waiting = library::interaction_where(&http, "+15550191", "queued", |one| one["state"] == "queued");
    assert_eq!(waiting["queue"], "support");
    // After her wrap-up she is asked again, and takes it.
    anna.connected(40);
    caller.hears("anna again", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    anna.hears("the caller again", 30, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    caller.hang_up();
    assert_eq!(library::closed(&http, "+15550191")["outcome"], "handled");
}
