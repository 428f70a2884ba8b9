//! Supervisors in calls of others: what cannot be done is refused, and whoever listens gets no other call.

mod hall;

use hall::Hall;
use model::{
    AgentState, AgentWish, FarEnd, InteractionId, LegCommand, LegEvent, LegId, MonitorRefused,
    RecordingState, Supervision, TimelineEvent,
};

const SUPPORT: &str = r#"
name  = "support"
entry = "tel:4001"
start = "wait"

[step.wait]
queue = "support"
hold  = "calm"
"#;

#[test]
fn nobody_takes_over_from_an_agent_who_is_being_replaced() {
    let (mut hall, call) = Hall::in_a_call();
    hall.supervises(call.id, "sara", Supervision::Monitor);
    let sara = hall.dialed("1020");
    hall.answers(sara);
    hall.passes_on(call.agent, "1002");
    hall.ends(call.agent);
    let by = "sara".into();
    let check = hall.center.check_supervision(call.id, &by, Supervision::TakeOver);
    assert_eq!(check, Err(MonitorRefused::NotTalking));
    assert!(hall.center.check_supervision(call.id, &by, Supervision::Whisper).is_ok());
    hall.supervises(call.id, "sara", Supervision::TakeOver);
    assert_eq!(hall.mode_of_sara(call.id), Some(Supervision::Monitor), "it is as it was");
    let bert = hall.dialed("1002");
    hall.answers(bert);
    hall.supervises(call.id, "sara", Supervision::TakeOver);
    assert_eq!(hall.mode_of_sara(call.id), None, "sara is a party now");
    assert!(hall.is_hung_up_on(bert) && !hall.is_hung_up_on(call.customer));
}

#[test]
fn an_agent_who_calls_a_colleague_in_the_wrap_up_gets_no_offer_until_that_call_is_over() {
    let (mut hall, call) = Hall::in_a_call();
    hall.ends(call.customer);
    hall.ends(call.agent);
    assert_eq!(hall.state("anna"), AgentState::WrapUp(call.id));
    let own = hall.dials("anna", "1002");
    let (id, bert) = (hall.interaction(own), hall.dialed("1002"));
    hall.answers(bert);
    let waiting = hall.dials("another", "4001");
    hall.wait(60);
    assert_eq!(hall.state("anna"), AgentState::Talking(id), "the wrap-up is over, the own call is not");
    assert_eq!(hall.dialed("1002"), bert, "nobody else was rung");
    hall.ends(own);
    hall.ends(bert);
    hall.dialed("1001");
    assert_eq!(hall.state("anna"), AgentState::Reserved(hall.interaction(waiting)));
}

#[test]
fn a_pause_that_does_not_reach_the_recording_of_a_supervisors_voice_ends_that_recording() {
    let (mut hall, call) = Hall::in_a_call();
    hall.supervises(call.id, "sara", Supervision::Barge);
    let sara = hall.dialed("1020");
    hall.answers(sara);
    let begun = hall.commands.iter().find_map(|command| match command {
        LegCommand::Record { recording, left, .. } if *left == sara => Some(*recording),
        _ => None,
    });
    let recording = begun.unwrap();
    let (state, by) = (RecordingState::Paused, "anna".into());
    hall.tell(center::Input::Recording { interaction: call.id, state, by });
    assert!(hall.commands.contains(&LegCommand::KeepOfRecording { recording, state }));
    hall.leg(LegEvent::RecordingUnchanged { recording, why: "the queue is full".to_owned() });
    assert!(hall.commands.contains(&LegCommand::StopRecording { recording }), "it keeps nothing more");
    let told = hall.told.iter().any(|(id, event)| {
        *id == Some(call.id)
            && matches!(event, TimelineEvent::Trouble { what } if what.contains("the queue is full"))
    });
    assert!(told, "and it is not told as a success");
}

#[test]
fn whoever_took_a_call_over_is_shown_to_have_it_and_to_talk_in_it() {
    let (mut hall, call) = Hall::in_a_call();
    assert_eq!(hall.shown(call.id).talks, ["anna".into()]);
    hall.supervises(call.id, "sara", Supervision::Monitor);
    let sara = hall.dialed("1020");
    hall.answers(sara);
    assert_eq!(hall.shown(call.id).talks, ["anna".into()], "who listens does not talk");
    hall.supervises(call.id, "sara", Supervision::TakeOver);
    hall.ends(call.agent);
    let shown = hall.shown(call.id);
    assert_eq!(shown.with, Some(FarEnd { login: Some("sara".into()), number: "1020".to_owned() }));
    assert_eq!(shown.talks, ["sara".into()]);
}

#[test]
fn a_direct_call_shows_who_has_it_once_they_talk() {
    let mut hall = Hall::new(SUPPORT);
    let anna = hall.dials("anna", "1002");
    let (id, bert) = (hall.interaction(anna), hall.dialed("1002"));
    assert_eq!(hall.shown(id).with, None);
    hall.answers(bert);
    // What the board was told, not only what it would be told if it asked.
    let shown = hall.rows.get(&id).unwrap();
    assert_eq!(shown.with, Some(FarEnd { login: Some("bert".into()), number: "1002".to_owned() }));
    assert_eq!(shown.talks, ["anna".into(), "bert".into()]);
}

