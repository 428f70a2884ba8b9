//! Live sound: a program outside hears a real phone's call and speaks in it.

use tests::baresip::Phone;
use tests::program::Program;
use tests::server::Server;
use tests::{center, library, place};

#[test]
fn a_program_hears_one_party_and_that_party_hears_the_program() {
    let folder = place::folder("stream");
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
    let board = http.json("/api/v1/interactions");
    let call = board["interactions"][0]["id"].as_str().expect("the open call").to_owned();

    for rate in [16_000, 8_000] {
        let query = format!("hears=customer&speaks_to=customer&rate={rate}");
        let mut program = Program::connect(&http, &call, &query, 880.0);
        program.hears("anna", 30, |sound| sound.seconds() > 1.0 && sound.last(1.0).tone_share(660.0) > 0.9);
        // Anna hears both, bert hears anna as before.
        let hears_both = || {
            let heard = anna.heard().last(1.0);
            heard.tone_share(880.0) > 0.3 && heard.tone_share(550.0) > 0.3
        };
        program.hears("anna, while she hears both", 30, |_| hears_both());
        assert!(bert.heard().last(1.0).tone_share(880.0) < 0.01, "he is not spoken to");
        anna.press('5');
        assert_eq!(program.is_told("digit")["digit"], "5");
        if rate == 8_000 {
            anna.hang_up();
            assert_eq!(program.is_told("stop")["reason"], "over");
        }
    }
    bert.ended(20);
    library::nothing_is_left(&http);
}
