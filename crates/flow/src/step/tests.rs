//! The whole table of every verb: what it does when it is entered, and in each of its phases on everything heard.

use super::*;
use crate::event::Event;
use crate::run::Run;
use crate::source::{Source, World};
use base::Timestamp;
use core::fmt::Write;
use model::FlowId;

/// One step of each verb, with all its settings.
const EVERY_VERB: &str = r#"
name  = "every"
entry = "tel:1"
start = "say"

[step.say]
say  = ["welcome", "hello"]
then = "ask"

[step.ask]
ask       = "menu"
wait      = "4s"
repeat    = 1
on.1      = "queue"
on."*"    = "record"
otherwise = "transfer"

[step.queue]
queue        = "support"
hold         = "calm"
priority     = 7
after."60s"  = "record"
after."5m"   = "echo"
on.0         = "record"
on.no_agents = "record"
on.full      = "transfer"

[step.record]
record = "menu"
max    = "30s"
then   = "music"

[step.transfer]
transfer    = "9555"
ring        = "20s"
record_talk = true
on.busy     = "record"
on.failed   = "set"
then        = "end"

[step.set]
set.language      = "zh"
set.skill.chinese = 2
set.priority      = 5
then              = "hours"

[step.hours]
hours     = "never"
on.open   = "end"
on.closed = "echo"

[step.echo]
echo = "hello"
max  = "1m"
then = "confer"

[step.music]
music = "calm"
max   = "2m"
then  = "confer"

[step.confer]
confer = "lobby"
pin = "1234"
moderator_pin = "1230"
max    = "1h"

[step.end]
end = "self_served"
"#;

