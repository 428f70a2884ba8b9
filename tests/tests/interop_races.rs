//! Messages that cross on the wire, written by hand for SIPp, and what each party hears meanwhile: nobody stays in
//! silence because of a race, and nothing is left of any call.
//!
//! The same races in virtual time and by the thousand are in `crates/sip/tests`; here they meet the running program,
//! its sound and its figures.

#![allow(clippy::disallowed_methods, reason = "these tests write configurations and programs' files")]

use std::path::Path;

use tests::baresip::{Line, Phone};
use tests::center;
use tests::ear::Ear;
use tests::library;
use tests::place;
use tests::server::Server;
use tests::sipp::{Running, Sipp};
use tests::sound::Sound;

/// What the ear of SIPp's side plays.
const EAR_HZ: f64 = 880.0;
/// What the phones play.
const PHONE_HZ: f64 = 660.0;

/// Music, which answers at once.
const MUSIC: &str = "5001";
/// A number outside that a dialplan rings.
const RINGING: &str = "5000";
/// The number outside.
const OUTSIDE: &str = "90055501";

#[test]
fn a_caller_whose_cancel_comes_too_late_is_in_a_call_and_hears_it() {
    let (server, _) = center("races-late-cancel");
    let (sound, _) = called(&server, "late-cancel", MUSIC, "+15550200");
    assert_music_for(&sound, 2.5);
    library::nothing_is_left(&server.as_admin());
}

#[test]
fn a_caller_who_gives_up_while_it_rings_is_told_so_until_it_is_heard() {
    let (server, port) = center("races-cancel-ringing");
    let http = server.as_admin();
    let mut outside = outside(&server, port);
    for (scenario, number) in [("cancel-ringing", "+15550210"), ("bye-while-ringing", "+15550211")] {
        let (sound, _) = called(&server, scenario, RINGING, number);
        outside.rings(20);
        outside.ended(20);
        assert!(
            sound.seconds() < 0.1,
            "{scenario}: nobody answered, yet {:.1} s were heard",
            sound.seconds()
        );
        library::closed(&http, number);
    }
    library::no_leg_is_left(&http);
}

#[test]
fn an_answer_comes_again_until_it_is_acknowledged_and_is_heard_all_the_while() {
    let (server, _) = center("races-answer-repeated");
    let http = server.as_admin();
    let ear = Ear::playing(EAR_HZ);
    let never = caller("never-acknowledged", MUSIC, "+15550221", &ear).exactly().start(&server);
    let (sound, messages) = called(&server, "answer-repeated", MUSIC, "+15550220");
    assert_music_for(&sound, 4.0);
    assert_eq!(messages.matches("CSeq: 1 ACK").count(), 1, "{messages}");
    never.finish().must_be_well();
    assert_music_for(&ear.heard(), 31.0);
    for number in ["+15550220", "+15550221"] {
        library::closed(&http, number);
    }
    library::no_leg_is_left(&http);
}

#[test]
fn an_invite_that_comes_again_is_one_call() {
    let (server, _) = center("races-invite-repeated");
    let http = server.as_admin();
    let (sound, _) = called(&server, "invite-repeated", MUSIC, "+15550230");
    assert_music_for(&sound, 2.5);
    library::closed(&http, "+15550230");
    assert_eq!(library::interactions(&http).len(), 1);
    library::no_leg_is_left(&http);
}

#[test]
fn goodbyes_that_overtake_and_cross_end_the_call_on_both_sides() {
    let (server, port) = center("races-goodbyes");
    let http = server.as_admin();
    called(&server, "bye-before-ack", MUSIC, "+15550240");
    library::closed(&http, "+15550240");

    let mut anna = anna(&server);
    let (_, callee) = answering(&server, "bye-overtakes", port);
    anna.dial(OUTSIDE);
    anna.ended(20);
    callee.finish().must_be_well();

    let (ear, callee) = answering(&server, "bye-crosses-bye", port);
    anna.call(OUTSIDE);
    both_hear_each_other(&anna, &ear);
    anna.hang_up();
    anna.ended(20);
    callee.finish().must_be_well();
    library::nothing_is_left(&http);
}

#[test]
fn whoever_is_called_may_answer_or_refuse_as_the_caller_gives_up() {
    let (server, port) = center("races-cancelled");
    let mut anna = anna(&server);
    for scenario in ["answers-cancelled", "refuses-cancelled"] {
        let (ear, callee) = answering(&server, scenario, port);
        anna.dial(OUTSIDE);
        anna.wait_for(&["CALL_RINGING"], 20);
        anna.hang_up();
        anna.ended(20);
        callee.finish().must_be_well();
        assert!(ear.heard().tone_share(PHONE_HZ) < 0.05, "{scenario}: a call that was given up is heard");
    }
    library::no_leg_is_left(&server.as_admin());
}

