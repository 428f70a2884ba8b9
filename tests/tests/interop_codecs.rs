//! Phones that speak different codecs hear each other, and the record says that their sound was translated.

#![allow(clippy::disallowed_methods, reason = "these tests write configurations")]

use std::fs;

use tests::baresip::Phone;
use tests::server::Server;
use tests::{library, place};

#[test]
fn any_two_codecs_talk_both_ways() {
    let folder = place::folder("codecs");
    let ports = place::rtp_ports();
    let phone = |user: &str| format!("[[phone]]\nuser = \"{user}\"\npassword = \"{user}'s\"\n\n");
    let config = format!(
        "[center]\nname = \"Test\"\ndomain = \"center.test\"\n\n\
         [sip]\nlisten = \"127.0.0.1\"\nport = 0\n\n[media]\nports = \"{}-{}\"\n\n[http]\nport = 0\n\n\
         [database]\nurl = \"sqlite:data/hotline.db\"\n\n[folders]\ndata = \"data\"\ndialplans = \"dialplans\"\n\n{}{}",
        ports.start(),
        ports.end(),
        phone("1001"),
        phone("1002"),
    );
    fs::create_dir_all(folder.join("dialplans")).expect("a folder");
    fs::create_dir_all(folder.join("data")).expect("a folder");
    fs::write(folder.join("hotline.toml"), config).expect("written");
    let server = Server::serve(&folder);
    let http = server.as_admin();
    for (first, second, translated) in [
        ("pcmu", "g722", true),
        ("opus", "pcma", true),
        ("g722", "opus", true),
        ("g722", "g722", false),
        ("opus", "opus", false),
    ] {
        let mut anna = Phone::of_user("1001", "1001's")
            .speaking(first)
            .playing(660.0)
            .ringing()
            .on(&server)
            .registered();
        let mut bert = Phone::of_user("1002", "1002's")
            .speaking(second)
            .playing(550.0)
            .ringing()
            .on(&server)
            .registered();
        let before = library::interactions(&http).len();
        anna.dial("1002");
        bert.rings(20);
        bert.accept();
        anna.connected(20);
        anna.hears("bert", 30, |sound| sound.last(1.0).tone_share(550.0) > 0.9);
        bert.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
        assert!(anna.heard().tone_share(660.0) < 0.05, "{first} {second}: anna hears herself");
        anna.press('7');
        tests::patience::expect("bert receives the key", 20, || bert.digits().contains('7'));
        anna.hang_up();
        bert.ended(20);
        tests::patience::expect("the call is on record", 20, || {
            let all = library::interactions(&http);
            all.len() > before && all.iter().all(|one| !one["closed_at"].is_null())
        });
        let call = library::interactions(&http).into_iter().next().expect("the newest call");
        let lines = library::timeline(&http, call["id"].as_str().expect("an id"));
        for leg in lines.iter().filter(|line| line["kind"] == "leg_ended") {
            let spoken = if leg["role"] == "customer" { first } else { second };
            let quality = &leg["quality"];
            assert_eq!(quality["codec"].as_str().map(str::to_lowercase).as_deref(), Some(spoken), "{leg:#}");
            assert_eq!(quality["transcoded"] == true, translated, "{first} {second}: {leg:#}");
        }
    }
    library::no_leg_is_left(&http);
}
