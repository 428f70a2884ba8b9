//! The simulator on a small center of its own: a first call, and seeds of a wild crowd.

use media::{Clip, ClipId};
use model::{Agent, PromptId, Queue};
use sim::crowd::{self, Crowd};
use sim::{Setup, story};
use std::collections::BTreeMap;
use std::sync::Arc;
use telephony::Prompts;

const MAIN: &str = r#"
name     = "main"
entry    = ["tel:4000"]
language = "en"
start    = "menu"

[step.menu]
ask       = "menu-main"
wait      = "5s"
repeat    = 1
on.2      = "wait"
on.3      = "message"
otherwise = "wait"

[step.wait]
queue       = "support"
hold        = "calm"
after."10m" = "message"

[step.message]
record = "leave-message"
max    = "20s"
then   = "end"

[step.end]
end = "voicemail"
"#;

const SUPPORT: &str = r#"
name     = "support"
entry    = ["tel:4001", "tel:4002", "tel:4003"]
language = "en"
start    = "wait"

[step.wait]
queue = "support"
hold  = "calm"
"#;

#[test]
fn a_caller_walks_the_menu_and_talks_with_the_agent() {
    let told = story::run(
        "
        10:00:00 > anna is ready
        10:00:10 > caller dials 4000
        10:00:12 > caller presses 2
        10:00:20 > anna answers
        10:00:40 > caller hangs up
        ",
        setup(),
        1,
    )
    .unwrap_or_else(|untrue| panic!("{untrue}"));
    insta::assert_snapshot!(told);
}

#[test]
fn no_wild_crowd_breaks_an_invariant() {
    for seed in 0..20 {
        let crowd = Crowd { calls: 12, ..Crowd::WILD };
        if let Err(broken) = crowd::run(setup(), crowd, seed) {
            panic!("{broken}");
        }
    }
}

#[test]
fn a_run_repeats_exactly() {
    let crowd = Crowd { calls: 20, ..Crowd::WILD };
    let once = crowd::run(setup(), crowd, 7).unwrap_or_else(|broken| panic!("{broken}"));
    let again = crowd::run(setup(), crowd, 7).unwrap_or_else(|broken| panic!("{broken}"));
    assert_eq!(once, again);
    assert!(once.answered > 0, "nobody was answered: {once}");
}

fn setup() -> Setup {
    let mut prompts = Prompts::default();
    let mut world = flow::World::default();
    let names = [
        "menu-main",
        "leave-message",
        "please-wait",
        "queue-next",
        "queue-position",
        "queue-position-end",
        "invalid-choice",
        "agent-ready",
        "agent-not-ready",
        "agent-logged-out",
        "goodbye",
        "no-input",
        "all-busy",
    ];
    let numbers: Vec<_> =
        (0..=20).chain((30..=90).step_by(10)).map(|number| format!("number-{number}")).collect();
    for (at, name) in names.into_iter().chain(numbers.iter().map(String::as_str)).enumerate() {
        prompts.insert(
            PromptId::new(name),
            "en",
            Arc::new(Clip::from_samples(ClipId(at as u32), &[0; 8000])),
        );
        world.add_sound("en", name);
    }
    prompts.insert(PromptId::new("calm"), "", Arc::new(Clip::from_samples(ClipId(1000), &[0; 80_000])));
    prompts.insert(PromptId::new("beep"), "", Arc::new(Clip::from_samples(ClipId(1001), &[0; 4000])));
    world.add_sound(flow::MUSIC, "calm");
    world.add_sound(flow::TONES, "beep");
    prompts.insert(
        PromptId::new("ringback"),
        "tones",
        Arc::new(Clip::from_samples(ClipId(1002), &[0; 32_000])),
    );
    world.add_sound(flow::TONES, "ringback");
    world.queues.insert("support".into());
    let agents: Vec<_> = [("anna", "1001"), ("bert", "1002"), ("chen", "1003")]
        .iter()
        .map(|(login, phone)| Agent {
            id: (*login).into(),
            name: (*login).to_owned(),
            phone: Some((*phone).into()),
            queues: vec!["support".into()],
            skills: BTreeMap::new(),
            ready_with_phone: false,
        })
        .collect();
    let source = |name: &str, text: &str| flow::Source { name: name.to_owned(), text: text.to_owned() };
    Setup {
        phones: agents
            .iter()
            .filter_map(|agent| agent.phone.clone().map(|phone| (phone, "secret".to_owned())))
            .collect(),
        center: center::Settings {
            queues: vec![Queue::new("support".into())],
            agents,
            codes: center::Codes::default(),
            directory: center::Directory::default(),
            supervisors: BTreeMap::new(),
            agents_see_monitors: false,
            zone: flow::Zone::default(),
            language: "en".to_owned(),
            dialplans: vec![source("main.toml", MAIN), source("support.toml", SUPPORT)],
            world,
        },
        prompts,
    }
}
