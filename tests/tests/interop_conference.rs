//! A conference of real phones: everybody hears the two others and not itself, a muted one is not heard, a removed one is gone.

use serde_json::{Value, json};
use tests::baresip::{Line, Phone};
use tests::http::Http;
use tests::library;
use tests::patience;
use tests::server::Server;
use tests::sound::Sound;

/// What each of the three says.
const ADA: f64 = 440.0;
const BEN: f64 = 660.0;
const CAM: f64 = 880.0;

#[test]
fn three_phones_hear_each_other_and_not_themselves_until_one_is_muted_and_removed() {
    let server = Server::start("conference-three");
    let http = server.as_admin();
    let [mut ada, mut ben, mut cam] =
        [("+15550270", ADA, "pcmu"), ("+15550271", BEN, "g722"), ("+15550272", CAM, "opus")]
            .map(|(number, hz, codec)| Phone::caller(number).playing(hz).speaking(codec).on(&server));
    for line in [&mut ada, &mut ben, &mut cam] {
        line.call(server.number("conference"));
    }
    hears(&ada, "ben and cam", [BEN, CAM], ADA);
    hears(&ben, "ada and cam", [ADA, CAM], BEN);
    hears(&cam, "ada and ben", [ADA, BEN], CAM);
    let members = members(&http, "lobby", 3);
    let id_of = |number: &str| {
        let member = members.iter().find(|one| one["from"]["number"] == number);
        member.unwrap_or_else(|| panic!("no {number} in {members:?}"))["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    patience::expect("somebody speaks", 20, || {
        self::members(&http, "lobby", 3).iter().any(|member| member["speaks"] == true)
    });

    let ben_is = format!("/api/v1/conferences/lobby/members/{}", id_of("+15550271"));
    assert_eq!(http.put(&ben_is, &json!({"muted": true})).status, 200);
    ada.hears("cam alone", 30, |sound| {
        let now = sound.last(1.0);
        now.seconds() >= 1.0 && now.tone_share(CAM) > 0.8 && now.tone_share(BEN) < 0.02
    });
    hears(&ben, "ada and cam still", [ADA, CAM], BEN);
    assert_eq!(http.put(&ben_is, &json!({"muted": false})).status, 200);
    hears(&ada, "ben and cam again", [BEN, CAM], ADA);

    // Nobody else is let in while it is locked.
    assert_eq!(http.put("/api/v1/conferences/lobby", &json!({"locked": true})).status, 200);
    let mut dan = Phone::caller("+15550273").on(&server);
    dan.call(server.number("conference"));
    dan.ended(30);
    assert_eq!(http.delete(&ben_is).status, 204);
    ben.ended(30);
    assert!(
        ben.heard().last(2.5).tone_share(ADA) < 0.2,
        "who is removed is told so, and hears nothing of the talk"
    );
    ada.hears("cam alone", 30, |sound| {
        let now = sound.last(1.0);
        now.tone_share(CAM) > 0.8 && now.tone_share(BEN) < 0.02
    });
    assert_eq!(http.delete(&ben_is).status, 404);
    self::members(&http, "lobby", 2);

    ada.hang_up();
    cam.hang_up();
    library::closed(&http, "+15550272");
    let lines = library::timeline(&http, &id_of("+15550271"));
    let wanted = ["conferring", "conference_muted", "conference_muted", "left_conference", "closed"];
    library::assert_in_order(&lines, &wanted);
    assert_eq!(library::line(&lines, "left_conference")["by"], "admin");
    assert_eq!(http.json("/api/v1/conferences"), json!({"conferences": []}));
    patience::expect("nothing is left", 40, || {
        let text = http.get("/metrics").text();
        ["hotline_legs_open 0", "hotline_interactions_open 0"].iter().all(|line| text.contains(line))
    });
}

#[test]
fn a_meeting_begins_with_its_moderator() {
    let server = Server::start("conference-moderator");
    let http = server.as_admin();
    let mut ada = Phone::caller("+15550275").playing(ADA).on(&server);
    let mut ben = Phone::caller("+15550276").playing(BEN).on(&server);
    ada.call(server.number("meeting"));
    ada.hears("the question", 30, |sound| sound.seconds_sounding() > 0.5);
    key_in(&mut ada, "2468#");
    let waiting = members(&http, "meeting", 1);
    assert_eq!((&waiting[0]["moderator"], &waiting[0]["muted"]), (&json!(false), &json!(false)));
    ben.call(server.number("meeting"));
    ben.hears("the question", 30, |sound| sound.seconds_sounding() > 0.5);
    assert!(ada.heard().tone_share(BEN) < 0.05, "whoever waits hears nobody");
    key_in(&mut ben, "135790#");
    members(&http, "meeting", 2);
    ada.hears("the moderator", 30, |sound| sound.last(1.0).tone_share(BEN) > 0.9);
    ben.hears("ada", 30, |sound| sound.last(1.0).tone_share(ADA) > 0.9);
    key_in(&mut ben, "*1");
    patience::expect("ada is muted", 20, || {
        members(&http, "meeting", 2).iter().any(|one| one["muted"] == true && one["moderator"] == false)
    });
    key_in(&mut ben, "*3");
    ada.ended(30);
    ben.hang_up();
    library::closed(&http, "+15550276");
}

/// Waits until these two are heard, and never oneself.
fn hears(line: &Line, what: &str, others: [f64; 2], own: f64) {
    line.hears(what, 30, |sound: &Sound| {
        let now = sound.last(1.0);
        now.seconds() >= 1.0 && others.iter().all(|hz| now.tone_share(*hz) > 0.2)
    });
    assert!(line.heard().last(1.0).tone_share(own) < 0.02, "it hears itself");
}

fn key_in(line: &mut Line, keys: &str) {
    keys.chars().for_each(|key| line.press(key));
}

/// Waits until so many are in a room, and gives them.
fn members(http: &Http, room: &str, number: usize) -> Vec<Value> {
    let mut last = Value::Null;
    let found = patience::until(20, || {
        last = http.json("/api/v1/conferences");
        let rooms = last["conferences"].as_array()?;
        let members = rooms.iter().find(|one| one["name"] == room)?["members"].as_array()?.clone();
        (members.len() == number).then_some(members)
    });
    found.unwrap_or_else(|| panic!("there are not {number} in {room}: {last:#}"))
}
