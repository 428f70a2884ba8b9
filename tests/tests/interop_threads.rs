//! Calls whose legs are on different media threads, with real phones: they meet as if there were one thread.

use tests::baresip::{Line, Phone};
use tests::library;
use tests::patience;
use tests::place;
use tests::server::Server;
use tests::sound::Sound;

/// Each call on the next thread, whatever room there is.
const APART: &str = "[media]\nthreads = 3\nlegs_per_thread = 1\n";

#[test]
fn calls_on_different_threads_meet_in_a_conference_and_when_they_are_passed_on() {
    let server = Server::start_with(&place::folder("threads-apart"), APART);
    let http = server.as_admin();
    let tones = [440.0, 660.0, 880.0];
    let mut phones: Vec<Line> = [("+15550280", "pcmu"), ("+15550281", "g722"), ("+15550282", "opus")]
        .into_iter()
        .zip(tones)
        .map(|((number, codec), hz)| Phone::caller(number).playing(hz).speaking(codec).on(&server))
        .collect();
    for phone in &mut phones {
        phone.call(server.number("conference"));
    }
    for (phone, own) in phones.iter().zip(tones) {
        phone.hears("the two others", 30, |sound: &Sound| {
            let now = sound.last(1.0);
            let others = tones.iter().filter(|hz| **hz != own);
            now.seconds() >= 1.0 && others.into_iter().all(|hz| now.tone_share(*hz) > 0.2)
        });
        assert!(phone.heard().last(1.0).tone_share(own) < 0.02, "it hears itself");
    }
    assert!(moved(&server) >= 2, "they were on three threads");

    // The conference goes on, and a recorded call of the queue is passed on beside it.
    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    let mut bert = Phone::of_agent(&server, "bert").playing(880.0).ringing().on(&server).registered();
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = Phone::caller("+15550283").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    caller.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    anna.pass_on("1002");
    bert.rings(20);
    anna.ended(20);
    bert.accept();
    caller.hears("bert", 30, |sound| sound.last(1.0).tone_share(880.0) > 0.9);
    bert.hears("the caller", 30, |sound| sound.last(1.0).tone_share(440.0) > 0.9);
    bert.hang_up();
    caller.ended(20);
    let closed = library::closed(&http, "+15550283");
    let sound = library::recording(&http, closed["id"].as_str().expect("an id"));
    assert!(sound.only(0).while_sounding().tone_share(440.0) > 0.8, "the caller, on the left");

    for phone in &mut phones {
        phone.hang_up();
    }
    patience::expect("nothing is left", 40, || {
        let text = http.get("/metrics").text();
        ["hotline_legs_open 0", "hotline_interactions_open 0"].iter().all(|line| text.contains(line))
    });
    assert_eq!(figure(&server, "hotline_media_browser_packets_dropped_total"), 0);
}

fn moved(server: &Server) -> u64 {
    figure(server, "hotline_media_ports_moved_total")
}

fn figure(server: &Server, name: &str) -> u64 {
    let text = server.as_admin().get("/metrics").text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
    line.trim().parse().expect("a whole number")
}
