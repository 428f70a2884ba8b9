//! How a call sounds, while it goes on; and the alarm when one of two is not heard.

use tests::pair::{BERT_HZ, Pair};
use tests::{library, patience};

#[test]
fn a_party_that_is_not_heard_raises_the_alarm_until_it_is_heard_again() {
    let Pair { mut anna, mut bert, http, call, server: _server } = Pair::talking("quality");

    // While they talk, both ends are measured.
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
    anna.hears("bert", 30, |sound| sound.last(1.0).tone_share(BERT_HZ) > 0.9);
    anna.hang_up();
    bert.ended(20);
    library::nothing_is_left(&http);
    let lines = library::timeline(&http, &call);
    library::assert_in_order(&lines, &["arrived", "one_way", "way_restored", "closed"]);
    assert_eq!(story()["sound"].as_array().map(Vec::len), Some(0), "it is over");
}
