//! Limits of ours that turn calls away: the caller's phone hears which one, and supervisors see it.

mod hall;

use hall::Hall;
use model::leg::Rejection;
use model::{
    AgentState, AgentWish, Alert, CallLimit, EndCause, LegCommand, LegEvent, LimitKind, Outcome,
    RecordingRoom, TimelineEvent,
};

const NOTHING: &str = r#"
name  = "support"
entry = "tel:4001"
start = "wait"

[step.wait]
queue = "support"
hold  = "calm"
"#;

#[test]
fn a_call_that_meets_a_limit_is_refused_by_name() {
    let mut hall = Hall::new(NOTHING);
    let anna = hall.dials("anna", "1002");
    let id = hall.interaction(anna);
    let leg = hall.dialed("1002");
    let cause = EndCause::Limit(Box::new(full()));
    hall.leg(LegEvent::Ended { leg, cause: cause.clone(), quality: None });
    let rejected = LegCommand::Reject { leg: anna, why: Rejection::Limit(Box::new(full())) };
    assert!(hall.commands.contains(&rejected), "{:?}", hall.commands);
    hall.ends(anna);
    let told: Vec<_> = hall.told.iter().filter(|(of, _)| *of == Some(id)).map(|(_, event)| event).collect();
    assert!(
        told.iter().any(|event| matches!(event, TimelineEvent::LegEnded { cause: why, .. } if *why == cause))
    );
    assert_eq!(told.last(), Some(&&TimelineEvent::Closed { outcome: Outcome::Refused }));
}

#[test]
fn supervisors_see_one_alert_for_each_limit_with_all_its_calls() {
    let mut hall = Hall::new(NOTHING);
    let other = CallLimit { of: "second".to_owned(), ..full() };
    for (limit, calls) in [(full(), 1), (other.clone(), 1), (full(), 40)] {
        hall.leg(LegEvent::LimitReached { limit, calls });
    }
    let seen = |hall: &Hall| hall.alerts.values().map(|view| view.alert.clone()).collect::<Vec<_>>();
    let alert = |limit, calls| Alert::LimitReached { limit, calls };
    let mut shown = seen(&hall);
    shown.sort_by_key(|alert| format!("{alert:?}"));
    assert_eq!(shown, [alert(full(), 41), alert(other.clone(), 1)]);

    // Somebody takes notice, and it is counted anew.
    let ids: Vec<_> = hall.alerts.keys().copied().collect();
    for alert in ids {
        hall.tell(center::Input::AlertClosed(alert));
    }
    for limit in [full(), other] {
        let noticed = LegCommand::LimitNoticed { limit };
        assert!(hall.commands.contains(&noticed), "{:?}", hall.commands);
    }
    hall.leg(LegEvent::LimitReached { limit: full(), calls: 2 });
    assert_eq!(seen(&hall), [alert(full(), 2)]);
}

#[test]
fn a_limit_that_is_set_anew_has_one_alert_still() {
    let mut hall = Hall::new(NOTHING);
    let raised = CallLimit { max: 40, ..full() };
    for (limit, calls) in [(full(), 3), (raised.clone(), 2)] {
        hall.leg(LegEvent::LimitReached { limit, calls });
    }
    let shown: Vec<_> = hall.alerts.values().map(|view| view.alert.clone()).collect();
    assert_eq!(shown, [Alert::LimitReached { limit: raised, calls: 5 }]);
}

#[test]
fn limits_of_many_phones_push_out_each_other_and_nothing_that_weighs_more() {
    let mut hall = Hall::new(NOTHING);
    hall.tell(center::Input::RecordingRoom { room: RecordingRoom::Full, free_bytes: 0 });
    for phone in 0..150 {
        hall.wait(1);
        let limit = CallLimit { kind: LimitKind::PhonePerDay, of: phone.to_string(), max: 9 };
        hall.leg(LegEvent::LimitReached { limit, calls: 1 });
    }
    assert_eq!(hall.alerts.len(), 100);
    assert!(hall.alerts.values().any(|view| view.alert == Alert::RecordingsFull));
    let is_there = |phone: &str| {
        hall.alerts
            .values()
            .any(|view| matches!(&view.alert, Alert::LimitReached { limit, .. } if limit.of == phone))
    };
    assert!(is_there("149") && is_there("51") && !is_there("50"), "the oldest give way");
}

#[test]
fn an_agent_whose_phone_cannot_be_rung_for_want_of_ports_is_asked_again_later_and_later() {
    let mut hall = Hall::new(NOTHING);
    hall.wishes("anna", AgentWish::Ready);
    let caller = hall.dials("0301", "4001");
    hall.answers(caller);
    let ports = CallLimit { kind: LimitKind::MediaPorts, of: String::new(), max: 0 };
    let rests = |hall: &mut Hall, cause: EndCause| {
        let leg = hall.dialed("1001");
        let begun = hall.now.mono;
        hall.leg(LegEvent::Ended { leg, cause, quality: None });
        assert_eq!(hall.state("anna"), AgentState::Ready, "it is not the agent's fault");
        while hall.dialed("1001") == leg {
            hall.wait(1);
        }
        hall.now.mono.since(begun).as_secs()
    };
    let mut rested = [(); 6].map(|()| rests(&mut hall, EndCause::Limit(Box::new(ports.clone())))).to_vec();
    // Neither is it when a part of ours fails; an agent who declines was rung, and is asked as soon as ever.
    rested.push(rests(&mut hall, EndCause::Released));
    rested.push(rests(&mut hall, EndCause::Declined));
    rested.push(rests(&mut hall, EndCause::Released));
    assert_eq!(rested, [5, 10, 20, 40, 60, 60, 60, 5, 5]);
}

fn full() -> CallLimit {
    CallLimit { kind: LimitKind::TrunkCalls, of: "carrier".to_owned(), max: 30 }
}
