//! Agents with a call of their own on a second line: what they wished is not lost, and waits for that call too.

mod hall;

use hall::Hall;
use model::{AgentState, AgentWish, NotReadyReason};

const SUPPORT: &str = r#"
name  = "support"
entry = "tel:4001"
start = "wait"

[step.wait]
queue = "support"
hold  = "calm"
"#;

#[test]
fn a_wish_of_who_talks_on_two_lines_is_granted_when_both_calls_are_over() {
    let mut hall = Hall::new(SUPPORT);
    hall.wishes("anna", AgentWish::Ready);
    let first = hall.dials("anna", "1002");
    let bert = hall.dialed("1002");
    hall.answers(bert);
    let second = hall.dials("anna", "1003");
    let chen = hall.dialed("1003");
    hall.answers(chen);
    let goes_on = hall.interaction(second);
    hall.wishes("anna", lunch());
    hall.ends(first);
    hall.ends(bert);
    assert_eq!(hall.state("anna"), AgentState::Talking(goes_on));
    hall.ends(second);
    hall.ends(chen);
    assert_eq!(hall.state("anna"), at_lunch());
}

#[test]
fn a_wish_of_who_dialed_while_being_asked_waits_for_that_call() {
    let mut hall = Hall::new(SUPPORT);
    hall.wishes("anna", AgentWish::Ready);
    let customer = hall.dials("caller", "4001");
    let offered = hall.dialed("1001");
    let own = hall.dials("anna", "1002");
    let bert = hall.dialed("1002");
    hall.answers(bert);
    let goes_on = hall.interaction(own);
    hall.wishes("anna", lunch());
    hall.ends(customer);
    hall.ends(offered);
    assert_eq!(hall.state("anna"), AgentState::Talking(goes_on));
    hall.ends(own);
    hall.ends(bert);
    assert_eq!(hall.state("anna"), at_lunch());
}

fn lunch() -> AgentWish {
    AgentWish::NotReady(Some("lunch".into()))
}

fn at_lunch() -> AgentState {
    AgentState::NotReady(NotReadyReason::Chosen(Some("lunch".into())))
}
