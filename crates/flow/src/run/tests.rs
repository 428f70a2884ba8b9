//! Calls through small flows, told in lines: what happens on the left, what is done on the right.

use super::*;
use crate::source::{Source, World};
use crate::step::tests::brief;
use base::{Duration, Timestamp};
use model::EndCause;
use proptest::prelude::*;

/// A menu behind a greeting, as most flows have it.
const MENU: &str = r#"
name     = "main"
entry    = "tel:1"
language = "en"
start    = "greet"

[step.greet]
say  = "welcome"
then = "chinese"

[step.chinese]
set.skill.chinese = 1
then = "menu"

[step.menu]
ask       = "menu"
repeat    = 1
on.1      = "wait"
on.2      = "flow:other"
otherwise = "bye"

[step.wait]
queue        = "support"
after."60s"  = "message"
on.no_agents = "message"

[step.message]
record = "leave-message"
then   = "bye"

[step.bye]
end = "self_served"
"#;

const OTHER: &str = r#"
name     = "other"
language = "zh"
start    = "greet"

[step.greet]
say  = "welcome"
then = "dial"

[step.dial]
transfer = "9555"
on.busy  = "greet-again"

[step.greet-again]
ask       = "menu"
on.1      = "dial"
otherwise = "dial"
"#;

/// A conference behind a number.
const MEETING: &str = r#"
name     = "main"
entry    = "tel:1"
language = "en"
start    = "room"

[step.room]
confer             = "monday"
pin                = "2468"
moderator_pin      = "1357"
wait_for_moderator = true
members_max        = 5
"#;

