//! Live sound: a program outside hears a real phone's call and speaks in it.

use tests::library;
use tests::pair::{ANNA_HZ, BERT_HZ, Pair};
use tests::program::Program;

#[test]
fn a_program_hears_one_party_and_that_party_hears_the_program() {
    let Pair { mut anna, mut bert, http, call, server: _server } = Pair::talking("stream");
    for rate in [16_000, 8_000] {
        let query = format!("hears=customer&speaks_to=customer&rate={rate}");
        let mut program = Program::connect(&http, &call, &query, 880.0);
        program.hears("anna", 30, |sound| sound.seconds() > 1.0 && sound.last(1.0).tone_share(ANNA_HZ) > 0.9);
        // Anna hears both, bert hears anna as before.
        let hears_both = || {
            let heard = anna.heard().last(1.0);
            heard.tone_share(880.0) > 0.3 && heard.tone_share(BERT_HZ) > 0.3
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
    library::no_leg_is_left(&http);
}
