//! The first call, with real phones: caller, menu, queue, agent, sound both ways, and every way it can end.

use tests::baresip::{Line, Phone};
use tests::library;
use tests::server::Server;
use tests::sound::Sound;

/// What the callers play.
const CALLER_HZ: f64 = 440.0;
/// What the agents play.
const AGENT_HZ: f64 = 660.0;

#[test]
fn a_caller_reaches_an_agent_through_the_menu_and_both_hear_each_other() {
    let server = Server::start("queue-first-call");
    let http = server.as_admin();

    let mut caller = Phone::caller("+15550100").on(&server);
    caller.call(server.number("main"));
    caller.hears("the greeting", 20, |sound| sound.seconds_sounding() > 1.0);
    caller.press('2');
    let waiting = library::interaction_where(&http, "+15550100", "queued", |one| one["state"] == "queued");
    assert_eq!(waiting["queue"], "support");
    caller.hears("music that does not stop", 40, |sound| is_music(&sound.last(4.0)));

    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    anna.dial_code(&server.ready.codes.ready);
    anna.connected(20);
    both_hear_each_other(&caller, &anna);

    caller.hang_up();
    anna.ended(10);
    let closed = library::closed(&http, "+15550100");
    assert_eq!((&closed["outcome"], &closed["agent"]), (&"handled".into(), &"anna".into()), "{closed:#}");

    let id = closed["id"].as_str().expect("an id");
    let lines = library::timeline(&http, id);
    library::assert_in_order(
        &lines,
        &["arrived", "answered", "digit", "step", "queued", "offered", "connected", "leg_ended", "closed"],
    );
    assert_eq!(library::line(&lines, "digit")["digit"], "2");
    let offered = library::line(&lines, "offered");
    assert_eq!(offered["agent"], "anna");
    let why = &offered["why"];
    assert_eq!((&why["queue"], &why["position"]), (&"support".into(), &1.into()), "{why:#}");
    assert!(why["rule"].is_string() && why["waited_ms"].as_i64().is_some_and(|ms| ms > 0), "{why:#}");
    assert!(
        lines
            .iter()
            .any(|line| line["kind"] == "sip"
                && line["summary"].as_str().is_some_and(|s| s.contains("INVITE")))
    );

    let recording = library::recording(&http, id);
    assert_eq!(recording.channels(), 2);
    let (left, right) = (recording.only(0).while_sounding(), recording.only(1).while_sounding());
    assert!(left.seconds() > 1.0 && right.seconds() > 1.0, "both are recorded");
    assert!(
        left.tone_share(CALLER_HZ) > 0.8 && left.tone_share(AGENT_HZ) < 0.05,
        "the caller is on the left"
    );
    assert!(
        right.tone_share(AGENT_HZ) > 0.8 && right.tone_share(CALLER_HZ) < 0.05,
        "the agent is on the right"
    );
}

#[test]
fn an_agent_who_hangs_up_ends_the_callers_call() {
    let server = Server::start("queue-agent-hangs-up");
    let mut anna = ready_agent(&server, "anna");
    let mut caller = Phone::caller("+15550101").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    both_hear_each_other(&caller, &anna);
    anna.hang_up();
    caller.ended(10);
    let closed = library::closed(&server.as_admin(), "+15550101");
    assert_eq!(closed["outcome"], "handled");
}

#[test]
fn the_agent_who_has_been_idle_longest_is_asked_first() {
    let server = Server::start("queue-longest-idle");
    let mut bert = ready_agent(&server, "bert");
    let anna = ready_agent(&server, "anna");
    let mut caller = Phone::caller("+15550102").on(&server);
    caller.call(server.number("support"));
    bert.connected(20);
    assert_eq!(anna.count("CALL_ESTABLISHED"), 1, "only the call to the code");
    let http = server.as_admin();
    let talking =
        library::interaction_where(&http, "+15550102", "connected", |one| one["state"] == "connected");
    let lines = library::timeline(&http, talking["id"].as_str().expect("an id"));
    let why = &library::line(&lines, "offered")["why"];
    assert_eq!(why["candidates"], 2, "{why:#}");
    let passed_over = why["passed_over"].as_array().expect("who was passed over");
    assert!(passed_over.iter().any(|one| one["agent"] == "anna" && one["code"] == "idle_less"), "{why:#}");
}

