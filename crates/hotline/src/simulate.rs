//! `hotline simulate`: the demo center in virtual time, by story or by seed.

use crate::assets;
use crate::cli::SimulateArgs;
use crate::demo_center::{AGENTS, SUPERVISORS};
use crate::sounds::{Library, SoundError};
use crate::wiring::read_dialplans;
use anyhow::Context;
use flow::{Source, World};
use model::{Agent, Queue};
use sim::crowd::{self, Crowd};
use sim::{Figures, Setup};
use std::path::PathBuf;

/// The demo center for the simulator, with the sounds and dialplans in the program.
pub fn demo_setup() -> Result<Setup, SoundError> {
    setup_with(embedded_dialplans())
}

/// The demo center with other dialplans.
pub fn setup_with(dialplans: Vec<Source>) -> Result<Setup, SoundError> {
    let library = Library::load(None)?;
    let queues = vec![Queue::new("support".into()), Queue::new("sales".into())];
    let mut world = World::default();
    world.queues.extend(queues.iter().map(|queue| queue.id.clone()));
    library.name_to(&mut world);
    let agents: Vec<_> = AGENTS
        .iter()
        .map(|(login, name, phone, queues, skills)| Agent {
            id: (*login).into(),
            name: (*name).to_owned(),
            phone: Some((*phone).into()),
            queues: queues.iter().map(|queue| (*queue).into()).collect(),
            skills: skills.iter().map(|(skill, level)| ((*skill).into(), *level)).collect(),
            ready_with_phone: false,
        })
        .collect();
    world.skills.extend(agents.iter().flat_map(|agent| agent.skills.keys().cloned()));
    let phones = AGENTS.iter().map(|(login, _, phone, ..)| (*login, *phone)).chain(SUPERVISORS);
    let phones = phones.map(|(login, phone)| (phone.into(), format!("secret of {login}")));
    Ok(Setup {
        phones: phones.collect(),
        center: center::Settings {
            queues,
            agents,
            codes: center::Codes::default(),
            directory: center::Directory::default(),
            supervisors: SUPERVISORS
                .iter()
                .map(|(login, phone)| ((*login).into(), (*phone).into()))
                .collect(),
            agents_see_monitors: false,
            zone: flow::Zone::default(),
            language: "en".to_owned(),
            dialplans,
            world,
        },
        prompts: library.prompts,
    })
}

/// The dialplans in the program.
pub fn embedded_dialplans() -> Vec<Source> {
    let mut sources: Vec<_> = assets::Dialplans::iter()
        .filter(|path| path.ends_with(".toml"))
        .filter_map(|path| {
            let file = assets::Dialplans::get(&path)?;
            let text = String::from_utf8_lossy(&file.data).into_owned();
            Some(Source { name: format!("dialplans/{path}"), text })
        })
        .collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
}

/// Tells and checks stories, or runs a crowd from a seed and prints its figures.
pub(crate) fn run(args: &SimulateArgs) -> anyhow::Result<()> {
    let dialplans = match &args.dialplans {
        Some(folder) => {
            let mut sources = Vec::new();
            read_dialplans(folder, &mut sources)?;
            sources
        }
        None => embedded_dialplans(),
    };
    let setup = setup_with(dialplans)?;
    if let Err(findings) = flow::Flows::load(&setup.center.dialplans, &setup.center.world) {
        anyhow::bail!("{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    if !args.stories.is_empty() {
        return stories(&args.stories, &setup, args.seed);
    }
    let kind = if args.wild { Crowd::wild(args.seed) } else { Crowd::ORDINARY };
    let figures = crowd::run(setup, Crowd { calls: args.calls, ..kind }, args.seed)?;
    if args.json {
        println!("{}", json(&figures));
    } else {
        print!("{figures}");
    }
    Ok(())
}

fn stories(files: &[PathBuf], setup: &Setup, seed: u64) -> anyhow::Result<()> {
    let mut untrue = 0;
    for file in files {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        match sim::story::check(&text, setup.clone(), seed) {
            Ok(()) => println!("{} is true", file.display()),
            Err(error) => {
                untrue += 1;
                println!("{}: {error}", file.display());
            }
        }
    }
    anyhow::ensure!(untrue == 0, "{untrue} of {} stories are not true", files.len());
    Ok(())
}

fn json(figures: &Figures) -> serde_json::Value {
    serde_json::json!({
        "seed": figures.seed,
        "calls": figures.calls,
        "virtual_ms": figures.span.as_millis() as u64,
        "outcomes": figures.outcomes,
        "queued": figures.queued,
        "answered": figures.answered,
        "answered_in_time": figures.answered_in_time,
        "abandoned": figures.abandoned,
        "waited_answered_ms": figures.waited_answered.as_millis() as u64,
        "longest_wait_ms": figures.longest_wait.as_millis() as u64,
        "handled_ms": figures.handled.as_millis() as u64,
        "offers": figures.offers,
        "busy_ms": figures.busy.as_millis() as u64,
        "ready_ms": figures.ready.as_millis() as u64,
        "steps": figures.steps,
        "fingerprint": format!("{:016x}", figures.fingerprint),
    })
}
