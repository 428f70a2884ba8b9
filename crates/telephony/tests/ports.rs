//! Ports for sound that cannot be had: because all are in use, and because something of ours is broken.

mod house;

use house::{CARRIER, House, request};
use media::Event;
use model::{EndCause, LegCommand};
use telephony::{Input, PortFailure, Protection};

#[test]
fn a_port_that_fails_is_a_limit_only_if_none_is_free() {
    let mut house = House::new(Protection::default());
    house.port_failure = Some(PortFailure::Broken);
    assert_eq!(arrives(&mut house), "500 No Media Port");
    assert_eq!(house.calls_outside("", "9123"), Err(EndCause::Released));
    assert!(house.limits.is_empty(), "{:?}", house.limits);

    house.port_failure = Some(PortFailure::NoneFree);
    assert!(arrives(&mut house).starts_with("503 "));
    assert_eq!(house.limits, [("the number of media ports".to_owned(), 1)]);
    let Err(EndCause::Limit(_)) = house.calls_outside("", "9123") else { panic!("it is a limit") };
    assert_eq!(house.telephony.legs(), 0);
}

#[test]
fn a_media_thread_that_loses_a_port_is_no_limit() {
    let mut house = House::new(Protection::default());
    arrives(&mut house);
    let (port, _) = house.opened[0];
    house.feed(Input::Media(Event::OpenFailed { port }));
    let leg = house.arrived.expect("the call came");
    assert_eq!(house.ended.get(&leg), Some(&EndCause::Released));
    assert!(house.limits.is_empty(), "{:?}", house.limits);
    house.feed(Input::Command(LegCommand::HangUp { leg }));
    assert_eq!(house.telephony.legs(), 0);
}

/// A call of the carrier. The status line of the last answer.
fn arrives(house: &mut House) -> String {
    let number = house.sent.len();
    let contact = "Contact: <sip:x@198.51.100.5>\r\n";
    let call = request("INVITE", "sip:4000@hotline.test", "0301", "4000", contact);
    let call = house::fresh(&call, u32::try_from(number).unwrap());
    house.hears(CARRIER, &call.replace("@hotline.test>;tag", "@carrier.test>;tag"));
    let answer = house.sent.last().and_then(|answer| answer.lines().next()).unwrap_or_default();
    answer.trim_start_matches("SIP/2.0 ").to_owned()
}
