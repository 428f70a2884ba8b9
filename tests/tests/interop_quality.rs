//! How a call sounds, while it goes on; and the alarm when one of two is not heard.

use tests::baresip::Phone;
use tests::server::Server;
use tests::{center, library, patience, place};

#[test]
fn a_party_that_is_not_heard_raises_the_alarm_until_it_is_heard_again() {
    let folder = place::folder("quality");
    center::write(&folder, &[center::phone("1001"), center::phone("1002")].concat());
    let server = Server::serve(&folder);
    let http = server.as_admin();
    let mut anna = Phone::of_user("1001", "1001's").playing(660.0).ringing().on(&server).registered();
    let mut bert = Phone::of_user("1002", "1002's").playing(550.0).ringing().on(&server).registered();
    anna.dial("1002");
    bert.rings(20);
    bert.accept();
    anna.connected(20);
    anna.hears("bert", 30, |sound| sound.last(1.0).tone_share(550.0) > 0.9);
    bert.hears("anna", 30, |sound| sound.last(1.0).tone_share(660.0) > 0.9);

    // While they talk, both ends are measured.
    let board = http.json("/api/v1/interactions");
    let call = board["interactions"][0]["id"].as_str().expect("the open call").to_owned();
    let story = || http.json(&format!("/api/v1/interactions/{call}/timeline"));
    patience::expect("both ends are measured", 20, || {
        let sound = story()["sound"].clone();
        let ends = sound.as_array().expect("a list");
        let well = |end: &serde_json::Value| end["quality"]["mos"].as_f64().is_some_and(|mos| mos > 4.0);
        ends.len() == 2 && ends.iter().all(well)
    });

    // The wire of one of them is cut, and found again.
    let alerts = || http.json("/api/v1/alerts")["alerts"].as_array().expect("a list").clone();
    bert.freeze();
    patience::expect("supervisors are alerted", 20, || alerts().len() == 1);
    let alert = &alerts()[0];
    assert_eq!((&alert["kind"], &alert["way"]), (&"one_way".into(), &"in".into()), "{alert:#}");
    assert_eq!((&alert["from"]["number"], &alert["interaction"]), (&"1002".into(), &call.clone().into()));
    bert.thaw();
    patience::expect("it is well again", 20, || alerts().is_empty());
    anna.hears("bert", 30, |sound| sound.last(1.0).tone_share(550.0) > 0.9);
    anna.hang_up();
    bert.ended(20);
    library::nothing_is_left(&http);
    let lines = library::timeline(&http, &call);
    library::assert_in_order(&lines, &["arrived", "one_way", "way_restored", "closed"]);
    assert_eq!(story()["sound"].as_array().map(Vec::len), Some(0), "it is over");
}
