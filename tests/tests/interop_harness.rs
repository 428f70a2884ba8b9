//! The instruments before what they measure: two phones that call each other without a server between them.
//!
//! When these fail, the machine or the harness is at fault, not the product.

use std::net::SocketAddr;

use tests::baresip::Phone;
use tests::place;

#[test]
fn two_phones_hear_each_other_and_not_themselves() {
    let folder = place::folder("harness-two-phones");
    let mut anna = Phone::caller("anna").playing(660.0).on_at("127.0.0.1", None, &folder);
    let mut carl = Phone::caller("carl").playing(440.0).on_at("127.0.0.1", None, &folder);
    carl.dial_uri(&format!("sip:anna@{}", SocketAddr::from(([127, 0, 0, 1], anna.sip_port()))));
    anna.rings(10);
    anna.accept();
    carl.connected(10);
    anna.hears("two seconds of 440 Hz", 20, |sound| {
        sound.seconds() > 2.0 && sound.last(1.0).tone_share(440.0) > 0.9
    });
    carl.hears("two seconds of 660 Hz", 20, |sound| {
        sound.seconds() > 2.0 && sound.last(1.0).tone_share(660.0) > 0.9
    });
    assert!(anna.heard().tone_share(660.0) < 0.05 && carl.heard().tone_share(440.0) < 0.05);
    carl.press('5');
    anna.wait_for(&["CALL_DTMF_START"], 10);
    assert_eq!(anna.digits(), "5");
    anna.hang_up();
    carl.ended(10);
}

#[test]
fn a_phone_that_refuses_says_so_to_the_caller() {
    let folder = place::folder("harness-refusal");
    let mut anna = Phone::caller("anna").on_at("127.0.0.1", None, &folder);
    let mut carl = Phone::caller("carl").on_at("127.0.0.1", None, &folder);
    carl.dial_uri(&format!("sip:anna@{}", SocketAddr::from(([127, 0, 0, 1], anna.sip_port()))));
    anna.rings(10);
    anna.hang_up();
    let ended = carl.ended(10);
    let reason = ended["param"].as_str().unwrap_or_default();
    assert!(reason.contains("486") || reason.contains("603"), "{reason}");
}
