//! Hold and blind transfer over every transport, with real phones: after each step, who hears whom and who hears music.

use tests::baresip::{Line, Phone};
use tests::ear::Ear;
use tests::library;
use tests::patience;
use tests::server::Server;
use tests::sipp::Sipp;
use tests::sound::Sound;

/// What the caller plays.
const CALLER_HZ: f64 = 440.0;
/// What the agent plays.
const ANNA_HZ: f64 = 660.0;
/// What the colleague plays.
const BERT_HZ: f64 = 880.0;

#[test]
fn hold_and_blind_transfer_keep_the_sound_over_udp() {
    hold_and_pass_on("udp");
}

#[test]
fn hold_and_blind_transfer_keep_the_sound_over_tcp() {
    hold_and_pass_on("tcp");
}

#[test]
fn hold_and_blind_transfer_keep_the_sound_over_tls() {
    hold_and_pass_on("tls");
}

#[test]
fn whoever_holds_hears_the_other_again_afterwards() {
    let server = Server::start("matrix-holder");
    let mut anna = Phone::of_agent(&server, "anna").playing(ANNA_HZ).on(&server).registered();
    for over_tcp in [false, true] {
        anna.dial_code(&server.ready.codes.ready);
        let ear = Ear::playing(CALLER_HZ);
        let call = Sipp::new("hold", server.number("support")).exactly();
        let call = call.with("caller", "+15550261").with("ear", ear.port());
        let call = if over_tcp { call.over_tcp() } else { call };
        let running = call.start(&server);
        anna.connected(20);
        anna.hears("the caller", 30, |sound| sound.last(1.0).tone_share(CALLER_HZ) > 0.9);
        anna.hears("music while the caller holds", 30, |sound| is_music(&sound.last(2.0)));
        anna.hears("the caller again", 30, |sound| sound.last(1.0).tone_share(CALLER_HZ) > 0.9);
        running.finish().must_be_well();
        anna.ended(20);
        let heard = ear.heard();
        let pause = heard.gaps(2.0);
        let [(from, length), ..] = pause[..] else { panic!("no pause in {:.1} s", heard.seconds()) };
        assert!(from > 1.0, "{pause:?} in {:.1} s", heard.seconds());
        // What follows the call's end is silence too, and as long as the machine takes to see it.
        let after = heard.between(from + length + 0.2, from + length + 1.2);
        assert!(after.tone_share(ANNA_HZ) > 0.9, "{pause:?} in {:.1} s", heard.seconds());
        assert!(heard.tone_share(CALLER_HZ) < 0.05);
    }
    library::nothing_is_left(&server.as_admin());
}

fn hold_and_pass_on(transport: &'static str) {
    let server = Server::start(&format!("matrix-{transport}"));
    let http = server.as_admin();
    let authority = server.ready.ca_file.clone().expect("the demo has an authority");
    let on = |phone: Phone| phone.over(transport).trusting(&authority).on(&server);
    let mut anna = on(Phone::of_agent(&server, "anna").playing(ANNA_HZ)).registered();
    let mut bert = on(Phone::of_agent(&server, "bert").playing(BERT_HZ)).registered();
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = on(Phone::caller("+15550260").playing(CALLER_HZ));
    caller.call(server.number("support"));
    anna.connected(20);
    both_hear(&caller, &anna, ANNA_HZ);

    for digit in ['5', '6'] {
        anna.hold();
        caller.hears("music while anna holds", 30, |sound| is_music(&sound.last(2.0)));
        anna.resume();
        caller.hears("anna again", 30, |sound| sound.last(1.0).tone_share(ANNA_HZ) > 0.9);
        // A baresip that has held keeps no sound any more, but it tells the keys it receives.
        caller.press(digit);
        patience::expect("anna receives what the caller sends", 20, || anna.digits().contains(digit));
    }

    anna.pass_on("1002");
    anna.ended(20);
    bert.connected(20);
    both_hear(&caller, &bert, BERT_HZ);
    // The one who is passed on can hold as well.
    caller.hold();
    bert.hears("music while the caller holds", 30, |sound| is_music(&sound.last(2.0)));
    caller.resume();
    bert.hears("the caller again", 30, |sound| sound.last(1.0).tone_share(CALLER_HZ) > 0.9);

    caller.hang_up();
    caller.ended(20);
    bert.ended(20);
    let closed = library::closed(&http, "+15550260");
    assert_eq!(closed["outcome"], "transferred", "{closed:#}");
    let ways = ways_of_invites(&library::timeline(&http, closed["id"].as_str().expect("an id")));
    assert!(ways.len() > 4 && ways.iter().all(|way| way == transport), "{ways:?}");
    library::nothing_is_left(&http);
}

/// The right tone in either direction, and not the wrong one.
fn both_hear(caller: &Line, agent: &Line, agent_hz: f64) {
    caller.hears("the agent's tone alone", 30, |sound| {
        let now = sound.last(1.0);
        now.tone_share(agent_hz) > 0.9 && now.tone_share(CALLER_HZ) < 0.05
    });
    agent.hears("the caller's tone alone", 30, |sound| {
        let now = sound.last(1.0);
        now.tone_share(CALLER_HZ) > 0.9 && now.tone_share(agent_hz) < 0.05
    });
}

/// Sound without a pause, and nobody's tone.
fn is_music(sound: &Sound) -> bool {
    let tones = [CALLER_HZ, ANNA_HZ, BERT_HZ].map(|hz| sound.tone_share(hz));
    sound.seconds() > 1.5
        && sound.gaps(0.1).is_empty()
        && sound.loudness_dbfs() > -40.0
        && tones.iter().all(|share| *share < 0.5)
}

/// How the INVITEs of a call travelled, first ones and those of hold.
fn ways_of_invites(lines: &[serde_json::Value]) -> Vec<String> {
    let sip = lines.iter().filter(|line| line["kind"] == "sip");
    sip.filter(|line| line["summary"].as_str().is_some_and(|text| text.starts_with("INVITE")))
        .map(|line| line["transport"].as_str().unwrap_or_default().to_lowercase())
        .collect()
}