#[test]
fn a_number_lets_into_a_conference_and_whoever_is_removed_is_told_so() {
    insta::assert_snapshot!(check(MEETING, "begin, 1, #, 2, 4, *, 2, 4, 6, 8, #, 1, removed, played"), @r"
    begin      [main.room confer], answer, timer 1 in 15s, say en/conference-pin
    1          silence
    #          stop timer 1, timer 2 in 15s, say en/conference-pin-wrong+en/conference-pin, wrong number for monday and again
    2          silence
    4
    *
    2          silence
    4
    6
    8
    #          stop timer 2, timer 3 in 14400s, confer monday, 5 at most after calm
    1
    removed    stop timer 3, say en/conference-removed
    played     end self_served
    ");
    insta::assert_snapshot!(check(MEETING, "begin, 1, 3, 5, 7, #"), @r"
    begin      [main.room confer], answer, timer 1 in 15s, say en/conference-pin
    1          silence
    3
    5
    7
    #          stop timer 1, timer 2 in 14400s, confer monday as moderator, 5 at most after calm
    ");
}

#[test]
fn who_does_not_know_the_number_is_not_let_in() {
    insta::assert_snapshot!(check(MEETING, "begin, #, timer 2, 9, #"), @r"
    begin      [main.room confer], answer, timer 1 in 15s, say en/conference-pin
    #          stop timer 1, timer 2 in 15s, say en/conference-pin-wrong+en/conference-pin
    timer 2    timer 3 in 15s, say en/conference-pin-wrong+en/conference-pin
    9          silence
    #          stop timer 3, wrong number for monday, end refused
    ");
}

#[test]
fn a_caller_listens_presses_a_key_and_waits() {
    insta::assert_snapshot!(check(MENU, "begin, played, played, 1"), @r"
    begin      [main.greet say], answer, say en/welcome
    played     [main.chinese set], [main.menu ask], say en/menu
    played     timer 1 in 5s
    1          stop timer 1, [main.wait queue], timer 2 in 60s, enqueue support needs [chinese 1] priority 0 hold music/calm
    ");
}

#[test]
fn a_caller_who_knows_the_menu_interrupts_the_greeting() {
    insta::assert_snapshot!(check(MENU, "begin, 1"), @r"
    begin      [main.greet say], answer, say en/welcome
    1          silence, [main.chinese set], [main.menu ask], [main.wait queue], timer 1 in 60s, enqueue support needs [chinese 1] priority 0 hold music/calm
    ");
}

#[test]
fn a_key_that_the_menu_does_not_take_leaves_the_greeting_alone() {
    insta::assert_snapshot!(check(MENU, "begin, 7, played"), @r"
    begin      [main.greet say], answer, say en/welcome
    7
    played     [main.chinese set], [main.menu ask], say en/menu
    ");
}

#[test]
fn a_wrong_key_is_told_and_the_question_asked_again() {
    insta::assert_snapshot!(check(MENU, "begin, played, 7, played, 7"), @r"
    begin      [main.greet say], answer, say en/welcome
    played     [main.chinese set], [main.menu ask], say en/menu
    7          silence, say en/invalid-choice+en/menu
    played     timer 1 in 5s
    7          stop timer 1, [main.bye end], end self_served
    ");
}

#[test]
fn a_caller_without_keys_goes_otherwise_after_the_repeats() {
    insta::assert_snapshot!(check(MENU, "begin, played, played, timer 1, played, timer 2"), @r"
    begin      [main.greet say], answer, say en/welcome
    played     [main.chinese set], [main.menu ask], say en/menu
    played     timer 1 in 5s
    timer 1    say en/menu
    played     timer 2 in 5s
    timer 2    [main.bye end], end self_served
    ");
}

#[test]
fn a_key_stops_the_clock_of_the_question() {
    insta::assert_snapshot!(check(MENU, "begin, played, played, 7, timer 1, played, timer 1, timer 2"), @r"
    begin      [main.greet say], answer, say en/welcome
    played     [main.chinese set], [main.menu ask], say en/menu
    played     timer 1 in 5s
    7          stop timer 1, say en/invalid-choice+en/menu
    timer 1
    played     timer 2 in 5s
    timer 1
    timer 2    [main.bye end], end self_served
    ");
}

#[test]
fn whoever_has_waited_long_enough_leaves_a_message() {
    insta::assert_snapshot!(check(MENU, "begin, 1, timer 1, played, 5, #, played"), @r"
    begin      [main.greet say], answer, say en/welcome
    1          silence, [main.chinese set], [main.menu ask], [main.wait queue], timer 1 in 60s, enqueue support needs [chinese 1] priority 0 hold music/calm
    timer 1    leave queue, [main.message record], say en/leave-message+tones/beep
    played     timer 2 in 120s, record 120s
    5
    #          stop recording, stop timer 2, [main.bye end], end self_served
    played
    ");
}

#[test]
fn nobody_logged_in_and_a_full_queue_lead_elsewhere() {
    insta::assert_snapshot!(check(MENU, "begin, 1, no agents, 1, played, timer 2"), @r"
    begin      [main.greet say], answer, say en/welcome
    1          silence, [main.chinese set], [main.menu ask], [main.wait queue], timer 1 in 60s, enqueue support needs [chinese 1] priority 0 hold music/calm
    no agents  leave queue, stop timer 1, [main.message record], say en/leave-message+tones/beep
    1          say tones/beep
    played     timer 2 in 120s, record 120s
    timer 2    stop recording, [main.bye end], end self_served
    ");
    insta::assert_snapshot!(check(MENU, "begin, 1, full"), @r"
    begin      [main.greet say], answer, say en/welcome
    1          silence, [main.chinese set], [main.menu ask], [main.wait queue], timer 1 in 60s, enqueue support needs [chinese 1] priority 0 hold music/calm
    full       stop timer 1, end refused
    ");
}

#[test]
fn another_flow_keeps_the_language_and_a_busy_number_leads_on() {
    insta::assert_snapshot!(check(MENU, "begin, 2, played, busy, 1, talking, ended"), @r"
    begin      [main.greet say], answer, say en/welcome
    2          silence, [main.chinese set], [main.menu ask], [other.greet say], say en/welcome
    played     [other.dial transfer], transfer 9555 ring 30s
    busy       [other.greet-again ask], say en/menu
    1          silence, [other.dial transfer], transfer 9555 ring 30s
    talking
    ended      end transferred
    ");
}

#[test]
fn a_number_that_cannot_be_reached_ends_the_call_when_nothing_else_is_said() {
    insta::assert_snapshot!(check(MENU, "begin, 2, played, no answer"), @r"
    begin      [main.greet say], answer, say en/welcome
    2          silence, [main.chinese set], [main.menu ask], [other.greet say], say en/welcome
    played     [other.dial transfer], transfer 9555 ring 30s
    no answer  end refused
    ");
}

#[test]
fn a_transfer_as_the_first_step_lets_the_customer_hear_ringing() {
    let flow = "name = \"main\"\nentry = \"tel:1\"\nstart = \"dial\"\n[step.dial]\ntransfer = \"9555\"\nthen = \"thank\"\n[step.thank]\nsay = \"welcome\"\nthen = \"bye\"\n[step.bye]\nend = \"self_served\"";
    insta::assert_snapshot!(check(flow, "begin, talking, ended, played"), @r"
    begin      [main.dial transfer], transfer 9555 ring 30s
    talking
    ended      [main.thank say], say en/welcome
    played     [main.bye end], end self_served
    ");
}

#[test]
fn a_flow_that_does_not_answer_is_heard_while_it_rings() {
    let flow = "name = \"main\"\nentry = \"tel:1\"\nanswer = false\nstart = \"sorry\"\n[step.sorry]\nsay = \"closed\"\nthen = \"ask\"\n[step.ask]\nask = \"menu\"\non.1 = \"bye\"\notherwise = \"bye\"\n[step.bye]\nend = \"refused\"";
    insta::assert_snapshot!(check(flow, "begin, played, 1"), @r"
    begin      [main.sorry say], say en/closed
    played     [main.ask ask], answer, say en/menu
    1          silence, [main.bye end], end refused
    ");
}

#[test]
fn who_comes_outside_the_hours_is_sent_where_the_flow_says() {
    let flow = "name = \"main\"\nentry = \"tel:1\"\nstart = \"open\"\n[hours]\nzone = \"UTC\"\nmonday = \"08:00-09:00\"\nclosed_to = \"closed\"\n[step.open]\nsay = \"welcome\"\nthen = \"bye\"\n[step.closed]\nsay = \"closed\"\nthen = \"bye\"\n[step.bye]\nend = \"closed_hours\"";
    let monday = 1_794_787_200_000; // 2026-11-16T00:00:00Z
    for (hour, open) in [(7, false), (8, true), (9, false)] {
        let (flows, mut run) = begin(flow);
        let utc = Timestamp::from_millis(monday + hour * 3_600_000);
        run.handle(&flows, Event::Begin, Now { utc, ..Now::default() });
        assert_eq!(run.step().unwrap().as_str(), if open { "open" } else { "closed" }, "at {hour}");
        let left = if open { Outcome::SelfServed } else { Outcome::ClosedHours };
        assert_eq!(run.outcome_if_left(), left);
    }
}

#[test]
fn hanging_up_is_told_by_where_it_happens() {
    for (script, outcome) in [
        ("played", Outcome::Abandoned),
        ("begin", Outcome::SelfServed),
        ("begin, 1", Outcome::Abandoned),
        ("begin, 1, no agents", Outcome::SelfServed),
        ("begin, 1, no agents, played", Outcome::Voicemail),
        ("begin, 1, no agents, played, #", Outcome::Voicemail),
        ("begin, 2", Outcome::SelfServed),
        ("begin, 2, played", Outcome::Abandoned),
        ("begin, 2, played, talking", Outcome::Transferred),
    ] {
        let (flows, mut run) = begin(MENU);
        play(&flows, &mut run, script);
        assert_eq!(run.outcome_if_left(), outcome, "{script}");
    }
}

#[test]
fn a_flow_changed_under_a_call_begins_anew_and_a_flow_that_is_gone_ends_it() {
    let (flows, mut run) = begin(MENU);
    play(&flows, &mut run, "begin, 1");
    let changed = load(&[(
        "main.toml",
        "name = \"main\"\nentry = \"tel:1\"\nstart = \"hi\"\n[step.hi]\nsay = \"welcome\"\nthen = \"bye\"\n[step.bye]\nend = \"refused\"",
    )]);
    let mut other = run.clone();
    insta::assert_snapshot!(play(&changed, &mut run, "timer 1, played"), @r"
    timer 1    leave queue, trouble: flow main was changed under a call, which begins anew, [main.hi say], say en/welcome
    played     [main.bye end], end refused
    ");
    insta::assert_snapshot!(play(&Flows::default(), &mut other, "timer 1, played"), @r"
    timer 1    leave queue, trouble: flow main is gone under a call, which ends, end refused
    played
    ");
}

#[test]
fn a_position_survives_its_journal() {
    let (flows, mut run) = begin(MENU);
    play(&flows, &mut run, "begin, 1");
    let bytes = postcard::to_allocvec(&run).unwrap();
    assert_eq!(postcard::from_bytes::<Run>(&bytes).unwrap(), run);
}

proptest! {
    #[test]
    fn a_run_does_little_per_event_and_nothing_after_its_end(
        events in proptest::collection::vec(an_event(), 0..60),
    ) {
        let (flows, mut run) = begin(MENU);
        let mut ended = false;
        let mut waiting = false;
        let mut answered = 0;
        let mut timers = std::collections::BTreeSet::new();
        for event in core::iter::once(Event::Begin).chain(events) {
            let actions = run.handle(&flows, event, Now::default());
            prop_assert!(actions.len() < 3 * STEPS_PER_EVENT_MAX);
            prop_assert!(!ended || actions.is_empty());
            for action in actions {
                match action {
                    Action::SetTimer { timer, .. } => prop_assert!(timers.insert(timer)),
                    Action::StopTimer { timer } => _ = timers.remove(&timer),
                    Action::Enqueue { .. } => waiting = true,
                    Action::LeaveQueue => prop_assert!(core::mem::take(&mut waiting)),
                    Action::Answer => answered += 1,
                    Action::End { .. } => ended = true,
                    _ => {}
                }
            }
        }
        prop_assert!(answered <= 1);
        prop_assert_eq!(ended, run.is_over());
    }
}

fn an_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Played),
        4 => prop::sample::select(vec!['1', '2', '7', '#']).prop_map(Event::Digit),
        4 => (0u32..12).prop_map(Event::TimedOut),
        1 => Just(Event::NoAgents),
        1 => Just(Event::QueueFull),
        1 => Just(Event::Transferred),
        1 => Just(Event::TransferFailed(EndCause::Busy)),
        1 => Just(Event::TransferEnded),
        1 => Just(Event::LeftConference(model::conference::LeftConference::Removed)),
    ]
}

/// One line for each thing that happens in a call to `flow`.
fn check(flow: &str, script: &str) -> String {
    let (flows, mut run) = begin(flow);
    play(&flows, &mut run, script)
}

fn begin(flow: &str) -> (Flows, Run) {
    let flows = load(&[("main.toml", flow), ("other.toml", OTHER)]);
    (flows, Run::start(FlowId::new("main"), "en".to_owned()))
}

fn load(files: &[(&str, &str)]) -> Flows {
    let mut world = World::default();
    for language in ["en", "zh"] {
        for prompt in [
            "welcome",
            "menu",
            "invalid-choice",
            "leave-message",
            "closed",
            "conference-pin",
            "conference-pin-wrong",
        ] {
            world.add_sound(language, prompt);
        }
    }
    world.add_sound("music", "calm");
    world.add_sound("tones", "beep");
    world.queues.insert("support".into());
    world.skills.insert("chinese".into());
    // The second flow is there only for those who lead to it.
    let wanted = files.iter().any(|(_, text)| text.contains("flow:other"));
    let files: Vec<Source> = files
        .iter()
        .filter(|(name, _)| *name != "other.toml" || wanted)
        .map(|(name, text)| Source { name: (*name).to_owned(), text: (*text).to_owned() })
        .collect();
    Flows::load(&files, &world).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn play(flows: &Flows, run: &mut Run, script: &str) -> String {
    let mut now = Now::default();
    let mut lines = Vec::new();
    for word in script.split(", ") {
        let event = match word {
            "begin" => Event::Begin,
            "played" => Event::Played,
            "no agents" => Event::NoAgents,
            "full" => Event::QueueFull,
            "busy" => Event::TransferFailed(EndCause::Busy),
            "no answer" => Event::TransferFailed(EndCause::NoAnswer),
            "talking" => Event::Transferred,
            "ended" => Event::TransferEnded,
            "removed" => Event::LeftConference(model::conference::LeftConference::Removed),
            _ => match word.strip_prefix("timer ") {
                Some(timer) => Event::TimedOut(timer.parse().unwrap()),
                None => Event::Digit(word.parse().unwrap()),
            },
        };
        let actions: Vec<String> = run.handle(flows, event, now).iter().map(brief).collect();
        lines.push(format!("{word:<10} {}", actions.join(", ")).trim_end().to_owned());
        now = now.after(Duration::from_secs(1));
    }
    lines.join("\n")
}
