//! The other numbers of the demo center, and the codes by which a phone alone is an agent's desk.

use tests::baresip::Phone;
use tests::library;
use tests::server::Server;

#[test]
fn the_echo_number_returns_what_it_hears() {
    let server = Server::start("numbers-echo");
    let mut caller = Phone::caller("+15550120").on(&server);
    caller.call(server.number("echo"));
    caller.hears("its own tone", 30, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    caller.hang_up();
    assert_eq!(library::closed(&server.as_admin(), "+15550120")["outcome"], "self_served");
}

#[test]
fn the_music_number_plays_music_without_a_pause() {
    let server = Server::start("numbers-music");
    let mut caller = Phone::caller("+15550121").on(&server);
    caller.call(server.number("music"));
    caller.hears("five seconds of music", 30, |sound| {
        let now = sound.last(5.0);
        now.seconds() > 4.9 && now.gaps(0.1).is_empty() && now.loudness_dbfs() > -30.0
    });
}

#[test]
fn those_in_the_conference_hear_each_other_and_not_themselves() {
    let server = Server::start("numbers-conference");
    let join = |number: &str, hz: f64| {
        let mut line = Phone::caller(number).playing(hz).on(&server);
        line.call(server.number("conference"));
        line
    };
    let (first, second, third) =
        (join("+15550126", 440.0), join("+15550127", 660.0), join("+15550128", 880.0));
    for (line, own, others) in
        [(&first, 440.0, [660.0, 880.0]), (&second, 660.0, [440.0, 880.0]), (&third, 880.0, [440.0, 660.0])]
    {
        line.hears("both others", 40, |sound| {
            let now = sound.last(1.0);
            others.iter().all(|hz| now.tone_share(*hz) > 0.9)
        });
        assert!(line.heard().last(1.0).tone_share(own) < 0.05, "{own} Hz hears itself");
    }
}

#[test]
fn a_message_left_is_kept_and_can_be_played() {
    let server = Server::start("numbers-voicemail");
    let http = server.as_admin();
    let mut caller = Phone::caller("+15550122").on(&server);
    caller.call(server.number("voicemail"));
    // The beep is 1000 Hz; what is said after it is the message.
    caller.hears("the beep", 40, |sound| sound.last(1.0).tone_share(1000.0) > 0.0);
    // A second call is the clock: whoever hears four seconds of music has given the message as much time.
    let mut clock = Phone::caller("+15550129").on(&server);
    clock.call(server.number("music"));
    clock.hears("four seconds of music", 20, |sound| sound.seconds() > 4.0);
    caller.hang_up();
    let closed = library::closed(&http, "+15550122");
    assert_eq!(closed["outcome"], "voicemail", "{closed:#}");
    let message = library::recording(&http, closed["id"].as_str().expect("an id"));
    assert!(message.seconds() > 2.0, "{} s", message.seconds());
    assert!(message.tone_share(440.0) > 0.8);
}

#[test]
fn a_phone_alone_makes_its_agent_ready_not_ready_and_logged_out() {
    let server = Server::start("numbers-codes");
    let http = server.as_admin();
    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    let codes = server.ready.codes.clone();
    for (code, state) in
        [(codes.ready, "ready"), (codes.not_ready, "not_ready"), (codes.logout, "logged_out")]
    {
        anna.dial(&code);
        anna.connected(20);
        anna.hears("what was done", 20, |sound| sound.seconds_sounding() > 0.3);
        anna.ended(20);
        library::agent_is(&http, "anna", state);
    }
}

#[test]
fn a_number_that_does_not_exist_is_refused() {
    let server = Server::start("numbers-unknown");
    let mut caller = Phone::caller("+15550123").on(&server);
    caller.dial("4999");
    let ended = caller.ended(20);
    let reason = ended["param"].as_str().unwrap_or_default();
    assert!(reason.contains("404"), "{ended}");
}

#[test]
fn a_caller_who_chooses_wrongly_is_asked_again() {
    let server = Server::start("numbers-wrong-choice");
    let http = server.as_admin();
    let mut caller = Phone::caller("+15550124").on(&server);
    caller.call(server.number("main"));
    caller.hears("the greeting", 20, |sound| sound.seconds_sounding() > 1.0);
    caller.press('7');
    let open = library::interaction_where(&http, "+15550124", "there", |_| true);
    let id = open["id"].as_str().expect("an id").to_owned();
    tests::patience::expect("the digit 7 is in the timeline", 20, || {
        library::timeline(&http, &id).iter().any(|line| line["kind"] == "digit" && line["digit"] == "7")
    });
    caller.press('1');
    let queued = library::interaction_where(&http, "+15550124", "queued", |one| one["state"] == "queued");
    assert_eq!(queued["queue"], "sales");
}

#[test]
fn a_stranger_may_not_call_out() {
    // The carrier would take numbers that begin with 9; only our own people may send it any.
    let server = Server::start("numbers-toll-fraud");
    let mut caller = Phone::caller("+15550125").on(&server);
    caller.dial("9005550199");
    let ended = caller.ended(20);
    let reason = ended["param"].as_str().unwrap_or_default();
    assert!(reason.contains("403") || reason.contains("404"), "{ended}");
}
