//! A supervisor's phone in a call of others: who hears whom, by tones, and the call itself stays as it was.

use serde_json::json;
use tests::baresip::{Line, Phone};
use tests::library;
use tests::patience;
use tests::server::Server;
use tests::sound::Sound;

/// What the caller, the agent and the supervisor say.
const CALLER: f64 = 440.0;
const AGENT: f64 = 660.0;
const SUPERVISOR: f64 = 880.0;

#[test]
fn a_supervisor_is_heard_by_nobody_then_by_the_agent_then_by_both_and_takes_over() {
    let server = Server::start("supervision-modes");
    let http = server.as_admin();
    let sara = server.ready.supervisors[0].clone();
    let desk = server.http().log_in(&sara.login, &sara.password);
    let mut anna = Phone::of_agent(&server, "anna").playing(AGENT).on(&server).registered();
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = Phone::caller("+15550260").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    caller.hears("anna", 30, |sound| sound.last(1.0).tone_share(AGENT) > 0.9);
    let call = library::interaction_where(&http, "+15550260", "connected", |one| one["state"] == "connected");
    let id = call["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/interactions/{id}/monitor");
    let take_part = |mode: &str| desk.post(&path, &json!({"mode": mode}));

    // Without a phone there is nothing to listen on, and no right, no call.
    let without = take_part("listen");
    assert_eq!(
        (without.status, without.json()["error"]["code"].clone()),
        (409, json!("phone_not_registered"))
    );
    let agent = server.http().log_in("anna", &server.agent("anna").password);
    assert_eq!(agent.post(&path, &json!({"mode": "listen"})).status, 403);

    let mut ear =
        Phone::of_user(&sara.sip_user, &sara.sip_password).playing(SUPERVISOR).on(&server).registered();
    let begun = (caller.heard().seconds(), anna.heard().seconds());
    assert_eq!(take_part("listen").status, 200);
    ear.connected(20);
    ear.hears("both", 30, |sound| {
        let now = sound.last(1.0);
        now.seconds() >= 1.0 && now.tone_share(CALLER) > 0.2 && now.tone_share(AGENT) > 0.2
    });
    hears_for_two_seconds(&caller, "anna alone", |now| now.tone_share(AGENT) > 0.9);
    hears_for_two_seconds(&anna, "the caller alone", |now| now.tone_share(CALLER) > 0.9);

    assert_eq!(take_part("whisper").status, 200);
    anna.hears("the supervisor too", 30, |sound| both(&sound.last(1.0), CALLER, SUPERVISOR));
    hears_for_two_seconds(&caller, "anna alone", |now| now.tone_share(AGENT) > 0.9);

    assert_eq!(take_part("barge").status, 200);
    caller.hears("the supervisor too", 30, |sound| both(&sound.last(1.0), AGENT, SUPERVISOR));
    assert!(both(&anna.heard().last(1.0), CALLER, SUPERVISOR));
    let live = library::timeline(&http, &id);
    library::assert_in_order(&live, &["connected", "monitor_rung", "monitored", "monitored", "monitored"]);

    assert_eq!(take_part("listen").status, 200);
    hears_for_two_seconds(&caller, "anna alone again", |now| now.tone_share(AGENT) > 0.9);
    hears_for_two_seconds(&anna, "the caller alone again", |now| now.tone_share(CALLER) > 0.9);
    for (who, from) in [(&caller, begun.0), (&anna, begun.1)] {
        let heard = who.heard();
        let gaps = heard.between(from, heard.seconds()).gaps(0.04);
        assert!(gaps.is_empty(), "the call has gaps: {gaps:?}");
    }

    assert_eq!(take_part("take_over").status, 200);
    anna.ended(20);
    caller.hears("the supervisor", 30, |sound| sound.last(1.0).tone_share(SUPERVISOR) > 0.9);
    ear.hears("the caller alone", 30, |sound| sound.last(1.0).tone_share(CALLER) > 0.9);
    caller.hang_up();
    ear.ended(20);

    let closed = library::closed(&http, "+15550260");
    assert_eq!((&closed["outcome"], &closed["agent"]), (&json!("transferred"), &json!("anna")), "{closed:#}");
    library::recording(&http, &id);
    let closed = library::closed(&http, "+15550260");
    let recordings = closed["recordings"].as_array().expect("recordings");
    let kinds: Vec<_> = recordings.iter().map(|one| one["kind"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds, ["call", "message"], "the supervisor's own voice lies beside the call's: {closed:#}");
    let voice = recordings[1]["id"].as_str().expect("an id");
    let voice = http.get(&format!("/api/v1/interactions/{id}/recording?recording={voice}"));
    let voice = Sound::parse(&voice.body).expect("a sound");
    assert!(voice.while_sounding().tone_share(SUPERVISOR) > 0.9);
    let manifest = http.json(&format!("/api/v1/interactions/{id}/recording/manifest"));
    assert_eq!(manifest["parts"][1]["right"]["name"], json!(null), "{manifest:#}");
    patience::expect("nothing is left", 40, || {
        let text = http.get("/metrics").text();
        ["hotline_legs_open 0", "hotline_interactions_open 0"].iter().all(|line| text.contains(line))
    });
}

#[test]
fn a_supervisor_who_hangs_up_leaves_the_call_as_it_was() {
    let server = Server::start("supervision-leaves");
    let http = server.as_admin();
    let sara = server.ready.supervisors[0].clone();
    let desk = server.http().log_in(&sara.login, &sara.password);
    let mut anna = Phone::of_agent(&server, "anna").playing(AGENT).speaking("opus").on(&server).registered();
    let mut ear =
        Phone::of_user(&sara.sip_user, &sara.sip_password).playing(SUPERVISOR).on(&server).registered();
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = Phone::caller("+15550261").sealing("srtp-mand").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    let call = library::interaction_where(&http, "+15550261", "connected", |one| one["state"] == "connected");
    let id = call["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/interactions/{id}/monitor");
    assert_eq!(desk.post(&path, &json!({"mode": "barge"})).status, 200);
    ear.connected(20);
    caller.hears("the supervisor too", 30, |sound| both(&sound.last(1.0), AGENT, SUPERVISOR));
    ear.hang_up();
    // Opus is not as clean as G.711.
    hears_for_two_seconds(&caller, "anna alone", |now| {
        now.tone_share(AGENT) > 0.8 && now.tone_share(SUPERVISOR) < 0.02
    });
    hears_for_two_seconds(&anna, "the caller alone", |now| now.tone_share(CALLER) > 0.9);
    assert_eq!(desk.delete(&path).status, 409, "there is nothing to end any more");

    // What is listened to may end first.
    assert_eq!(desk.post(&path, &json!({"mode": "listen"})).status, 200);
    ear.connected(20);
    caller.hang_up();
    ear.ended(20);
    anna.ended(20);
    let closed = library::closed(&http, "+15550261");
    assert_eq!(closed["outcome"], json!("handled"));
    let lines = library::timeline(&http, &id);
    library::assert_in_order(
        &lines,
        &["monitored", "monitor_ended", "monitor_rung", "monitored", "monitor_ended"],
    );
}

fn both(sound: &Sound, one: f64, other: f64) -> bool {
    sound.seconds() >= 1.0 && sound.tone_share(one) > 0.25 && sound.tone_share(other) > 0.25
}

/// Waits until two seconds more were heard, all of them so.
fn hears_for_two_seconds(line: &Line, what: &str, is_so: impl Fn(&Sound) -> bool) {
    let from = line.heard().seconds() + 0.5;
    line.hears(what, 30, |sound| sound.seconds() > from + 2.0);
    let heard = line.heard().between(from, from + 2.0);
    assert!(
        is_so(&heard),
        "{what} is not what is heard: {:?}",
        [CALLER, AGENT, SUPERVISOR].map(|hz| heard.tone_share(hz))
    );
}
