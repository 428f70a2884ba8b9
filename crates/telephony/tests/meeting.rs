//! Calls that may be brought together live on one media thread; if two cannot meet, nobody is left in silence.

mod house;

use house::{House, request};
use model::{EndCause, LegCommand};
use telephony::{Input, Protection};

const ANNA: &str = "192.0.2.7:5060";
const BERT: &str = "192.0.2.8:5060";

#[test]
fn the_calls_of_one_phone_live_together_and_those_of_two_do_not() {
    let mut house = House::new(Protection::default());
    for (phone, user) in [(ANNA, "1001"), (ANNA, "1001"), (BERT, "1002")] {
        calls(&mut house, phone, user);
    }
    let [first, second, third] = house.opened[..] else { panic!("{:?}", house.opened) };
    assert_eq!(first.1, second.1, "a phone that calls somebody else may want to bring the two together");
    assert_ne!(first.1, third.1);
}

#[test]
fn two_who_cannot_meet_are_hung_up_and_not_left_in_silence() {
    let mut house = House::new(Protection::default());
    calls(&mut house, ANNA, "1001");
    let anna = house.arrived.expect("a call");
    calls(&mut house, BERT, "1002");
    let bert = house.arrived.expect("a call");
    let [a, b] = [0, 1].map(|call| house.opened[call].0);
    house.feed(Input::Media(media::Event::BridgeRefused { a, b }));
    for port in [a, b] {
        let quality = media::Quality::default();
        house.feed(Input::Media(media::Event::Closed { port, quality }));
    }
    assert_eq!(house.ended.get(&anna), Some(&EndCause::Lost));
    assert_eq!(house.ended.get(&bert), Some(&EndCause::Lost));
    assert!(house.log.iter().any(|line| line.contains("cannot be connected")), "{:?}", house.log);
}

#[test]
fn what_ends_late_silences_neither_a_bridge_nor_what_is_played_by_now() {
    let mut house = House::new(Protection::default());
    calls(&mut house, ANNA, "1001");
    let leg = house.arrived.expect("a call");
    let port = house.opened[0].0;
    let prompt = |name: &str| model::Prompt { prompt: name.into(), language: "en".to_owned() };
    let clip = || std::sync::Arc::new(media::Clip::from_samples(media::ClipId(7), &[1; 160]));
    let mut prompts = telephony::Prompts::default();
    for name in ["greeting", "menu"] {
        prompts.insert(name.into(), "en", clip());
    }
    house.feed(Input::Prompts(prompts));
    let plays = |house: &mut House, play: u32, name: &str| {
        house.feed(Input::Command(LegCommand::Play {
            leg,
            play,
            prompts: vec![prompt(name)],
            repeat: false,
        }));
    };
    // How many orders to play the sound graph gets when this one ends.
    let ends = |house: &mut House, play: u64| {
        let before = house.sound.len();
        house.feed(Input::Media(media::Event::Played { port, play }));
        house.sound[before..].iter().filter(|one| matches!(one, media::Command::Play { .. })).count()
    };
    plays(&mut house, 1, "greeting");
    plays(&mut house, 2, "menu");
    assert_eq!(ends(&mut house, 1), 0, "the menu goes on");
    assert_eq!(ends(&mut house, 2), 1, "silence follows");
    plays(&mut house, 3, "greeting");
    calls(&mut house, BERT, "1002");
    let bert = house.arrived.expect("a call");
    house.feed(Input::Command(LegCommand::Bridge { a: leg, b: bert }));
    assert_eq!(ends(&mut house, 3), 0, "the two talk");
}

/// A phone calls a number of ours.
fn calls(house: &mut House, phone: &str, user: &str) {
    let uri = "sip:4000@hotline.test";
    house.proves(phone, "INVITE", uri, user, "secret", |more| {
        request("INVITE", uri, user, "4000", &format!("Contact: <sip:x@a.test>\r\n{more}"))
    });
}