#[test]
fn nobody_takes_over_a_direct_call_whose_caller_hears_ringing_again() {
    let mut hall = Hall::new(SUPPORT);
    let anna = hall.dials("anna", "1002");
    let bert = hall.dialed("1002");
    hall.answers(bert);
    let id = hall.interaction(anna);
    hall.supervises(id, "sara", Supervision::Barge);
    let sara = hall.dialed("1020");
    hall.answers(sara);
    hall.passes_on(bert, "1003");
    hall.ends(bert);
    assert_eq!(
        hall.center.check_supervision(id, &"sara".into(), Supervision::TakeOver),
        Err(MonitorRefused::NotTalking)
    );
    hall.supervises(id, "sara", Supervision::TakeOver);
    assert_eq!(hall.mode_of_sara(id), Some(Supervision::Barge));
    assert!(!hall.is_hung_up_on(anna));
}

#[test]
fn who_wants_to_take_over_and_answers_too_late_listens() {
    let (mut hall, call) = Hall::in_a_call();
    hall.supervises(call.id, "sara", Supervision::TakeOver);
    let sara = hall.dialed("1020");
    hall.passes_on(call.agent, "1002");
    hall.ends(call.agent);
    hall.answers(sara);
    assert_eq!(hall.mode_of_sara(call.id), Some(Supervision::Monitor));
}

#[test]
fn a_supervisor_whom_the_call_is_passed_on_to_stops_listening_and_stays_busy() {
    let (mut hall, call) = Hall::in_a_call();
    hall.wishes("sara", AgentWish::Ready);
    hall.supervises(call.id, "sara", Supervision::Monitor);
    let listening = hall.dialed("1020");
    hall.answers(listening);
    hall.passes_on(call.agent, "1020");
    hall.ends(call.agent);
    let talking = hall.dialed("1020");
    assert!(!hall.is_hung_up_on(listening));
    hall.answers(talking);
    assert!(hall.is_hung_up_on(listening), "nobody listens to the own call");
    hall.ends(listening);
    assert_eq!(hall.state("sara"), AgentState::Talking(call.id));
    hall.ends(call.customer);
    hall.ends(talking);
    assert_eq!(hall.state("sara"), AgentState::Ready);
}

#[test]
fn a_supervisor_who_listens_in_wrap_up_gets_no_call_when_it_ends() {
    let (mut hall, first) = Hall::in_a_call();
    hall.wishes("anna", AgentWish::NotReady(None));
    hall.wishes("sara", AgentWish::Ready);
    let customer = hall.dials("customer", "4001");
    let sara = hall.dialed("1020");
    hall.answers(sara);
    hall.ends(customer);
    hall.ends(sara);
    assert!(matches!(hall.state("sara"), AgentState::WrapUp(_)));
    hall.supervises(first.id, "sara", Supervision::Monitor);
    let listening = hall.dialed("1020");
    hall.answers(listening);
    let waiting = hall.dials("other", "4001");
    hall.wait(60);
    assert_eq!(hall.state("sara"), AgentState::Talking(first.id));
    assert_eq!(hall.dialed("1020"), listening, "nothing is offered to whoever listens");
    hall.ends(listening);
    assert_eq!(hall.state("sara"), AgentState::Reserved(hall.interaction(waiting)));
}

#[test]
fn a_supervisor_who_gets_ready_while_listening_is_busy() {
    let (mut hall, call) = Hall::in_a_call();
    hall.supervises(call.id, "sara", Supervision::Monitor);
    let listening = hall.dialed("1020");
    hall.answers(listening);
    hall.wishes("sara", AgentWish::Ready);
    assert_eq!(hall.state("sara"), AgentState::Talking(call.id));
    hall.ends(listening);
    assert_eq!(hall.state("sara"), AgentState::Ready);
}

#[test]
fn nobody_talks_while_the_far_end_rings() {
    let mut hall = Hall::new(SUPPORT);
    let anna = hall.dials("anna", "1002");
    let bert = hall.dialed("1002");
    let id = hall.interaction(anna);
    assert!(hall.shown(id).talks.is_empty());
    hall.answers(bert);
    let shown = hall.shown(id);
    assert_eq!(shown.talks.iter().map(|one| one.as_str()).collect::<Vec<_>>(), ["anna", "bert"]);
}

struct Call {
    id: InteractionId,
    customer: LegId,
    agent: LegId,
}

impl Hall {
    /// A customer talks with anna.
    fn in_a_call() -> (Self, Call) {
        let mut hall = Self::new(SUPPORT);
        hall.wishes("anna", AgentWish::Ready);
        let customer = hall.dials("caller", "4001");
        let agent = hall.dialed("1001");
        hall.answers(agent);
        let id = hall.interaction(customer);
        (hall, Call { id, customer, agent })
    }

    /// How sara takes part.
    fn mode_of_sara(&self, id: InteractionId) -> Option<Supervision> {
        let mut interactions = self.center.interactions();
        let live = interactions.find(|live| live.record.id == id).unwrap();
        let monitors = self.center.interaction_view(live).monitors;
        monitors.iter().find(|one| one.by.as_str() == "sara").map(|one| one.mode)
    }
}

#[test]
fn an_agent_who_talked_when_the_process_ended_is_ready_again_or_what_was_wished() {
    let (mut hall, _) = Hall::in_a_call();
    hall.tell(center::Input::Restarted);
    assert_eq!(hall.state("anna"), AgentState::Ready);

    let (mut hall, _) = Hall::in_a_call();
    hall.wishes("anna", AgentWish::NotReady(Some("lunch".into())));
    hall.tell(center::Input::Restarted);
    assert!(matches!(hall.state("anna"), AgentState::NotReady(_)));
}
