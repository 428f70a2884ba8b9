//! Hold and blind transfer over every transport, with real phones: after each step, who hears whom and who hears music.

#![allow(clippy::disallowed_methods, reason = "these tests write configurations")]

use std::fs;

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
    hold_and_pass_on("udp", PLAIN);
}

#[test]
fn hold_and_blind_transfer_keep_the_sound_over_tcp() {
    hold_and_pass_on("tcp", PLAIN);
}

#[test]
fn hold_and_blind_transfer_keep_the_sound_over_tls() {
    hold_and_pass_on("tls", PLAIN);
}

#[test]
fn hold_and_blind_transfer_keep_the_sound_of_sealed_and_plain_phones_over_udp() {
    hold_and_pass_on("udp", [true, false, true]);
}

#[test]
fn hold_and_blind_transfer_keep_the_sound_of_plain_and_sealed_phones_over_tcp() {
    hold_and_pass_on("tcp", [false, true, false]);
}

#[test]
fn hold_and_blind_transfer_keep_the_sound_of_sealed_phones_over_tls() {
    hold_and_pass_on("tls", [true, true, true]);
}

#[test]
fn sealed_and_plain_phones_talk_in_every_codec_and_the_record_says_how() {
    let server = Server::start("matrix-codecs");
    let http = server.as_admin();
    let authority = server.ready.ca_file.clone().expect("the demo has an authority");
    seal(&server, &["1001", "1002"], "preferred");
    for (transport, (first, first_is_sealed), (second, second_is_sealed)) in [
        ("udp", ("pcmu", true), ("pcmu", true)),
        ("udp", ("pcma", true), ("pcma", false)),
        ("tcp", ("g722", false), ("opus", true)),
        ("tls", ("g722", true), ("pcmu", false)),
        ("tls", ("opus", true), ("opus", true)),
    ] {
        let what = format!("{transport} {first} {first_is_sealed} {second} {second_is_sealed}");
        let on = |login: &str, codec, is_sealed: bool, hz| {
            let phone = Phone::of_agent(&server, login).speaking(codec).playing(hz).ringing();
            // One insists on keys, the other would do without.
            let phone = match (is_sealed, login) {
                (true, "anna") => phone.sealing("srtp-mand"),
                (true, _) => phone.sealing("srtp"),
                (false, _) => phone,
            };
            phone.over(transport).trusting(&authority).on(&server).registered()
        };
        let mut anna = on("anna", first, first_is_sealed, ANNA_HZ);
        let mut bert = on("bert", second, second_is_sealed, BERT_HZ);
        let before = library::interactions(&http).len();
        anna.dial("1002");
        bert.rings(20);
        bert.accept();
        anna.connected(20);
        anna.hears(&format!("bert, {what}"), 30, |sound| sound.last(1.0).tone_share(BERT_HZ) > 0.9);
        bert.hears(&format!("anna, {what}"), 30, |sound| sound.last(1.0).tone_share(ANNA_HZ) > 0.9);
        anna.press('7');
        patience::expect("bert receives the key", 20, || bert.digits().contains('7'));
        anna.hang_up();
        bert.ended(20);
        patience::expect("the call is on record", 20, || {
            let all = library::interactions(&http);
            all.len() > before && all.iter().all(|one| !one["closed_at"].is_null())
        });
        let call = library::interactions(&http).into_iter().next().expect("the newest call");
        let lines = library::timeline(&http, call["id"].as_str().expect("an id"));
        let legs: Vec<_> = lines.iter().filter(|line| line["kind"] == "leg_ended").collect();
        assert_eq!(legs.len(), 2, "{what}: {legs:#?}");
        for leg in legs {
            let is_caller = leg["role"] == "customer";
            let (codec, is_sealed) =
                if is_caller { (first, first_is_sealed) } else { (second, second_is_sealed) };
            let quality = &leg["quality"];
            assert_eq!(
                quality["codec"].as_str().map(str::to_lowercase).as_deref(),
                Some(codec),
                "{what}: {leg:#}"
            );
            assert_eq!(quality["keying"], keying(is_sealed), "{what}: {leg:#}");
        }
    }

    // Where sound has to be sealed, a plain phone is turned away.
    seal(&server, &["1003"], "required");
    let mut chen = Phone::of_agent(&server, "chen").on(&server).registered();
    chen.dial(server.number("echo"));
    let end = chen.ended(20);
    assert!(end["param"].as_str().is_some_and(|said| said.contains("488")), "{end:#}");
    drop(chen);
    let mut chen = Phone::of_agent(&server, "chen").sealing("srtp-mand").on(&server).registered();
    chen.call(server.number("echo"));
    chen.hears("itself", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
    chen.hang_up();
    chen.ended(20);
    library::nothing_is_left(&http);
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
    library::no_leg_is_left(&server.as_admin());
}

/// Which of caller, agent and colleague seal their sound: nobody.
const PLAIN: [bool; 3] = [false; 3];

fn hold_and_pass_on(transport: &'static str, sealed: [bool; 3]) {
    let kind = if sealed == PLAIN { "plain" } else { "sealed" };
    let server = Server::start(&format!("matrix-{transport}-{kind}"));
    let http = server.as_admin();
    for (user, is_sealed) in [("1001", sealed[1]), ("1002", sealed[2])] {
        if is_sealed {
            seal(&server, &[user], "required");
        }
    }
    let authority = server.ready.ca_file.clone().expect("the demo has an authority");
    let on = |phone: Phone, is_sealed: bool| {
        let phone = if is_sealed { phone.sealing("srtp-mand") } else { phone };
        phone.over(transport).trusting(&authority).on(&server)
    };
    let mut anna = on(Phone::of_agent(&server, "anna").playing(ANNA_HZ), sealed[1]).registered();
    let mut bert = on(Phone::of_agent(&server, "bert").playing(BERT_HZ), sealed[2]).registered();
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = on(Phone::caller("+15550260").playing(CALLER_HZ), sealed[0]);
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
    let lines = library::timeline(&http, closed["id"].as_str().expect("an id"));
    let legs: Vec<_> = lines.iter().filter(|line| line["kind"] == "leg_ended").collect();
    let keyings = |is_customer: bool| {
        let legs = legs.iter().filter(|leg| (leg["role"] == "customer") == is_customer);
        let mut keyings: Vec<_> =
            legs.map(|leg| leg["quality"]["keying"].as_str().unwrap_or_default()).collect();
        keyings.sort_unstable();
        keyings
    };
    let mut agents = [sealed[1], sealed[2]].map(keying);
    agents.sort_unstable();
    assert_eq!((keyings(true), keyings(false)), (vec![keying(sealed[0])], agents.to_vec()), "{legs:#?}");
    let ways = ways_of_invites(&lines);
    assert!(ways.len() > 4 && ways.iter().all(|way| way == transport), "{ways:?}");
    library::nothing_is_left(&http);
}

/// Sets the rule for the sound of these phones, as an operator does.
fn seal(server: &Server, users: &[&str], rule: &str) {
    let file = server.folder().join("demo/hotline.toml");
    let mut config = fs::read_to_string(&file).expect("the demo's configuration");
    for user in users {
        let phone = format!("[[phone]]\nuser = \"{user}\"\n");
        assert!(config.contains(&phone), "{config}");
        config = config.replace(&phone, &format!("{phone}srtp = \"{rule}\"\n"));
    }
    fs::write(&file, config).expect("written");
    let read = || server.log().matches("are read anew").count();
    let before = read();
    server.signal("HUP");
    patience::expect("it says that it has read them", 20, || read() > before);
}

/// How the record names it.
fn keying(is_sealed: bool) -> &'static str {
    if is_sealed { "sdes" } else { "none" }
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