#[test]
fn every_verb_in_every_phase_does_what_the_table_says() {
    let flows = every_verb();
    let flow = flows.flow(&FlowId::new("every")).unwrap();
    let mut table = String::new();
    for verb in VERBS {
        let step = &flow.steps[&StepId::new(verb)];
        let (actions, led) = turn(&flows, |turn| step.verb.enter(turn));
        writeln!(table, "{verb}\n    entered: {}", row(&actions, &led)).unwrap();
        for phase in phases(verb) {
            writeln!(table, "  {}", phase_name(*phase)).unwrap();
            let mut ignored = Vec::new();
            for heard in everything_heard() {
                let (actions, led) = turn(&flows, |turn| step.verb.handle(*phase, &heard, turn));
                match actions.is_empty() && led == Next::Stay(*phase) {
                    true => ignored.push(heard_name(&heard)),
                    false => writeln!(table, "    {}: {}", heard_name(&heard), row(&actions, &led)).unwrap(),
                }
            }
            writeln!(table, "    nothing on {}", ignored.join(", ")).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_phase_of_another_verb_is_lost_and_an_ended_one_stays_ended() {
    let flows = every_verb();
    let flow = flows.flow(&FlowId::new("every")).unwrap();
    for verb in VERBS {
        let step = &flow.steps[&StepId::new(verb)];
        for other in VERBS.iter().filter(|other| **other != verb) {
            for phase in phases(other) {
                let (actions, next) = turn(&flows, |turn| step.verb.handle(*phase, &Heard::Played, turn));
                assert_eq!((actions, next), (vec![], Next::Lost), "{verb} in a phase of {other}");
            }
        }
        let (_, next) = turn(&flows, |turn| step.verb.handle(Phase::Over, &Heard::Played, turn));
        assert_eq!(next, Next::Stay(Phase::Over));
    }
}

fn every_verb() -> Flows {
    let mut world = World::default();
    for language in ["en", "zh"] {
        for prompt in ["welcome", "hello", "menu", "invalid-choice", "conference-pin", "conference-pin-wrong"]
        {
            world.add_sound(language, prompt);
        }
    }
    world.add_sound("music", "calm");
    world.add_sound("tones", "beep");
    world.queues.insert("support".into());
    world.skills.insert("chinese".into());
    // A holiday's hour that is over long before the tests' time.
    let never = "zone = \"UTC\"\n[holiday]\n1970-01-02 = \"00:00-00:01\"";
    let source = |name: &str, text: &str| Source { name: name.to_owned(), text: text.to_owned() };
    let files = [source("every.toml", EVERY_VERB), source("hours/never.toml", never)];
    Flows::load(&files, &world).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

/// Runs one turn of a customer who has been answered and speaks English.
fn turn(flows: &Flows, then: impl FnOnce(&mut Turn<'_>) -> Next) -> (Vec<Action>, Next) {
    let mut run = Run::start(FlowId::new("every"), "en".to_owned());
    let mut actions = Vec::new();
    let now = Now { utc: Timestamp::from_millis(1_794_477_604_250), ..Now::default() };
    let flow = flows.flow(run.flow()).unwrap().clone();
    let next =
        then(&mut Turn { flows, flow: &flow, memory: run.memory_for_tests(), actions: &mut actions, now });
    (actions, next)
}

fn phases(verb: &str) -> &'static [Phase] {
    match verb {
        "say" => &[Phase::Say],
        "ask" => &[
            Phase::Ask(ask::Phase::Asking { left: 1 }),
            Phase::Ask(ask::Phase::Asking { left: 0 }),
            Phase::Ask(ask::Phase::Waiting { left: 1 }),
            Phase::Ask(ask::Phase::Waiting { left: 0 }),
        ],
        "queue" => &[Phase::Queue],
        "record" => &[
            Phase::Record(record::Phase::Inviting),
            Phase::Record(record::Phase::Toning),
            Phase::Record(record::Phase::Recording),
        ],
        "transfer" => &[Phase::Transfer(transfer::Phase::Dialing), Phase::Transfer(transfer::Phase::Talking)],
        "echo" => &[Phase::Echo(echo::Phase::Introducing), Phase::Echo(echo::Phase::Echoing)],
        "music" => &[Phase::Music],
        "confer" => &[
            Phase::Confer(confer::Phase::Asking { left: 1, typed: confer::Pin::HALF }),
            Phase::Confer(confer::Phase::Talking),
            Phase::Confer(confer::Phase::Leaving),
        ],
        // They lead on at once.
        _ => &[],
    }
}

fn everything_heard() -> Vec<Heard> {
    vec![
        Heard::Played,
        Heard::Digit('1'),
        Heard::Digit('0'),
        Heard::Digit('#'),
        Heard::Timeout(0),
        Heard::Timeout(1),
        Heard::NoAgents,
        Heard::QueueFull,
        Heard::Transferred,
        Heard::TransferFailed(EndCause::Busy),
        Heard::TransferFailed(EndCause::NoAnswer),
        Heard::TransferEnded,
        Heard::LeftConference(LeftConference::Removed),
        Heard::LeftConference(LeftConference::Guessed),
    ]
}

fn phase_name(phase: Phase) -> String {
    let name = format!("{phase:?}").replace(" { left: ", ", repeats left ").replace(" }", "");
    name.replace('(', ": ").replace(')', "")
}

fn heard_name(heard: &Heard) -> String {
    match heard {
        Heard::Played => "played".to_owned(),
        Heard::Digit(digit) => format!("key {digit}"),
        Heard::Timeout(name) => format!("timer {name} due"),
        Heard::NoAgents => "no agents".to_owned(),
        Heard::QueueFull => "queue full".to_owned(),
        Heard::Transferred => "transferred".to_owned(),
        Heard::TransferFailed(cause) => format!("transfer failed by {}", cause.as_str()),
        Heard::TransferEnded => "transfer ended".to_owned(),
        Heard::LeftConference(why) => format!("left, {}", why.as_str()),
    }
}

fn row(actions: &[Action], next: &Next) -> String {
    let mut words: Vec<String> = actions.iter().map(brief).collect();
    words.push(match next {
        Next::Stay(phase) => format!("→ {}", phase_name(*phase)),
        Next::Go(Target::Step(step)) => format!("→ step {step}"),
        Next::Go(Target::Flow(flow)) => format!("→ flow {flow}"),
        Next::End(outcome) => format!("→ end {}", outcome.as_str()),
        Next::Lost => "→ lost".to_owned(),
    });
    words.join(", ").replace(", →", " →")
}

/// An action in a few words.
pub(crate) fn brief(action: &Action) -> String {
    let spoken = |prompt: &Prompt| format!("{}/{}", prompt.language, prompt.prompt);
    match action {
        Action::Entered { flow, step, verb } => format!("[{flow}.{step} {verb}]"),
        Action::Answer => "answer".to_owned(),
        Action::Say { prompts, repeat } => {
            let prompts: Vec<String> = prompts.iter().map(spoken).collect();
            format!("say {}{}", prompts.join("+"), if *repeat { " for ever" } else { "" })
        }
        Action::Silence => "silence".to_owned(),
        Action::SetTimer { timer, after } => format!("timer {timer} in {}s", after.as_secs()),
        Action::StopTimer { timer } => format!("stop timer {timer}"),
        Action::Enqueue { queue, needs, priority, hold } => {
            let needs: Vec<String> =
                needs.iter().map(|need| format!("{} {}", need.skill, need.level)).collect();
            format!("enqueue {queue} needs [{}] priority {priority} hold {}", needs.join(", "), spoken(hold))
        }
        Action::LeaveQueue => "leave queue".to_owned(),
        Action::Record { max } => format!("record {}s", max.as_secs()),
        Action::StopRecording => "stop recording".to_owned(),
        Action::Transfer { number, ring, record } => {
            format!("transfer {number} ring {}s{}", ring.as_secs(), if *record { " recorded" } else { "" })
        }
        Action::Echo => "echo".to_owned(),
        Action::Confer { room, moderator, rules } => {
            let music = if rules.waits { format!(" after {}", rules.music) } else { String::new() };
            let who = if *moderator { " as moderator" } else { "" };
            format!("confer {room}{who}, {} at most{music}", rules.members_max)
        }
        Action::WrongNumber { room, again } => {
            format!("wrong number for {room}{}", if *again { " and again" } else { "" })
        }
        Action::Trouble { what } => format!("trouble: {what}"),
        Action::End { outcome } => format!("end {}", outcome.as_str()),
    }
}

#[test]
fn a_run_takes_only_the_first_begin() {
    let flows = every_verb();
    let mut run = Run::start(FlowId::new("every"), "en".to_owned());
    assert_eq!(run.handle(&flows, Event::Played, Now::default()), []);
    assert_ne!(run.handle(&flows, Event::Begin, Now::default()), []);
    assert_eq!(run.handle(&flows, Event::Begin, Now::default()), []);
}