#[test]
fn an_agent_whose_phone_is_busy_is_passed_over_and_the_next_one_rings() {
    let server = Server::start("queue-agent-busy");
    let http = server.as_admin();
    let mut anna = registered(Phone::of_agent(&server, "anna").ringing(), &server);
    anna.dial_code(&server.ready.codes.ready);
    let mut bert = ready_agent(&server, "bert");
    let mut caller = Phone::caller("+15550103").on(&server);
    caller.call(server.number("support"));
    anna.rings(20);
    anna.hang_up();
    bert.connected(20);
    both_hear_each_other(&caller, &bert);
    caller.hang_up();
    bert.ended(10);
    let closed = library::closed(&http, "+15550103");
    assert_eq!((&closed["outcome"], &closed["agent"]), (&"handled".into(), &"bert".into()), "{closed:#}");
    let lines = library::timeline(&http, closed["id"].as_str().expect("an id"));
    library::assert_in_order(&lines, &["queued", "offered", "not_taken", "offered", "connected"]);
    assert_eq!(library::line(&lines, "not_taken")["agent"], "anna");
    assert_eq!(lines.iter().filter(|line| line["kind"] == "queued").count(), 1, "the caller kept the place");
}

#[test]
fn an_agent_who_does_not_answer_loses_the_offer_and_the_caller_keeps_the_place() {
    let server = Server::start("queue-no-answer");
    let http = server.as_admin();
    let mut anna = registered(Phone::of_agent(&server, "anna").ringing(), &server);
    anna.dial_code(&server.ready.codes.ready);
    let mut first = Phone::caller("+15550104").on(&server);
    first.call(server.number("support"));
    anna.rings(20);
    // The second caller is behind the first, also while the first is offered and comes back.
    let mut second = Phone::caller("+15550105").on(&server);
    second.call(server.number("support"));
    library::interaction_where(&http, "+15550105", "queued", |one| one["state"] == "queued");
    // Nobody answers: the phone stops ringing by itself, and anna is not asked again.
    anna.ended(60);
    library::agent_is(&http, "anna", "not_ready");
    let waiting =
        library::interaction_where(&http, "+15550104", "queued again", |one| one["state"] == "queued");
    let mut bert = registered(Phone::of_agent(&server, "bert"), &server);
    bert.dial_code(&server.ready.codes.ready);
    bert.connected(20);
    let connected =
        library::interaction_where(&http, "+15550104", "connected", |one| one["state"] == "connected");
    assert_eq!(connected["queued_at"], waiting["queued_at"], "the wait is counted from its first moment");
    library::interaction_where(&http, "+15550105", "still queued", |one| one["state"] == "queued");
    let lines = library::timeline(&http, connected["id"].as_str().expect("an id"));
    library::assert_in_order(&lines, &["queued", "offered", "not_taken", "offered", "connected"]);
    both_hear_each_other(&first, &bert);
}

#[test]
fn a_caller_who_hangs_up_while_waiting_is_abandoned() {
    let server = Server::start("queue-abandoned-waiting");
    let http = server.as_admin();
    let mut caller = Phone::caller("+15550106").on(&server);
    caller.call(server.number("support"));
    caller.hears("something while waiting", 20, |sound| sound.seconds_sounding() > 2.0);
    caller.hang_up();
    let closed = library::closed(&http, "+15550106");
    assert_eq!(closed["outcome"], "abandoned");
    assert!(closed["waited_ms"].as_i64().is_some_and(|ms| ms > 500), "{closed:#}");
}

#[test]
fn a_caller_who_hangs_up_while_it_rings_stops_the_ringing_and_frees_the_agent() {
    let server = Server::start("queue-abandoned-ringing");
    let http = server.as_admin();
    let mut anna = registered(Phone::of_agent(&server, "anna").ringing(), &server);
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = Phone::caller("+15550107").on(&server);
    caller.call(server.number("support"));
    anna.rings(20);
    caller.hang_up();
    anna.ended(10);
    library::agent_is(&http, "anna", "ready");
    assert_eq!(library::closed(&http, "+15550107")["outcome"], "abandoned");
    // And she is there for the next one.
    let mut next = Phone::caller("+15550108").on(&server);
    next.call(server.number("support"));
    anna.rings(20);
    anna.accept();
    both_hear_each_other(&next, &anna);
}

