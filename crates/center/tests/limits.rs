//! Limits of ours that turn calls away: the caller's phone hears which one, and supervisors see it.

mod hall;

use hall::Hall;
use model::leg::Rejection;
use model::{Alert, CallLimit, EndCause, LegCommand, LegEvent, LimitKind, Outcome, TimelineEvent};

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
    assert_eq!(shown, [alert(full(), 41), alert(other, 1)]);

    // Somebody takes notice, and it is counted anew.
    let ids: Vec<_> = hall.alerts.keys().copied().collect();
    for alert in ids {
        hall.tell(center::Input::AlertClosed(alert));
    }
    hall.leg(LegEvent::LimitReached { limit: full(), calls: 2 });
    assert_eq!(seen(&hall), [alert(full(), 2)]);
}

fn full() -> CallLimit {
    CallLimit { kind: LimitKind::TrunkCalls, of: "carrier".to_owned(), max: 30 }
}
