//! Registrations of ours at carriers: begun with the settings, ended when no calls are to come any more.

mod house;

use house::{CARRIER, House, address};
use telephony::{Account, Input, Protection, Trunk};

#[test]
fn a_center_that_shuts_down_takes_its_registration_back() {
    let account = Account {
        user: "493012".to_owned(),
        domain: "carrier.example".to_owned(),
        realm: "carrier.example".to_owned(),
        password: "secret".to_owned(),
    };
    let trunk = Trunk {
        send_to: Some(CARRIER.parse().expect("a carrier's address")),
        account: Some(account),
        ..Trunk::new("carrier".into())
    };
    let mut house = House::with(vec![trunk], Protection::default());
    house.feed(Input::Timeout);
    assert_eq!(house.sent_to.last(), Some(&address(CARRIER)));
    assert_eq!(house.trunks["carrier"].registered, Some(false));
    let register = house.sent.last().cloned().expect("a REGISTER");
    assert!(
        register.starts_with("REGISTER sip:carrier.example ") && register.contains("Expires: 3600"),
        "{register}"
    );
    house.hears(CARRIER, &house::answer(&register, 200, ""));
    assert_eq!(house.trunks["carrier"].registered, Some(true));

    house.feed(Input::Drain);
    let removal = house.sent.last().cloned().expect("a REGISTER");
    assert!(removal.starts_with("REGISTER ") && removal.contains("Expires: 0"), "{removal}");
    assert_eq!(house.telephony.carriers_left(), 1);
    house.hears(CARRIER, &house::answer(&removal, 200, ""));
    assert_eq!(house.telephony.carriers_left(), 0);
}
