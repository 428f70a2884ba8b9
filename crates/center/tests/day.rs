//! The center's day: its figures begin anew at midnight where the center is.

mod hall;

use hall::Hall;
use model::AgentWish;

const SUPPORT: &str = r#"
name  = "support"
entry = "tel:4001"
start = "wait"

[step.wait]
queue = "support"
hold  = "calm"
"#;

#[test]
fn figures_begin_anew_at_midnight_of_the_zone_and_not_of_utc() {
    // It is midnight UTC, and eight in the morning in Shanghai.
    let mut hall = Hall::with(SUPPORT, |settings| settings.zone = "Asia/Shanghai".parse().unwrap());
    hall.wait(1);
    hall.wishes("anna", AgentWish::Ready);
    let caller = hall.dials("4930", "4001");
    let anna = hall.dialed("1001");
    hall.answers(anna);
    let answered = |hall: &Hall| hall.center.queue_view(&"support".into()).unwrap().today.answered;
    assert_eq!(answered(&hall), 1);
    hall.ends(caller);
    hall.ends(anna);
    hall.wait(16 * 3_600 - 60);
    hall.wishes("bert", AgentWish::Ready);
    assert_eq!(answered(&hall), 1, "a minute to midnight in Shanghai");
    hall.wait(60);
    hall.wishes("bert", AgentWish::LogOut);
    assert_eq!(answered(&hall), 0);
}