#[test]
fn of_two_phones_that_answer_one_is_heard_and_the_other_hung_up() {
    let (server, port) = center("races-two-answers");
    let mut anna = anna(&server);
    let (ear, other) = (Ear::playing(EAR_HZ), Ear::playing(550.0));
    let two = Sipp::callee("races/two-answers", port).exactly();
    let callee = two.with("ear", ear.port()).with("other", other.port()).start(&server);
    anna.call(OUTSIDE);
    both_hear_each_other(&anna, &ear);
    assert!(other.heard().seconds() < 0.1, "the one who was hung up hears the call");
    anna.hang_up();
    callee.finish().must_be_well();

    // The same with one phone, whose answer comes again because our ACK was lost.
    let (ear, callee) = answering(&server, "acknowledgment-lost", port);
    anna.call(OUTSIDE);
    both_hear_each_other(&anna, &ear);
    anna.hang_up();
    callee.finish().must_be_well();
    library::no_leg_is_left(&server.as_admin());
}

#[test]
fn sound_before_the_answer_does_not_disturb_the_sound_after_it() {
    let (server, port) = center("races-early-media");
    let mut anna = anna(&server);
    for scenario in ["early-media", "early-description-only"] {
        let (ear, callee) = answering(&server, scenario, port);
        anna.call(OUTSIDE);
        both_hear_each_other(&anna, &ear);
        anna.hang_up();
        anna.ended(20);
        callee.finish().must_be_well();
    }
    library::no_leg_is_left(&server.as_admin());
}

#[test]
fn re_invites_that_cross_are_both_put_off_and_the_music_plays_on() {
    let (server, _) = center("races-glare");
    let (sound, messages) = called(&server, "glare", MUSIC, "+15550250");
    assert_music_for(&sound, 45.0);
    assert_eq!(messages.matches("SIP/2.0 491").count(), 2, "{messages}");
    library::no_leg_is_left(&server.as_admin());
}

/// Runs a scenario of a caller to its end. What it heard, and its messages.
fn called(server: &Server, scenario: &'static str, number: &str, from: &str) -> (Sound, String) {
    let ear = Ear::playing(EAR_HZ);
    let verdict = caller(scenario, number, from, &ear).exactly().run(server);
    verdict.must_be_well();
    (ear.heard(), verdict.messages)
}

fn caller(scenario: &'static str, number: &str, from: &str, ear: &Ear) -> Sipp {
    Sipp::new(&scenario_file(scenario), number).with("caller", from).with("ear", ear.port())
}

/// Starts the scenario of one who is called, and an ear for it.
fn answering(server: &Server, scenario: &'static str, port: u16) -> (Ear, Running) {
    let ear = Ear::playing(EAR_HZ);
    let callee = Sipp::callee(&scenario_file(scenario), port).exactly().with("ear", ear.port()).start(server);
    (ear, callee)
}

fn scenario_file(name: &str) -> String {
    format!("races/{name}")
}

/// A phone of ours that may call outside.
fn anna(server: &Server) -> Line {
    Phone::of_user("1001", "anna's").playing(PHONE_HZ).ringing().on(server).registered()
}

/// A real phone outside that rings, at the carrier's door.
fn outside(server: &Server, port: u16) -> Line {
    Phone::caller(OUTSIDE).at(port).on_at("outside.test", None, server.folder())
}

/// The right tone in either direction, and not the wrong one.
fn both_hear_each_other(phone: &Line, ear: &Ear) {
    phone.hears("the ear's tone", 20, |sound| sound.last(1.0).tone_share(EAR_HZ) > 0.9);
    ear.hears("the phone's tone", 20, |sound| sound.last(1.0).tone_share(PHONE_HZ) > 0.9);
    assert!(phone.heard().last(1.0).tone_share(PHONE_HZ) < 0.05, "the phone hears itself");
    assert!(ear.heard().last(1.0).tone_share(EAR_HZ) < 0.05, "the ear hears itself");
}

/// Music as long as the call stood. A machine that stands still for a moment makes a pause; a race that silences the caller
/// makes one that does not end.
fn assert_music_for(sound: &Sound, seconds: f64) {
    assert!(sound.seconds() > seconds, "music for {:.1} s, wanted {seconds} s", sound.seconds());
    let (gaps, sounding) = (sound.gaps(0.3), sound.seconds_sounding());
    assert!(
        sound.gaps(3.0).is_empty() && sounding > 0.7 * sound.seconds(),
        "{gaps:?}, {sounding:.1} s of sound"
    );
    assert!(sound.loudness_dbfs() > -40.0, "{:.0} dBFS", sound.loudness_dbfs());
}

/// A center with a carrier at a port of this machine, and that port.
fn center(test: &str) -> (Server, u16) {
    let folder = place::folder(test);
    let carrier = place::free_port();
    write_center(&folder, carrier);
    (Server::serve(&folder), carrier)
}

fn write_center(folder: &Path, carrier: u16) {
    let trunk = format!(
        "[[trunk]]\nname = \"carrier\"\naccept_from = [\"127.0.0.0/8\"]\nsend_to = \"127.0.0.1:{carrier}\"\n\
         prefixes = [\"9\"]\nprobe = \"0s\"\n\n[[phone]]\nuser = \"1001\"\npassword = \"anna's\"\ncalls_out = true\n",
    );
    center::write(folder, &trunk);
    center::dialplan(
        folder,
        "ring",
        RINGING,
        &format!("[step.go]\ntransfer = \"{OUTSIDE}\"\nring = \"60s\"\n"),
    );
    center::dialplan(folder, "music", MUSIC, "[step.go]\nmusic = \"calm\"\n");
}