#[test]
fn a_caller_on_hold_hears_music_and_then_the_agent_again() {
    let server = Server::start("queue-hold");
    let http = server.as_admin();
    let mut anna = ready_agent(&server, "anna");
    let mut caller = Phone::caller("+15550109").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    both_hear_each_other(&caller, &anna);
    anna.hold();
    let id = library::interaction_where(&http, "+15550109", "there", |_| true)["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    tests::patience::expect("the timeline says that the caller is held", 20, || {
        library::timeline(&http, &id).iter().any(|line| line["kind"] == "held")
    });
    caller.hears("music instead of the agent", 20, |sound| {
        let now = sound.last(2.0);
        is_music(&now) && now.tone_share(AGENT_HZ) < 0.3
    });
    anna.resume();
    caller.hears("the agent again", 20, |sound| sound.last(1.0).tone_share(AGENT_HZ) > 0.9);
    caller.hang_up();
    anna.ended(10);
    let closed = library::closed(&http, "+15550109");
    assert!(closed["held_ms"].as_i64().is_some_and(|ms| ms > 1000), "{closed:#}");
}

#[test]
fn phones_that_speak_different_codecs_and_transports_hear_each_other() {
    let server = Server::start("queue-codecs");
    let mut anna = registered(Phone::of_agent(&server, "anna").speaking("pcmu"), &server);
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = Phone::caller("+15550110").speaking("pcma").over("tcp").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    both_hear_each_other(&caller, &anna);
    caller.hang_up();
    anna.ended(10);
}

#[test]
fn an_agent_with_one_line_gets_the_waiting_call_after_the_code_has_ended() {
    let server = Server::start("queue-one-line");
    let mut caller = Phone::caller("+15550113").on(&server);
    caller.call(server.number("support"));
    caller.hears("something while waiting", 20, |sound| sound.seconds_sounding() > 1.0);
    let mut anna = registered(Phone::of_agent(&server, "anna").with_one_line(), &server);
    anna.dial_code(&server.ready.codes.ready);
    anna.connected(20);
    both_hear_each_other(&caller, &anna);
    let http = server.as_admin();
    let interaction = library::interaction_where(&http, "+15550113", "there", |_| true);
    let lines = library::timeline(&http, interaction["id"].as_str().expect("an id"));
    assert!(!library::story(&lines).iter().any(|kind| kind == "not_taken"), "her line was never busy");
}

#[test]
fn a_second_caller_waits_until_the_agent_has_written_up_the_first() {
    let server = Server::start("queue-two-callers");
    let http = server.as_admin();
    let mut anna = ready_agent(&server, "anna");
    let mut first = Phone::caller("+15550111").on(&server);
    first.call(server.number("support"));
    anna.connected(20);
    let mut second = Phone::caller("+15550112").on(&server);
    second.call(server.number("support"));
    let waiting = library::interaction_where(&http, "+15550112", "queued", |one| one["state"] == "queued");
    first.hang_up();
    anna.ended(10);
    library::agent_is(&http, "anna", "wrap_up");
    // Wrap-up ends by itself; then the one who waited is next.
    anna.connected(60);
    both_hear_each_other(&second, &anna);
    let lines = library::timeline(&http, waiting["id"].as_str().expect("an id"));
    assert_eq!(library::line(&lines, "queued")["why"]["code"], "all_busy");
}

/// A registered phone of an agent who is ready; it answers by itself.
fn ready_agent(server: &Server, login: &str) -> Line {
    let mut line = registered(Phone::of_agent(server, login), server);
    line.dial_code(&server.ready.codes.ready);
    library::agent_is(&server.as_admin(), login, "ready");
    line
}

fn registered(phone: Phone, server: &Server) -> Line {
    phone.playing(AGENT_HZ).on(server).registered()
}

/// The right tone in either direction, and not the wrong one.
fn both_hear_each_other(caller: &Line, agent: &Line) {
    agent.hears("the caller's tone", 20, |sound| {
        sound.seconds() > 2.0 && sound.last(1.0).tone_share(CALLER_HZ) > 0.9
    });
    caller.hears("the agent's tone", 20, |sound| sound.last(1.0).tone_share(AGENT_HZ) > 0.9);
    let (at_agent, at_caller) = (agent.heard().last(1.0), caller.heard().last(1.0));
    assert!(at_agent.tone_share(AGENT_HZ) < 0.05, "the agent hears itself");
    assert!(at_caller.tone_share(CALLER_HZ) < 0.05, "the caller hears itself");
}

/// Sound without a pause, as the hold music is; speech has pauses.
fn is_music(sound: &Sound) -> bool {
    sound.seconds() > 1.5 && sound.gaps(0.1).is_empty() && sound.loudness_dbfs() > -40.0
}
